"""The samples that are compared with one another, and their marks as duplicates in the store."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synth.batched import batched
from synth.dedupe.greedy import Duplicate, SemanticPairs, duplicates, order_of
from synth.filters.check import filter_errors
from synth.language.segmentation import words
from synth.near_duplicates.minhash import NearTexts
from synth.near_duplicates.shingles import normalised
from synth.samples.sample import CURATED, CURRENT
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

MARKS = ("duplicate_of", "duplicate_kind", "duplicate_score")
#: An answer of fewer words and characters may well stand under many questions: it is compared together with its own.
SHORT_WORDS, SHORT_CHARACTERS = 10, 300
_READ, _WRITE = 5_000, 1_000

Mark = tuple[str, str, float]


@dataclass
class Samples:
    """What is known of the samples, without their texts: some 400 bytes each, and what NearTexts keeps."""

    near: NearTexts
    #: in ascending order; a sample's number is its place here.
    keys: list[str] = field(default_factory=list)
    #: number of the text of each sample in `near`; samples of the same text, case and white space apart, share one.
    text_of: array[int] = field(default_factory=lambda: array("q"))
    #: what decides who is kept, small before large: (read by people, -accuracy, -mean_similarity, seconds).
    preference: tuple[array[float], ...] = field(default_factory=lambda: tuple(array("d") for _ in range(4)))
    #: marks as they are stored.
    old: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    def order(self) -> np.ndarray:
        """Numbers of the samples, the preferred first."""
        import numpy as np

        return order_of([np.array(column) for column in self.preference])

    def firsts(self) -> tuple[np.ndarray, np.ndarray]:
        """(int [texts] texts in order of preference, int [texts] the preferred sample of each text)."""
        import numpy as np

        order = self.order()
        _, position = np.unique(np.array(self.text_of, dtype=np.int64)[order], return_index=True)
        return np.argsort(position, kind="stable"), order[position]

    def texts(self, database: Database[dict[str, Any]], by: str) -> Iterator[str]:
        """The compared texts in order of preference, read again."""
        order, first = self.firsts()
        for start in range(0, len(order), _WRITE):
            keys = [self.keys[number] for number in first[order[start : start + _WRITE]].tolist()]
            rows = database.samples.find({"key": {"$in": keys}}, {"key": 1, "question": 1, "answer": 1})
            texts = {row["key"]: compared(row, by) for row in rows}
            # One that was deleted a moment ago is near to nothing.
            yield from (texts.get(key, "") for key in keys)


def compared(sample: Mapping[str, Any], by: str = "answer") -> str:
    """What of a sample is compared."""
    question, answer = str(sample.get("question") or ""), str(sample.get("answer") or "")
    alone = len(answer) >= SHORT_CHARACTERS or len(words(answer)) >= SHORT_WORDS
    return answer if alone and by == "answer" else f"{question}\n{answer}"


def current_and(where: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of the current samples that another filter names."""
    return {"$and": [CURRENT, dict(where)]}


def read_samples(
    database: Database[dict[str, Any]], where: Mapping[str, Any], threshold: float, shingle: int, by: str
) -> Samples:
    """Read every current sample that the filter names, once."""
    samples = Samples(NearTexts(threshold, shingle))
    numbers: dict[bytes, int] = {}
    condition = current_and(where)
    names = ("key", "question", "answer", "status", "accuracy", "mean_similarity", "created_at", *MARKS)
    fields: dict[str, Any] = dict.fromkeys(names, 1)
    if by == "answer":
        # A question has its sources in it, ten times the answer: it stays where it is not compared.
        length = {"$strLenCP": {"$toString": {"$ifNull": ["$answer", ""]}}}
        fields["question"] = {"$cond": [{"$lt": [length, SHORT_CHARACTERS]}, "$question", ""]}
    with filter_errors():
        total = database.samples.count_documents(condition)
        rows = by_key(database, condition, fields)
        with progress_bar("dedupe", total) as advance:
            for batch in batched(rows, _READ):
                _take(samples, numbers, batch, by)
                advance(len(batch))
    return samples


def by_key(
    database: Database[dict[str, Any]], condition: Mapping[str, Any], fields: Mapping[str, Any]
) -> Iterable[dict[str, Any]]:
    """Samples in order of their keys, by that index: sorting so many documents would take the server's disk."""
    return database.samples.find(condition, fields).sort("key", 1).hint([("key", 1)])


