"""Strengths of authors from comparisons of pairs: Bradley and Terry's model with Davidson's ties.

Of authors with strengths s (logarithms) the first is preferred with a probability in proportion to exp((s1 - s2) / 2),
the second to exp((s2 - s1) / 2), and neither to exp(t): R. R. Davidson, "On extending the Bradley-Terry model to
accommodate ties", Journal of the American Statistical Association, 1970. Covariates (the side, the length) are added to
s1 - s2. The likelihood is concave: Newton's method finds its one maximum, where there is one. There is none where some
authors never lost to others (L. R. Ford, 1957): `groups` says which authors can be put on one scale. Ties bind authors
only where others say how frequent ties are between equals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_STEPS, _ENOUGH = 100, 1e-11
#: Beyond this a parameter runs away: odds of more than a hundred million to one.
_FAR = 18.0


@dataclass(frozen=True)
class Comparisons:
    """first, second: [n] numbers of the authors. outcomes: [n, 3] weights of first preferred, tie, second preferred.
    covariates: [n, k], what speaks for the first.
    """

    first: np.ndarray
    second: np.ndarray
    outcomes: np.ndarray
    covariates: np.ndarray

    def halved(self) -> Comparisons:
        """The same with each tie as half a win of both, as tools without a model of ties count it."""
        import numpy as np

        won, tied, lost = self.outcomes.T
        outcomes = np.column_stack([won + tied / 2, np.zeros_like(tied), lost + tied / 2])
        return Comparisons(self.first, self.second, outcomes, self.covariates)


@dataclass(frozen=True)
class Fit:
    """strengths: [authors] logarithms whose mean is 0. coefficients: [k]. ties: t, None where there were none.
    shares: [n, authors + k] how far each comparison pulls each of them.
    """

    strengths: np.ndarray
    coefficients: np.ndarray
    ties: float | None
    shares: np.ndarray


def groups(comparisons: Comparisons, authors: int, *, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """([authors] which were compared, directly or through others; [authors] which can be put on one scale).

    Args:
        comparisons: of these authors.
        authors: how many there are.
        ties: whether a tie puts two authors on one scale.
    """
    import numpy as np
    from scipy.sparse import csgraph

    beaten = np.zeros((authors, authors))
    won, tied, lost = comparisons.outcomes.T
    np.add.at(beaten, (comparisons.first, comparisons.second), won + tied * ties)
    np.add.at(beaten, (comparisons.second, comparisons.first), lost + tied * ties)
    _, compared = csgraph.connected_components(beaten, directed=False)
    _, scaled = csgraph.connected_components(beaten, directed=True, connection="strong")
    return compared, scaled


def fit(comparisons: Comparisons, authors: int) -> Fit | None:
    """The maximum of the likelihood; None where there is none: a strength or a coefficient would be infinite.

    Args:
        comparisons: of which every author is part.
        authors: how many there are.
    """
    import numpy as np

    outcomes = comparisons.outcomes
    if not (outcomes[:, 0].sum() + outcomes[:, 2].sum()):
        return None
    design = _design(comparisons, authors)
    tied = bool(outcomes[:, 1].any())
    # The scale has no zero of its own: the first author's strength is the zero while fitting.
    columns = design[:, 1:]
    if np.linalg.matrix_rank(columns) < columns.shape[1]:
        return None
    parameters = _maximum(columns, outcomes, tied)
    return None if parameters is None else _fit(columns, outcomes, parameters, tied, authors)


def _design(comparisons: Comparisons, authors: int) -> np.ndarray:
    """[n, authors + k] half of what each parameter adds to the first."""
    import numpy as np

    rows = np.arange(len(comparisons.first))
    design = np.zeros((len(rows), authors))
    design[rows, comparisons.first] += 0.5
    design[rows, comparisons.second] -= 0.5
    return np.hstack([design, comparisons.covariates / 2])


def _probabilities(columns: np.ndarray, parameters: np.ndarray, tied: bool) -> np.ndarray:
    """[n, 3]"""
    import numpy as np

    lead = columns @ parameters[:-1]
    logits = np.column_stack([lead, np.full_like(lead, parameters[-1] if tied else -np.inf), -lead])
    logits -= logits.max(axis=1, keepdims=True)
    weights = np.exp(logits)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _scores(columns: np.ndarray, outcomes: np.ndarray, chances: np.ndarray, tied: bool) -> np.ndarray:
    """[n, parameters] each comparison's part of the gradient; the last is that of the ties."""
    import numpy as np

    count = outcomes.sum(axis=1)
    lead = outcomes[:, 0] - outcomes[:, 2] - count * (chances[:, 0] - chances[:, 2])
    ties = (outcomes[:, 1] - count * chances[:, 1]) * tied
    return np.column_stack([columns * lead[:, None], ties])


def _curvature(columns: np.ndarray, outcomes: np.ndarray, chances: np.ndarray, tied: bool) -> np.ndarray:
    """[parameters, parameters] the negative second derivative."""
    import numpy as np

    count, (won, ties, lost) = outcomes.sum(axis=1), chances.T
    own = count * (won + lost - (won - lost) ** 2)
    cross = columns.T @ (-count * ties * (won - lost) * tied)
    last = (count * ties * (1 - ties)).sum() if tied else 1.0
    return np.block([[columns.T @ (columns * own[:, None]), cross[:, None]], [cross[None, :], np.array([[last]])]])


def _maximum(columns: np.ndarray, outcomes: np.ndarray, tied: bool) -> np.ndarray | None:
    """Newton's method, with half steps where a step went too far."""
    import numpy as np

    parameters = np.zeros(columns.shape[1] + 1)
    for _ in range(_STEPS):
        chances = _probabilities(columns, parameters, tied)
        gradient = _scores(columns, outcomes, chances, tied).sum(axis=0)
        try:
            step = np.linalg.solve(_curvature(columns, outcomes, chances, tied), gradient)
        except np.linalg.LinAlgError:
            return None
        before, size = _likelihood(outcomes, chances), 1.0
        while (
            size > _ENOUGH
            and _likelihood(outcomes, _probabilities(columns, parameters + size * step, tied)) < before - 1e-9
        ):
            size /= 2
        parameters = parameters + size * step
        if np.abs(parameters).max() > _FAR:
            return None
        if np.abs(step).max() < _ENOUGH:
            return parameters
    return None


def _likelihood(outcomes: np.ndarray, chances: np.ndarray) -> float:
    import numpy as np

    return float((outcomes * np.log(np.maximum(chances, 1e-300))).sum())


def _fit(columns: np.ndarray, outcomes: np.ndarray, parameters: np.ndarray, tied: bool, authors: int) -> Fit:
    """The strengths around their mean, and the comparisons' shares by one step of Newton's method each."""
    import numpy as np

    chances = _probabilities(columns, parameters, tied)
    scores = _scores(columns, outcomes, chances, tied)
    steps = np.linalg.solve(_curvature(columns, outcomes, chances, tied), scores.T).T
    whole = np.concatenate([[0.0], parameters[:-1]])
    pulls = np.hstack([np.zeros((len(steps), 1)), steps[:, :-1]])
    whole[:authors] -= whole[:authors].mean()
    pulls[:, :authors] -= pulls[:, :authors].mean(axis=1, keepdims=True)
    ties = float(parameters[-1]) if tied else None
    return Fit(whole[:authors], whole[authors:], ties, pulls)
