"""Answered instead of translated, and remarks around a translation."""

import pytest

from synth.translate import doubts

QUESTION = "Why do the leaves of trees change their color before the winter? Explain it to a child in three sentences."
ANSWERS = {
    "it": "Le foglie cambiano perché la clorofilla si degrada e restano visibili altri pigmenti, come i carotenoidi.",
    "vi": "Khi trời lạnh, chất diệp lục bị phân hủy nên các sắc tố vàng và cam hiện ra rõ hơn trên bề mặt.",
    "fr": "La chlorophylle se dégrade avec le froid, et d'autres pigments jaunes ou orange deviennent alors visibles.",
}
TRANSLATIONS = {
    "it": "Perché le foglie degli alberi cambiano colore prima dell'inverno? Spiegalo a un bambino in tre frasi.",
    "vi": "Tại sao lá cây đổi màu trước mùa đông? Hãy giải thích điều đó cho một đứa trẻ trong ba câu.",
    "fr": "Pourquoi les feuilles changent-elles de couleur avant l'hiver ? Expliquez-le à un enfant en trois phrases.",
}  # fmt: skip


@pytest.mark.parametrize("language", sorted(ANSWERS))
def test_an_answer_in_the_place_of_a_translation_is_doubted(language: str) -> None:
    row = {"instruction": QUESTION}
    assert "answered" in doubts(row, {"instruction": ANSWERS[language]}, "en", language)
    assert doubts(row, {"instruction": TRANSLATIONS[language]}, "en", language) == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Mi dispiace, ma non posso aiutarti con questa richiesta.", "it"),
        ("Tôi xin lỗi, nhưng tôi không thể giúp bạn với yêu cầu này.", "vi"),
        ("Je suis désolé, mais je ne peux pas vous aider avec cette demande.", "fr"),
    ],
)
def test_a_refusal_is_an_answer(text: str, language: str) -> None:
    assert "answered" in doubts({"instruction": QUESTION}, {"instruction": text}, "en", language)


def test_a_refusal_that_is_translated_is_none() -> None:
    source = "I'm sorry, but I cannot help you with this request."
    target = "Mi dispiace, ma non posso aiutarti con questa richiesta."
    assert doubts({"output": source}, {"output": target}, "en", "it") == []


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (f"Ecco la traduzione: {TRANSLATIONS['it']}", "it"),
        (f"Dưới đây là bản dịch:\n{TRANSLATIONS['vi']}", "vi"),
        (f"Voici la traduction :\n{TRANSLATIONS['fr']}", "fr"),
    ],
)
def test_a_remark_around_a_translation_is_doubted(text: str, language: str) -> None:
    assert "remark_added" in doubts({"instruction": QUESTION}, {"instruction": text}, "en", language)


def test_a_request_to_tell_something_is_no_remark() -> None:
    source = {"instruction": "Tell me about four kinds of birds."}
    assert doubts(source, {"instruction": "Hãy cho tôi biết về bốn loại chim."}, "en", "vi") == []
    assert doubts(source, {"instruction": "Fammi sapere di quattro tipi di uccelli."}, "en", "it") == []


def test_words_that_a_program_knows_are_no_evidence_of_an_answer() -> None:
    words = "'zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight' or 'nine'"
    source = f"# The days are {words}.\n# Return the first of them.\ndef first(days):"
    target = f"# Các ngày là {words.replace(' or ', ' hoặc ')}.\n# Trả về ngày đầu tiên.\ndef first(days):"
    assert doubts({"instruction": source}, {"instruction": target}, "en", "vi") == []
