"""Diversity in one pass is what comparing each text with each says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.fragments.diversity import distinct, diversity, self_bleu, spread

SENTENCES = st.lists(st.lists(st.sampled_from("a b c d e".split()), min_size=1, max_size=12), min_size=2, max_size=8)


def grams(row: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row[start : start + order]) for start in range(len(row) - order + 1))


def naive_bleu(row: Sequence[str], others: Sequence[Sequence[str]]) -> float:
    logarithms = []
    for order in range(1, min(4, len(row)) + 1):
        own = grams(row, order)
        matches = sum(min(count, max(grams(other, order)[gram] for other in others)) for gram, count in own.items())
        logarithms.append(math.log((matches or 0.5) / own.total()))
    nearest = min((abs(len(other) - len(row)), len(other)) for other in others)[1]
    penalty = 1.0 if len(row) >= nearest else math.exp(1 - nearest / len(row))
    return penalty * math.exp(sum(logarithms) / len(logarithms))


@given(SENTENCES)
def test_self_bleu_is_the_mean_of_each_against_all_others(rows: list[list[str]]) -> None:
    naive = [naive_bleu(row, rows[:place] + rows[place + 1 :]) for place, row in enumerate(rows)]
    assert self_bleu(rows) == pytest.approx(sum(naive) / len(naive))


def test_the_same_text_again_is_no_diversity() -> None:
    same = diversity(["Spiega perché il ponte di Sarnico è chiuso."] * 3)
    assert (same["self_bleu"], same["spread"]) == (1.0, pytest.approx(0.0, abs=1e-6))
    assert same["distinct_1"] == pytest.approx(1 / 3, abs=1e-4)


def test_texts_without_a_common_word_are_as_diverse_as_can_be() -> None:
    far = diversity(["Spiega il bilancio comunale.", "Chi vinse ieri?", "Racconta quella nevicata eccezionale!"])
    assert far["distinct_1"] == far["distinct_3"] == 1.0
    assert far["spread"] == pytest.approx(1.0, abs=1e-6)
    assert far["self_bleu"] < 0.3


def test_one_text_and_none_say_nothing_of_pairs() -> None:
    assert diversity([])["words"] is None
    assert diversity(["Una sola."])["self_bleu"] is None
    assert spread(["Una sola."]) is None
    assert distinct([], 1) is None


@given(SENTENCES)
def test_spread_is_the_mean_over_pairs(rows: list[list[str]]) -> None:
    value = spread([" ".join(f"parola{word}" for word in row) for row in rows])
    assert value is not None
    assert -1e-6 <= value <= 1 + 1e-6
