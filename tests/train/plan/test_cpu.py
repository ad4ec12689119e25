"""The CPU's row of a plan: what a probe measures, and what follows from it for a step."""

from __future__ import annotations

import pytest

from train.plan.cpu import BUDGET, Cpu, memory_of_machine, probe
from train.plan.memory import Work

CPU = Cpu(2, 2**34, ((1e6, 1e9), (1e8, 1e10), (1e10, 1e11)), 1e10, 1e-6, 1.0)


def test_a_product_reaches_what_its_size_does() -> None:
    assert CPU.rate(1.0) == CPU.rate(1e6) == 1e9
    assert CPU.rate(1e12) == 1e11
    assert CPU.rate(1e10) == pytest.approx(1e11)
    assert CPU.rate(1e7) == pytest.approx(10**9.5)


def test_one_operation_comes_after_the_other() -> None:
    work = Work(flop=1.1e10, moved=2e10, kernels=1000, products=[(1e10, 1.0), (1e6, 3e10)])
    # A product takes what bounds it: 0.1 s of arithmetic, 3 s of memory; 2 s of moving; 1,000 calls.
    assert CPU.time(work) == pytest.approx(0.1 + 3 + 2 + 1000 * 2e-6)
    assert CPU.time(Work()) == 0


@pytest.mark.parametrize("precision", ["32-true", "bf16-true", "bf16-mixed"])
def test_the_probe_of_this_machine(precision: str) -> None:
    best, usual = probe(precision, budget=0.0)
    assert BUDGET < 10
    for machine in (best, usual):
        assert all(rate > 0 for _, rate in machine.rates)
        assert machine.bandwidth > 0
        assert machine.call > 0
    assert all(one >= two for (_, one), (_, two) in zip(best.rates, usual.rates, strict=True))
    assert best.time(Work(moved=1e9, kernels=5)) <= usual.time(Work(moved=1e9, kernels=5))


def test_the_memory_of_this_machine() -> None:
    assert 2**28 < memory_of_machine() < 2**45
