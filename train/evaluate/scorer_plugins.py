"""Measures that come from elsewhere: plug-ins of the entry-point group `newsmill.scorers`.

A plug-in is a callable: (answers, sources, language) -> one value an answer, in their order.

    answers     list of str
    sources     list of lists of str: texts of each answer's sources, [] where none are known
    language    ISO 639-1 code of all these answers, "" unknown
    value       float or int; str for `language` (the code that the answer is in); None where it is undecided

It is called once for all rows of a language, with the same sources for each model. An attribute `identity` (str), if it
has one, says what its values depend on besides, such as a model's name: values kept under another identity are
computed again.
A plug-in that cannot work raises any exception: what it says is shown as the reason why nothing was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from train.errors import one_line
from train.metrics import PLUGGED

GROUP = "newsmill.scorers"
Value = float | int | str | None
Scorer = Callable[[list[str], list[list[str]], str], Sequence[Value]]


@dataclass(frozen=True)
class Plugins:
    """scorers: name -> callable. identities: name -> what its values depend on. reasons: name -> why a plug-in is
    not here.
    """

    scorers: Mapping[str, Scorer] = field(default_factory=dict)
    identities: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def load_plugins(names: Sequence[str] = tuple(PLUGGED)) -> Plugins:
    """The plug-ins of these names; of several of one name, the one that was installed first counts."""
    scorers: dict[str, Scorer] = {}
    identities: dict[str, str] = {}
    reasons: dict[str, str] = {}
    points = entry_points(group=GROUP)
    for name in names:
        offered = [point for point in points if point.name == name]
        if not offered:
            reasons[name] = f"no plug-in of this name in {GROUP}; installed with synth, it is there"
            continue
        try:
            scorers[name] = offered[0].load()
            identities[name] = identity(offered[0], scorers[name])
        except Exception as error:  # noqa: BLE001 - A plug-in may fail as it likes.
            reasons[name] = reason(error)
    return Plugins(scorers, identities, reasons)


def identity(point: EntryPoint, scorer: Scorer) -> str:
    """Where a plug-in comes from, its version, and what it says of itself."""
    version = point.dist.version if point.dist else ""
    return " ".join(part for part in (point.value, version, str(getattr(scorer, "identity", ""))) if part)


def reason(error: Exception) -> str:
    """An error in one line."""
    line = one_line(error)
    return line or type(error).__name__


def run(
    name: str, scorer: Scorer, answers: Sequence[str], sources: Sequence[Sequence[str]], language: str
) -> tuple[list[Value], str]:
    """(a value an answer, "" or why there are none). What is no finite number, or no text for `language`, is None."""
    try:
        values = list(scorer(list(answers), [list(texts) for texts in sources], language))
    except Exception as error:  # noqa: BLE001 - as above
        return [None] * len(answers), reason(error)
    if len(values) != len(answers):
        return [None] * len(answers), f"the plug-in gave {len(values)} values for {len(answers)} answers"
    return [_value(name, value) for value in values], ""


def _value(name: str, value: Any) -> Value:
    if name == "language":
        return value if isinstance(value, str) and value else None
    if isinstance(value, bool):
        return int(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
