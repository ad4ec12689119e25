"""Rows of the Hugging Face backend: kept in few arrays, in an order that seed and epoch decide, padded by the batch."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from train.data.encode import IGNORE, Encoded
from train.data.packing import position_ids
from train.data.sets import Mixture, Share
from train.huggingface.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from train.styles import Style

#: Optimizer steps whose rows are sorted by length together: long enough to fill batches of like rows, short enough
#: that an epoch is not one walk from long to short.
_SORTED_TOGETHER = 50


class Rows:
    """Sequences of tokens, as many to a row as `each` (1: a chat; 2: a pair, chosen and rejected).

    tokens: int32, all sequences one after the other: an id where it is learnt, its complement (~id) where not, as
    `train.data.token_cache` keeps them. offsets: int64, where each sequence begins, and the end.
    """

    def __init__(self, tokens: np.ndarray, offsets: np.ndarray, each: int = 1) -> None:
        import numpy as np

        self.tokens, self.offsets, self.each = tokens, offsets, each
        self.lengths: list[int] = np.diff(offsets).reshape(-1, each).max(axis=1, initial=0).tolist()

    @classmethod
    def of(cls, sequences: Iterable[Encoded], each: int = 1) -> Rows:
        import numpy as np

        parts = [np.empty(0, np.int32)]
        for row in sequences:
            ids = np.array(row.ids, np.int32)
            signed = ~ids
            for start, end in row.learnt:
                signed[start:end] = ids[start:end]
            parts.append(signed)
        return cls(np.concatenate(parts), np.cumsum([len(part) for part in parts], dtype=np.int64), each)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """(ids, labels) of each sequence of a row, int32 arrays."""
        import numpy as np

        sequences = []
        for number in range(index * self.each, (index + 1) * self.each):
            signed = self.tokens[self.offsets[number] : self.offsets[number + 1]]
            sequences.append((np.where(signed < 0, ~signed, signed), np.where(signed < 0, IGNORE, signed)))
        return tuple(sequences)

    def map(self, *_words: Any, **_more: Any) -> Rows:
        """trl tokenises a `datasets.Dataset` by its map; these rows are tokenised."""
        return self

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """The rows of several sets, one set after the other."""
        import numpy as np

        ends = np.cumsum([0, *(len(part.tokens) for part in parts)])
        offsets = [part.offsets[:-1] + start for part, start in zip(parts, ends, strict=False)]
        return cls(
            np.concatenate([part.tokens for part in parts]), np.concatenate([*offsets, ends[-1:]]), parts[0].each
        )

    def pick(self, numbers: Sequence[int]) -> Rows:
        """Some of the rows, in that order."""
        import numpy as np

        sequences = [number * self.each + at for number in numbers for at in range(self.each)]
        parts = [self.tokens[self.offsets[each] : self.offsets[each + 1]] for each in sequences]
        offsets = np.cumsum([0, *map(len, parts)], dtype=np.int64)
        return Rows(np.concatenate([np.empty(0, np.int32), *parts]), offsets, self.each)

    def batches(self, size: int, most: int, among: Sequence[int] | None = None) -> list[list[int]]:
        """The first `most` batches' worth of rows, put together by length: the same whenever it is asked.

        among: numbers of the rows to take; None: all.
        """
        rows = range(len(self)) if among is None else among
        longest_first = sorted(rows[: size * most], key=lambda index: -self.lengths[index])
        return [longest_first[first : first + size] for first in range(0, len(longest_first), size)]

    def digest(self) -> str:
        """sha256 of the rows, the first 16 digits."""
        whole = hashlib.sha256(self.offsets.tobytes())
        whole.update(self.tokens.tobytes())
        return whole.hexdigest()[:16]


def unit_of(micro_batch: int, global_batch: int) -> int:
    """Rows of like length that Order keeps together: 8 at most, a part of the step, whole micro-batches.

    It is the same for micro-batches of 1, 2, 4 and 8 rows, so that a step sees the same rows with each of them.
    """
    unit = math.gcd(global_batch, 8)
    return unit if unit % micro_batch == 0 else micro_batch


class Order:
    """A sampler: the order of rows in an epoch, from the seed and the epoch's number alone.

    Grouped, rows of like length stand together: rows are drawn, sorted by length within the rows of some steps, cut
    into units, and the units drawn again, so that no step sees only long ones. A short last unit stays last. The unit
    of the longest row is the first of all: memory that does not suffice shows at once, not after hours.

    step: rows of an optimizer step. mixture: which rows an epoch takes, of several sets; None: all, once.
    """

    def __init__(
        self, lengths: Sequence[int], unit: int, step: int, seed: int, grouped: bool = True,
        mixture: Mixture | None = None,
    ) -> None:  # fmt: skip
        self.lengths, self.unit, self.step, self.seed, self.grouped = lengths, unit, step, seed, grouped
        self.mixture = mixture
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths) if self.mixture is None else len(self.mixture)

    def __iter__(self) -> Iterator[int]:
        import numpy as np

        draw = np.random.default_rng([self.seed, self.epoch])
        pool = np.arange(len(self.lengths)) if self.mixture is None else self.mixture.rows(self.epoch)
        order: list[int] = pool[draw.permutation(len(pool))].tolist()
        if not self.grouped:
            return iter(order)
        span = self.step * _SORTED_TOGETHER
        whole = len(order) // self.unit * self.unit
        # The rows of the short unit are drawn too, not always the shortest.
        first, rest = order[:whole], order[whole:]
        runs = (sorted(first[at : at + span], key=lambda row: self.lengths[row]) for at in range(0, whole, span))
        ordered = [row for run in runs for row in run]
        units = [ordered[at : at + self.unit] for at in range(0, whole, self.unit)]
        shuffled = [units[number] for number in draw.permutation(len(units))]
        if self.epoch == 0 and shuffled:
            longest = max(range(len(shuffled)), key=lambda at: max(self.lengths[row] for row in shuffled[at]))
            shuffled.insert(0, shuffled.pop(longest))
        return iter([row for unit in shuffled for row in unit] + rest)


def order_of(settings: Settings, lengths: Sequence[int], mixture: Mixture | None = None) -> Order:
    """The order in which a recipe's rows are trained on."""
    unit = unit_of(settings.micro_batch_size, settings.global_batch_size)
    return Order(lengths, unit, settings.global_batch_size, settings.data_seed, settings.batching == "grouped", mixture)


