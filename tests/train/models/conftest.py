"""Tiny models of several forms, loaded once, and rows that fill their batches unevenly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ITALIAN, VIETNAMESE

#: Sliding windows, soft caps, an embedding that is scaled, ALiBi.
FORMS = (
    ("SmolLM2-360M", "litgpt"), ("Gemma-3-1b-it", "litgpt"), ("Gemma-2-2b", "litgpt"),
    ("Gemma-3-1b-it", "huggingface"), ("Qwen3-0.6B", "huggingface"), ("bloom-7b1", "huggingface"),
)  # fmt: skip
ROWS = [{"instruction": "Riassumi.", "input": (ITALIAN + VIETNAMESE) * times} for times in (1, 3, 2, 4, 1, 2)]
ANSWERS = [ITALIAN * times for times in (2, 1, 1, 3, 1, 1)]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    from train.models.architectures import make_tiny

    root = tmp_path_factory.mktemp("models")
    paths = {}
    for name, form in FORMS:
        paths[name, form] = root / f"{name}-{form}"
        make_tiny(name, [ITALIAN, VIETNAMESE], paths[name, form], form=form)  # type: ignore[arg-type]
    return paths


@pytest.fixture(scope="session")
def models(folders: dict[tuple[str, str], Path]) -> dict[tuple[str, str], Any]:
    from train.models.language_model import load_model

    return {key: load_model(folder, device="cpu") for key, folder in folders.items()}


@pytest.fixture(params=FORMS, ids="-".join)
def model(request: pytest.FixtureRequest, models: dict[tuple[str, str], Any]) -> Any:
    loaded = models[request.param]
    loaded.batch_tokens = 8192
    return loaded


def encoded(model: Any) -> tuple[list[list[int]], list[list[int]]]:
    return [model.encode_prompt(row) for row in ROWS], [model.encode_answer(answer) for answer in ANSWERS]


def whole_logits(model: Any, ids: Sequence[int]) -> Any:
    """[tokens, vocabulary] by the library's own forward pass of one row."""
    import torch

    with torch.inference_mode():
        out = model.engine.model(torch.tensor([ids]))
    return (out if isinstance(out, torch.Tensor) else out.logits)[0].float()
