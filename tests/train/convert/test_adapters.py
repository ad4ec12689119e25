"""Adapters of LitGPT and of peft there and back, apart and merged, as both libraries themselves compute them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.convert.conftest import Run, hub_logits, lit_tensors, litgpt_logits, refused, tokens_of
from tests.train.convert_fixtures import ALL, TEXTS, make_adapter

PARTS: dict[str, dict[str, Any]] = {
    "Llama-3-8B": {"lora_query": True, "lora_value": True},
    "SmolLM2-360M": {**ALL, "rank": 3, "alpha": 7},
    "Gemma-2b": {"lora_key": True, "lora_mlp": True},
    "Gemma-3-1b-it": {**ALL, "dtype": "bfloat16"},
}


@pytest.mark.parametrize("name", PARTS)
def test_adapters_there_and_back(models: Callable[[str], Path], train: Run, tmp_path: Path, name: str) -> None:
    import torch

    base = models(name)
    adapter = make_adapter(base, tmp_path / "adapter", **PARTS[name])
    hub, whole, apart, back = (tmp_path / part for part in ("base", "merged", "peft", "back"))
    to_hub = ("--to", "huggingface")
    assert train("convert", "--checkpoint", base, "--out", hub, *to_hub)[0] == 0
    assert train("convert", "--checkpoint", adapter, "--out", whole, *to_hub)[0] == 0
    code, _, error = train(
        "convert", "--checkpoint", adapter, "--out", apart, *to_hub, "--adapter", "apart", "--base", hub
    )
    assert code == 0, error
    # As peft itself loads and computes it.
    ids = tokens_of(base)
    merged = hub_logits(whole, ids)
    torch.testing.assert_close(peft_logits(hub, apart, ids), merged, rtol=0, atol=1e-3)
    assert float((merged - hub_logits(hub, ids)).abs().max()) > 0.05
    code, _, error = train(
        "convert", "--checkpoint", apart, "--out", back, "--to", "litgpt", "--adapter", "apart", "--base", base
    )
    assert code == 0, error
    first, second = (torch.load(f / "lit_model.pth.lora", weights_only=True)["model"] for f in (adapter, back))
    assert set(first) == set(second)
    assert all(torch.equal(first[key], second[key]) for key in first)
    code, _, error = train("convert", "--checkpoint", apart, "--out", tmp_path / "whole-lit", "--to", "litgpt")
    assert code == 0, error
    torch.testing.assert_close(litgpt_logits(tmp_path / "whole-lit", ids), merged, rtol=0, atol=1e-3)


def peft_logits(base: Path, adapter: Path, ids: Any) -> Any:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    with torch.no_grad():
        return PeftModel.from_pretrained(model, str(adapter)).eval()(ids).logits


def test_litgpt_itself_merges_the_adapter_that_comes_back(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    """Also into a tied head: LitGPT would add it to the embeddings as well, had we written both as one."""
    import torch
    from litgpt.scripts.merge_lora import merge_lora

    tied = models("Qwen3-0.6B")
    base = tmp_path / "base"
    assert train("convert", "--checkpoint", tied, "--out", tmp_path / "hub", "--to", "huggingface")[0] == 0
    assert train("convert", "--checkpoint", tmp_path / "hub", "--out", base, "--to", "litgpt")[0] == 0
    adapter = make_adapter(base, tmp_path / "adapter", **ALL)
    hub = ("--to", "huggingface", "--adapter", "apart")
    assert train("convert", "--checkpoint", adapter, "--out", tmp_path / "peft", *hub)[0] == 0
    lit = ("--to", "litgpt", "--adapter", "apart", "--base", base)
    assert train("convert", "--checkpoint", tmp_path / "peft", "--out", tmp_path / "back", *lit)[0] == 0
    assert train("convert", "--checkpoint", adapter, "--out", tmp_path / "merged", "--to", "huggingface")[0] == 0
    merge_lora(tmp_path / "back")
    ids = tokens_of(base)
    torch.testing.assert_close(
        litgpt_logits(tmp_path / "back", ids), hub_logits(tmp_path / "merged", ids), rtol=0, atol=1e-4
    )


def test_what_lora_left_behind_converts_and_another_base_is_refused(
    workspace: Path, tuned: Path, train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a real `litgpt finetune_lora`: its merged model, its adapter, its prompt style."""
    import torch

    monkeypatch.chdir(tmp_path)
    whole, apart = tmp_path / "hub", tmp_path / "peft"
    words = ("convert", "--checkpoint", tuned / "final", "--to", "huggingface")
    code, out, error = train(*words, "--out", whole, "--texts", workspace / "export/litgpt/val.json", "--json")
    assert code == 0, error
    # The two rows of the hold-out, and all of them as one long text.
    assert [check["texts"] for check in json.loads(out)["checks"].values()] == [3, 3]
    ids = tokens_of(tuned / "final")
    torch.testing.assert_close(litgpt_logits(tuned / "final", ids), hub_logits(whole, ids), rtol=0, atol=1e-4)
    code, _, error = train(*words, "--out", apart, "--adapter", "apart")
    assert code == 0, error
    assert check_chat(whole) == check_chat(apart)
    # Same sizes, other weights: only the merged model beside the adapter can tell.
    foreign = shutil.copytree(workspace / "checkpoints/tiny", tmp_path / "other")
    tensors = lit_tensors(foreign)
    torch.save(
        {key: weight + 0.02 * torch.randn(weight.shape) for key, weight in tensors.items()}, foreign / "lit_model.pth"
    )
    code, _, error = train(*words, "--out", tmp_path / "wrong", "--adapter", "apart", "--base", foreign)
    assert code == 1
    assert f"lit_model.pth is not the adapter beside it on {foreign}" in error
    assert not (tmp_path / "wrong").exists()
    assert (tmp_path / "wrong.failed/adapter_config.json").is_file()


