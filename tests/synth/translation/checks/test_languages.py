"""The language of the prose, and what is left in the source's."""

import pytest

from synth.translate import doubts

ENGLISH = "The river rises in the hills behind the town. After heavy rain it floods the old market and the school."
ITALIAN = "Il fiume nasce sulle colline dietro la città. Dopo piogge intense allaga il vecchio mercato e la scuola."
SPANISH = "El río nace en las colinas detrás de la ciudad. Después de las lluvias inunda el viejo mercado y la escuela."


def _doubts(source: str, translation: str, language: str = "it") -> list[str]:
    return doubts({"output": source}, {"output": translation}, "en", language)


def test_a_translation_is_no_doubt() -> None:
    assert _doubts(ENGLISH, ITALIAN) == []


@pytest.mark.parametrize("language", ["it", "vi", "fr", "es", "de", "pt"])
def test_what_is_left_as_it_was_is_untranslated(language: str) -> None:
    assert _doubts(ENGLISH, ENGLISH, language) == ["untranslated"]


def test_a_sentence_that_is_left_is_untranslated() -> None:
    rest = "After heavy rain it floods the old market and the school."
    assert "untranslated" in _doubts(ENGLISH, f"Il fiume nasce sulle colline dietro la città. {rest}")


def test_another_language_is_doubted() -> None:
    assert "other_language" in _doubts(ENGLISH, SPANISH)


def test_letters_of_another_script_are_doubted() -> None:
    assert "other_script" in _doubts("The house is small.", "La casa è 小.")


@pytest.mark.parametrize("text", ["Rome", "@ada @bob", "```python\nx = 1\n```", "42", "C++", "row_total = 3", ""])
def test_short_texts_and_code_are_in_no_language(text: str) -> None:
    assert _doubts(text, text) == []
