"""Nobody is favoured: authors take part equally often, and are seen from both sides equally often."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from train.blind.pairing import Comparison, comparisons, sides

AUTHORS = ["m one", "m two", "reference", "human", "m five", "six"]


@settings(max_examples=150, deadline=None)
@given(prompts=st.integers(1, 14), authors=st.integers(2, 6), limit=st.integers(1, 90), seed=st.integers(0, 99))
def test_authors_take_part_equally_often(prompts: int, authors: int, limit: int, seed: int) -> None:
    names, asked = AUTHORS[:authors], [f"p{number}" for number in range(prompts)]
    drawn = comparisons(asked, names, limit, seed)
    every = prompts * authors * (authors - 1) // 2
    assert len(drawn) == len(set(drawn)) == min(limit, every)
    counts = Counter(author for comparison in drawn for author in comparison.authors)
    parts = [counts[name] for name in names]
    assert max(parts) - min(parts) <= 1
    pairs = Counter(comparison.authors for comparison in drawn)
    each = [pairs[pair] for pair in combinations(names, 2)]
    assert max(each) - min(each) <= 1
    assert comparisons(asked, names, limit, seed) == drawn


def test_without_a_limit_every_pair_of_every_prompt_is_there() -> None:
    drawn = comparisons(["a", "b"], AUTHORS[:3], None, 1)
    assert set(drawn) == {Comparison(prompt, pair) for prompt in "ab" for pair in combinations(AUTHORS[:3], 2)}
    assert drawn != sorted(drawn)


@settings(max_examples=150, deadline=None)
@given(
    prompts=st.integers(1, 12), authors=st.integers(2, 5), raters=st.integers(1, 6), limit=st.integers(1, 60),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_every_pair_is_seen_from_both_sides_equally_often(
    prompts: int, authors: int, raters: int, limit: int, seed: int
) -> None:
    drawn = comparisons([f"p{number}" for number in range(prompts)], AUTHORS[:authors], limit, seed)
    items = {f"P{number}": comparison.authors for number, comparison in enumerate(drawn)}
    turned = sides(items, raters, seed)
    assert set(turned) == set(range(1, raters + 1))
    together: Counter[tuple[tuple[str, str], str]] = Counter()
    for by_item in turned.values():
        assert set(by_item) == set(items)
        own = Counter((items[item], side) for item, side in by_item.items())
        together += own
        assert all(abs(own[pair, "xy"] - own[pair, "yx"]) <= 1 for pair in set(items.values()))
    assert all(abs(together[pair, "xy"] - together[pair, "yx"]) <= 1 for pair in set(items.values()))
    assert sides(items, raters, seed) == turned


def test_no_author_has_all_the_odd_ones() -> None:
    items = {f"P{number}": pair for number, pair in enumerate(combinations(AUTHORS, 2))}
    left = Counter(items[item][side == "yx"] for item, side in sides(items, 1, 0)[1].items())
    assert max(left.values()) <= 3


def test_raters_have_sides_of_their_own() -> None:
    items = {f"P{number}": ("a", "b") for number in range(20)}
    turned = sides(items, 4, 0)
    assert len({tuple(by_item[item] for item in items) for by_item in turned.values()}) == 4
