"""Human translations of real texts, and what is done to them so that a check must find it.

The texts are those of ../shared/data/pairs (see PROVENANCE.md there). A corruption takes a pair and a random generator
and gives the target as a careless model would have written it; None where the pair has nothing to be corrupted.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from synth.language.segmentation import sentences
from synth.translation.protected import protected_spans

#: Set -> (file of the English texts or "", file of the translations, language, whether it is code).
SETS = {
    "wmt24pp en-fr": ("", "wmt24pp/en-fr_FR.jsonl", "fr", False),
    "wmt24pp en-es": ("", "wmt24pp/en-es_MX.jsonl", "es", False),
    "marco_mif en-fr": ("marco_mif/en.jsonl", "marco_mif/fr.jsonl", "fr", False),
    "marco_mif en-es, localised": ("marco_mif/en.jsonl", "marco_mif/es_local.jsonl", "es", False),
    "marco_mif en-es, machine": ("marco_mif/en.jsonl", "marco_mif/es_mt.jsonl", "es", False),
    "humaneval_xl en-it": (
        "humaneval_xl/javascript-English.jsonl", "humaneval_xl/javascript-Italian.jsonl", "it", True
    ),
    "humaneval_xl en-vi": (
        "humaneval_xl/javascript-English.jsonl", "humaneval_xl/javascript-Vietnamese.jsonl", "vi", True
    ),
}  # fmt: skip
#: Rows of one document that are made a list of, so that there are lists enough.
LIST = 4


@dataclass(frozen=True)
class Pair:
    """A text and its translation by a person; `number` is its row in the file, from none on."""

    name: str
    number: int
    source: str
    target: str
    language: str
    code: bool = False


def read_pairs(folder: Path) -> Iterator[Pair]:
    """Every pair, without those whose source is said to be bad."""
    for name, (source, target, language, code) in SETS.items():
        rows = _rows(folder / target)
        if source:
            yield from _joined(name, _rows(folder / source), rows, language, code)
        else:
            for number, row in enumerate(rows):
                if not row["is_bad_source"]:
                    yield Pair(name, number, row["source"], row["target"], language)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _joined(
    name: str, sources: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], language: str, code: bool
) -> Iterator[Pair]:
    key = "task_id" if code else "key"
    by_key = {row[key]: row["prompt"] for row in sources}
    for number, row in enumerate(rows):
        if row[key] in by_key:
            yield Pair(name, number, by_key[row[key]], row["prompt"], language, code)


def read_lists(folder: Path) -> Iterator[Pair]:
    """Numbered lists of four segments of one document each."""
    for name, (source, target, language, _) in SETS.items():
        if source:
            continue
        rows = [row for row in _rows(folder / target) if not row["is_bad_source"] and "\n" not in row["source"]]
        number = 0
        for _, group in groupby(rows, key=lambda row: str(row["document_id"])):
            segments = list(group)
            for start in range(0, len(segments) - LIST + 1, LIST):
                number += 1
                part = segments[start : start + LIST]
                source_text, target_text = (
                    "\n".join(f"{place}. {row[side].strip()}" for place, row in enumerate(part, 1))
                    for side in ("source", "target")
                )
                yield Pair(f"{name}, as lists", number, source_text, target_text, language)


# ---- what is done to them

Corruption = Callable[[Pair, random.Random], str | None]
_DIGITS = re.compile(r"\d+")
_ITEM = re.compile(r"^[ \t]*(?:[-*•]|\d+[.)])[ \t]+\S.*$", re.MULTILINE)
#: What models write before or after a translation.
_REMARKS = {
    "fr": ("Voici la traduction :\n", "\n\nN'hésitez pas si vous avez d'autres questions !"),
    "es": ("Aquí está la traducción:\n", "\n\n¡Avísame si necesitas algo más!"),
    "it": ("Ecco la traduzione:\n", "\n\nFammi sapere se hai bisogno di altro!"),
    "vi": ("Dưới đây là bản dịch:\n", "\n\nHãy cho tôi biết nếu bạn cần thêm gì!"),
}


def number_changed(pair: Pair, rng: random.Random) -> str | None:
    """Another number in the place of one in digits."""
    spans = [span for span in protected_spans(pair.target) if span.kind in ("url", "email", "handle")]
    places = [
        match
        for match in _DIGITS.finditer(pair.target)
        if not any(span.start <= match.start() < span.end for span in spans)
    ]
    if not places:
        return None
    match = rng.choice(places)
    digits = match.group()
    new = str(int(digits) + rng.choice([1, 2, 3, 10, 7]))
    if rng.random() < 0.5:
        place = rng.randrange(len(digits))
        new = (
            digits[:place]
            + rng.choice([digit for digit in "123456789" if digit != digits[place]])
            + digits[place + 1 :]
        )
    return pair.target[: match.start()] + new + pair.target[match.end() :]


def identifier_changed(pair: Pair, rng: random.Random) -> str | None:
    """A name in a program translated or misspelt, wherever it stands."""
    names = re.findall(r"\b(?:[a-z]+_)+[a-z0-9]+\b|\b[a-z]+(?:[A-Z][a-z]+)+\b", pair.target)
    if not names:
        return None
    name = rng.choice(names)
    words = re.findall(r"[A-Za-z][a-z0-9]*|_", name)
    place = rng.choice([place for place, word in enumerate(words) if word != "_"])
    changed = [
        *words[:place],
        {"fr": "somme", "es": "suma", "it": "somma", "vi": "tong"}[pair.language],
        *words[place + 1 :],
    ]
    new = "".join(changed)
    return pair.target.replace(name, new, 1 if rng.random() < 0.5 else -1) if new != name else None


def item_dropped(pair: Pair, rng: random.Random) -> str | None:
    """One item of a list gone; the numbers after it closed up in half of the cases."""
    items = list(_ITEM.finditer(pair.target))
    if len(items) < 2 or pair.code:
        return None
    item = rng.choice(items)
    text = pair.target[: item.start()] + pair.target[item.end() + 1 :]
    if rng.random() < 0.5:
        count = iter(range(1, len(items) + 1))
        text = re.sub(r"^\d+(?=\.)", lambda _: str(next(count)), text, flags=re.MULTILINE)
    return text.rstrip("\n")


def untranslated(pair: Pair, _: random.Random) -> str | None:
    """The source as it was."""
    return pair.source if len(re.findall(r"[^\W\d_]{2,}", pair.source)) > 1 else None


def sentence_left(pair: Pair, rng: random.Random) -> str | None:
    """One sentence of the source in the place of its translation."""
    sources, targets = sentences(pair.source, "en"), sentences(pair.target, pair.language)
    if pair.code or len(sources) != len(targets) or len(sources) < 2:
        return None
    places = [place for place, text in enumerate(sources) if len(text.split()) > 3 and targets[place] in pair.target]
    if not places:
        return None
    place = rng.choice(places)
    return pair.target.replace(targets[place], sources[place], 1)


def sentence_lost(pair: Pair, rng: random.Random) -> str | None:
    """One sentence gone."""
    parts = [part for part in sentences(pair.target, pair.language) if part in pair.target]
    if pair.code or len(parts) < 2:
        return None
    return re.sub(r" {2,}", " ", pair.target.replace(rng.choice(parts), "", 1)).strip()


def remark_added(pair: Pair, rng: random.Random) -> str | None:
    """What a model says about its translation, before or after it."""
    before, after = _REMARKS[pair.language]
    return before + pair.target if rng.random() < 0.5 else pair.target + after


#: Name -> what it does; `answered` needs the other pairs (see `answers`).
CORRUPTIONS: dict[str, Corruption] = {
    "number changed": number_changed,
    "identifier changed": identifier_changed,
    "item dropped": item_dropped,
    "untranslated": untranslated,
    "sentence lost": sentence_lost,
    "sentence left": sentence_left,
    "remark added": remark_added,
}


def answers(pairs: Sequence[Pair], rng: random.Random) -> Iterator[tuple[Pair, str]]:
    """Each pair of prose with a text of its language in the place of the translation, which tells something else.

    The text is that of another pair of the set, of half to double the length: as an answer would be, it is fluent,
    about as long and not what the source says.
    """
    by_name: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_name.setdefault(pair.name, []).append(pair)
    for pair in pairs:
        near = [
            other
            for other in by_name[pair.name]
            if 0.5 <= len(other.target) / len(pair.target) <= 2 and abs(other.number - pair.number) > 20
        ]
        if near and not pair.code and len(pair.source.split()) >= 5:
            yield pair, rng.choice(near).target


def corrupted(pair: Pair, target: str) -> Pair:
    """The pair with another target."""
    return replace(pair, target=target)
