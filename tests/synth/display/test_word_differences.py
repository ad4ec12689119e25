"""Word differences: the texts are whole, and what is marked is what changed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.display.word_differences import differences, merged


def shown(old: str, new: str) -> tuple[str, str]:
    sides = differences(old, new)
    return tuple("".join(f"[{text}]" if kind else text for text, kind in side) for side in sides)  # type: ignore[return-value]


def test_words_and_numbers_are_compared_whole() -> None:
    assert shown("Il museo riapre giovedì.", "Il museo chiude giovedì.") == (
        "Il museo [riapre] giovedì.", "Il museo [chiude] giovedì.",
    )  # fmt: skip
    assert shown("sono 1.200 euro", "sono 1.300 euro") == ("sono [1.200] euro", "sono [1.300] euro")
    assert shown("giá xăng", "giá xăng dầu") == ("giá xăng", "giá xăng[ dầu]")


def test_words_side_by_side_are_one_change() -> None:
    assert shown("uno due tre", "uno x y tre") == ("uno [due] tre", "uno [x y] tre")
    assert shown("a uno due b", "a x y b") == ("a [uno due] b", "a [x y] b")


def test_both_texts_can_be_one() -> None:
    pieces = merged("Il museo riapre giovedì.", "Il vecchio museo chiude giovedì.")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("", "Il "), ("ins", "vecchio "), ("", "museo "), ("del", "riapre"), ("ins", "chiude"), ("", " giovedì."),
    ]  # fmt: skip


def test_texts_too_long_for_words_are_compared_by_lines() -> None:
    old = "\n".join(f"riga {number} di molte parole diverse" for number in range(900))
    new = old.replace("riga 1 ", "linea 1 ").replace("riga 890 ", "linea 890 ")
    sides = differences(old, new)
    assert ["".join(text for text, _ in side) for side in sides] == [old, new]
    assert [text for text, kind in sides[1] if kind] == [
        "linea 1 di molte parole diverse\n", "linea 890 di molte parole diverse\n",
    ]  # fmt: skip
    huge = "x " * 3000, "y\n" * 3000
    assert [side[0].kind for side in differences(*huge)] == ["del", "ins"]


@given(st.text(alphabet="ab \n.1", max_size=60), st.text(alphabet="ab \n.1", max_size=60))
def test_the_pieces_are_the_texts_and_what_is_common_is_common(old: str, new: str) -> None:
    before, after = differences(old, new)
    assert ("".join(piece.text for piece in before), "".join(piece.text for piece in after)) == (old, new)
    both = merged(old, new)
    assert "".join(piece.text for piece in both if piece.kind != "ins") == old
    assert "".join(piece.text for piece in both if piece.kind != "del") == new
    assert {piece.kind for piece in before} <= {"", "del"}
    assert {piece.kind for piece in after} <= {"", "ins"}
    if old == new:
        assert all(not piece.kind for piece in (*before, *after))
