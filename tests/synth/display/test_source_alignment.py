"""Sentences of an answer, traced to the sources that have them."""

from __future__ import annotations

from synth.display.source_alignment import align

ONE = "ROMA (ANSA) - La giunta ha approvato il piano. Il costo è di 12 milioni.\n\nI lavori cominciano a maggio."
TWO = "Il sindaco ha detto no. Il costo previsto del nuovo piano è di 12 milioni di euro per il comune."


def told(answer: str, language: str = "it", shown: int = 6) -> list[tuple[str, str, int]]:
    found = align(answer, [ONE, TWO], language, "s", shown)
    return [(part["text"], part["how"], part["source"]) for row in found.answer for part in row]


def test_verbatim_near_and_none() -> None:
    answer = (
        "La giunta ha approvato il piano. Il sindaco ha detto no! "
        "Il costo previsto del nuovo piano è di 12 milioni di euro.\n\nGli alieni sono atterrati."
    )
    assert told(answer) == [
        ("La giunta ha approvato il piano.", "verbatim", 1),
        ("Il sindaco ha detto no!", "verbatim", 2),
        ("Il costo previsto del nuovo piano è di 12 milioni di euro.", "near", 2),
        ("Gli alieni sono atterrati.", "none", 0),
    ]


def test_counts_and_paragraphs() -> None:
    found = align("I lavori cominciano a maggio.\n\nAltro.", [ONE, TWO], "it", "s", 6)
    assert len(found.answer) == 2
    assert found.counts == {"verbatim": 1, "near": 0, "none": 1}


def test_the_sources_are_shown_whole_and_marked_where_pointed_at() -> None:
    found = align("I lavori cominciano a maggio. Il costo è di 12 milioni.", [ONE, TWO], "it", "s", 6)
    whole = "\n\n".join("".join(part["text"] for part in row) for row in found.sources[0])
    assert whole == ONE
    marked = {part["text"]: part["anchor"] for row in found.sources[0] for part in row if part["anchor"]}
    assert marked == {"I lavori cominciano a maggio.": "s-1", "Il costo è di 12 milioni.": "s-2"}
    assert [part["anchor"] for part in found.answer[0]] == ["s-1", "s-2"]


def test_a_sentence_said_twice_leads_to_one_place() -> None:
    found = align("Il sindaco ha detto no. Il sindaco ha detto no.", [ONE, TWO], "it", "s", 6)
    assert [part["anchor"] for part in found.answer[0]] == ["s-1", "s-1"]
    assert sum(bool(part["anchor"]) for source in found.sources for row in source for part in row) == 1


def test_a_source_that_is_not_shown_is_named_without_a_link() -> None:
    found = align("Il sindaco ha detto no.", [ONE, TWO], "it", "s", 1)
    assert [(part["source"], part["anchor"]) for part in found.answer[0]] == [(2, "")]
    assert len(found.sources) == 1


def test_vietnamese() -> None:
    source = "Sáng 6/5, TP Hải Phòng hỗ trợ khẩn cấp. Ban quản lý chợ thống kê thiệt hại 7,8 tỷ đồng."
    found = align("Ban quản lý chợ thống kê thiệt hại 7,8 tỷ đồng.", [source], "vi", "s", 6)
    assert found.counts == {"verbatim": 1, "near": 0, "none": 0}


def test_nothing_to_trace() -> None:
    assert align("", [], "", "s", 6).answer == []
    assert align("…", ["", "…"], "", "s", 6).counts["near"] == 0
