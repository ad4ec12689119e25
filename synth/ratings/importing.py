"""Ratings by people, from a file into the collection `ratings`: all of it or, where a line is wrong, nothing."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from pymongo.database import Database

_SCORES = ("accuracy", "helpfulness")
_FIELDS = {"item", "key", "rater", "language", "comment", *_SCORES}
#: Wrong lines that are named; the rest is counted.
_SHOWN = 20


def import_ratings(database: Database[dict[str, Any]], path: Path) -> Counter[str]:
    """Store the ratings of a file (JSON lines, or CSV where its name ends in .csv); counts: stored, updated, unchanged.

    A rating is {item (or key: that of a sample), rater, accuracy, helpfulness, language, comment}; helpfulness and what
    follows may be left out. Whoever rates a sample again replaces the rating.

    Raises:
        NewsmillError: a line is wrong; all such lines are named, nothing is stored.
    """
    errors: list[str] = []
    ratings = _checked(_lines(path, errors), errors)
    languages = _languages(database, ratings)
    errors += [
        f"line {number}: there is no sample {item[:16]!r}" for (item, _), (number, _) in ratings.items()
        if item not in languages
    ]  # fmt: skip
    if errors:
        errors.sort(key=lambda message: int(message.split()[1].rstrip(":")))
        more = [f"and {len(errors) - _SHOWN} more"] if len(errors) > _SHOWN else []
        raise NewsmillError(f"{path}: {len(errors)} wrong, nothing was stored: " + "; ".join([*errors[:_SHOWN], *more]))
    return _stored(database, ratings, languages)


def _lines(path: Path, errors: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(number of the line, row)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    if path.suffix.lower() == ".csv":
        yield from _of_csv(text, errors)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            errors.append(f"line {number}: no JSON ({error})")
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            errors.append(f"line {number}: a {type(row).__name__}, not an object")


def _of_csv(text: str, errors: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if None in row or None in row.values():
                errors.append(f"line {reader.line_num}: not as many fields as the heading names")
            else:
                yield reader.line_num, {name.strip(): value for name, value in row.items() if value.strip()}
    except csv.Error as error:
        errors.append(f"line {reader.line_num}: no CSV ({error})")


Ratings = dict[tuple[str, str], tuple[int, dict[str, Any]]]


def _checked(rows: Iterator[tuple[int, Mapping[str, Any]]], errors: list[str]) -> Ratings:
    """(item, rater) -> (number of the line, rating)."""
    ratings: Ratings = {}
    for number, row in rows:
        wrong, rating = _rating(row)
        key = (rating["item"], rating["rater"])
        if not wrong and key in ratings:
            wrong = [f"{key[1]} rated this sample in line {ratings[key][0]}, too"]
        errors += [f"line {number}: {problem}" for problem in wrong]
        if not wrong:
            ratings[key] = (number, rating)
    return ratings


def _rating(row: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """(what is wrong with a row, the rating)."""
    wrong = [f"unknown field {name!r}" for name in row if name not in _FIELDS]
    rest = {name: row.get(name) for name in ("rater", "language", "comment")}
    item = row.get("item", row.get("key"))
    if "item" in row and "key" in row and row["item"] != row["key"]:
        wrong.append("item and key differ")
    for name, value in (("item", item), ("rater", rest["rater"])):
        if not isinstance(value, str) or not value.strip():
            wrong.append(f"no {name}")
    for name in ("language", "comment"):
        if rest[name] is not None and not isinstance(rest[name], str):
            wrong.append(f"{name} {rest[name]!r} is no text")
    scores = {name: _score(row.get(name)) for name in _SCORES}
    if row.get("accuracy") is None:
        wrong.append("no accuracy")
    wrong += [
        f"{name} {row[name]!r} is no number from 0 to 5" for name, score in scores.items()
        if score is None and row.get(name) is not None
    ]  # fmt: skip
    texts = {name: str(value or "").strip() for name, value in {"item": item, **rest}.items()}
    return wrong, texts | {name: score for name, score in scores.items() if score is not None}


def _score(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value.strip().replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= 5 else None


def _languages(database: Database[dict[str, Any]], ratings: Ratings) -> dict[str, str]:
    """Language of each rated sample that there is."""
    items = sorted({item for item, _ in ratings})
    languages: dict[str, str] = {}
    for start in range(0, len(items), 10_000):
        some = {"key": {"$in": items[start : start + 10_000]}}
        languages |= {
            row["key"]: row.get("language", "") for row in database.samples.find(some, {"key": 1, "language": 1})
        }
    return languages


def _stored(database: Database[dict[str, Any]], ratings: Ratings, languages: Mapping[str, str]) -> Counter[str]:
    from pymongo import UpdateOne

    now = datetime.now(UTC)
    writes = []
    for (item, rater), (_, rating) in ratings.items():
        fields = rating | {"language": rating["language"] or languages[item]}
        cleared = {name: "" for name in _SCORES if name not in fields}
        change: dict[str, Any] = {"$set": fields, "$setOnInsert": {"created_at": now}}
        writes.append(
            UpdateOne({"item": item, "rater": rater}, change | ({"$unset": cleared} if cleared else {}), True)
        )
    if not writes:
        return Counter()
    result = database.ratings.bulk_write(writes, ordered=False)
    changed = result.modified_count
    return Counter(stored=result.upserted_count, updated=changed, unchanged=result.matched_count - changed)
