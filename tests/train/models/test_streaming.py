"""A text in pieces is the text that is written at once.

Covers train.models.huggingface_engine, train.models.litgpt_engine.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.train.convert_fixtures import make_model
from train.models.sampling import Sampling
from train.models.streaming import TextStream


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from train.models.language_model import load_model

    return load_model(make_model("SmolLM2-360M", tmp_path_factory.mktemp("stream") / "lit"), device="cpu")


@pytest.mark.parametrize(("temperature", "seed", "stop"), [(0.0, 0, ()), (0.9, 3, ()), (1.5, 7, ("e", "the"))])
def test_pieces_are_the_text(model: Any, temperature: float, seed: int, stop: tuple[str, ...]) -> None:
    prompt = model.encode_prompt([{"role": "user", "content": "Riassumi: dodici voti a favore."}])
    (text,) = model.write(
        [prompt], max_new_tokens=40, temperature=temperature, top_k=None, seeds=[seed], stop=stop
    )  # fmt: skip
    stream = TextStream(model, prompt, 40, Sampling(temperature, None), seed=seed, stop=stop)
    pieces = list(stream)
    assert "".join(pieces).rstrip("\ufffd").strip() == text
    assert 0 < stream.tokens <= 40
    assert stream.finish_reason in ("stop", "length")
    assert not any(mark in "".join(pieces) for mark in stop)


def test_a_character_of_several_tokens_comes_whole(model: Any) -> None:
    """Bytes of one letter are tokens of their own here: no piece but the last ends in half of one."""
    prompt = model.encode_prompt([{"role": "user", "content": "Đà Nẵng"}])
    pieces = list(TextStream(model, prompt, 60, Sampling(2.0, None), seed=1))
    assert len(pieces) > 1
    assert not any(piece.endswith("\ufffd") for piece in pieces[:-1])
