"""Demands on the form of an answer, found in five languages. Covers constraints.py."""

from __future__ import annotations

import pytest

from synth.translation.language_bound.constraints import Constraint, constraints

CASES = [
    ("en", "Write at least 120 words.", Constraint("words", "least", 120)),
    ("en", "Use fewer than 5 sentences.", Constraint("sentences", "most", 4)),
    ("en", "Give exactly three bullet points.", Constraint("bullets", "exactly", 3)),
    ("en", "Use the word 'river' three times.", Constraint("keyword", "exactly", 3, "river")),
    ("en", "Do not use the word 'blue'.", Constraint("forbidden", phrase="blue")),
    ("en", 'Finish with "Good night."', Constraint("end", phrase="Good night.")),
    ("en", "The letter q should appear at most twice.", Constraint("letter", "most", 2, "q")),
    ("en", "Answer in all lowercase letters.", Constraint("lowercase")),
    ("en", "Do not use any commas.", Constraint("no_comma")),
    ("en", "Wrap your whole answer in double quotation marks.", Constraint("quotation")),
    ("en", "Give a title in double angular brackets, such as <<title>>.", Constraint("title")),
    ("it", "Scrivi almeno 120 parole.", Constraint("words", "least", 120)),
    ("it", "Usa la parola «fiume» tre volte.", Constraint("keyword", "exactly", 3, "fiume")),
    ("it", "Non usare virgole.", Constraint("no_comma")),
    ("it", "Termina con «Buona notte.»", Constraint("end", phrase="Buona notte.")),
    ("fr", "Écris moins de 5 phrases.", Constraint("sentences", "most", 4)),
    ("fr", "N'utilise pas le mot « bleu ».", Constraint("forbidden", phrase="bleu")),
    ("es", "Escribe como máximo dos párrafos.", Constraint("paragraphs", "most", 2)),
    ("es", "Incluye la palabra «río» al menos dos veces.", Constraint("keyword", "least", 2, "río")),
    ("vi", "Viết ít nhất 120 từ.", Constraint("words", "least", 120)),
    ("vi", "Dùng từ «sông» ba lần.", Constraint("keyword", "exactly", 3, "sông")),
    ("vi", "Không dùng dấu phẩy.", Constraint("no_comma")),
    ("en", "Use the words boat, harbour and rain.", Constraint("keyword", "least", 1, "harbour")),
    ("en", "Include these keywords: old harbour, rain.", Constraint("keyword", "least", 1, "old harbour")),
    ("en", "The word rain should appear at least 3 times.", Constraint("keyword", "least", 3, "rain")),
    ("en", "The words boat and rain cannot be in it.", Constraint("forbidden", phrase="boat")),
    ("it", "Il testo deve contenere le parole barca, porto e pioggia.", Constraint("keyword", "least", 1, "pioggia")),
    ("it", "Non usare la parola pioggia.", Constraint("forbidden", phrase="pioggia")),
    ("it", "Usa queste parole chiave: porto vecchio, pioggia.", Constraint("keyword", "least", 1, "porto vecchio")),
    ("fr", "Le texte doit contenir les mots bateau, port et pluie.", Constraint("keyword", "least", 1, "port")),
    ("fr", "Le mot pluie doit apparaître au moins 3 fois.", Constraint("keyword", "least", 3, "pluie")),
    ("es", "No menciones la palabra lluvia o lluvias.", Constraint("forbidden", phrase="lluvias")),
    ("es", "La palabra lluvia debe aparecer menos de 3 veces.", Constraint("keyword", "most", 2, "lluvia")),
    ("vi", "Dùng các từ khóa: bến cảng, cơn mưa.", Constraint("keyword", "least", 1, "bến cảng")),
]


@pytest.mark.parametrize(("language", "instruction", "wanted"), CASES)
def test_a_demand_is_found(language: str, instruction: str, wanted: Constraint) -> None:
    assert wanted in constraints(instruction, language)


ORDINARY = [
    ("en", "Tell a story in your own words."),
    ("en", "Explain the word 'trend' to a child."),
    ("en", "Use the word count of the page."),
    ("en", "Do not forget the words of your mother."),
    ("fr", "Utilise le mot de passe donné."),
    ("es", "Usa la palabra que prefieras."),
    ("it", "Racconta la storia con parole tue."),
    ("vi", "Kể câu chuyện bằng lời của bạn."),
]


@pytest.mark.parametrize(("language", "instruction"), ORDINARY)
def test_where_nothing_is_demanded_nothing_is_found(language: str, instruction: str) -> None:
    assert constraints(instruction, language) == []


def test_a_range_is_two_demands() -> None:
    both = [Constraint("sentences", "least", 5), Constraint("sentences", "most", 6)]
    assert constraints("Answer in 5 or 6 sentences.", "en") == both
    assert constraints("Rispondi in 5-6 frasi.", "it") == both


def test_two_demands_of_one_sentence_keep_apart() -> None:
    found = constraints("Mention 'salt' exactly once and begin with \"Dear cook\".", "en")
    assert found == [Constraint("keyword", "exactly", 1, "salt"), Constraint("start", phrase="Dear cook")]
