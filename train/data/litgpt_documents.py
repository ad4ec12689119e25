"""LitGPT's models read each document of a packed row for itself.

LitGPT 0.5.13 has one mask of attention, the causal one: a token reads all that stands before it in its row, another
document's end included. While `attend_within_documents` is set, what a model of LitGPT is trained or measured on is
masked at the end tokens. Positions run on over a row: LitGPT's are rotary, which know distances alone. Writing, which
has `input_pos`, stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class _Documents:
    """The end token of this process's documents; None: rows are one document each."""

    end: int | None = None


def attend_within_documents(end: int | None) -> None:
    """From now on, in this process, attention ends at this token; None: everything in a row is read."""
    _Documents.end = end
    if end is None:
        return
    from litgpt.model import GPT, CausalSelfAttention

    if not hasattr(GPT.forward, "whole_rows"):
        setattr(GPT, "forward", _forward(GPT.forward))  # noqa: B010
        attend = CausalSelfAttention.scaled_dot_product_attention
        setattr(CausalSelfAttention, "scaled_dot_product_attention", _attention(attend))  # noqa: B010


@contextmanager
def whole_rows() -> Iterator[None]:
    """While it lasts, models read whole rows, also in a process that trained on documents: what a check compares."""
    end, _Documents.end = _Documents.end, None
    try:
        yield
    finally:
        _Documents.end = end


def _forward(of_whole_rows: Any) -> Any:
    def forward(model: Any, idx: torch.Tensor, input_pos: Any = None, *more: Any, **options: Any) -> Any:
        end = _Documents.end
        # Ids without values are a plan's, which counts a step's operations.
        allowed = None if end is None or input_pos is not None or idx.is_meta else same_document(idx, end)
        for block in model.transformer.h:
            block.attn.same_document = allowed
        return of_whole_rows(model, idx, input_pos, *more, **options)

    setattr(forward, "whole_rows", of_whole_rows)  # noqa: B010
    return forward


def _attention(of_whole_rows: Any) -> Any:
    def attention(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Any = None) -> Any:
        import torch

        allowed = getattr(module, "same_document", None)
        if allowed is not None:
            bias = torch.zeros(allowed.shape, dtype=q.dtype, device=q.device).masked_fill_(~allowed, float("-inf"))
            # LitGPT's own mask is that of a sliding window.
            mask = bias if mask is None else bias + mask
        return of_whole_rows(module, q, k, v, mask)

    return attention


def same_document(ids: torch.Tensor, end: int) -> torch.Tensor | None:
    """Which tokens a token may read, bool [rows, 1, tokens, tokens]: those before it since the last end token.

    None where no row holds the beginning of a second document.

    Args:
        ids: int64 [rows, tokens].
    """
    import torch

    ends = ids == end
    if not ends[:, :-1].any():
        return None
    # The end token is its document's own last one.
    number = ends.cumsum(dim=1) - ends.long()
    alike = number.unsqueeze(2) == number.unsqueeze(1)
    causal = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool, device=ids.device).tril()
    return (alike & causal).unsqueeze(1)
