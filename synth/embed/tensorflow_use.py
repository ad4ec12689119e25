"""Universal Sentence Encoder through TensorFlow: a handle of TensorFlow Hub, or the folder of a SavedModel."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.embed.dense_rows import unit_rows, unloadable

if TYPE_CHECKING:
    import numpy as np


class TensorFlowUseEmbedder:
    """A handle or folder, as in `use:HANDLE`: a SavedModel that takes texts and gives a row for each."""

    def __init__(self, handle: str) -> None:
        self.name = f"use:{handle}"
        self._model, self._dimensions = _load_use(handle)

    def encode(self, texts: Sequence[str], batch_size: int = 64) -> np.ndarray:
        """[texts, dimensions] float32 rows of unit length, zeros for a text of white space alone.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        parts = [np.asarray(self._model(list(texts[i : i + batch_size]))) for i in range(0, len(texts), batch_size)]
        rows = np.concatenate(parts) if parts else np.zeros((0, self._dimensions))
        return unit_rows(rows, texts, self.name)


def _load_use(handle: str) -> tuple[Any, int]:
    """(the model, dimensions of its rows), tried on a text: a folder may well hold a SavedModel of something else."""
    try:
        with quiet():
            import tensorflow_hub

            # Registers the SentencePiece operations that the multilingual models are made of.
            with suppress(ImportError):
                import tensorflow_text  # noqa: F401
            model = tensorflow_hub.load(handle)
            shape = tuple(model(["a"]).shape)
    except ImportError as error:
        raise NewsmillError(f"embedder use:{handle} needs pip install 'newsmill[use-tf]' ({error})") from error
    except Exception as error:
        raise unloadable("use", handle, error) from error
    if len(shape) != 2 or shape[0] != 1:
        raise unloadable("use", handle, f"for one text it gives {list(shape)}, no row of numbers")
    return model, shape[1]


@contextmanager
def quiet() -> Iterator[None]:
    """Without what TensorFlow says of the machine when it starts: some of it comes before it reads any setting.

    Set TF_CPP_MIN_LOG_LEVEL, to 0 for instance, to see all of it.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or sys.stderr is None:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    sys.stderr.flush()
    stderr_copy, null_device = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null_device, 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(stderr_copy, 2)
        os.close(stderr_copy)
        os.close(null_device)
