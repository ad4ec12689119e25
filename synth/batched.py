"""Rows some at a time, as `itertools.batched` of Python 3.12 gives them, in lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

Row = TypeVar("Row")


def batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Lists of `size` rows, the last one shorter where they do not go into it; none of no rows."""
    rest = iter(rows)
    while batch := list(itertools.islice(rest, size)):
        yield batch
