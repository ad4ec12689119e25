"""Can people tell a machine's texts from a person's: accuracy, d', and whether they know when they know.

A guess "machine" of a machine's text is a hit, of a person's text a false alarm; d' = z(hits) - z(false alarms), 0
where raters cannot tell. Rates of 0 and 1 would make it infinite: half a guess is added to each cell (the log-linear
correction: M. J. Hautus, "Corrections for extreme proportions and their biasing effects on estimated values of d'",
1995). Its error is Gourevitch and Galanter's (1967), of all raters together the larger of that and the one over texts
and raters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.blind.marks import TextMark
from train.blind.statistics.cells import Grid, Mark, added, mean_shares
from train.blind.statistics.means import share_of, wilson
from train.blind.statistics.two_way import LEVEL, Estimate, estimate, too_few

#: Confidence from 1 to 5: which are sure, which are not.
_SURE, _UNSURE = (4, 5), (1, 2)


@dataclass(frozen=True)
class Guess:
    """One guess, or the majority's. machine: what the text is; answer: what it was taken for."""

    prompt: str
    rater: str
    item: str
    author: str
    machine: bool
    answer: bool
    confidence: int | None

    @property
    def right(self) -> bool:
        return self.machine == self.answer


def guess_results(
    texts: Sequence[TextMark], authors: Sequence[str], human: frozenset[str], seed: int = 0
) -> dict[str, Any] | None:
    """Everything about the guesses; None where nobody was asked.

    Args:
        texts: marks of texts.
        authors: in the order of the results.
        human: the authors that are people.
        seed: of the draws.
    """
    guesses = [
        Guess(mark.prompt, mark.rater, mark.item, mark.author, mark.author not in human, mark.guess, mark.confidence)
        for mark in texts
        if mark.guess is not None
    ]
    if not guesses:
        return None
    majority, ties = majority_of(guesses)
    raters = sorted({guess.rater for guess in guesses})
    return {
        "guesses": len(guesses),
        "all": _of_all(guesses, seed),
        "raters": {rater: alone([guess for guess in guesses if guess.rater == rater]) for rater in raters},
        "majority": {**alone(majority), "undecided": ties} if len(raters) > 1 else None,
        "authors": _by_author(guesses, authors, human, seed),
        "confidence": confidence_results(guesses),
    }


def majority_of(guesses: Sequence[Guess]) -> tuple[list[Guess], int]:
    """(what most raters took each text for, how many texts had as many of one as of the other)."""
    by_item: dict[str, list[Guess]] = defaultdict(list)
    for guess in guesses:
        by_item[guess.item].append(guess)
    majority, ties = [], 0
    for item, own in by_item.items():
        balance = sum(1 if guess.answer else -1 for guess in own)
        ties += balance == 0
        if balance:
            first = own[0]
            majority.append(Guess(first.prompt, "majority", item, first.author, first.machine, balance > 0, None))
    return majority, ties


def counts(guesses: Iterable[Guess]) -> dict[str, int]:
    """Hits, machine's texts, false alarms, people's texts."""
    table = {"hits": 0, "machine": 0, "false_alarms": 0, "human": 0}
    for guess in guesses:
        table["machine" if guess.machine else "human"] += 1
        table["hits" if guess.machine else "false_alarms"] += guess.answer
    return table


def alone(guesses: Sequence[Guess]) -> dict[str, Any]:
    """Accuracy with Wilson's interval, and d' with Gourevitch and Galanter's, of one rater or of the majority."""
    table = counts(guesses)
    right = sum(guess.right for guess in guesses)
    result: dict[str, Any] = {"accuracy": None, "accuracy_low": None, "accuracy_high": None}
    if guesses:
        low, high = wilson(right, len(guesses))
        result = {"accuracy": right / len(guesses), "accuracy_low": low, "accuracy_high": high}
    return {"guesses": len(guesses), **table, **result, **_sensitivity(table)}


def d_prime(table: Mapping[str, int]) -> tuple[float, float] | None:
    """(d', its standard error) of counts; None where one kind of text was not guessed."""
    from scipy import stats

    if not table["machine"] or not table["human"]:
        return None
    value, variance = 0.0, 0.0
    for sign, hits, of in ((1, table["hits"], table["machine"]), (-1, table["false_alarms"], table["human"])):
        rate = (hits + 0.5) / (of + 1)
        score = float(stats.norm.ppf(rate))
        value += sign * score
        variance += rate * (1 - rate) / (of * float(stats.norm.pdf(score)) ** 2)
    return value, variance**0.5


def _sensitivity(table: Mapping[str, int]) -> dict[str, Any]:
    result = d_prime(table)
    if result is None:
        lacking = "human" if table["machine"] else "machine"
        return {"d_prime": None, "low": None, "high": None, "reason": f"no {lacking} text was guessed"}
    from scipy import stats

    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * result[1]
    return {"d_prime": result[0], "low": result[0] - reach, "high": result[0] + reach, "reason": ""}


