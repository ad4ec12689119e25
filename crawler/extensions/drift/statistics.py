"""The arithmetic of the drift alarm: lengths counted in bins, and how surely two crawls differ."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

#: Bins to a doubling of the length: each 4.4 % wide. Histograms of crawls add up, quantiles do not.
BINS = 16
#: Articles to a block.
BLOCK = 20


class Blocks:
    """Means of each 20 values in the order they came, whose spread shows what a sample is worth.

    Articles of one section or day come together, and resemble each other.
    """

    def __init__(self) -> None:
        self.count = self._inside = 0
        self.total = self.squares = self._sum = 0.0

    def add(self, value: float) -> None:
        self._inside += 1
        self._sum += value
        if self._inside == BLOCK:
            mean = self._sum / BLOCK
            self.count += 1
            self.total += mean
            self.squares += mean * mean
            self._inside, self._sum = 0, 0.0

    def note(self) -> list[float]:
        """[number of blocks, sum of their means, sum of the squares]: adds up over crawls."""
        return [self.count, self.total, self.squares]


def clustering(notes: Iterable[list[float]], variance: float) -> float:
    """The design effect: how many times the means of blocks vary as much as those of independent values would.

    Args:
        notes: of Blocks.
        variance: of single values.
    """
    count, total, squares = (sum(column) for column in zip((0, 0.0, 0.0), *notes, strict=True))
    if count < 3 or variance <= 0:
        return 1.0
    return clear((squares - total**2 / count) / (variance / BLOCK), count - 1)


def clear(chi: float, free: float) -> float:
    """Chi-square over its degrees of freedom where that is surely more than 1 (by three deviations); else 1."""
    return chi / free if free >= 2 and chi > free + 3 * math.sqrt(2 * free) else 1.0


def bin_of(length: int) -> int:
    """The bin of a length."""
    return round(BINS * math.log2(max(1, length)))


def length_of(number: float) -> int:
    """The length in the middle of a bin."""
    return round(2 ** (number / BINS))


def quantile(bins: Mapping[int, int], share: float) -> int:
    """The bin below which a share of the lengths lies; 0 for none."""
    target, below = share * sum(bins.values()), 0
    for key in sorted(bins):
        below += bins[key]
        if below >= target:
            return key
    return 0


def quantiles(bins: Mapping[int, int]) -> list[int]:
    """Lengths in characters at 5, 25, 50, 75 and 95 %; [] where there are none."""
    return [length_of(quantile(bins, share)) for share in (0.05, 0.25, 0.5, 0.75, 0.95)] if bins else []


def middle(months: Mapping[str, int]) -> str:
    """The month (YYYY-MM) of the median article; "" where there is none."""
    half, before = sum(months.values()) / 2, 0
    for month in sorted(months):
        before += months[month]
        if before >= half:
            return month
    return ""


def similarity(text: str, reference: str) -> float:
    """Dice coefficient of the words of two texts, counted as often as they occur: 0-1."""
    a, b = (Counter(re.findall(r"\w+", words.lower())) for words in (text, reference))
    both = a.total() + b.total()
    return 2 * (a & b).total() / both if both else 1.0


def is_beyond(median: float, medians: list[int]) -> bool:
    """Whether a median lies outside those of the crawls before, by three of their (robust) spreads."""
    if len(medians) < 3:
        return True
    if min(medians) <= median <= max(medians):
        return False
    ordered = sorted(medians)
    centre = ordered[len(ordered) // 2]
    deviations = sorted(abs(value - centre) for value in medians)
    return abs(median - centre) > 3 * 1.4826 * deviations[len(deviations) // 2]


def odds(share: float, count: int) -> float:
    """Odds of a share, finite at its ends."""
    return (share * count + 0.5) / ((1 - share) * count + 0.5)


def overdispersion(counts: list[tuple[int, int]]) -> float:
    """How many times as much as chance would have it a share varied between earlier crawls; 1 where it did not.

    The (bad, all) of each crawl; Pearson's chi-square over its degrees of freedom (McCullagh & Nelder 1989, 4.5).
    """
    total = sum(of for _, of in counts)
    share = sum(wrong for wrong, _ in counts) / total
    if not 0 < share < 1:
        return 1.0
    chi = sum((wrong - share * of) ** 2 / (of * share * (1 - share)) for wrong, of in counts)
    return clear(chi, len(counts) - 1)


def tail(bad: int, total: int, all_bad: int, all_total: int) -> float:
    """Chance of `bad` or more among `total` when `bad + all_bad` fall at random on both sides (Fisher's exact test)."""
    wrong, everything = bad + all_bad, total + all_total

    def choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    whole, chance = choose(everything, total), 0.0
    for k in range(bad, min(wrong, total) + 1):
        term = math.exp(choose(wrong, k) + choose(everything - wrong, total - k) - whole)
        chance += term
        if term < chance * 1e-12:
            break
    return min(1.0, chance)


def variance_of(bins: Mapping[int, int]) -> float:
    """The variance of the values in a histogram."""
    total = sum(bins.values())
    mean = sum(key * count for key, count in bins.items()) / total
    return sum(count * (key - mean) ** 2 for key, count in bins.items()) / total


def mann_whitney(sample: Mapping[int, int], reference: Mapping[int, int], effect: float = 1.0) -> tuple[float, float]:
    """(two-sided chance, probability that a value of `sample` is the larger) of two histograms, ties counted half.

    Args:
        sample: bin -> how many.
        reference: bin -> how many.
        effect: the design effect by which the variance is larger than that of independent values.
    """
    m, n = sum(sample.values()), sum(reference.values())
    below, larger, ties = 0, 0.0, 0
    for key in sorted({*sample, *reference}):
        a, b = sample.get(key, 0), reference.get(key, 0)
        larger += a * (below + b / 2)
        below += b
        ties += (a + b) ** 3 - (a + b)
    both = m + n
    variance = effect * m * n / 12 * (both + 1 - ties / (both * (both - 1)))
    if variance <= 0:
        return 1.0, 0.5
    return math.erfc(abs(larger - m * n / 2) / math.sqrt(2 * variance)), larger / (m * n)
