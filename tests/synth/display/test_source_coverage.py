"""A source with the sentences marked that an answer tells."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from synth.display.source_alignment import align
from synth.display.source_coverage import source_coverage

SOURCE = {
    "title": "Il porto di Livorno riapre", "description": "Dopo sei anni di lavori.",
    "content": "I traghetti per Bastia partono giovedì dal molo Capitaneria. I lavori sono costati 7 milioni.\n\n"
    "Il sindaco Salvetti era assente.\nLa banda dei pompieri ha suonato l'inno.",
}  # fmt: skip
TEXTS = st.text(alphabet="ab .!?…。\n\t7eé\u0301'<&", max_size=120)


def view(answer: str, source: dict[str, Any] = SOURCE, most: int | None = None) -> dict[str, Any]:
    content = str(source.get("content") or "")
    return source_coverage(answer, source, align(answer, [content], "it", "s", 1, most).sources[0])


def texts(pieces: list[dict[str, Any]], level: str) -> list[str]:
    return [piece["text"] for piece in pieces if piece["level"] == level]


def shown(view: dict[str, Any], level: str) -> list[str]:
    return [text for row in view["paragraphs"] for part in row for text in texts(part["pieces"], level)]


def test_a_sentence_is_told_wholly_in_part_or_not() -> None:
    seen = view("I traghetti per Bastia partono giovedì dal molo Capitaneria. Salvetti non c'era.")
    assert shown(seen, "full") == ["I traghetti per Bastia partono giovedì dal molo Capitaneria."]
    assert shown(seen, "part") == ["Il sindaco Salvetti era assente."]
    assert texts(seen["content"], "full") == shown(seen, "full")
    assert texts(seen["title"], "") == ["Il porto di Livorno riapre"]
    assert seen["counts"] == {"full": 1, "part": 1, "all": 6}


def test_headline_and_lead_are_read_too() -> None:
    seen = view("Il porto di Livorno riapre dopo sei anni di lavori.")
    assert texts(seen["title"], "full") == [SOURCE["title"]]
    assert texts(seen["description"], "full") == [SOURCE["description"]]


def test_a_mark_that_an_anchor_parts_has_one_sign() -> None:
    """The page cuts at a sentence that a number leads to; a mark may reach over the cut."""
    parts = [{"text": "I traghetti per Bastia ", "anchor": "s-1"},
             {"text": "partono giovedì dal molo Capitaneria. Altro.", "anchor": ""}]  # fmt: skip
    told = "I traghetti per Bastia partono giovedì dal molo Capitaneria."
    (row,) = source_coverage(told, SOURCE, [parts])["paragraphs"]
    assert [piece["first"] for part in row for piece in part["pieces"] if piece["level"]] == [True, False]
    assert [part["anchor"] for part in row] == ["s-1", ""]


def test_what_the_page_cuts_is_marked_in_the_whole_text() -> None:
    filling = " ".join(f"Il treno numero {number} ha ritardo." for number in range(1, 80))
    source = {"content": f"No. Milano.\n\n{filling}\n\nLa banda dei pompieri ha suonato l'inno. Fine."}
    seen = view("Ai pompieri è piaciuta la banda, che ha suonato l'inno dei pompieri.", source, most=300)
    told = texts(seen["content"], "full") + texts(seen["content"], "part")
    assert told == ["La banda dei pompieri ha suonato l'inno."]


def test_sentences_without_spaces_between_them() -> None:
    source = {"content": "東京の港が再開した。市長は欠席した。"}
    assert shown(view("東京の港が再開した。", source), "full") == ["東京の港が再開した。"]


def test_without_an_answer_or_a_text_nothing_is_marked() -> None:
    assert view("")["counts"] == {"full": 0, "part": 0, "all": 0}
    odd = source_coverage("Sì.", {"title": None, "content": 7}, [])
    assert (odd["title"], odd["content"], odd["counts"]["all"]) == ([], [], 0)


@given(TEXTS, TEXTS, TEXTS, st.none() | st.integers(1, 60))
def test_no_letter_of_a_source_is_lost(answer: str, title: str, content: str, most: int | None) -> None:
    import unicodedata

    seen = view(answer, {"title": title, "content": content}, most)
    for name, text in (("title", title), ("content", content)):
        assert "".join(piece["text"] for piece in seen[name]) == unicodedata.normalize("NFC", text)
    for row in seen["paragraphs"]:
        for part in row:
            joined = "".join(piece["text"] for piece in part["pieces"])
            assert joined == unicodedata.normalize("NFC", part["text"])
