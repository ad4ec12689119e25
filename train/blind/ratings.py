"""Filled sheets of `train blind`, read: means by author, differences with intervals, agreement of the raters."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.blind.sheets import HIGHEST, LOWEST, SCALES
from train.data.export_files import read_rows, read_text
from train.errors import TrainError


def check_unrated(sheets: Sequence[Path]) -> None:
    """Raises:
    TrainError: a sheet that would be overwritten holds marks.
    """
    for sheet in sheets:
        if sheet.exists() and any(row.get(scale) for row in rows_of(sheet) for scale in SCALES):
            raise TrainError(f"{sheet} holds marks already: give another --out")


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


def read_sheets(sheets: Sequence[Path], key_path: Path) -> dict[str, Any]:
    """Means by author with intervals, differences from the first author, and agreement, for each scale.

    Raises:
        TrainError: a mark out of range, a name that the key lacks, or a text rated twice in a sheet: everything
            that is wrong in all sheets is reported together.
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
        **{scale: _scale_results(marks[scale], authors, names) for scale in SCALES},
    }  # fmt: skip


def _take(
    sheet: Path, authors: Mapping[str, tuple[str, str]], marks: Mapping[str, dict[str, list[int]]]
) -> Iterator[str]:
    """Add the marks of a sheet; what is wrong with it."""
    rated: set[str] = set()
    for number, row in enumerate(rows_of(sheet), 1):
        name = row.get("item", "").strip()
        ratings = {scale: row.get(scale, "").strip() for scale in SCALES}
        if not any(ratings.values()):
            continue
        if name not in authors or name in rated:
            yield f"{sheet.name} row {number}: {name or 'no name'} {'twice' if name in rated else 'is not in the key'}"
            continue
        rated.add(name)
        for scale, mark in ratings.items():
            whole = mark.removesuffix(".0")
            if whole.isdecimal() and LOWEST <= int(whole) <= HIGHEST:
                marks[scale][name].append(int(whole))
            elif mark:
                yield f"{sheet.name} row {number}: {scale} {mark!r} is none of {LOWEST} to {HIGHEST}"


def _scale_results(
    marks: Mapping[str, list[int]], authors: Mapping[str, tuple[str, str]], names: Sequence[str]
) -> dict[str, Any]:
    from train.blind.agreement import agreement

    # author -> prompt -> (sum, count): ratings of one prompt are not independent.
    by_author: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in names}
    for name, ratings in marks.items():
        prompt, author = authors[name]
        by_author[author][prompt] = (float(sum(ratings)), float(len(ratings)))
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
    # What is drawn there is the prompt: one text of it by each author.
    return {"difference": interval.difference, "low": interval.low, "high": interval.high, "prompts": len(shared),
            "reason": interval.reason.replace("event", "prompt")}  # fmt: skip


def table(results: Mapping[str, Any]) -> str:
    """For people: a row an author, then how far the raters agree."""
    lines = [f"{results['sheets']} sheets, {results['texts']} texts, marks {LOWEST} to {HIGHEST}"]
    for scale in SCALES:
        scale_results = results[scale]
        lines += ["", f"{scale:<36} mean  marks  difference from {scale_results['differences_from']} [95 %]"]
        for author, mean in scale_results["means"].items():
            mean_text = "   -" if mean["mean"] is None else f"{mean['mean']:4.2f}"
            lines.append(
                f"  {author:<34} {mean_text} {mean['marks']:6d}  {_interval(scale_results['differences'].get(author))}"
            )
        lines.append(f"  agreement (Krippendorff's alpha): {_alpha_words(scale_results['agreement'])}")
    return "\n".join(lines)


def _interval(difference: Mapping[str, Any] | None) -> str:
    if difference is None:
        return ""
    text = f"{difference['difference']:+.2f}"
    if difference["low"] is None:
        return f"{text} ({difference['reason']})"
    return f"{text} [{difference['low']:+.2f}, {difference['high']:+.2f}]"


def _alpha_words(result: Mapping[str, Any]) -> str:
    if result["alpha"] is None:
        return "not defined: no text has two different marks to compare"
    around = "" if result["low"] is None else f" [{result['low']:.2f}, {result['high']:.2f}]"
    return f"{result['alpha']:.2f}{around} on {result['items']} texts; below .667 conclusions do not hold"
