"""Texts of a prompt are cut to nearly one length, at the ends of sentences."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.blind.texts.forms import ends
from train.blind.texts.lengths import equal, shorter, spread


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("Uno due. Tre quattro cinque.", 4, "Uno due."),
        ("Uno due. Tre quattro cinque.", 5, "Uno due. Tre quattro cinque."),
        ("«Uno due». Tre «quattro.» cinque", 4, "«Uno due»."),
        ("Uno due tre", 2, "Uno due […]"),
        ("È il 3.5 per cento di tutto", 4, "È il 3.5 per […]"),
        ("Parla il dott. Neri di tutto. Poi esce", 6, "Parla il dott. Neri di tutto."),
    ],
)
def test_texts_are_cut_at_sentences(text: str, words: int, left: str) -> None:
    assert shorter(text, words, "it") == left


def written(generator: random.Random, words: int) -> str:
    """Sentences of 6 to 30 words, `words` or a few more in all."""
    parts: list[str] = []
    while sum(len(part.split()) for part in parts) < words:
        parts.append("Parola " * generator.randint(5, 29) + "fine.")
    return " ".join(parts)


@given(seed=st.integers(0, 10**6), sizes=st.lists(st.integers(60, 500), min_size=2, max_size=4))
def test_lengths_are_near_and_texts_are_whole(seed: int, sizes: list[int]) -> None:
    generator = random.Random(seed)
    texts = [written(generator, size) for size in sizes]
    cut = equal(texts, "it", 200)
    assert all(text.startswith(part) and ends(part) for text, part in zip(texts, cut, strict=True))
    assert max(len(part.split()) for part in cut) <= 200
    assert spread([len(part.split()) for part in cut]) <= 0.35


def test_neither_author_is_longer_on_the_whole() -> None:
    generator = random.Random(3)
    differences = []
    for _ in range(400):
        cut = equal([written(generator, 150), written(generator, 600)], "it", 200)
        first, second = (len(part.split()) for part in cut)
        differences.append((first - second) / max(first, second))
    assert abs(sum(differences) / len(differences)) < 0.01


def test_an_empty_text_and_a_very_short_one_do_not_shorten_the_rest() -> None:
    long = written(random.Random(1), 120)
    cut = equal(["", "Tre parole sole.", long], "it")
    assert cut[:2] == ["", "Tre parole sole."]
    assert len(cut[2].split()) >= 10
    assert equal(["Una. Due."], "it") == ["Una. Due."]


def test_a_text_without_full_stops_is_cut_all_the_same() -> None:
    cut = equal(["parola " * 400, "Frase di quattro parole. " * 30], "it")
    assert len(cut[0].split()) < 140
