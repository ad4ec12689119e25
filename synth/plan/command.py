"""`synth plan`: what a stage or a pipeline will ask a model, and what that costs in tokens, money and time, beforehand.

The stage itself runs, with a model that answers nothing: the prompts are the real ones, and so are the parts of an
event that fits no call. Replies that are in the ledger are read from there; the others are taken to be as long as they
may be, so that the prompts that combine them are counted at their longest. In a pipeline the samples that a step would
write are pending for the steps after it, with answers as long as they may be.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib
import itertools
import json
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from crawler.mongo import connect
from synth.llm import Completion, Message, ModelCard, load_llm, model_card
from synth.llm.completion import Unconnected
from synth.llm.token_counters import Count, name_of, of_messages
from synth.stages.llm_stage import fitting, limits_of
from synth.stages.stage import Pending, Stage, progress_bar
from synth.stages.workers import Flow, run_flow

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database

    from synth.pipeline.read import Pipeline, Step

#: Stages that ask a model -> module. It offers `configure(parser)` with the options of `synth.stages.llm_stage`, and
#: `planned(database, llm, options) -> Stage` whose work is a Flow that asks only `llm`.
STAGES = {"summarize": "synth.summarize.command", "judge": "synth.judge.command"}
#: Replies of the ledger that tell how long and how slow the next ones will be.
_LATEST = 500
#: Calls of a run below which its pace says little.
_ENOUGH = 10
_LABELS = {"part_calls": "parts of events", "combining_calls": "combining parts", "divided": "of divided events"}


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
    #: US dollars.
    cost: float | None
    cost_most: float | None
    seconds: float | None
    #: where `seconds` comes from.
    pace: str
    tokens_by: str


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.epilog = """examples:
  synth plan summarize --llm openai:gpt-4o-mini --concurrency 32
  synth plan pipeline.yaml"""
    stages = parser.add_subparsers(dest="stage", metavar="STAGE | PIPELINE.yaml", required=True)
    for name in (*STAGES, "pipeline"):
        whole = name == "pipeline"
        told = "the calls of all its steps" if whole else f"the calls of synth {name}, with the same options"
        stage = stages.add_parser(name, help=told)
        if whole:
            stage.add_argument("pipeline", type=Path, metavar="PIPELINE.yaml", help="steps with their options")
        else:
            importlib.import_module(STAGES[name]).configure(stage)
            stage.description, stage.epilog = f"What synth {name} would ask, with the same options.", None
        # Given here or before the stage's name, whichever comes last counts.
        stage.add_argument("--uri", default=argparse.SUPPRESS, help="MongoDB to use")
        stage.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the plan as JSON")
        stage.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def main(options: argparse.Namespace) -> int:
    if options.stage == "pipeline":
        return _pipeline(options)
    plan = plan_of(connect(options.uri), options.stage, options)
    if options.json:
        print(json.dumps(asdict(plan)))
        return 0
    card = model_card(options.llm, options.models)
    print("\n".join(told(plan, card, options)))
    return 0


def _pipeline(options: argparse.Namespace) -> int:
    from synth.pipeline.read import read_pipeline

    pipeline = read_pipeline(options.pipeline)
    database = connect(options.uri)
    plans = pipeline_plans(database, pipeline)
    unknown = not_counted(database, pipeline)
    sums = totals(plans)
    if options.json:
        steps = [{"step": step.command, "plan": asdict(plan) if plan else None} for step, plan in plans]
        print(json.dumps({"name": pipeline.name, "steps": steps, "total": sums, "not_counted": unknown}))
        return 0
    for number, (step, plan) in enumerate(plans, 1):
        if plan is None:
            print(f"{number}. {step.command}: asks no model")
        else:
            card = model_card(step.options.llm, step.options.models)
            print("\n".join([f"{number}. {told(plan, card, step.options)[0]}", *told(plan, card, step.options)[1:]]))
    cost = "unknown" if sums["cost"] is None else f"{sums['cost']:,.4f}, at most {sums['cost_most']:,.4f}"
    print(f"in all: {sums['calls']:,} calls, US$ {cost}, {_duration(sums['seconds'])}")
    for line in unknown:
        print(f"not counted: {line}")
    return 0


def pipeline_plans(database: Database[dict[str, Any]], pipeline: Pipeline) -> list[tuple[Step, Plan | None]]:
    """The plan of every step that asks a model; None for those that ask none."""
    plans: list[tuple[Step, Plan | None]] = []
    with Spool() as samples:
        for step in pipeline.steps:
            asks = step.command in STAGES
            plans.append((step, plan_of(database, step.command, step.options, samples) if asks else None))
    return plans


def not_counted(database: Database[dict[str, Any]], pipeline: Pipeline) -> list[str]:
    """What steps will do for which a plan cannot know what comes of it."""
    names = [step.command for step in pipeline.steps]
    lines = []
    if "import" in names:
        lines.append("articles that its import step will read: run it until then first (synth run --until import)")
    if "cluster" in names and "summarize" in names:
        last = database.runs.find_one({"stage": "cluster", "outcome": "done"}, sort=[("started_at", -1)])
        newer = {"crawled_at": {"$gt": last["started_at"]}} if last else {}
        if articles := database.articles.count_documents(newer):
            lines.append(f"{articles:,} articles that are in no event yet (synth run --until cluster)")
    return lines


def totals(plans: Sequence[tuple[Step, Plan | None]]) -> dict[str, Any]:
    """Sums over the steps; None where one of them is not known."""
    asked = [plan for _, plan in plans if plan]
    sums: dict[str, Any] = {}
    for name in ("documents", "calls", "cached", "input_tokens", "output_tokens", "output_tokens_most"):
        sums[name] = sum(getattr(plan, name) for plan in asked)
    for name in ("cost", "cost_most", "seconds"):
        values = [getattr(plan, name) for plan in asked if plan.documents]
        sums[name] = None if None in values else sum(values)
    return sums


class Spool:
    """Documents that a step would write, on disk until a later step reads them."""

    def __init__(self) -> None:
        import tempfile

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
    count: Count = fitting(options)["count"]
    llm = Planner(options.llm, database.llm_calls, count)
    made: Stage = importlib.import_module(STAGES[stage]).planned(database, llm, options)
    documents, outcomes = _worked(database, stage, made, options, samples)
    replies = _replies(database, llm.name)
    written, most = llm.written(replies), sum(llm.longest)
    card = model_card(options.llm, options.models)
    seconds, pace = _time(database, stage, llm, options, documents, written, replies)
    return Plan(
        stage=stage, llm=llm.name, documents=documents,
        outcomes={name: count for name, count in sorted(outcomes.items()) if name not in ("calls", "cached", *_LABELS)},
        calls=len(llm.longest), cached=llm.cached, part_calls=outcomes["part_calls"],
        combining_calls=outcomes["combining_calls"] + outcomes["divided"],
        input_tokens=llm.read, output_tokens=written, output_tokens_most=most, replies_seen=len(replies),
        cost=card.cost(llm.read, written), cost_most=card.cost(llm.read, most), seconds=seconds, pace=pace,
        tokens_by=name_of(count),
    )  # fmt: skip


def _worked(
    database: Database[dict[str, Any]], stage: str, made: Stage, options: argparse.Namespace, samples: Spool | None
) -> tuple[int, Counter[str]]:
    """(documents, outcomes) of a stage that was run over what is pending and, where it reads samples, what will be."""
    pending = Pending(database, made, options)
    keys, outcomes = pending.keys(), Counter[str]()
    later = samples if samples and made.collection == "samples" else None
    batches = itertools.chain(pending.batches(keys), later.batches(pending.size) if later else ())
    total = len(keys) + (later.count if later else 0)
    with progress_bar(f"plan {stage}", total) as advance:

        def settle(writes: Sequence[Any], counts: Counter[str], documents: int) -> None:
            outcomes.update(counts)
            advance(documents)
            if samples is not None and made.target == "samples":
                for document in _new_samples(writes):
                    samples.add(document)

        assert isinstance(made.work, Flow)
        run_flow(made.work, batches, settle, pending.size)
    return total, outcomes


def _new_samples(writes: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    for write in writes:
        # An UpdateOne tells what it holds to its own package only.
        document = getattr(write, "_doc", {}).get("$setOnInsert")
        if document:
            yield document


class Planner(Unconnected):
    """A model that answers out of the ledger, and what is not there with words that say nothing."""

    def __init__(self, name: str, ledger: Collection[dict[str, Any]], count: Count) -> None:
        # Any other name than an HTTP model's is looked up where it will be, and refused as it would be there.
        known = None if name.startswith("openai:") and name != "openai:" else load_llm(name)
        self.name = known.name if known else name
        self.takes_documents = known.takes_documents if known else False
        self.ledger, self.count = ledger, count
        self.cached = 0
        #: tokens of the prompts to be paid, and the most that each answer may have.
        self.read = 0
        self.longest: list[int] = []
        self._seen: set[str] = set()

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        from synth.llm.ledger import call_hash

        if self.takes_documents:
            return Completion(filler(60, self.count), self.name)
        key = call_hash(self.name, messages, parameters)
        row = await asyncio.to_thread(self.ledger.find_one, {"hash": key}, {"text": 1, "finish_reason": 1})
        longest = int(parameters.get("max_completion_tokens") or parameters["max_tokens"])
        if row or key in self._seen:
            self.cached += 1
            text = row["text"] if row else marked(filler(longest, self.count), key)
            return Completion(text, self.name, row["finish_reason"] if row else "stop", cached=True, call=key)
        self._seen.add(key)
        self.read += of_messages(messages, self.count)
        self.longest.append(longest)
        return Completion(marked(filler(longest, self.count), key), self.name, call=key)

    def written(self, replies: Sequence[Mapping[str, Any]]) -> int:
        """Tokens that the answers will have if they are as long as those so far."""
        seen = [row["completion_tokens"] for row in replies if row.get("completion_tokens")]
        usual = statistics.fmean(seen) if seen else float("inf")
        return round(sum(min(usual, longest) for longest in self.longest))


@functools.lru_cache(maxsize=64)
def filler(tokens: int, count: Count) -> str:
    """A text of so many tokens, or as many as can be had below."""
    text = "word " * tokens
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= tokens else (low, middle - 1)
    kept = text[:low]
    # No space at the end: it would be stripped, and with it a token.
    return kept[:-1] + "s" if kept.endswith(" ") else kept


def marked(text: str, key: str) -> str:
    """A filler that no other call has: summaries all alike would make prompts all alike, of which one is paid."""
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in key[:8])
    return f"{letters[:4]} {letters[4:]}{text[9:]}" if len(text) > 9 else text


# ---- time


def _replies(database: Database[dict[str, Any]], llm: str) -> list[dict[str, Any]]:
    """The newest replies of a model that the ledger has."""
    fields = {"completion_tokens": 1, "seconds": 1}
    return list(database.llm_calls.find({"llm": llm}, fields).sort("_id", -1).limit(_LATEST))


def _time(
    database: Database[dict[str, Any]], stage: str, llm: Planner, options: argparse.Namespace, documents: int,
    written: int, replies: Sequence[Mapping[str, Any]],
) -> tuple[float | None, str]:  # fmt: skip
    """(seconds, where they come from): at the pace of an earlier run, of the ledger's replies, or of the limits."""
    calls, tokens = len(llm.longest), llm.read + written
    by_limits = [60 * calls / options.requests_per_minute] if options.requests_per_minute else []
    by_limits += [60 * tokens / options.tokens_per_minute] if options.tokens_per_minute else []
    paces = [_pace_of_run(database, stage, llm, options, documents), _pace_of_replies(llm, options, replies)]
    measured = next((pace for pace in paces if pace), None)
    if not by_limits:
        return measured or (None, "nothing is measured yet: a run with --limit 20 tells")
    slowest = max(by_limits)
    if measured and measured[0] >= slowest:
        return measured
    return slowest, "by the limits" if measured else "by the limits, at least: nothing is measured yet"


