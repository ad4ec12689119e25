"""An operation of the dry step is computed once for inputs of the same sizes, and no figure changes by it.

Covers train.plan.meta_step.
"""

from __future__ import annotations

import pytest
import torch

from tests.train.plan.test_memory import ALL, SOME, huggingface_job, litgpt_job, tiny_litgpt
from train.huggingface.settings import Settings
from train.plan.memory import Job
from train.plan.meta_models import measure
from train.plan.meta_step import Meter

JOBS = {
    "llama": lambda: litgpt_job(tiny_litgpt("Llama-3-8B", **ALL), device="cuda", accumulation=2),
    "sliding windows": lambda: litgpt_job(tiny_litgpt("Gemma-3-1b-it", **SOME)),
    "4 bits": lambda: litgpt_job(tiny_litgpt("Llama-3-8B", **SOME), precision="bf16-true", quantize="nf4-dq"),
    "mixed": lambda: litgpt_job(tiny_litgpt("Gemma-2b", **SOME), precision="bf16-mixed", device="cuda"),
    "bloom": lambda: huggingface_job("bloom-7b1", Settings(lora_r=4, dora=True), length=40),
    "computed anew": lambda: huggingface_job(
        "Llama-3-8B", Settings(lora_r=4, gradient_checkpointing=True), recompute=True, length=40
    ),
    "orpo": lambda: huggingface_job("Llama-3-8B", Settings(lora_r=4, method="orpo"), method="orpo", length=40),
}


@pytest.mark.parametrize("name", JOBS)
def test_no_figure_changes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    job: Job = JOBS[name]()
    known = measure(job)
    with monkeypatch.context() as patch:
        patch.setattr(Meter, "_result", lambda _, func, args, kwargs: func(*args, **kwargs))
        computed = measure(job)
    assert known == computed
    assert known.training
    assert known.work.products


def test_the_default_type_decides_too() -> None:
    meter, whole = Meter(), torch.empty(3, dtype=torch.int64, device="meta")
    with meter:
        assert (whole * 0.5).dtype == torch.float32
        torch.set_default_dtype(torch.bfloat16)
        try:
            assert (whole * 0.5).dtype == torch.bfloat16
        finally:
            torch.set_default_dtype(torch.float32)
