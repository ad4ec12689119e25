"""Coverage: how much of a source an answer tells.

Covers synth.scorers.coverage, synth.coverage.
"""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.coverage import coverages
from synth.scorers.coverage.content import covered_statements, source_text
from synth.scorers.readings import READINGS

HARBOUR = [
    "The port of Livorno closes its old harbour to ferries on 3 May.",
    "Ferries to Bastia will leave from the new harbour, said the mayor Anna Ricci.",
    "Fishermen fear that the new harbour is too far from the market.",
    "The works cost 40 million euros and took six years.",
    "A party with fireworks is planned for the evening.",
    "The market will open an hour earlier from June.",
]
TEXT = " ".join(HARBOUR)
VIETNAMESE = (
    "Thủ tướng thăm nhà máy điện gió ở Bạc Liêu hôm 12/3. Nhà máy điện gió có 62 trụ. "
    "Người dân mong giá điện không tăng trong năm nay."
)
JAPANESE = "北海道で大雪が降りました。鉄道は午前中に運休しました。空港は閉鎖されています。"
GREEK = "Η κυβέρνηση ανακοίνωσε νέα μέτρα. Τα μέτρα αφορούν την ενέργεια. Οι τιμές της ενέργειας πέφτουν."
HINDI = "दिल्ली में नई मेट्रो लाइन खुली। मेट्रो लाइन पर बारह स्टेशन हैं। किराया दस रुपये से शुरू होता है।"


def one(answer: str, source: str = TEXT) -> float:
    (value,) = coverages(answer, [source])
    return value


def test_nothing_is_0_and_a_copy_is_1() -> None:
    assert one("") == 0
    assert one(TEXT) == 1
    assert one("Bread is baked at night by two sisters in Turin.") < 0.05
    assert coverages(TEXT, []) == []
    assert coverages("", ["", TEXT]) == [0, 0]
    assert coverages(TEXT, ["", "...", "\n"]) == [0, 0, 0]


def test_what_the_source_comes_back_to_counts_most() -> None:
    about = "Ferries leave the old harbour for a new harbour far from the market."
    aside = "A party with fireworks is planned; the works took six years."
    assert one(about) > 1.5 * one(aside)


def test_two_statements_of_the_source_are_more_than_one_retold_twice() -> None:
    twice = f"{HARBOUR[1]} {HARBOUR[1]}"
    assert one(f"{HARBOUR[1]} {HARBOUR[3]}") > one(twice)
    assert one(twice) == one(HARBOUR[1])


def test_order_does_not_matter() -> None:
    assert one(" ".join(HARBOUR[:3])) == one(" ".join(reversed(HARBOUR[:3])))


def test_what_comes_first_counts_more() -> None:
    filler = [f"Paragraph {word} talks of nothing that any other does." for word in ("alpha", "beta", "gamma")] * 30
    early = " ".join(["A whale stranded near Ostia.", *filler, "A train stopped near Rieti."])
    assert one("A whale stranded near Ostia.", early) > one("A train stopped near Rieti.", early)


def test_numbers_match_however_they_are_written() -> None:
    source = "Hanno votato 1.200 soci su 3.400. Il bilancio è passato."
    assert one("1200 soci hanno votato.", source) == one("1,200 soci hanno votato.", source)
    assert one("1200 soci hanno votato.", source) > one("900 soci hanno votato.", source)


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_an_elided_article_is_nothing_that_is_told(apostrophe: str) -> None:
    source = f"L{apostrophe}accordo dell{apostrophe}azienda salva l{apostrophe}impianto. Gli operai festeggiano."
    assert one(f"dell{apostrophe}", source) == 0
    assert one("accordo azienda impianto", source) == one(
        f"L{apostrophe}accordo, all{apostrophe}azienda, nell{apostrophe}impianto", source
    )


def test_an_ending_is_no_other_word() -> None:
    source = "Il governatore presenta il nuovo regolamento comunale."
    assert one("I governatori presentano nuovi regolamenti comunali.", source) > 0.8


def test_vietnamese_syllables_count_in_pairs() -> None:
    told = one("Thủ tướng thăm nhà máy điện gió ở Bạc Liêu.", VIETNAMESE)
    syllables = one("Máy thăm nhà, tướng gió điện, Liêu ở thủ Bạc.", VIETNAMESE)
    assert told > 0.4
    assert syllables < told / 4


