"""Which author's texts people preferred: shares of each two authors, strengths on one scale, and what else decided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from train.blind.marks import Preference
from train.blind.statistics.bradley_terry import Comparisons, Fit, fit, groups
from train.blind.statistics.cells import Grid
from train.blind.statistics.means import share_of, verdict
from train.blind.statistics.two_way import Estimate, estimate

if TYPE_CHECKING:
    import numpy as np

#: A tie counts as half a win of both in shares.
_POINTS = (1.0, 0.5, 0.0)
_NAMES = ("side", "length")


def shares(preferences: Sequence[Preference], authors: Sequence[str], seed: int = 0) -> list[dict[str, Any]]:
    """Of each two authors that were compared: how often the second was preferred to the first, and the verdict."""
    result = (_share(preferences, one, two, seed) for one, two in combinations(authors, 2))
    return [row for row in result if row]


def _share(preferences: Sequence[Preference], one: str, two: str, seed: int) -> dict[str, Any] | None:
    own = [each for each in preferences if set(each.authors) == {one, two}]
    if not own:
        return None
    # Outcomes seen from the first of the two, whichever the key names first.
    outcomes = [each.outcome if each.authors[0] == one else 2 - each.outcome for each in own]
    marks = [(each.prompt, each.rater, 1 - _POINTS[outcome]) for each, outcome in zip(own, outcomes, strict=True)]
    result = share_of(marks, seed, level=0.5)
    return {
        "first": one, "second": two, "comparisons": len(own), "prompts": result.prompts, "raters": result.raters,
        "first_preferred": outcomes.count(0), "ties": outcomes.count(1), "second_preferred": outcomes.count(2),
        "share": result.value, "low": result.low, "high": result.high, "over": result.over, "reason": result.reason,
        "verdict": verdict(result, 0.5), "components": vars(result.components) if result.components else None,
    }  # fmt: skip


@dataclass(frozen=True)
class _Data:
    """Preferences as numbers. covariates: of _NAMES, in columns."""

    preferences: Sequence[Preference]
    authors: Sequence[str]
    comparisons: Comparisons

    def estimate(self, value: float, pulls: np.ndarray, seed: int) -> Estimate:
        """A value of the model with its interval. pulls: [n] each comparison's share of it."""
        grid = Grid((each.prompt, each.rater) for each in self.preferences)
        rows = zip(self.preferences, pulls.tolist(), strict=True)
        totals, counts = grid.sums([(each.prompt, each.rater, pull) for each, pull in rows])
        import numpy as np

        return estimate(value, np.where(counts > 0, totals * (counts > 0).sum(), np.nan), seed=seed)


def _data(preferences: Sequence[Preference], authors: Sequence[str]) -> _Data:
    import numpy as np

    number = {author: place for place, author in enumerate(authors)}
    outcomes = np.zeros((len(preferences), 3))
    outcomes[np.arange(len(preferences)), [each.outcome for each in preferences]] = 1
    covariates = np.array([[each.side, _length(each)] for each in preferences], dtype=float).reshape(-1, 2)
    first, second = (np.array([number[each.authors[place]] for each in preferences]) for place in (0, 1))
    return _Data(preferences, authors, Comparisons(first, second, outcomes, covariates))


def _length(preference: Preference) -> float:
    """Logarithm of the first text's words over the second's; 0 where the key has no words."""
    first, second = preference.words or (1, 1)
    return math.log(max(1, first) / max(1, second))


def strength_results(
    preferences: Sequence[Preference], authors: Sequence[str], seed: int = 0, *, controlled: bool = False
) -> dict[str, Any]:
    """Strengths of the authors that were compared, on one scale where there is one, and differences from the first.

    Args:
        preferences: of pairs of these authors.
        authors: in the order of the key.
        seed: of the draws.
        controlled: whether the side and the length of the texts are in the model, too.
    """
    present = [author for author in authors if any(author in each.authors for each in preferences)]
    results: dict[str, Any] = {
        "authors": {author: {"strength": None, "low": None, "high": None} for author in present},
        "differences_from": present[0], "differences": {}, "half_ties": {}, "ties": None,
        "coefficients": {}, "notes": [],
    }  # fmt: skip
    options = _Options(seed, controlled)
    results["notes"] += _uncompared(preferences, present)
    for members in _split(results, preferences, present, ties=True):
        _add_group(results, _among(preferences, members), members, options)
    return results


