"""How near an answer is to each of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.embed import Embedder


def similarities(answer: str, sources: Sequence[str], embedder: Embedder) -> list[float]:
    """Cosine of the answer to each source, in [-1, 1]; [] without sources. An empty text is near nothing: 0.

    With `tfidf` the weights are those the embedder was fitted on; an embedder that was not is fitted on these texts.
    """
    if not sources:
        return []
    rows = embedder.encode([answer, *sources])
    product = rows[1:] @ rows[:1].T
    column = product.toarray() if hasattr(product, "toarray") else product
    return [round(min(1.0, max(-1.0, float(value))), 6) for value in column.ravel()]
