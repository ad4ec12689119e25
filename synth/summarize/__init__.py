"""Verb: one sample for each event, from all its sources."""

from synth.commands import Command

COMMAND = Command(
    "write one sample for each event, from all its sources",
    30,
    step=True,
    reads="clusters",
    writes="samples",
    asks_model=True,
    following="synth score",
    outcomes=frozenset(
        "summarized superseded current_again calls cached near_copy same_text no_text other_language part_calls "
        "combining_calls divided "
        # Of earlier versions, in the runs of stores that they made.
        "made samples written unchanged kept events".split()
    ),
)