@dataclass(frozen=True)
class _Options:
    seed: int
    controlled: bool


def _among(preferences: Sequence[Preference], members: Sequence[str]) -> list[Preference]:
    return [each for each in preferences if set(each.authors) <= set(members)]


def _split(
    results: dict[str, Any], preferences: Sequence[Preference], authors: Sequence[str], *, ties: bool
) -> list[list[str]]:
    """The authors in groups of two at least that can be put on one scale; why they are apart goes to the notes."""
    _, scaled = groups(_data(preferences, authors).comparisons, len(authors), ties=ties)
    group_of = dict(zip(authors, scaled.tolist(), strict=True))
    results["notes"] += _unbeaten(preferences, group_of, ties=ties)
    members: dict[int, list[str]] = {}
    for author in authors:
        members.setdefault(group_of[author], []).append(author)
    return [group for group in members.values() if len(group) > 1]


def _add_group(
    results: dict[str, Any], preferences: Sequence[Preference], members: list[str], options: _Options
) -> None:
    """Put the strengths of authors that can be compared with each other into the results."""
    data = _data(preferences, members)
    columns = _useful(data.comparisons.covariates) if options.controlled else []
    plain = data.comparisons
    model = Comparisons(plain.first, plain.second, plain.outcomes, plain.covariates[:, columns])
    result = fit(model, len(members))
    if result is None:
        tied = all(each.outcome == 1 for each in preferences)
        parts = [members] if tied else _split(results, preferences, members, ties=False)
        if parts == [members]:
            results["notes"].append(_no_maximum(preferences, members, options.controlled))
            return
        for part in parts:
            _add_group(results, _among(preferences, part), part, options)
        return
    half = fit(model.halved(), len(members))
    results["ties"] = result.ties
    for number, author in enumerate(members):
        one = data.estimate(float(result.strengths[number]), result.shares[:, number], options.seed)
        results["authors"][author] = {"strength": one.value, "low": one.low, "high": one.high, "reason": one.reason}
        results["half_ties"][author] = None if half is None else float(half.strengths[number])
        if number and members[0] == results["differences_from"]:
            results["differences"][author] = _difference(data, result, number, options.seed)
    for place, column in enumerate(columns, len(members)):
        name = _NAMES[column]
        one = data.estimate(float(result.coefficients[place - len(members)]), result.shares[:, place], options.seed)
        results["coefficients"][name] = _coefficient(one, math.log(2) if name == "length" else 1.0)


def _useful(covariates: np.ndarray) -> list[int]:
    """Columns that say something: not alike everywhere."""
    import numpy as np

    return [column for column in range(covariates.shape[1]) if np.ptp(covariates[:, column]) > 0]


def _difference(data: _Data, result: Fit, number: int, seed: int) -> dict[str, Any]:
    """Of an author from the first of them; share: how often it would be preferred, ties aside."""
    one = data.estimate(
        float(result.strengths[number] - result.strengths[0]), result.shares[:, number] - result.shares[:, 0], seed
    )
    return {"difference": one.value, "low": one.low, "high": one.high, "share": 1 / (1 + math.exp(-one.value)),
            "verdict": verdict(one), "reason": one.reason}  # fmt: skip


def _coefficient(one: Estimate, unit: float) -> dict[str, Any]:
    """A covariate's pull, and how often a text that has it is preferred to an equal one that has it not.

    unit: what of the covariate is meant: the left side, or twice as many words.
    """
    chances = [None if value is None else 1 / (1 + math.exp(-value * unit)) for value in (one.value, one.low, one.high)]
    return {"coefficient": one.value, "low": one.low, "high": one.high, "share": chances[0], "share_low": chances[1],
            "share_high": chances[2], "reason": one.reason}  # fmt: skip


