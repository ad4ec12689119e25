"""The order of the tests: modules that take minutes begin, one after the other for each worker, so that none is the end
of a run on which all others wait.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import TypeVar

Item = TypeVar("Item")


def shares(count: int, workers: int) -> list[int]:
    """How many tests in a row each worker is given first, by `--dist=worksteal` of pytest-xdist."""
    sizes = []
    for worker in range(workers):
        sizes.append((count - sum(sizes)) // (workers - worker))
    return sizes


def long_first(
    items: Sequence[Item], module: Callable[[Item], Hashable], is_long: Callable[[Item], bool], workers: int
) -> list[Item]:
    """The items in their order, but the long modules, each in one piece, at the heads of the workers' shares."""
    modules = [list(group) for _, group in groupby(items, module)]
    long = [group for group in modules if any(map(is_long, group))]
    rest = [item for group in modules if group not in long for item in group]
    ordered: list[Item] = []
    for worker, size in enumerate(shares(len(items), workers)):
        head = [item for group in long[worker::workers] for item in group]
        # A worker whose long ones are more than its share gives them to whoever steals from its end.
        room = max(0, size - len(head)) if worker < workers - 1 else len(rest)
        ordered += [*head, *rest[:room]]
        del rest[:room]
    return ordered
