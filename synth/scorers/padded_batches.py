"""Batches of texts of like length for a classifier: what padding costs, what a model and a GPU's memory can take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import torch

Row = TypeVar("Row")
Value = TypeVar("Value")

#: Tokens of a batch, padding included. On two cores 8,192 took as long for each token.
CPU_TOKENS, GPU_TOKENS = 4096, 16384
#: What a batch costs however small it is, in tokens. On two cores that others used too, one of 81 took as long as 850
#: in a large batch; on idle ones far less. Too much is the cheaper mistake: 256 texts of mixed length come to 50,000
#: tokens with 128 here, to 51,000 with 1,024. For a GPU it is reckoned (some 200 kernels to start), not measured.
CPU_START, GPU_START = 256, 1024
#: For models that name no window: what Detoxify's have.
_WINDOW = 512


def batches(lengths: Sequence[int], tokens: int, start: int = 0) -> list[list[int]]:
    """Numbers of segments in batches, the longest segments first: those that cost least of all that keep to the budget.

    A batch costs `start` and its longest length times its count; that product is at most `tokens`, or its count is 1.
    Filled to the brim one after the other, batches of news of mixed length took 5 to 20 % more.
    """
    import numpy as np

    order = sorted(range(len(lengths)), key=lambda each: (-lengths[each], each))
    # Of the first n segments: least cost, and where the last batch begins.
    cost, begins = np.full(len(order) + 1, np.inf), np.zeros(len(order) + 1, dtype=int)
    cost[0] = 0
    for first, number in enumerate(order):
        most = min(len(order) - first, max(1, tokens // lengths[number]))
        costs = cost[first] + start + lengths[number] * np.arange(1, most + 1)
        ends = first + 1 + np.flatnonzero(costs < cost[first + 1 : first + 1 + most])
        cost[ends], begins[ends] = costs[ends - first - 1], first
    result: list[list[int]] = []
    end = len(order)
    while end:
        result.append(order[begins[end] : end])
        end = int(begins[end])
    return result[::-1]


def device_batches(lengths: Sequence[int], device: torch.device, tokens: int | None = None) -> list[list[int]]:
    """The batches for a device; `tokens`: of a batch, padding included."""
    usual, start = (GPU_TOKENS, GPU_START) if device.type == "cuda" else (CPU_TOKENS, CPU_START)
    return batches(lengths, tokens or usual, start)


def by_halves(forward: Callable[[Sequence[Row]], Iterable[Value]], rows: Sequence[Row]) -> list[Value]:
    """A value for each row; where the GPU's memory does not do for all, of one half after the other."""
    import torch

    try:
        return list(forward(rows))
    except torch.OutOfMemoryError:
        if len(rows) == 1:
            raise
    middle = len(rows) // 2
    return by_halves(forward, rows[:middle]) + by_halves(forward, rows[middle:])


def window_of(model: Any, tokenizer: Any) -> int:
    """Tokens that the model takes at a time, special ones included."""
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None) or 0]
    for name, module in model.named_modules():
        # RoBERTa and its kin number positions from the padding's number on.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            limits.append(module.num_embeddings - module.padding_idx - 1)
    # A tokenizer that knows no limit says 1e30.
    return min((int(limit) for limit in limits if 0 < limit < 1e6), default=_WINDOW)
