"""Another lambda asks nobody anything; one fragment is one current sample; one single prompt is only a comparison.

Covers synth.fragments.statistics, synth.fragments.tables.
"""

from __future__ import annotations

from typing import Any

from synth.__main__ import main
from synth.fragments.statistics import collect_fragments
from synth.fragments.tables import report_lines
from synth.report.collect import collect
from synth.report.page import render
from tests.synth.reverse.conftest import Double, rows_of

SCORES = {"Comune": "1\nWide.", "Genova": "2\nWide.", "Gubbio": "3\nFair.", "Collio": "4\nGood.", "Modena": "5\nBest."}


def current(store: Any) -> int:
    return int(store.samples.count_documents({"superseded": {"$ne": True}}))


def test_another_lambda_asks_nobody_anything(ask: Any, store: Any, double: Double) -> None:
    double.scores = SCORES
    ask("--lambda", "4")
    asked = len(double.steps)
    at_four = {row["key"] for row in store.samples.find()}
    assert current(store) == 7
    assert {row["reason"] for row in rows_of(store) if row["state"] == "below_lambda"} == {"below_lambda"}
    counts = ask("--lambda", "2")[1]
    assert (counts["kept"], counts["below_lambda"], counts["samples"]) == (9, 1, 2)
    assert current(store) == 9
    assert ask("--lambda", "5")[1]["superseded"] == 8
    assert current(store) == 1
    assert ask("--lambda", "4")[1]["current_again"] == 6
    assert {row["key"] for row in store.samples.find({"superseded": False})} == at_four
    assert len(double.steps) == asked
    # What a person approved stays.
    store.samples.update_many({}, {"$set": {"status": "accepted"}})
    ask("--lambda", "5")
    assert current(store) == 7


def test_the_same_instruction_twice_is_kept_once(ask: Any, store: Any, double: Double) -> None:
    same = "Racconta che cosa è successo nel quartiere."
    double.instructions = {"Bari": same, "Gubbio": "RACCONTA che cosa è successo nel quartiere"}
    counts = ask("--native")[1]
    assert counts["repeated"] == 1
    (row,) = [row for row in rows_of(store) if row["reason"] == "repeated"]
    assert row["state"] == "refused"
    assert ask("--native")[1]["repeated"] == 1
    assert current(store) == 9


def test_of_two_ways_to_a_fragment_the_last_one_counts(ask: Any, store: Any, double: Double) -> None:
    ask("--limit", "3")
    counts = ask("--native", "--limit", "3")[1]
    assert len({row["fragment"] for row in rows_of(store)}) == 3
    assert (counts["samples"], counts["superseded"]) == (3, 3)
    assert {row["provenance"]["method"] for row in store.samples.find({"superseded": False})} == {"native"}
    (comparison,) = collect_fragments(store)["comparisons"]
    assert (comparison["compared"], comparison["fragments"]) == ("detour and native", 3)
    assert [side["method"] for side in comparison["sides"]] == ["detour", "native"]


def test_one_task_prompt_is_compared_on_the_same_fragments(ask: Any, store: Any, double: Double) -> None:
    ask("--native", "--limit", "4")
    counts = ask("--native", "--single-prompt", "explain", "--limit", "9")[1]
    assert counts["instructed"] == 4
    assert store.samples.count_documents({}) == 4
    single = [row for row in rows_of(store) if row["single_prompt"]]
    assert {row["task_prompt"] for row in single} == {"explain"}
    assert {row["fragment"] for row in single} == {
        row["fragment"] for row in rows_of(store) if not row["single_prompt"]
    }
    (comparison,) = collect_fragments(store)["comparisons"]
    assert [side["prompts"] for side in comparison["sides"]] == ["pool", "explain"]


def test_the_report_counts_what_is_in_the_store(
    ask: Any, store: Any, double: Double, database_uri: str, capsys: Any
) -> None:
    assert report_lines(collect_fragments(store)) == [
        "reverse: no fragments yet; next: synth reverse --language CODE --llm openai:MODEL --limit 50"
    ]
    assert 'id="instructions"' not in render(collect(store))
    double.scores = SCORES
    double.instructions = {"Arezzo": ""}
    ask("--native", "--lambda", "4")
    capsys.readouterr()
    (way,) = collect_fragments(store)["ways"]
    assert way["steps"] == {"drawn": 10, "waiting": 0, "instructed": 9, "scored": 9, "kept": 6}
    assert way["losses"] == [{"reason": "below_lambda", "fragments": 3}, {"reason": "empty", "fragments": 1}]
    assert way["scores"] == {"1": 1, "2": 1, "3": 1, "4": 5, "5": 1}
    assert [row["kept"] for row in way["lambdas"]] == [9, 9, 8, 7, 6, 1]
    # Nineteen calls of a tenth of a cent: all of them were paid for what is kept.
    assert way["bill"] == {"calls": 19, "cost": 0.019, "tokens": 2280, "unpriced": 0}
    assert way["lambdas"][4]["cost"] == round(0.019 / 6, 6)
    assert sum(row["fragments"] for row in way["task_prompts"]) == 10
    assert main(["reverse", "--report", "--uri", database_uri]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("it, native, pool of task prompts, openai:tiny\n  yield: 10 drawn")
    assert "empty 1" in printed
    page = render(collect(store))
    assert 'id="instructions"' in page
    assert "it, native, pool of task prompts, openai:tiny" in page
