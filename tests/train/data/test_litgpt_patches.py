"""A quantised LitGPT run sees the embeddings that its base model and its merged model see."""

from __future__ import annotations

import inspect

import pytest
import torch


@pytest.fixture
def bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> object:
    import bitsandbytes

    monkeypatch.setattr(bitsandbytes.nn, "StableEmbedding", bitsandbytes.nn.StableEmbedding)
    return bitsandbytes


def as_litgpt_replaces(old: torch.nn.Embedding) -> torch.nn.Embedding:
    """The layer that `litgpt.finetune.lora.main` puts in, by the statements that it has."""
    from bitsandbytes.nn import StableEmbedding

    new = StableEmbedding(old.num_embeddings, old.embedding_dim)
    with torch.no_grad():
        new.weight.copy_(old.weight)
    return new.to(device=old.weight.device, dtype=old.weight.dtype)


def test_the_embeddings_stay_what_they_are(bitsandbytes: object) -> None:
    from train.data.litgpt_patches import keep_embeddings

    old, ids = torch.nn.Embedding(11, 8), torch.arange(11)
    assert not torch.allclose(as_litgpt_replaces(old)(ids), old(ids), atol=0.1), "no longer needed: delete the module"
    assert keep_embeddings()
    new = as_litgpt_replaces(old)
    assert torch.equal(new(ids), old(ids))
    assert [weight.requires_grad for weight in new.parameters()] == [False]
    assert new.state_dict().keys() == old.state_dict().keys()
    assert not keep_embeddings(), "changed a second time"


def test_litgpt_still_takes_the_layer_by_that_name() -> None:
    """When LitGPT changes this, the module has to go or to follow."""
    from litgpt.finetune import lora

    source = inspect.getsource(lora.main)
    assert source.index("get_dataloaders") < source.index("from bitsandbytes.nn import StableEmbedding")
