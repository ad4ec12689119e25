"""Samples that repeat rows of evaluation sets: a model trained on them is examined on what it has read.

The rule of GPT-3 (Brown et al., 2020, appendix C): a row is repeated where a text shares N words in a row with it, case
and punctuation apart; N is the 5th percentile of the lengths of the set's rows in words, but 8 at least, because fewer
words meet by chance, and 13 at most. Ours beside it:
- the overlap is kept, the share of the row's runs of N words that the sample has, and not only that there is one;
- runs that many rows of a set share are its template ("Read the text and choose the right answer") and tell nothing;
- what a row asks in fewer than N words is looked for by runs of 8 words, and in fewer than 8 only as the whole question
  of a sample; a short answer tells nothing beside a longer text of its row.

On 1,000 rows of Alpaca beside 1,000 others of it with other answers, 22 have the same question: all are found, and two
that share a sentence; 224 Italian samples beside these and 1,000 Vietnamese rows: none.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.items import NewsmillError
from synth.batched import batched
from synth.dedupe.evaluation_sets import SetRow, read_set
from synth.dedupe.store import by_key, current_and
from synth.filters.check import filter_errors
from synth.near_duplicates.shingles import WordHasher, runs, runs_of
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

#: Words of a run: GPT-3's bounds.
LEAST, MOST = 8, 13
#: A run is a template's where more than ten rows of a set have it, and more than one in a hundred or a thousand.
_TEMPLATE, _TEMPLATE_SHARE, _TEMPLATE_MOST = 10, 0.01, 1_000
#: Rows named on one sample, those of the largest overlap.
_HITS = 20
#: Runs of evaluation sets that are looked for at once (24 bytes each); more need another pass over the samples.
_RUNS = 20_000_000
#: Rows and samples that are taken together.
_ROWS, _SAMPLES = 2_000, 500


class Hit(NamedTuple):
    """A row of a set that a sample repeats."""

    set: str
    row: int
    overlap: float


class Table:
    """Runs of words of evaluation sets, and the rows that have them."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int]] = []
        #: of each row how many runs it has, templates apart.
        self._totals = array("q")
        #: length of runs -> hashes and numbers of the rows, one after the other.
        self._runs: dict[int, tuple[array[int], array[int]]] = {}
        #: what a row asks in few words, as one hash -> rows.
        self._whole: dict[int, list[int]] = {}
        self._hasher = WordHasher()

    def __len__(self) -> int:
        """Runs in it."""
        return sum(len(hashes) for hashes, _ in self._runs.values())

    def add(self, name: str, rows: Sequence[SetRow], length: int) -> None:
        """Rows of one set, a whole set at a time or a large part of it, looked for by runs of `length` words."""
        base = len(self.rows)
        self.rows.extend((name, row.number) for row in rows)
        self._totals.extend([0] * len(rows))
        parts: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
        for start in range(0, len(rows), _ROWS):
            some = rows[start : start + _ROWS]
            self._cut(some, length, base + start, parts)
        for size, pieces in parts.items():
            self._store(size, pieces, len(rows))

    def _cut(
        self, rows: Sequence[SetRow], length: int, base: int, parts: dict[int, list[tuple[np.ndarray, np.ndarray]]]
    ) -> None:
        import numpy as np

        # Texts 2 i and 2 i + 1 are the two of row i: no run goes from the question to the answer.
        hashes, bounds = self._hasher([text for row in rows for text in (row.question, row.answer)])
        sizes, least = np.diff(bounds), min(length, LEAST)
        is_question = np.arange(len(sizes)) % 2 == 0
        long = np.repeat(np.maximum(sizes[::2], sizes[1::2]) >= length, 2)
        short = (sizes >= least) & (sizes < length) & (is_question | ~long)
        for size, mask in ((length, sizes >= length), (least, short)):
            values, owners = runs_of(hashes, bounds, np.flatnonzero(mask), size)
            parts.setdefault(size, []).append((values, owners // 2 + base))
        for text in np.flatnonzero(is_question & (sizes > 0) & (sizes < least)).tolist():
            self._whole.setdefault(_whole(hashes, bounds, text), []).append(base + text // 2)

    def _store(self, size: int, parts: Sequence[tuple[np.ndarray, np.ndarray]], rows: int) -> None:
        """Each run of a row once, without those of templates."""
        import numpy as np

        values, owners = (np.concatenate(side) for side in zip(*parts, strict=True))
        order = np.lexsort((owners, values))
        values, owners = values[order], owners[order]
        first = np.ones(len(values), dtype=bool)
        first[1:] = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
        values, owners = values[first], owners[first]
        _, position, counts = np.unique(values, return_inverse=True, return_counts=True)
        own = counts[position] <= max(_TEMPLATE, min(_TEMPLATE_MOST, rows * _TEMPLATE_SHARE))
        values, owners = values[own], owners[own]
        for owner, count in zip(*(side.tolist() for side in np.unique(owners, return_counts=True)), strict=True):
            self._totals[owner] += count
        hashes, numbers = self._runs.setdefault(size, (array("Q"), array("q")))
        hashes.frombytes(values.astype(np.uint64).tobytes())
        numbers.frombytes(owners.astype(np.int64).tobytes())

    def close(self) -> None:
        """No more rows come."""
        import numpy as np

        self._sorted: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for size, (hashes, numbers) in self._runs.items():
            values, owners = np.frombuffer(hashes, dtype=np.uint64), np.frombuffer(numbers, dtype=np.int64)
            order = np.argsort(values, kind="stable")
            self._sorted[size] = (values[order], owners[order])
        self._runs = {}
        self._whole = {key: rows for key, rows in self._whole.items() if len(rows) <= _TEMPLATE}

    def hits(self, samples: Sequence[Mapping[str, Any]]) -> list[list[Hit]]:
        """For each sample the rows that it repeats, the largest overlap first; at most twenty.

        A row whose question is the sample's has an overlap of 1, however few words that are.
        """
        import numpy as np

        texts = [str(sample.get(name) or "") for sample in samples for name in ("question", "answer")]
        hashes, bounds = self._hasher(texts)
        pairs = [np.zeros((0, 2), dtype=np.int64)]
        for size, (run_hashes, owners) in self._sorted.items():
            if len(run_hashes):
                pairs.append(_meetings(*runs(hashes, bounds, size), run_hashes, owners))
        pair, shared = np.unique(np.concatenate(pairs), axis=0, return_counts=True)
        overlaps: list[dict[int, float]] = [{} for _ in samples]
        for (number, row), count in zip(pair.tolist(), shared.tolist(), strict=True):
            overlaps[number][row] = count / self._totals[row]
        for number in range(len(samples) if self._whole else 0):
            overlaps[number].update(dict.fromkeys(self._whole.get(_whole(hashes, bounds, 2 * number), ()), 1.0))
        return [self._largest_hits(hits) for hits in overlaps]

    def _largest_hits(self, hits: Mapping[int, float]) -> list[Hit]:
        rows = [Hit(*self.rows[row], round(overlap, 4)) for row, overlap in hits.items()]
        return sorted(rows, key=_largest)[:_HITS]


def _largest(hit: Hit) -> tuple[float, str, int]:
    return -hit.overlap, hit.set, hit.row


def _whole(hashes: np.ndarray, bounds: np.ndarray, text: int) -> int:
    """One hash of all words of a text; of one without words the same as of no other."""
    import numpy as np

    size = int(bounds[text + 1] - bounds[text])
    return int(runs_of(hashes, bounds, np.array([text]), size)[0][0]) if size else -1


def _meetings(values: np.ndarray, texts: np.ndarray, run_hashes: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """int [meetings, 2] sample and row, once for each different run that both have; two texts are a sample."""
    import numpy as np

    position = np.minimum(np.searchsorted(run_hashes, values), len(run_hashes) - 1)
    hit = run_hashes[position] == values
    matches = np.unique(np.stack([(texts[hit] // 2).astype(np.uint64), values[hit]], axis=1), axis=0)
    begin, end = (np.searchsorted(run_hashes, matches[:, 1], side=side) for side in ("left", "right"))
    counts = end - begin
    inner = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = owners[np.repeat(begin, counts) + inner]
    return np.stack([np.repeat(matches[:, 0].astype(np.int64), counts), rows], axis=1)


class Checker:
    """Checks samples against the sets of some files."""

    def __init__(self, paths: Sequence[Path], fields: Sequence[str] = (), length: int | None = None) -> None:
        """
        Args:
            fields: names of the fields to read; none for those that are recognised.
            length: words of a run; None for GPT-3's rule.

        Raises:
            NewsmillError: a file cannot be read, has no rows, or two have one name.
        """
        names = Counter(path.name for path in paths)
        if twice := [name for name, count in names.items() if count > 1]:
            raise NewsmillError(f"two evaluation sets are named {twice[0]}: rename one, samples name a set by its file")
        self.paths, self.fields = list(paths), list(fields)
        self.lengths = {path.name: self._length(path, length) for path in paths}
        #: set -> {rows, ngram, samples: those that repeat a row, repeated: rows that a sample repeats}.
        self.set_counts: dict[str, dict[str, int]] = {}
        #: the first contaminated samples: {key, set, row, overlap}.
        self.examples: list[dict[str, Any]] = []
        self._rows: Counter[str] = Counter()

    def _length(self, path: Path, length: int | None) -> int:
        """Reads all of the file, so that what is wrong with it is shown before anything is done."""
        from synth.language.segmentation import words

        sizes = sorted(len(words(row.question)) + len(words(row.answer)) for row in read_set(path, self.fields))
        if not sizes:
            raise NewsmillError(f"{path} has no rows")
        return length or min(MOST, max(LEAST, sizes[len(sizes) // 20]))

    def tables(self) -> Iterator[Table]:
        """All rows, in tables of bounded size."""
        self._rows.clear()
        table = Table()
        for path in self.paths:
            for rows in _parts(read_set(path, self.fields)):
                self._rows[path.name] += len(rows)
                table.add(path.name, rows, self.lengths[path.name])
                if len(table) >= _RUNS:
                    table.close()
                    yield table
                    table = Table()
        table.close()
        yield table

    def find(self, database: Database[dict[str, Any]], where: Mapping[str, Any]) -> dict[str, list[Hit]]:
        """key -> rows that it repeats, of every contaminated current sample that the filter names."""
        hits_by_key: dict[str, list[Hit]] = {}
        fields = {"key": 1, "question": 1, "answer": 1}
        condition = current_and(where)
        with filter_errors():
            total = database.samples.count_documents(condition)
            for table in self.tables():
                with progress_bar("evaluation sets", total) as advance:
                    for batch in batched(by_key(database, condition, fields), _SAMPLES):
                        for sample, hits in zip(batch, table.hits(batch), strict=True):
                            if hits:
                                earlier = hits_by_key.get(sample["key"], [])
                                hits_by_key[sample["key"]] = sorted([*earlier, *hits], key=_largest)[:_HITS]
                        advance(len(batch))
        self._count_sets(hits_by_key)
        return hits_by_key

    def _count_sets(self, hits_by_key: Mapping[str, Sequence[Hit]]) -> None:
        for path in self.paths:
            own = {key: [hit.row for hit in hits if hit.set == path.name] for key, hits in hits_by_key.items()}
            self.set_counts[path.name] = {
                "rows": self._rows[path.name], "ngram": self.lengths[path.name],
                "samples": sum(bool(rows) for rows in own.values()),
                "repeated": len({row for rows in own.values() for row in rows}),
            }  # fmt: skip
        self.examples = [{"key": key, **hits_by_key[key][0]._asdict()} for key in sorted(hits_by_key)[:_HITS]]

    def count(self, database: Database[dict[str, Any]], where: Mapping[str, Any]) -> Counter[str]:
        """What `mark` would count."""
        hits_by_key = self.find(database, where)
        total = database.samples.count_documents(current_and(where))
        return Counter(contaminated=len(hits_by_key), clean=total - len(hits_by_key))

    def mark(self, database: Database[dict[str, Any]], where: Mapping[str, Any]) -> Counter[str]:
        """Store on every current sample that the filter names which rows it repeats: [] for none. In order of keys."""
        from pymongo import UpdateOne

        hits_by_key = self.find(database, where)
        counts: Counter[str] = Counter()
        rows = by_key(database, current_and(where), {"key": 1, "contaminated": 1})
        for batch in batched(rows, 2 * _SAMPLES):
            writes = []
            for row in batch:
                hits = [hit._asdict() for hit in hits_by_key.get(row["key"], ())]
                counts["contaminated" if hits else "clean"] += 1
                if row.get("contaminated") != hits:
                    writes.append(UpdateOne({"key": row["key"]}, {"$set": {"contaminated": hits}}))
            if writes:
                database.samples.bulk_write(writes)
        return counts


def _parts(rows: Iterator[SetRow]) -> Iterator[list[SetRow]]:
    """The rows, some hundred thousand at a time: templates are recognised within these."""
    part: list[SetRow] = []
    words = 0
    for row in rows:
        part.append(row)
        words += (len(row.question) + len(row.answer)) // 6
        if words >= _RUNS // 4:
            yield part
            part, words = [], 0
    if part:
        yield part


def checker_of(paths: Sequence[Path] | None, fields: str | None, length: int | None) -> Checker | None:
    """What checks samples against the evaluation sets; None without any. Their files are read here: first of all."""
    if not paths:
        return None
    names = [name.strip() for name in (fields or "").split(",") if name.strip()]
    return Checker(paths, names, length)