def _uncompared(preferences: Sequence[Preference], authors: Sequence[str]) -> list[str]:
    """Which authors nothing joins, in words."""
    compared, _ = groups(_data(preferences, authors).comparisons, len(authors))
    names = dict.fromkeys(compared.tolist(), "")
    for author, group in zip(authors, compared.tolist(), strict=True):
        names[group] += f", {author}" if names[group] else author
    if len(names) < 2:
        return []
    apart = " and ".join(f"({group})" for group in names.values())
    return [f"{apart} were never compared with each other, nor through others: no common scale of strengths"]


def _unbeaten(preferences: Sequence[Preference], group_of: Mapping[str, int], *, ties: bool) -> list[str]:
    """Which authors of different groups won always, in words."""
    beaten = {pair for each in preferences for pair in _beaten(each, ties)}
    never = {
        (winner, loser)
        for winner, loser in beaten
        if group_of[winner] != group_of[loser] and (loser, winner) not in beaten
    }
    nor = ", nor tied with it" if ties else ", only tied with it"
    return [
        f"{loser} was never preferred to {winner}{nor}: how much stronger {winner} is has no bound"
        for winner, loser in sorted(never)
    ]


def _beaten(preference: Preference, ties: bool) -> list[tuple[str, str]]:
    """(who won, who lost); of a tie both ways, where it counts."""
    first, second = preference.authors
    tied = ties and preference.outcome == 1
    return [(first, second)] * (preference.outcome == 0 or tied) + [(second, first)] * (preference.outcome == 2 or tied)


def _no_maximum(preferences: Sequence[Preference], members: Sequence[str], controlled: bool) -> str:
    names = ", ".join(members)
    if all(each.outcome == 1 for each in preferences):
        return f"every comparison of {names} is a tie: no difference in strength was seen"
    if controlled:
        return f"side and length cannot be told from strength among {names}: too few comparisons, or they decide all"
    return f"strengths of {names} have no bound: the comparisons are too few"


def side_results(preferences: Sequence[Preference], seed: int = 0) -> dict[str, Any]:
    """How often text_a was preferred where one was; by rater, too. Both sides alike: half."""
    decided = [each for each in preferences if each.outcome != 1]
    if not decided:
        return {"text_a": 0, "text_b": 0, "share": None, "low": None, "high": None, "reason": "every choice is a tie",
                "verdict": "undecided", "raters": {}}  # fmt: skip
    marks = [(each.prompt, each.rater, float((each.outcome == 0) == (each.side == 1))) for each in decided]
    result = share_of(marks, seed)
    by_rater = {
        rater: [mark for _, own, mark in marks if own == rater] for rater in sorted({mark[1] for mark in marks})
    }
    words = {1: "text_a is favoured", -1: "text_b is favoured", 0: "no side is favoured beyond doubt"}
    left = int(sum(mark for _, _, mark in marks))
    return {
        "text_a": left, "text_b": len(marks) - left, "share": result.value, "low": result.low, "high": result.high,
        "reason": result.reason, "verdict": words[result.side_of(0.5)],
        "raters": {rater: sum(own) / len(own) for rater, own in by_rater.items()},
    }  # fmt: skip


def longer_results(preferences: Sequence[Preference], seed: int = 0) -> dict[str, Any] | None:
    """How often the longer text was preferred where one was and lengths differ; None where the key has no words."""
    with_words = [each for each in preferences if each.words and each.outcome != 1 and each.words[0] != each.words[1]]
    if not with_words:
        return None
    marks = [(each.prompt, each.rater, float((each.outcome == 0) == (_length(each) > 0))) for each in with_words]
    result = share_of(marks, seed)
    return {"comparisons": len(marks), "share": result.value, "low": result.low, "high": result.high,
            "reason": result.reason}  # fmt: skip