def _pace_of_run(
    database: Database[dict[str, Any]], stage: str, llm: Planner, options: argparse.Namespace, documents: int
) -> tuple[float, str] | None:
    """As fast as the newest run with this model and as many calls at a time; offline, by documents."""
    unit, todo = ("documents", documents) if llm.takes_documents else ("counts.calls", len(llm.longest))
    wanted = {"stage": stage, "configuration.llm": llm.name, unit: {"$gte": _ENOUGH}, "timings.total": {"$gt": 0}}
    if not llm.takes_documents:
        wanted["configuration.concurrency"] = options.concurrency
    run = database.runs.find_one(wanted, sort=[("started_at", -1)])
    if run is None:
        return None
    done = run["documents"] if llm.takes_documents else run["counts"]["calls"]
    rate = done / run["timings"]["total"]
    when = f"{run['started_at']:%Y-%m-%d %H:%M}"
    return todo / rate, f"{rate:,.1f} {unit.rpartition('.')[2]} a second, as in the run of {when}"


def _pace_of_replies(
    llm: Planner, options: argparse.Namespace, replies: Sequence[Mapping[str, Any]]
) -> tuple[float, str] | None:
    seconds = [row["seconds"] for row in replies if row.get("seconds") is not None]
    if len(seconds) < _ENOUGH:
        return None
    usual = statistics.fmean(seconds)
    total = len(llm.longest) * usual / options.concurrency
    return total, f"{usual:.2f} s a reply (mean of {len(seconds)}), {options.concurrency} at a time"


