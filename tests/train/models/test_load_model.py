"""`load_model`: either form, adapters on their base, 4 bits, and one line for what cannot be loaded.

Covers train.models.quantization.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import tiny
from tests.train.models.conftest import encoded
from train.errors import TrainError

torch = pytest.importorskip("torch", reason="torch is not installed")


def test_a_litgpt_adapter_is_its_merged_model(tuned: Path, workspace: Path, tmp_path: Path) -> None:
    from train.models.language_model import load_model

    adapter = tmp_path / "adapter"
    shutil.copytree(tuned / "final", adapter)
    (adapter / "lit_model.pth").unlink()
    merged, base = load_model(tuned / "final", device="cpu"), workspace / "checkpoints/tiny"
    beside = load_model(adapter, device="cpu", base=base)
    prompts, answers = encoded(merged)
    expected = [scored.nll for scored in merged.score(prompts, answers)]
    assert [scored.nll for scored in beside.score(prompts, answers)] == pytest.approx(expected, rel=1e-6)
    untuned = load_model(base, device="cpu").score(prompts, answers)
    assert [scored.nll for scored in untuned] != pytest.approx(expected, rel=1e-6)
    with pytest.raises(TrainError, match="--base"):
        load_model(adapter, device="cpu", base=tmp_path / "nowhere")


@pytest.fixture
def peft_folder(folders: dict[tuple[str, str], Path], tmp_path: Path) -> Path:
    """A PEFT adapter on the tiny BLOOM whose update is not nothing."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(folders["bloom-7b1", "huggingface"])
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["query_key_value"], task_type="CAUSAL_LM")
    tuned = get_peft_model(base, config)
    torch.manual_seed(0)
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=3.0)
    tuned.save_pretrained(str(tmp_path / "peft"))
    return tmp_path / "peft"


def test_a_peft_adapter_is_read_on_its_base(peft_folder: Path, models: dict[tuple[str, str], Any]) -> None:
    from peft import PeftModel

    from train.models.language_model import load_model

    base = models["bloom-7b1", "huggingface"]
    tuned = load_model(peft_folder, device="cpu")
    prompts, answers = encoded(base)
    reference = PeftModel.from_pretrained(load_model(base_of(peft_folder), device="cpu").engine.model, str(peft_folder))
    expected = []
    for prompt, answer in zip(prompts, answers, strict=True):
        ids = torch.tensor([prompt + answer])
        labels = torch.tensor([[-100] * len(prompt) + answer])
        with torch.inference_mode():
            expected.append(float(reference(input_ids=ids, labels=labels).loss) * len(answer))
    assert [scored.nll for scored in tuned.score(prompts, answers)] == pytest.approx(expected, rel=1e-5)
    assert [scored.nll for scored in base.score(prompts, answers)] != pytest.approx(expected, rel=1e-4)
    assert tuned.write(prompts[:2], max_new_tokens=4)


def base_of(adapter: Path) -> Path:
    return Path(json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"])


@pytest.fixture(scope="module", params=["litgpt", "huggingface"])
def blocks(request: pytest.FixtureRequest, workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose sizes are multiples of 64, as bitsandbytes wants them on a CPU."""
    from litgpt.scripts.convert_lit_checkpoint import convert_lit_checkpoint

    folder = tmp_path_factory.mktemp("blocks")
    assert tiny(workspace / "export/litgpt/train.json", folder / "litgpt", "--n-embd", "64") == 0
    if request.param == "litgpt":
        return folder / "litgpt"
    convert_lit_checkpoint(folder / "litgpt", folder / "hf")
    torch.save(torch.load(folder / "hf/model.pth"), folder / "hf/pytorch_model.bin")
    for path in (folder / "litgpt").glob("*.json"):
        shutil.copy(path, folder / "hf")
    return folder / "hf"


def test_four_bits_are_near_and_smaller(blocks: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    from train.models.language_model import load_model

    whole, small = load_model(blocks, device="cpu"), load_model(blocks, device="cpu", quantize="bnb.nf4-dq")
    layers = [module for module in small.engine.model.modules() if isinstance(module, Linear4bit)]
    assert len(layers) >= 2 * 5
    assert all(layer.weight.dtype == torch.uint8 for layer in layers)
    prompts, answers = encoded(small)
    expected = [scored.nll for scored in whole.score(prompts, answers)]
    quantized = [scored.nll for scored in small.score(prompts, answers)]
    assert quantized != expected
    assert quantized == pytest.approx(expected, rel=0.05)
    assert all(small.write(prompts, max_new_tokens=8))


def test_the_two_forms_of_one_model_agree(workspace: Path, tmp_path: Path) -> None:
    """The same weights through LitGPT and through transformers: the same scores and the same texts."""
    from litgpt.scripts.convert_lit_checkpoint import convert_lit_checkpoint

    from train.models.language_model import load_model

    litgpt = workspace / "checkpoints/tiny"
    convert_lit_checkpoint(litgpt, tmp_path)
    torch.save(torch.load(tmp_path / "model.pth"), tmp_path / "pytorch_model.bin")
    for path in litgpt.glob("*.json"):
        shutil.copy(path, tmp_path)
    ours, theirs = (load_model(folder, device="cpu", style="alpaca-it") for folder in (litgpt, tmp_path))
    prompts, answers = encoded(ours)
    assert encoded(theirs) == (prompts, answers)
    expected = [scored.nll for scored in ours.score(prompts, answers)]
    assert [scored.nll for scored in theirs.score(prompts, answers)] == pytest.approx(expected, rel=1e-5)
    assert ours.write(prompts, max_new_tokens=20) == theirs.write(prompts, max_new_tokens=20)


def test_four_bits_of_an_adapter(peft_folder: Path) -> None:
    from train.models.language_model import load_model

    whole, small = load_model(peft_folder, device="cpu"), load_model(peft_folder, device="cpu", quantize="nf4")
    prompts, answers = encoded(whole)
    expected = [scored.nll for scored in whole.score(prompts, answers)]
    assert [scored.nll for scored in small.score(prompts, answers)] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("key", [("SmolLM2-360M", "litgpt"), ("Qwen3-0.6B", "huggingface")], ids="-".join)
def test_torn_or_foreign_weights_are_one_line(
    key: tuple[str, str], folders: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    from train.models.language_model import load_model

    folder = tmp_path / "torn"
    shutil.copytree(folders[key], folder)
    weights = next(path for path in folder.iterdir() if path.suffix in (".pth", ".safetensors"))
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(TrainError) as failure:
        load_model(folder, device="cpu")
    assert "torn" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_an_unknown_quantisation_is_refused(folders: dict[tuple[str, str], Path]) -> None:
    from train.models.language_model import load_model

    with pytest.raises(TrainError, match="int3"):
        load_model(folders["Qwen3-0.6B", "huggingface"], device="cpu", quantize="int3")


@pytest.mark.parametrize("device", ["gpu", "cuda:77", "meta:x"])
def test_a_device_that_is_not_there_is_one_line(device: str, folders: dict[tuple[str, str], Path]) -> None:
    from train.models.language_model import load_model

    with pytest.raises(TrainError, match=f"--device {device}") as failure:
        load_model(folders["SmolLM2-360M", "litgpt"], device=device)
    assert "\n" not in str(failure.value)
