"""Eight bits are near full precision, the same in any batch, and named in `toxicity_model`."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from synth.scorers.toxicity.batching import Scorer
from synth.scorers.toxicity.int8 import eight_bits, int8_linear
from synth.scorers.toxicity.models import Choice
from synth.scorers.toxicity.stage import add_toxicity_arguments, read_choices
from tests.synth.scorers.toxicity.toxicity_tiny import ORIGINAL, UNBIASED, detoxify_checkpoint, nearly, tiny_model

pytest.importorskip("detoxify", reason="the extra toxicity is not installed")

TEXTS = ["stupido", "il governo ha detto", "ciao", "treni e voto, " * 60, "no"]


@pytest.mark.parametrize("packed", [True, False])
def test_scores_are_near_and_the_same_in_any_batch(packed: bool) -> None:
    full = Scorer(*tiny_model("xlm", ORIGINAL), {"toxicity": [0], "insult": [4]}).scores(TEXTS)
    scorer = Scorer(*tiny_model("xlm", ORIGINAL), {"toxicity": [0], "insult": [4]}, int8=True)
    if not packed:
        scorer.packed = None
    coarse = scorer.scores(TEXTS)
    apart = [abs((a[name] or 0) - (b[name] or 0)) for a, b in zip(full, coarse, strict=True) for name in a]
    assert 1e-6 < max(apart) < 0.1
    assert nearly([scorer.scores([text])[0] for text in TEXTS], coarse)


def test_a_linear_layer() -> None:
    import torch

    torch.manual_seed(0)
    linear = torch.nn.Linear(64, 16)
    rows = torch.randn(3, 5, 64)
    with torch.inference_mode():
        assert torch.allclose(int8_linear(linear)(rows), linear(rows), atol=0.03)
        assert torch.equal(int8_linear(torch.nn.Linear(64, 16, bias=False))(rows * 0), torch.zeros(3, 5, 16))


def test_a_row_is_scaled_by_its_own_largest_number() -> None:
    import torch

    numbers, scale = eight_bits(torch.tensor([[1000.0, -500.0], [0.0, 0.001], [0.0, 0.0]]))
    assert numbers.tolist() == [[127, -64], [0, 127], [0, 0]]
    assert (numbers * scale)[:2, 0].tolist() == [1000.0, 0.0]


def options_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_toxicity_arguments(parser)
    return parser.parse_args(words)


def test_the_option_reaches_every_model_and_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = detoxify_checkpoint(tmp_path, "xlm", UNBIASED)
    words = ("--toxicity", "multilingual", "--toxicity-checkpoint", str(path), "--toxicity-for", f"vi={tmp_path}:a")
    plain, coarse = read_choices(options_of(*words)), read_choices(options_of(*words, "--toxicity-int8"))
    assert plain is not None
    assert coarse is not None
    for language in ("it", "vi"):
        before, choice = plain.of(language), coarse.of(language)
        assert isinstance(before, Choice)
        assert isinstance(choice, Choice)
        assert choice.identity == before.identity + "+int8"
    with pytest.raises(SystemExit):
        options_of(*words, "--toxicity-int8", "--toxicity-half")
    assert "not allowed with" in capsys.readouterr().err
