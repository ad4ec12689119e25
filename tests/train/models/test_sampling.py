"""Choosing tokens: the shares asked for, within the bounds asked for, and each row for itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.models.sampling import Sampling, choose, draws

torch = pytest.importorskip("torch", reason="torch is not installed")

LOGITS = [2.0, 1.0, 0.0, -1.0, 1.5, float("-inf")]


def drawn(sampling: Sampling, count: int = 20_000) -> list[float]:
    """Share of each token in so many draws."""
    logits = torch.tensor([LOGITS]).expand(count, -1)
    tokens = choose(logits, draws([7], count)[0], sampling)
    return [float((tokens == number).double().mean()) for number in range(len(LOGITS))]


def shares(logits: list[float]) -> list[float]:
    return [float(share) for share in torch.softmax(torch.tensor(logits), dim=0)]


def test_tokens_are_drawn_by_their_probability() -> None:
    for temperature in (0.5, 1.0, 2.0):
        expected = shares([value / temperature for value in LOGITS])
        assert drawn(Sampling(temperature, None)) == pytest.approx(expected, abs=0.015)


def test_top_k_keeps_the_likeliest() -> None:
    never = float("-inf")
    expected = shares([2.0, never, never, never, 1.5, never])
    assert drawn(Sampling(1.0, 2)) == pytest.approx(expected, abs=0.015)


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    # Shares .45 .17 .06 .02 .27: the first two reach .7, and one alone .4.
    assert [share > 0 for share in drawn(Sampling(1.0, None, 0.7))] == [True, False, False, False, True, False]
    assert [share > 0 for share in drawn(Sampling(1.0, None, 0.4))] == [True, False, False, False, False, False]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert drawn(Sampling(0.0))[0] == 1.0


def test_the_ends_of_the_range_meet_possible_tokens() -> None:
    logits = torch.tensor([[float("-inf"), 1.0, float("-inf"), 1.0, float("-inf")]] * 2)
    numbers = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    assert choose(logits, numbers, Sampling(1.0, None)).tolist() == [1, 3]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.floats(-20, 20, width=32), min_size=5, max_size=5), min_size=1, max_size=6),
    seeds=st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6),
    top_k=st.none() | st.integers(1, 6),
    top_p=st.floats(0.05, 1.0),
)
def test_a_row_is_chosen_alone_as_among_others(
    rows: list[list[float]], seeds: list[int], top_k: int | None, top_p: float
) -> None:
    sampling = Sampling(0.8, top_k, top_p)
    numbers = draws(seeds[: len(rows)], 1)[:, 0]
    together = choose(torch.tensor(rows), numbers, sampling).tolist()
    alone = [
        choose(torch.tensor([row]), draws([seed], 1)[0], sampling).item()
        for row, seed in zip(rows, seeds, strict=False)
    ]
    assert together == alone


def test_a_longer_text_begins_as_the_shorter_one() -> None:
    assert torch.equal(draws([3, 4], 40)[:, :8], draws([3, 4], 8))
    assert not torch.equal(draws([3], 8), draws([4], 8))


@pytest.mark.parametrize("values", [(-0.1, 50, 1.0), (1.0, 0, 1.0), (1.0, 50, 0.0), (1.0, 50, 1.1)])
def test_settings_out_of_range_are_refused(values: tuple[float, int, float]) -> None:
    with pytest.raises(TrainError):
        Sampling(*values)
