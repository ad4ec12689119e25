"""The split: no event and no source on both sides, the latest days to validation, each language on both sides."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.export.split import Row, groups_of, splits_of, validation_keys

DAY = datetime(2026, 5, 1, 12, tzinfo=UTC)


def row(key: str, event: str = "", language: str = "it", day: int | None = 0, links: tuple[str, ...] = ()) -> Row:
    return Row(key, event or key, language, None if day is None else DAY + timedelta(days=day), links)


def test_samples_of_one_event_stay_together() -> None:
    rows = [row(f"k{i}", event=f"e{i % 4}", day=i % 4) for i in range(12)]
    chosen = validation_keys(rows, 0.3)
    assert {r.event for r in rows if r.key in chosen}.isdisjoint(r.event for r in rows if r.key not in chosen)


def test_events_that_share_a_source_are_one_group() -> None:
    rows = [row("a", links=("x", "y")), row("b", links=("y", "z")), row("c", links=("z",)), row("d", links=("q",))]
    assert sorted(sorted(r.key for r in group.rows) for group in groups_of(rows)) == [["a", "b", "c"], ["d"]]


def test_the_latest_events_validate() -> None:
    rows = [row(f"k{i:02}", day=i) for i in range(20)]
    assert validation_keys(rows, 0.15) == {"k17", "k18", "k19"}


def test_each_language_has_rows_on_both_sides() -> None:
    rows = [row(f"i{i}", day=i) for i in range(8)] + [row(f"v{i}", language="vi", day=-i) for i in range(2)]
    assert validation_keys(rows, 0.15) == {"i7", "v0"}


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([], set()),
        ([row("a")], set()),
        ([row("a", event="e"), row("b", event="e")], set()),
        ([row("a", day=1), row("b", day=2)], {"b"}),
        ([row("a", day=1), row("b", language="vi", day=2)], {"b"}),
        ([row("a", day=None), row("b", day=None, language="vi")], None),
    ],
)
def test_small_sets(rows: list[Row], chosen: set[str] | None) -> None:
    got = validation_keys(rows, 0.15)
    assert len(got) == 1 if chosen is None else got == chosen


def test_rows_without_a_date_train_before_dated_ones() -> None:
    rows = [row(f"k{i}", day=None) for i in range(9)] + [row("dated", day=-400)]
    assert validation_keys(rows, 0.1) == {"dated"}


def test_an_event_that_is_most_of_the_set_does_not_become_the_validation_set() -> None:
    rows = [row(f"big{i}", event="big", day=9) for i in range(50)] + [row(f"k{i}", day=i) for i in range(8)]
    chosen = validation_keys(rows, 0.15)
    assert not any(key.startswith("big") for key in chosen)
    assert len(chosen) == 8


@pytest.mark.parametrize(("size", "chosen"), [(4, "b"), (5, "a")])
def test_an_event_may_overshoot_by_as_much_as_it_fills_and_no_more(size: int, chosen: str) -> None:
    """A tenth of twenty rows are two: the latest event, of four, is taken, of five it is passed over."""
    rows = [row(f"b{i}", event="b", day=9) for i in range(size)]
    rows += [row(f"a{i}", event=f"a{i}", day=0) for i in range(20 - size)]
    assert {key[0] for key in validation_keys(rows, 0.1)} == {chosen}


def test_where_every_event_is_too_big_the_smallest_is_taken() -> None:
    rows = [row(f"a{i}", event="a", day=2) for i in range(20)] + [row(f"b{i}", event="b") for i in range(19)]
    assert {key[0] for key in validation_keys(rows, 0.05)} == {"b"}


def test_the_seed_decides_within_a_day_and_only_there() -> None:
    rows = [row(f"k{i:02}", day=i // 10) for i in range(30)]
    picks = {frozenset(validation_keys(rows, 0.1, seed)) for seed in range(8)}
    assert len(picks) > 1
    assert all(key >= "k20" for pick in picks for key in pick)


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(["it", "vi", "en"]), st.integers(0, 5), st.integers(0, 20)),
        max_size=40,
    ),
    st.floats(0.01, 0.9),
)
@settings(max_examples=150, deadline=None)
def test_never_a_leak_never_an_empty_side(drawn: list[tuple[int, str, int, int]], fraction: float) -> None:
    rows = [
        Row(f"k{i}", f"e{event}", language, DAY + timedelta(days=day), (f"l{link}",))
        for i, (event, language, day, link) in enumerate(drawn)
    ]
    chosen = validation_keys(rows, fraction)
    inside = [r for r in rows if r.key in chosen]
    outside = [r for r in rows if r.key not in chosen]
    assert {r.event for r in inside}.isdisjoint(r.event for r in outside)
    assert {link for r in inside for link in r.links}.isdisjoint(link for r in outside for link in r.links)
    if len(groups_of(rows)) > 1:
        assert inside
        assert outside
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    assert validation_keys(shuffled, fraction) == chosen


def test_three_sides_in_order_of_time() -> None:
    rows = [row(f"k{i:02}", day=i) for i in range(20)]
    sides = splits_of(rows, 0.15, 0.1)
    assert [sides[f"k{i:02}"] for i in range(20)] == ["train"] * 15 + ["validation"] * 3 + ["test"] * 2
    assert set(splits_of(rows, 0.15).values()) == {"train", "validation"}


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(["it", "vi"]), st.integers(0, 5), st.integers(0, 20)),
        max_size=40,
    ),
    st.floats(0.01, 0.5),
    st.floats(0, 0.45),
    st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_on_two_of_three_sides(
    drawn: list[tuple[int, str, int, int]], val: float, test: float, seed: int
) -> None:
    """Neither an event, nor an article, nor a near copy."""
    rows = [
        Row(f"k{i}", f"e{event}", language, DAY + timedelta(days=day), (f"l{link}",), (f"c{link % 7}",) * (link % 2))
        for i, (event, language, day, link) in enumerate(drawn)
    ]
    sides = splits_of(iter(rows), val, test, seed)
    assert list(sides) == [r.key for r in rows]
    ties: dict[str, set[str]] = {}
    for r in rows:
        for tie in (r.event, *r.links, *r.copies):
            ties.setdefault(tie, set()).add(sides[r.key])
    assert all(len(found) == 1 for found in ties.values())
    assert not rows or "train" in sides.values()
    assert test or "test" not in sides.values()
    assert splits_of(rows[::-1], val, test, seed) == sides


def test_a_mixed_event_that_just_fills_a_share_is_all_that_is_taken() -> None:
    """One row of each of two languages, the latest event: taken for the first, it is the second's share as well."""
    mixed = [row("m-it", event="m", day=30), row("m-vi", event="m", language="vi", day=30)]
    others = [row(f"{language}{i}", language=language, day=i) for language in ("it", "vi") for i in range(9)]
    assert validation_keys([*mixed, *others], 0.1) == {"m-it", "m-vi"}
    assert validation_keys([*mixed, *others], 0.2) == {"m-it", "m-vi", "it8", "vi8"}
