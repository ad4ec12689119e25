"""Requests about words made anew, every answer checked. Covers
synth.translation.language_bound.requests and synth.translation.language_bound.lexicon.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.translation.language_bound import Lexicon, build_lexicon, classify, rewrite
from synth.translation.language_bound.requests import is_kept

ITALIAN = Lexicon(
    "it",
    tuple(
        "nazione stazione azione momento governo cemento mattina sera rosa casa strada resa anna osso radar bambino "
        "vento nuvola lavoro zucchero ritorno ricerca rinvio riserva gatto duna onda".split()
    ),
)
VIETNAMESE = Lexicon("vi", tuple("nhanh xanh lanh tranh sông đông công trông thành thanh mưa nắng".split()))


def row(instruction: str, answer: str, material: str = "") -> dict[str, str]:
    return {"instruction": instruction, "input": material, "output": answer}


REQUESTS = [
    ("en", row("List two words that end in 'ness'.", "1. Kindness\n2. Darkness")),
    ("en", row("Name 3 words that start with the letter R.", "Rain, road, river")),
    ("en", row("Give me two words containing the letter z.", "zoo, maze")),
    ("en", row("Find an anagram of 'evil'.", "Vile")),
    ("en", row("Give an example of a palindrome.", "Level")),
    ("en", row("Arrange these words in alphabetical order: pear, fig, apple", "apple, fig, pear")),
    ("fr", row("Donne deux mots qui se terminent par « tion ».", "nation, action")),
    ("es", row("Escribe dos palabras que terminen en «dad».", "ciudad, edad")),
]


@pytest.mark.parametrize(("language", "source"), REQUESTS)
def test_a_request_is_made_anew_and_right(language: str, source: dict[str, str]) -> None:
    bound = classify(source, language)
    assert bound is not None
    anew = rewrite(source, bound, "it", lexicon=ITALIAN)
    assert anew is not None
    assert is_kept(anew["instruction"], anew["input"], anew["output"], "it")
    assert rewrite(source, bound, "it", lexicon=ITALIAN) == anew


def test_vietnamese_is_asked_for_syllables() -> None:
    source = row("List two words that end in 'ness'.", "kindness, darkness")
    bound = classify(source, "en")
    assert bound is not None
    anew = rewrite(source, bound, "vi", lexicon=VIETNAMESE)
    assert anew is not None
    assert anew["instruction"].startswith("Liệt kê 2 tiếng kết thúc bằng")
    assert is_kept(anew["instruction"], "", anew["output"], "vi")


def test_too_few_words_make_nothing() -> None:
    source = row("List nine words that end in 'ness'.", "…")
    bound = classify(source, "en")
    assert bound is not None
    assert rewrite(source, bound, "it", lexicon=ITALIAN) is None
    assert rewrite(source, bound, "it", lexicon=Lexicon("it")) is None


@pytest.mark.parametrize(
    "instruction", ["List two cheeses that end in the letter a.", "Write a poem of words that start with P."]
)
def test_what_asks_for_more_than_words_is_left_out(instruction: str) -> None:
    bound = classify(row(instruction, "…"), "en")
    assert bound is not None
    assert bound.treatment == "leave_out"
    assert rewrite(row(instruction, "…"), bound, "it", lexicon=ITALIAN) is None


WRONG = [
    ("Elenca 2 parole che finiscono in «zione».", "nazione, governo"),
    ("Elenca 3 parole che finiscono in «zione».", "nazione, azione"),
    ("Elenca 2 parole che iniziano con «r».", "rosa, rosa"),
    ("Trova un anagramma di «resa».", "rose"),
    ("Elenca 1 parole palindrome.", "radio"),
    ("Metti queste parole in ordine alfabetico: vento, rosa.", "vento, rosa"),
    ("Metti queste parole in ordine alfabetico: vento, rosa.", "casa, rosa"),
    ("Racconta una storia.", "C'era una volta."),
]


@pytest.mark.parametrize(("instruction", "answer"), WRONG)
def test_a_wrong_answer_is_seen(instruction: str, answer: str) -> None:
    assert not is_kept(instruction, "", answer, "it")


def test_a_lexicon_has_the_words_of_several_texts_and_no_names() -> None:
    texts = ["Il governo di Roma riunisce il governo.", "Roma applaude il governo", "A Roma il governo tace, errrore"]
    lexicon = build_lexicon(texts, "it")
    assert "governo" in lexicon
    assert "Roma" not in lexicon
    assert "errrore" not in lexicon
    assert len(build_lexicon(texts[:1], "it")) == 0


@given(st.lists(st.text(max_size=40), max_size=6))
def test_a_lexicon_is_made_of_any_texts(texts: list[str]) -> None:
    lexicon = build_lexicon(texts, "vi", texts_with=1)
    assert all(word.islower() and word.isalpha() for word in lexicon)
