"""LoRA into its base: LitGPT's and PEFT's adapters, 4-bit bases, DoRA, heads tied to embeddings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.merge.conftest import TEXTS, make_model, weights_of
from train.errors import TrainError
from train.merge.adapters import merge_litgpt, merge_peft
from train.models.checkpoint import merge_fault
from train.models.formats.peft_adapters import beside, load_base

Runner = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def lit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base and adapter in LitGPT's form, of SmolLM2's architecture; the adapter as `step-000002` leaves it."""
    import torch
    from litgpt.lora import GPT, Config, lora_filter

    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("lit")
    make_tiny("SmolLM2-360M", TEXTS, folder / "base")
    step = folder / "step-000002"
    shutil.copytree(folder / "base", step)
    (step / "lit_model.pth").unlink()
    # As `litgpt download` leaves a tied model: head and embedding are one tensor in the file.
    weights = torch.load(folder / "base/lit_model.pth", weights_only=True)
    assert weights["lm_head.weight"].data_ptr() == weights["transformer.wte.weight"].data_ptr()
    ranks = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.05, "lora_query": True, "lora_key": False,
             "lora_value": True, "lora_projection": True, "lora_mlp": True, "lora_head": True}  # fmt: skip
    hyper = {"checkpoint_dir": str(folder / "base"), "precision": "32-true", **ranks}
    (step / "hyperparameters.yaml").write_text(yaml.safe_dump(hyper))
    torch.manual_seed(5)
    model = GPT(Config(**yaml.safe_load((step / "model_config.yaml").read_text()), **ranks))
    lora = {name: 0.1 * torch.randn_like(one) for name, one in model.state_dict().items() if lora_filter(name, one)}
    torch.save(lora, step / "lit_model.pth.lora")
    return folder


def logits_of(model: Any, **given: Any) -> Any:
    import torch

    ids = torch.arange(3, 60)[None]
    with torch.inference_mode():
        out = model(**{"input_ids": ids} | given) if hasattr(model, "generation_config") else model(ids)
    return out.logits if hasattr(out, "logits") else out


def whole_lit(folder: Path) -> Any:
    import torch
    from litgpt import GPT, Config

    model = GPT(Config.from_file(folder / "model_config.yaml"))
    model.load_state_dict(torch.load(folder / "lit_model.pth", weights_only=True))
    return model.eval()


def test_litgpt_adapter_merged_is_base_and_adapter(lit: Path, tmp_path: Path) -> None:
    """Beside LitGPT's own merge and beside LitGPT's model with the adapter apart."""
    import torch
    from litgpt.lora import GPT, Config

    merge_litgpt(lit / "step-000002", lit / "base", tmp_path)
    base = tmp_path / "base"
    shutil.copytree(lit / "base", base)
    weights = torch.load(base / "lit_model.pth", weights_only=True)
    torch.save({name: one.clone() for name, one in weights.items()}, base / "lit_model.pth")
    theirs = by_litgpt(lit / "step-000002", base, tmp_path / "theirs")
    ours = torch.load(tmp_path / "lit_model.pth", weights_only=True)
    for name, weight in torch.load(theirs / "lit_model.pth", weights_only=True).items():
        assert torch.allclose(ours[name], weight, atol=1e-6), name
    hyper = yaml.safe_load((lit / "step-000002/hyperparameters.yaml").read_text())
    ranks = {name: value for name, value in hyper.items() if name.startswith("lora_")}
    apart = GPT(Config(**yaml.safe_load((lit / "base/model_config.yaml").read_text()), **ranks))
    apart.load_state_dict(weights | torch.load(lit / "step-000002/lit_model.pth.lora", weights_only=True))
    difference = (logits_of(apart.eval()) - logits_of(whole_lit(tmp_path))).abs().max()
    assert difference < 1e-4
    assert (logits_of(whole_lit(lit / "base")) - logits_of(whole_lit(tmp_path))).abs().max() > 0.1
    assert (tmp_path / "tokenizer.json").is_file()


def by_litgpt(adapter: Path, base: Path, out: Path) -> Path:
    from litgpt.scripts.merge_lora import merge_lora

    shutil.copytree(adapter, out)
    merge_lora(out, base)
    return out


def test_litgpts_own_merge_of_a_tied_model_is_not_trusted(lit: Path, tmp_path: Path, train: Runner) -> None:
    """LitGPT 0.5.13 adds in place: a head's LoRA gets into the embedding that it shares its tensor with."""
    import torch

    final = by_litgpt(lit / "step-000002", lit / "base", tmp_path / "final")
    before = torch.load(lit / "base/lit_model.pth", weights_only=True)["transformer.wte.weight"]
    spoilt = torch.load(final / "lit_model.pth", weights_only=True)["transformer.wte.weight"]
    assert not torch.equal(before, spoilt)
    assert merge_fault(final) == "LitGPT's own merge spoilt its embedding"
    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: linear\nmodels: {{a: {{model: {final}, weight: 1}}}}\n")
    code, out, err = train("merge", "--config", recipe)
    assert (code, err) == (0, "")
    assert "spoilt its embedding" in out
    merged = weights_of(tmp_path / "out")
    assert torch.equal(merged["model.embed_tokens.weight"], before)
    assert not torch.equal(merged["lm_head.weight"], before)
    assert json.loads((tmp_path / "out/config.json").read_text())["tie_word_embeddings"] is False


