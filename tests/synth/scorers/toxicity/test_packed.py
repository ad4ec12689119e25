"""Packed encoders give what the models themselves give, whatever stands beside a segment; others are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.scorers.toxicity.batching import Scorer
from synth.scorers.toxicity.packed import PackedEncoder, fill, packed_encoder
from tests.synth.scorers.toxicity.toxicity_tiny import ORIGINAL, nearly, tiny_model

pytest.importorskip("detoxify", reason="the extra toxicity is not installed")

TEXTS = ["stupido", "il governo ha detto", "ciao", "oggi", "treni e voto, " * 60, "tre", "no", "ha detto. " * 200]


@pytest.fixture(scope="module", params=["bert", "roberta", "xlm"])
def tiny(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return tiny_model(request.param, ORIGINAL)


def scorer_of(tiny: tuple[Any, Any]) -> Scorer:
    return Scorer(*tiny, {"toxicity": [0], "insult": [4]})


def test_scores_are_those_of_the_model_itself(tiny: tuple[Any, Any]) -> None:
    scorer = scorer_of(tiny)
    assert scorer.packed is not None
    packed = scorer.scores(TEXTS)
    assert nearly(scorer.scores(TEXTS, 64), packed)
    scorer.packed = None
    plain = scorer.scores(TEXTS)
    assert nearly(packed, plain)
    assert max(row["toxicity"] or 0 for row in plain) - min(row["toxicity"] or 0 for row in plain) > 0.01


@settings(deadline=None, max_examples=25)
@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=9), seed=st.integers(0, 99))
def test_segments_do_not_see_each_other(tiny: tuple[Any, Any], lengths: list[int], seed: int) -> None:
    import torch

    model, tokenizer = tiny
    ids = torch.randint(5, len(tokenizer), (sum(lengths),), generator=torch.Generator().manual_seed(seed)).tolist()
    segments = [[ids.pop() for _ in range(length)] for length in lengths]
    with torch.inference_mode():
        alone = torch.cat([model(input_ids=torch.tensor([segment])).logits for segment in segments])
        assert torch.allclose(PackedEncoder(model).logits(segments), alone, atol=1e-5)


def test_the_batch_has_no_padding(tiny: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, rows = scorer_of(tiny), []
    layer = tiny[0].get_submodule(tiny[0].base_model_prefix).encoder.layer[0]
    layer.attention.self.key.register_forward_hook(lambda _module, inputs, _output: rows.append(len(inputs[0])))
    scorer.scores(TEXTS)
    expected = [len(segment) for ids in scorer.token_ids(TEXTS) for segment in scorer.segments(ids)]
    assert sum(rows) == sum(expected)
    assert len(rows) < len(expected)


def test_a_model_that_is_built_otherwise_keeps_its_own_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = ([2], [3])
    model, tokenizer = tiny_model("bert", ORIGINAL)
    assert packed_encoder(model, frame) is not None
    monkeypatch.setattr(model.config, "model_type", "electra")
    assert packed_encoder(model, frame) is None
    monkeypatch.undo()
    # Another order of operations, as a newer release may have, is seen in the numbers.
    model.bert.encoder.layer[1].register_forward_hook(lambda _module, _inputs, output: output * 1.5)
    assert packed_encoder(model, frame) is None
    scorer = Scorer(model, tokenizer, {"toxicity": [0]})
    assert scorer.packed is None
    assert 0 < (scorer.scores(["ciao"])[0]["toxicity"] or 0) < 1
    del model.bert.encoder.layer[0].intermediate
    assert packed_encoder(model, frame) is None


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 4000))
def test_batches_are_full_and_keep_to_the_budget(lengths: list[int], tokens: int) -> None:
    batches = fill(lengths, tokens)
    assert sorted(number for batch in batches for number in batch) == list(range(len(lengths)))
    sizes = [sum(lengths[number] for number in batch) for batch in batches]
    assert all(size <= tokens or len(batch) == 1 for size, batch in zip(sizes, batches, strict=True))
    for size, following in zip(sizes, batches[1:], strict=False):
        assert size + lengths[following[0]] > tokens
    order = [lengths[number] for batch in batches for number in batch]
    assert order == sorted(order, reverse=True)
