"""`train blind`: texts of several models and people, shuffled under neutral names, for raters; and their ratings read.

A text's name tells nothing of who wrote it; the key file does, and stays with whoever runs the evaluation.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.data.export_files import read_rows, read_text
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
        "asked": "Richiesta", "text": "Testo", "remark": "Nota", "save": "Salva i voti",
    },
    "vi": {
        "title": "Đánh giá văn bản",
        "how": "Hãy đọc từng văn bản và cho hai điểm từ 1 (rất kém) đến 5 (rất tốt). Xin đừng đoán ai là người viết.",
        "style": "Văn phong: có giống một bài báo hay không?",
        "content": "Nội dung: có đúng yêu cầu, chính xác và đầy đủ không?",
        "asked": "Yêu cầu", "text": "Văn bản", "remark": "Ghi chú", "save": "Lưu điểm",
    },
    "en": {
        "title": "Rating texts",
        "how": "Read each text and give it two marks, 1 (very bad) to 5 (very good). Do not try to guess its author.",
        "style": "Style: is it written like a good newspaper text?",
        "content": "Content: does it answer the request, correctly and completely?",
        "asked": "Request", "text": "Text", "remark": "Remark", "save": "Save the marks",
    },
}  # fmt: skip


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """examples:
  train blind --texts before.jsonl after.jsonl --out blind --raters 3
  train blind --read blind/rater-*.csv --key blind/key.json"""
    making = parser.add_argument_group("making sheets")
    making.add_argument("--texts", type=Path, nargs="+", default=[], metavar="FILE", help="outputs of `train generate`")
    making.add_argument("--out", type=Path, help="folder of sheets and key")
    making.add_argument("--raters", type=int, default=3, help="sheets, each in an order of its own (3)")
    making.add_argument("--limit", type=int, help="prompts, drawn by the seed (all that every file answers)")
    making.add_argument(
        "--max-words", type=int, metavar="N", help="cut every text, people's too, at a sentence's end: length tells"
    )
    making.add_argument("--no-reference", action="store_true", help="leave the human texts out")
    making.add_argument("--language", choices=sorted(WORDS), help="of the sheet's own words (the texts')")
    making.add_argument("--seed", type=int, default=0)
    reading = parser.add_argument_group("reading ratings")
    reading.add_argument(
        "--read", type=Path, nargs="+", default=[], metavar="SHEET", help="filled sheets, CSV or JSON lines"
    )
    reading.add_argument("--key", type=Path, help="the key file that belongs to them")


def main(options: argparse.Namespace) -> int:
    if bool(options.texts) == bool(options.read):
        raise TrainError("give --texts and --out to make sheets, or --read and --key to read them")
    if options.texts:
        if options.out is None or min(options.raters, options.limit or 1, options.max_words or 1) < 1:
            raise TrainError("--texts needs --out FOLDER; --raters, --limit and --max-words must be 1 at least")
        return make(options)
    if options.key is None:
        raise TrainError("--read needs --key, the file that was made with the sheets")
    told = read(options.read, options.key)
    print(json.dumps(told, ensure_ascii=False) if options.json else table(told))
    return 0


@dataclass(frozen=True)
class Item:
    """A text to rate. author: the model, or `reference`; id: its prompt's.

    request: what was asked, in no model's own prompt style, which would tell the author.
    """

    id: str
    author: str
    request: str
    text: str
    language: str


def make(options: argparse.Namespace) -> int:
    items, left_out = gather(options.texts, reference=not options.no_reference)
    chosen = draw(items, options.limit, options.seed)
    if options.max_words:
        chosen = [replace(item, text=shorter(item.text, options.max_words)) for item in chosen]
    width = len(str(len(chosen)))
    names = {f"T{number:0{width}d}": item for number, item in enumerate(chosen, 1)}
    language = options.language or spoken(chosen)
    sheets = [(f"rater-{number}", order(list(names), options.seed, number)) for number in range(1, options.raters + 1)]
    check_unrated([options.out / f"{name}.csv" for name, _ in sheets])
    key = {
        "seed": options.seed, "scales": list(SCALES), "authors": list(dict.fromkeys(item.author for item in items)),
        "items": {name: {"id": item.id, "author": item.author} for name, item in names.items()},
    }  # fmt: skip
    write_whole(options.out / "key.json", json.dumps(key, indent=1, ensure_ascii=False) + "\n")
    for name, listed in sheets:
        write_whole(options.out / f"{name}.csv", sheet_csv(names, listed))
        write_whole(options.out / f"{name}.jsonl", sheet_lines(names, listed))
        write_whole(options.out / f"{name}.html", sheet_page(names, listed, name, language))
    outcome = {
        "out": str(options.out), "texts": len(chosen), "prompts": len({item.id for item in chosen}),
        "authors": sorted({item.author for item in chosen}), "left_out": left_out, "raters": options.raters,
    }  # fmt: skip
    if options.json:
        print(json.dumps(outcome, ensure_ascii=False))
        return 0
    print(f"{options.out}: {len(chosen)} texts by {len(outcome['authors'])} authors, {options.raters} sheets, key.json")
    print(f"{left_out} prompts left out that not every file answers" if left_out else "every prompt is answered by all")
    print(
        f"next: give out the sheets, keep the key; then train blind --read {options.out}/rater-*.csv --key …/key.json"
    )
    return 0


def gather(paths: Sequence[Path], *, reference: bool) -> tuple[list[Item], int]:
    """Texts of the prompts that every file answers, and how many prompts were left out.

    Raises:
        TrainError: a file holds something else, two files are of one author, or no prompt is answered by all.
    """
    by_author: dict[str, dict[str, Item]] = {}
    references: dict[str, Item] = {}
    asked: dict[str, str] = {}
    for path in paths:
        found = {}
        author = ""
        for number, row in enumerate(read_rows(path), 1):
            try:
                author = f"{row['model']} ({row['stage']})" if row.get("stage") else str(row["model"])
                asked.setdefault(row["id"], row.get("question") or row["prompt"])
                item = Item(row["id"], author, asked[row["id"]], row["text"], str(row.get("language") or ""))
            except KeyError as error:
                raise TrainError(f"{path}:{number} is no text of `train generate`: it lacks {error}") from error
            found[item.id] = item
            if row.get("reference"):
                references[item.id] = Item(item.id, REFERENCE, item.request, row["reference"], item.language)
        if author in by_author:
            raise TrainError(f"{path}: {author} wrote another of the files too: give each a --stage of its own")
        by_author[author] = found
    if reference and references:
        by_author[REFERENCE] = references
    shared = set.intersection(*(set(found) for found in by_author.values()))
    if not shared:
        raise TrainError("no prompt is answered in every file: were they made from the same --prompts?")
    everything = {name for found in by_author.values() for name in found}
    return [found[name] for found in by_author.values() for name in sorted(shared)], len(everything - shared)


def draw(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """The texts of `limit` prompts, shuffled so that neither place nor neighbour tells who wrote a text."""
    generator = random.Random(f"{seed} prompts")
    prompts = sorted({item.id for item in items})
    kept = set(generator.sample(prompts, limit) if limit is not None and limit < len(prompts) else prompts)
    chosen = [item for item in items if item.id in kept]
    generator.shuffle(chosen)
    return chosen


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
    counted = Counter(item.language for item in items if item.language in WORDS)
    return counted.most_common(1)[0][0] if counted else "en"


def check_unrated(sheets: Sequence[Path]) -> None:
    """Raises:
    TrainError: a sheet that would be overwritten holds marks.
    """
    for sheet in sheets:
        if sheet.exists() and any(row.get(scale) for row in rows_of(sheet) for scale in SCALES):
            raise TrainError(f"{sheet} holds marks already: give another --out")


def sheet_csv(names: Mapping[str, Item], listed: Sequence[str]) -> str:
    """Comma-separated, with the mark by which spreadsheets know UTF-8."""
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["item", "request", "text", *SCALES, "remark"])
    for name in listed:
        writer.writerow([name, _cell(names[name].request), _cell(names[name].text), *[""] * len(SCALES), ""])
    return "\ufeff" + out.getvalue()


def _cell(text: str) -> str:
    # A spreadsheet would compute what begins so.
    return f" {text}" if text.startswith(("=", "+", "-", "@")) else text


def sheet_lines(names: Mapping[str, Item], listed: Sequence[str]) -> str:
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


def rows_of(sheet: Path) -> Iterator[dict[str, str]]:
    """Rows of a sheet; a spreadsheet may have saved it with semicolons or tabs.

    Raises:
        TrainError: it cannot be read or is no sheet.
    """
    if sheet.suffix == ".jsonl":
        for row in read_rows(sheet):
            yield {key: "" if value is None else str(value) for key, value in row.items()}
        return
    text = read_text(sheet).removeprefix("\ufeff")
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    for row in csv.DictReader(text.splitlines(keepends=True), delimiter=separator):
        if "item" not in row:
            raise TrainError(f"{sheet} is no sheet of `train blind`: it has no column `item`")
        yield {key: value or "" for key, value in row.items() if isinstance(key, str) and not isinstance(value, list)}


def read(sheets: Sequence[Path], key_path: Path) -> dict[str, Any]:
    """Means by author with intervals, differences from the first author, and agreement, for each scale.

    Raises:
        TrainError: a mark out of range, a name that the key lacks, or a text rated twice in a sheet: all that is
            wrong in all sheets is told together.
    """
    try:
        key = json.loads(read_text(key_path))
        authors = {name: (item["id"], item["author"]) for name, item in key["items"].items()}
        names = list(key["authors"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainError(f"{key_path} is no key of `train blind`") from error
    marks: dict[str, dict[str, list[int]]] = {scale: defaultdict(list) for scale in SCALES}
    wrong: list[str] = []
    for sheet in sheets:
        wrong += _take(sheet, authors, marks)
    if wrong:
        raise TrainError("; ".join(wrong[:10]) + (f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""))
    if not any(marks.values()):
        raise TrainError("the sheets hold no marks yet")
    return {
        "sheets": len(sheets), "texts": len(authors), "scale": [LOWEST, HIGHEST],
        **{scale: _told(marks[scale], authors, names) for scale in SCALES},
    }  # fmt: skip


def _take(
    sheet: Path, authors: Mapping[str, tuple[str, str]], marks: Mapping[str, dict[str, list[int]]]
) -> Iterator[str]:
    """Add the marks of a sheet; what is wrong with it."""
    seen: set[str] = set()
    for number, row in enumerate(rows_of(sheet), 1):
        name = row.get("item", "").strip()
        given = {scale: row.get(scale, "").strip() for scale in SCALES}
        if not any(given.values()):
            continue
        if name not in authors or name in seen:
            yield f"{sheet.name} row {number}: {name or 'no name'} {'twice' if name in seen else 'is not in the key'}"
            continue
        seen.add(name)
        for scale, mark in given.items():
            whole = mark.removesuffix(".0")
            if whole.isdecimal() and LOWEST <= int(whole) <= HIGHEST:
                marks[scale][name].append(int(whole))
            elif mark:
                yield f"{sheet.name} row {number}: {scale} {mark!r} is none of {LOWEST} to {HIGHEST}"


def _told(
    marks: Mapping[str, list[int]], authors: Mapping[str, tuple[str, str]], names: Sequence[str]
) -> dict[str, Any]:
    from train.blind.agreement import agreement

    # author -> prompt -> (sum, count): ratings of one prompt are not independent.
    by_author: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in names}
    for name, given in marks.items():
        prompt, author = authors[name]
        by_author[author][prompt] = (float(sum(given)), float(len(given)))
    means = {author: _mean(list(rated.values())) for author, rated in by_author.items()}
    first = names[0]
    differences = {author: _difference(by_author[first], by_author[author]) for author in names[1:]}
    return {
        "means": means, "differences_from": first, "differences": differences,
        "agreement": asdict(agreement(list(marks.values()))),
    }  # fmt: skip


def _mean(sums: Sequence[tuple[float, float]]) -> dict[str, Any]:
    count = sum(times for _, times in sums)
    return {"mean": sum(total for total, _ in sums) / count if count else None, "marks": int(count), "texts": len(sums)}


def _difference(
    first: Mapping[str, tuple[float, float]], second: Mapping[str, tuple[float, float]]
) -> dict[str, Any] | None:
    """Mean of the second less that of the first, on the prompts that both were rated for."""
    from train.metrics.bootstrap import paired

    shared = sorted(set(first) & set(second))
    if not shared:
        return None
    interval = paired([first[name] for name in shared], [second[name] for name in shared], shared)
    return {"difference": interval.difference, "low": interval.low, "high": interval.high, "prompts": len(shared)}


def table(told: Mapping[str, Any]) -> str:
    """For people: a row an author, then how far the raters agree."""
    lines = [f"{told['sheets']} sheets, {told['texts']} texts, marks {LOWEST} to {HIGHEST}"]
    for scale in SCALES:
        found = told[scale]
        lines += ["", f"{scale:<36} mean  marks  difference from {found['differences_from']} [95 %]"]
        for author, mean in found["means"].items():
            shown = "   -" if mean["mean"] is None else f"{mean['mean']:4.2f}"
            lines.append(f"  {author:<34} {shown} {mean['marks']:6d}  {_interval(found['differences'].get(author))}")
        lines.append(f"  agreement (Krippendorff's alpha): {_alpha_words(found['agreement'])}")
    return "\n".join(lines)


def _interval(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    told = f"{found['difference']:+.2f}"
    return told if found["low"] is None else f"{told} [{found['low']:+.2f}, {found['high']:+.2f}]"


def _alpha_words(found: Mapping[str, Any]) -> str:
    if found["alpha"] is None:
        return "cannot be told: no text has two different marks to compare"
    around = "" if found["low"] is None else f" [{found['low']:.2f}, {found['high']:.2f}]"
    return f"{found['alpha']:.2f}{around} on {found['items']} texts; below .667 conclusions do not hold"
