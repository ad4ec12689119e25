"""Training and validation rows, split by event and by date.

Rows about one event, share a source, or hold near copies of one text, never fall on both sides: a model would be
examined on what it has read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """What the split looks at."""

    key: str
    #: event of the sample; "" for a sample of no event, which stands for itself.
    event: str
    language: str
    date: datetime | None = None
    #: links of the sources.
    links: Sequence[str] = ()
    #: names of its texts, the same for near copies (`synth.near_duplicates.bottom_k`).
    copies: Sequence[str] = ()


@dataclass(eq=False)
class Group:
    """Rows that must stay together."""

    rows: list[Row] = field(default_factory=list)

    @cached_property
    def day(self) -> str:
        """Newest day (UTC) of the group, "" where no row has a date."""
        return max((f"{row.date:%Y-%m-%d}" for row in self.rows if row.date), default="")

    @cached_property
    def sizes(self) -> Counter[str]:
        """Rows of each language."""
        return Counter(row.language for row in self.rows)

    def tie_break(self, seed: int) -> str:
        """A hash of the seed and the rows: the order of groups of one day."""
        name = min(row.key for row in self.rows)
        return hashlib.sha256(f"{seed}\0{name}".encode()).hexdigest()


def groups_of(rows: Iterable[Row]) -> list[Group]:
    """Connected components of "same event, or a source or near copy in common", by union-find in near linear time."""
    rows = sorted(rows, key=lambda row: row.key)
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    # The first row of each name. The names are the rows' own objects: a store has millions of them.
    events: dict[str, int] = {}
    links: dict[str, int] = {}
    texts: dict[str, int] = {}
    for i, row in enumerate(rows):
        for first, names in ((events, (row.event,) if row.event else ()), (links, row.links), (texts, row.copies)):
            for name in names:
                parent[root(first.setdefault(name, i))] = root(i)
    groups: dict[int, Group] = {}
    for i, row in enumerate(rows):
        groups.setdefault(root(i), Group()).rows.append(row)
    return list(groups.values())


def validation_keys(rows: Iterable[Row], fraction: float, seed: int = 0) -> set[str]:
    """Keys of the rows that go to validation: about `fraction` of each language, from its latest events.

    Events are taken from the latest day backwards; among those of one day, and among those without a date (which come
    last), the seed decides. A language with two events or more has at least one on each side; where every language
    has only one, the latest of them all is taken. One event alone goes to training.
    """
    groups = sorted(groups_of(rows), key=lambda group: group.tie_break(seed))
    # Two stable sorts: by hash within a day, by day before that.
    groups.sort(key=lambda group: group.day, reverse=True)
    validation: set[Group] = set()
    for language in sorted({name for group in groups for name in group.sizes}):
        _fill(validation, [group for group in groups if group.sizes[language]], language, fraction)
    if not validation and len(groups) > 1:
        validation = {groups[0]}
    return {row.key for group in validation for row in group.rows}


def _fill(groups: set[Group], own: Sequence[Group], language: str, fraction: float) -> None:
    """Add groups of one language, in order, until `fraction` of its rows are taken; one group at least is left."""
    shortage = max(1, round(fraction * sum(group.sizes[language] for group in own)))
    shortage -= sum(group.sizes[language] for group in own if group in groups)
    free = [group for group in own if group not in groups]
    if shortage <= 0 or len(free) < 2:
        return
    # A group that would overshoot by more than it fills is passed over; where all would, the smallest is taken.
    if all(group.sizes[language] > 2 * shortage for group in free):
        groups.add(min(free, key=lambda group: group.sizes[language]))
        return
    remaining = len(free)
    for group in free:
        if shortage > 0 and remaining > 1 and group.sizes[language] <= 2 * shortage:
            groups.add(group)
            shortage -= group.sizes[language]
            remaining -= 1


def splits_of(rows: Iterable[Row], val_fraction: float, test_fraction: float = 0.0, seed: int = 0) -> dict[str, str]:
    """Key -> train, validation or test: test takes the latest events, validation the latest of the rest.

    Both fractions are of all rows; without `test_fraction` there is no test. Each side is filled as `validation_keys`
    says; where events are few, training comes first, then test.
    """
    rows = list(rows)
    test = validation_keys(rows, test_fraction, seed) if test_fraction else set()
    rest = [row for row in rows if row.key not in test]
    validation = validation_keys(rest, val_fraction / (1 - test_fraction), seed)
    sides = dict.fromkeys((row.key for row in rows), "train")
    return sides | dict.fromkeys(validation, "validation") | dict.fromkeys(test, "test")
