"""Launch files of train/accelerate: Accelerate reads them, and they say what docs/several-gpus.md says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

FILES = sorted((Path(__file__).parents[3] / "train/accelerate").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accelerate_reads_it(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(path))
    assert config.num_processes >= 2
    assert config.mixed_precision == "no"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_launcher_takes_every_fsdp_key(path: Path) -> None:
    """Unknown keys of fsdp_config are dropped without a word."""
    from accelerate.commands.launch import launch_command_parser

    known = {action.dest for action in launch_command_parser()._actions}  # noqa: SLF001  argparse has no public list
    assert set(yaml.safe_load(path.read_text()).get("fsdp_config", {})) <= known


def test_fsdp_stores_4_bit_weights_as_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from train.huggingface.model import _quantization
    from train.huggingface.settings import Settings

    settings = Settings(quantize="nf4", double_quant=True)
    assert _quantization(settings, "bf16-true").bnb_4bit_quant_storage == torch.uint8
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert _quantization(settings, "bf16-true").bnb_4bit_quant_storage == torch.bfloat16
    assert _quantization(settings, "32-true").bnb_4bit_quant_storage == torch.float32
