"""What embedders of neural models share: their rows made ones of unit length, and a model that cannot be loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crawler.items import NewsmillError

if TYPE_CHECKING:
    import numpy as np


def unit_rows(rows: np.ndarray, texts: Sequence[str], name: str) -> np.ndarray:
    """[texts, dimensions] float32 rows of unit length; zeros for blank texts, which a model finds alike."""
    import numpy as np

    if not np.isfinite(rows).all():
        raise NewsmillError(f"embedder {name}: it gives numbers that are infinite or none: take another model")
    rows = np.where(np.array([bool(text.strip()) for text in texts], dtype=bool)[:, None], rows, 0.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: np.ndarray = (rows / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return unit


def unloadable(kind: str, model: str, reason: object) -> NewsmillError:
    """The error for a model that cannot be loaded: its kind and name, why, in one line, and what to give instead."""
    message = " ".join(str(reason).split()).rstrip(" .:")
    message = message if len(message) <= 200 else message[:200] + "…"
    return NewsmillError(f"embedder {kind}: cannot load {model}: {message}: give a local folder, {kind}:FOLDER")
