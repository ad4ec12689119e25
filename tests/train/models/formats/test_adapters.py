"""LoRA of LitGPT and of PEFT: the same sums, whatever is trained and however it is kept.

Covers train.models.formats.conversion, train.models.formats.folder,
train.models.formats.litgpt_adapters, train.models.formats.peft_adapters, train.models.formats.write.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.train.convert_fixtures import ALL
from train.errors import TrainError

PARTS = ("lora_query", "lora_key", "lora_value")


def lit_config(**more: Any) -> Any:
    from litgpt import Config

    sizes: dict[str, Any] = {
        "name": "some-model", "n_layer": 1, "n_embd": 24, "n_head": 4, "n_query_groups": 2, "vocab_size": 64,
        "padded_vocab_size": 64, "block_size": 32, "rotary_percentage": 1.0, "parallel_residual": False, "bias": False,
        "norm_class_name": "RMSNorm", "mlp_class_name": "LLaMAMLP", "intermediate_size": 40,
    }  # fmt: skip
    return Config(**sizes | more)


def lit_adapter(folder: Path, config: Any, flags: dict[str, bool], rank: int, alpha: int) -> Any:
    """LitGPT's own model with random LoRA, saved into `folder`; the model."""
    import torch
    import yaml
    from litgpt.lora import GPT, lora_filter
    from litgpt.lora import Config as LoraConfig

    said = {"lora_r": rank, "lora_alpha": alpha, "lora_dropout": 0.0} | dict.fromkeys(ALL, False) | flags
    model = GPT(LoraConfig(**{name: getattr(config, name) for name in config.__dataclass_fields__} | said))
    for name, weight in model.named_parameters():
        if lora_filter(name, weight):
            torch.nn.init.normal_(weight)
    tensors = {name: weight for name, weight in model.state_dict().items() if lora_filter(name, weight)}
    folder.mkdir(parents=True, exist_ok=True)
    torch.save({"model": tensors}, folder / "lit_model.pth.lora")
    (folder / "hyperparameters.yaml").write_text(yaml.safe_dump(said))
    return model


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flags=st.sets(st.sampled_from(sorted(ALL)), min_size=1),
    heads=st.sampled_from([(4, 4, 6), (4, 2, 6), (4, 1, 6), (3, 1, 10)]),
    rank=st.integers(1, 5),
    alpha=st.integers(1, 40),
)
def test_the_fused_layer_taken_apart_adds_what_litgpt_adds(
    tmp_path: Path, flags: set[str], heads: tuple[int, int, int], rank: int, alpha: int
) -> None:
    import torch

    from train.models.formats.families import family_of, pairs
    from train.models.formats.litgpt_adapters import litgpt_tensors, read_litgpt

    config = lit_config(n_head=heads[0], n_query_groups=heads[1], head_size=heads[2])
    model = lit_adapter(tmp_path, config, dict.fromkeys(flags, True), rank, alpha)
    family = family_of(config)
    lora = read_litgpt(tmp_path, config, family)
    for lit, names in pairs(config, family):
        layer = lit.removesuffix(".weight")
        module = model.get_submodule(layer)
        names = tuple(name.removesuffix(".weight") for name in names)
        if not any(name in lora.modules for name in names):
            assert not getattr(module, "r", 0) or not any(getattr(module, "enable_lora", [True]))
            continue
        theirs = module.get_lora_AB()
        shapes = theirs.split([len(theirs)] if len(names) == 1 else [heads[0] * heads[2], *[heads[1] * heads[2]] * 2])
        for name, part in zip(names, shapes, strict=True):
            zeros = torch.zeros_like(part)
            ours = lora.modules[name].added_to(zeros) if name in lora.modules else zeros
            torch.testing.assert_close(ours, part.detach(), rtol=1e-5, atol=1e-5)
    tensors, said = litgpt_tensors(lora, config, family)
    kept = torch.load(tmp_path / "lit_model.pth.lora", weights_only=True)["model"]
    assert set(tensors) == set(kept)
    assert all(torch.equal(tensors[name], kept[name]) for name in kept)
    assert {name for name in ALL if said[name]} == flags
    assert (said["lora_r"], said["lora_alpha"]) == (rank, alpha)


