"""Texts in statements and terms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.language.tables import is_syllabic, nearest
from synth.scorers.coverage.terms import statements


def keys(text: str, syllabic: bool = False) -> list[list[str]]:
    return [[term.key for term in row.terms] for row in statements(text, syllabic)]


def test_statements_and_stems() -> None:
    assert keys("The governors met. «Prices rose», said Xi!") == [
        ["the", "govern", "met"],
        ["prices", "rose", "said", "xi"],
    ]
    assert keys("first line\nsecond line 3.5 km... then") == [
        ["first", "line"],
        ["second", "line", "35", "km"],
        ["then"],
    ]
    assert keys("") == keys(" …\n— !") == []


def test_small_words_weigh_little_and_names_and_numbers_most() -> None:
    (row,) = statements("From the records: Xi met 12 men at Rome")
    weights = dict(row.terms)
    assert weights["the"] == weights["at"] < 0.2 < weights["men"] < weights["record"]
    assert weights["xi"] == weights["12"] == weights["rome"] == 1


def test_elisions_and_apostrophes() -> None:
    assert keys("l'Aquila all’alba un'ora d'oro") == [["aquila", "alba", "ora", "oro"]]
    assert keys("Trump's car, don't, o'clock") == [["trump", "s", "car", "don", "t", "o", "clock"]]


def test_syllables_and_characters_go_in_pairs() -> None:
    text = "Hà Nội có 12 quận"
    assert is_syllabic(nearest(text + " và được các không."))
    assert not is_syllabic(nearest("Hanoi has twelve districts"))
    assert keys(text, syllabic=True) == [["hà nội", "nội có", "có 12", "12 quận", "12"]]
    assert keys("Nội.", syllabic=True) == [["nội"]]
    assert keys("東京の地震 magnitude 5") == [["東 京", "京 の", "の 地", "地 震", "magnit", "5"]]


def test_marks_belong_to_their_letters() -> None:
    assert keys("नई दिल्ली") == [["नई", "दिल्ली"]]


@given(st.text(max_size=200), st.booleans())
def test_places_are_those_of_the_text(text: str, syllabic: bool) -> None:
    rows = statements(text, syllabic)
    assert all(0 <= row.start < row.end <= len(text) for row in rows)
    assert [row.start for row in rows] == sorted(row.start for row in rows)
    assert all(0 <= term.weight <= 1 for row in rows for term in row.terms)


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_sentence_more_changes_none_before_it(text: str, more: str) -> None:
    assert keys(text + "\n" + more) == keys(text) + keys(more)
