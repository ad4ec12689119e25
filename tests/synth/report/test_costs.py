"""Cost by stage and model, out of the ledger; what has no price is told, and is not nothing.

Covers synth.report.command.
"""

from __future__ import annotations

from typing import Any

from synth.report.costs import collect_costs


def call(number: int, model: str, cost: float | None, tokens: int | None = 100) -> dict[str, Any]:
    return {"hash": f"{number:064x}", "llm": model, "prompt_tokens": tokens, "completion_tokens": 10, "cost": cost}


def spread(number: int) -> str:
    """A hash whose first half differs as well."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:048x}"


def test_nothing_was_asked(database: Any) -> None:
    assert collect_costs(database) is None


def test_calls_belong_to_the_stage_of_the_samples_that_name_them(database: Any) -> None:
    calls = [{**call(n, "openai:a" if n % 2 else "openai:b", 0.5), "hash": spread(n)} for n in range(12)]
    database.llm_calls.insert_many(calls)
    database.samples.insert_many([
        {"key": "1", "task": "news_summary", "provenance": {"calls": [spread(0), spread(1)]},
         "judge": {"calls": [spread(4), spread(5)]}},
        {"key": "2", "task": "translation", "provenance": {"calls": [spread(2)]}, "superseded": True},
        {"key": "3", "task": "reverse_instruction", "provenance": {"calls": [spread(3)]}, "status": "rejected"},
        {"key": "4", "task": "import"},
    ])  # fmt: skip
    database.fragments.insert_one({"key": "f", "calls": {"instruction": [spread(6)], "judge": [spread(7)]}})
    told = collect_costs(database)
    assert told
    assert [(row["stage"], row["model"], row["calls"]) for row in told["stages"]] == [
        ("summarize", "openai:a", 1), ("summarize", "openai:b", 1), ("translate", "openai:b", 1),
        ("reverse", "openai:a", 2), ("reverse", "openai:b", 1), ("judge", "openai:a", 1), ("judge", "openai:b", 1),
        ("no sample", "openai:a", 2), ("no sample", "openai:b", 2),
    ]  # fmt: skip
    assert (told["calls"], told["cost"], told["unpriced"]) == (12, 6.0, 0)
    assert (told["prompt_tokens"], told["completion_tokens"]) == (1200, 120)


def test_an_unknown_price_is_told(database: Any) -> None:
    rows = [call(1, "openai:local", None), call(2, "openai:local", None, None), call(3, "openai:a", 0.25)]
    database.llm_calls.insert_many([{**row, "hash": spread(place)} for place, row in enumerate(rows)])
    told = collect_costs(database)
    assert told
    assert {row["model"]: (row["cost"], row["unpriced"], row["uncounted"]) for row in told["stages"]} == {
        "openai:local": (None, 2, 1), "openai:a": (0.25, 0, 0)
    }  # fmt: skip
    assert (told["cost"], told["unpriced"]) == (0.25, 2)
