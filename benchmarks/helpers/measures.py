"""How far a partition is from a gold one: BCubed, normalised mutual information, and precision and recall of pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np


class Scores(NamedTuple):
    """Precision, recall and their harmonic mean, 0 to 1."""

    precision: float
    recall: float
    f: float


def scores(precision: float, recall: float) -> Scores:
    total = precision + recall
    return Scores(precision, recall, 2 * precision * recall / total if total else 0.0)


def bcubed(labels: Sequence[int] | np.ndarray, gold: Sequence[int] | np.ndarray) -> Scores:
    """BCubed (Bagga and Baldwin, 1998): of each item's cluster the share of its event, and of its event that of its
    cluster; the means over the items, the item itself counted.
    """
    return scores(*(float(share.mean()) for share in bcubed_shares(labels, gold)))


def bcubed_shares(
    labels: Sequence[int] | np.ndarray, gold: Sequence[int] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(precision, recall) of each item, [n] and [n]."""
    mine, true, both = (_sizes(np.asarray(part)) for part in (labels, gold, _crossed(labels, gold)))
    return both / mine, both / true


def nmi(labels: Sequence[int] | np.ndarray, gold: Sequence[int] | np.ndarray) -> float:
    """Mutual information over the mean of the two entropies (scikit-learn's default); 1 for two single clusters."""
    mine, true, both = (_entropy(np.asarray(part)) for part in (labels, gold, _crossed(labels, gold)))
    return (mine + true - both) / ((mine + true) / 2) if mine + true else 1.0


def pair_scores(labels: Sequence[int] | np.ndarray, pairs: Iterable[tuple[int, int, bool]]) -> Scores:
    """Of labelled pairs (row, row, whether they report the same event): are those of one event in one cluster?"""
    predicted = correct = actual = 0
    for first, second, same in pairs:
        together = labels[first] == labels[second]
        predicted += together
        actual += same
        correct += together and same
    return scores(float(correct / predicted) if predicted else 1.0, float(correct / actual) if actual else 1.0)


def _crossed(labels: Sequence[int] | np.ndarray, gold: Sequence[int] | np.ndarray) -> np.ndarray:
    """[n] number of the intersection of its cluster and its event."""
    _, mine = np.unique(np.asarray(labels), return_inverse=True)
    _, true = np.unique(np.asarray(gold), return_inverse=True)
    return mine.ravel() * (int(true.max(initial=0)) + 1) + true.ravel()


def _sizes(labels: np.ndarray) -> np.ndarray:
    """[n] size of each item's group."""
    _, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return counts[group.ravel()]


def _entropy(labels: np.ndarray) -> float:
    _, counts = np.unique(labels, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())
