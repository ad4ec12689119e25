"""Which weights are the best and when a run ends early: ties, losses that are no number, counts over a kill."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluations import Evaluations

LOSSES = st.lists(st.floats(0.5, 3) | st.just(math.nan) | st.just(math.inf), max_size=12)


def of(losses: list[float], patience: int | None = None, min_delta: float = 0.0) -> Evaluations:
    evaluations = Evaluations(patience, min_delta)
    evaluations.extend((10 * number, loss) for number, loss in enumerate(losses, 1))
    return evaluations


def test_the_smallest_loss_is_the_best_and_of_equal_ones_the_earlier() -> None:
    evaluations = Evaluations()
    best = [evaluations.add(step, loss) for step, loss in ((5, 2.0), (10, 1.5), (15, 1.5), (20, 1.6))]
    assert best == [True, True, False, False]
    assert evaluations.selected_step(20) == 10
    assert evaluations.choice(20).startswith("best validation loss 1.5000 after step 10: its weights are taken, not")


def test_the_untuned_model_is_no_candidate() -> None:
    evaluations = Evaluations()
    assert not evaluations.add(0, 0.1)
    assert evaluations.add(5, 2.0)
    assert evaluations.selected_step(5) == 5


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    assert of([math.nan, 2.0, math.nan]).selected_step(30) == 20
    nothing = of([math.nan, math.inf], patience=2)
    assert nothing.selected_step(20) == 20
    assert nothing.choice(20) == "the weights of the last step, 20, are taken: no validation loss was a number"
    assert nothing.reason_to_stop() == "stopped early after step 20: no validation loss of 2 was a number"


def test_without_validation_the_last_is_taken_and_that_is_said() -> None:
    assert Evaluations().choice(7) == "the weights of the last step, 7, are taken: nothing was validated"


def test_the_last_can_be_asked_for() -> None:
    evaluations = of([1.0, 2.0])
    evaluations.load_best = False
    assert evaluations.selected_step(20) == 20
    assert "load_best_model_at_end: false" in evaluations.choice(20)


@pytest.mark.parametrize(
    ("losses", "patience", "min_delta", "end"),
    [
        ([3, 2, 1], 1, 0.0, None),
        ([3, 2, 2], 1, 0.0, 30),
        ([3, 2, 2.5, 1.9, 2, 2], 2, 0.0, 60),
        ([3, 2, 2.5, 2.1], 3, 0.0, None),
        ([3, 2.95, 2.91, 2.9], 2, 0.1, 30),
        ([3, 2.95, 2.85, 2.8], 2, 0.1, None),
        ([3, math.nan, math.nan], 2, 0.0, 30),
    ],
)
def test_patience_counts_evaluations(losses: list[float], patience: int, min_delta: float, end: int | None) -> None:
    reason = of(losses, patience, min_delta).reason_to_stop()
    assert (reason is None) == (end is None)
    assert end is None or f"after step {end}:" in str(reason)


@given(LOSSES, st.integers(1, 4), st.floats(0, 0.5), st.data())
def test_a_kill_changes_neither_the_end_nor_the_best(
    losses: list[float], patience: int, min_delta: float, data: st.DataObject
) -> None:
    """Measured again from a checkpoint on, whichever it was."""
    whole = of(losses, patience, min_delta)
    checkpoint = data.draw(st.integers(0, len(losses)))
    again = of(losses[:checkpoint], patience, min_delta)
    again.extend((entry.step, entry.loss) for entry in whole.entries)
    assert repr(again) == repr(whole)
    assert again.reason_to_stop() == whole.reason_to_stop()
    assert again.choice(1000) == whole.choice(1000)


@given(LOSSES, st.integers(1, 4), st.floats(0, 0.5))
def test_as_lightnings_early_stopping(losses: list[float], patience: int, min_delta: float) -> None:
    """Its own rule, without its end at the first loss that is no number."""
    from lightning.pytorch.callbacks import EarlyStopping

    theirs = EarlyStopping("loss", min_delta, patience, check_finite=False)
    import torch

    ends = []
    for number, loss in enumerate(losses, 1):
        # An infinite loss after an infinite reference is no improvement in both.
        stop, _ = theirs._evaluate_stopping_criteria(torch.tensor(loss, dtype=torch.float64))  # noqa: SLF001  no other way
        ours = of(losses[:number], patience, min_delta).reason_to_stop()
        ends.append((stop, ours is not None))
        if stop:
            break
    assert all(stop == ours for stop, ours in ends)
