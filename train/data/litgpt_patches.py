"""What LitGPT's quantised fine-tuning gets wrong, put right before it builds its model.

LitGPT 0.5.13 (since its pull request 1770) replaces the input embeddings of a quantised model by bitsandbytes'
`StableEmbedding`. That layer normalises what it looks up: the adapter learns on inputs that the base model never had
and that the merged model will not have. On a tiny Llama, the loss of the same weights is 0.001 without the layer and
3.9 with it. Its weights also ask for a gradient that nothing uses, as large as the embeddings themselves.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def keep_embeddings() -> bool:
    """Let LitGPT's next quantised model keep its embeddings as they are; whether anything was changed.

    LitGPT looks the layer up by name when it builds the model, after the data module was connected: that name gives
    frozen, plain embeddings from now on, in this process.
    """
    if importlib.util.find_spec("bitsandbytes") is None:
        return False
    import bitsandbytes

    if getattr(bitsandbytes.nn.StableEmbedding, "keeps", False):
        return False
    setattr(bitsandbytes.nn, "StableEmbedding", _plain_embedding())  # noqa: B010
    return True


def _plain_embedding() -> type[torch.nn.Embedding]:
    import torch

    class PlainEmbedding(torch.nn.Embedding):
        """Embeddings that are looked up and nothing else, frozen as every base weight."""

        keeps = True

        def __init__(self, *sizes: Any, **settings: Any) -> None:
            super().__init__(*sizes, **settings)
            self.weight.requires_grad_(False)

    return PlainEmbedding
