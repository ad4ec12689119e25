"""Who is kept: by words and by meaning together, as comparing each with each would have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from synth.dedupe.greedy import Duplicate, duplicates, near_in_meaning, order_of
from synth.near_duplicates.minhash import NearTexts
from synth.neighbors import tiles
from tests.synth.near_duplicates.test_minhash import jaccard, planted


def by_each_with_each(
    texts: list[str], order: list[int], cosines: np.ndarray, near: float, meant: float
) -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    kept: list[int] = []
    for row in order:
        by_words = [(jaccard(texts[row], texts[other]), -turn, other) for turn, other in enumerate(kept)]
        # Rounded, as the same vectors may differ in their last bits: who came first decides.
        by_meaning = [(round(float(cosines[row, other]), 9), -turn, other) for turn, other in enumerate(kept)]
        if by_words and max(by_words)[0] >= near:
            found[row] = (max(by_words)[2], "near")
        elif by_meaning and max(by_meaning)[0] >= meant:
            found[row] = (max(by_meaning)[2], "semantic")
        else:
            kept.append(row)
    return found


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), sparse=st.booleans(), tile=st.sampled_from([3, 1024]))
def test_as_comparing_each_with_each(seed: int, sparse: bool, tile: int) -> None:
    texts = planted(seed, 8)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(texts))
    centres = rng.normal(size=(8, 6))
    vectors = centres[rng.integers(8, size=len(texts))] + 0.25 * rng.normal(size=(len(texts), 6))
    vectors[rng.random(len(texts)) < 0.2] = 0.0
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    near = NearTexts(0.7, 3)
    near.add(texts)
    given_rows: Any = csr_matrix(vectors[order]) if sparse else vectors[order]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE_ROWS", (tile, tile, tile))
        found = duplicates(near, order, near_in_meaning(given_rows, 0.9))
    expected = by_each_with_each(texts, order.tolist(), unit @ unit.T, 0.7, 0.9)
    assert {row: (mark.of, mark.kind) for row, mark in found.items()} == expected
    for row, mark in found.items():
        assert mark.of not in found
        if mark.kind == "semantic":
            assert mark.score == pytest.approx(float(unit[row] @ unit[mark.of]), abs=1e-9)
        else:
            assert mark.score == jaccard(texts[row], texts[mark.of])


def test_a_translated_pair_is_near_by_its_vectors_alone() -> None:
    near = NearTexts(0.7, 3)
    near.add(
        ["Il sindaco ha inaugurato il nuovo ponte sul fiume", "Thị trưởng đã khánh thành cây cầu mới bắc qua sông"]
    )
    assert duplicates(near, np.array([0, 1])) == {}
    near = NearTexts(0.7, 3)
    near.add(
        ["Il sindaco ha inaugurato il nuovo ponte sul fiume", "Thị trưởng đã khánh thành cây cầu mới bắc qua sông"]
    )
    vectors = np.array([[1.0, 0.1], [1.0, 0.0]])
    found = duplicates(near, np.array([1, 0]), near_in_meaning(vectors[[1, 0]], 0.95))
    assert found == {0: Duplicate(1, "semantic", pytest.approx(1 / np.sqrt(1.01)))}


def test_rows_of_zeros_and_few_rows() -> None:
    assert [len(part.first) for part in near_in_meaning(np.zeros((4, 3)), 0.5)] == [0]
    assert sum(len(part.first) for part in near_in_meaning(np.zeros((0, 3)), 0.5)) == 0
    assert [part.stop for part in near_in_meaning(np.ones((1, 3)), 0.5)] == [1]
    (part,) = near_in_meaning(np.ones((3, 2)), 1.0)
    assert (part.first.tolist(), part.second.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert (part.score <= 1).all()


def test_preference_is_column_by_column() -> None:
    order = order_of([np.array([1, 0, 0, 0]), np.array([0.0, 2.0, 1.0, 1.0])])
    assert order.tolist() == [2, 3, 1, 0]