def test_either_unicode_form_is_the_same_text() -> None:
    answer = "Nhà máy điện gió có 62 trụ."
    decomposed = unicodedata.normalize("NFD", answer)
    assert decomposed != answer
    assert one(decomposed, VIETNAMESE) == one(answer, VIETNAMESE)
    assert one(answer, unicodedata.normalize("NFD", VIETNAMESE)) == one(answer, VIETNAMESE)


@pytest.mark.parametrize("text", [JAPANESE, GREEK, HINDI, VIETNAMESE])
def test_scripts(text: str) -> None:
    first = text[: min(text.find(mark) + 1 for mark in ".。।" if mark in text)]
    assert one(text, text) == 1
    assert 0.15 < one(first, text) < 1
    assert one(first, text) < one(text[: len(text) * 3 // 4], text)
    assert one("Harbours close in May.", text) == 0


def test_an_answer_in_another_language_has_names_and_numbers_in_common() -> None:
    italian = "Il porto di Livorno chiude ai traghetti il 3 maggio, dice la sindaca Anna Ricci. Costa 40 milioni."
    assert 0 < one(italian) < 0.3


@pytest.mark.parametrize("count", [1, 5, 30])
def test_sources_of_any_length(count: int) -> None:
    source = [f"Town {number} opens school {number + 100} near bridge {number + 200}." for number in range(count)]
    values = [one(" ".join(source[:told]), " ".join(source)) for told in range(count + 1)]
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] == 1
    assert values[1] > 0


def test_a_long_source_asks_for_no_more_than_a_summary_can_take() -> None:
    asides = [f"Reader {number} from {place} wrote letter {number * 7}." for number in range(40) for place in ("Bari",)]
    short, long = one(" ".join(HARBOUR[:3]), TEXT), one(" ".join(HARBOUR[:3]), " ".join([*HARBOUR, *asides]))
    assert long > short / 2


def test_sources_are_articles_or_texts() -> None:
    article = {"title": "Harbour of Livorno closes", "description": None, "content": TEXT, "tags": ["ports"], "date": 1}
    assert source_text(article) == f"Harbour of Livorno closes\n{TEXT}"
    assert coverages(TEXT, [article, TEXT])[1] == 1
    assert 0.9 < coverages(TEXT, [article])[0] <= 1
    assert coverages("The harbour of Livorno closes.", [{"title": "Harbour of Livorno closes", "content": ""}])[0] == 1
    assert coverages(TEXT, [{"title": "", "content": None}, {}]) == [0, 0]


def test_a_headline_counts_as_said_twice() -> None:
    content = "The port closes. A party is planned."
    headed = {"title": "Party planned", "content": content}
    assert coverages("A party is planned.", [headed])[0] > coverages("A party is planned.", [content])[0]


def test_lower_case_text_has_sentences() -> None:
    low = TEXT.lower()
    assert [row.share for row in covered_statements(HARBOUR[1].lower(), low)].count(1) == 1
    assert one(HARBOUR[1].lower(), low) > 0.2


def test_the_statements_that_an_answer_covers() -> None:
    rows = covered_statements("Ferries to Bastia leave from the new harbour. The works took six years.", TEXT)
    assert [TEXT[row.start : row.end].strip() for row in rows] == HARBOUR
    shares = [row.share for row in rows]
    assert sorted(range(6), key=lambda number: -shares[number])[:2] == [1, 3]
    assert min(shares[1], shares[3]) > 0.5
    assert shares[4] == 0


def test_a_source_is_read_once() -> None:
    READINGS.clear()
    for answer in HARBOUR:
        coverages(answer, [TEXT, {"content": TEXT}])
    assert len(READINGS) == 1


WORDS = st.sampled_from(
    "porto Livorno traghetti nuovo mercato sindaca 40 milioni dell'anno la di Thủ tướng 東京".split()
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=9).map(lambda words: " ".join(words) + ".")


@given(st.lists(SENTENCES, min_size=1, max_size=8), st.lists(SENTENCES, max_size=6), st.data())
def test_a_sentence_more_never_lowers_it(source: list[str], answer: list[str], data: st.DataObject) -> None:
    text = " ".join(source)
    copied = data.draw(st.sampled_from(source))
    place = data.draw(st.integers(0, len(answer)))
    before, after = one(" ".join(answer), text), one(" ".join([*answer[:place], copied, *answer[place:]]), text)
    assert 0 <= before <= after <= 1


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3))
def test_any_text_has_a_finite_score(answer: str, sources: list[str]) -> None:
    for source, value in zip(sources, coverages(answer, sources), strict=True):
        assert math.isfinite(value)
        assert 0 <= value <= 1
        assert one(source, source) in (0, 1)
