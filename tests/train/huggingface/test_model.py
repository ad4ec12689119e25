"""Which layers get an adapter, over architectures; what cannot be loaded says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.errors import TrainError
from train.huggingface.model import adapter_folder, config_of, context_length, linear_layers, lora_targets
from train.huggingface.settings import PARTS, Settings

LLAMA = [f"model.layers.0.self_attn.{name}_proj" for name in "qkvo"] + [
    *(f"model.layers.0.mlp.{name}_proj" for name in ("gate", "up", "down")), "lm_head",
]  # fmt: skip


@pytest.mark.parametrize(
    ("model_type", "sizes", "expected"),
    [
        ("bloom", {"hidden_size": 16, "n_head": 2, "n_layer": 1},
         {"query_key_value", "self_attention.dense", "dense_h_to_4h", "dense_4h_to_h", "lm_head"}),
        ("gpt2", {"n_embd": 16, "n_head": 2, "n_layer": 1},
         {"c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj", "lm_head"}),
        ("gpt_neox", {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 32},
         {"query_key_value", "attention.dense", "dense_h_to_4h", "dense_4h_to_h", "embed_out"}),
        ("qwen3", {"hidden_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 1,
                   "intermediate_size": 32, "head_dim": 8},
         {"q_proj", "k_proj", "v_proj", "self_attn.o_proj", "gate_proj", "up_proj", "down_proj", "lm_head"}),
        ("phi3", {"hidden_size": 16, "num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 1,
                  "intermediate_size": 32, "pad_token_id": 0},
         {"qkv_proj", "self_attn.o_proj", "gate_up_proj", "down_proj", "lm_head"}),
        ("opt", {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "ffn_dim": 32,
                 "word_embed_proj_dim": 16},
         {"q_proj", "k_proj", "v_proj", "self_attn.out_proj", "fc1", "fc2", "lm_head"}),
    ],
)  # fmt: skip
def test_every_linear_layer_is_found(model_type: str, sizes: dict[str, int], expected: set[str]) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(model_type, vocab_size=64, **sizes))
    layers = linear_layers(model)
    targets, notes = lora_targets(layers, PARTS)
    assert set(targets) == expected
    assert notes == []
    assert all(any(layer.endswith(target) for target in targets) for layer in layers)


def test_parts_are_told_apart() -> None:
    assert lora_targets(LLAMA, ("query", "value"))[0] == ["q_proj", "v_proj"]
    assert lora_targets(LLAMA, ("mlp",))[0] == ["gate_proj", "up_proj", "down_proj"]


def test_a_fused_matrix_is_adapted_whole_and_said_so() -> None:
    targets, notes = lora_targets(["transformer.h.0.self_attention.query_key_value"], ("query", "value"))
    assert targets == ["query_key_value"]
    assert notes == ["query_key_value holds query, key and value in one matrix: the adapter covers all three"]


def test_a_missing_part_names_the_layers_there_are() -> None:
    with pytest.raises(TrainError, match=r"no layer for lora_mlp; its linear layers: q_proj"):
        lora_targets(["model.layers.0.self_attn.q_proj"], ("query", "mlp"))


def test_towers_that_see_are_left_alone() -> None:
    assert lora_targets([*LLAMA, "vision_tower.layers.0.self_attn.out_proj"], ("projection",))[0] == [
        "self_attn.o_proj"
    ]


def test_folders_of_another_form(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"no config\.json"):
        config_of(str(tmp_path))
    with pytest.raises(TrainError, match="there is no folder checkpoints/none"):
        config_of("checkpoints/none")
    (tmp_path / "lit_model.pth").touch()
    with pytest.raises(TrainError, match="train convert"):
        config_of(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(TrainError, match="cannot read the configuration"):
        config_of(str(tmp_path))


def test_an_adapter_is_found_in_a_run_s_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="holds no adapter"):
        adapter_folder(tmp_path)
    (tmp_path / "final").mkdir()
    (tmp_path / "final/adapter_config.json").write_text("{}")
    assert adapter_folder(tmp_path) == tmp_path / "final"


def test_context_lengths() -> None:
    from transformers import AutoConfig

    assert context_length(AutoConfig.for_model("gpt2")) == 1024
    assert context_length(AutoConfig.for_model("llama", max_position_embeddings=77)) == 77
    assert context_length(AutoConfig.for_model("bloom")) is None


def test_settings_default_to_litgpt_s() -> None:
    import inspect

    from litgpt.finetune.lora import setup

    theirs = {name: value.default for name, value in inspect.signature(setup).parameters.items()}
    ours = Settings()
    for name in ("lora_r", "lora_alpha", "lora_dropout", *(f"lora_{part}" for part in PARTS), "seed"):
        assert getattr(ours, name) == theirs[name], name
    assert (ours.global_batch_size, ours.micro_batch_size) == (16, 1)
    assert (theirs["train"].global_batch_size, theirs["train"].micro_batch_size) == (16, 1)
