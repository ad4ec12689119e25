"""Sheets of `train blind`: texts of several authors under neutral names, in an order of each rater's own."""

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

from train.data.export_files import read_rows
from train.errors import TrainError

#: What is rated, each from 1 to 5.
SCALES = ("style", "content")
LOWEST, HIGHEST = 1, 5
REFERENCE = "reference"
#: Words of the sheet: title, how to rate, what each scale means, labels.
WORDS = {
    "it": {
        "title": "Valutazione di testi",
        "how": "Leggi ogni testo e dagli due voti da 1 (pessimo) a 5 (ottimo). Non cercare di indovinarne l'autore.",
        "style": "Stile: è scritto come un buon testo di giornale?",
        "content": "Contenuto: risponde alla richiesta, è giusto e completo?",
        "request": "Richiesta", "text": "Testo", "remark": "Nota", "save": "Salva i voti",
    },
    "vi": {
        "title": "Đánh giá văn bản",
        "how": "Hãy đọc từng văn bản và cho hai điểm từ 1 (rất kém) đến 5 (rất tốt). Xin đừng đoán ai là người viết.",
        "style": "Văn phong: có giống một bài báo hay không?",
        "content": "Nội dung: có đúng yêu cầu, chính xác và đầy đủ không?",
        "request": "Yêu cầu", "text": "Văn bản", "remark": "Ghi chú", "save": "Lưu điểm",
    },
    "en": {
        "title": "Rating texts",
        "how": "Read each text and give it two marks, 1 (very bad) to 5 (very good). Do not try to guess its author.",
        "style": "Style: is it written like a good newspaper text?",
        "content": "Content: does it answer the request, correctly and completely?",
        "request": "Request", "text": "Text", "remark": "Remark", "save": "Save the marks",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A text to rate. author: the model, or `reference`; id: its prompt's.

    request: what was asked, in no model's own prompt style, which would give the author away.
    """

    id: str
    author: str
    request: str
    text: str
    language: str


def gather(paths: Sequence[Path], *, reference: bool) -> tuple[list[Item], int]:
    """Texts of the prompts that every file answers, and how many prompts were left out.

    Raises:
        TrainError: a file holds something else, two files are of one author, or no prompt is answered by all.
    """
    by_author: dict[str, dict[str, Item]] = {}
    references: dict[str, Item] = {}
    requests: dict[str, str] = {}
    for path in paths:
        answers = {}
        author = ""
        for number, row in enumerate(read_rows(path), 1):
            try:
                author = f"{row['model']} ({row['stage']})" if row.get("stage") else str(row["model"])
                requests.setdefault(row["id"], row.get("question") or row["prompt"])
                item = Item(row["id"], author, requests[row["id"]], row["text"], str(row.get("language") or ""))
            except KeyError as error:
                raise TrainError(f"{path}:{number} is no text of `train generate`: it lacks {error}") from error
            answers[item.id] = item
            if row.get("reference"):
                references[item.id] = Item(item.id, REFERENCE, item.request, row["reference"], item.language)
        if author in by_author:
            raise TrainError(f"{path}: {author} wrote another of the files too: give each a --stage of its own")
        by_author[author] = answers
    if reference and references:
        by_author[REFERENCE] = references
    shared = set.intersection(*(set(answers) for answers in by_author.values()))
    if not shared:
        raise TrainError("no prompt is answered in every file: were they made from the same --prompts?")
    everything = {name for answers in by_author.values() for name in answers}
    return [answers[name] for answers in by_author.values() for name in sorted(shared)], len(everything - shared)


def draw(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """The texts of `limit` prompts, shuffled so that neither position nor neighbour gives away who wrote a text."""
    generator = random.Random(f"{seed} prompts")
    prompts = sorted({item.id for item in items})
    names = set(generator.sample(prompts, limit) if limit is not None and limit < len(prompts) else prompts)
    selection = [item for item in items if item.id in names]
    generator.shuffle(selection)
    return selection


def shorter(text: str, words: int) -> str:
    """The first sentences of a text, `words` words at most; words with a mark where the first sentence is longer."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    if len(ends) <= words:
        return text
    cut = text[: ends[words - 1]]
    whole = list(re.finditer(r"[.!?…]['\"”»)]*(?=\s|$)", cut))
    return cut[: whole[-1].end()] if whole else f"{cut} […]"


def order(names: list[str], seed: int, rater: int) -> list[str]:
    """The rater's own order: tiredness must not always meet the same texts."""
    shuffled = list(names)
    random.Random(f"{seed} rater {rater}").shuffle(shuffled)
    return shuffled


def spoken(items: Sequence[Item]) -> str:
    """The sheet's language: most texts', where there are words for it."""
    languages = Counter(item.language for item in items if item.language in WORDS)
    return languages.most_common(1)[0][0] if languages else "en"


def sheet_csv(names: Mapping[str, Item], listed: Sequence[str]) -> str:
    """Comma-separated, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["item", "request", "text", *SCALES, "remark"])
    for name in listed:
        writer.writerow([name, _cell(names[name].request), _cell(names[name].text), *[""] * len(SCALES), ""])
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


def sheet_lines(names: Mapping[str, Item], listed: Sequence[str]) -> str:
    """The CSV text of a sheet: items, requests and texts, with empty columns for the marks."""
    rows = [
        {"item": name, "request": names[name].request, "text": names[name].text, **dict.fromkeys(SCALES), "remark": ""}
        for name in listed
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def sheet_page(names: Mapping[str, Item], listed: Sequence[str], rater: str, language: str) -> str:
    """One page to print, or to fill in a browser, which then saves the marks as CSV; nothing is loaded from outside."""
    from jinja2 import Environment, FileSystemLoader

    templates = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    return templates.get_template("blind.html.jinja").render(
        words=WORDS[language], language=language, rater=rater, scales=SCALES,
        marks=range(LOWEST, HIGHEST + 1), items=[(name, names[name]) for name in listed],
    )  # fmt: skip
