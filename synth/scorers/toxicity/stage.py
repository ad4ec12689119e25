"""Toxicity of every answer: seven scores, by a model for each language."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.filters.check import filter_errors
from synth.scorers.toxicity.models import DETOXIFY, FIELDS, Choice, ToxicityUnavailable
from synth.stages.options import positive
from synth.stages.stage import Pending, Stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.scorers.toxicity.batching import Scorer
    from synth.stages.workers import Outcome

#: Enough to sort by length with little padding; a kill loses at most so many.
_BATCH = 128


def add_toxicity_arguments(parser: argparse.ArgumentParser) -> None:
    """--toxicity and what belongs to it."""
    group = parser.add_argument_group("toxicity (docs/toxicity.md)")
    group.add_argument("--toxicity", metavar="NAME", help=f"measure it by Detoxify's {', '.join(DETOXIFY)}")
    group.add_argument("--toxicity-for", action="append", default=[], metavar="LANGUAGE=MODEL[:LABEL,LABEL]",
                       help="for one language another model: a text-classification model of the hub or in a folder,"
                       " and which of its labels are toxic")  # fmt: skip
    group.add_argument("--toxicity-checkpoint", type=Path, metavar="FILE", help="weights of NAME (.ckpt, .safetensors)")
    group.add_argument("--toxicity-config", type=Path, metavar="FOLDER",
                       help="config and tokenizer of NAME, instead of the hub's")  # fmt: skip
    precision = group.add_mutually_exclusive_group()
    precision.add_argument(
        "--toxicity-half", action="store_true", help="half precision: of the scores two digits count"
    )
    precision.add_argument("--toxicity-int8", action="store_true",
                           help="eight bits, for processors: faster, of the scores one digit counts")  # fmt: skip
    group.add_argument("--toxicity-tokens", type=positive, metavar="N", help="tokens in one batch of the model")


@dataclass
class Choices:
    """Which model measures which language."""

    usual: Choice | None
    languages: dict[str, Choice] = field(default_factory=dict)

    def of(self, language: str) -> Choice | None:
        return self.languages.get(language, self.usual)

    def pending(self, rescore: bool = False) -> dict[str, Any]:
        """Filter of the samples that their language's model has not measured yet."""
        conditions: list[tuple[dict[str, Any], Choice]]
        conditions = [({"language": language}, choice) for language, choice in sorted(self.languages.items())]
        if self.usual is not None:
            conditions.append(({"language": {"$nin": sorted(self.languages)}}, self.usual))
        lack = [
            where if rescore else {**where, "toxicity_model": {"$ne": choice.identity}} for where, choice in conditions
        ]
        return {"superseded": {"$ne": True}, "$or": lack}


def read_choices(options: argparse.Namespace) -> Choices | None:
    """The models that the options name; None where they name none.

    Raises:
        NewsmillError: an option that cannot be understood, or that is nothing without another.
    """
    name, precision = options.toxicity, {"half": options.toxicity_half, "int8": options.toxicity_int8}
    if name is None and (options.toxicity_checkpoint or options.toxicity_config):
        raise NewsmillError("toxicity: --toxicity-checkpoint and --toxicity-config need --toxicity NAME")
    if name is None and not options.toxicity_for:
        return None
    if name is not None and name not in DETOXIFY:
        raise NewsmillError(
            f"toxicity: no model {name!r}, only {', '.join(DETOXIFY)}; others by language: --toxicity-for vi=MODEL"
        )
    usual = Choice(name, (), options.toxicity_checkpoint, options.toxicity_config, **precision) if name else None
    by_language = [language_choice(text, **precision) for text in options.toxicity_for]
    if twice := [language for language, count in Counter(language for language, _ in by_language).items() if count > 1]:
        raise NewsmillError(f"toxicity: --toxicity-for names two models for {', '.join(twice)}")
    return Choices(usual, dict(by_language))


