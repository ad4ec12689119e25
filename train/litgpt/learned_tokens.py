"""The output head at learned tokens alone: no other place of a row goes through it, in either backend.

A vocabulary of 262,144 costs more at the head than in all layers of a small model. Where even the learned tokens'
logits would take gigabytes, they are made a piece at a time and made again for the gradient, so that one piece is in
memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

#: Logits that are made at once without a second thought: a gigabyte in 32 bits. Of a piece: a quarter of it.
MOST, PIECE = 2**28, 2**26


def learned(labels: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """((rows, columns) before a learned token, those tokens [n]) of labels [rows, tokens], -100 elsewhere."""
    targets = labels[:, 1:]
    rows, columns = (targets != -100).nonzero(as_tuple=True)
    return (rows, columns), targets[rows, columns]


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of tokens [n] by their logits [n, vocabulary], in float32."""
    import torch

    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")


def litgpt_loss(
    model: Any, ids: Tensor, labels: Tensor, *, whole: bool = False, autocast: AbstractContextManager[Any] | None = None
) -> Tensor:
    """Mean loss of a learned token of a batch, a number: LitGPT's own but for the rounding.

    Args:
        model: a litgpt.GPT, or Fabric's cover of one. ids, labels: int64 [rows, tokens].
        whole: never in pieces; where weights are split over GPUs.
        autocast: what Fabric computes its layers in.
    """
    places, targets = learned(labels)
    if whole or len(targets) * model.config.padded_vocab_size <= MOST:
        with head_at(model.lm_head, places):
            losses = token_losses(model(ids), targets)
    else:
        with hidden_at(model.lm_head, places) as hidden:
            model(ids)
        cap, size = model.config.final_logit_softcapping, max(1, PIECE // model.config.padded_vocab_size)
        with autocast or nullcontext():
            losses = losses_by_pieces(model.lm_head, hidden[0], targets, cap, size)
    return losses.sum() / max(len(targets), 1)


@contextmanager
def head_at(head: Any, where: tuple[Tensor, Tensor]) -> Iterator[None]:
    """Within: the head sees only the hidden states at (rows, columns), which saves the logits of all other tokens."""
    handle = head.register_forward_pre_hook(lambda _, inputs: (inputs[0][where], *inputs[1:]))
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def hidden_at(head: Any, places: tuple[Tensor, Tensor]) -> Iterator[list[Tensor]]:
    """Within: the head computes nothing, and what it would have got at these places is in the list."""
    hidden: list[Tensor] = []

    def take(_head: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden.append(inputs[0][places])
        return (hidden[-1][:0], *inputs[1:])

    handle = head.register_forward_pre_hook(take)
    try:
        yield hidden
    finally:
        handle.remove()


def losses_by_pieces(head: Any, hidden: Tensor, targets: Tensor, cap: float | None, size: int) -> Tensor:
    """Losses of tokens [n] by what the head would get [n, width], `size` tokens at once. cap: Gemma 2's, or None."""
    import torch
    from torch.utils.checkpoint import checkpoint

    def losses(some: Tensor, tokens: Tensor) -> Tensor:
        logits = head(some)
        return token_losses(logits if cap is None else torch.tanh(logits / cap) * cap, tokens)

    pieces = zip(hidden.split(size), targets.split(size), strict=True)
    return torch.cat([checkpoint(losses, some, tokens, use_reentrant=False) for some, tokens in pieces])
