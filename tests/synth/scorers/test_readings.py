"""What is read of a source is read once, within bounds (`synth.scorers.readings`)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.scorers.readings import READINGS, Readings, read_once


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    READINGS.clear()
    yield
    READINGS.clear()


def test_a_source_is_read_once_whatever_the_order_of_its_fields() -> None:
    calls: list[Any] = []

    @read_once
    def words(source: dict[str, Any], language: str = "") -> list[str]:
        calls.append((source, language))
        return str(source["content"]).split()

    first = {"title": "T", "content": "uno due", "tags": ["a"]}
    same = {"tags": ["a"], "content": "uno due", "title": "T"}
    assert words(first) is words(same)
    assert len(calls) == 1
    words({**first, "content": "uno due tre"})
    words(first, "it")
    words(first, language="it")
    assert len(calls) == 4


def test_two_functions_do_not_share_a_value_nor_does_an_error_stay() -> None:
    @read_once
    def upper(text: str) -> str:
        return text.upper()

    @read_once
    def broken(text: str) -> str:
        raise ValueError(text)

    assert upper("sì") == "SÌ"
    for _ in range(2):
        with pytest.raises(ValueError, match="sì"):
            broken("sì")
    assert upper("\udc80") == "\udc80"


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 900)), max_size=60))
def test_what_is_kept_stays_within_its_bound(steps: list[tuple[int, int]]) -> None:
    kept = Readings(characters=1500)
    for key, size in steps:
        # The value is what was computed for this key, now or before.
        assert kept.get((key, size), size, partial(abs, key)) == key
        assert kept.kept <= 1500
    kept.clear()
    assert (kept.kept, len(kept)) == (0, 0)


def test_the_least_recently_used_goes_first() -> None:
    kept, computed = Readings(characters=1000), []

    def compute(name: str) -> str:
        computed.append(name)
        return name

    for name in "abacb":
        kept.get(name, 200, partial(compute, name))
    # Two fit; b had been asked for less recently than a when c came.
    assert computed == ["a", "b", "c", "b"]


def test_threads_share_one_store_of_values() -> None:
    kept = Readings(characters=50_000)

    def work() -> None:
        for number in range(2000):
            assert kept.get(number % 300, 100, partial(divmod, number, 300))[1] == number % 300

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.kept == 300 * len(kept)
