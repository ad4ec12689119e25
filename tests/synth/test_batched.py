"""Rows some at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synth.batched import batched


@given(st.lists(st.integers()), st.integers(1, 9))
def test_joined_they_are_the_rows(rows: list[int], size: int) -> None:
    batches = list(batched(iter(rows), size))
    assert [row for batch in batches for row in batch] == rows
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(0 < len(batch) <= size for batch in batches)


def test_no_row_is_read_before_its_batch_is_asked_for() -> None:
    rows = iter(range(10))
    assert next(batched(rows, 3)) == [0, 1, 2]
    assert next(rows) == 3
