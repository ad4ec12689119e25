"""Sentences of Italian and Vietnamese news, and that no character is lost whatever the text."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.language.segmentation import sentences, words

LANGUAGES = ("it", "vi", "en", "es", "fr", "de", "")
#: Texts made of what decides where a sentence ends.
PIECES = st.sampled_from(
    [
        *(". ! ? … ... .» .” .\" 。 ！ ( ) « » “ ” ‘ ’ ' \" – - • : ; ,".split()),
        *("Roma Hà Nội TP HCM on dott prof G. Ông ông il Il È è E' 3 3,5 1.200 12.48 n art ansa.it http://a.b/C".split()),
        *("a\u0300 😀 ß ﬁ ١٢ 中文 \u200b".split()),
        " ", " ", "  ", "\n", "\n\n", "\n \n", "\t", "\u00a0", "\r\n", "x" * 80,
    ]
)  # fmt: skip


def without_space(text: str) -> str:
    return "".join(text.split())


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)), st.sampled_from(LANGUAGES))
def test_no_character_is_lost_and_no_sentence_is_empty(text: str, language: str) -> None:
    found = sentences(text, language)
    assert without_space("".join(found)) == without_space(text)
    assert all(sentence == " ".join(sentence.split()) and sentence for sentence in found)


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(LANGUAGES))
def test_cutting_twice_cuts_no_further_than_the_paragraphs(text: str, language: str) -> None:
    for sentence in sentences(text, language):
        assert without_space("".join(sentences(sentence, language))) == without_space(sentence)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("it", ["L'on. Verdi ha parlato con il dott. Bianchi.", "Poi è uscito."]),
        ("it", ["G. Meloni ha firmato il d.l. n. 104 del 2023.", "Entra in vigore domani."]),
        ("it", ["«Vattene!» ha detto il sindaco.", "Nessuno si è mosso."]),
        ("it", ["La spesa è di 1.200,50 euro, il 3,5% in più.", "È un record."]),
        ("it", ["Costa 12 mld. di euro."]),
        ("it", ["Ha vinto l'Inter S.p.A. di Milano.", "Il titolo sale."]),
        ("it", ["Aspettiamo… forse domani.", "Chissà."]),
        ("it", ["Lo ha detto alle 12.48 di ieri.", "La scossa è stata di 3.9."]),
        ("it", ["“Non lo so.”", "Così ha risposto."]),
        ("vi", ["TP. Hồ Chí Minh có mưa.", "PGS.TS Nguyễn Văn A nói."]),
        ("vi", ["Ông P.V.T., 45 tuổi, bị bắt.", "Công an đang điều tra."]),
        ("vi", ["Giá vàng tăng 1.200.000 đồng.", "Hôm nay 12.5 là ngày cuối."]),
        ("vi", ["“Tôi đi”, anh nói.", "Mọi người im lặng."]),
        ("vi", ["Cầu dài 2,5 km v.v. và rộng 10 m.", "Xe máy được đi."]),
        ("en", ["Mr. Smith met Dr. Jones at 5 p.m. in London.", "They left."]),
        ("de", ["Am 3. Mai kam er z.B. nach Bonn.", "Er blieb."]),
    ],
)
def test_abbreviations_numbers_and_quotations(language: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("È finita la corsa.Inizio della gara alle nove.", ["È finita la corsa.", "Inizio della gara alle nove."]),
        ("Ha scritto a Roma.L’inizio è oggi.", ["Ha scritto a Roma.", "L’inizio è oggi."]),
        ("Lo dice l'Istat.A questi si aggiungono altri.", ["Lo dice l'Istat.", "A questi si aggiungono altri."]),
        ("Sale del 5%.Il resto cala.", ["Sale del 5%.", "Il resto cala."]),
        ("Il sito www.ansa.It/Notizie è giù.", ["Il sito www.ansa.It/Notizie è giù."]),
        ("Il sito ansa.it è giù.", ["Il sito ansa.it è giù."]),
        ("Scrive a Mario.Rossi@example.it ogni giorno.", ["Scrive a Mario.Rossi@example.it ogni giorno."]),
        ("Il dott.Bianchi è qui.", ["Il dott.Bianchi è qui."]),
        ("La S.Maria è salpata.", ["La S.Maria è salpata."]),
        ("Con ASP.NET si lavora.", ["Con ASP.NET si lavora."]),
    ],
)
def test_a_full_stop_glued_to_the_next_sentence(text: str, expected: list[str]) -> None:
    assert sentences(text, "it") == expected


def test_a_blank_line_ends_a_sentence() -> None:
    assert sentences("Il titolo\n\nIl testo comincia qui.\n \nE qui\nva avanti.", "it") == [
        "Il titolo", "Il testo comincia qui.", "E qui va avanti."
    ]  # fmt: skip


def test_a_number_alone_begins_what_follows() -> None:
    assert sentences("1. Il primo punto. 2. Il secondo.", "it") == ["1. Il primo punto.", "2. Il secondo."]


def test_words_keep_accents_and_numbers() -> None:
    # Typed as letter and accent, or as one character: the same words.
    assert words("Phường 5, TP.HCM: 1.200 người; l’età è 3,5!") == [
        "Phường", "5", "TP", "HCM", "1.200", "người", "l", "età", "è", "3,5"
    ]  # fmt: skip
    assert words("perche\u0301") == ["perché"]
    assert words(" … —") == []


@given(st.text())
def test_words_are_never_empty(text: str) -> None:
    assert all(word and not word.isspace() for word in words(text))


@pytest.mark.parametrize(
    "text", ["a." * 30_000, "A. " * 30_000, "x" * 200_000, "." * 100_000, "«" * 50_000, "1." * 50_000]
)
def test_cost_is_linear(text: str) -> None:
    began = time.process_time()
    sentences(text, "it")
    words(text)
    assert time.process_time() - began < 5


def test_real_articles_cut_into_sentences_of_a_sensible_length(shared: Path) -> None:
    with (shared / "data/it_news_2024/articles.jsonl").open(encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    lengths = [len(words(one)) for row in rows[:300] for one in sentences(row["content"] or "", "it")]
    assert len(lengths) > 3000
    # Sentences of one or two words are abbreviations cut off, those of a hundred were not cut.
    assert sum(length <= 2 for length in lengths) < 0.04 * len(lengths)
    assert sum(length > 100 for length in lengths) < 0.01 * len(lengths)


def test_a_text_that_lost_its_capitals_has_sentences_all_the_same() -> None:
    text = (
        "oil prices rose sharply on monday . the minister did not resign after the vote . apple sued samsung over its "
        "patents ."
    )
    assert len(sentences(text, "en")) == 3
    assert len(sentences(text.replace("apple", "Apple"), "en")) == 2
