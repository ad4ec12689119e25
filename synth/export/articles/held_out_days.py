"""Which articles are held out: those of the last days, less those that repeat what training has read.

A language model is examined on days that it has not seen. An article of these days that is a near copy of a training
article, has its address, or reports the same event, is on neither side.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from synth.export.split import Row

_NO_DATE = datetime.min.replace(tzinfo=UTC)
#: Why an article of the last days is not held out.
COPY, EVENT = "copy_in_training", "event_in_training"


def sides_by_day(
    rows: Iterable[Row], val_fraction: float, test_fraction: float = 0.0, seed: int = 0
) -> tuple[dict[str, str], dict[str, str]]:
    """(key -> train, validation or test; key -> why it is on no side).

    Of each language the last `test_fraction` of the articles are test, those before them validation, by whole days as
    far as these are not too large; an article without a date is for training. `seed` decides among equal instants.
    """
    by_language: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_language[row.language].append(row)
    sides: dict[str, str] = {}
    for own in by_language.values():
        latest = sorted(own, key=lambda row: _tie_break(row.key, seed))
        latest.sort(key=lambda row: row.date or _NO_DATE, reverse=True)
        test = held_out(latest, test_fraction) if test_fraction else 0
        rest = latest[test:]
        validation = held_out(rest, val_fraction / (1 - test_fraction))
        names = ["test"] * test + ["validation"] * validation + ["train"] * (len(rest) - validation)
        sides |= {row.key: name for row, name in zip(latest, names, strict=True)}
    return _apart([row for own in by_language.values() for row in own], sides)


def _tie_break(key: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{key}".encode()).hexdigest()


def held_out(latest: Sequence[Row], fraction: float) -> int:
    """How many of the rows, the latest first, are held out: whole days, where these give no more than twice what is
    share; one row is always left.
    """
    dated = [row for row in latest if row.date]
    share = max(1, round(fraction * len(latest)))
    number = 0
    for _, rows in groupby(dated, key=lambda row: f"{row.date:%Y-%m-%d}"):
        day = len(list(rows))
        if number and number + day > 2 * share and 2 * number >= share:
            break
        if number + day > 2 * share:
            # A day of its own would be too much: its last hours.
            number = share
            break
        number += day
        if number >= share:
            break
    return max(0, min(number, len(latest) - 1))


def _apart(rows: Sequence[Row], sides: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Without the rows of a later side that have something in common with those of an earlier one."""
    names_before: set[str] = set()
    reasons: dict[str, str] = {}
    for side in ("train", "validation", "test"):
        own = [row for row in rows if sides[row.key] == side]
        for row in own:
            names = _names(row)
            if side != "train" and (shared := names_before & names.keys()):
                reasons[row.key] = min(names[name] for name in shared)
        names_before.update(name for row in own if row.key not in reasons for name in _names(row))
    return {key: side for key, side in sides.items() if key not in reasons}, reasons


def _names(row: Row) -> dict[str, str]:
    """What an article is known by -> why another with it cannot be held out."""
    names = dict.fromkeys((f"text {name}" for name in row.copies), COPY)
    names |= dict.fromkeys((f"link {link}" for link in row.links), COPY)
    return names | ({f"event {row.event}": EVENT} if row.event else {})
