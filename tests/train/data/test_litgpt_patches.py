"""A quantised LitGPT run sees its base model's embeddings; a validation loss is one of tokens; errors are one line."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest
import torch

from tests.fork_server import run_forked
from tests.train.conftest import SCRIPTS
from train.data.litgpt_patches import one_line_errors
from train.errors import TrainError


@pytest.fixture
def bitsandbytes(monkeypatch: pytest.MonkeyPatch) -> object:
    import bitsandbytes

    monkeypatch.setattr(bitsandbytes.nn, "StableEmbedding", bitsandbytes.nn.StableEmbedding)
    return bitsandbytes


def as_litgpt_replaces(old: torch.nn.Embedding) -> torch.nn.Embedding:
    """The layer that `litgpt.finetune.lora.main` puts in, by the statements that it has."""
    from bitsandbytes.nn import StableEmbedding

    new = StableEmbedding(old.num_embeddings, old.embedding_dim)
    with torch.no_grad():
        new.weight.copy_(old.weight)
    return new.to(device=old.weight.device, dtype=old.weight.dtype)


def test_the_embeddings_stay_what_they_are(bitsandbytes: object) -> None:
    from train.data.litgpt_patches import keep_embeddings

    old, ids = torch.nn.Embedding(11, 8), torch.arange(11)
    assert not torch.allclose(as_litgpt_replaces(old)(ids), old(ids), atol=0.1), "no longer needed: delete the module"
    assert keep_embeddings()
    new = as_litgpt_replaces(old)
    assert torch.equal(new(ids), old(ids))
    assert [weight.requires_grad for weight in new.parameters()] == [False]
    assert new.state_dict().keys() == old.state_dict().keys()
    assert not keep_embeddings(), "changed a second time"


def test_litgpt_still_takes_the_layer_by_that_name() -> None:
    """When LitGPT changes this, the module has to go or to follow."""
    from litgpt.finetune import lora

    source = inspect.getsource(lora.main)
    assert source.index("get_dataloaders") < source.index("from bitsandbytes.nn import StableEmbedding")


class Uniform(torch.nn.Module):
    """Says a token's number as its logit, so that losses differ from token to token."""

    def __init__(self) -> None:
        super().__init__()
        self.lm_head = torch.nn.Identity()

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.lm_head(torch.arange(7.0).expand(*ids.shape, 7))
        return logits


def rows(*lengths: int) -> list[dict[str, object]]:
    from litgpt.data import get_sft_collate_fn

    each = [
        {"input_ids": torch.arange(length) % 7, "labels": torch.arange(length) % 7, "token_counts": dict.fromkeys(
            ("raw", "raw_plus_prompt_template"), length)}
        for length in lengths
    ]  # fmt: skip
    return [get_sft_collate_fn()([row]) for row in each]


@pytest.mark.parametrize(("most", "tokens"), [(9, 1 + 2 + 6), (2, 1 + 2)])
def test_validation_counts_each_token_once(most: int, tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from litgpt.args import EvalArgs
    from litgpt.finetune import lora

    from train.data.litgpt_patches import weigh_tokens

    class Ours(list):  # type: ignore[type-arg]
        pass

    class Loader(list):  # type: ignore[type-arg]
        dataset: object

    theirs = getattr(lora.validate, "of_batches", lora.validate)
    monkeypatch.setattr(lora, "validate", theirs)
    weigh_tokens(Ours)
    weigh_tokens(Ours)
    assert lora.validate.of_batches is theirs, "patched twice"
    loader = Loader(rows(2, 3, 7))
    losses = torch.nn.functional.cross_entropy(torch.arange(7.0).expand(7, 7), torch.arange(7), reduction="none")
    targets = [[1], [1, 2], [1, 2, 3, 4, 5, 6]][:most]
    model, evaluation = Uniform(), EvalArgs(max_iters=most)
    loader.dataset = Ours()
    found = lora.validate(None, model, loader, evaluation, verbose=False)
    assert float(found) == pytest.approx(float(sum(losses[row].sum() for row in targets)) / tokens)
    assert model.training
    loader.dataset = []
    of_batches = lora.validate(None, model, loader, evaluation, verbose=False)
    assert float(of_batches) == pytest.approx(float(sum(losses[row].mean() for row in targets)) / len(targets))
    assert float(found) != pytest.approx(float(of_batches))


@pytest.mark.parametrize("start", [["litgpt"], ["-m", "litgpt"]])
def test_an_error_of_ours_ends_litgpts_command_in_one_line(start: list[str], tmp_path: Path) -> None:
    program = [str(SCRIPTS / "litgpt")] if start == ["litgpt"] else [sys.executable, *start]
    data = ["--data", "train.data.Chat", "--data.path", str(tmp_path / "nothing"), "--data.over_length", "never"]
    done = run_forked("train", [*program, "finetune_lora", "none", *data], timeout=200)
    assert done.returncode == 2
    *_, line = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    assert line.startswith(f"litgpt: data.path: {tmp_path / 'nothing'} does not exist")
    assert "'never' is none of drop, split, cut" in line


def test_in_python_an_error_stays_an_exception() -> None:
    with pytest.raises(TrainError, match="as it was"), one_line_errors():
        raise TrainError("as it was")
