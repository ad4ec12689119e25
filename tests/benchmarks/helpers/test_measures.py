"""Cases worked out by hand, and agreement with scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.helpers.measures import bcubed, bcubed_shares, nmi, pair_scores

GOLD = [0, 0, 0, 1, 1]


def test_the_gold_partition_is_perfect_whatever_its_numbers() -> None:
    assert bcubed([7, 7, 7, 2, 2], GOLD) == (1.0, 1.0, 1.0)
    assert nmi([7, 7, 7, 2, 2], GOLD) == pytest.approx(1.0)


def test_one_cluster_of_all_has_every_pair_and_is_impure() -> None:
    # Three items see 3/5 of their cluster, two see 2/5.
    precision, recall, f = bcubed([0] * 5, GOLD)
    assert precision == pytest.approx((3 * 3 / 5 + 2 * 2 / 5) / 5)
    assert recall == 1.0
    assert f == pytest.approx(2 * 0.52 / 1.52)
    assert nmi([0] * 5, GOLD) == pytest.approx(0.0)


def test_all_alone_is_pure_and_finds_only_itself() -> None:
    precision, recall, _ = bcubed(range(5), GOLD)
    assert precision == 1.0
    assert recall == pytest.approx((3 * 1 / 3 + 2 * 1 / 2) / 5)


def test_one_item_in_the_wrong_cluster() -> None:
    labels = [0, 0, 1, 1, 1]
    precision, recall = bcubed_shares(labels, GOLD)
    assert precision == pytest.approx([1, 1, 1 / 3, 2 / 3, 2 / 3])
    assert recall == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1, 1])
    # Both have the sizes 3 and 2; together 2, 1 and 2.
    single = -(0.6 * math.log(0.6) + 0.4 * math.log(0.4))
    joint = -(2 * 0.4 * math.log(0.4) + 0.2 * math.log(0.2))
    assert nmi(labels, GOLD) == pytest.approx((2 * single - joint) / single)


def test_two_single_clusters_agree() -> None:
    assert nmi([0, 0], [5, 5]) == 1.0


def test_pairs() -> None:
    labels = [0, 0, 0, 1, 2]
    pairs = [(0, 1, True), (0, 2, False), (3, 4, True), (2, 3, False)]
    assert pair_scores(labels, pairs) == (0.5, 0.5, 0.5)
    assert pair_scores([0, 1], [(0, 1, True)]) == (1.0, 0.0, 0.0)
    assert pair_scores([0, 0], [(0, 1, False)]) == (0.0, 1.0, 0.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_scikit_learn_agrees(rows: list[tuple[int, int]]) -> None:
    labels, gold = (np.array(column) for column in zip(*rows, strict=True))
    assert nmi(labels, gold) == pytest.approx(normalized_mutual_info_score(gold, labels), abs=1e-9)
    same, true = labels[:, None] == labels, gold[:, None] == gold
    both = (same & true).sum(1)
    precision, recall, _ = bcubed(labels, gold)
    assert precision == pytest.approx((both / same.sum(1)).mean())
    assert recall == pytest.approx((both / true.sum(1)).mean())
