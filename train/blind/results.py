"""The results of a blind evaluation: what `train blind --read --json` prints, and the page and the terminal show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train.blind.agreement import Agreement, agreement
from train.blind.key import Key, read_key
from train.blind.marks import Preference, Ratings, TextMark, read_ratings
from train.blind.sentences import sentence
from train.blind.sheets import HIGHEST, LOWEST, SCALES
from train.blind.statistics.cells import Mark
from train.blind.statistics.guesses import guess_results
from train.blind.statistics.means import difference, means, verdict
from train.blind.statistics.preferences import longer_results, shares, side_results, strength_results
from train.blind.statistics.two_way import FEW_RATERS, Estimate

#: Intervals from which their number is a caution; `train evaluate` has the same.
_MANY = 10


def read_sheets(sheets: Sequence[Path], key_path: Path, seed: int = 0) -> dict[str, Any]:
    """Everything that filled sheets say, with intervals over texts and raters.

    Raises:
        TrainError: all that is wrong in all sheets, or with the key.
    """
    ratings = read_ratings(sheets, read_key(key_path))
    own = _of_pairs(ratings, seed) if ratings.key.kind == "pairs" else _of_texts(ratings, seed)
    head = _head(ratings)
    results = {**head, **own, "notes": [*head["notes"], *_cautions(ratings), *_many(own)]}
    return {"sentence": sentence(results), **results}


def _head(ratings: Ratings) -> dict[str, Any]:
    key = ratings.key
    listed, marked = (sum(getattr(sheet, name) for sheet in ratings.sheets) for name in ("listed", "marked"))
    return {
        "kind": key.kind, "key": str(key.path),
        "sheets": len(ratings.sheets),
        key.kind: len(key.items), "prompts": len({item.prompt for item in key.items.values()}),
        "scale": [LOWEST, HIGHEST], "authors": list(key.authors), "human": sorted(key.human),
        "raters": [asdict(sheet) for sheet in ratings.sheets],
        "filled": {"listed": listed, "marked": marked, "partial": sum(sheet.partial for sheet in ratings.sheets)},
        "notes": list(ratings.notes),
    }  # fmt: skip


def _cautions(ratings: Ratings) -> list[str]:
    """What the numbers cannot say."""
    raters = len({mark.rater for mark in ratings.texts} | {each.rater for each in ratings.preferences})
    notes = []
    if raters < FEW_RATERS:
        who = "one rater" if raters == 1 else f"{raters} raters"
        notes.append(f"{who}: intervals are over texts alone and say nothing of other raters; {FEW_RATERS} needed")
    partial = sum(sheet.partial for sheet in ratings.sheets)
    if partial:
        notes.append(f"{partial} items are marked in part: what is there counts")
    alike = [
        rater
        for rater in {mark.rater for mark in ratings.texts}
        if _one_mark([mark for mark in ratings.texts if mark.rater == rater])
    ]
    notes += [f"{rater} gave every text the same marks" for rater in sorted(alike)]
    return notes


def _many(results: Mapping[str, Any]) -> list[str]:
    """That of many intervals some exclude no difference by chance."""
    rows = [
        *results.get("shares", ()),
        *(row for scale in SCALES if scale in results for row in _differences(results, scale)),
    ]
    count = sum(row["low"] is not None for row in rows)
    return [f"of {count} intervals at 95 %, one in twenty excludes no difference by chance"] if count > _MANY else []


def _differences(results: Mapping[str, Any], scale: str) -> list[Mapping[str, Any]]:
    return [row for row in results[scale]["differences"].values() if row]


def _one_mark(marks: Sequence[TextMark]) -> bool:
    return len(marks) > 9 and len({(mark.style, mark.content) for mark in marks if mark.style or mark.content}) == 1


def _of_texts(ratings: Ratings, seed: int) -> dict[str, Any]:
    key = ratings.key
    results: dict[str, Any] = {scale: _scale(ratings.texts, scale, key, seed) for scale in SCALES}
    results["guesses"] = guess_results(ratings.texts, key.authors, key.human, seed)
    if results["guesses"]:
        items = _by_item((mark.item, int(mark.guess)) for mark in ratings.texts if mark.guess is not None)
        results["guesses"]["agreement"] = asdict(agreement(items, ordinal=False))
    return results


def _scale(texts: Sequence[TextMark], scale: str, key: Key, seed: int) -> dict[str, Any]:
    marks = [(mark, getattr(mark, scale)) for mark in texts if getattr(mark, scale) is not None]
    by_author: dict[str, list[Mark]] = {author: [] for author in key.authors}
    for mark, value in marks:
        by_author[mark.author].append((mark.prompt, mark.rater, float(value)))
    first = key.authors[0]
    return {
        "means": means(by_author, (LOWEST, HIGHEST), seed),
        "differences_from": first,
        "differences": {
            author: _as_row(difference(by_author[first], by_author[author], seed)) for author in key.authors[1:]
        },
        "agreement": asdict(agreement(_by_item((mark.item, value) for mark, value in marks))),
    }


def _as_row(result: Estimate | None) -> dict[str, Any] | None:
    if result is None:
        return None
    return {
        "difference": result.value, "low": result.low, "high": result.high, "prompts": result.prompts,
        "raters": result.raters, "over": result.over, "verdict": verdict(result), "reason": result.reason,
        "components": asdict(result.components) if result.components else None,
    }  # fmt: skip


def _by_item(marks: Any) -> list[list[int]]:
    items: dict[str, list[int]] = {}
    for item, value in marks:
        items.setdefault(item, []).append(value)
    return list(items.values())


def _of_pairs(ratings: Ratings, seed: int) -> dict[str, Any]:
    preferences, authors = ratings.preferences, ratings.key.authors
    lengths = [each for each in preferences if each.words]
    return {
        "comparisons": len(preferences), "ties": sum(each.outcome == 1 for each in preferences),
        "shares": shares(preferences, authors, seed),
        "strengths": strength_results(preferences, authors, seed),
        "controlled": strength_results(lengths or preferences, authors, seed, controlled=True),
        "sides": side_results(preferences, seed), "longer": longer_results(preferences, seed),
        "agreement": _pair_agreement(preferences),
    }  # fmt: skip


def _pair_agreement(preferences: Sequence[Preference]) -> dict[str, Mapping[str, Any]]:
    items = _by_item((each.item, each.outcome) for each in preferences)
    result: dict[str, Agreement] = {
        name: agreement(items, ordinal=name == "ordinal") for name in ("nominal", "ordinal")
    }
    return {name: asdict(each) for name, each in result.items()}
