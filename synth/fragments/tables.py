"""The numbers about fragments as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_DIVERSITY = {
    "words": "words", "distinct_1": "dist-1", "distinct_2": "dist-2", "distinct_3": "dist-3", "self_bleu": "self-BLEU",
    "spread": "spread",
}  # fmt: skip


def report_lines(numbers: Mapping[str, Any]) -> list[str]:
    """The whole report; one line where there are no fragments."""
    if not numbers["ways"]:
        return ["reverse: no fragments yet; next: synth reverse --language CODE --llm openai:MODEL --limit 50"]
    lines: list[str] = []
    for way in numbers["ways"]:
        lines += [*_way_lines(way), ""]
    for comparison in numbers["comparisons"]:
        lines += [*_comparison_lines(comparison), ""]
    return lines[:-1]


def name_of_way(way: Mapping[str, Any]) -> str:
    """A way in words: "vi, native, pool of task prompts, openai:m, judged by openai:j"."""
    prompts = f"task prompt {way['single_prompt']}" if way["single_prompt"] else "pool of task prompts"
    judge = f", judged by {way['judge_llm']}" if way["judge_llm"] != way["llm"] else ""
    translator = f", translated by {way['translator']}" if way["translator"] not in ("", f"llm:{way['llm']}") else ""
    return f"{way['language']}, {way['method']}, {prompts}, {way['llm']}{judge}{translator}"


def _way_lines(way: Mapping[str, Any]) -> list[str]:
    steps = ", ".join(f"{count:,} {name}" for name, count in way["steps"].items() if count or name in ("drawn", "kept"))
    losses = ", ".join(f"{loss['reason'].replace('_', ' ')} {loss['fragments']:,}" for loss in way["losses"])
    scores = ", ".join(f"{score}: {count:,}" for score, count in way["scores"].items())
    # Nobody rates fragments: what the judge gave them stands alone.
    scores += "; the judge's agreement with people is unknown" if scores else ""
    bill = way["bill"]
    cost = "price unknown" if bill["cost"] is None else f"US$ {bill['cost']:.4f}"
    unpriced = f" ({bill['unpriced']:,} without a price)" if bill["unpriced"] and bill["cost"] is not None else ""
    lines = [
        name_of_way(way), f"  yield: {steps}", f"  lost: {losses or 'nothing'}", f"  scores: {scores or 'none yet'}",
        f"  paid: {bill['calls']:,} calls, {bill['tokens']:,} tokens, {cost}{unpriced}",
    ]  # fmt: skip
    heads = {
        "lambda": "lambda",
        "kept": "kept",
        "yield": "yield",
        "cost": "US$ a kept row",
        "tokens": "tokens a kept row",
    }
    lines += table(heads, way["lambdas"])
    heads = {
        "task_prompt": "task prompt",
        "fragments": "fragments",
        "kept": "kept",
        "mean_score": "score",
        **_DIVERSITY,
    }
    total = {"task_prompt": "all", "fragments": way["steps"]["drawn"], "kept": way["steps"]["kept"], **way["diversity"]}
    return [*lines, *table(heads, [*way["task_prompts"], total])]


def _comparison_lines(comparison: Mapping[str, Any]) -> list[str]:
    heads = {"method": "method", "prompts": "prompts", "scored": "scored", "mean_score": "score", **_DIVERSITY}
    heads |= {f"kept_{row['lambda']}": f">={row['lambda']}" for row in comparison["sides"][0]["lambdas"]}
    rows = [side | {f"kept_{row['lambda']}": row["kept"] for row in side["lambdas"]} for side in comparison["sides"]]
    title = f"{comparison['language']}: {comparison['compared']} on the same {comparison['fragments']:,} fragments"
    return [title, *table(heads, rows)]


def table(heads: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Lines of a table: the first column to the left, numbers to the right; a dash for what is not known."""
    cells = [list(heads.values()), *([_cell(row.get(name)) for name in heads] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  " + _line(row, widths) for row in cells]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if number else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}" if 0 < value < 0.1 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