def _take(samples: Samples, numbers: dict[bytes, int], batch: Sequence[dict[str, Any]], by: str) -> None:
    new: list[str] = []
    for row in batch:
        text = normalised(compared(row, by))
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
        if digest not in numbers:
            numbers[digest] = len(numbers)
            new.append(text)
        samples.text_of.append(numbers[digest])
        for column, value in zip(samples.preference, _preference(row), strict=True):
            column.append(value)
        if any(row.get(name) is not None for name in MARKS):
            samples.old[len(samples.keys)] = {name: row.get(name) for name in MARKS}
        samples.keys.append(row["key"])
    samples.near.add(new)


def _preference(row: Mapping[str, Any]) -> tuple[float, float, float, float]:
    created_at = row.get("created_at")
    accuracy, near = (row.get(name) for name in ("accuracy", "mean_similarity"))
    return (
        float(row.get("status") not in CURATED),
        float("inf") if accuracy is None else -float(accuracy),
        float("inf") if near is None else -float(near),
        created_at.timestamp() if created_at else float("inf"),
    )


def marks_of(samples: Samples, semantic: Iterator[SemanticPairs] | None = None) -> dict[int, Mark]:
    """number -> (key of the kept sample, kind, score) of every duplicate."""
    order, first = samples.firsts()
    by_text = duplicates(samples.near, order, semantic)
    marks: dict[int, Mark] = {}
    kept_samples = first.tolist()
    for number, text in enumerate(samples.text_of):
        duplicate = by_text.get(text)
        if duplicate is None and number != kept_samples[text]:
            duplicate = Duplicate(text, "exact", 1.0)
        if duplicate:
            marks[number] = (samples.keys[kept_samples[duplicate.of]], duplicate.kind, round(duplicate.score, 6))
    return marks


def write_marks(database: Database[dict[str, Any]], samples: Samples, marks: Mapping[int, Mark]) -> Counter[str]:
    """Make the store's marks these; counts of what changed.

    Old marks go before new ones come, both in order of keys: killed in between, a store has too few marks rather than
    two samples that stand for each other, and the next run finds the same marks and writes the rest.
    """
    from pymongo import UpdateOne

    nothing = {"$unset": dict.fromkeys(MARKS, "")}
    released = [samples.keys[number] for number in sorted(samples.old) if number not in marks]
    released += _freed(database, samples, marks)
    changed = [number for number in sorted(marks) if samples.old.get(number) != _as_stored(marks[number])]
    _write(database, (UpdateOne({"key": key}, nothing) for key in released))
    _write(
        database,
        (UpdateOne({"key": samples.keys[number]}, {"$set": _as_stored(marks[number])}) for number in changed),
    )
    return +Counter(marked=len(changed), released=len(released), unchanged=len(marks) - len(changed))


def _as_stored(mark: Mark) -> dict[str, Any]:
    return dict(zip(MARKS, mark, strict=True))


def _write(database: Database[dict[str, Any]], writes: Iterable[Any]) -> None:
    batch: list[Any] = []
    for write in writes:
        batch.append(write)
        if len(batch) == _WRITE:
            database.samples.bulk_write(batch, ordered=True)
            batch = []
    if batch:
        database.samples.bulk_write(batch, ordered=True)


def _freed(database: Database[dict[str, Any]], samples: Samples, marks: Mapping[int, Mark]) -> list[str]:
    """Keys of marked samples that were not compared: those that do not count, and those whose original does not."""
    marked = {"duplicate_of": {"$ne": None}}
    fields = {"key": 1, "duplicate_of": 1, "superseded": 1, "status": 1}
    rows = [row for row in database.samples.find(marked, fields).sort("key", 1) if _number(samples, row["key"]) is None]
    originals = sorted({row["duplicate_of"] for row in rows})
    outside = [key for key in originals if _number(samples, key) is None]
    kept_samples = {key for key in originals if (number := _number(samples, key)) is not None and number not in marks}
    for start in range(0, len(outside), _WRITE):
        condition = {"$and": [CURRENT, {"key": {"$in": outside[start : start + _WRITE]}, "duplicate_of": None}]}
        kept_samples.update(row["key"] for row in database.samples.find(condition, {"key": 1}))
    return [row["key"] for row in rows if not _counts(row) or row["duplicate_of"] not in kept_samples]


def _counts(row: Mapping[str, Any]) -> bool:
    return row.get("superseded") is not True and row.get("status") != "rejected"


def _number(samples: Samples, key: str) -> int | None:
    position = bisect_left(samples.keys, key)
    return position if position < len(samples.keys) and samples.keys[position] == key else None
