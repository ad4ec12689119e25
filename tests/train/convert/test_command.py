"""Conversion both ways, of every family, whole and as adapters; what is wrong is refused and leaves nothing behind.

Covers train.convert.outcome.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.convert_fixtures import ALL, NAMES, TEXTS, make_adapter, make_model
from train.errors import TrainError

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Tiny models in LitGPT's form by name, each made once."""
    folder = tmp_path_factory.mktemp("models")

    def get(name: str) -> Path:
        return folder / name if (folder / name).exists() else make_model(name, folder / name)

    return get


def tokens_of(folder: Path, length: int = 80) -> Any:
    import torch
    from tokenizers import Tokenizer

    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(" ".join(TEXTS)).ids
    return torch.tensor([ids[:length]])


def litgpt_logits(folder: Path, ids: Any) -> Any:
    """By LitGPT's own loading."""
    import torch
    from litgpt import GPT, Config

    model = GPT(Config.from_file(folder / "model_config.yaml"))
    model.load_state_dict(torch.load(folder / "lit_model.pth", weights_only=True))
    with torch.no_grad():
        return model.float().eval()(ids)


def hub_logits(folder: Path, ids: Any) -> Any:
    """By transformers' own loading, which must find every weight and no other."""
    import torch
    from transformers import AutoModelForCausalLM

    model, told = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, local_files_only=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    with torch.no_grad():
        return model.eval()(ids).logits


def lit_tensors(folder: Path) -> dict[str, Any]:
    import torch

    tensors: dict[str, Any] = torch.load(folder / "lit_model.pth", weights_only=True)
    return tensors


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(models: Callable[[str], Path], train: Run, tmp_path: Path, name: str) -> None:
    import torch

    source, hub, back = models(name), tmp_path / "hub", tmp_path / "back"
    code, _, told = train("convert", "--checkpoint", source, "--out", hub, "--to", "huggingface")
    assert code == 0, told
    # Longer than the window of the tiny Gemma 2 and 3, 32 tokens.
    ids = tokens_of(source)
    torch.testing.assert_close(litgpt_logits(source, ids), hub_logits(hub, ids), rtol=0, atol=1e-4)
    code, out, told = train("convert", "--checkpoint", hub, "--out", back, "--to", "litgpt", "--json")
    assert code == 0, told
    assert json.loads(out)["max_difference"] < 1e-4
    before, after = lit_tensors(source), lit_tensors(back)
    assert set(before) == set(after)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert same_model(source, back)


def same_model(one: Path, other: Path) -> bool:
    from litgpt import Config

    first, second = (vars(Config.from_file(folder / "model_config.yaml")) for folder in (one, other))
    # The hub's name of a model is found again by sizes, which tiny ones do not have.
    apart = {key for key in first if first[key] != second[key]} - {"hf_config", "vocab_size", "padding_multiple"}
    assert not apart, {key: (first[key], second[key]) for key in apart}
    return True


def test_a_model_with_biases(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    """Qwen2.5: queries, keys and values have biases, fused in LitGPT too."""
    import torch
    from litgpt import GPT, Config
    from litgpt.utils import save_config

    source = shutil.copytree(models("SmolLM2-360M"), tmp_path / "Qwen2.5-tiny")
    config = Config.from_file(source / "model_config.yaml", name="Qwen2.5-tiny", attn_bias=True)
    model = GPT(config)
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight)
    torch.save(model.state_dict(), source / "lit_model.pth")
    save_config(config, source)
    (source / "config.json").unlink()
    assert train("convert", "--checkpoint", source, "--out", tmp_path / "hub", "--to", "huggingface")[0] == 0
    said = json.loads((tmp_path / "hub/config.json").read_text())
    assert (said["model_type"], said["tie_word_embeddings"]) == ("qwen2", False)
    ids = tokens_of(source)
    torch.testing.assert_close(litgpt_logits(source, ids), hub_logits(tmp_path / "hub", ids), rtol=0, atol=1e-4)
    assert train("convert", "--checkpoint", tmp_path / "hub", "--out", tmp_path / "back", "--to", "litgpt")[0] == 0
    assert torch.equal(
        lit_tensors(source)["transformer.h.1.attn.qkv.bias"],
        lit_tensors(tmp_path / "back")["transformer.h.1.attn.qkv.bias"],
    )


