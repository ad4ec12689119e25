"""Texts to toxicity: cut into segments of the model's window, batched by length, the maximum over the segments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.scorers.toxicity.int8 import quantize
from synth.scorers.toxicity.packed import PACKED_TOKENS, fill, packed_encoder

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Tokens of a batch, padding included. On two cores 8,192 took as long for each token.
CPU_TOKENS, GPU_TOKENS = 4096, 16384
#: What a batch costs however small it is, in tokens. On two cores that others used too, one of 81 took as long as 850
#: in a large batch; on idle ones far less. Too much is the cheaper mistake: 256 texts of mixed length come to 50,000
#: tokens with 128 here, to 51,000 with 1,024. For a GPU it is reckoned (some 200 kernels to start), not measured.
CPU_START, GPU_START = 256, 1024
#: Tokens that two neighbouring segments of a long text share: a sentence of up to so many is seen whole, which of those
#: of Italian and Vietnamese news some 86 and 90 % are.
OVERLAP = 64
#: For models that name no window: what Detoxify's have.
_WINDOW = 512


class Scorer:
    """A classifier with its tokenizer; full precision, unless `half` or `int8` (which is for processors)."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        columns: Mapping[str, Sequence[int]],
        half: bool = False,
        exclusive: bool = False,
        int8: bool = False,
    ) -> None:
        """`columns`: field -> outputs that make it, summed where they exclude each other, else the largest of them."""
        import torch

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # The processor's half is bfloat16; float16 it only imitates.
        narrow = torch.float16 if self.device.type == "cuda" else torch.bfloat16
        self.model = model.to(self.device, narrow if half else torch.float32).eval()
        self.tokenizer, self.columns, self.exclusive = tokenizer, columns, exclusive
        self.window = window_of(model, tokenizer)
        self._before, self._after = _frame(tokenizer)
        self.capacity = self.window - len(self._before) - len(self._after)
        self._padding = tokenizer.pad_token_id or 0
        on_cpu = self.device.type == "cpu"
        self.packed = packed_encoder(self.model, (self._before, self._after)) if on_cpu else None
        if int8:
            if not on_cpu:
                raise NewsmillError("toxicity: --toxicity-int8 is for processors; a GPU has --toxicity-half")
            quantize(self.model)

    def scores(self, texts: Sequence[str], tokens: int | None = None) -> list[dict[str, float | None]]:
        """For each text field -> 0 to 1, the maximum of its segments; a text of white space has None everywhere.

        `tokens`: of a batch, padding included where there is any; never less than one segment.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        segments = [self.segments(ids) for ids in self.token_ids(texts)]
        owners = np.repeat(np.arange(len(texts)), [len(each) for each in segments])
        values = self.segment_scores([segment for each in segments for segment in each], tokens)
        best = np.full((len(texts), len(self.columns)), -np.inf)
        np.maximum.at(best, owners, values)
        return [dict(zip(self.columns, map(float, row), strict=True)) if each else dict.fromkeys(self.columns)
                for row, each in zip(best, segments, strict=True)]  # fmt: skip

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens without the special ones; none for white space, of which a model has an opinion all the same."""
        full = [text for text in texts if text.strip()]
        encoded = iter(self.tokenizer(full, add_special_tokens=False, verbose=False)["input_ids"] if full else ())
        return [list(next(encoded)) if text.strip() else [] for text in texts]

    def segments(self, ids: Sequence[int]) -> list[list[int]]:
        """Tokens of a text -> segments of one length that fit the window, special tokens added; neighbours overlap."""
        if not ids:
            return []
        if len(ids) <= self.capacity:
            return [[*self._before, *ids, *self._after]]
        overlap = min(OVERLAP, self.capacity // 4)
        count = math.ceil((len(ids) - overlap) / (self.capacity - overlap))
        step = math.ceil((len(ids) - overlap) / count)
        starts = range(0, len(ids) - overlap, step)
        return [[*self._before, *ids[start : start + step + overlap], *self._after] for start in starts]

    def segment_scores(self, segments: Sequence[Sequence[int]], tokens: int | None = None) -> np.ndarray:
        """[segments, fields] of segments as `segments` makes them, batched by length."""
        import numpy as np
        import torch

        values = np.zeros((len(segments), len(self.columns)))
        for batch in self._batches([len(segment) for segment in segments], tokens):
            with torch.inference_mode():
                values[batch] = self._forward([segments[number] for number in batch])
        if not np.isfinite(values).all():
            raise NewsmillError("toxicity: the model gives numbers that are infinite or none: take another one")
        return values

    def _batches(self, lengths: Sequence[int], tokens: int | None) -> list[list[int]]:
        if self.packed is not None:
            return fill(lengths, tokens or PACKED_TOKENS)
        usual, start = (GPU_TOKENS, GPU_START) if self.device.type == "cuda" else (CPU_TOKENS, CPU_START)
        return batches(lengths, tokens or usual, start)

    def _forward(self, segments: Sequence[Sequence[int]]) -> np.ndarray:
        """[segments, fields]; where the GPU's memory does not do, by halves."""
        import torch

        try:
            return self.values_of(segments)
        except torch.OutOfMemoryError:
            if len(segments) == 1:
                raise
        import numpy as np

        middle = len(segments) // 2
        return np.concatenate([self._forward(segments[:middle]), self._forward(segments[middle:])])

    def values_of(self, segments: Sequence[Sequence[int]]) -> np.ndarray:
        """Probabilities [segments, classes] of one batch."""
        import numpy as np
        import torch

        if self.packed is not None:
            return self._fields(self.packed.logits(segments).float())
        longest = max(map(len, segments))
        ids = np.full((len(segments), longest), self._padding)
        for row, segment in zip(ids, segments, strict=True):
            row[: len(segment)] = segment
        lengths = np.array([len(segment) for segment in segments])
        mask = torch.from_numpy(np.arange(longest) < lengths[:, None]).long().to(self.device)
        out = self.model(input_ids=torch.from_numpy(ids).to(self.device), attention_mask=mask)
        return self._fields(out.logits.float())

    def _fields(self, logits: torch.Tensor) -> np.ndarray:
        """[segments, outputs] -> [segments, fields]."""
        import numpy as np

        chances = (logits.softmax(-1) if self.exclusive else logits.sigmoid()).cpu().numpy()
        join = np.sum if self.exclusive else np.max
        return np.stack([join(chances[:, list(each)], axis=1) for each in self.columns.values()], axis=1)


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


def window_of(model: Any, tokenizer: Any) -> int:
    """Tokens that the model takes at a time, special ones included."""
    limits = [tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None) or 0]
    for name, module in model.named_modules():
        # RoBERTa and its kin number positions from the padding's number on.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            limits.append(module.num_embeddings - module.padding_idx - 1)
    # A tokenizer that knows no limit says 1e30.
    return min((int(limit) for limit in limits if 0 < limit < 1e6), default=_WINDOW)


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return list(whole[:start]), list(whole[start + len(bare) :])
    raise NewsmillError("toxicity: the tokenizer reads a text otherwise with special tokens than without")
