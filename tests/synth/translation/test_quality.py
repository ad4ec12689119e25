"""COMET-Kiwi's format: a tiny checkpoint is read, and scores what its own layers, applied one by one, score."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.items import NewsmillError
from synth.translation.quality import load_quality_model, sparsemax

HPARAMS = """class_identifier: unified_metric
pretrained_model: microsoft/infoxlm-large
input_segments: [mt, src]
layer_transformation: {transformation}
hidden_sizes: [12, 6]
activations: Tanh
"""


@pytest.fixture
def kiwi(tmp_path: Path) -> Path:
    """A model as its makers publish it, with one layer and random weights."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizer

    torch.manual_seed(0)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefghilmnoprstuvz", "<mask>"]
    tokenizer = XLMRobertaTokenizer(vocab=[(piece, -1.0) for piece in pieces])
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=600, pad_token_id=1, type_vocab_size=1,
    )  # fmt: skip
    encoder = XLMRobertaModel(config, add_pooling_layer=False)
    config.save_pretrained(tmp_path / "encoder")
    tokenizer.save_pretrained(tmp_path / "encoder")
    state = {f"encoder.model.{name}": value for name, value in encoder.state_dict().items()}
    state |= {f"layerwise_attention.scalar_parameters.{number}": torch.tensor([number * 0.4]) for number in range(2)}
    state["layerwise_attention.gamma"] = torch.tensor([1.5])
    for number, (wide, narrow) in {0: (16, 12), 3: (12, 6), 6: (6, 1)}.items():
        state |= {
            f"estimator.ff.{number}.weight": torch.randn(narrow, wide),
            f"estimator.ff.{number}.bias": torch.ones(narrow),
        }
    (tmp_path / "checkpoints").mkdir()
    torch.save({"state_dict": state}, tmp_path / "checkpoints" / "model.ckpt")
    (tmp_path / "hparams.yaml").write_text(HPARAMS.format(transformation="sparsemax"))
    return tmp_path


def test_the_score_is_that_of_the_layers(kiwi: Path) -> None:
    import torch

    model = load_quality_model(str(kiwi), "cpu")
    inputs = model.tokenizer("il gatto", "the cat", return_tensors="pt")
    assert inputs["input_ids"][0].tolist().count(2) == 3
    with torch.inference_mode():
        states = model.encoder(**{name: inputs[name] for name in ("input_ids", "attention_mask")},
                               output_hidden_states=True).hidden_states  # fmt: skip
        # sparsemax of (0, .4) is (.3, .7).
        mixed = 1.5 * (0.3 * states[0][:, 0] + 0.7 * states[1][:, 0])
        ff = torch.load(kiwi / "checkpoints" / "model.ckpt", weights_only=True)["state_dict"]
        for number in (0, 3, 6):
            mixed = mixed @ ff[f"estimator.ff.{number}.weight"].T + ff[f"estimator.ff.{number}.bias"]
            mixed = torch.tanh(mixed) if number < 6 else mixed
    assert model.score([("the cat", "il gatto")]) == pytest.approx(float(mixed), abs=1e-4)


def test_a_row_has_the_mean_of_its_texts_whatever_stands_beside_them(kiwi: Path) -> None:
    model = load_quality_model(str(kiwi))
    one, two = (model.score([pair]) for pair in (("the cat", "il gatto"), ("the moon over the sea " * 9, "la luna")))
    assert one is not None
    assert two is not None
    both = [("the cat", "il gatto"), ("42", "42"), ("", ""), ("the moon over the sea " * 9, "la luna")]
    assert model.score(both) == pytest.approx((one + two) / 2, abs=2e-4)
    assert model.score([("42", "42")]) is None


def test_sparsemax_gives_little_to_few() -> None:
    import torch

    assert sparsemax(torch.tensor([0.0, 0.4])).tolist() == pytest.approx([0.3, 0.7])
    assert sparsemax(torch.tensor([3.0, 0.0, 0.1])).tolist() == pytest.approx([1, 0, 0])


def test_another_kind_of_model_is_one_line(kiwi: Path, tmp_path: Path) -> None:
    (kiwi / "hparams.yaml").write_text("input_segments: [mt, src, ref]")
    with pytest.raises(NewsmillError, match="not a translation and its source alone"):
        load_quality_model(str(kiwi))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NewsmillError, match="no model of COMET-Kiwi's kind"):
        load_quality_model(str(tmp_path / "empty"))
