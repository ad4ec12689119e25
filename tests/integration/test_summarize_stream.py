"""`synth summarize` against a server: calls in flight without barriers, and runs that end early and go on."""

from __future__ import annotations

import itertools
import json
import random
import signal
import sys
import threading
from collections import Counter
from typing import Any

import pytest

from crawler.mongo import connect
from synth.__main__ import main
from synth.cluster.events import event_key
from tests.fork_server import Forked, start_forked
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.waiting import wait_until

stand = stand_fixture


@pytest.fixture
def store(database: Any) -> Any:
    """A hundred events of two articles."""
    for number in range(100):
        rows = []
        for place in ("Ancona", "Bari"):
            drawn = random.Random(f"{number} {place}")
            content = "Che cosa della città " + " ".join(f"parola{drawn.randrange(5000)} di" for _ in range(60))
            row = {"link": f"https://x/{number}/{place}", "title": f"{place} {number}", "content": content,
                   "date": None, "tags": [], "source_site": place, "language": "it"}  # fmt: skip
            rows.append(database.articles.insert_one(row).inserted_id)
        links = [f"https://x/{number}/{place}" for place in ("Ancona", "Bari")]
        database.clusters.insert_one(
            {"run": "r", "number": number, "event": event_key(links), "articles": rows, "links": links, "size": 2,
             "language": "it", "current": True}
        )  # fmt: skip
    return database


@pytest.fixture
def ready(store: Any, stand: ChatStand, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> ChatStand:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    return stand


WORDS = ("summarize", "--llm", "openai:tiny", "--json")


def run(*words: str) -> Forked:
    return start_forked("synth", [sys.executable, "-m", "synth", *WORDS, *words])


def asked(stand: ChatStand) -> Counter[str]:
    return Counter(body["messages"][-1]["content"] for body in stand.bodies)


def test_slow_calls_hold_no_others_back(ready: ChatStand, store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The first call is answered after sixty others: with batches of ten these would have waited for it."""
    under_way, most, lock = 0, 0, threading.Lock()
    numbers, answers = itertools.count(), itertools.count(1)
    sixty = threading.Event()
    plain = ready.reply

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        nonlocal under_way, most
        with lock:
            number, under_way = next(numbers), under_way + 1
            most = max(most, under_way)
        # So long that eight are under way at once.
        reached = sixty.wait(120) if number == 0 else ready.closed.wait(0.02)
        with lock:
            under_way -= 1
            if next(answers) == 60:
                sixty.set()
        assert reached or number, "the others wait for the slowest"
        return plain(body)

    ready.reply = reply  # type: ignore[method-assign]
    assert main([*WORDS, "--concurrency", "8", "--batch-size", "10"]) == 0
    assert json.loads(capsys.readouterr().out) == {"calls": 100, "summarized": 100}
    assert 6 <= most <= 8
    assert sixty.is_set()
    assert max(asked(ready).values()) == 1


def test_it_stops_before_it_has_cost_too_much(
    ready: ChatStand, store: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.delay = 0.01
    table = tmp_path / "models.yaml"
    # The server says 0.0125 US$ a reply; the largest that a call may cost is more.
    table.write_text("models: {tiny: {context: 9000, max_output: 500, input: 2, output: 30}}")
    words = [*WORDS, "--models", str(table), "--concurrency", "4"]
    assert main([*words, "--max-cost", "0.5"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("summarize: --max-cost 0.5 US$ would be exceeded")
    assert error.count("\n") == 1
    answered = store.llm_calls.count_documents({})
    assert 20 < answered <= 40
    assert store.samples.count_documents({}) == answered == len(ready.asked)
    assert store.runs.find_one({"stage": "summarize"})["outcome"] == "failed"
    assert main([*words, "--max-cost", "5"]) == 0
    assert json.loads(capsys.readouterr().out)["calls"] == 100 - answered
    assert len(ready.asked) == 100


def test_interrupted_it_keeps_what_was_answered(ready: ChatStand, store: Any) -> None:
    ready.delay = 0.1
    process = run("--concurrency", "4")
    wait_until(lambda: store.llm_calls.count_documents({}) >= 12, every=0.01, process=process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "summarize: interrupted; run the same command to go on\n"
    assert store.runs.find_one({"stage": "summarize"})["outcome"] == "interrupted"
    kept = store.llm_calls.count_documents({})
    # What was paid is in the ledger, whether or not a sample was made of it.
    assert kept == len(ready.asked) < 100
    assert store.samples.count_documents({}) >= 8
    told, _ = run("--concurrency", "4").communicate(timeout=60)
    assert store.samples.count_documents({}) == 100
    assert json.loads(told)["calls"] == 100 - kept
    assert max(asked(ready).values()) == 1


def test_killed_again_and_again_no_kept_reply_is_asked_for_twice(
    ready: ChatStand, store: Any, database_uri: str
) -> None:
    ready.delay = 0.05
    for part in (15, 40, 70):
        process = run("--concurrency", "4")
        wait_until(lambda part=part: store.llm_calls.count_documents({}) >= part, every=0.005, process=process)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        ready.settle()
        # Asked for, and in no ledger: calls under way at a kill, and replies that came within its last milliseconds.
        lost = len(ready.asked) - store.llm_calls.count_documents({})
    told, _ = run("--concurrency", "4").communicate(timeout=60)
    assert json.loads(told)["summarized"] <= 100
    assert store.samples.count_documents({}) == store.llm_calls.count_documents({}) == 100
    assert len(ready.asked) == 100 + lost
    assert connect(database_uri).runs.count_documents({"stage": "summarize", "outcome": "killed"}) == 3
