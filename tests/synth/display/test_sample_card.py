"""A card of a sample as any version may have stored it.

Covers synth.display.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from synth.display.sample_card import number, record, records, sample_card, values

SOURCE = {"title": "T", "link": "https://a.it/1", "content": "La giunta ha approvato il piano. Altro testo."}
ODD: list[dict[str, Any]] = [
    {},
    {"key": None, "sources": None, "provenance": "x", "answer": 7, "unsupported": "x", "similarity": 0.5},
    {"key": "k", "sources": ["no record", 3, SOURCE], "answer": "La giunta.", "contaminated": [1], "language": 5},
    {"key": "k", "sources": {"title": "T"}, "answer": None, "sentence_sources": 1, "personal_data": "x"},
    {
        "key": "k",
        "answer": "x\0\u202e<script>" * 9,
        "mean_similarity": math.nan,
        "toxicity": math.inf,
        "accuracy": "5",
    },
]


@pytest.mark.parametrize("sample", ODD)
def test_a_document_that_lacks_fields_or_has_odd_ones_is_shown(sample: dict[str, Any]) -> None:
    card = sample_card(sample)
    assert card["mean_similarity"] is card["accuracy"] is card["toxicity"] is None
    assert card["answer"] == str(sample.get("answer") or "")


def test_as_many_sources_are_shown_as_are_asked_for() -> None:
    sources = [{**SOURCE, "link": f"https://a.it/{n}"} for n in range(9)]
    sample = {"key": "k", "answer": "La giunta ha approvato il piano.", "sources": sources}
    assert (len(sample_card(sample)["sources"]), sample_card(sample)["more_sources"]) == (6, 3)
    assert (
        len(sample_card(sample, source_limit=8)["sources"]),
        sample_card(sample, source_limit=8)["more_sources"],
    ) == (8, 1)


def test_stored_values_are_taken_for_what_they_are() -> None:
    assert [number(value) for value in (0, 0.5, True, math.nan, -math.inf, "1", None)] == [0, 0.5, *[None] * 5]
    assert (record([]), records([{}, 1]), values("ab")) == ({}, [{}], [])
