"""Which texts are compared, and on which side each stands: a design in which neither author nor side is favoured."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

#: Sides as the key names them: `xy` shows the first of the two authors as text A.
SIDES = ("xy", "yx")


@dataclass(frozen=True, order=True)
class Comparison:
    """Two authors' texts of one prompt."""

    prompt: str
    authors: tuple[str, str]


def comparisons(prompts: Sequence[str], authors: Sequence[str], limit: int | None, seed: int) -> list[Comparison]:
    """Every pair of authors of every prompt, or `limit` of them, shuffled.

    With a limit each author takes part equally often or once more, so does each pair, and prompts as evenly as that
    leaves them.
    """
    generator = random.Random(f"{seed} comparisons")
    pairs = list(combinations(authors, 2))
    every = [Comparison(prompt, pair) for prompt in sorted(prompts) for pair in pairs]
    if limit is None or limit >= len(every):
        selection = every
    elif limit <= len(every) // 2:
        selection = _balanced(prompts, authors, limit, generator)
    else:
        # Of most comparisons those that are left out are drawn evenly.
        out = set(_balanced(prompts, authors, len(every) - limit, generator))
        selection = [comparison for comparison in every if comparison not in out]
    generator.shuffle(selection)
    return selection


def _balanced(prompts: Sequence[str], authors: Sequence[str], count: int, generator: random.Random) -> list[Comparison]:
    """`count` comparisons: each pair as often as another or once more, each of the prompts that were used least."""
    pairs = list(combinations(authors, 2))
    whole, rest = divmod(count, len(pairs))
    once_more = _even_pairs(authors, rest, generator)
    uses: Counter[str] = Counter()
    selection = []
    for pair in generator.sample(pairs, len(pairs)):
        ranked = sorted(sorted(prompts), key=lambda prompt: (uses[prompt], generator.random()))
        chosen = ranked[: whole + (pair in once_more)]
        uses.update(chosen)
        selection += [Comparison(prompt, pair) for prompt in chosen]
    return selection


def _even_pairs(authors: Sequence[str], count: int, generator: random.Random) -> set[tuple[str, str]]:
    """So many different pairs that each author is in as many as another or in one more: by Havel and Hakimi's rule, who
    lacks most is paired with those who lack most next.
    """
    each, more = divmod(2 * count, len(authors))
    shuffled = generator.sample(list(authors), len(authors))
    lacking = {author: each + (number < more) for number, author in enumerate(shuffled)}
    pairs: set[tuple[str, str]] = set()
    while len(pairs) < count:
        first, *partners = sorted(lacking, key=lambda author: -lacking[author])
        for partner in partners[: lacking.pop(first)]:
            lacking[partner] -= 1
            pairs.add((first, partner) if authors.index(first) < authors.index(partner) else (partner, first))
    return pairs


def sides(items: Mapping[str, tuple[str, str]], raters: int, seed: int) -> dict[int, dict[str, str]]:
    """Rater (from 1) -> item -> `xy` or `yx`, for items that name their two authors.

    Each rater sees every pair of authors from both sides equally often, or once more from one; so do all together, as
    two raters in turn see each item from opposite sides.
    """
    by_pair: dict[tuple[str, str], list[str]] = {}
    for item, pair in items.items():
        by_pair.setdefault(pair, []).append(item)
    names = sorted({author for pair in by_pair for author in pair})
    by_rater: dict[int, dict[str, str]] = {rater: {} for rater in range(1, raters + 1)}
    for (first, second), listed in sorted(by_pair.items()):
        odd = _odd(names.index(first), names.index(second))
        for rater, by_item in by_rater.items():
            turn = (rater - 1) % 2
            if not turn:
                shuffled = random.Random(f"{seed} sides {rater} {first}\0{second}").sample(listed, len(listed))
            for number, item in enumerate(shuffled):
                by_item[item] = SIDES[(number + odd + turn) % 2]
    return by_rater


def _odd(first: int, second: int) -> int:
    """0 where the first of two authors, by their numbers, is on the left once more; it goes round among all authors."""
    return int((abs(first - second) % 2 == 1) != (first < second))
