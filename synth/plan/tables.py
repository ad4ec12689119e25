"""A plan as a table for people."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.llm import ModelCard, model_card

if TYPE_CHECKING:
    from synth.pipeline import Step
    from synth.plan.estimate import Plan


def pipeline_lines(
    plans: Sequence[tuple[Step, Plan | None]], pending: Sequence[int | None], sums: Mapping[str, Any],
    unknown: Sequence[str],
) -> list[str]:  # fmt: skip
    """The tables of all steps, and their sums; pending: documents of each step, None where it looks at all of them."""
    lines = []
    for number, ((step, plan), count) in enumerate(zip(plans, pending, strict=True), 1):
        if plan is None:
            todo = "" if count is None else f", {count:,} pending"
            lines.append(f"{number}. {step.name}: asks no model{todo}")
            continue
        first, *rest = plan_lines(plan, model_card(step.options.llm, step.options.models), step.options)
        lines += [f"{number}. {first}", *rest]
    cost = "unknown" if sums["cost"] is None else f"{sums['cost']:,.4f}, at most {sums['cost_most']:,.4f}"
    lines.append(f"in all: {sums['calls']:,} calls, US$ {cost}, {_duration(sums['seconds'])}")
    return [*lines, *(f"not counted: {line}" for line in unknown)]


def plan_lines(plan: Plan, card: ModelCard, options: argparse.Namespace) -> list[str]:
    """The table of one stage."""
    outcomes = {name: count for name, count in plan.outcomes.items() if name not in ("summarized", "judged", "unread")}
    lines = [f"plan of {plan.stage} with {plan.llm}; nothing was sent"]
    rows = [("documents pending", f"{plan.documents:,}", _enumerate(outcomes))]
    kinds = {"parts of events": plan.part_calls, "combining parts": plan.combining_calls, "in the ledger": plan.cached}
    rows.append(("calls to pay", f"{plan.calls:,}", _enumerate(kinds)))
    how = plan.tokens_by + (", rather too many" if plan.tokens_by in ("estimate", "bytes") else "")
    rows.append(("input tokens", f"{plan.input_tokens:,}", f"counted by {how}"))
    rows.append(("output tokens", f"{plan.output_tokens:,}", f"{_basis(plan)}; at most {plan.output_tokens_most:,}"))
    rows.append(("cost, US$", *_cost(plan, card, options)))
    rows.append(("time", _duration(plan.seconds), plan.pace))
    width = max(len(value) for _, value, _ in rows)
    lines += [f"  {name:<18}{value:>{width}}  {note}".rstrip() for name, value, note in rows]
    return lines


def _basis(plan: Plan) -> str:
    """What the number of output tokens rests on."""
    if plan.lengths_known:
        return "half as long again as the texts"
    return f"as the last {plan.replies_seen} replies" if plan.replies_seen else "no reply seen yet"


def _enumerate(counts: Mapping[str, int]) -> str:
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
