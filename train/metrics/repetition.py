"""How an answer repeats itself."""

from __future__ import annotations

from collections.abc import Sequence

SIZE = 4


def repeated(words: Sequence[str], size: int = SIZE) -> float:
    """Share of the runs of `size` words that stand earlier in the text already; 0 where there are none."""
    runs = len(words) - size + 1
    if runs < 1:
        return 0.0
    return 1 - len(set(zip(*(words[start:] for start in range(size)), strict=False))) / runs


def longest_loop(words: Sequence[str]) -> int:
    """Words of the longest stretch in which a phrase is said at least twice in a row, its repeats included.

    "a b c b c b d" has "b c b c b": 5. 0 where nothing is repeated at once. Cost: words squared, by numpy.
    """
    import numpy as np

    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int32)
    longest = 0
    for period in range(1, len(ids) // 2 + 1):
        same = ids[period:] == ids[:-period]
        run = _longest_run(same)
        # As many matches as the phrase has words: it was said twice.
        if run >= period:
            longest = max(longest, run + period)
    return longest


def _longest_run(truths: Sequence[bool]) -> int:
    """Length of the longest run of true values."""
    import numpy as np

    false = np.flatnonzero(~np.asarray(truths, dtype=bool))
    edges = np.concatenate([[-1], false, [len(truths)]])
    return int(np.diff(edges).max()) - 1
