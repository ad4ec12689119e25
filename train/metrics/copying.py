"""What an answer has word for word from elsewhere: from its sources, and from anything a model was trained on."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from train.metrics.words import words as words_of

if TYPE_CHECKING:
    import numpy as np

#: Words from which a run counts as copied: what the decontamination of GPT-3's training set took (Brown et al., 2020).
RUN = 13
#: Words of the corpus that are looked at in one piece: some 200 MB at work.
_PIECE = 4_000_000
_SEED = 0x9E3779B97F4A7C15


class Copied(NamedTuple):
    """longest: words of the longest shared run. covered: words of the answer in shared runs of RUN or more."""

    longest: int
    covered: int


def from_sources(answer: Sequence[str], sources: Iterable[Sequence[str]]) -> Copied:
    """What an answer shares with texts that are few: every run is compared with every run.

    Args:
        answer: words. sources: words of each; a run does not reach from one into the next.
    """
    import numpy as np

    numbers: dict[str, int] = {}
    mine = [numbers.setdefault(word, len(numbers)) for word in answer]
    best = np.zeros(len(mine) + 1, dtype=np.int64)
    for source in sources:
        theirs = np.array([numbers.get(word, -1) for word in source], dtype=np.int64)
        run = np.zeros(len(theirs) + 1, dtype=np.int64)
        for position, number in enumerate(mine, 1):
            # run[j + 1]: length of the shared run that ends at word `position` of the answer and word j of the source.
            run[1:] = np.where(theirs == number, run[:-1] + 1, 0)
            best[position] = max(best[position], run.max())
    return Copied(int(best.max()), _covered((end, int(length)) for end, length in enumerate(best) if length >= RUN))


def _covered(runs: Iterable[tuple[int, int]]) -> int:
    """Words under runs given as (end, length), ends in ascending order."""
    total = reached = 0
    for end, length in runs:
        total += end - max(reached, end - length)
        reached = max(reached, end)
    return total


class Corpus:
    """An exact index of many texts: their words as numbers, searched through in pieces.

    100,000 news rows of 1,600 words take 4 bytes a word (0.7 GB) and their vocabulary; a search looks through all of
    it once for each length of run, since the texts that are looked for are few and the corpus is large.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        self._numbers: dict[str, int] = {}
        # 0 stands between texts, so that no run reaches from one into the next.
        stream = array("i", [0])
        starts = array("q")
        numbers = self._numbers
        for text in texts:
            starts.append(len(stream))
            stream.extend([numbers.setdefault(word, len(numbers) + 1) for word in words_of(text)])
            stream.append(0)
        self._stream: np.ndarray = np.frombuffer(stream, dtype=np.int32)
        self._starts: np.ndarray = np.frombuffer(starts, dtype=np.int64) if starts else np.zeros(0, dtype=np.int64)

    @property
    def texts(self) -> int:
        return len(self._starts)

    @property
    def words(self) -> int:
        """Words of all texts together."""
        return len(self._stream) - self.texts - 1

    def ids(self, words: Sequence[str]) -> np.ndarray:
        """Numbers of words, -1 for those that no text has."""
        import numpy as np

        return np.array([self._numbers.get(word, -1) for word in words], dtype=np.int32)

    def copied(self, answers: Sequence[Sequence[str]]) -> list[Copied]:
        """What each answer (words) shares with the texts: a run must stand in one of them."""
        import numpy as np

        queries = _Queries([self.ids(answer) for answer in answers], RUN)
        positions, at = queries.pairs(*self._occurrences(queries))
        longest = np.zeros(len(answers), dtype=np.int64)
        np.maximum.at(longest, queries.owners[positions], _chains(positions, at) + RUN - 1)
        covered = [0] * len(answers)
        for answer, starts in queries.by_owner(positions).items():
            covered[answer] = _covered((start + RUN, RUN) for start in starts)
        rest = [number for number, length in enumerate(longest) if not length]
        for number, length in zip(rest, self._short([answers[number] for number in rest]), strict=True):
            longest[number] = length
        return [Copied(int(length), words) for length, words in zip(longest, covered, strict=True)]

    def _short(self, answers: Sequence[Sequence[str]]) -> list[int]:
        """Lengths of the longest shared runs of answers that share less than RUN words, tried from the longest down."""
        texts = [self.ids(answer) for answer in answers]
        longest = [0] * len(texts)
        rest = list(range(len(texts)))
        for size in range(RUN - 1, 0, -1):
            if not rest:
                break
            queries = _Queries([texts[number] for number in rest], size)
            for number in queries.by_owner(queries.pairs(*self._occurrences(queries, once=True))[0]):
                longest[rest[number]] = size
            rest = [number for number in rest if not longest[number]]
        return longest

    def holders(self, texts: Sequence[Sequence[str]], size: int = RUN) -> list[list[int]]:
        """For each text (words), of each of its distinct runs of `size` words: how many texts here have it, 0 or more.

        Runs with a word that no text has count as 0, each for itself.
        """
        import numpy as np

        queries = _Queries([self.ids(text) for text in texts], size)
        gram, at = self._occurrences(queries)
        owner = np.searchsorted(self._starts, at, side="right")
        distinct = np.unique(np.stack([gram, owner]), axis=1)[0] if len(gram) else gram
        counts = np.bincount(distinct, minlength=len(queries.grams))
        counts_of_texts: list[list[int]] = []
        for number, text in enumerate(texts):
            mine = counts[np.unique(queries.gram_of(number))].tolist()
            runs = {tuple(text[start : start + size]) for start in range(len(text) - size + 1)}
            counts_of_texts.append(mine + [0] * (len(runs) - len(mine)))
        return counts_of_texts

    def _occurrences(self, queries: _Queries, *, once: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """(gram, index) of all places in the stream where a gram of `queries` stands; one place a gram if `once`."""
        import numpy as np

        if not len(queries.grams) or len(self._stream) < queries.size:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        finder = _Finder(queries.grams)
        parts = []
        for begin in range(0, len(self._stream) - queries.size + 1, _PIECE):
            gram, at = finder.find(self._stream[begin : begin + _PIECE + queries.size - 1])
            if once:
                gram, first = np.unique(gram, return_index=True)
                at = at[first]
            parts.append((gram, at + begin))
        return np.concatenate([gram for gram, _ in parts]), np.concatenate([at for _, at in parts])


def _chains(positions: np.ndarray, at: np.ndarray) -> np.ndarray:
    """For pairs (position in the answers, place in the stream): how many pairs of one diagonal stand in a row up to it.

    Two places that share a run, and the next two as well, share one that is a word longer.
    """
    import numpy as np

    order = np.lexsort((positions, at - positions))
    sorted_positions, diagonal = positions[order], (at - positions)[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(diagonal) != 0) | (np.diff(sorted_positions) != 1)
    index = np.arange(len(order))
    since = index - np.maximum.accumulate(np.where(begins, index, 0)) + 1
    lengths = np.zeros(len(order), dtype=np.int64)
    lengths[order] = since
    return lengths


class _Queries:
    """The runs of `size` words of the texts that are looked for, each distinct one once.

    grams: [distinct, size] word numbers. owners: text of each place of the stream of all texts.
    """

    def __init__(self, texts: Sequence[np.ndarray], size: int) -> None:
        import numpy as np

        self.size = size
        end = np.array([-2], dtype=np.int32)
        stream = np.concatenate([part for text in texts for part in (text, end)] or [end])
        lengths = np.array([len(text) + 1 for text in texts], dtype=np.int64)
        self._starts = np.cumsum(lengths) - lengths
        self.owners = np.repeat(np.arange(len(texts)), lengths)
        # Runs with an unknown word, or over the end of a text, stand nowhere in the corpus.
        bad = np.concatenate([[0], np.cumsum(stream < 0)])
        self._positions = (
            np.flatnonzero(bad[size:] == bad[:-size]) if len(stream) >= size else np.zeros(0, dtype=np.int64)
        )
        windows = stream[self._positions[:, None] + np.arange(size)]
        self.grams, self._gram = _distinct(windows)

    def pairs(self, gram: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(gram, index) -> (position, index) for every position that holds the gram."""
        import numpy as np

        order = np.argsort(self._gram, kind="stable")
        low = np.searchsorted(self._gram[order], gram, side="left")
        counts = np.searchsorted(self._gram[order], gram, side="right") - low
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._positions[order[np.repeat(low, counts) + offset]], np.repeat(at, counts)

    def by_owner(self, positions: np.ndarray) -> dict[int, list[int]]:
        """text -> positions in it, from its own beginning, in ascending order."""
        import numpy as np

        starts: dict[int, list[int]] = {}
        for position in np.unique(positions).tolist():
            owner = int(self.owners[position])
            starts.setdefault(owner, []).append(position - int(self._starts[owner]))
        return starts

    def gram_of(self, text: int) -> np.ndarray:
        """Numbers of the grams of a text."""
        return self._gram[self.owners[self._positions] == text]


def _distinct(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(distinct rows, which of them each row is)."""
    import numpy as np

    if not len(windows):
        return windows, np.zeros(0, dtype=np.int64)
    rows, inverse = np.unique(windows, axis=0, return_inverse=True)
    return rows, inverse.reshape(-1)


class _Finder:
    """Finds runs in a stream: by their marks, most of them with one look at a table of bits, then word by word."""

    def __init__(self, grams: np.ndarray) -> None:
        import numpy as np

        self.grams = grams
        marks = _row_marks(grams)
        self._order = np.argsort(marks, kind="stable")
        self._marks = marks[self._order]
        self._table = np.zeros(1 << 22, dtype=bool)
        self._table[marks >> np.uint64(42)] = True

    def find(self, piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(gram, index in the piece) of all that are the same: an equal mark alone proves nothing."""
        import numpy as np

        marks = _marks(piece, self.grams.shape[1])
        at = np.flatnonzero(self._table[marks >> np.uint64(42)])
        low = np.searchsorted(self._marks, marks[at], side="left")
        counts = np.searchsorted(self._marks, marks[at], side="right") - low
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        gram, at = self._order[np.repeat(low, counts) + offset], np.repeat(at, counts)
        for step in range(self.grams.shape[1]):
            same = piece[at + step] == self.grams[gram, step]
            gram, at = gram[same], at[same]
        return gram, at


def _marks(ids: np.ndarray, size: int) -> np.ndarray:
    """[len(ids) - size + 1] uint64: a number for each run of `size` words, the same for the same run.

    Rabin and Karp's, modulo 2**64: sums of mixed word numbers times powers of an odd number, which has an inverse, so
    that every run is one difference of running sums.
    """
    import numpy as np

    count = len(ids) - size + 1
    if count < 1:
        return np.zeros(0, dtype=np.uint64)
    terms = _mixed(ids)
    terms *= _powers(_SEED, len(ids))
    sums = np.zeros(len(ids) + 1, dtype=np.uint64)
    np.cumsum(terms, out=sums[1:])
    marks = sums[size:] - sums[:-size]
    marks *= _powers(pow(_SEED, -1, 1 << 64), len(ids))[:count]
    return marks


def _row_marks(grams: np.ndarray) -> np.ndarray:
    """[rows] the mark of each row."""
    import numpy as np

    return (_mixed(grams) * _powers(_SEED, grams.shape[1])).sum(axis=1, dtype=np.uint64)


@functools.lru_cache(maxsize=4)
def _powers(base: int, count: int) -> np.ndarray:
    """1, base, base ** 2, … modulo 2**64."""
    import numpy as np

    row = np.full(count, np.uint64(base), dtype=np.uint64)
    row[0] = 1
    return np.multiply.accumulate(row)


def _mixed(ids: np.ndarray) -> np.ndarray:
    """Word numbers as numbers that look drawn at random, so that sums of them seldom agree."""
    import numpy as np

    values = ids.astype(np.uint64)
    values += np.uint64(3)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(29)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(32)
    return values
