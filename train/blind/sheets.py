"""Sheets of `train blind`: texts of several authors, or pairs of them, in an order of each rater's own."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.blind.languages import FALLBACK, codes
from train.blind.texts.human import Prompt
from train.data.export_files import read_rows
from train.errors import TrainError

#: What is rated, each from 1 to 5.
SCALES = ("style", "content")
LOWEST, HIGHEST = 1, 5
REFERENCE = "reference"
HUMAN = "human"
#: Columns of a sheet by its kind; what a rater fills in comes after the texts.
COLUMNS = {
    "texts": ("rater", "item", "request", "text", *SCALES, "guess", "confidence", "seconds", "remark"),
    "pairs": ("rater", "item", "request", "text_a", "text_b", "choice", "seconds", "remark"),
}


@dataclass(frozen=True)
class Item:
    """A row of a sheet: a text, or two of one prompt.

    id: its prompt's. authors, texts: one, or the two of a pair. request: what was asked, in no model's own prompt
    style, which would give the author away.
    """

    id: str
    authors: tuple[str, ...]
    request: str
    texts: tuple[str, ...]
    language: str

    def turned(self, side: str) -> Item:
        """As a rater sees it: a pair from the other side where `side` is `yx`."""
        if side != "yx":
            return self
        return Item(self.id, self.authors[::-1], self.request, self.texts[::-1], self.language)

    def key_entry(self) -> dict[str, Any]:
        """What the key file says of it."""
        words = [len(text.split()) for text in self.texts]
        if len(self.authors) == 1:
            return {"id": self.id, "author": self.authors[0], "words": words[0]}
        return {"id": self.id, "authors": list(self.authors), "words": words}


#: author -> prompt's id -> text.
Texts = dict[str, dict[str, str]]


def gather(paths: Sequence[Path], *, reference: bool) -> tuple[Texts, dict[str, Prompt], int]:
    """Texts of the prompts that every file answers, those prompts, and how many were left out.

    Raises:
        TrainError: a file holds something else, two files are of one author, or no prompt is answered by all.
    """
    texts: Texts = {}
    references: dict[str, str] = {}
    prompts: dict[str, Prompt] = {}
    for path in paths:
        author, answers = "", {}
        for number, row in enumerate(read_rows(path), 1):
            try:
                author = f"{row['model']} ({row['stage']})" if row.get("stage") else str(row["model"])
                prompts.setdefault(str(row["id"]), _prompt(row))
                answers[str(row["id"])] = str(row["text"] or "")
            except KeyError as error:
                raise TrainError(f"{path}:{number} is no text of `train generate`: it lacks {error}") from error
            if row.get("reference"):
                references[str(row["id"])] = str(row["reference"])
        if not answers:
            raise TrainError(f"{path} holds no texts")
        if author in texts:
            raise TrainError(f"{path}: {author} wrote another of the files too: give each a --stage of its own")
        texts[author] = answers
    if reference and references:
        texts[REFERENCE] = references
    shared = set.intersection(*(set(answers) for answers in texts.values()))
    if not shared:
        raise TrainError("no prompt is answered in every file: were they made from the same --prompts?")
    everything = {name for answers in texts.values() for name in answers}
    return texts, {name: prompts[name] for name in sorted(shared)}, len(everything - shared)


def _prompt(row: Mapping[str, Any]) -> Prompt:
    sources = row.get("sources")
    links = tuple(str(link) for link in sources if isinstance(link, str)) if isinstance(sources, list) else ()
    request = str(row.get("question") or row["prompt"])
    return Prompt(str(row["id"]), request, str(row.get("language") or ""), links)


def draw(prompts: Sequence[str], limit: int | None, seed: int) -> list[str]:
    """`limit` of the prompts, or all, in their order."""
    generator = random.Random(f"{seed} prompts")
    names = sorted(prompts)
    return sorted(generator.sample(names, limit)) if limit is not None and limit < len(names) else names


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """Items so that neither position nor neighbour gives away who wrote a text."""
    mixed = list(items)
    random.Random(f"{seed} items").shuffle(mixed)
    return mixed


def names_of(items: Sequence[Item]) -> dict[str, Item]:
    """T01, T02 … of texts, P01 … of pairs, in the given order."""
    width = len(str(len(items)))
    return {f"{'T' if len(item.texts) == 1 else 'P'}{number:0{width}d}": item for number, item in enumerate(items, 1)}


def order(names: Sequence[str], seed: int, rater: int) -> list[str]:
    """The rater's own order: tiredness must not always meet the same texts."""
    mixed = list(names)
    random.Random(f"{seed} rater {rater}").shuffle(mixed)
    return mixed


def spoken(items: Sequence[Item]) -> str:
    """The sheet's language: most texts', where there are words for it."""
    languages = Counter(item.language for item in items if item.language in codes())
    return languages.most_common(1)[0][0] if languages else FALLBACK


def sheet_rows(names: Mapping[str, Item], listed: Sequence[str], rater: int, *, guess: bool) -> list[dict[str, Any]]:
    """The rows of a sheet, without marks: null is not marked yet, "" not asked for."""
    rows = []
    for name in listed:
        item = names[name]
        row: dict[str, Any] = {"rater": rater, "item": name, "request": item.request}
        if len(item.texts) == 1:
            unmarked = None if guess else ""
            row |= {"text": item.texts[0], **dict.fromkeys(SCALES), "guess": unmarked, "confidence": unmarked}
        else:
            row |= {"text_a": item.texts[0], "text_b": item.texts[1], "choice": None}
        rows.append(row | {"seconds": None, "remark": ""})
    return rows


def sheet_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Comma-separated, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows[0] if rows else COLUMNS["texts"])
    for row in rows:
        writer.writerow(["" if value is None else _cell(str(value)) for value in row.values()])
    return "\ufeff" + out.getvalue()


#: What a spreadsheet computes where a cell begins so; full-width forms count, too (Japanese and Chinese versions).
_FORMULA = tuple("=+-@＝＋－＠|%")
#: What may end a cell for a program that reads the file with another separator or quote than ours.
_ENDS = re.compile(r"([;,\t\r\n|:\x0b\x0c\x1c-\x1e\x85\u2028\u2029\"'`«»“”„]\s*)(?=[=+\-@＝＋－＠|%])")


def _cell(text: str) -> str:
    """The text so that no program computes any of it, whatever it takes for a separator: a space before each formula.

    A quotation mark alone would hold only where the file is read with commas; Italian spreadsheets read semicolons.
    """
    text = "".join(character for character in text if character >= " " or character in "\t\r\n")
    text = _ENDS.sub(r"\1 ", text)
    return f" {text}" if text.lstrip("\ufeff").startswith(_FORMULA) else text


def sheet_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
