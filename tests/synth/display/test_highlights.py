"""Unsupported facts are marked where they stand, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.display.highlights import Fact, facts_of, mark


def marked(text: str, *facts: Fact) -> list[tuple[str, str]]:
    rows: list[list[dict[str, Any]]] = [[{"text": text}]]
    mark(rows, facts)
    return [(piece["text"], piece["kind"]) for piece in rows[0][0]["pieces"] if piece["kind"]]


@pytest.mark.parametrize(
    ("text", "fact", "expected"),
    [
        ("Sono 12, nel 2012.", "12", 1),
        ("Costa 12,5 euro.", "12", 0),
        ("Il 12% e il 12.", "12", 2),
        ("Il «prezzo» è 3.000.", "3.000", 1),
        ("Mario Rossi e Mario Rossini.", "Mario Rossi", 1),
        ("Ông Nguyễn Văn A nói.", "Nguyễn Văn A", 1),
        ("«Mai così», ha detto.", "«Mai così»", 1),
        ("<b>12</b> & 'x'", "12", 1),
    ],
)
def test_a_fact_is_a_whole_word(text: str, fact: str, expected: int) -> None:
    assert marked(text, Fact(fact, "number")) == [(fact, "number")] * expected


def test_of_facts_that_overlap_the_longer_is_marked() -> None:
    facts = (Fact("3", "number"), Fact("3 milioni di euro", "money"))
    assert marked("Costa 3 milioni di euro.", *facts) == [("3 milioni di euro", "money")]


def test_where_the_place_is_known_only_it_is_marked() -> None:
    rows: list[list[dict[str, Any]]] = [[{"text": "Sono 12."}, {"text": "Poi 12."}], [{"text": "E 12."}]]
    assert mark(rows, [Fact("12", "number", 1)]) == 1
    kinds = [[piece["kind"] for piece in sentence["pieces"]] for row in rows for sentence in row]
    assert kinds == [[""], ["", "number", ""], [""]]


def test_places_come_from_a_new_look_where_it_finds_the_same() -> None:
    source = {"title": "", "content": "I feriti sono 12. La spesa è di 40 euro."}
    sample = {"answer": "I feriti sono 12. I morti sono 99.", "language": "it", "sources": [source]}
    assert facts_of({**sample, "unsupported": ["99"], "unsupported_kinds": ["number"]}) == [Fact("99", "number", 0)]
    assert facts_of({**sample, "unsupported": ["12"], "unsupported_kinds": ["number"]}) == [Fact("12", "number")]


def test_a_fact_that_is_not_there_is_not_counted() -> None:
    rows: list[list[dict[str, Any]]] = [[{"text": "Sono 12."}]]
    assert mark(rows, [Fact("13", "number"), Fact("12", "number")]) == 1


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=6).filter(str.strip), max_size=4))
def test_the_pieces_are_the_text(text: str, facts: list[str]) -> None:
    rows: list[list[dict[str, Any]]] = [[{"text": text}]]
    mark(rows, [Fact(fact, "name") for fact in facts])
    assert "".join(piece["text"] for piece in rows[0][0]["pieces"]) == text


def test_rows_as_poor_as_they_come() -> None:
    assert facts_of({}) == facts_of({"unsupported": None}) == []
    assert facts_of({"unsupported": ["7"], "answer": None, "sources": None}) == [Fact("7", "fact")]