def check_chat(folder: Path) -> str:
    """The chat template renders what the model was tuned with: Alpaca's wording."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "Riassumi."}]
    rendered = str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
    assert rendered.endswith("### Instruction:\nRiassumi.\n\n### Response:\n")
    return rendered


def test_a_tied_head_that_litgpt_merged_into_the_embeddings_too_is_merged_again(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    import torch
    from litgpt.scripts.merge_lora import merge_lora

    from train.models.checkpoint import huggingface_weights

    base = models("SmolLM2-360M")
    before = lit_tensors(base)["transformer.wte.weight"].clone()
    adapter = make_adapter(base, tmp_path / "adapter", **ALL)
    merge_lora(adapter)
    assert not torch.equal(lit_tensors(adapter)["transformer.wte.weight"], before)
    words = ("convert", "--checkpoint", adapter, "--out", tmp_path / "hub", "--to", "huggingface")
    assert train(*words)[0] == 0
    hub = huggingface_weights(tmp_path / "hub")
    assert torch.equal(hub["model.embed_tokens.weight"], before)
    assert not torch.equal(hub["lm_head.weight"], before)


def test_an_adapter_on_another_model_is_refused(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    from train.models.architectures import make_tiny

    adapter = make_adapter(models("Llama-3-8B"), tmp_path / "adapter", **ALL)
    make_tiny(
        "Llama-3-8B", [*TEXTS, "Più parole: " + "".join(map(chr, range(33, 900)))], tmp_path / "wide", vocab_size=800
    )
    for adapted in ("apart", "merged"):
        for base in (models("SmolLM2-360M"), tmp_path / "wide"):
            words = ("--to", "huggingface", "--adapter", adapted, "--base", base)
            run = train("convert", "--checkpoint", adapter, "--out", tmp_path / "hub", *words)
            refused(run, "not its base model", tmp_path, {"adapter", "wide"})
