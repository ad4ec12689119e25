"""`synth plan`: what a stage will ask a model, and what that costs in tokens, money and time, before a cent is spent.

The stage itself runs, with a model that answers nothing: the prompts are the real ones, and so are the parts of an
event that fits no call. Replies that are in the ledger are read from there; the others are taken to be as long as they
may be, so that the prompts that combine them are counted at their longest.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib
import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.calls import fitting, limits_of
from synth.flow import Flow, run_flow
from synth.llm import Completion, Message, ModelCard, load_llm, model_card
from synth.llm.completion import Unconnected
from synth.stage import Pending, Stage, progress_bar
from synth.tokens import Count, name_of, of_messages

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database

#: Stages that ask a model -> module. It offers `configure(parser)` with the options of `synth.calls`, and
#: `planned(database, llm, options) -> Stage` whose work is a Flow that asks only `llm`.
STAGES = {"summarize": "synth.summarize"}
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
    parser.epilog = "example: synth plan summarize --llm openai:gpt-4o-mini --concurrency 32"
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True)
    for name, module in STAGES.items():
        stage = stages.add_parser(name, help=f"the calls of synth {name}, with the same options")
        importlib.import_module(module).configure(stage)
        stage.description, stage.epilog = f"What synth {name} would ask, with the same options.", None
        # Given here or before the stage's name, whichever comes last counts.
        stage.add_argument("--uri", default=argparse.SUPPRESS, help="MongoDB to use")
        stage.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the plan as JSON")
        stage.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def main(options: argparse.Namespace) -> int:
    plan = plan_of(connect(options.uri), options.stage, options)
    if options.json:
        print(json.dumps(asdict(plan)))
        return 0
    card = model_card(options.llm, options.models)
    print("\n".join(told(plan, card, options)))
    return 0


def plan_of(database: Database[dict[str, Any]], stage: str, options: argparse.Namespace) -> Plan:
    """What a stage would do with these options. Nothing is sent and nothing written.

    Raises:
        NewsmillError: an option makes no sense, or there is no such model.
    """
    limits_of(options)
    count: Count = fitting(options)["count"]
    llm = Planner(options.llm, database.llm_calls, count)
    made: Stage = importlib.import_module(STAGES[stage]).planned(database, llm, options)
    pending = Pending(database, made, options)
    keys, outcomes = pending.keys(), Counter[str]()
    with progress_bar(f"plan {stage}", len(keys)) as advance:

        def settle(_: Sequence[Any], counts: Counter[str], documents: int) -> None:
            outcomes.update(counts)
            advance(documents)

        assert isinstance(made.work, Flow)
        run_flow(made.work, pending.batches(keys), settle, pending.size)
    replies = _replies(database, llm.name)
    written, most = llm.written(replies), sum(llm.longest)
    card = model_card(options.llm, options.models)
    seconds, pace = _time(database, stage, llm, options, len(keys), written, replies)
    return Plan(
        stage=stage, llm=llm.name, documents=len(keys),
        outcomes={name: count for name, count in sorted(outcomes.items()) if name not in ("calls", "cached", *_LABELS)},
        calls=len(llm.longest), cached=llm.cached, part_calls=outcomes["part_calls"],
        combining_calls=outcomes["combining_calls"] + outcomes["divided"],
        input_tokens=llm.read, output_tokens=written, output_tokens_most=most, replies_seen=len(replies),
        cost=card.cost(llm.read, written), cost_most=card.cost(llm.read, most), seconds=seconds, pace=pace,
        tokens_by=name_of(count),
    )  # fmt: skip


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
    others = {name: count for name, count in plan.outcomes.items() if name != "summarized"}
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
