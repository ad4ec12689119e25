"""What a sentence needs before it, and when that is met."""

from __future__ import annotations

import pytest

from synth.llm.extractive.references import Needs, Reader, terms_of, whole_names


def needs_of_last(language: str, *sentences: str) -> Needs:
    reader = Reader(language)
    return [reader.needs_of(sentence) for sentence in sentences][-1]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("it", "I lavori finirono solo quattro anni più tardi, con una festa."),
        ("it", "Nel frattempo il comune ha trovato altri soldi."),
        ("it", "Difende la scelta del consiglio comunale di Prato."),
        ("vi", "Tuy nhiên, trường vẫn chưa được sửa."),
        ("vi", "Hai năm sau, trường được sửa xong."),
        ("en", "The work ended four years later with a party."),
        ("en", "However, the town found some more money."),
        ("fr", "Les travaux ont fini quatre ans plus tard avec une fête."),
        ("es", "Las obras terminaron cuatro años más tarde con una fiesta."),
        ("de", "Vier Jahre später endeten die Arbeiten mit einem Fest."),
        ("pt", "As obras terminaram quatro anos mais tarde com uma festa."),
    ],
)
def test_what_counts_from_the_sentence_before_needs_it(language: str, sentence: str) -> None:
    needs = needs_of_last(language, "A.", sentence)
    assert needs.previous
    assert not needs.are_met(terms_of(sentence), follows=False)
    assert needs.are_met(terms_of(sentence), follows=True)


def test_a_short_name_needs_the_whole_one() -> None:
    needs = needs_of_last("it", "La maestra Anna Bianchi insegna a Prato.", "Bianchi lavora a Prato da anni.")
    assert needs.names == {"bianchi"}
    assert not needs.are_met(terms_of("Un incendio a Prato."), follows=True)
    assert needs.are_met(terms_of("La maestra Anna Bianchi insegna."), follows=False)


def test_a_noun_with_the_article_needs_its_noun() -> None:
    needs = needs_of_last("it", "Un incendio ha distrutto un deposito.", "Il deposito era vuoto da un anno.")
    assert needs.nouns == {"deposi"}
    assert needs.are_met(terms_of("Un deposito brucia."), follows=False)
    assert not needs.are_met(terms_of("Una scuola brucia."), follows=False)


def test_a_first_sentence_that_introduces_needs_nothing() -> None:
    assert needs_of_last("it", "Un incendio ha distrutto nella notte un deposito di Prato.") == Needs()
    assert needs_of_last("vi", "Chiều 4/5, một vụ cháy xảy ra ở Hà Nội.") == Needs()


def test_an_abbreviation_that_was_explained() -> None:
    first = "Lo dice l'Istituto per la Strada (Ips) in una nota."
    assert "ips" in needs_of_last("it", first, "Secondo Ips le strade sono vecchie.").names


def test_names_of_several_words() -> None:
    assert list(whole_names("La maestra Anna Bianchi e il sindaco.", {"la"})) == [["Anna", "Bianchi"]]
