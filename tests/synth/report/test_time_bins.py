"""Counts by day, whose axis stays readable however long the archive is."""

from __future__ import annotations

import pytest

from synth.report.time_bins import by_day


@pytest.mark.parametrize(
    ("last", "unit", "bars"),
    [("2024-01-01", "day", 1), ("2024-02-14", "day", 45), ("2024-02-15", "week", 7), ("2024-12-31", "month", 12),
     ("2034-01-01", "year", 11)],
)  # fmt: skip
def test_the_unit_grows_with_the_span(last: str, unit: str, bars: int) -> None:
    told = by_day([("2024-01-01", "it", 2), (last, "vi", 3)], ["it", "vi"])
    assert (told["unit"], len(told["labels"])) == (unit, bars)
    assert sum(map(sum, told["series"].values())) == 5


def test_more_series_than_colours_become_others() -> None:
    names = list("abcdef")
    told = by_day([("2024-01-01", name, 1) for name in names], names)
    assert told["series"] == {"a": [1], "b": [1], "c": [1], "others": [3]}


def test_nothing() -> None:
    assert by_day([], ["it"]) == {"unit": "day", "labels": [], "series": {}, "first": None, "last": None}
