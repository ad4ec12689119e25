"""Whatever the batches and pieces: the score of a text is its own, and that of its worst piece.

Covers synth.scorers.toxicity.batching, synth.scorers.padded_batches.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.scorers.padded_batches import batches, window_of
from synth.scorers.toxicity.batching import OVERLAP, Scorer
from synth.scorers.toxicity.models import Choice
from tests.synth.scorers.toxicity.toxicity_tiny import (
    ORIGINAL,
    UNBIASED,
    bert_tokenizer,
    detoxify_checkpoint,
    nearly,
    tiny_model,
    xlm_tokenizer,
)

pytest.importorskip("detoxify", reason="the extra toxicity is not installed")

WORDS = ("governo", "manovra", "stupido", "ieri", "in", "aula", "voto,", "treni", "ha", "detto.", "no", "3")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return detoxify_checkpoint(tmp_path_factory.mktemp("model"), "xlm", UNBIASED)


@pytest.fixture(scope="module")
def scorer(checkpoint: Path) -> Scorer:
    return Choice("multilingual", (), checkpoint).load()


@pytest.fixture(scope="module")
def bert() -> Any:
    return tiny_model("bert", ORIGINAL)


def text_of(words: int, seed: int = 0) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def test_a_long_text_has_the_maximum_of_its_segments(scorer: Scorer, checkpoint: Path) -> None:
    """Each segment scored apart, by Detoxify's own model."""
    import torch
    from detoxify import Detoxify

    text = text_of(700)
    ids = scorer.tokenizer(text, add_special_tokens=False)["input_ids"]
    segments = scorer.segments(ids)
    assert len(segments) > 3
    theirs = Detoxify(checkpoint=str(checkpoint))
    with torch.no_grad():
        apart = [theirs.model(torch.tensor([segment])).logits.sigmoid()[0].tolist() for segment in segments]
    for name, value in scorer.scores([text])[0].items():
        values = [row[theirs.class_names.index(name)] for row in apart]
        assert value == pytest.approx(max(values), abs=1e-5)
        assert max(values) - min(values) > 1e-4


def test_up_to_the_window_a_text_is_one_segment(scorer: Scorer, checkpoint: Path) -> None:
    from detoxify import Detoxify

    letters = "a" * 509
    fits, longer = scorer.token_ids([letters, letters + "a"])
    assert (len(fits), len(scorer.segments(fits)), len(scorer.segments(longer))) == (510, 1, 2)
    theirs = Detoxify(checkpoint=str(checkpoint)).predict(letters)
    assert scorer.scores([letters])[0]["toxicity"] == pytest.approx(theirs["toxicity"], abs=1e-5)


@settings(deadline=None)
@given(length=st.integers(1, 5000), window=st.sampled_from([8, 16, 100, 512]))
def test_segments_hold_everything_and_fit(bert: Any, length: int, window: int) -> None:
    scorer = Scorer(*bert, {"toxicity": [0]})
    scorer.capacity = window - 2
    ids = list(range(10, 10 + length))
    segments = scorer.segments(ids)
    assert all(len(segment) <= window and segment[0] == 2 and segment[-1] == 3 for segment in segments)
    bodies = [segment[1:-1] for segment in segments]
    assert bodies[0][0] == ids[0]
    assert bodies[-1][-1] == ids[-1]
    overlap = min(OVERLAP, (window - 2) // 4)
    for one, following in itertools.pairwise(bodies):
        assert one[len(one) - overlap :] == following[:overlap] if overlap else one[-1] + 1 == following[0]
        assert len(following) > overlap
    assert len(segments) <= math.ceil(length / (window - 2 - overlap))


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 4000))
def test_batches_keep_to_the_budget(lengths: list[int], tokens: int) -> None:
    made = batches(lengths, tokens)
    assert sorted(number for batch in made for number in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[number] for number in batch) <= tokens
    order = [lengths[number] for batch in made for number in batch]
    assert order == sorted(order, reverse=True)


