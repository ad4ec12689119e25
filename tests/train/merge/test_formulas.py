"""Each method against its published formula, worked by hand on weights one can follow."""

from __future__ import annotations

import math
from typing import Any

import pytest


def merged(method: str, tensors: list[Any], *, base: int | None = None, **parameters: Any) -> Any:
    """One tensor of each model, merged as mergekit does it for `train merge`; lists are one value a model."""
    import torch
    from mergekit.merge_methods import registry
    from mergekit.merge_methods.base import PerInputValues, TensorGroup

    group = TensorGroup.from_tensors([torch.tensor(one, dtype=torch.float32) for one in tensors], base_index=base)
    tuned = [number for number in range(len(tensors)) if number != base]
    bound = {
        name: PerInputValues(list(zip(tuned, value, strict=True))) if isinstance(value, list) else value
        for name, value in parameters.items()
    }
    (result,) = registry.get(method)([group], parameters=bound)
    return result


def test_linear_is_the_weighted_mean() -> None:
    # (1 * [1, 2, 3] + 3 * [5, -2, 3]) / 4
    assert merged("linear", [[1.0, 2.0, 3.0], [5.0, -2.0, 3.0]], weight=[1.0, 3.0]).tolist() == [4.0, -1.0, 3.0]
    # Not normalised: the sum itself.
    assert merged("linear", [[1.0, 2.0], [3.0, 4.0]], weight=[0.5, 0.5], normalize=False).tolist() == [2.0, 3.0]
    assert merged("linear", [[1.0, 2.0], [3.0, 4.0]], weight=[1.0, 1.0], normalize=False).tolist() == [4.0, 6.0]


def test_slerp_goes_along_the_arc() -> None:
    # A right angle: halfway is sin(45 degrees) of each, and as long as both.
    halfway = merged("slerp", [[1.0, 0.0], [0.0, 1.0]], base=0, t=0.5)
    assert halfway.tolist() == pytest.approx([math.sqrt(0.5), math.sqrt(0.5)], abs=1e-6)
    # A third of the way: sin(60)/sin(90) and sin(30)/sin(90).
    third = merged("slerp", [[1.0, 0.0], [0.0, 1.0]], base=0, t=1 / 3)
    assert third.tolist() == pytest.approx([math.sqrt(3) / 2, 0.5], abs=1e-6)
    # 60 degrees between vectors of lengths 2 and 1: the angle is that of the directions, whatever the lengths.
    tilted = merged("slerp", [[2.0, 0.0], [0.5, math.sqrt(3) / 2]], base=0, t=0.5)
    factor = math.sin(math.pi / 6) / math.sin(math.pi / 3)
    assert tilted.tolist() == pytest.approx([factor * 2.5, factor * math.sqrt(3) / 2], abs=1e-6)


def test_slerp_of_the_same_direction_is_a_straight_line() -> None:
    assert merged("slerp", [[1.0, 1.0], [3.0, 3.0]], base=0, t=0.25).tolist() == pytest.approx([1.5, 1.5])
    for t, first in ((0.0, [1.0, 2.0]), (1.0, [2.0, -1.0])):
        assert merged("slerp", [[1.0, 2.0], [2.0, -1.0]], base=0, t=t).tolist() == pytest.approx(first, abs=1e-6)


def test_ties_trims_elects_and_takes_the_mean_of_those_who_agree() -> None:
    base = [10.0, 10.0, 10.0, 10.0]
    # Differences [4, -3, 1, 0.5], [2.1, 5, -2, 0.1]: the larger half of each stays, [4, -3, 0, 0] and [2.1, 5, 0, 0].
    first, second = [14.0, 7.0, 11.0, 10.5], [12.1, 15.0, 8.0, 10.1]
    # Elected signs: plus, and -3 + 5 is plus. Means of those that agree: (4 + 2.1) / 2, and 5 alone.
    result = merged(
        "ties", [base, first, second], base=0, density=[0.5, 0.5], weight=[1.0, 1.0], normalize=True
    ).tolist()
    assert result == pytest.approx([13.05, 15.0, 10.0, 10.0], abs=1e-5)


def test_ties_weighs_votes_and_means() -> None:
    # Differences 3 with weight 1 and -2 with weight 2: -4 wins over 3, and alone it is -2 again.
    result = merged("ties", [[0.0], [3.0], [-2.0]], base=0, density=[1.0, 1.0], weight=[1.0, 2.0], normalize=True)
    assert result.tolist() == pytest.approx([-2.0])
    # Twice lambda: twice as far from the base.
    doubled = merged("ties", [[1.0], [4.0]], base=0, density=[1.0], weight=[1.0], normalize=True, **{"lambda": 2.0})
    assert doubled.tolist() == pytest.approx([7.0])


