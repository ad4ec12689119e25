"""How far a run has come: its steps, the rate of the present one, and what went wrong, from the rows of `runs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synth.commands import commands

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.review.pipelines.files import PipelineFile
    from synth.review.pipelines.runs import State

#: Errors and refusals that are shown.
_MOST = 10


@dataclass(frozen=True)
class StepState:
    """A step of a run. state: waiting, running, done, failed, interrupted. seconds: that it took, None: not known."""

    number: int
    name: str
    words: str
    state: str
    seconds: float | None = None


@dataclass(frozen=True)
class Bar:
    """How far the present step is; rate in documents a second and time left in seconds, None while not known."""

    done: int
    total: int
    rate: float | None
    left: float | None


def steps_of(file: PipelineFile, state: State) -> list[StepState]:
    """The steps of a file with what the newest run did of each."""
    if file.pipeline is None:
        return []
    present = (state.run or {}).get("step") or {}
    same = is_of_this_version(file, state)
    seconds = (state.run or {}).get("seconds") or {}
    return [
        StepState(number, step.name, " ".join(step.words), _state(number, present, state) if same else "waiting",
                  seconds.get(f"{number} {step.name}") if same else None)
        for number, step in enumerate(file.pipeline.steps, 1)
    ]  # fmt: skip


def is_of_this_version(file: PipelineFile, state: State) -> bool:
    """Whether the newest run was of all steps of the file as it is now."""
    if state.run is None or file.pipeline is None:
        return False
    run, pipeline = state.run["configuration"], file.pipeline
    # A terminal's run may be of some of its steps.
    return run.get("sha256") == pipeline.digest and len(run["steps"]) == len(pipeline.steps)


def _state(number: int, present: Mapping[str, Any], state: State) -> str:
    reached = int(present.get("number", 0))
    if number < reached or (number == reached and state.outcome == "done"):
        return "done"
    if number > reached:
        return "waiting"
    return "running" if state.is_alive else "failed" if state.outcome == "failed" else "interrupted"


def rows_of(database: Database[dict[str, Any]], state: State) -> list[dict[str, Any]]:
    """The rows of the stages that a run ran, the newest first."""
    if state.run is None:
        return []
    ended = state.run.get("finished_at") or datetime.max.replace(tzinfo=UTC)
    query = {"stage": {"$ne": "run"}, "host": state.run["host"], "pid": state.run["pid"],
             "started_at": {"$gte": state.run["started_at"], "$lte": ended}}  # fmt: skip
    return list(database.runs.find(query).sort("started_at", -1).limit(100))


def bar_of(state: State, rows: Sequence[Mapping[str, Any]]) -> Bar | None:
    """How far the present step is; None where it does not say it."""
    row = next((row for row in rows if row["outcome"] == "running"), None)
    progress = (row or {}).get("progress")
    if not state.is_alive or not progress or not progress["total"]:
        return None
    seconds = (progress["at"] - progress["since"]).total_seconds()
    rate = progress["done"] / seconds if seconds > 0 and progress["done"] else None
    left = (progress["total"] - progress["done"]) / rate if rate else None
    return Bar(progress["done"], progress["total"], rate, left)


def errors_of(database: Database[dict[str, Any]], state: State, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What stages failed of, what they lost by reason, and what was refused meanwhile; the newest first."""
    if state.run is None:
        return []
    lines = [f"{row['stage']}: {row['error']}" for row in (state.run, *rows) if row.get("error")]
    lines += [line for row in rows for line in _losses(row)]
    refusals = database.refusals.aggregate([
        {"$match": {"checked_at": {"$gte": state.run["started_at"]}}},
        {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": _MOST},
    ])  # fmt: skip
    lines += [f"refused: {row['count']} {row['_id']}" for row in refusals]
    return list(dict.fromkeys(lines))[:_MOST]


def _losses(row: Mapping[str, Any]) -> Iterator[str]:
    """Counts of a stage that are the reason of a loss."""
    command = commands().get(row["stage"])
    if command is None or not command.outcomes:
        return
    for name, count in sorted((row.get("counts") or {}).items()):
        if count and name not in command.outcomes:
            yield f"{row['stage']}: {count} {name.replace('_', ' ')}"
