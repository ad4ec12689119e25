"""Human or machine: accuracy, d' (with rates of 0 and 1), majorities, confidence, and what cannot be told."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from train.blind.marks import TextMark
from train.blind.statistics.guesses import alone, confidence_results, d_prime, guess_results, majority_of

HUMAN = frozenset({"people"})
AUTHORS = ("model", "people")


def mark(rater: int, number: int, author: str, guess: bool | None, confidence: int | None = None) -> TextMark:
    return TextMark(f"r{rater}", f"{author}{number}", f"p{number}", author, None, None, guess, confidence)


def marks(prompts: int, raters: int, rate: float, seed: int = 0, bias: float = 0.0) -> list[TextMark]:
    """Raters who are right so often; with a bias they also say "machine" where they would not."""
    drawn = random.Random(seed)
    rows = []
    for rater in range(raters):
        for number in range(prompts):
            for author in AUTHORS:
                right = drawn.random() < rate
                guess = (author == "model") == right or drawn.random() < bias
                rows.append(mark(rater, number, author, guess, drawn.randint(1, 5)))
    return rows


def test_nobody_was_asked() -> None:
    assert guess_results([mark(0, 0, "model", None)], AUTHORS, HUMAN) is None


def test_d_prime_is_the_difference_of_the_two_scores() -> None:
    found = d_prime({"hits": 30, "machine": 40, "false_alarms": 10, "human": 40})
    assert found is not None
    z = stats.norm.ppf
    assert found[0] == pytest.approx(z(30.5 / 41) - z(10.5 / 41))
    assert 0.2 < found[1] < 0.4


def test_rates_of_0_and_1_stay_finite() -> None:
    found = alone([*_guesses(20, "model", True), *_guesses(20, "people", False)])
    assert found["accuracy"] == 1
    assert found["accuracy_low"] < 0.95
    assert math.isfinite(found["d_prime"])
    assert found["d_prime"] > 2.5
    assert found["low"] > 0


def _guesses(count: int, author: str, answer: bool) -> list:  # type: ignore[type-arg]
    from train.blind.statistics.guesses import Guess

    return [Guess(f"p{n}", "r", f"{author}{n}", author, author == "model", answer, None) for n in range(count)]


def test_always_one_answer_is_right_half_of_the_time_and_tells_nothing() -> None:
    found = guess_results(marks(30, 3, 0.5, bias=1.0), AUTHORS, HUMAN)
    assert found is not None
    assert found["all"]["accuracy"] == 0.5
    assert found["all"]["d_prime"] == 0
    assert found["all"]["low"] < 0 < found["all"]["high"]
    assert found["confidence"]["area"] == pytest.approx(0.5, abs=0.15)


def test_people_who_can_tell_are_seen_and_a_majority_is_better_than_one() -> None:
    found = guess_results(marks(40, 5, 0.75), AUTHORS, HUMAN)
    assert found is not None
    assert found["all"]["low"] > 0.5
    assert found["all"]["accuracy_low"] > 0.6
    assert list(found["raters"]) == ["r0", "r1", "r2", "r3", "r4"]
    assert found["majority"]["d_prime"] > max(row["d_prime"] for row in found["raters"].values())
    assert list(found["authors"]) == list(AUTHORS)
    assert found["authors"]["model"]["taken_for_human"] < 0.5 < found["authors"]["people"]["taken_for_human"]
    assert found["authors"]["model"]["d_prime"]["d_prime"] == pytest.approx(found["all"]["d_prime"])
    assert "d_prime" not in found["authors"]["people"]


def test_an_even_majority_is_none() -> None:
    texts = guess_results(
        [mark(0, 0, "model", True), mark(1, 0, "model", False), mark(0, 1, "model", True)], AUTHORS, HUMAN
    )
    assert texts is not None
    assert (texts["majority"]["guesses"], texts["majority"]["undecided"]) == (1, 1)
    assert majority_of([]) == ([], 0)


def test_without_human_texts_there_is_no_d_prime() -> None:
    found = guess_results([mark(0, number, "model", True) for number in range(12)], AUTHORS, HUMAN)
    assert found is not None
    assert found["all"]["d_prime"] is None
    assert found["all"]["reason"] == "no human text was guessed"
    assert found["authors"]["model"]["d_prime"] is None


def test_few_texts_have_no_interval_over_texts_and_raters() -> None:
    found = guess_results(marks(5, 3, 0.8), AUTHORS, HUMAN)
    assert found is not None
    assert found["all"]["low"] is None
    assert "too few prompts" in found["all"]["reason"]


def test_confidence_that_knows_and_confidence_that_is_absent() -> None:
    from train.blind.statistics.guesses import Guess

    sure = [Guess(f"p{n}", "r", f"a{n}", "model", True, True, 5) for n in range(10)]
    unsure = [Guess(f"p{n}", "r", f"b{n}", "model", True, n % 2 == 0, 1) for n in range(10)]
    found = confidence_results([*sure, *unsure])
    assert found is not None
    assert found["sure"]["accuracy"] == 1
    assert found["unsure"]["accuracy"] == 0.5
    assert list(found["levels"]) == ["1", "5"]
    assert found["area"] > 0.8
    assert confidence_results(sure)["area"] is None  # type: ignore[index]
    assert confidence_results([Guess("p", "r", "a", "model", True, True, None)]) is None
