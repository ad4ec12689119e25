"""Losses of the learned tokens alone: no other place of a row goes through the output head.

A vocabulary of 262,144 costs more at the head than in all layers of a small model. Where even the learned tokens'
logits would take gigabytes, they are made a piece at a time and made again for the gradient, so that one piece is in
memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from train.models.litgpt_engine import head_at

if TYPE_CHECKING:
    from torch import Tensor

#: Logits that are made at once without a second thought: a gigabyte in 32 bits. Of a piece: a quarter of it.
MOST, PIECE = 2**28, 2**26


class Learned(NamedTuple):
    """losses: float32 [n] of the learned tokens; rows: int64 [n], the row of each; outputs: the model's own.

    The outputs' logits are those of the learned tokens [n, vocabulary], or none [0, vocabulary] where they were made in
    pieces.
    """

    losses: Tensor
    rows: Tensor
    outputs: Any


def learned(labels: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """((rows, columns) before a learned token, those tokens [n]) of labels [rows, tokens], -100 elsewhere."""
    targets = labels[:, 1:]
    rows, columns = (targets != -100).nonzero(as_tuple=True)
    return (rows, columns), targets[rows, columns]


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of tokens [n] by their logits [n, vocabulary], in float32."""
    import torch

    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="none")


def losses_of(
    model: Any, head: Any, labels: Tensor, inputs: dict[str, Any], autocast: AbstractContextManager[Any] | None = None
) -> Learned:
    """Losses of the learned tokens of a batch. head: the model's output head. autocast: what its layers compute in."""
    places, targets = learned(labels)
    if in_pieces(len(targets), head, getattr(model, "config", None)):
        with _hidden_at(head, places) as hidden:
            outputs = model(**inputs, use_cache=False)
        with autocast or nullcontext():
            return Learned(_piece_by_piece(head, hidden[0], targets, _cap(model.config)), places[0], outputs)
    with head_at(head, places):
        outputs = model(**inputs, use_cache=False)
    return Learned(token_losses(outputs.logits, targets), places[0], outputs)


def in_pieces(tokens: int, head: Any, config: Any) -> bool:
    """Whether so many tokens' logits are made a piece at a time.

    Not where the model does something to its logits that is not known here, nor where its weights are split over GPUs.
    """
    from train.huggingface.model import sharded

    if tokens * getattr(head, "out_features", 0) <= MOST or config is None or sharded():
        return False
    text = config.get_text_config()
    return not any(getattr(text, name, None) not in (None, 1, 1.0) for name in ("logit_scale", "logits_scaling"))


def _cap(config: Any) -> float | None:
    """Gemma 2 bends its logits towards a largest one."""
    return getattr(config.get_text_config(), "final_logit_softcapping", None)


@contextmanager
def _hidden_at(head: Any, places: tuple[Tensor, Tensor]) -> Iterator[list[Tensor]]:
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


def _piece_by_piece(head: Any, hidden: Tensor, targets: Tensor, cap: float | None) -> Tensor:
    import torch
    from torch.utils.checkpoint import checkpoint

    def losses(some: Tensor, tokens: Tensor) -> Tensor:
        logits = head(some)
        return token_losses(logits if cap is None else torch.tanh(logits / cap) * cap, tokens)

    size = max(1, PIECE // head.out_features)
    pieces = zip(hidden.split(size), targets.split(size), strict=True)
    return torch.cat([checkpoint(losses, some, tokens, use_reentrant=False) for some, tokens in pieces])
