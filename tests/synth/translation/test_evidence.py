"""Words that are found again in another language."""

from synth.language.tables import languages
from synth.translation.evidence import Evidence

SOURCE = "Write a story about a horse and the river near the school of Anna."
ITALIAN = "Scrivi una storia su un cavallo e sul fiume vicino alla scuola di Anna."
VIETNAMESE = "Viết một câu chuyện về con ngựa và dòng sông gần trường của Anna."
OTHER = {"it": "Il prezzo della benzina è salito ancora.", "vi": "Giá xăng lại tăng thêm một lần nữa."}


def test_a_translation_is_nearer_than_another_text() -> None:
    for language, text in (("it", ITALIAN), ("vi", VIETNAMESE)):
        assert Evidence(text, language, "en").of_absence(SOURCE) < 0
        assert Evidence(OTHER[language], language, "en").of_absence(SOURCE) > 0
        assert Evidence(SOURCE, "en", language).of_absence(text) < 0


def test_names_and_long_words_of_latin_origin_count() -> None:
    counts = Evidence("La situazione economica di Torino", "it", "en").counts(
        "The economic situation of Turin and Milan"
    )
    assert counts == {("seven", False): 2, ("name", True): 2}
    assert ("seven", False) not in Evidence("Tình hình kinh tế economic", "vi", "en").counts("The economic situation")


def test_a_language_without_a_table_has_no_ideas() -> None:
    assert Evidence("Scrie o poveste", "ro", "en").counts("write a story") == {}


def test_every_language_has_words_for_the_same_ideas() -> None:
    ideas = {code: set(table.vocabulary) for code, table in languages().items()}
    assert all(words == ideas["en"] for words in ideas.values())
    assert all(stem.strip() for table in languages().values() for stems in table.vocabulary.values() for stem in stems)
