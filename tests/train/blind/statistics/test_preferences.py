"""Preferences: shares, strengths, sides and lengths, and in words what the comparisons cannot say."""

from __future__ import annotations

import math
import random

import pytest

from train.blind.marks import Preference
from train.blind.statistics.preferences import longer_results, shares, side_results, strength_results

AUTHORS = ["x", "y", "z"]


def choices(
    pairs: dict[tuple[str, str], float], prompts: int = 30, raters: int = 3, *, ties: float = 0.1, left: float = 0.5,
    words: tuple[int, int] | None = (100, 100), seed: int = 0,
) -> list[Preference]:  # fmt: skip
    """Choices between authors: pair -> how often the first is preferred; left: how often text_a is, among equals."""
    drawn, found = random.Random(seed), []
    for (x, y), share in pairs.items():
        for prompt in range(prompts):
            for rater in range(raters):
                side = 1 if (prompt + rater) % 2 else -1
                chance = share + (left - 0.5) * side
                outcome = 1 if drawn.random() < ties else 0 if drawn.random() < chance else 2
                found.append(Preference(f"r{rater}", f"{x}{y}{prompt}", f"p{prompt}", (x, y), outcome, side, words))
    return found


def test_shares_are_seen_from_the_second_whoever_the_key_names_first() -> None:
    forward, turned = choices({("x", "y"): 0.8}), choices({("y", "x"): 0.8})
    (one,), (other,) = shares(forward, AUTHORS), shares(turned, AUTHORS)
    assert (one["first"], one["second"]) == (other["first"], other["second"]) == ("x", "y")
    assert one["share"] == pytest.approx(1 - other["share"])
    assert (one["verdict"], other["verdict"]) == ("worse", "better")
    assert one["first_preferred"] + one["ties"] + one["second_preferred"] == one["comparisons"] == 90
    assert one["low"] < one["share"] < one["high"] < 0.5


def test_equals_are_undecided_and_few_prompts_are_too_few() -> None:
    (row,) = shares(choices({("x", "y"): 0.5}), AUTHORS)
    assert row["verdict"] == "undecided"
    assert row["low"] < 0.5 < row["high"]
    (few,) = shares(choices({("x", "y"): 0.9}, prompts=8), AUTHORS)
    assert (few["verdict"], few["low"]) == ("undecided", None)
    assert "too few prompts" in few["reason"]


def test_strengths_order_the_authors_and_say_how_far_from_the_first() -> None:
    found = strength_results(choices({("x", "y"): 0.35, ("y", "z"): 0.5, ("x", "z"): 0.2}, prompts=60), AUTHORS)
    strength = {author: row["strength"] for author, row in found["authors"].items()}
    assert strength["x"] < min(strength["y"], strength["z"])
    assert sum(strength.values()) == pytest.approx(0)
    assert found["differences"]["z"]["verdict"] == "better"
    assert found["differences"]["z"]["share"] == pytest.approx(1 / (1 + math.exp(strength["x"] - strength["z"])))
    assert found["notes"] == []
    assert abs(found["half_ties"]["x"]) < abs(strength["x"])


def test_a_liking_for_one_side_is_no_strength() -> None:
    preferences = choices({("x", "y"): 0.5}, prompts=80, left=0.8)
    sides = side_results(preferences)
    assert sides["verdict"] == "text_a is favoured"
    assert sides["share"] == pytest.approx(0.8, abs=0.07)
    assert set(sides["raters"]) == {"r0", "r1", "r2"}
    found = strength_results(preferences, AUTHORS, controlled=True)
    assert found["coefficients"]["side"]["share"] == pytest.approx(0.8, abs=0.07)
    assert found["differences"]["y"]["verdict"] == "undecided"


def test_length_is_taken_out() -> None:
    """Each prefers the longer text, and y writes longer ones, mostly: that is no strength of y."""
    drawn, found = random.Random(1), []
    for prompt in range(120):
        words = (100, 180) if drawn.random() < 0.8 else (180, 100)
        longer_is_second = words[1] > words[0]
        for rater in range(3):
            outcome = 2 if (drawn.random() < 0.75) == longer_is_second else 0
            found.append(
                Preference(
                    f"r{rater}", f"i{prompt}", f"p{prompt}", ("x", "y"), outcome, (-1) ** (prompt + rater), words
                )
            )
    plain, controlled = strength_results(found, AUTHORS), strength_results(found, AUTHORS, controlled=True)
    assert plain["differences"]["y"]["verdict"] == "better"
    assert controlled["differences"]["y"]["verdict"] == "undecided"
    assert controlled["coefficients"]["length"]["share"] > 0.7
    longer = longer_results(found)
    assert longer is not None
    assert longer["low"] > 0.5


def test_without_lengths_there_is_none_to_control() -> None:
    preferences = choices({("x", "y"): 0.5}, words=None)
    assert longer_results(preferences) is None
    assert set(strength_results(preferences, AUTHORS, controlled=True)["coefficients"]) == {"side"}


def test_authors_that_nothing_joins_have_no_common_scale() -> None:
    preferences = choices({("x", "y"): 0.5, ("v", "w"): 0.3})
    found = strength_results(preferences, ["x", "y", "v", "w"])
    assert found["notes"] == [
        "(x, y) and (v, w) were never compared with each other, nor through others: no common scale of strengths"
    ]
    assert all(row["strength"] is not None for row in found["authors"].values())
    assert set(found["differences"]) == {"y"}


def test_who_wins_always_has_no_bound_and_is_said_so() -> None:
    found = strength_results(choices({("x", "y"): 1.0, ("y", "z"): 0.5}, ties=0), AUTHORS)
    assert found["authors"]["x"]["strength"] is None
    assert found["authors"]["y"]["strength"] is not None
    assert found["notes"] == ["y was never preferred to x, nor tied with it: how much stronger x is has no bound"]
    (row,) = shares(choices({("x", "y"): 1.0}, ties=0), AUTHORS)
    assert row["verdict"] == "worse"
    assert 0.1 < row["high"] < 0.3


def test_who_wins_or_ties_has_no_bound_either() -> None:
    found = strength_results(choices({("x", "y"): 1.0}, ties=0.3), AUTHORS)
    assert found["authors"]["x"]["strength"] is None
    assert found["notes"] == ["y was never preferred to x, only tied with it: how much stronger x is has no bound"]


def test_ties_alone_say_that_no_difference_was_seen() -> None:
    preferences = choices({("x", "y"): 0.5}, ties=1.0)
    found = strength_results(preferences, AUTHORS)
    assert found["notes"] == ["every comparison of x, y is a tie: no difference in strength was seen"]
    assert side_results(preferences)["reason"] == "every choice is a tie"
    (row,) = shares(preferences, AUTHORS)
    assert (row["share"], row["verdict"], row["reason"]) == (0.5, "undecided", "the same in every prompt")


def test_length_that_decides_everything_cannot_be_told_from_strength() -> None:
    preferences = [
        Preference(f"r{rater}", f"i{prompt}", f"p{prompt}", ("x", "y"), outcome, (-1) ** (prompt + rater), words)
        for prompt in range(20) for rater in range(3)
        for outcome, words in [((0, (20, 10)), (2, (10, 20)))[prompt % 2]]
    ]  # fmt: skip
    found = strength_results(preferences, AUTHORS, controlled=True)
    assert found["authors"]["x"]["strength"] is None
    assert "cannot be told from strength" in found["notes"][0]
    assert strength_results(preferences, AUTHORS)["authors"]["x"]["strength"] == pytest.approx(0, abs=1e-9)
