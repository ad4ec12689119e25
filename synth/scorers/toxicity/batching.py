"""Texts to toxicity: cut into pieces of the model's window, batched by length, the maximum over the pieces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Tokens of a batch, padding included. On two cores 8,192 took as long for each token.
CPU_TOKENS, GPU_TOKENS = 4096, 16384
#: What a batch costs however small it is, in tokens. On two cores that others used too, one of 81 took as long as 850
#: in a large batch; on idle ones far less. Too much is the cheaper mistake: 256 texts of mixed length come to 50,000
#: tokens with 128 here, to 51,000 with 1,024. For a GPU it is reckoned (some 200 kernels to start), not measured.
CPU_START, GPU_START = 256, 1024
#: Tokens that two neighbouring pieces of a long text share: a sentence of up to so many is seen whole, which of those
#: of Italian and Vietnamese news some 86 and 90 % are.
OVERLAP = 64
#: For models that name no window: what Detoxify's have.
_WINDOW = 512


class Scorer:
    """A classifier with its tokenizer; full precision, unless `half`."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        columns: Mapping[str, Sequence[int]],
        half: bool = False,
        exclusive: bool = False,
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
        self._room = self.window - len(self._before) - len(self._after)
        self._padding = tokenizer.pad_token_id or 0

    def scores(self, texts: Sequence[str], tokens: int | None = None) -> list[dict[str, float | None]]:
        """For each text field -> 0 to 1, the maximum of its pieces; a text of white space has None everywhere.

        `tokens`: of a batch, padding included; never less than one piece.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        pieces = [self.pieces(ids) for ids in self._ids(texts)]
        owners = np.repeat(np.arange(len(texts)), [len(each) for each in pieces])
        values = self.piece_scores([piece for each in pieces for piece in each], tokens)
        best = np.full((len(texts), len(self.columns)), -np.inf)
        np.maximum.at(best, owners, values)
        return [dict(zip(self.columns, map(float, row), strict=True)) if each else dict.fromkeys(self.columns)
                for row, each in zip(best, pieces, strict=True)]  # fmt: skip

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens without the special ones; none for white space, of which a model has an opinion all the same."""
        full = [text for text in texts if text.strip()]
        found = iter(self.tokenizer(full, add_special_tokens=False, verbose=False)["input_ids"] if full else ())
        return [list(next(found)) if text.strip() else [] for text in texts]

    def pieces(self, ids: Sequence[int]) -> list[list[int]]:
        """Tokens of a text -> pieces of equal length that fit the window, special tokens added; neighbours overlap."""
        if not ids:
            return []
        if len(ids) <= self._room:
            return [[*self._before, *ids, *self._after]]
        overlap = min(OVERLAP, self._room // 4)
        count = math.ceil((len(ids) - overlap) / (self._room - overlap))
        step = math.ceil((len(ids) - overlap) / count)
        starts = range(0, len(ids) - overlap, step)
        return [[*self._before, *ids[start : start + step + overlap], *self._after] for start in starts]

    def piece_scores(self, pieces: Sequence[Sequence[int]], tokens: int | None = None) -> np.ndarray:
        """[pieces, fields] of pieces as `pieces` makes them, batched by length."""
        import numpy as np
        import torch

        usual, start = (GPU_TOKENS, GPU_START) if self.device.type == "cuda" else (CPU_TOKENS, CPU_START)
        values = np.zeros((len(pieces), len(self.columns)))
        for batch in batches([len(piece) for piece in pieces], tokens or usual, start):
            with torch.inference_mode():
                values[batch] = self._forward([pieces[number] for number in batch])
        if not np.isfinite(values).all():
            raise NewsmillError("toxicity: the model gives numbers that are infinite or none: take another one")
        return values

    def _forward(self, pieces: Sequence[Sequence[int]]) -> np.ndarray:
        """[pieces, fields]; where the GPU's memory does not do, by halves."""
        import torch

        try:
            return self._values(pieces)
        except torch.OutOfMemoryError:
            if len(pieces) == 1:
                raise
        import numpy as np

        middle = len(pieces) // 2
        return np.concatenate([self._forward(pieces[:middle]), self._forward(pieces[middle:])])

    def _values(self, pieces: Sequence[Sequence[int]]) -> np.ndarray:
        import numpy as np
        import torch

        longest = max(map(len, pieces))
        ids = np.full((len(pieces), longest), self._padding)
        for row, piece in zip(ids, pieces, strict=True):
            row[: len(piece)] = piece
        lengths = np.array([len(piece) for piece in pieces])
        mask = torch.from_numpy(np.arange(longest) < lengths[:, None]).long().to(self.device)
        out = self.model(input_ids=torch.from_numpy(ids).to(self.device), attention_mask=mask)
        return self._fields(out.logits.float())

    def _fields(self, logits: torch.Tensor) -> np.ndarray:
        """[pieces, outputs] -> [pieces, fields]."""
        import numpy as np

        chances = (logits.softmax(-1) if self.exclusive else logits.sigmoid()).cpu().numpy()
        join = np.sum if self.exclusive else np.max
        return np.stack([join(chances[:, list(each)], axis=1) for each in self.columns.values()], axis=1)


def batches(lengths: Sequence[int], tokens: int, start: int = 0) -> list[list[int]]:
    """Numbers of pieces in batches, the longest pieces first: those that cost least of all that keep to the budget.

    A batch costs `start` and its longest length times its count; that product is at most `tokens`, or its count is 1.
    Filled to the brim one after the other, batches of news of mixed length took 5 to 20 % more.
    """
    import numpy as np

    order = sorted(range(len(lengths)), key=lambda each: (-lengths[each], each))
    # Of the first n pieces: least cost, and where the last batch begins.
    cost, begins = np.full(len(order) + 1, np.inf), np.zeros(len(order) + 1, dtype=int)
    cost[0] = 0
    for first, number in enumerate(order):
        most = min(len(order) - first, max(1, tokens // lengths[number]))
        here = cost[first] + start + lengths[number] * np.arange(1, most + 1)
        ends = first + 1 + np.flatnonzero(here < cost[first + 1 : first + 1 + most])
        cost[ends], begins[ends] = here[ends - first - 1], first
    found: list[list[int]] = []
    end = len(order)
    while end:
        found.append(order[begins[end] : end])
        end = int(begins[end])
    return found[::-1]


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
