"""The last days are held out, and nothing that training has read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.export.articles.held_out_days import held_out, sides_by_day
from synth.export.split import Row

DAY = datetime(2026, 5, 1, 8, tzinfo=UTC)


def row(number: int, day: float | None, *, event: str = "", copies: tuple[str, ...] = (), language: str = "it") -> Row:
    date = None if day is None else DAY + timedelta(days=day)
    return Row(f"{number:04}", event, language, date, [f"https://a.it/{number}"], copies)


def test_whole_days_from_the_last_one_on() -> None:
    rows = [row(number, number // 10) for number in range(100)]
    sides, reasons = sides_by_day(rows, 0.15)
    assert not reasons
    assert {key for key, side in sides.items() if side == "validation"} == {f"{number:04}" for number in range(80, 100)}


def test_test_takes_the_last_days_and_validation_those_before() -> None:
    sides, _ = sides_by_day([row(number, number) for number in range(20)], 0.1, 0.2)
    assert [sides[f"{number:04}"] for number in (0, 13, 14, 15, 16, 19)] == [
        "train", "train", "validation", "validation", "test", "test",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "fraction", "number"),
    [
        ([1], 0.15, 0),
        ([2, 1], 0.15, 1),
        ([1.1] * 5 + [1] * 5, 0.2, 2),  # one day alone: its last hours
        ([3] * 50 + [2] * 50, 0.1, 10),
        ([3] * 2 + [2] * 97 + [1], 0.02, 2),
        ([None, None, 1, 0], 0.25, 1),
        ([None, None], 0.5, 0),
    ],
)  # fmt: skip
def test_how_many_are_held_out(days: list[float | None], fraction: float, number: int) -> None:
    assert held_out([row(place, day) for place, day in enumerate(days)], fraction) == number


def test_what_training_has_read_is_on_no_side() -> None:
    rows = [row(number, number, copies=(f"text {number}",)) for number in range(20)]
    rows[5] = row(5, 5, event="fire", copies=("agency",))
    rows[18] = row(18, 18, event="fire")
    rows[19] = row(19, 19, copies=("agency",))
    sides, reasons = sides_by_day(rows, 0.15)
    assert reasons == {"0018": "event_in_training", "0019": "copy_in_training"}
    assert [key for key, side in sides.items() if side == "validation"] == ["0017"]


@given(
    st.lists(
        st.tuples(st.none() | st.integers(0, 9), st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["it", "vi"])),
        max_size=40,
    ),
    st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([0.0, 0.2]), st.integers(0, 3),
)  # fmt: skip
def test_no_held_out_article_has_anything_of_an_earlier_side(
    drawn: list[tuple[int | None, str, str]], val: float, test: float, seed: int
) -> None:
    rows = [row(number, day, event=event, language=language) for number, (day, event, language) in enumerate(drawn)]
    sides, reasons = sides_by_day(rows, val, test, seed)
    assert sides.keys() | reasons.keys() == {each.key for each in rows}
    assert not sides.keys() & reasons.keys()
    events = {side: {each.event for each in rows if sides.get(each.key) == side} - {""} for side in sides.values()}
    assert not events.get("train", set()) & events.get("validation", set())
    assert not (events.get("train", set()) | events.get("validation", set())) & events.get("test", set())
    for language in ("it", "vi"):
        dates = {side: [each.date for each in rows if sides.get(each.key) == side and each.language == language
                        and each.date] for side in sides.values()}  # fmt: skip
        if dates.get("train") and dates.get("validation"):
            assert max(dates["train"]) <= min(dates["validation"])
