"""Batches of rows of like length: what is padded costs as much as what is learnt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import DistributedSampler

if TYPE_CHECKING:
    from train.data.sets import Mixture

#: Rows are put in order by length times 1 … 1 + this, drawn anew each epoch: batches of the same rows would be learnt
#: together every time. It costs at most as much padding, in practice half of it.
_JITTER = 0.05


class Batches(DistributedSampler[list[int]]):
    """Yields the rows of each batch, drawn anew every epoch; as many batches every epoch and on every device.

    Fabric leaves a DistributedSampler as it is and calls its `set_epoch`, so this one divides the batches among devices
    itself: batches of one step are of like length there, and none waits for another. A DataLoader takes it as `sampler`
    with `batch_size=None`.

    Args:
        lengths: tokens of each row, int [rows].
        size: rows a batch, on average where `even` is set.
        even: batches of about as many tokens, longest row times rows, instead of as many rows. There are as many
            batches as otherwise, so an epoch has as many steps, and a step sees as many rows on average.
        mixture: which rows an epoch takes, of several sets; None: all, once.
    """

    def __init__(
        self, lengths: Sequence[int], size: int, *, even: bool = False, seed: int = 0, devices: int = 1, rank: int = 0,
        mixture: Mixture | None = None,
    ) -> None:  # fmt: skip
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.size, self.even, self.mixture = size, even, mixture
        self.rows = len(self.lengths) if mixture is None else len(mixture)
        super().__init__(range(self.rows), num_replicas=devices, rank=rank, shuffle=True, seed=seed)  # type: ignore[arg-type]
        # A multiple of the devices: they step together.
        self.number = math.ceil(self.rows / size / devices) * devices
        self.num_samples, self.total_size = self.number // devices, self.number

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[Any]:
        # A generator: a DataLoader with reader processes asks for two iterators and uses one.
        plan = self.plan(self.epoch)
        # Without Fabric nobody sets the epoch.
        self.epoch += 1
        yield from plan[self.rank :: self.num_replicas]

    def plan(self, epoch: int) -> list[list[int]]:
        """All devices' batches of an epoch; those of one step stand together."""
        generator = np.random.default_rng((self.seed, epoch))
        pool = np.arange(self.rows) if self.mixture is None else self.mixture.rows(epoch)
        keys = self.lengths[pool] * (1 + _JITTER * generator.random(len(pool)))
        by_length = np.argsort(-keys, kind="stable")
        sizes = even_sizes(keys[by_length], self.number) if self.even else self._sizes()
        order = pool[by_length]
        ends = np.cumsum(sizes)
        batches = [order[end - size : end].tolist() for size, end in zip(sizes, ends, strict=True)]
        # Too few for the last step of all devices: some once more, as torch's own sampler does.
        shortfall = self.number - len(batches)
        batches += [batches[at] for at in sorted(generator.integers(len(batches), size=shortfall), reverse=True)]
        steps = [batches[at : at + self.num_replicas] for at in range(0, self.number, self.num_replicas)]
        shuffled = [steps[at] for at in generator.permutation(len(steps))]
        if epoch == 0:
            # The largest first of all: memory that does not suffice shows at once, not after hours.
            largest = max(range(len(steps)), key=lambda at: max(map(self._padded, shuffled[at])))
            shuffled.insert(0, shuffled.pop(largest))
        return [step[at] for step in shuffled for at in generator.permutation(len(step))]

    def _padded(self, batch: list[int]) -> int:
        return len(batch) * int(self.lengths[batch].max())

    def _sizes(self) -> list[int]:
        whole, rest = divmod(self.rows, self.size)
        # The batch with fewer rows is that of the longest, where lengths are furthest apart.
        return [rest] * bool(rest) + [self.size] * whole


def even_sizes(lengths: np.ndarray, number: int) -> list[int]:
    """Rows of each of `number` batches of about as many tokens, from rows in falling order of length.

    Found by halving: the smallest budget of tokens with which no more batches than that are needed. Time: O(number log
    of all tokens).
    """
    number = min(number, len(lengths))
    low, high = float(lengths[0]), float(lengths[0]) * len(lengths) + 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(lengths, middle, number)) <= number else (middle, high)
        if high - low < 1:
            break
    sizes = _filled(lengths, high, number)
    while len(sizes) < number:
        # The shortest rows make the largest batches: halved ones cost the others nothing.
        largest = int(np.argmax(sizes))
        sizes[largest : largest + 1] = [sizes[largest] - sizes[largest] // 2, sizes[largest] // 2]
    return sizes


def _filled(lengths: np.ndarray, budget: float, most: int) -> list[int]:
    """Rows of each batch within the budget; stops where there are too many batches."""
    sizes: list[int] = []
    at = 0
    while at < len(lengths) and len(sizes) <= most:
        size = min(max(1, int(budget // max(lengths[at], 1))), len(lengths) - at)
        sizes.append(size)
        at += size
    return sizes
