"""Which rows are about their language, in five languages. Covers synth.translation.language_bound,
synth.translation.language_bound.table, synth.translation.language_bound.tables and
synth.translation.language_bound.tables.*
"""

from __future__ import annotations

import pytest

from synth.translation.language_bound import classify
from synth.translation.language_bound.tables import bound_tables


def row(instruction: str, material: str = "", answer: str = "") -> dict[str, str]:
    return {"instruction": instruction, "input": material, "output": answer}


KINDS = [
    ("en", "What rhymes with window?", "rhyme"),
    ("en", "Unscramble these letters: o-l-m-n-e", "anagram"),
    ("en", "Is 'rotor' a palindrome?", "palindrome"),
    ("en", "How do you spell the plural of 'knife'?", "spelling"),
    ("en", "Proofread this letter.", "grammar_correction"),
    ("en", "Put the missing commas where they belong.", "punctuation"),
    ("en", "Underline every adverb in the passage.", "part_of_speech"),
    ("en", "Put this sentence into the simple past tense.", "grammar_form"),
    ("en", "Which words ending in 'ful' describe a person?", "ends_in"),
    ("en", "Name six vegetables that begin with the letter C.", "starts_with"),
    ("en", "How many vowels are there in 'education'?", "letters"),
    ("en", "Give two antonyms of 'generous'.", "synonyms"),
    ("en", "What does the idiom 'break the ice' mean?", "idiom"),
    ("en", "Write a haiku about the sea.", "poem_form"),
    ("en", "How many syllables has 'banana'?", "syllables"),
    ("en", "What is the etymology of 'salary'?", "etymology"),
    ("en", "List these cities in alphabetical order.", "alphabetical_order"),
    ("it", "Scrivi due parole che fanno rima con «gatto».", "rhyme"),
    ("it", "Correggi gli errori in questa frase.", "grammar_correction"),
    ("it", "Qual è il contrario di «alto»?", "synonyms"),
    ("it", "Metti al plurale: il libro.", "grammar_form"),
    ("it", "Spiega il modo di dire «in bocca al lupo».", "idiom"),
    ("fr", "Corrigez les fautes du texte suivant.", "grammar_correction"),
    ("fr", "Trouve un synonyme de « rapide ».", "synonyms"),
    ("fr", "Combien de voyelles y a-t-il dans « oiseau » ?", "letters"),
    ("es", "Escribe cinco animales que empiecen con la letra M.", "starts_with"),
    ("es", "¿Cuántas sílabas tiene «ventana»?", "syllables"),
    ("es", "Explica el refrán «más vale tarde que nunca».", "idiom"),
    ("vi", "Tìm từ trái nghĩa với «cao».", "synonyms"),
    ("vi", "Sửa lỗi chính tả trong đoạn sau.", "spelling"),
    ("vi", "Sửa lại câu sau: Tôi đi học hôm qua sẽ.", "grammar_correction"),
    ("vi", "Chỉnh sửa câu sau cho đúng: Tôi đi học hôm qua sẽ.", "grammar_correction"),
    ("vi", "Giải thích câu tục ngữ «có công mài sắt».", "idiom"),
    ("vi", "Xác định chủ ngữ của câu.", "part_of_speech"),
]


@pytest.mark.parametrize(("language", "instruction", "kind"), KINDS)
def test_what_is_asked_of_words_is_bound(language: str, instruction: str, kind: str) -> None:
    bound = classify(row(instruction), language)
    assert bound is not None
    assert bound.kind == kind
    assert bound.treatment in ("leave_out", "rewrite")