@given(st.lists(st.integers(1, 40), max_size=8), st.integers(1, 100), st.integers(0, 30))
def test_no_other_batches_cost_less(lengths: list[int], tokens: int, start: int) -> None:
    """Tried: every way to cut the row of lengths, longest first."""
    row = sorted(lengths, reverse=True)

    def cost(parts: list[list[int]]) -> float:
        fits = all(len(part) == 1 or part[0] * len(part) <= tokens for part in parts)
        return sum(start + part[0] * len(part) for part in parts) if fits else math.inf

    least = math.inf
    for count in range(len(row)):
        for places in itertools.combinations(range(1, len(row)), count):
            bounds = [0, *places, len(row)]
            least = min(least, cost([row[a:b] for a, b in itertools.pairwise(bounds)]))
    made = [[lengths[number] for number in batch] for batch in batches(lengths, tokens, start)]
    assert cost(made) == (least if row else 0)


def test_neither_order_nor_batches_change_a_score(scorer: Scorer) -> None:
    texts = [text_of(words, words) for words in (1, 3, 40, 12, 200, 90, 7, 120)]
    expected = [scorer.scores([text])[0] for text in texts]
    assert nearly(scorer.scores(texts), expected)
    assert nearly(scorer.scores(texts[::-1])[::-1], expected)
    for tokens in (1, 100, 1000, 100_000):
        assert nearly(scorer.scores(texts, tokens), expected)


def test_nothing_is_said_of_nothing(scorer: Scorer) -> None:
    assert scorer.scores([]) == []
    found = scorer.scores(["", "ciao", " \n\t "])
    assert set(found[0].values()) == set(found[2].values()) == {None}
    assert found[0].keys() == found[1].keys()
    assert nearly([found[1]], scorer.scores(["ciao"]))


def test_characters_that_no_model_knows(scorer: Scorer) -> None:
    found = scorer.scores(["\u200b", "😀" * 3000, "ciao\0mondo", "\ufffd"])
    assert all(value is None or 0 <= value <= 1 for scores in found for value in scores.values())


def test_the_window_of_a_model() -> None:
    for kind, tokenizer, window in (("bert", bert_tokenizer(), 512), ("xlm", xlm_tokenizer(), 512)):
        model, _ = tiny_model(kind, ORIGINAL)
        assert window_of(model, tokenizer) == window
        tokenizer.model_max_length = 10**30
        assert window_of(model, tokenizer) == window
        tokenizer.model_max_length = 128
        assert window_of(model, tokenizer) == 128
    small, tokenizer = tiny_model("xlm", ORIGINAL, max_position_embeddings=258)
    assert window_of(small, tokenizer) == 256


def test_a_small_window_is_kept_to() -> None:
    """More tokens than positions would end in an IndexError."""
    model, tokenizer = tiny_model("xlm", ("CLEAN", "HATE"), max_position_embeddings=66)
    found = Scorer(model, tokenizer, {"toxicity": [1]}, exclusive=True).scores([text_of(300)])
    assert 0 < found[0]["toxicity"] < 1  # type: ignore[operator]


def test_numbers_that_are_none(scorer: Scorer, checkpoint: Path) -> None:
    import torch

    broken = Choice("multilingual", (), checkpoint).load()
    with torch.no_grad():
        broken.model.classifier.out_proj.bias.fill_(float("nan"))
    with pytest.raises(NewsmillError, match="take another"):
        broken.scores(["ciao"])


def test_where_memory_does_not_do_batches_are_halved(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    texts = [text_of(20, seed) for seed in range(12)]
    expected, sizes = scorer.scores(texts), []

    def limited(compute: Callable[..., Any]) -> Callable[..., Any]:
        def values(segments: Any) -> Any:
            sizes.append(len(segments))
            if len(segments) > 3:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return compute(segments)

        return values

    monkeypatch.setattr(scorer, "values_of", limited(scorer.values_of))
    assert nearly(scorer.scores(texts), expected)
    assert max(sizes) > 3
