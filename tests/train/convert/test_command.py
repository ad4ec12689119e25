"""Conversion both ways, of every family; what is wrong is refused and leaves nothing behind.

Covers train.convert.outcome.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.train.convert.conftest import Run, hub_logits, lit_tensors, litgpt_logits, refused, tokens_of
from tests.train.convert_fixtures import NAMES, TEXTS


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(models: Callable[[str], Path], train: Run, tmp_path: Path, name: str) -> None:
    import torch

    source, hub, back = models(name), tmp_path / "hub", tmp_path / "back"
    code, _, error = train("convert", "--checkpoint", source, "--out", hub, "--to", "huggingface")
    assert code == 0, error
    # Longer than the window of the tiny Gemma 2 and 3, 32 tokens.
    ids = tokens_of(source)
    torch.testing.assert_close(litgpt_logits(source, ids), hub_logits(hub, ids), rtol=0, atol=1e-4)
    code, out, error = train("convert", "--checkpoint", hub, "--out", back, "--to", "litgpt", "--json")
    assert code == 0, error
    assert json.loads(out)["max_difference"] < 1e-4
    before, after = lit_tensors(source), lit_tensors(back)
    assert set(before) == set(after)
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert same_model(source, back)


def same_model(source: Path, back: Path) -> bool:
    from litgpt import Config

    first, second = (vars(Config.from_file(folder / "model_config.yaml")) for folder in (source, back))
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
    hub_config = json.loads((tmp_path / "hub/config.json").read_text())
    assert (hub_config["model_type"], hub_config["tie_word_embeddings"]) == ("qwen2", False)
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
    config = json.loads((hub / "config.json").read_text())
    whole = {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "text_config": config}
    (hub / "config.json").write_text(json.dumps(whole))
    assert train("convert", "--checkpoint", hub, "--out", tmp_path / "back", "--to", "litgpt")[0] == 0
    ids = tokens_of(source)
    assert torch.equal(litgpt_logits(source, ids), litgpt_logits(tmp_path / "back", ids))


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
    code, out, error = train(*words, "--out", hub, "--shard-size", "0.05MB")
    assert code == 0, error
    # Nothing is lost, so nothing may differ, though it is bfloat16.
    assert json.loads(out)["max_difference"] < 1e-4
    shards = sorted(hub.glob("model-*.safetensors"))
    assert len(shards) > 2
    assert all(path.stat().st_size < 200_000 for path in shards)
    with safe_open(shards[0], "pt") as first:
        assert first.get_tensor(next(iter(first.keys()))).dtype == torch.bfloat16
    assert AutoConfig.from_pretrained(hub).dtype == torch.bfloat16
    hub_logits(hub, tokens_of(source))
    code, out, error = train(
        "convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "half", "--to", "huggingface",
        "--dtype", "float16", "--json",
    )  # fmt: skip
    assert code == 0, error
    exact, rounded = json.loads(out)["checks"].values()
    assert exact["max_difference"] < 1e-4 < rounded["max_difference"] < rounded["tolerance"]


def test_tuned_embeddings_are_no_longer_tied(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    """LitGPT trains both as two: dropping the head, as its own conversion of Gemma does, would lose the training."""
    import torch

    source = shutil.copytree(models("Gemma-2b"), tmp_path / "Gemma-2b")
    tensors = lit_tensors(source)
    tensors["lm_head.weight"] = tensors["lm_head.weight"] + 0.1 * torch.randn(tensors["lm_head.weight"].shape)
    torch.save(tensors, source / "lit_model.pth")
    code, out, error = train("convert", "--checkpoint", source, "--out", tmp_path / "hub", "--to", "huggingface")
    assert code == 0, error
    assert "no longer tied" in out
    assert json.loads((tmp_path / "hub/config.json").read_text())["tie_word_embeddings"] is False
    ids = tokens_of(source)
    torch.testing.assert_close(litgpt_logits(source, ids), hub_logits(tmp_path / "hub", ids), rtol=0, atol=1e-4)


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


def test_a_full_disk_is_reported_before_and_while_writing(
    models: Callable[[str], Path], train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    import safetensors.torch

    words = ("convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "hub", "--to", "huggingface")
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(total=10**6, used=10**6, free=1000))
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
    code, out, error = train(*words, "--tolerance", "0", "--json")
    assert code == 1
    assert "logits: they differ by up to" in error
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
    config = json.loads((hub / "config.json").read_text())
    (hub / "config.json").write_text(json.dumps(config | {"quantization_config": {"load_in_4bit": True}}))
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