def test_files_of_two_runs_are_told_apart(tmp_path: Path) -> None:
    import yaml

    from train.models.formats.families import family_of
    from train.models.formats.litgpt_adapters import read_litgpt

    config = lit_config()
    lit_adapter(tmp_path, config, ALL, 4, 8)
    said = yaml.safe_load((tmp_path / "hyperparameters.yaml").read_text())
    for changed in ({"lora_r": 8}, {"lora_key": False}, {"lora_r": 0}):
        (tmp_path / "hyperparameters.yaml").write_text(yaml.safe_dump(said | changed))
        with pytest.raises(TrainError, match="hyperparameters"):
            read_litgpt(tmp_path, config, family_of(config))
    (tmp_path / "hyperparameters.yaml").write_text(yaml.safe_dump(said))
    other = lit_config(n_head=2, n_query_groups=2, head_size=6)
    with pytest.raises(TrainError, match="are they of one run"):
        read_litgpt(tmp_path, other, family_of(other))


def peft_model(**lora: Any) -> tuple[Any, Any]:
    """(transformers' tiny Llama with a random adapter, the same Llama without)."""
    import copy

    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    plain = LlamaForCausalLM(LlamaConfig(
        vocab_size=64, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64,
    ))  # fmt: skip
    model = get_peft_model(copy.deepcopy(plain), LoraConfig(task_type="CAUSAL_LM", **lora))
    for name, weight in model.named_parameters():
        if "lora_B" in name or "magnitude" in name:
            weight.data = weight.data + torch.rand_like(weight) * 0.1
    return model, plain


LORAS: dict[str, dict[str, Any]] = {
    "plain": {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]},
    "whole": {"r": 3, "lora_alpha": 7, "target_modules": "all-linear"},
    "stabilised": {"r": 4, "lora_alpha": 8, "use_rslora": True, "target_modules": ["q_proj", "down_proj"]},
    "patterns": {
        "r": 4, "lora_alpha": 8, "rank_pattern": {"q_proj": 2, "layers.1.self_attn.v_proj": 6},
        "alpha_pattern": {"v_proj": 24}, "target_modules": ["q_proj", "v_proj", "up_proj", "lm_head"],
    },
    "one layer": {"r": 2, "lora_alpha": 4, "layers_to_transform": [1], "target_modules": ["k_proj", "o_proj"]},
    "dora": {"r": 4, "lora_alpha": 8, "use_dora": True, "target_modules": ["q_proj", "down_proj"]},
}  # fmt: skip


@pytest.mark.parametrize("name", LORAS)
def test_merging_is_what_peft_does(tmp_path: Path, name: str) -> None:
    import torch

    from train.models.formats.adapters import merged
    from train.models.formats.peft_adapters import read_peft

    model, plain = peft_model(**LORAS[name])
    model.save_pretrained(tmp_path)
    ours = merged(plain.state_dict(), read_peft(tmp_path), tmp_path)
    theirs = model.merge_and_unload().state_dict()
    assert set(ours) == set(theirs)
    for key in theirs:
        torch.testing.assert_close(ours[key], theirs[key], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in LORAS if name != "dora"])
