"""Texts to toxicity: cut into segments of the model's window, batched by length, the maximum over the segments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.scorers.padded_batches import by_halves, device_batches, window_of
from synth.scorers.toxicity.int8 import quantize
from synth.scorers.toxicity.packed import PACKED_TOKENS, fill, packed_encoder

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Tokens that two neighbouring segments of a long text share: a sentence of up to so many is seen whole, which of those
#: of Italian and Vietnamese news some 86 and 90 % are.
OVERLAP = 64


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
                values[batch] = by_halves(self.values_of, [segments[number] for number in batch])
        if not np.isfinite(values).all():
            raise NewsmillError("toxicity: the model gives numbers that are infinite or none: take another one")
        return values

    def _batches(self, lengths: Sequence[int], tokens: int | None) -> list[list[int]]:
        if self.packed is not None:
            return fill(lengths, tokens or PACKED_TOKENS)
        return device_batches(lengths, self.device, tokens)

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


def _frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens before and after a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole = tokenizer("a")["input_ids"]
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return list(whole[:start]), list(whole[start + len(bare) :])
    raise NewsmillError("toxicity: the tokenizer reads a text otherwise with special tokens than without")
