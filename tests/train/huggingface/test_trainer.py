"""The loss of supervised fine-tuning: of the learned tokens alone, and the head computes nothing else.

Covers train.huggingface.learned_tokens.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.train.huggingface.hf_fixtures import make_folder
from train.huggingface import learned_tokens
from train.huggingface.trainer import Sft
from train.litgpt.learned_tokens import learned

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module", params=["bloom", "llama"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """BLOOM, whose head is tied and whose positions are ALiBi, and a Llama, with an adapter as in training."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder: Path = make_folder(tmp_path_factory.mktemp("trainer")) / request.param
    base = AutoModelForCausalLM.from_pretrained(folder)
    return get_peft_model(base, LoraConfig(target_modules="all-linear", init_lora_weights=False)).eval()


@pytest.fixture
def batch() -> dict[str, Any]:
    """Two rows of other lengths: learned are three tokens of the first, and the first and last of the second."""
    ids = torch.arange(1, 17).reshape(2, 8)
    labels = torch.full_like(ids, -100)
    labels[0, 4:7] = ids[0, 4:7]
    labels[1, 1], labels[1, 5] = ids[1, 1], ids[1, 5]
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def summed_loss(model: Any, batch: dict[str, Any]) -> Any:
    accelerator = SimpleNamespace(unwrap_model=lambda wrapped, **_more: wrapped, autocast=contextlib.nullcontext)
    trainer = SimpleNamespace(accelerator=accelerator)
    return Sft.summed_loss(trainer, model, batch)  # type: ignore[arg-type]


def test_the_loss_is_that_of_all_logits(model: Any, batch: dict[str, Any]) -> None:
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    expected = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), reduction="sum"
    )
    loss, _ = summed_loss(model, batch)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_gradients_are_those_of_all_logits(model: Any, batch: dict[str, Any]) -> None:
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    whole = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), reduction="sum"
    )
    expected = torch.autograd.grad(whole, trained)
    for mine, theirs in zip(torch.autograd.grad(summed_loss(model, batch)[0], trained), expected, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("cap", [None, 2.0])
def test_in_pieces_loss_and_gradients_are_the_same(
    cap: float | None, batch: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gemma 2 bends its logits; one piece is two tokens, and the head never sees more."""
    from transformers import Gemma2Config, Gemma2ForCausalLM

    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Gemma2Config(vocab_size=64, head_dim=8, num_key_value_heads=1, final_logit_softcapping=cap, **sizes)
    torch.manual_seed(0)
    own = Gemma2ForCausalLM(config).eval()
    loss, _ = summed_loss(own, batch)
    expected = torch.autograd.grad(loss, list(own.parameters()))
    monkeypatch.setattr(learned_tokens, "MOST", 4 * 64)
    monkeypatch.setattr(learned_tokens, "PIECE", 2 * 64)
    seen: list[int] = []
    own.lm_head.register_forward_hook(lambda _head, inputs, _out: seen.append(len(inputs[0])))
    pieces, outputs = summed_loss(own, batch)
    assert pieces.item() == pytest.approx(loss.item(), rel=1e-6)
    for mine, theirs in zip(torch.autograd.grad(pieces, list(own.parameters())), expected, strict=True):
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    assert max(seen) == 2
    assert len(outputs.logits) == 0


def test_the_head_computes_the_learned_tokens_alone(model: Any, batch: dict[str, Any]) -> None:
    _, outputs = summed_loss(model, batch)
    assert outputs.logits.shape == (5, model.config.vocab_size)
    # And all of them again, when nobody trains.
    assert model(input_ids=batch["input_ids"]).logits.shape[:2] == (2, 8)


def test_a_row_that_begins_with_a_learned_token_does_not_learn_it() -> None:
    labels = torch.tensor([[7, 8, -100], [-100, -100, -100]])
    (rows, columns), targets = learned(labels)
    assert (rows.tolist(), columns.tolist(), targets.tolist()) == ([0], [0], [8])
