"""The same words in other forms. Covers forms.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.translation.language_bound import classify
from synth.translation.language_bound.forms import has_other_forms

CHANGED = [
    ("They was happy to come.", "They were happy to come."),
    ("she lives in rome with her cat", "She lives in Rome with her cat."),
    ("I recieved your letter today.", "I received your letter today."),
    ("The dogs bark at night", "The dog barks at night"),
    ("Io anda a casa presto.", "Io andavo a casa presto."),
    ("After lunch we sleep", "After lunch, we sleep"),
]


@pytest.mark.parametrize(("text", "answer"), CHANGED)
def test_corrections_and_conjugations(text: str, answer: str) -> None:
    assert has_other_forms(text, answer)


OTHER = [
    ("They were happy to come.", "They were happy to come."),
    ("The film was quite good.", "The movie was rather pleasant."),
    ("Mix 2 spoons of sugar and milk.", "Mix 4 spoons of sugar and milk."),
    ("pear, fig, apple", "apple, fig, pear"),
    ("Who wrote Faust?", "Goethe wrote it."),
]


@pytest.mark.parametrize(("text", "answer"), OTHER)
def test_other_words_numbers_or_order(text: str, answer: str) -> None:
    assert not has_other_forms(text, answer)


@given(st.text(max_size=80))
def test_a_text_is_no_other_form_of_itself(text: str) -> None:
    assert not has_other_forms(text, text)


def test_a_row_is_bound_whose_answer_has_other_forms_whatever_its_instruction_says() -> None:
    row = {
        "instruction": "Have a look at this.",
        "input": "They was happy to come.",
        "output": "They were happy to come.",
    }
    bound = classify(row, "en")
    assert bound is not None
    assert bound.kind == "grammar_correction"
