"""Masks: put in, found again however a model writes them, and counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.translation.masks import FORMS, lost_masks, mask

TEXT = "Run `ls -l` and open https://a.org/b first."


def spans(text: str, *parts: str) -> list[tuple[int, int]]:
    return [(text.index(part), text.index(part) + len(part)) for part in parts]


def test_what_is_protected_gives_way_and_comes_back() -> None:
    masked = mask(TEXT, spans(TEXT, "`ls -l`", "https://a.org/b"))
    assert masked.text == "Run ⟦1⟧ and open ⟦2⟧ first."
    assert masked.restore("Apri ⟦2⟧ ed esegui ⟦ 1 ⟧.") == "Apri https://a.org/b ed esegui `ls -l`."


def test_a_mask_that_no_text_had_is_taken_out() -> None:
    masked = mask(TEXT, spans(TEXT, "`ls -l`"))
    assert masked.restore("a ⟦1⟧ b ⟦7⟧ c ⟦0⟧") == "a `ls -l` b  c "


def test_neighbours_with_white_space_between_are_one_mask() -> None:
    text = "| a |\n| b |"
    masked = mask(text, [(0, 1), (4, 5), (6, 7), (10, 11)])
    assert masked.text == "⟦1⟧ a ⟦2⟧ b ⟦3⟧"
    assert masked.restore(masked.text) == text


def test_spans_that_overlap_are_one() -> None:
    assert mask("abcdef", [(1, 4), (2, 5), (3, 3)]).text == "a⟦1⟧f"


def test_a_text_that_has_masks_of_its_own_gets_another_form() -> None:
    text = "The sign ⟦1⟧ and `x`"
    masked = mask(text, spans(text, "`x`"))
    assert masked.form == FORMS[1]
    assert masked.restore(masked.text) == text
    assert mask("a `b`", spans("a `b`", "`b`"), lambda form: form == FORMS[2]).text == "a <x1>"


def test_nothing_is_left_to_translate_where_only_masks_and_signs_are() -> None:
    assert not mask("`a` + 2 = `b`!", [(0, 3), (10, 13)]).has_letters()
    assert mask("`a` is", [(0, 3)]).has_letters()


def test_masks_that_are_missing_or_come_twice_are_lost() -> None:
    masked = mask("`a` `b`, `c`", [(0, 3), (4, 7), (9, 12)])
    assert masked.text == "⟦1⟧, ⟦2⟧"
    assert lost_masks(masked.text, "⟦2⟧ e ⟦1⟧", masked.pattern) == []
    assert lost_masks(masked.text, "⟦2⟧ ⟦2⟧", masked.pattern) == [1, 2]
    assert lost_masks(masked.text, "⟦1⟧ ⟦2⟧ ⟦3⟧", masked.pattern) == [3]


@given(st.text(alphabet="ab `\n⟦1⟧[{<x>}]§@", max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_masked_and_restored_every_text_is_itself(text: str, pairs: list[tuple[int, int]]) -> None:
    inside = [(min(pair), min(max(pair), len(text))) for pair in pairs]
    masked = mask(text, inside)
    if masked.form != FORMS[0] or "⟦1⟧" not in text:
        assert masked.restore(masked.text) == text
        assert lost_masks(masked.text, masked.text, masked.pattern) == []
