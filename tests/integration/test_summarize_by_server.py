"""`synth summarize --llm openai:…` as a user runs it, against a server on the loopback."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fork_server import Forked, run_forked, start_forked
from tests.waiting import wait_until

COMMAND = [sys.executable, "-m", "synth", "summarize", "--llm", "openai:tiny", "--json"]


def environment(stand: Any, uri: str) -> dict[str, str]:
    return os.environ | {"MONGODB_URI": uri, "LLM_BASE_URL": stand.url, "LLM_API_KEY": "sk-secret"}


def start(stand: Any, uri: str, *words: str) -> Forked:
    """The command, to be killed or interrupted."""
    return start_forked("synth", [*COMMAND, *words], environment=environment(stand, uri))


def finish(stand: Any, uri: str, *words: str) -> tuple[int, dict[str, int], str]:
    done = run_forked("synth", [*COMMAND, *words], environment=environment(stand, uri))
    # Near copies among the sources are the stage's business.
    counts = {name: count for name, count in json.loads(done.stdout or "{}").items() if name != "near_copy"}
    return done.returncode, counts, done.stderr


def test_each_event_is_asked_once_and_recorded(stand: Any, store: Any, database_uri: str) -> None:
    events = store.clusters.count_documents({})
    # Limits on the way are waited out.
    stand.script = [(429, {"Retry-After": "0.1"}, {"error": {"message": "slow"}})] * 3
    code, counts, _ = finish(stand, database_uri)
    assert (code, counts) == (0, {"summarized": events, "calls": events})
    assert len(stand.asked) == events + 3
    for sample in store.samples.find():
        (call,) = sample["provenance"]["calls"]
        assert sample["answer"] == stand.answer == store.llm_calls.find_one({"hash": call})["text"]
        assert sample["provenance"]["model"] == "openai:tiny"
        # The sample's question is the natural one; the request quotes its texts by marks that they cannot contain.
        request = sample["question"].splitlines()[0]
        titles = [source["title"] for source in sample["sources"]]
        prompts = [body["messages"][-1]["content"] for body in stand.bodies]
        assert any(prompt.startswith(request) and all(title in prompt for title in titles) for prompt in prompts)
    assert {"model", "messages", "max_tokens"} <= set(stand.bodies[0])
    before = len(stand.asked)
    assert finish(stand, database_uri)[1] == {}
    # Even where the samples are lost, nothing is paid again.
    store.samples.delete_many({})
    assert finish(stand, database_uri)[1] == {"summarized": events, "cached": events}
    assert len(stand.asked) == before


def test_killed_in_the_middle_no_kept_reply_is_asked_for_again(stand: Any, store: Any, database_uri: str) -> None:
    events = store.clusters.count_documents({})
    stand.delay = 0.1
    process = start(stand, database_uri, "--concurrency", "2")
    wait_until(lambda: store.llm_calls.count_documents({}) >= events // 3, every=0.01, process=process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = store.llm_calls.count_documents({})
    assert 0 < kept < events
    # What was under way is answered before the next run begins.
    stand.settle()
    asked_before = len(stand.asked)
    assert asked_before - kept <= 2
    code, counts, _ = finish(stand, database_uri, "--concurrency", "2")
    assert code == 0
    assert counts["calls"] == events - kept
    assert len(stand.asked) - asked_before == events - kept
    asked = Counter(body["messages"][-1]["content"] for body in stand.bodies)
    assert len(asked) == events == store.llm_calls.count_documents({}) == store.samples.count_documents({})


def test_no_more_calls_at_a_time_than_allowed(stand: Any, store: Any, database_uri: str) -> None:
    stand.delay = 0.05
    finish(stand, database_uri, "--concurrency", "1", "--limit", "5")
    instants = [instant for _, _, instant in stand.asked]
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(instants))


def test_a_wrong_key_ends_the_run_in_one_line(stand: Any, store: Any, database_uri: str) -> None:
    stand.script = [(401, {}, {"error": {"message": "Incorrect API key: sk-secret"}})] * 100
    code, counts, errors = finish(stand, database_uri, "--concurrency", "1")
    assert (code, counts) == (2, {})
    assert errors.startswith("summarize: openai:tiny at 127.0.0.1:")
    assert errors.count("\n") == 1
    assert "check LLM_API_KEY" in errors
    assert "sk-secret" not in errors
    assert len(stand.asked) == 1
    assert store.runs.find_one({"stage": "summarize"})["outcome"] == "failed"
    assert store.samples.count_documents({}) == 0


def test_refused_events_are_left_for_the_next_run(stand: Any, store: Any, database_uri: str) -> None:
    events = store.clusters.count_documents({})
    stand.script = [(400, {}, {"error": {"message": "this request is not supported"}})] * 5
    code, counts, errors = finish(stand, database_uri)
    assert (code, counts) == (0, {"summarized": events - 5, "calls": events - 5, "refused_request": 5})
    assert errors.count("left for the next run") == 3
    assert finish(stand, database_uri)[1] == {"summarized": 5, "calls": 5}


def test_events_too_long_for_the_server_are_divided(stand: Any, store: Any, database_uri: str) -> None:
    events = store.clusters.count_documents({})
    stand.script = [(400, {}, {"error": {"code": "context_length_exceeded", "message": "too long"}})] * 5
    code, counts, _ = finish(stand, database_uri)
    assert (code, counts["summarized"], counts["divided"]) == (0, events, 5)
    assert counts["calls"] == store.llm_calls.count_documents({}) == len(stand.asked) - 5


def test_interrupted_it_keeps_what_was_under_way(stand: Any, store: Any, database_uri: str) -> None:
    stand.delay = 0.5
    process = start(stand, database_uri, "--concurrency", "4")
    wait_until(lambda: len(stand.asked) >= 6, every=0.01, process=process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    # Those with the server were answered and paid; nothing new was asked for.
    assert 6 <= len(stand.asked) <= 8
    assert store.llm_calls.count_documents({}) == len(stand.asked)


def test_a_limit_of_cost_ends_the_run_and_a_new_one_goes_on(
    stand: Any, store: Any, database_uri: str, tmp_path: Path
) -> None:
    events = store.clusters.count_documents({})
    table = tmp_path / "models.yaml"
    table.write_text("models: {tiny: {context: 100000, max_output: 1000, input: 0, output: 1000}}")
    stand.reply = lambda body: {
        "choices": [{"message": {"content": stand.answer}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 100},
    }
    words = ("--models", str(table), "--concurrency", "4", "--max-answer-tokens", "200")
    code, _, errors = finish(stand, database_uri, *words, "--max-cost", "1")
    assert code == 2
    assert errors.startswith("summarize: --max-cost 1 US$ would be exceeded: ")
    assert errors.count("\n") == 1
    spent = sum(row["cost"] for row in store.llm_calls.find())
    # Each call costs 0.1 and may cost 0.2.
    assert 0.8 < spent <= 1
    assert store.samples.count_documents({}) == store.llm_calls.count_documents({}) == len(stand.asked)
    before = len(stand.asked)
    code, counts, _ = finish(stand, database_uri, *words, "--max-cost", "100")
    assert (code, counts) == (0, {"summarized": events - before, "calls": events - before})
    assert len(stand.asked) == events
    assert "sk-secret" not in str(list(store.llm_calls.find()) + list(store.runs.find()))