def test_an_adapter_of_peft_computes_the_same_in_litgpt(tmp_path: Path, name: str) -> None:
    import torch
    from litgpt.lora import GPT
    from litgpt.lora import Config as LoraConfig
    from litgpt.scripts.convert_hf_checkpoint import copy_weights_hf_llama

    from train.models.formats.families import family_of
    from train.models.formats.litgpt_adapters import litgpt_tensors
    from train.models.formats.peft_adapters import read_peft

    model, plain = peft_model(**LORAS[name])
    model.save_pretrained(tmp_path)
    config = lit_config(n_layer=2, norm_eps=1e-6)
    tensors, hyperparameters = litgpt_tensors(read_peft(tmp_path), config, family_of(config))
    weights: dict[str, Any] = {}
    copy_weights_hf_llama(config, {}, weights, plain.state_dict())
    fields = {field: getattr(config, field) for field in config.__dataclass_fields__}
    lit = GPT(LoraConfig(**fields | hyperparameters))
    result = lit.load_state_dict(weights, strict=False)
    assert not result.unexpected_keys
    assert set(result.missing_keys) == {name for name in lit.state_dict() if "lora_" in name}
    assert not lit.load_state_dict(tensors, strict=False).unexpected_keys
    ids = torch.arange(1, 13)[None]
    with torch.no_grad():
        expected, bare = model.eval()(ids).logits, plain.eval()(ids).logits
        torch.testing.assert_close(lit.eval()(ids), expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(bare, expected, atol=1e-3), "the adapter changes what is computed"


@pytest.mark.parametrize("name", [name for name in LORAS if name != "dora"])
def test_an_adapter_of_peft_comes_back_from_litgpts_file(tmp_path: Path, name: str) -> None:
    import torch

    from train.models.formats.adapters import merged
    from train.models.formats.families import family_of
    from train.models.formats.litgpt_adapters import litgpt_tensors, read_litgpt
    from train.models.formats.peft_adapters import read_peft

    model, plain = peft_model(**LORAS[name])
    model.save_pretrained(tmp_path)
    lora = read_peft(tmp_path)
    config = lit_config(n_layer=2)
    tensors, said = litgpt_tensors(lora, config, family_of(config))
    import yaml

    torch.save({"model": tensors}, tmp_path / "lit_model.pth.lora")
    (tmp_path / "hyperparameters.yaml").write_text(yaml.safe_dump(said))
    again = read_litgpt(tmp_path, config, family_of(config))
    one, other = (merged(plain.state_dict(), each, tmp_path) for each in (lora, again))
    for key in one:
        torch.testing.assert_close(one[key], other[key], rtol=1e-6, atol=1e-7)


def test_what_litgpt_cannot_do_is_said(tmp_path: Path) -> None:
    from train.models.formats.families import family_of
    from train.models.formats.litgpt_adapters import litgpt_tensors
    from train.models.formats.peft_adapters import read_peft

    model, _ = peft_model(**LORAS["dora"])
    model.save_pretrained(tmp_path)
    with pytest.raises(TrainError, match="no DoRA"):
        litgpt_tensors(read_peft(tmp_path), lit_config(n_layer=2), family_of(lit_config()))
    model, _ = peft_model(**LORAS["plain"])
    model.save_pretrained(tmp_path / "b")
    lora = read_peft(tmp_path / "b")
    with pytest.raises(TrainError, match=r"has no model\.layers\.1"):
        litgpt_tensors(lora, lit_config(n_layer=1), family_of(lit_config()))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"peft_type": "IA3"}, "type IA3"),
        ({"bias": "all"}, "bias"),
        ({"modules_to_save": ["embed_tokens"]}, "modules_to_save"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
    ],
)
def test_adapters_of_other_kinds_are_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    from train.models.formats.peft_adapters import read_peft

    model, _ = peft_model(**LORAS["plain"])
    model.save_pretrained(tmp_path)
    said = json.loads((tmp_path / "adapter_config.json").read_text()) | changed
    (tmp_path / "adapter_config.json").write_text(json.dumps(said))
    with pytest.raises(TrainError, match=told):
        read_peft(tmp_path)


def test_a_base_that_is_copied_beside_the_adapter_is_looked_at(tmp_path: Path) -> None:
    from train.models.formats.adapters import merged
    from train.models.formats.peft_adapters import read_peft

    model, plain = peft_model(r=2, lora_alpha=2, target_modules=["lm_head"])
    model.save_pretrained(tmp_path, save_embedding_layers=True)
    lora = read_peft(tmp_path)
    assert set(lora.copied)
    merged(plain.state_dict(), lora, tmp_path)
    other = {name: weight + 1 for name, weight in plain.state_dict().items()}
    with pytest.raises(TrainError, match="brings its own"):
        merged(other, lora, tmp_path)


def test_another_models_adapter_does_not_fit(tmp_path: Path) -> None:
    import torch

    from train.models.formats.adapters import Delta, Lora, merged

    weights = {"model.embed_tokens.weight": torch.ones(5, 3), "a.weight": torch.ones(4, 3)}
    for name, rows in (("b", 4), ("a", 5)):
        lora = Lora(2, 2, 0.0, {name: Delta(torch.ones(2, 3), torch.ones(rows, 2), 1.0)})
        with pytest.raises(TrainError, match="not its base model"):
            merged(weights, lora, tmp_path)
    head = merged(weights, Lora(2, 2, 0.0, {"lm_head": Delta(torch.ones(2, 3), torch.ones(5, 2), 0.5)}), tmp_path)
    assert math.isclose(float(head["lm_head.weight"][0, 0]), 2.0)
    assert math.isclose(float(head["model.embed_tokens.weight"][0, 0]), 1.0)
