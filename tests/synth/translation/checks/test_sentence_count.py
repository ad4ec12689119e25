"""Length and sentences. Covers synth.translation.checks.length."""

import pytest

from synth.translate import doubts

SOURCE = (
    "The mayor opened the new bridge on Tuesday. It links both banks of the river near the station. "
    "Why did the work take nine years? Giulia Bianchi, who led it, blames the floods."
)
PARTS = [
    "Il sindaco ha inaugurato martedì il nuovo ponte.",
    "Collega le due sponde del fiume vicino alla stazione.",
    "Perché i lavori sono durati nove anni?",
    "Giulia Bianchi, che li ha diretti, dà la colpa alle alluvioni.",
]


def _doubts(translation: str) -> list[str]:
    return doubts({"output": SOURCE}, {"output": translation}, "en", "it")


def test_a_whole_translation_is_no_doubt() -> None:
    assert _doubts(" ".join(PARTS)) == []


@pytest.mark.parametrize("lost", range(4))
def test_a_sentence_that_is_lost_is_doubted(lost: int) -> None:
    assert "sentence_lost" in _doubts(" ".join(part for place, part in enumerate(PARTS) if place != lost))


def test_a_sentence_that_is_added_is_doubted() -> None:
    more = "Il quartiere aspetta da tempo anche una nuova biblioteca per i ragazzi delle scuole."
    assert "sentence_added" in _doubts(" ".join([*PARTS, more]))


def test_two_sentences_made_one_are_no_doubt() -> None:
    joined = " ".join(PARTS).replace("ponte. Collega", "ponte, che collega")
    assert _doubts(joined) == []


def test_a_text_much_too_long_or_short_is_doubted() -> None:
    assert "length" in _doubts(" ".join(PARTS * 3))
    assert "length" in _doubts("Il ponte è aperto.")


def test_a_text_without_translation_is_doubted() -> None:
    assert doubts(
        {"instruction": "Say hi.", "output": "Hi!"}, {"instruction": "Saluta.", "output": ""}, "en", "it"
    ) == ["empty"]