ORDINARY = [
    ("en", "Explain the plot of a nursery rhyme to a child."),
    ("en", "Write a cover letter for a nurse."),
    ("en", "Write a Python function that counts the vowels of a string."),
    ("en", "List five adjectives that describe a good teacher."),
    ("en", "Describe the past of this town and its future."),
    ("en", "Write a story that starts with a storm."),
    ("it", "Scrivi una lettera di presentazione."),
    ("it", "Spiega come funziona un mulino."),
    ("fr", "Rédige une lettre de motivation."),
    ("es", "Describe una fiesta de pueblo."),
    ("vi", "Viết một đoạn văn về mùa thu Hà Nội."),
    ("vi", "Chỉnh sửa câu này để nghe trang trọng hơn: Chúng tôi mở cửa lúc tám giờ."),
    ("vi", "Sửa đổi đoạn văn sau cho ngắn gọn hơn: Hôm qua trời mưa rất to."),
    ("vi", "Kể tên một loài hoa có nguồn gốc từ Đà Lạt."),
    ("vi", "In ra các số từ 1 đến 20."),
    ("vi", "Viết truyện về hai anh em từ các vùng khác nhau."),
    ("en", "Write about a lake. Add a postscript starting with P.P.S. No other words should follow."),
    ("it", "Scrivi di un lago. Aggiungi un poscritto che inizia con P.S. e nessun'altra parola."),
    ("fr", "Parle d'un lac. Ajoute un post-scriptum commençant par P.S. Aucun autre mot ne doit suivre."),
    ("fr", "Décris un lac sans prononcer le mot eau."),
    ("es", "Habla de un lago. Añade una posdata que comience con P.S. Ninguna otra palabra debe seguir."),
    ("vi", "Liệt kê ba món ăn nổi tiếng của Huế."),
]


@pytest.mark.parametrize(("language", "instruction"), ORDINARY)
def test_all_others_are_not(language: str, instruction: str) -> None:
    assert classify(row(instruction, answer="Something."), language) is None


TRANSLATIONS = [
    ("en", "Translate into Spanish: The bread is warm.", "es", ("The bread is warm.",)),
    ("en", "How do you say 'thank you' in German?", "de", ("thank you",)),
    ("it", "Traduci in inglese: Il pane è caldo.", "en", ("Il pane è caldo.",)),
    ("fr", "Traduisez en italien : Le pain est chaud.", "it", ("Le pain est chaud.",)),
    ("es", "Traduce al francés: El pan está caliente.", "fr", ("El pan está caliente.",)),
    ("vi", "Dịch sang tiếng Anh: Bánh mì còn nóng.", "en", ("Bánh mì còn nóng.",)),
]


@pytest.mark.parametrize(("language", "instruction", "wanted", "fixed"), TRANSLATIONS)
def test_a_translation_keeps_the_language_of_its_answer(
    language: str, instruction: str, wanted: str, fixed: tuple[str, ...]
) -> None:
    bound = classify(row(instruction, answer="…"), language)
    assert bound is not None
    assert (bound.kind, bound.treatment, bound.answer_language) == ("translation", "keep_answer_language", wanted)
    assert set(fixed) <= set(bound.fixed)


def test_the_input_of_a_translation_stays_as_it_is() -> None:
    bound = classify(row("Translate the sentence to Italian.", "We leave at dawn.", "Partiamo all'alba."), "en")
    assert bound is not None
    assert bound.fixed == ("We leave at dawn.",)


def test_an_answer_that_speaks_of_another_language_in_its_own_is_left_out() -> None:
    answer = "The word for bread in French is 'pain', and it is masculine."
    bound = classify(row("What is the French word for bread?", answer=answer), "en")
    assert bound is not None
    assert bound.treatment == "leave_out"


def test_every_turn_of_a_conversation_is_read() -> None:
    turns = ["Tell me of Venice.", "It lies in a lagoon.", "Now find a rhyme for it.", "Menace?"]
    roles = ["user", "assistant"] * 2
    messages = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=True)]
    bound = classify({"messages": messages}, "en")
    assert bound is not None
    assert bound.kind == "rhyme"


def test_what_a_long_quotation_speaks_of_is_no_request() -> None:
    text = "The grammar of the old charter puzzled every scholar who tried to read it in the abbey's library."
    assert classify(row(f'Summarise this: "{text}"', answer="An old charter."), "en") is None


def test_every_pattern_of_every_table_compiles() -> None:
    assert set(bound_tables()) >= {"en", "es", "fr", "it", "vi"}
    for table in bound_tables().values():
        patterns = [*table.kinds.values(), table.translations, *table.requests.values()]
        assert all(table.compile_each(pattern) for pattern in patterns)
        assert set(table.kinds) == set(bound_tables()["en"].kinds)
