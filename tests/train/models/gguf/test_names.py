"""Names and order of the weights in GGUF."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from train.errors import TrainError
from train.models.gguf.names import ARCHITECTURES, as_computed, as_stored, gguf_name, gguf_names


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_each_family_has_names_for_its_block(model_type: str) -> None:
    four = model_type in ("gemma2", "gemma3_text")
    names = gguf_names(
        [f"model.layers.2.{part}.weight" for part in ("self_attn.q_proj", "post_attention_layernorm", "mlp.down_proj")],
        model_type,
        3,
    )
    behind = "blk.2.post_attention_norm.weight" if four else "blk.2.ffn_norm.weight"
    assert list(names.values()) == ["blk.2.attn_q.weight", behind, "blk.2.ffn_down.weight"]
    assert gguf_name("model.embed_tokens.weight", model_type, 3) == "token_embd.weight"


def test_what_has_no_name_is_an_error_of_one_line() -> None:
    with pytest.raises(TrainError, match=r"no name for model.vision.weight"):
        gguf_name("model.vision.weight", "llama", 1)
    with pytest.raises(TrainError, match=r"no name for model.layers.7"):
        gguf_name("model.layers.7.self_attn.q_proj.weight", "llama", 7)


def config(model_type: str) -> SimpleNamespace:
    return SimpleNamespace(model_type=model_type, num_attention_heads=4, num_key_value_heads=2)


@pytest.mark.parametrize("leaf", ["self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.q_proj.bias"])
def test_rows_of_llamas_heads_are_turned_as_llama_cpp_does(leaf: str) -> None:
    """One head of four rows: first half 0, 1 and second half 2, 3 become neighbours 0, 2, 1, 3."""
    heads = 4 if "q_proj" in leaf else 2
    weight = torch.arange(heads * 4.0)
    stored = as_stored(f"model.layers.0.{leaf}", weight, config("llama"))
    assert stored.tolist() == [4 * head + row for head in range(heads) for row in (0, 2, 1, 3)]
    assert torch.equal(as_computed(f"model.layers.0.{leaf}", stored, config("llama")), weight)
    assert torch.equal(as_stored(f"model.layers.0.{leaf}", weight, config("qwen2")), weight)


@pytest.mark.parametrize("name", ["model.norm.weight", "model.layers.0.self_attn.q_norm.weight"])
def test_gemmas_norms_are_kept_with_their_one(name: str) -> None:
    weight = torch.tensor([0.0, -0.25])
    assert as_stored(name, weight, config("gemma3_text")).tolist() == [1.0, 0.75]
    assert torch.equal(as_computed(name, as_stored(name, weight, config("gemma")), config("gemma")), weight)
    assert torch.equal(as_stored(name, weight, config("qwen3")), weight)