def collate(rows: Sequence[tuple[tuple[Any, Any], ...]], pad: int = 0, packed: bool = False) -> dict[str, Tensor]:
    """Chats as input_ids, attention_mask and labels, int64 [rows, longest]; pairs under chosen_… and rejected_….

    packed: rows hold several documents; instead of a mask they get position_ids, which begin anew with each: by them
    transformers lets a document read itself alone.
    """
    names = ("",) if len(rows[0]) == 1 else ("chosen_", "rejected_")
    batch: dict[str, Tensor] = {}
    for number, name in enumerate(names):
        batch |= {name + key: value for key, value in _padded([row[number] for row in rows], pad).items()}
    if packed:
        del batch["attention_mask"]
        batch["position_ids"] = position_ids(batch["labels"], IGNORE)
    return batch


def _padded(sequences: Sequence[tuple[Any, Any]], pad: int) -> dict[str, Tensor]:
    import torch

    shape = len(sequences), max(len(ids) for ids, _ in sequences)
    ids, labels = torch.full(shape, pad), torch.full(shape, IGNORE)
    mask = torch.zeros(shape, dtype=torch.int64)
    for row, (numbers, targets) in enumerate(sequences):
        ids[row, : len(numbers)] = torch.from_numpy(numbers)
        labels[row, : len(targets)] = torch.from_numpy(targets)
        mask[row, : len(numbers)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


@dataclass
class Loaded:
    """Rows as a recipe names them. report: what became of them. shares, mixture: of several sets."""

    train: Rows
    val: Rows
    style: Style
    report: list[str]
    shares: list[Share] = field(default_factory=list)
    mixture: Mixture | None = None
