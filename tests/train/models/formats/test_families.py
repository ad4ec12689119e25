"""The names by which LitGPT goes for a Hugging Face configuration, and what it has no form for."""

from __future__ import annotations

import pytest

from train.errors import TrainError


def test_names_by_which_litgpt_goes() -> None:
    from transformers import Gemma2Config, LlamaConfig

    from train.models.formats.families import litgpt_name, to_litgpt

    smol = LlamaConfig(
        hidden_size=960, intermediate_size=2560, num_hidden_layers=32, num_attention_heads=15, num_key_value_heads=5,
        vocab_size=49152,
    )  # fmt: skip
    assert litgpt_name(smol, "SmolLM2-360M-Instruct") == "SmolLM2-360M-Instruct"
    assert litgpt_name(smol, "vinasmol") == "SmolLM2-360M"
    assert litgpt_name(LlamaConfig(hidden_size=32), "my-Gemma-like-llama") == "my-gemma-like-llama"
    assert litgpt_name(Gemma2Config(hidden_size=32), "news") == "Gemma-2-news"
    for changed in ({"hidden_act": "relu"}, {"mlp_bias": True}, {"attention_bias": True}):
        with pytest.raises(TrainError, match="LitGPT"):
            to_litgpt(LlamaConfig(**changed), "a", 10)
    yarn = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}
    with pytest.raises(TrainError, match="yarn"):
        to_litgpt(LlamaConfig(rope_parameters=yarn), "a", 10)
