"""Long modules come first, whole, and no test is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.ordering import long_first, shares


def module_of(item: tuple[str, int]) -> str:
    return item[0]


def ordered(
    sizes: list[tuple[int, bool]], workers: int
) -> tuple[list[tuple[str, int]], list[tuple[str, int]], set[str]]:
    items = [(f"m{number}", i) for number, (size, _) in enumerate(sizes) for i in range(size)]
    long = {f"m{number}" for number, (_, is_long) in enumerate(sizes) if is_long}
    return items, long_first(items, module_of, lambda item: item[0] in long, workers), long


def test_each_share_begins_with_a_long_module() -> None:
    items, order, _ = ordered([(10, False), (3, True), (10, False), (4, True), (13, False)], 2)
    first, second = shares(len(items), 2)
    assert (first, second) == (20, 20)
    assert order[:3] == [("m1", 0), ("m1", 1), ("m1", 2)]
    assert order[20:24] == [("m3", 0), ("m3", 1), ("m3", 2), ("m3", 3)]


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12), st.integers(1, 5))
def test_every_test_comes_once_and_modules_stay_whole(sizes: list[tuple[int, bool]], workers: int) -> None:
    items, order, long = ordered(sizes, workers)
    assert sorted(order) == sorted(items)
    for name in long:
        places = [place for place, item in enumerate(order) if item[0] == name]
        assert places == list(range(places[0], places[0] + len(places)))
    rest = [item for item in order if item[0] not in long]
    assert rest == [item for item in items if item[0] not in long]
