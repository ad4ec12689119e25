"""Tiny models in LitGPT's form, logits by each library's own loading, and what a refusal leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.convert_fixtures import TEXTS, make_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
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

    model, loading = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, local_files_only=True
    )
    assert not loading["missing_keys"]
    assert not loading["unexpected_keys"]
    with torch.no_grad():
        return model.eval()(ids).logits


def lit_tensors(folder: Path) -> dict[str, Any]:
    import torch

    tensors: dict[str, Any] = torch.load(folder / "lit_model.pth", weights_only=True)
    return tensors


def refused(run: tuple[int, str, str], message: str, parent: Path, names: set[str]) -> None:
    """One line, exit status 2, and no new file or folder."""
    code, _, error = run
    assert code == 2, error
    assert message in error
    assert len(error.strip().splitlines()) == 1, error
    assert {path.name for path in parent.iterdir()} == names
