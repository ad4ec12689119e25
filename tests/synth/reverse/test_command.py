"""`synth reverse` as a user runs it, against a double of a server that writes, judges and translates as it is told.

Covers synth.reverse.attempt, synth.reverse.exclusions, synth.reverse.settings, synth.reverse.stage.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from synth.__main__ import main
from tests.synth.reverse.conftest import LEADS_IT, Double, completion, rows_of, step_of

WORDS = ("reverse", "--language", "it", "--llm", "openai:tiny", "--json")


@pytest.fixture
def ask(double: Double, stand: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command; (exit status, counts, what it said on stderr)."""
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")

    def run(*words: str) -> tuple[int, Any, str]:
        status = main([*WORDS, "--uri", database_uri, *words])
        printed = capsys.readouterr()
        return status, json.loads(printed.out or "{}"), printed.err

    return run


def test_a_fragment_is_the_answer_to_the_byte_and_its_instruction_the_question(
    ask: Any, store: Any, double: Double
) -> None:
    status, counts, _ = ask("--native")
    assert status == 0
    assert (counts["instructed"], counts["kept"], counts["samples"], counts["calls"]) == (10, 10, 10, 20)
    assert double.steps.count("translation") == 0
    texts = {title: text for title, text in LEADS_IT}
    for sample in store.samples.find():
        (source,) = sample["sources"]
        assert sample["answer"] == texts[source["title"]] in source["content"]
        assert sample["question"].startswith("Racconta in breve")
        assert (sample["task"], sample["language"], sample["doubts"]) == ("reverse_instruction", "it", [])
        assert store.llm_calls.count_documents({"hash": {"$in": sample["provenance"]["calls"]}}) == 2
    for row in rows_of(store):
        article = store.articles.find_one({"link": row["link"]})
        assert article["content"][row["start"] : row["end"]] == row["text"]


def test_done_twice_nothing_is_asked_or_written_twice(ask: Any, store: Any, double: Double) -> None:
    ask("--native")
    before, asked = rows_of(store), len(double.steps)
    status, counts, _ = ask("--native")
    assert (status, counts) == (0, {"kept": 10})
    assert rows_of(store) == before
    # Even where all is lost, nothing is paid again, and the same is drawn and made.
    keys = {row["key"] for row in before}
    store.fragments.delete_many({})
    store.samples.delete_many({})
    assert ask("--native")[1]["cached"] == 20
    assert {row["key"] for row in rows_of(store)} == keys
    assert len(double.steps) == asked


def test_the_detour_goes_by_english_and_back(ask: Any, store: Any, double: Double, stand: Any) -> None:
    double.translation = lambda text: text.replace("Tell", "Racconta").replace("what happened", "che cosa è successo")
    double.instruction = lambda text: f"Tell what happened in {text.split(' ', 6)[-1][:20].strip()}?"
    counts = ask()[1]
    assert (
        double.steps.count("translation")
        == counts["instructed"]
        + sum(row["state"] == "refused" and "instruction_english" in row for row in rows_of(store))
        or double.steps.count("translation") >= 10
    )
    systems = [body["messages"][0]["content"] for body in stand.bodies if step_of(body) == "instruction"]
    assert all("what people ask" in system for system in systems)
    assert completion("x")
