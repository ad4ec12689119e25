"""Pieces: joined they are the text to the byte, they fit, and white space is never one of them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from synth.translation.pieces import Cutting, Piece, pieces_of

MASK = re.compile(r"⟦(\d+)⟧")


def at_most(characters: int, *, by_sentence: bool = False) -> Cutting:
    return Cutting(lambda text: len(text) <= characters, "en", by_sentence, MASK)


def sent(text: str, cutting: Cutting) -> list[str]:
    pieces = pieces_of(text, cutting)
    assert "".join(piece.text for piece in pieces) == text
    return [piece.text for piece in pieces if piece.is_sent]


def test_a_text_that_fits_is_one_piece_without_the_white_space_around_it() -> None:
    text = "\n  One.\n\n\tTwo.  \r\n"
    assert pieces_of(text, at_most(100)) == [
        Piece("\n  ", is_sent=False), Piece("One.\n\n\tTwo.", is_sent=True), Piece("  \r\n", is_sent=False),
    ]  # fmt: skip
    assert sent(" \n ", at_most(100)) == sent("", at_most(100)) == []


def test_long_texts_are_cut_between_paragraphs_and_neighbours_stay_together() -> None:
    text = "First paragraph.  \n \nSecond one.\n\n\nThird, which is a good deal longer than that."
    assert sent(text, at_most(40)) == [
        "First paragraph.  \n \nSecond one.", "Third, which is a good deal longer than", "that.",
    ]  # fmt: skip
    assert sent(text, at_most(50)) == [
        "First paragraph.  \n \nSecond one.", "Third, which is a good deal longer than that.",
    ]  # fmt: skip


def test_then_between_lines_then_sentences_then_words_then_anywhere() -> None:
    assert sent("one line\nanother line", at_most(12)) == ["one line", "another line"]
    assert sent("Mr. Smith left.  He was late. Nobody saw.", at_most(28)) == [
        "Mr. Smith left.",
        "He was late. Nobody saw.",
    ]
    assert sent("one two three four", at_most(9)) == ["one two", "three", "four"]
    assert sent("abcdefgh", at_most(3)) == ["ab", "cd", "ef", "gh"]
    assert sent("ab", at_most(0)) == ["a", "b"]


def test_by_sentence_every_sentence_stands_alone_without_its_bullet() -> None:
    text = "# Title\n- First point. It has two.\n  2) Second\n\n> Quoted."
    assert sent(text, at_most(100, by_sentence=True)) == ["Title", "First point.", "It has two.", "Second", "Quoted."]
    assert sent("-\n- \n1.", at_most(100, by_sentence=True)) == ["-", "-", "1."]


def test_masks_at_the_ends_of_a_piece_are_not_sent() -> None:
    assert sent("⟦1⟧ ⟦2⟧\nRun ⟦3⟧ now: ⟦4⟧", at_most(100)) == ["Run ⟦3⟧ now:"]
    assert sent("⟦1⟧\n\n⟦2⟧", at_most(100)) == []
    assert sent("See⟦10⟧there", at_most(4)) == ["See", "th", "ere"]


@given(
    st.text(alphabet="abZ .!?\n\t⟦1⟧-à。", max_size=80), st.integers(0, 30), st.booleans(),
)  # fmt: skip
def test_every_text_is_its_pieces(text: str, most: int, by_sentence: bool) -> None:
    for piece in sent(text, at_most(most, by_sentence=by_sentence)):
        assert piece == piece.strip() != ""
        assert len(piece) <= max(most, 1) or MASK.search(piece)
