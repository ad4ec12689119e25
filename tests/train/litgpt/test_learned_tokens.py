"""LitGPT's loss from the logits of learned tokens alone: its own value and gradients, at once and in pieces."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from train.litgpt import learned_tokens
from train.litgpt.learned_tokens import litgpt_loss


def tiny(name: str, **adapter: bool) -> Any:
    from litgpt.lora import GPT, Config, mark_only_lora_as_trainable

    from train.models.architectures import tiny_config

    made = tiny_config(name, 256)
    sizes = {key: getattr(made, key) for key in type(made).__dataclass_fields__}
    parts = {"lora_query": True, "lora_value": True} | adapter
    torch.manual_seed(3)
    model = GPT(Config(**sizes, lora_r=4, lora_alpha=4, lora_dropout=0.0, **parts))
    model.max_seq_length = 300
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    mark_only_lora_as_trainable(model)
    return model.train()


def batch(rows: int, length: int, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(5)
    ids = torch.randint(0, 250, (rows, length))
    return ids, torch.where(torch.rand(rows, length) < share, ids, -100)


def theirs(model: Any, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """As litgpt/finetune/lora.py's loop."""
    from litgpt.utils import chunked_cross_entropy

    logits = model(ids, lm_head_chunk_size=128)
    logits[-1] = logits[-1][..., :-1, :]
    return chunked_cross_entropy(logits, labels[..., 1:])  # type: ignore[no-any-return]


def gradients(model: Any, loss: torch.Tensor) -> list[torch.Tensor]:
    model.zero_grad()
    loss.backward()
    return [each.grad.clone() for each in model.parameters() if each.requires_grad]


MODELS = [("Llama-3-8B", {}), ("Llama-3-8B", {"lora_head": True}), ("Gemma-2-2b", {}), ("Gemma-3-1b-it", {})]


@pytest.mark.parametrize(("share", "in_pieces"), [(0.0, False), (0.1, False), (0.1, True), (1.0, False), (1.0, True)])
@pytest.mark.parametrize(("name", "adapter"), MODELS)
def test_loss_and_gradients_are_litgpts_own(
    name: str, adapter: dict[str, bool], share: float, in_pieces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny(name, **adapter)
    ids, labels = batch(2, 150, share)
    if in_pieces:
        vocabulary = model.config.padded_vocab_size
        monkeypatch.setattr(learned_tokens, "MOST", 0)
        monkeypatch.setattr(learned_tokens, "PIECE", 7 * vocabulary)
    expected, loss = theirs(model, ids, labels), litgpt_loss(model, ids, labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-12)
    for ours, own in zip(gradients(model, loss), gradients(model, expected), strict=True):
        assert torch.allclose(ours, own, rtol=1e-4, atol=1e-7)


def test_the_head_computes_the_learned_tokens_alone() -> None:
    model = tiny("Llama-3-8B")
    ids, labels = batch(3, 100, 0.2)
    seen: list[int] = []
    model.lm_head.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[0]))
    litgpt_loss(model, ids, labels)
    assert seen == [int((labels[:, 1:] != -100).sum())]


def test_a_batch_whose_weights_are_split_is_never_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_tokens, "MOST", 0)
    monkeypatch.setattr(learned_tokens, "losses_by_pieces", None)
    assert litgpt_loss(tiny("Llama-3-8B"), *batch(1, 40, 0.5), whole=True).isfinite()