def _of_all(guesses: Sequence[Guess], seed: int) -> dict[str, Any]:
    """Of all guesses together, over texts and raters."""
    right = share_of([(guess.prompt, guess.rater, float(guess.right)) for guess in guesses], seed)
    table = counts(guesses)
    accuracy = {"accuracy": right.value, "accuracy_low": right.low, "accuracy_high": right.high,
                "accuracy_reason": right.reason, "over": right.over}  # fmt: skip
    return {"guesses": len(guesses), **table, **accuracy, **_pooled(guesses, table, seed)}


def _pooled(guesses: Sequence[Guess], table: Mapping[str, int], seed: int) -> dict[str, Any]:
    """d' of all raters: never narrower than if every guess were of a text and a rater of its own."""
    plain = _sensitivity(table)
    if plain["d_prime"] is None:
        return plain
    prompts = len({guess.prompt for guess in guesses})
    if reason := too_few(prompts):
        return {**plain, "low": None, "high": None, "reason": reason}
    result = _two_way_d_prime(guesses, plain["d_prime"], seed)
    low, high = (result.low, result.high) if result.low is not None and result.high is not None else (0.0, 0.0)
    return {**plain, "low": min(low, plain["low"]), "high": max(high, plain["high"])}


def _two_way_d_prime(guesses: Sequence[Guess], value: float, seed: int) -> Estimate:
    """d' as a difference of two rates, each a mean of guesses, by its slope at each rate."""
    from scipy import stats

    grid = Grid((guess.prompt, guess.rater) for guess in guesses)
    sides = []
    for machine in (True, False):
        own = [guess for guess in guesses if guess.machine == machine]
        marks: list[Mark] = [(guess.prompt, guess.rater, float(guess.answer)) for guess in own]
        _, shares = mean_shares(*grid.sums(marks))
        rate = (sum(guess.answer for guess in own) + 0.5) / (len(own) + 1)
        sides.append(shares / float(stats.norm.pdf(stats.norm.ppf(rate))))
    return estimate(value, added(sides[0], sides[1], -1), seed=seed)


def _by_author(
    guesses: Sequence[Guess], authors: Sequence[str], human: frozenset[str], seed: int
) -> dict[str, dict[str, Any]]:
    """author -> share of guesses that took the texts for a person's, and d' of a model's texts against all people's."""
    people = [guess for guess in guesses if not guess.machine]
    results = {}
    for author in authors:
        own = [guess for guess in guesses if guess.author == author]
        if not own:
            continue
        share = share_of([(guess.prompt, guess.rater, float(not guess.answer)) for guess in own], seed)
        row: dict[str, Any] = {"guesses": len(own), "human": author in human, "taken_for_human": share.value,
                               "low": share.low, "high": share.high, "reason": share.reason}  # fmt: skip
        if author not in human:
            both = [*own, *people]
            row["d_prime"] = _pooled(both, counts(both), seed) if people else None
        results[author] = row
    return results


def confidence_results(guesses: Sequence[Guess]) -> dict[str, Any] | None:
    """Accuracy by confidence, of sure and unsure guesses, and how well confidence tells right from wrong ones.

    area: the probability that of a right and a wrong guess the right one was given with more confidence (half where
    equal): .5 where confidence says nothing; None where all guesses are right, or all wrong.
    """
    with_confidence = [guess for guess in guesses if guess.confidence is not None]
    if not with_confidence:
        return None
    levels = {
        level: _accuracy([guess for guess in with_confidence if guess.confidence == level]) for level in range(1, 6)
    }
    right = [float(guess.confidence or 0) for guess in with_confidence if guess.right]
    wrong = [float(guess.confidence or 0) for guess in with_confidence if not guess.right]
    return {
        "levels": {str(level): row for level, row in levels.items() if row["guesses"]},
        "sure": _accuracy([guess for guess in with_confidence if guess.confidence in _SURE]),
        "unsure": _accuracy([guess for guess in with_confidence if guess.confidence in _UNSURE]),
        "area": _area(right, wrong),
    }


def _accuracy(guesses: Sequence[Guess]) -> dict[str, Any]:
    if not guesses:
        return {"guesses": 0, "accuracy": None, "low": None, "high": None}
    right = sum(guess.right for guess in guesses)
    low, high = wilson(right, len(guesses))
    return {"guesses": len(guesses), "accuracy": right / len(guesses), "low": low, "high": high}


def _area(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    from scipy import stats

    if not right or not wrong:
        return None
    return float(stats.mannwhitneyu(right, wrong).statistic) / (len(right) * len(wrong))