def test_a_torn_merge_beside_an_adapter_is_merged_again(lit: Path, tmp_path: Path, train: Runner) -> None:
    """LitGPT writes lit_model.pth in place: a kill in the middle leaves a file that it later takes for finished."""
    final = by_litgpt(lit / "step-000002", lit / "base", tmp_path / "final")
    whole = (final / "lit_model.pth").read_bytes()
    (final / "lit_model.pth").write_bytes(whole[: len(whole) // 2])
    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: linear\nmodels: {{a: {{model: {final}, weight: 1}}}}\n")
    code, out, err = train("merge", "--config", recipe, "--dry-run")
    assert (code, err) == (0, "")
    assert "was torn off, so its adapter is merged again" in out


def test_command_merges_an_interrupted_run(lit: Path, tmp_path: Path, train: Runner) -> None:
    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"out_dir: {tmp_path / 'merged'}\nmethod: lora\nadapter: {lit / 'step-000002'}\n")
    code, out, err = train("merge", "--config", recipe)
    assert (code, err) == (0, "")
    assert "equal to base and adapter apart" in out
    assert "writes: " in out
    made = json.loads((tmp_path / "merged/merge.json").read_text())
    assert made["equal"]["max_difference"] < 1e-4
    # The base's own file is mapped, not written to.
    again = json.loads(train("merge", "--config", recipe, "--json")[1])
    assert again["steps"][0]["kept"] is True


def test_adapters_are_steps_of_a_longer_recipe(lit: Path, tmp_path: Path, train: Runner) -> None:
    """A LoRA step's LitGPT folder, and an adapter's folder itself, are made whole on the way into mergekit."""
    import torch

    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"""
out_dir: {tmp_path / "out"}
steps:
  whole: {{method: lora, adapter: {lit / "step-000002"}, dtype: float32}}
  soup:
    method: linear
    models: {{first: {{model: "step:whole", weight: 1}}, second: {{model: {lit / "step-000002"}, weight: 3}}}}
""")
    code, out, err = train("merge", "--config", recipe, "--dry-run")
    assert (code, err) == (0, "")
    assert out.count("makes ") == 2
    code, out, err = train("merge", "--config", recipe, "--json")
    assert (code, err) == (0, "")
    assert [step["dtype"] for step in json.loads(out)["steps"]] == ["float32", "float32"]
    merged = torch.load(tmp_path / "out.parts/steps/whole/lit_model.pth", weights_only=True)
    soup = weights_of(tmp_path / "out")
    # The same model twice: the mean is the model.
    assert torch.allclose(soup["lm_head.weight"], merged["lm_head.weight"], atol=1e-6)
    assert torch.allclose(soup["model.norm.weight"], merged["transformer.ln_f.weight"])


def test_bfloat16_is_rounded_once(lit: Path, tmp_path: Path) -> None:
    """The sum is made in 32 bits: as near to the exact one as 16 bits allow, which adding in 16 bits is not."""
    import torch

    merge_litgpt(lit / "step-000002", lit / "base", tmp_path, "bfloat16")
    (tmp_path / "exact").mkdir()
    merge_litgpt(lit / "step-000002", lit / "base", tmp_path / "exact")
    rounded = torch.load(tmp_path / "lit_model.pth", weights_only=True)
    for name, weight in torch.load(tmp_path / "exact/lit_model.pth", weights_only=True).items():
        assert torch.equal(rounded[name], weight.bfloat16()), name


def test_an_adapter_of_another_model_is_refused(lit: Path, models: Path, tmp_path: Path, train: Runner) -> None:
    from train.models.architectures import make_tiny

    make_tiny("Llama-3-8B", TEXTS, tmp_path / "other")
    recipe = tmp_path / "merge.yaml"
    adapter = lit / "step-000002"
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {adapter}\nbase: {tmp_path / 'other'}\n")
    code, _, err = train("merge", "--config", recipe)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert "base" in err
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.glob(".*")] == []
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {adapter}\nbase: {models / 'base'}\n")
    assert "convert one of them" in train("merge", "--config", recipe)[2]
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {models / 'muri'}\n")
    assert "is a whole model" in train("merge", "--config", recipe)[2]


# PEFT


