"""How long a stage will take: at the pace of an earlier run, of the ledger's replies, or of the limits."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.plan.planner_llm import PlannerLLM

if TYPE_CHECKING:
    from pymongo.database import Database

#: Replies of the ledger that show how long and how slow the next ones will be.
_LATEST = 500
#: Calls of a run below which its pace says little.
_ENOUGH = 10


def latest_replies(database: Database[dict[str, Any]], llm: str) -> list[dict[str, Any]]:
    """The newest replies of a model that the ledger has."""
    fields = {"completion_tokens": 1, "seconds": 1}
    return list(database.llm_calls.find({"llm": llm}, fields).sort("_id", -1).limit(_LATEST))


def estimate_time(
    database: Database[dict[str, Any]], stage: str, llm: PlannerLLM, options: argparse.Namespace, documents: int,
    replies: Sequence[Mapping[str, Any]],
) -> tuple[float | None, str]:  # fmt: skip
    """(seconds, where they come from): at the pace of an earlier run, of the ledger's replies, or of the limits."""
    calls, tokens = len(llm.longest), llm.prompt_tokens + llm.expected_tokens(replies)
    by_limits = [60 * calls / options.requests_per_minute] if options.requests_per_minute else []
    by_limits += [60 * tokens / options.tokens_per_minute] if options.tokens_per_minute else []
    paces = [_pace_of_run(database, stage, llm, options, documents), _pace_of_replies(llm, options, replies)]
    measured = next((pace for pace in paces if pace), None)
    if not by_limits:
        return measured or (None, "nothing is measured yet: a run with --limit 20 shows it")
    slowest = max(by_limits)
    if measured and measured[0] >= slowest:
        return measured
    return slowest, "by the limits" if measured else "by the limits, at least: nothing is measured yet"


def _pace_of_run(
    database: Database[dict[str, Any]], stage: str, llm: PlannerLLM, options: argparse.Namespace, documents: int
) -> tuple[float, str] | None:
    """As fast as the newest run with this model and as many calls at a time; offline, by documents."""
    unit, todo = ("documents", documents) if llm.takes_documents else ("counts.calls", len(llm.longest))
    query = {"stage": stage, "configuration.llm": llm.name, unit: {"$gte": _ENOUGH}, "timings.total": {"$gt": 0}}
    if not llm.takes_documents:
        query["configuration.concurrency"] = options.concurrency
    run = database.runs.find_one(query, sort=[("started_at", -1)])
    if run is None:
        return None
    finished = run["documents"] if llm.takes_documents else run["counts"]["calls"]
    rate = finished / run["timings"]["total"]
    when = f"{run['started_at']:%Y-%m-%d %H:%M}"
    return todo / rate, f"{rate:,.1f} {unit.rpartition('.')[2]} a second, as in the run of {when}"


def _pace_of_replies(
    llm: PlannerLLM, options: argparse.Namespace, replies: Sequence[Mapping[str, Any]]
) -> tuple[float, str] | None:
    seconds = [row["seconds"] for row in replies if row.get("seconds") is not None]
    if len(seconds) < _ENOUGH:
        return None
    usual = statistics.fmean(seconds)
    total = len(llm.longest) * usual / options.concurrency
    return total, f"{usual:.2f} s a reply (mean of {len(seconds)}), {options.concurrency} at a time"
