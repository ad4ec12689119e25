"""Which of many texts are kept, and which are duplicates of a kept one.

Texts are taken in order of preference. One that is near to a kept text is its duplicate, any other is kept: so every
duplicate was compared with the very text that stands for it, every text that is kept differs from every other that is,
and a chain of small steps joins nothing that lies far apart, as connected components would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.near_duplicates.minhash import NearTexts

if TYPE_CHECKING:
    import numpy as np

#: What rounding can take from a cosine.
_ROUNDING = 1e-9


class Duplicate(NamedTuple):
    """Why a text is not kept."""

    #: number of the kept text.
    of: int
    #: exact, near or semantic.
    kind: str
    #: Jaccard similarity of the runs of words (near), cosine (semantic), 1 (exact).
    score: float


class SemanticPairs(NamedTuple):
    """Pairs that are near in meaning, those of some neighbouring places in the order of preference."""

    #: one past the last of these places.
    stop: int
    #: int [pairs] places, first < second, the first among these places; and the cosine of each.
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray


def duplicates(
    near: NearTexts, order: np.ndarray, semantic: Iterator[SemanticPairs] | None = None
) -> dict[int, Duplicate]:
    """The texts that are not kept.

    Near in words goes before near in meaning; of several kept texts the nearest is named, of equals the preferred one.

    Args:
        near: all texts; it is closed here.
        order: int [texts] their numbers, the preferred first.
        semantic: pairs near in meaning, in portions in order of their first place.
    """
    import numpy as np

    touched = np.zeros(len(order), dtype=bool)
    touched[near.close()] = True
    result: dict[int, Duplicate] = {}
    proposals: dict[int, Duplicate] = {}
    start = 0
    for stop, first, second, scores in semantic or (SemanticPairs(len(order), order[:0], order[:0], np.zeros(0)),):
        later = _by_first(first, second, scores)
        concerned = touched[order[start:stop]]
        meeting = {*later, *second.tolist(), *proposals}
        concerned[[position - start for position in meeting if start <= position < stop]] = True
        for position in (np.flatnonzero(concerned) + start).tolist():
            row = int(order[position])
            hit = near.nearest(row) if touched[row] else None
            proposal = proposals.pop(position, None)
            if hit:
                result[row] = Duplicate(hit.row, "near", hit.score)
            elif proposal:
                result[row] = proposal
            else:
                if touched[row]:
                    near.keep(row)
                for later_position, score in later.get(position, ()):
                    # Strictly better: the preferred of equals came first.
                    if later_position not in proposals or proposals[later_position].score < score:
                        proposals[later_position] = Duplicate(row, "semantic", score)
        start = stop
    return result


def _by_first(first: np.ndarray, second: np.ndarray, scores: np.ndarray) -> dict[int, list[tuple[int, float]]]:
    later: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
    for first_position, later_position, score in zip(first.tolist(), second.tolist(), scores.tolist(), strict=True):
        later[first_position].append((later_position, score))
    return later


def near_in_meaning(vectors: Any, threshold: float) -> Iterator[SemanticPairs]:
    """Pairs of rows whose cosine is `threshold` or more, exactly: by the tiles that clustering uses (`cosine_graph`).

    Args:
        vectors: [texts, dimensions] ndarray or CSR, in order of preference; a row of zeros is near to nothing.
        threshold: 0 < threshold <= 1.
    """
    import numpy as np

    # The tiles come in order of their rows, and a pair with the tile of its smaller row: what SemanticPairs promises.
    from synth.neighbors.cosine_graph import CosineGraph

    graph, start = CosineGraph(vectors), 0
    for sources, targets, compared in graph.edges(1.0 - threshold + _ROUNDING):
        ordered = np.stack([np.minimum(sources, targets), np.maximum(sources, targets)])
        pairs = np.unique(ordered[:, sources != targets], axis=1)
        scores = np.minimum(1.0, 1.0 - graph.pair_distances(pairs[0], pairs[1]))
        start += compared
        yield SemanticPairs(start, pairs[0], pairs[1], scores)


def order_of(preference: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers of the rows by several columns, the first column first, small before large; equals as they came."""
    import numpy as np

    return np.lexsort(tuple(reversed(preference)))
