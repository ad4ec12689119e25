"""Synthetic articles as vectors: events of a few reports each, as dense rows or as rows of TF-IDF.

The sparse rows are made as those of real articles look (858 Italian ones: 365 terms a row that two articles have):
terms drawn by Zipf's law, some of them from those of the event, weighted by sublinear TF-IDF with the frequencies that
the law gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

#: Different terms.
VOCABULARY = 400_000
#: Terms drawn for a row; some are drawn twice.
LENGTH = 450
#: Those of an event, and the share of a row that is drawn from them.
OWN, SHARE = 120, 0.4


def dense_rows(n: int, dimensions: int = 512, seed: int = 0) -> np.ndarray:
    """[n, dimensions] rows around the directions of n / 4 events, noise as long as the direction."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(max(1, n // 4), dimensions))
    return centres[rng.integers(len(centres), size=n)] + 0.7 * rng.normal(size=(n, dimensions))


def tfidf_rows(events: np.ndarray, seed: int) -> csr_matrix:
    """[articles, VOCABULARY] TF-IDF rows of articles of these events, single precision, columns in order."""
    rng = np.random.default_rng((seed, 1))
    n, own = len(events), int(LENGTH * SHARE)
    terms = np.empty((n, LENGTH), dtype=np.int64)
    terms[:, own:] = _zipf(rng.random((n, LENGTH - own)))
    _, event_index = np.unique(events, return_inverse=True)
    words = np.stack([_zipf(np.random.default_rng((17, event)).random(OWN) * 0.7 + 0.3) for event in np.unique(events)])
    terms[:, :own] = words[event_index[:, None], rng.integers(OWN, size=(n, own))]
    terms += np.arange(n)[:, None] * VOCABULARY
    keys, counts = np.unique(terms, return_counts=True)
    columns, bounds = keys % VOCABULARY, np.searchsorted(keys, np.arange(n + 1) * VOCABULARY)
    weights = ((1 + np.log(counts)) * _idf()[columns]).astype(np.float32)
    return csr_matrix((weights, columns.astype(np.int32), bounds.astype(np.int32)), shape=(n, VOCABULARY))


def archive(articles: int, days: int, seed: int = 0) -> Iterator[tuple[csr_matrix, np.ndarray, np.ndarray]]:
    """(rows, days, events) of each day of an archive; an event is reported three times on average, within two days."""
    rng = np.random.default_rng(seed)
    events = max(1, articles // 3)
    event = rng.integers(events, size=articles)
    start = rng.uniform(0, days, size=events)
    when = start[event] + rng.exponential(0.5, size=articles).clip(0, 2)
    order = np.argsort(when, kind="stable")
    event, when = event[order], when[order]
    bounds = np.searchsorted(when, np.arange(days + 3))
    for day, (first, last) in enumerate(zip(bounds, [*bounds[1:], articles], strict=True)):
        if last > first:
            yield tfidf_rows(event[first:last], seed + day), when[first:last], event[first:last]


def _zipf(uniform: np.ndarray) -> np.ndarray:
    """Columns whose frequency falls as 1 / rank: the logarithm of the rank is uniform."""
    return np.minimum((np.exp(uniform * np.log(VOCABULARY)) - 1).astype(np.int64), VOCABULARY - 1)


def _idf() -> Any:
    ranks = np.arange(1, VOCABULARY + 1)
    share = np.log1p(1 / ranks) / np.log(VOCABULARY)
    return 1 - np.log(1 - (1 - share) ** LENGTH)
