"""Paragraphs and sentences are found where they stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.reverse.fragments.spans import Span, paragraphs, sentence_spans

TEXT = "Il ponte ha\nriaperto.  Costa 3,5 milioni.\n \n\nNessun ferito.\n"


def test_they_stand_where_they_say() -> None:
    blocks = paragraphs(TEXT)
    assert [TEXT[start:end] for start, end in blocks] == [
        "Il ponte ha\nriaperto.  Costa 3,5 milioni.",
        "Nessun ferito.",
    ]
    parts = [sentence for block in blocks for sentence in sentence_spans(TEXT, block, "it")]
    assert [TEXT[part.start : part.end] for part in parts] == [
        "Il ponte ha\nriaperto.",
        "Costa 3,5 milioni.",
        "Nessun ferito.",
    ]
    assert [part.words for part in parts] == [4, 3, 2]


@given(st.text("ab .!?\n«»\t\u3000", max_size=80))
def test_of_any_text_nothing_but_white_space_is_left_out(text: str) -> None:
    left = list(text)
    for block in paragraphs(text):
        for part in sentence_spans(text, Span(*block), "it"):
            assert " ".join(text[part.start : part.end].split()) == part.text
            left[part.start : part.end] = " " * (part.end - part.start)
    assert not "".join(left).strip()