def test_a_gemma_3_for_texts_and_images_gives_its_text_part(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    source, hub = models("Gemma-3-1b-it"), tmp_path / "hub"
    assert train("convert", "--checkpoint", source, "--out", hub, "--to", "huggingface")[0] == 0
    tensors = load_file(hub / "model.safetensors")
    renamed = {name.replace("model.", "language_model.model.", 1): weight for name, weight in tensors.items()}
    save_file(renamed | {"vision_tower.a.weight": torch.ones(2)}, hub / "model.safetensors")
    said = json.loads((hub / "config.json").read_text())
    whole = {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "text_config": said}
    (hub / "config.json").write_text(json.dumps(whole))
    assert train("convert", "--checkpoint", hub, "--out", tmp_path / "back", "--to", "litgpt")[0] == 0
    ids = tokens_of(source)
    assert torch.equal(litgpt_logits(source, ids), litgpt_logits(tmp_path / "back", ids))


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
    code, _, told = train(
        "convert", "--checkpoint", adapter, "--out", apart, *to_hub, "--adapter", "apart", "--base", hub
    )
    assert code == 0, told
    # As peft itself loads and computes it.
    ids = tokens_of(base)
    merged = hub_logits(whole, ids)
    torch.testing.assert_close(peft_logits(hub, apart, ids), merged, rtol=0, atol=1e-3)
    assert float((merged - hub_logits(hub, ids)).abs().max()) > 0.05
    code, _, told = train(
        "convert", "--checkpoint", apart, "--out", back, "--to", "litgpt", "--adapter", "apart", "--base", base
    )
    assert code == 0, told
    first, second = (torch.load(f / "lit_model.pth.lora", weights_only=True)["model"] for f in (adapter, back))
    assert set(first) == set(second)
    assert all(torch.equal(first[key], second[key]) for key in first)
    code, _, told = train("convert", "--checkpoint", apart, "--out", tmp_path / "whole-lit", "--to", "litgpt")
    assert code == 0, told
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


def test_weights_are_sharded_kept_in_their_type_and_rounded_where_asked(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    import torch
    from safetensors import safe_open
    from transformers import AutoConfig

    source = shutil.copytree(models("Llama-3-8B"), tmp_path / "Llama-3-8B")
    torch.save({key: weight.bfloat16() for key, weight in lit_tensors(source).items()}, source / "lit_model.pth")
    hub = tmp_path / "hub"
    words = ("convert", "--checkpoint", source, "--to", "huggingface", "--json")
    code, out, told = train(*words, "--out", hub, "--shard-size", "0.05MB")
    assert code == 0, told
    # Nothing is lost, so nothing may differ, though it is bfloat16.
    assert json.loads(out)["max_difference"] < 1e-4
    shards = sorted(hub.glob("model-*.safetensors"))
    assert len(shards) > 2
    assert all(path.stat().st_size < 200_000 for path in shards)
    with safe_open(shards[0], "pt") as first:
        assert first.get_tensor(next(iter(first.keys()))).dtype == torch.bfloat16
    assert AutoConfig.from_pretrained(hub).dtype == torch.bfloat16
    hub_logits(hub, tokens_of(source))
    code, out, told = train(
        "convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "half", "--to", "huggingface",
        "--dtype", "float16", "--json",
    )  # fmt: skip
    assert code == 0, told
    exact, rounded = json.loads(out)["checks"].values()
    assert exact["max_difference"] < 1e-4 < rounded["max_difference"] < rounded["tolerance"]


def test_tuned_embeddings_are_no_longer_tied(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    """LitGPT trains both as two: dropping the head, as its own conversion of Gemma does, would lose the training."""
    import torch

    source = shutil.copytree(models("Gemma-2b"), tmp_path / "Gemma-2b")
    tensors = lit_tensors(source)
    tensors["lm_head.weight"] = tensors["lm_head.weight"] + 0.1 * torch.randn(tensors["lm_head.weight"].shape)
    torch.save(tensors, source / "lit_model.pth")
    code, out, told = train("convert", "--checkpoint", source, "--out", tmp_path / "hub", "--to", "huggingface")
    assert code == 0, told
    assert "no longer tied" in out
    assert json.loads((tmp_path / "hub/config.json").read_text())["tie_word_embeddings"] is False
    ids = tokens_of(source)
    torch.testing.assert_close(litgpt_logits(source, ids), hub_logits(tmp_path / "hub", ids), rtol=0, atol=1e-4)


def test_what_lora_left_behind_converts_and_another_base_is_told(
    workspace: Path, tuned: Path, train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a real `litgpt finetune_lora`: its merged model, its adapter, its prompt style."""
    import torch

    monkeypatch.chdir(tmp_path)
    whole, apart = tmp_path / "hub", tmp_path / "peft"
    words = ("convert", "--checkpoint", tuned / "final", "--to", "huggingface")
    code, out, told = train(*words, "--out", whole, "--texts", workspace / "export/litgpt/val.json", "--json")
    assert code == 0, told
    # The two rows of the hold-out, and all of them as one long text.
    assert [check["texts"] for check in json.loads(out)["checks"].values()] == [3, 3]
    ids = tokens_of(tuned / "final")
    torch.testing.assert_close(litgpt_logits(tuned / "final", ids), hub_logits(whole, ids), rtol=0, atol=1e-4)
    code, _, told = train(*words, "--out", apart, "--adapter", "apart")
    assert code == 0, told
    assert check_chat(whole) == check_chat(apart)
    # Same sizes, other weights: only the merged model beside the adapter can tell.
    other = shutil.copytree(workspace / "checkpoints/tiny", tmp_path / "other")
    tensors = lit_tensors(other)
    torch.save(
        {key: weight + 0.02 * torch.randn(weight.shape) for key, weight in tensors.items()}, other / "lit_model.pth"
    )
    code, _, told = train(*words, "--out", tmp_path / "wrong", "--adapter", "apart", "--base", other)
    assert code == 1
    assert f"lit_model.pth is not the adapter beside it on {other}" in told
    assert not (tmp_path / "wrong").exists()
    assert (tmp_path / "wrong.failed/adapter_config.json").is_file()


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


def check_chat(folder: Path) -> str:
    """The chat template renders what the model was tuned with: Alpaca's wording."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "Riassumi."}]
    rendered = str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
    assert rendered.endswith("### Instruction:\nRiassumi.\n\n### Response:\n")
    return rendered


def test_an_answer_ends_where_the_prompt_style_ends_it(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer, GenerationConfig

    from train.styles import style_of

    words = ("convert", "--checkpoint", models("SmolLM2-360M"), "--to", "huggingface", "--style", "chatml-it")
    assert train(*words, "--out", tmp_path / "hub")[0] == 0
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "hub", local_files_only=True)
    ends = GenerationConfig.from_pretrained(tmp_path / "hub").eos_token_id
    assert set(tokenizer.convert_ids_to_tokens(ends)) == {"<|endoftext|>", "<|im_end|>"}
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Ciao"}], tokenize=False)
    assert chat == "<|im_start|>system\nSei un assistente utile.<|im_end|>\n<|im_start|>user\nCiao<|im_end|>\n"
    (tmp_path / "hub/prompt_style.yaml").unlink()
    words = ("convert", "--checkpoint", tmp_path / "hub", "--out", tmp_path / "back", "--to", "litgpt")
    assert train(*words)[0] == 0
    style = style_of(tmp_path / "back")
    assert style is not None
    assert style.name == "chatml-it"


# What is refused


def refused(run: tuple[int, str, str], told: str, parent: Path, kept: set[str]) -> None:
    """One line, exit status 2, and no new file or folder."""
    code, _, error = run
    assert code == 2, error
    assert told in error
    assert len(error.strip().splitlines()) == 1, error
    assert {path.name for path in parent.iterdir()} == kept


def test_what_is_wrong_is_one_line_and_leaves_nothing(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    import torch

    good = models("Llama-3-8B")
    source = shutil.copytree(good, tmp_path / "a")
    words = ("convert", "--checkpoint", source, "--out", tmp_path / "hub", "--to", "huggingface")
    tensors = lit_tensors(good)

    def spoilt(**changed: Any) -> None:
        torch.save({**tensors, **changed}, source / "lit_model.pth")

    (source / "lit_model.pth").write_bytes((good / "lit_model.pth").read_bytes()[:-200])
    refused(train(*words), "torn or no checkpoint", tmp_path, {"a"})
    torch.save({key: tensors[key] for key in tensors if "norm_1" not in key}, source / "lit_model.pth")
    refused(train(*words), "lacks transformer.h.0.norm_1.weight and 1 more", tmp_path, {"a"})
    spoilt(extra=torch.ones(1))
    refused(train(*words), "has, against its configuration, extra", tmp_path, {"a"})
    spoilt(**{"transformer.wte.weight": tensors["transformer.wte.weight"][:-64]})
    refused(train(*words), "transformer.wte.weight is (", tmp_path, {"a"})
    spoilt()
    text = (source / "model_config.yaml").read_text()
    (source / "model_config.yaml").write_text(text.replace("parallel_residual: false", "parallel_residual: true"))
    refused(train(*words), "parallel_residual: True", tmp_path, {"a"})
    (source / "model_config.yaml").write_text(text.replace("LLaMAMLP", "GptNeoxMLP"))
    refused(train(*words), "not converted here", tmp_path, {"a"})
    (source / "model_config.yaml").write_text("a: 1\n")
    refused(train(*words), "describes no model", tmp_path, {"a"})
    (source / "model_config.yaml").write_text(text)
    refused(train(*words, "--adapter", "apart"), "holds no adapter", tmp_path, {"a"})
    refused(train(*words, "--shard-size", "2 elephants"), "is no size", tmp_path, {"a"})
    refused(train(*words, "--style", "polite"), "no prompt style", tmp_path, {"a"})
    refused(train(*words[:-1], "litgpt"), "in LitGPT's form already", tmp_path, {"a"})
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/mine.txt").write_text("precious")
    refused(train(*words), "did not write", tmp_path, {"a", "hub"})
    assert (tmp_path / "hub/mine.txt").read_text() == "precious"


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


def test_a_full_disk_is_told_before_and_while_writing(
    models: Callable[[str], Path], train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import safetensors.torch

    words = ("convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "hub", "--to", "huggingface")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**6, 10**6, 1000))
        refused(train(*words), "GB free", tmp_path, set())

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(safetensors.torch, "save_file", full)
        refused(train(*words), "No space left on device; nothing is left of it", tmp_path, set())


def test_a_conversion_that_fails_its_check_keeps_the_folder_under_another_name(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    words = ("convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "hub", "--to", "huggingface")
    assert train(*words)[0] == 0
    before = (tmp_path / "hub/model.safetensors").stat().st_mtime_ns
    code, out, told = train(*words, "--tolerance", "0", "--json")
    assert code == 1
    assert "logits: they differ by up to" in told
    assert not json.loads(out)["passed"]
    # What passed before stays; what failed can be looked into.
    assert (tmp_path / "hub/model.safetensors").stat().st_mtime_ns == before
    assert json.loads((tmp_path / "hub.failed/conversion.json").read_text())["problems"]
    assert {path.name for path in tmp_path.iterdir()} == {"hub", "hub.failed"}


def test_what_has_no_form_in_litgpt_is_refused(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    from train.models.architectures import make_tiny

    make_tiny("bloom-7b1", TEXTS, tmp_path / "bloom")
    words = ("--out", tmp_path / "lit", "--to", "litgpt")
    refused(train("convert", "--checkpoint", tmp_path / "bloom", *words), "type bloom", tmp_path, {"bloom"})
    hub = tmp_path / "hub"
    assert train("convert", "--checkpoint", models("Llama-3-8B"), "--out", hub, "--to", "huggingface")[0] == 0
    said = json.loads((hub / "config.json").read_text())
    (hub / "config.json").write_text(json.dumps(said | {"quantization_config": {"load_in_4bit": True}}))
    refused(train("convert", "--checkpoint", hub, *words), "is quantised", tmp_path, {"bloom", "hub"})


def test_weights_in_a_pickle_convert_too(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    source, hub = models("Llama-3-8B"), tmp_path / "hub"
    assert train("convert", "--checkpoint", source, "--out", hub, "--to", "huggingface")[0] == 0
    torch.save(load_file(hub / "model.safetensors"), hub / "pytorch_model.bin")
    (hub / "model.safetensors").unlink()
    assert train("convert", "--checkpoint", hub, "--out", tmp_path / "back", "--to", "litgpt")[0] == 0
    before, after = lit_tensors(source), lit_tensors(tmp_path / "back")
    assert all(torch.equal(before[key], after[key]) for key in before)


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
