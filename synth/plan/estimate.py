"""The plan of a stage: it runs over what is pending, with a model that answers nothing, and its calls are counted."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from synth.batched import batched
from synth.commands import commands
from synth.llm import model_card
from synth.llm.token_counters import Count, name_of
from synth.plan.pace import estimate_time, latest_replies
from synth.plan.planner_llm import PlannerLLM
from synth.stages.llm_stage import limits_of, model_settings
from synth.stages.progress import progress_bar
from synth.stages.stage import Pending, Stage
from synth.stages.workers import WorkerPool, run_worker_pool

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.pipeline import Pipeline, Step

#: Counts of calls that a plan has fields for.
_CALL_COUNTS = ("calls", "cached", "part_calls", "combining_calls", "divided")


@dataclass
class Plan:
    """What a stage would do; None where something needed is not known."""

    stage: str
    llm: str
    #: documents pending.
    documents: int
    #: what would become of them, by name.
    outcomes: dict[str, int]
    #: calls to be paid, and those that the ledger answers.
    calls: int
    cached: int
    #: of both: calls for a part of a document, calls that combine parts (the last one of each document included).
    part_calls: int
    combining_calls: int
    input_tokens: int
    #: as long as replies were so far (`replies_seen` of them), and as long as they may be.
    output_tokens: int
    output_tokens_most: int
    replies_seen: int
    #: whether the texts that are asked about say how long their answers will be.
    lengths_known: bool
    #: US dollars.
    cost: float | None
    cost_most: float | None
    seconds: float | None
    #: where `seconds` comes from.
    pace: str
    tokens_by: str


def plan_of(
    database: Database[dict[str, Any]], stage: str, options: argparse.Namespace, samples: Spool | None = None
) -> Plan:
    """What a stage would do with these options. Nothing is sent and nothing written.

    Args:
        samples: those that the steps before would write; what this one would write is added.

    Raises:
        NewsmillError: an option makes no sense, or there is no such model.
    """
    limits_of(options)
    count: Count = model_settings(options)["count"]
    llm = PlannerLLM(options.llm, database.llm_calls, count)
    work: Stage = commands()[stage].planned(database, llm, options)
    documents, outcomes = _simulate(database, work, options, samples)
    replies = latest_replies(database, llm.name)
    usual, most = llm.expected_tokens(replies), sum(llm.longest)
    card = model_card(options.llm, options.models)
    seconds, pace = estimate_time(database, stage, llm, options, documents, replies)
    return Plan(
        stage=stage, llm=llm.name, documents=documents,
        outcomes={name: count for name, count in sorted(outcomes.items()) if name not in _CALL_COUNTS},
        calls=len(llm.longest), cached=llm.cached, part_calls=outcomes["part_calls"],
        combining_calls=outcomes["combining_calls"] + outcomes["divided"],
        input_tokens=llm.prompt_tokens, output_tokens=usual, output_tokens_most=most, replies_seen=len(replies),
        lengths_known=llm.lengths_known,
        cost=card.cost(llm.prompt_tokens, usual), cost_most=card.cost(llm.prompt_tokens, most),
        seconds=seconds, pace=pace, tokens_by=name_of(count),
    )  # fmt: skip


def _simulate(
    database: Database[dict[str, Any]], stage: Stage, options: argparse.Namespace, samples: Spool | None
) -> tuple[int, Counter[str]]:
    """(documents, outcomes) of a stage that was run over what is pending and, where it reads samples, what will be."""
    pending = Pending(database, stage, options)
    keys, outcomes = pending.keys(), Counter[str]()
    later = samples if samples and stage.collection == "samples" else None
    unwritten = (list(map(dict, rows)) for rows in batched(stage.upcoming, pending.size))
    batches = itertools.chain(pending.batches(keys), unwritten, later.batches(pending.size) if later else ())
    total = len(keys) + len(stage.upcoming) + (later.count if later else 0)
    with progress_bar(f"plan {stage.name}", total) as advance:

        def write_batch(writes: Sequence[Any], counts: Counter[str], documents: int) -> None:
            outcomes.update(counts)
            advance(documents)
            if samples is not None and stage.target == "samples":
                for document in _new_samples(writes):
                    samples.add(document)

        assert isinstance(stage.work, WorkerPool)
        run_worker_pool(stage.work, batches, write_batch, pending.size)
    return total, outcomes


def _new_samples(writes: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    for write in writes:
        # An UpdateOne shows its document to its own package only.
        document = getattr(write, "_doc", {}).get("$setOnInsert")
        if document:
            yield document


def pipeline_plans(database: Database[dict[str, Any]], pipeline: Pipeline) -> list[tuple[Step, Plan | None]]:
    """The plan of every step that asks a model; None for those that ask none."""
    plans: list[tuple[Step, Plan | None]] = []
    with Spool() as samples:
        for step in pipeline.steps:
            # An engine that runs here asks no model, whatever its command may do with another.
            asks = step.command.asks_model and not getattr(step.options, "asks_nobody", False)
            plans.append((step, plan_of(database, step.name, step.options, samples) if asks else None))
    return plans


def not_counted(database: Database[dict[str, Any]], pipeline: Pipeline) -> list[str]:
    """What steps will do for which a plan cannot know what comes of it."""
    names = [step.name for step in pipeline.steps]
    lines = []
    if "import" in names:
        lines.append("articles that its import step will read: run it until then first (synth run --until import)")
    if "reverse" in names[:-1]:
        lines.append("samples that its reverse step will write, in the steps after it")
    if "cluster" in names and "summarize" in names:
        step = next(step for step in pipeline.steps if step.name == "cluster")
        if articles := step.command.pending(database, step.options):
            lines.append(f"{articles:,} articles that are in no event yet (synth run --until cluster)")
    return lines


def totals(plans: Sequence[tuple[Step, Plan | None]]) -> dict[str, Any]:
    """Sums over the steps; None where one of them is not known."""
    asking = [plan for _, plan in plans if plan]
    sums: dict[str, Any] = {}
    for name in ("documents", "calls", "cached", "input_tokens", "output_tokens", "output_tokens_most"):
        sums[name] = sum(getattr(plan, name) for plan in asking)
    for name in ("cost", "cost_most", "seconds"):
        values = [getattr(plan, name) for plan in asking if plan.documents]
        sums[name] = None if None in values else sum(values)
    return sums


class Spool:
    """Documents that a step would write, on disk until a later step reads them."""

    def __init__(self) -> None:
        self._file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self.count = 0

    def add(self, document: Mapping[str, Any]) -> None:
        from bson import ObjectId, encode

        self._file.write(encode({"_id": ObjectId(), **document}))
        self.count += 1

    def batches(self, size: int) -> Iterator[list[dict[str, Any]]]:
        from bson import decode_file_iter

        self._file.seek(0)
        rows = decode_file_iter(self._file)
        while batch := list(itertools.islice(rows, size)):
            yield batch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
