"""A back translation beside its source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.translation.checks.round_trip import chrf, round_trip_doubts, word_similarity

TEXT = "The ferry to the island leaves at noon and comes back after dark."


def test_a_near_text_is_no_doubt_and_a_far_one_is() -> None:
    assert round_trip_doubts(TEXT, "The ferry for the island leaves at midday and returns after dark.") == []
    assert round_trip_doubts(TEXT, "My uncle grows tomatoes behind his garage.") == ["round_trip"]
    assert round_trip_doubts(TEXT, "") == ["round_trip"]
    assert round_trip_doubts("Noon", "Midday") == []


def test_similarity_is_of_words() -> None:
    assert word_similarity(TEXT, TEXT.upper()) == pytest.approx(1)
    assert word_similarity(TEXT, "x") == 0


@given(reference=st.text(max_size=60), hypothesis=st.text(max_size=60))
def test_chrf_is_that_of_sacrebleu(reference: str, hypothesis: str) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    expected = sacrebleu.sentence_chrf(hypothesis, [reference], eps_smoothing=False).score
    assert chrf(reference, hypothesis) == pytest.approx(expected, abs=1e-6)
