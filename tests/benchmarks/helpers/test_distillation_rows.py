"""What is distilled: events joined over overlaps, a hold-out that lies later and shares nothing, beginnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.helpers.distillation_rows import (
    WORDINGS,
    Source,
    Summary,
    beginning,
    distinct,
    italian_summaries,
    joined,
    last_days,
    leads,
    record,
    shortened,
    split,
    unsegmented,
    vietnamese_summaries,
)


def summary(number: int, day: int, links: str = "", last: int = 0) -> Summary:
    """A row of one or more articles, named by letters."""
    own = list(links) or [f"link-{number}"]
    days = f"2026-05-{day:02}", f"2026-05-{last or day:02}"
    return Summary(f"row-{number}", "it", [Source(own[0], "Titolo", "Il ponte apre.")], "Ha aperto.", own, *days)


def test_rows_that_share_an_article_over_others_are_one_event() -> None:
    assert len(set(joined(["ab", "cd", "bc"]))) == 1
    assert len(set(joined(["ab", "cd", "e"]))) == 3


def test_the_hold_out_is_whole_events_later_than_all_training_rows() -> None:
    rows = [summary(number, number) for number in range(1, 13)]
    parts = split(rows, test_events=3, val_events=2)
    assert [row.id for row in parts.test] == ["row-10", "row-11", "row-12"]
    assert [row.id for row in parts.val] == ["row-8", "row-9"]
    assert max(row.last for row in parts.train) < min(row.first for row in parts.test)


def test_a_row_of_an_event_that_began_before_the_cut_is_in_no_part() -> None:
    rows = [*(summary(number, number) for number in range(1, 10)), summary(10, 2, "ab"), summary(11, 9, "bc")]
    parts = split(rows, test_events=2, val_events=1)
    ids = {row.id for part in (parts.train, parts.val, parts.test) for row in part}
    assert "row-11" not in ids
    assert "row-10" in {row.id for row in parts.train}
    assert parts.left_out.total() == 1


def test_a_row_whose_articles_lie_on_both_sides_is_in_no_part() -> None:
    rows = [*(summary(number, number) for number in range(1, 10)), summary(10, 3, last=9)]
    parts = split(rows, test_events=2, val_events=1)
    assert parts.left_out.total() == 1
    assert "row-10" not in {row.id for row in (*parts.train, *parts.val, *parts.test)}


def test_a_chain_of_overlaps_is_never_all_of_the_validation() -> None:
    chain = [summary(number, 7, f"{number}{number + 1}") for number in range(1, 6)]
    parts = split([*(summary(number, number - 10) for number in range(11, 17)), *chain, summary(20, 9)], 1, 1)
    assert len(parts.train) == 11
    assert not parts.val


def test_days_that_events_share_are_held_out_together() -> None:
    assert last_days({"a": "2026-05-01", "b": "2026-05-02", "c": "2026-05-02"}, 1) == "2026-05-02"
    with pytest.raises(ValueError, match="4 events to hold out, there are 1"):
        last_days({"a": "2026-05-01"}, 4)


def test_a_beginning_is_whole_sentences_and_never_nothing() -> None:
    text = "Il ponte apre oggi. Il sindaco taglia il nastro.\n\nLa folla applaude."
    assert beginning(text, "it", 8) == "Il ponte apre oggi."
    assert beginning(text, "it", 9) == "Il ponte apre oggi. Il sindaco taglia il nastro."
    assert beginning(text, "it", 1) == "Il ponte apre oggi."
    assert beginning("", "it", 5) == ""


def test_a_first_sentence_far_too_long_is_cut_between_words() -> None:
    assert shortened("Uno due tre quattro cinque sei sette.", "it", 4) == "Uno due tre quattro …"
    assert shortened("Uno due tre quattro cinque sei.", "it", 4) == "Uno due tre quattro cinque sei."


def test_one_dispatch_under_several_titles_is_one_source() -> None:
    sources = [Source("a", "Uno", "Il  ponte apre."), Source("b", "Due", "Il ponte apre."), Source("c", "Tre", " ")]
    assert [source.link for source in distinct(iter(sources))] == ["a"]


def test_the_underscores_of_compound_words_go() -> None:
    assert unsegmented("Thủ_đô Hà_Nội , sáng nay .") == "Thủ đô Hà Nội, sáng nay."


def test_the_sources_share_the_room() -> None:
    text = "Una frase di cinque parole. " * 60
    row = Summary("x", "it", [Source(name, name, text) for name in "abcd"], "Sì.", ["a"], "2026-05-01", "2026-05-01")
    lengths = [len(lead.text.split()) for lead in leads(row)]
    assert lengths == [55, 55, 55]
    assert sum(lengths) <= WORDINGS["it"].source_words


def test_the_row_that_train_reads() -> None:
    row = record(summary(1, 4))
    assert row["input"] == "- Titolo: Titolo\n  Testo: Il ponte apre."
    assert (row["output"], row["date"], row["language"]) == ("Ha aperto.", "2026-05-04", "it")


@pytest.mark.parametrize("reader", [italian_summaries, vietnamese_summaries])
def test_the_real_sets_hold_out_thirty_events_that_share_nothing(reader: object, shared: Path) -> None:
    rows, _ = reader(shared)  # type: ignore[operator]
    parts = split(rows, 30, 8)
    trained = {link for row in (*parts.train, *parts.val) for link in row.links}
    assert len({row.event for row in parts.test}) >= 30
    assert not trained & {link for row in parts.test for link in row.links}
    assert max(row.last for row in parts.train) < min(row.first for row in parts.test)