def make_adapter(base: Path, folder: Path, *, quantized: bool = False, **settings: Any) -> Path:
    """A PEFT adapter of random weights on the base; quantized: on its nf4 weights, as QLoRA trains."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    four = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4") if quantized else None
    model = AutoModelForCausalLM.from_pretrained(base, quantization_config=four)
    torch.manual_seed(1)
    wrapped = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, task_type="CAUSAL_LM", **settings))
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name or "modules_to_save" in name:
            torch.nn.init.normal_(weight, std=0.1)
        if "lora_magnitude" in name:
            weight.data *= 1.1
    wrapped.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["q_proj", "v_proj"]},
        {"target_modules": ["q_proj", "down_proj"], "use_dora": True},
        {"target_modules": ["q_proj"], "use_rslora": True, "quantized": True},
        {"target_modules": ["q_proj", "o_proj"], "use_dora": True, "quantized": True},
        {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]},
        {"target_modules": ["q_proj", "lm_head"]},
    ],
    ids=["lora", "dora", "nf4", "qdora", "embedding", "head"],
)
def test_peft_adapter_merged_is_base_and_adapter(
    models: Path, tmp_path: Path, train: Runner, settings: dict[str, Any]
) -> None:
    from transformers import AutoModelForCausalLM

    adapter = make_adapter(models / "muri", tmp_path / "adapter", **settings)
    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {adapter}\n")
    code, out, err = train("merge", "--config", recipe, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["steps"][0]["equal"]["max_difference"] < 1e-4
    # The gate's word, checked without it.
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    apart = beside(load_base(models / "muri", "float32"), adapter, models / "muri")
    assert (logits_of(merged) - logits_of(apart, input_ids=_ids())).abs().max() < 1e-4
    assert (logits_of(merged) - logits_of(AutoModelForCausalLM.from_pretrained(models / "muri"))).abs().max() > 1e-3
    assert (tmp_path / "out/tokenizer.json").is_file()
    assert "quantization_config" not in json.loads((tmp_path / "out/config.json").read_text())


def _ids() -> Any:
    import torch

    return torch.arange(3, 60)[None]


def test_the_chat_of_the_tuning_wins(models: Path, tmp_path: Path) -> None:
    """The template beside the adapter, not the base's in tokenizer_config.json; an answer ends at the end of a turn."""
    from litgpt.prompts import save_prompt_style

    from train.styles import style_named

    adapter = make_adapter(models / "muri", tmp_path / "adapter", target_modules=["q_proj"])
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(models / "muri" / name, adapter / name)
    (adapter / "chat_template.jinja").write_text("{{ messages[0]['content'] }}<|im_end|>")
    (adapter / "generation_config.json").write_text('{"eos_token_id": 0, "temperature": 0.5, "do_sample": true}')
    save_prompt_style(style_named("chatml-vi"), adapter)
    merge_peft(adapter, models / "muri", tmp_path, "float32", "float32", 10**9)
    template = json.loads((tmp_path / "tokenizer_config.json").read_text())["chat_template"]
    assert template == "{{ messages[0]['content'] }}<|im_end|>" == (tmp_path / "chat_template.jinja").read_text()
    generation = json.loads((tmp_path / "generation_config.json").read_text())
    assert generation["temperature"] == 0.5
    assert generation["eos_token_id"] == [0, 2]
    assert (tmp_path / "prompt_style.yaml").is_file()


def test_a_merged_head_is_not_tied_away(models: Path, tmp_path: Path) -> None:
    """peft adds a head's LoRA to the embedding too where they share their weights."""
    import torch

    adapter = make_adapter(models / "muri", tmp_path / "adapter", target_modules=["lm_head"])
    merge_peft(adapter, models / "muri", tmp_path / "out", "float32", "float32", 10**9)
    weights = weights_of(tmp_path / "out")
    assert torch.equal(weights["model.embed_tokens.weight"], weights_of(models / "muri")["model.embed_tokens.weight"])
    assert not torch.equal(weights["lm_head.weight"], weights["model.embed_tokens.weight"])
    assert json.loads((tmp_path / "out/config.json").read_text())["tie_word_embeddings"] is False


def test_a_base_stored_in_four_bits_is_refused(models: Path, tmp_path: Path) -> None:
    adapter = make_adapter(models / "muri", tmp_path / "adapter", target_modules=["q_proj"])
    base = tmp_path / "base"
    shutil.copytree(models / "muri", base)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"quantization_config": {"load_in_4bit": True}}))
    with pytest.raises(TrainError, match="full precision"):
        merge_peft(adapter, base, tmp_path / "out", "float32", "float32", 10**9)


def test_the_base_that_has_moved_is_asked_for(models: Path, tmp_path: Path, train: Runner) -> None:
    base = make_model(tmp_path / "base", seed=4)
    adapter = make_adapter(base, tmp_path / "adapter", target_modules=["q_proj"])
    base.rename(tmp_path / "moved")
    recipe = tmp_path / "merge.yaml"
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {adapter}\n")
    code, _, err = train("merge", "--config", recipe)
    assert code == 2
    assert "give `base: FOLDER`" in err
    recipe.write_text(f"out_dir: {tmp_path / 'out'}\nmethod: lora\nadapter: {adapter}\nbase: {tmp_path / 'moved'}\n")
    assert train("merge", "--config", recipe)[0] == 0
