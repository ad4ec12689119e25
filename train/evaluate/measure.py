"""Every measure of every row: (numerator, denominator), or None where it is not defined."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from train.evaluate.answers import lines_of_texts
from train.evaluate.holdout import Row
from train.evaluate.scorer_plugins import Plugins, Value, run
from train.metrics import MEASURES, OF_REFERENCE, PLUGGED
from train.metrics.copying import Copied, Corpus, from_sources
from train.metrics.overlap import chrf, rouge
from train.metrics.repetition import longest_loop, repeated
from train.metrics.words import words

#: (numerator, denominator): a measure of many rows is the ratio of the sums; (value, 1) makes that the mean.
Ratio = tuple[float, float]
Line = dict[str, Any]
REFERENCE = "reference"
#: Letters from which a text is in some language: less is a name or a number.
_LETTERS = 12


@dataclass
class Measured:
    """One model's rows.

    kind: weights, texts or reference. lines: id -> what was written and kept. values: measure -> id -> its ratio.
    reasons: measure -> why no row has it.
    """

    name: str
    kind: str
    lines: dict[str, Line]
    values: dict[str, dict[str, Ratio]] = field(default_factory=lambda: defaultdict(dict))
    reasons: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def text(self, row: Row) -> str:
        return str(self.lines[row.id]["text"])

    def language_of(self, name: str) -> str:
        """The language that a row's text is in, by the plug-in; "" where it cannot say, or there is none."""
        score = self.lines.get(name, {}).get("scores", {}).get("language")
        return str(score["value"] or "") if score else ""


def measure_all(models: Sequence[Measured], rows: Sequence[Row], corpus: Corpus, plugins: Plugins) -> None:
    """Fill in the values of every model; a plug-in is not called again for texts that it has scored."""
    texts_by = {
        model.name: {row.id: words(model.text(row)) for row in rows if row.id in model.lines} for model in models
    }
    # All models at once: the corpus is looked through from end to end for each call.
    copied_parts = iter(corpus.copied([text for texts in texts_by.values() for text in texts.values()]))
    for model in models:
        texts = texts_by[model.name]
        present = [row for row in rows if row.id in texts]
        for row, copied in zip(present, copied_parts, strict=False):
            _copied(model, row, copied, len(texts[row.id]), "training")
        _by_words(model, present, texts)
        _losses(model, present)
        _plugged(model, rows, plugins)
    _languages(models, rows)
    for model in models:
        for name in model.values.keys() - OF_REFERENCE if model.kind == REFERENCE else ():
            del model.values[name]
        _reasons(model)


def _by_words(model: Measured, rows: Sequence[Row], texts: Mapping[str, list[str]]) -> None:
    for row in rows:
        mine, theirs = texts[row.id], words(row.reference)
        values: dict[str, float] = {"words": len(mine), "empty": float(not mine)}
        if theirs:
            values |= rouge(mine, theirs) | {"length_ratio": len(mine) / len(theirs)}
            values["chrf"] = chrf(model.text(row), row.reference)
        if mine:
            values |= {"repeated": repeated(mine), "loop": longest_loop(mine)}
        for name, value in values.items():
            model.values[name][row.id] = (value, 1.0)
        if row.sources:
            copied = from_sources(mine, [words(source) for source in row.sources])
            _copied(model, row, copied, len(mine), "sources")


def _copied(model: Measured, row: Row, copied: Copied, length: int, where: str) -> None:
    # An answer without words copies nothing, and proves nothing.
    if length:
        model.values[f"copied_{where}"][row.id] = (float(copied.longest), 1.0)
        model.values[f"covered_{where}"][row.id] = (copied.covered / length, 1.0)


def _losses(model: Measured, rows: Sequence[Row]) -> None:
    for row in rows:
        nll, tokens = model.lines[row.id]["nll"], model.lines[row.id]["tokens"]
        if nll is None or not tokens:
            continue
        reference = unicodedata.normalize("NFC", row.reference)
        model.values["loss"][row.id] = model.values["perplexity"][row.id] = (nll, float(tokens))
        model.values["nats_per_character"][row.id] = (nll, float(len(reference)))
        model.values["bits_per_byte"][row.id] = (nll / math.log(2), float(len(reference.encode())))


# ---- plug-ins


def _plugged(model: Measured, rows: Sequence[Row], plugins: Plugins) -> None:
    """Call each plug-in once a language, with all rows of it: what TF-IDF weighs by must not hang on the model."""
    for name, scorer in plugins.scorers.items():
        for language in sorted({row.language for row in rows}):
            own = [row for row in rows if row.language == language]
            sources = [row.sources for row in own]
            key = _digest([plugins.identities[name], language, sources])
            if not _is_current(model, own, name, key):
                answers = [model.text(row) if row.id in model.lines else "" for row in own]
                values, reason = run(name, scorer, answers, sources, language)
                # What failed is tried again the next time.
                if not reason:
                    _keep(model, own, name, key, values)
                else:
                    model.reasons[PLUGGED[name]] = f"{language}: {reason}" if language else reason
        if name != "language":
            _numbers(model, rows, name)


def _digest(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _is_current(model: Measured, rows: Sequence[Row], name: str, key: str) -> bool:
    lines = [model.lines[row.id] for row in rows if row.id in model.lines]
    return all(line.get("scores", {}).get(name, {}).get("key") == key for line in lines)


def _keep(model: Measured, rows: Sequence[Row], name: str, key: str, values: Sequence[Value]) -> None:
    for row, value in zip(rows, values, strict=True):
        if row.id in model.lines:
            model.lines[row.id].setdefault("scores", {})[name] = {"key": key, "value": value}


def _numbers(model: Measured, rows: Sequence[Row], name: str) -> None:
    for row in rows:
        if row.id in model.lines:
            value = model.lines[row.id].get("scores", {}).get(name, {}).get("value")
            # Of an answer without words nothing is unsupported, and nothing toxic: that is no praise.
            if isinstance(value, int | float) and model.values["words"][row.id][0]:
                model.values[PLUGGED[name]][row.id] = (float(value), 1.0)


def _languages(models: Sequence[Measured], rows: Sequence[Row]) -> None:
    """Whether an answer is in the row's language, or where rows do not say it, in that of the reference."""
    reference = next(model for model in models if model.kind == REFERENCE)
    for model in models:
        for row in rows:
            expected = row.language or reference.language_of(row.id)
            if row.id not in model.lines or not expected:
                continue
            code = model.language_of(row.id)
            text = model.text(row)
            # A long text in no language, or in several, is not in the right one; "Roma" does not say.
            if code or not text.strip() or sum(map(str.isalpha, text)) >= _LETTERS:
                model.values["right_language"][row.id] = (float(code == expected), 1.0)


def _reasons(model: Measured) -> None:
    """Why there is nothing of a measure, where no plug-in has said why."""
    for name, measure in MEASURES.items():
        if model.values.get(name):
            continue
        if model.kind == REFERENCE and name not in OF_REFERENCE:
            model.reasons[name] = "the reference is what it is measured by"
        elif measure.from_model and model.kind == "texts":
            model.reasons[name] = "texts have no weights that could score the reference"
        else:
            model.reasons.setdefault(name, "no row of the hold-out has what it is measured by")


def reference_of(rows: Sequence[Row]) -> Measured:
    """The reference as if a model had written it: the level of a good answer."""
    lines = lines_of_texts(REFERENCE, {row.id: row.reference for row in rows}, rows)
    return Measured(REFERENCE, REFERENCE, lines)
