"""Verb: instructions for which fragments of articles are the answers. `refusals(…)` names what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synth.commands import Command

if TYPE_CHECKING:
    from synth.reverse.refusals import refusals

__all__ = ["refusals"]

COMMAND = Command(
    "write instructions for which fragments of articles are the answers",
    32,
    step=True,
    reads="fragments",
    writes="fragments",
    asks_model=True,
    outcomes=frozenset("drawn instructed kept below_lambda superseded current_again calls cached pending".split()),
    shows=("report",),
    following="synth reverse --report",
)


def __getattr__(name: str) -> Any:
    """`refusals`, imported where it is first used: the command's help needs no tables."""
    if name == "refusals":
        from importlib import import_module

        return import_module("synth.reverse.refusals").refusals
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
