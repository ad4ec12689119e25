"""Losses of the learned tokens of transformers' models, and which rows they are of."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from train.litgpt.learned_tokens import MOST, PIECE, head_at, hidden_at, learned, losses_by_pieces, token_losses

if TYPE_CHECKING:
    from torch import Tensor


class Learned(NamedTuple):
    """losses: float32 [n] of the learned tokens; rows: int64 [n], the row of each; outputs: the model's own.

    The outputs' logits are those of the learned tokens [n, vocabulary], or none [0, vocabulary] where they were made in
    pieces.
    """

    losses: Tensor
    rows: Tensor
    outputs: Any


def losses_of(
    model: Any, head: Any, labels: Tensor, inputs: dict[str, Any], autocast: AbstractContextManager[Any] | None = None
) -> Learned:
    """Losses of the learned tokens of a batch. head: the model's output head. autocast: what its layers compute in."""
    places, targets = learned(labels)
    if in_pieces(len(targets), head, getattr(model, "config", None)):
        with hidden_at(head, places) as hidden:
            outputs = model(**inputs, use_cache=False)
        with autocast or nullcontext():
            size = max(1, PIECE // head.out_features)
            losses = losses_by_pieces(head, hidden[0], targets, _cap(model.config), size)
            return Learned(losses, places[0], outputs)
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
