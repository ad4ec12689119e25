"""Settings that llama.cpp would compute otherwise are refused; windows, frequencies and the model's card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError
from train.models.gguf.write_settings import check_computable, frequency_factors, model_card, period

GEMMA: dict[str, Any] = {
    "model_type": "gemma3_text", "query_pre_attn_scalar": 256, "num_hidden_layers": 18, "head_dim": 256,
    "hidden_size": 640, "num_attention_heads": 4, "hidden_activation": "gelu_pytorch_tanh",
    "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 3,
}  # fmt: skip


def test_published_ones_can_be_computed() -> None:
    check_computable(GEMMA)
    large = {"num_hidden_layers": 62, "query_pre_attn_scalar": 168, "hidden_size": 5376, "num_attention_heads": 32}
    types = (["sliding_attention"] * 5 + ["full_attention"]) * 10 + ["sliding_attention"] * 2
    check_computable(GEMMA | large | {"layer_types": types})
    check_computable({"model_type": "llama", "hidden_act": "silu"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_pre_attn_scalar": 168}, "divides attention by the root of 256, this model by that of 168"),
        ({"layer_types": ["full_attention", "sliding_attention"] * 9}, "every n-th layer only"),
        ({"hidden_activation": "gelu"}, "approximation by tanh"),
    ],
)
def test_others_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        check_computable(GEMMA | change)


@pytest.mark.parametrize(
    ("types", "step"), [("ssf", 3), ("sf", 2), ("sfsf", 2), ("ssssss", 7), ("s", 6), ("ff", 1), ("fs", None)]
)
def test_every_how_many_layers(types: str, step: int | None) -> None:
    names = {"s": "sliding_attention", "f": "full_attention"}
    assert period(GEMMA | {"layer_types": [names[letter] for letter in types]}) == step


def test_frequencies_are_those_of_transformers() -> None:
    """Llama 3.1: transformers divides the frequencies themselves."""
    import torch
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    scaling = {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }  # fmt: skip
    config = LlamaConfig(
        rope_parameters=scaling | {"rope_theta": 500000.0}, head_dim=128, max_position_embeddings=131072
    )
    theirs, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    factors = frequency_factors({"rope_scaling": scaling, "head_dim": 128, "rope_theta": 500000.0})
    assert factors is not None
    plain = 500000.0 ** -(torch.arange(0, 128, 2) / 128)
    torch.testing.assert_close(plain / torch.from_numpy(factors), theirs.float(), rtol=1e-5, atol=0)
    assert frequency_factors({"rope_scaling": None}) is None
    assert frequency_factors({"rope_scaling": {"rope_type": "linear", "factor": 8.0}}) is None


def test_the_head_of_a_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/README.md").write_text("# No head\n")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn/README.md").write_text("---\nlicense: [\n---\n")
    assert model_card(tmp_path / "none", tmp_path / "other", tmp_path / "torn", tmp_path) == {"license": "mit"}
    assert model_card(tmp_path / "other") == {}
