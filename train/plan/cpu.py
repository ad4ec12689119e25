"""This machine's CPU as a row of the plan, by a probe of some seconds: products, memory, and the cost of a call.

The step of the plan (`train.plan.memory.Work`) says what is to be computed and moved; here is measured how fast this
machine does so, in the recipe's number format: matrix products of three sizes, for small ones reach a fraction of what
large ones do, a copy larger than the caches, and additions of one number, which cost what any call does.
"""

from __future__ import annotations

import bisect
import math
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.plan.memory import Work

#: Seconds of the probe, at most; a product that is begun is finished.
BUDGET = 5.0
#: FLOP of the products that are measured: of a tiny model's layer, of a small one's, of a vocabulary's head.
_SIZES = (2e6, 2e8, 8e9)
_REPEATS = 7
#: Bytes of the array that is copied: more than caches hold.
_ARRAY = 128 * 2**20
#: Python, PyTorch, transformers and the tokenizer, before any weight: seen with torch 2.13 (bytes).
HOST_OVERHEAD = 700 * 2**20
#: A call of a model's code for one of a bare operation: modules, autograd's notes and the backward pass around it.
#: A guess; benchmarks/train/bench_cpu_plan.py says how far the plan is off.
_CALL_FACTOR = 2.0
_TYPES = {"bf16": "bfloat16", "16": "float16", "32": "float32"}


@dataclass(frozen=True)
class Cpu:
    """What a probe measured. rates: (FLOP of a product, FLOP a second), small ones first. bandwidth: bytes a second.

    call: seconds of an operation whatever its size. memory: bytes of this machine, or of its container.
    """

    threads: int
    memory: int
    rates: tuple[tuple[float, float], ...]
    bandwidth: float
    call: float
    seconds: float

    def rate(self, flop: float) -> float:
        """FLOP a second of a product of that size, between the measured ones on a scale of logarithms."""
        sizes = [math.log(size) for size, _ in self.rates]
        place = math.log(max(flop, 1.0))
        after = bisect.bisect_left(sizes, place)
        if after in (0, len(sizes)):
            return self.rates[0 if after == 0 else -1][1]
        share = (place - sizes[after - 1]) / (sizes[after] - sizes[after - 1])
        low, high = (math.log(self.rates[number][1]) for number in (after - 1, after))
        return math.exp(low + share * (high - low))

    def time(self, work: Work) -> float:
        """Seconds of a micro-batch: one operation after the other, nothing at the same time."""
        products = sum(max(flop / self.rate(flop), moved / self.bandwidth) for flop, moved in work.products)
        return products + work.moved / self.bandwidth + work.kernels * self.call * _CALL_FACTOR


def probe(precision: str, budget: float = BUDGET) -> tuple[Cpu, Cpu]:
    """(this machine at its best, as it was in the middle of the probe): the second is slower where others compute, too.

    precision: LitGPT's word; in mixed precision products are 16-bit.
    """
    import torch

    began = time.monotonic()
    dtype = getattr(torch, _TYPES[precision.split("-")[0]])
    deadline = began + budget
    products = [_products(size, dtype, deadline) for size in _SIZES]
    bandwidths, calls = _bandwidths(deadline), _calls(deadline)
    seconds = time.monotonic() - began
    machine = torch.get_num_threads(), memory_of_machine()
    best, usual = (
        Cpu(*machine, tuple(zip(_SIZES, [rates[which] for rates in products], strict=True)), bandwidths[which],
            calls[which], seconds)
        for which in (0, 1)
    )  # fmt: skip
    return best, usual


def _products(flop: float, dtype: Any, deadline: float) -> tuple[float, float]:
    """FLOP a second, at best and usually."""
    import torch

    width = max(8, round((flop / 2) ** (1 / 3)))
    first, second = torch.ones(width, width, dtype=dtype), torch.ones(width, width, dtype=dtype)
    inner = max(1, round(2e-3 / (flop / 2e10)))

    def multiply() -> None:
        for _ in range(inner):
            first @ second

    best, usual = _times(multiply, deadline)
    return 2 * width**3 * inner / best, 2 * width**3 * inner / usual


def _bandwidths(deadline: float) -> tuple[float, float]:
    """Bytes a second."""
    import torch

    source = torch.ones(_ARRAY // 4)
    target = torch.empty_like(source)
    best, usual = _times(lambda: target.copy_(source), deadline)
    return 2 * _ARRAY / best, 2 * _ARRAY / usual


def _calls(deadline: float) -> tuple[float, float]:
    """Seconds of an operation on one number."""
    import torch

    number = torch.ones(1)

    def add() -> None:
        for _ in range(500):
            number + 1

    best, usual = _times(add, deadline)
    return best / 500, usual / 500


def _times(action: Callable[[], object], deadline: float) -> tuple[float, float]:
    """Shortest and median seconds of some repetitions, after one that is not counted; one at least."""
    times = []
    action()
    for _ in range(_REPEATS):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
        if time.monotonic() > deadline:
            break
    return min(times), statistics.median(times)


def memory_of_machine() -> int:
    """Bytes of memory that this process may have: the machine's, or its container's where that is less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return min(whole, int(Path(path).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return whole
