"""Batches of like length: every row once an epoch, as many batches every epoch and on every device."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.data.batches import Batches, even_sizes

LENGTHS = np.random.default_rng(0).lognormal(4, 1, 400).astype(int) + 1


def padding(plan: list[list[int]]) -> float:
    padded = sum(len(batch) * LENGTHS[batch].max() for batch in plan)
    return float(1 - LENGTHS.sum() / padded)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=80),
    size=st.integers(1, 9),
    devices=st.integers(1, 4),
    even=st.booleans(),
)
def test_every_row_once_and_equal_shares(lengths: list[int], size: int, devices: int, even: bool) -> None:
    ranks = [Batches(lengths, size, even=even, devices=devices, rank=rank) for rank in range(devices)]
    for _ in range(3):
        parts = [list(rank) for rank in ranks]
        assert {len(part) for part in parts} == {len(ranks[0])}
        batches = [batch for part in parts for batch in part]
        assert {index for batch in batches for index in batch} == set(range(len(lengths)))
        assert all(batches)
        # Only to fill the last step of all devices may a batch come twice.
        assert sum(map(len, batches)) <= len(lengths) + (devices - 1) * max(map(len, batches))
        if not even:
            assert max(map(len, batches)) <= size
    # As many optimizer steps as LitGPT's own loader has.
    assert len(ranks[0]) == math.ceil(math.ceil(len(lengths) / size) / devices)


def test_epochs_differ_and_seeds_repeat() -> None:
    batches = Batches(LENGTHS.tolist(), 8, seed=3)
    first, second = list(batches), list(batches)
    assert first != second
    assert sorted(map(sorted, first)) != sorted(map(sorted, second)), "other rows together"
    again = Batches(LENGTHS.tolist(), 8, seed=3)
    assert list(again) == first
    again.set_epoch(1)
    assert list(again) == second
    assert list(Batches(LENGTHS.tolist(), 8, seed=4)) != first


@pytest.mark.parametrize(("even", "most"), [(False, 0.16), (True, 0.08)])
def test_little_padding(even: bool, most: float) -> None:
    shuffled = np.random.default_rng(1).permutation(len(LENGTHS)).reshape(-1, 8).tolist()
    plan = Batches(LENGTHS.tolist(), 8, even=even).plan(1)
    assert padding(plan) < most < 0.4 < padding(shuffled)


def test_even_batches_take_less_memory_and_as_many_steps() -> None:
    even, grouped = (Batches(LENGTHS.tolist(), 8, even=even).plan(0) for even in (True, False))
    assert len(even) == len(grouped) == 50
    largest = [max(len(batch) * int(LENGTHS[batch].max()) for batch in plan) for plan in (even, grouped)]
    assert largest[0] < largest[1] / 2


def test_largest_first_then_not_in_order() -> None:
    plan = Batches(LENGTHS.tolist(), 8).plan(0)
    padded = [len(batch) * int(LENGTHS[batch].max()) for batch in plan]
    assert padded[0] == max(padded)
    assert padded[1:] not in (sorted(padded[1:]), sorted(padded[1:], reverse=True))


def test_devices_step_on_like_lengths() -> None:
    plan = Batches(LENGTHS.tolist(), 4, devices=4).plan(1)
    steps = [[LENGTHS[batch].max() for batch in plan[at : at + 4]] for at in range(0, len(plan), 4)]
    assert np.mean([max(step) / min(step) for step in steps]) < 1.3


@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=60), number=st.integers(1, 60))
def test_even_sizes_make_the_number_asked_for(lengths: list[int], number: int) -> None:
    sizes = even_sizes(np.array(sorted(lengths, reverse=True), dtype=float), number)
    assert len(sizes) == min(number, len(lengths))
    assert sum(sizes) == len(lengths)
    assert min(sizes) >= 1