def _seeded(method: str, seed: int, difference: Any, **parameters: Any) -> Any:
    import torch

    torch.manual_seed(seed)
    base = torch.zeros_like(torch.tensor(difference))
    return merged(method, [base.tolist(), difference], base=0, weight=[1.0], **parameters)


def test_dare_drops_at_random_and_scales_what_stays() -> None:
    import torch

    difference = [float(number) for number in range(1, 9)]
    result = _seeded("dare_ties", 3, difference, density=[0.5])
    torch.manual_seed(3)
    mask = torch.bernoulli(torch.full((8,), 0.5))
    assert 0 < mask.sum() < 8
    kept = torch.tensor(difference) * mask
    # 1 + 2 + … + 8 = 36 before; what stays is scaled until it adds up to 36 again.
    assert result.tolist() == pytest.approx((kept * (36 / kept.sum())).tolist(), rel=1e-6)
    assert result.abs().sum().item() == pytest.approx(36, rel=1e-6)


def test_dare_scales_by_one_over_density_on_tensors_of_real_size() -> None:
    """The paper's factor is 1 / (1 - p): mergekit's keeps the sum of absolute values, which comes to the same."""
    import torch

    torch.manual_seed(0)
    difference = torch.randn(400, 500)
    result = _seeded("dare_linear", 1, difference.tolist(), density=[0.3])
    kept = result != 0
    assert kept.float().mean().item() == pytest.approx(0.3, abs=0.005)
    factors = (result / difference)[kept]
    assert factors.min().item() == pytest.approx(factors.max().item(), rel=1e-4)
    assert factors.mean().item() == pytest.approx(1 / 0.3, rel=0.01)


def test_dare_without_rescaling_only_drops() -> None:
    import torch

    difference = [float(number) for number in range(1, 9)]
    torch.manual_seed(5)
    mask = torch.bernoulli(torch.full((8,), 0.5))
    assert 0 < mask.sum() < 8
    result = _seeded("dare_ties", 5, difference, density=[0.5], rescale=False)
    assert result.tolist() == (torch.tensor(difference) * mask).tolist()


def test_dare_ties_elects_signs_after_dropping() -> None:
    # Nothing dropped: 3 * 0.5 against -2 * 0.5: plus wins; without normalize the sum is 1.5.
    result = merged("dare_ties", [[1.0], [4.0], [-1.0]], base=0, density=[1.0, 1.0], weight=[0.5, 0.5])
    assert result.tolist() == pytest.approx([2.5])
    normal = merged("dare_ties", [[1.0], [4.0], [-1.0]], base=0, density=[1.0, 1.0], weight=[0.5, 0.5], normalize=True)
    assert normal.tolist() == pytest.approx([4.0])


def test_della_keeps_large_differences_more_often() -> None:
    """Chances by rank in the row: density - epsilon for the smallest, density + epsilon for the largest."""
    import torch

    row = [float(number) for number in range(1, 12)]
    counts = torch.zeros(11)
    for seed in range(600):
        torch.manual_seed(seed)
        counts += (
            merged("della_linear", [[[0.0] * 11], [row]], base=0, weight=[1.0], density=[0.5], epsilon=[0.4])[0] != 0
        )
    chances = counts / 600
    # 0.1, 0.18, 0.26, … 0.9; three standard errors of a chance from 600 draws are 0.06.
    wanted = torch.tensor([0.1 + 0.08 * rank for rank in range(11)])
    assert (chances - wanted).abs().max().item() < 0.07


def test_della_linear_on_numbers_drawn_beforehand() -> None:
    import torch

    differences = [[1.0, -2.0, 3.0, -4.0], [8.0, 6.0, -4.0, 2.0]]
    torch.manual_seed(11)
    # Ranks by size within the row: 1 2 3 4 and 4 3 2 1; density .5, epsilon .3: .2, .4, .6, .8.
    mask = torch.bernoulli(torch.tensor([[0.2, 0.4, 0.6, 0.8], [0.8, 0.6, 0.4, 0.2]]))
    kept = torch.tensor(differences) * mask
    wanted = 1 + 0.25 * kept * (30 / kept.abs().sum())
    torch.manual_seed(11)
    tuned = [[1 + one for one in row] for row in differences]
    result = merged(
        "della_linear", [[[1.0] * 4] * 2, tuned], base=0, weight=[0.25], density=[0.5], epsilon=[0.3], normalize=False
    )
    assert result.flatten().tolist() == pytest.approx(wanted.flatten().tolist(), rel=1e-6)


def test_della_linear_adds_up_without_an_election() -> None:
    result = merged(
        "della_linear", [[1.0], [4.0], [-1.0]], base=0, density=[1.0, 1.0], epsilon=[0.1, 0.1], weight=[0.7, 0.3],
        normalize=True,
    )  # fmt: skip
    # (0.7 * 3 + 0.3 * -2) / 1
    assert result.tolist() == pytest.approx([2.5])
