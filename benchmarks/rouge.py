"""ROUGE-1, ROUGE-2 and ROUGE-L over words that keep their accents.

rouge_score's own tokenizer keeps a-z and 0-9 only: of "Tiếng Việt" it sees "ti", "ng", "vi" and "t". On plain ASCII the
numbers here are its numbers. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synth.text import words

NAMES = ("ROUGE-1", "ROUGE-2", "ROUGE-L")


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """F of words, of pairs of neighbours and of the longest common subsequence: means over the references, 0 to 1."""
    mine = _tokens(text)
    found = [_against(mine, _tokens(reference)) for reference in references]
    one, two, longest = (sum(column) / len(found) for column in zip(*found, strict=True))
    return one, two, longest


def _tokens(text: str) -> list[str]:
    return [word.lower() for word in words(text)]


def _against(mine: Sequence[str], theirs: Sequence[str]) -> tuple[float, float, float]:
    return (
        _f(*_shared_grams(mine, theirs, 1)), _f(*_shared_grams(mine, theirs, 2)),
        _f(longest_common(mine, theirs), len(mine), len(theirs)),
    )  # fmt: skip


def _shared_grams(mine: Sequence[str], theirs: Sequence[str], size: int) -> tuple[int, int, int]:
    """How many n-grams both have, and how many each has."""
    left, right = (Counter(zip(*(of[start:] for start in range(size)), strict=False)) for of in (mine, theirs))
    return (left & right).total(), left.total(), right.total()


def _f(shared: int, mine: int, theirs: int) -> float:
    return 2 * shared / (mine + theirs) if shared else 0.0


def longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for number, other in enumerate(right, 1):
            above = row[number]
            row[number] = diagonal + 1 if word == other else max(above, row[number - 1])
            diagonal = above
    return row[-1]
