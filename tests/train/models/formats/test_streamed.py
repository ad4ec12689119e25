"""Models that come layer by layer: those that LitGPT lacks, and adapters on them.

Covers train.models.formats.streamed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.train.convert_fixtures import TEXTS
from tests.train.models.formats.test_equivalence import spoilt
from train.models.formats.equivalence import compare


def test_models_that_litgpt_lacks_are_compared_too(tmp_path: Path) -> None:
    """BLOOM, as the hub has it: without the name of the model around its weights, head and embeddings one."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from train.models.architectures import make_tiny
    from train.models.formats.streamed import open_model

    hub = tmp_path / "bloom"
    make_tiny("bloom-7b1", TEXTS, hub)
    bare = spoilt(hub, tmp_path / "bare", lambda tensors: None)
    from safetensors.torch import load_file, save_file

    tensors = load_file(hub / "model.safetensors")
    assert "lm_head.weight" not in tensors
    save_file(
        {name.removeprefix("transformer."): weight for name, weight in tensors.items()}, bare / "model.safetensors"
    )
    gate = compare(hub, bare)
    assert gate.passed
    assert gate.max_difference == 0
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(hub, local_files_only=True),
        LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["query_key_value", "dense"]),
    )
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(tmp_path / "adapter")
    assert not compare(hub, open_model(tmp_path / "adapter", hub)).passed
    model.merge_and_unload().save_pretrained(tmp_path / "merged")
    shutil.copy(hub / "tokenizer.json", tmp_path / "merged")
    assert compare(open_model(tmp_path / "adapter", hub), tmp_path / "merged", tokenizer=hub).passed
