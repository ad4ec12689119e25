"""Intervals that hold what they say where rows are few and belong together: a jackknife over clusters.

Rows of one event, of one article or translated from one sample are no independent witnesses: each cluster is left out
as a whole. Coefficients between -1 and 1 get their interval on Fisher's scale, by Student's t for as many clusters as
there are. Of 30 rows in events of three this holds alpha in 94 to 95 of 100 cases, a percentile bootstrap over events
in 86 to 88 (benchmarks/scores/bench_agreement.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Places = NDArray[np.int64]

#: Clusters below which an interval would promise too much.
ENOUGH_CLUSTERS = 10
#: Clusters that are left out one by one; more are dealt into so many groups, of which Student's t hardly differs.
_GROUPS = 500
#: Numbers of one block of weights: 8 MB.
_BLOCK = 1_000_000
#: Fisher's scale has no end: coefficients this near to 1 count as this.
_NEAREST = 0.9999

#: What a resample says: weights [..., n] of the items -> [...].
Statistic = Callable[["Scores"], "Scores"]


def clusters_of(samples: Sequence[Mapping[str, Any]]) -> Places:
    """[n]: the number of each sample's cluster: an event, an article, or a sample and its translations in common.

    Args:
        samples: with key, event, sources.link and provenance.translated_from, as far as they have them.
    """
    import numpy
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names: dict[str, int] = {}
    rows, columns = [], []
    for row, sample in enumerate(samples):
        for name in _names(sample):
            rows.append(row)
            columns.append(len(samples) + names.setdefault(name, len(names)))
    size = len(samples) + len(names)
    links = coo_array((numpy.ones(len(rows)), (rows, columns)), shape=(size, size))
    _, labels = connected_components(links, directed=False)
    return numpy.asarray(numpy.unique(labels[: len(samples)], return_inverse=True)[1], numpy.int64)


def _names(sample: Mapping[str, Any]) -> set[str]:
    """What may tie a sample to others."""
    origin = (sample.get("provenance") or {}).get("translated_from")
    links = [source.get("link") for source in sample.get("sources") or [] if isinstance(source, Mapping)]
    event = sample.get("event")
    names = {f"link {link}" for link in links if isinstance(link, str) and link}
    names |= {f"event {event}"} if isinstance(event, str) and event else set()
    return names | {f"sample {name}" for name in (sample.get("key"), origin) if name}


def count(clusters: Places) -> int:
    """How many clusters there are."""
    return int(clusters.max()) + 1 if len(clusters) else 0


def interval(statistic: Statistic, clusters: Places, *, coefficient: bool = True) -> list[float] | None:
    """The 95 % interval of a statistic; None for fewer than ten clusters, or where none of them makes a difference.

    Args:
        clusters: [n], from 0, that of each item.
        coefficient: whether it lies between -1 and 1 and takes Fisher's scale.
    """
    import numpy

    jackknifed = _left_out(statistic, clusters)
    if jackknifed is None:
        return None
    estimate = statistic(numpy.ones(len(clusters)))
    scale = (lambda value: numpy.arctanh(numpy.clip(value, -_NEAREST, _NEAREST))) if coefficient else numpy.asarray
    half = _quantile(len(jackknifed)) * _deviation(scale(jackknifed))
    ends = numpy.asarray([scale(estimate) - half, scale(estimate) + half], float)
    return [round(float(end), 4) for end in (numpy.tanh(ends) if coefficient else ends)]


def share_interval(hits: Scores, clusters: Places) -> list[float] | None:
    """Wilson's 95 % interval of a share; rows that agree within their cluster count as fewer.

    Args:
        hits: [n], 1 or 0.
    """
    if count(clusters) < ENOUGH_CLUSTERS:
        return None
    share = float(hits.mean())
    jackknifed = _left_out(lambda weights: weights @ hits / weights.sum(-1), clusters)
    groups = min(count(clusters), _GROUPS)
    size = float(count(clusters))
    if jackknifed is not None:
        size = min(float(len(hits)), share * (1 - share) / _deviation(jackknifed) ** 2)
    return [round(bound, 4) for bound in wilson_bounds(share, size, _quantile(groups))]


def wilson_bounds(share: float, size: float, z: float = 1.959964) -> tuple[float, float]:
    """[low, high] of a share of so many (Wilson 1927); z: of the normal distribution, 95 % if not said otherwise."""
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * math.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _left_out(statistic: Statistic, clusters: Places) -> Scores | None:
    """The statistic without each group of clusters; None where that is not defined or never makes a difference."""
    import numpy

    if count(clusters) < ENOUGH_CLUSTERS:
        return None
    groups = _dealt(clusters)
    total = count(groups)
    step = max(1, _BLOCK // len(groups))
    parts = [
        statistic((groups != numpy.arange(start, min(start + step, total))[:, None]).astype(float))
        for start in range(0, total, step)
    ]
    values = numpy.concatenate(parts)
    return values if numpy.isfinite(values).all() and numpy.ptp(values) > 1e-12 else None


def _dealt(clusters: Places) -> Places:
    """The clusters, or where they are many groups of them, drawn with a fixed seed."""
    import numpy

    total = count(clusters)
    if total <= _GROUPS:
        return clusters
    return numpy.asarray(numpy.random.default_rng(0).permutation(total)[clusters] % _GROUPS, numpy.int64)


def _deviation(values: Scores) -> float:
    """The jackknife's standard error."""
    return math.sqrt((len(values) - 1) / len(values) * float(((values - values.mean()) ** 2).sum()))


def _quantile(groups: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(groups - 1, 0.975))