def language_choice(text: str, half: bool = False, int8: bool = False) -> tuple[str, Choice]:
    """`vi=MODEL` or `vi=MODEL:LABEL,LABEL` -> (language, its model).

    Raises:
        NewsmillError: it is none of these.
    """
    language, _, model = text.partition("=")
    labels: tuple[str, ...] = ()
    if ":" in model and not Path(model).is_dir():
        model, _, names = model.rpartition(":")
        labels = tuple(label.strip() for label in names.split(",") if label.strip())
    if not (language.isalpha() and language.islower() and len(language) in (2, 3) and model):
        raise NewsmillError(f"toxicity: cannot read --toxicity-for {text!r}: LANGUAGE=MODEL, as in vi=FOLDER:HATE")
    return language, Choice(model, labels, half=half, int8=int8)


def toxicity_stage(options: argparse.Namespace, database: Database[dict[str, Any]] | None = None) -> Stage | None:
    """The stage that the options ask for; None where they ask for none. Its models are loaded here.

    Args:
        database: where given, only the models that something is pending for.

    Raises:
        ToxicityUnavailable: weights cannot be had; nothing has been scored.
        NewsmillError: an option is wrong.
    """
    choices = read_choices(options)
    if choices is None:
        return None
    scoring = ToxicityScoring(choices, options.toxicity_tokens)
    pending = choices.pending(getattr(options, "again", False))
    stage = Stage("toxicity", "samples", pending, scoring, _BATCH, projection={"answer": 1, "language": 1})
    if not getattr(options, "dry_run", False):
        scoring.load(_languages(database, stage, options))
    return stage


def _languages(
    database: Database[dict[str, Any]] | None, stage: Stage, options: argparse.Namespace
) -> list[str] | None:
    """Languages of the pending samples; None where that is not known."""
    if database is None:
        return None
    with filter_errors():
        return [str(each) for each in database.samples.distinct("language", Pending(database, stage, options).filter)]


class ToxicityScoring:
    """The batch function; each model is loaded once."""

    def __init__(self, choices: Choices, tokens: int | None = None) -> None:
        self.choices, self.tokens = choices, tokens
        self._scorers: dict[Choice, Scorer] = {}

    def load(self, languages: Sequence[str] | None) -> None:
        """The models of these languages (None: all), so that what cannot be had is known before anything is scored."""
        if languages is None:
            choices = [self.choices.usual, *self.choices.languages.values()]
        else:
            choices = [self.choices.of(language) for language in languages]
        for choice in choices:
            if choice is not None:
                self._scorer(choice)

    def _scorer(self, choice: Choice) -> Scorer:
        if choice not in self._scorers:
            self._scorers[choice] = choice.load()
        return self._scorers[choice]

    def __call__(self, batch: list[dict[str, Any]]) -> Outcome:
        from pymongo import UpdateOne

        writes: list[Any] = []
        counts: Counter[str] = Counter()
        for choice, samples in self._by_choice(batch).items():
            rows = self._scorer(choice).scores([sample.get("answer") or "" for sample in samples], self.tokens)
            for sample, scores in zip(samples, rows, strict=True):
                row = stored(scores, choice, sample.get("language") or "")
                writes.append(UpdateOne({"_id": sample["_id"]}, {"$set": row}))
                counts["empty" if row["toxicity"] is None else "scored"] += 1
                counts["uncalibrated"] += not row["toxicity_calibrated"]
        return writes, counts

    def _by_choice(self, batch: Sequence[dict[str, Any]]) -> dict[Choice, list[dict[str, Any]]]:
        parts: dict[Choice, list[dict[str, Any]]] = {}
        for sample in batch:
            if (choice := self.choices.of(sample.get("language") or "")) is not None:
                parts.setdefault(choice, []).append(sample)
        return parts


def stored(scores: Mapping[str, float | None], choice: Choice, language: str) -> dict[str, Any]:
    """The fields of a sample; those that the model does not have are null."""
    values = {name: scores.get(name) for name in FIELDS}
    row: dict[str, Any] = {name: value if value is None else round(value, 6) for name, value in values.items()}
    return {**row, "toxicity_model": choice.identity, "toxicity_calibrated": choice.calibrated(language)}


__all__ = ["DETOXIFY", "FIELDS", "Choice", "ToxicityUnavailable", "add_toxicity_arguments", "toxicity_stage"]