# ---- in words


def told(plan: Plan, card: ModelCard, options: argparse.Namespace) -> list[str]:
    """The table."""
    others = {name: count for name, count in plan.outcomes.items() if name not in ("summarized", "judged", "unread")}
    lines = [f"plan of {plan.stage} with {plan.llm}; nothing was sent"]
    rows = [("documents pending", f"{plan.documents:,}", _listed(others))]
    kinds = {"parts of events": plan.part_calls, "combining parts": plan.combining_calls, "in the ledger": plan.cached}
    rows.append(("calls to pay", f"{plan.calls:,}", _listed(kinds)))
    how = plan.tokens_by + (", rather too many" if plan.tokens_by in ("estimate", "bytes") else "")
    rows.append(("input tokens", f"{plan.input_tokens:,}", f"counted by {how}"))
    seen = f"as the last {plan.replies_seen} replies" if plan.replies_seen else "no reply seen yet"
    rows.append(("output tokens", f"{plan.output_tokens:,}", f"{seen}; at most {plan.output_tokens_most:,}"))
    rows.append(("cost, US$", *_cost(plan, card, options)))
    rows.append(("time", _duration(plan.seconds), plan.pace))
    width = max(len(value) for _, value, _ in rows)
    lines += [f"  {name:<18}{value:>{width}}  {note}".rstrip() for name, value, note in rows]
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def _cost(plan: Plan, card: ModelCard, options: argparse.Namespace) -> tuple[str, str]:
    if plan.cost is None or plan.cost_most is None:
        return "unknown", f"no price for {card.name}: name one in a table (--models FILE)"
    prices = f"at most {plan.cost_most:,.4f}; {card.input_price:g} and {card.output_price:g} a million tokens"
    if options.max_cost is not None and plan.cost > options.max_cost:
        prices += f"; --max-cost {options.max_cost:g} stops the run before its end"
    return f"{plan.cost:,.4f}", prices


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
