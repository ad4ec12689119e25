"""Words keep their accents, whichever way these are written.

Covers train.metrics.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.metrics.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tiếng Việt giàu đẹp", ["tiếng", "việt", "giàu", "đẹp"]),
        ("Ông Nguyễn Văn Ư, 45 tuổi.", ["ông", "nguyễn", "văn", "ư", "45", "tuổi"]),
        ("L'università è più cara", ["l", "università", "è", "più", "cara"]),
        ("costa 1.200,50 euro", ["costa", "1", "200", "50", "euro"]),
        ("snake_case don't", ["snake", "case", "don", "t"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("日本語 text", ["日", "本", "語", "text"]),
        ("İzmir", ["i̇zmir"]),
        (" — …!", []),
        ("", []),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_vietnamese_syllable_is_whole_in_both_unicode_forms() -> None:
    text = "Những người phụ nữ Huế đã từng được khen ngợi"
    assert words(unicodedata.normalize("NFD", text)) == words(text) == text.lower().split()


@given(st.text())
def test_the_unicode_form_does_not_matter(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_on_ascii_the_words_are_those_of_rouge_score(text: str) -> None:
    tokenize = pytest.importorskip("rouge_score.tokenize", reason="rouge_score is not installed")
    assert words(text) == tokenize.tokenize(text, None)
