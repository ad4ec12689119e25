"""`synth plan` says what a run then really sends, and sends nothing itself.

Covers synth.plan.estimate, synth.plan.pace, synth.plan.planner_llm, synth.plan.tables.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main, parser_for
from synth.llm.token_counters import by_bytes, estimate, of_messages
from synth.plan.estimate import plan_of
from synth.plan.planner_llm import PlannerLLM, filler, marked
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.synth.llm.conftest import store as store_fixture

stand = stand_fixture
store = store_fixture


def prose(size: int, seed: str) -> str:
    """So many bytes of words in an order of their own: a reply that repeats itself is none."""
    chance = random.Random(seed)
    words = "il ponte riapre dopo mesi la giunta spiega che lavori strada nuova costo voto marzo sindaca".split()
    text = " ".join(chance.choice(words) for _ in range(size))[:size]
    # A space at the end would be stripped.
    return text[:-1] + "a" if text.endswith(" ") else text


@pytest.fixture
def served(store: Any, stand: ChatStand, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> ChatStand:
    """A server whose answers have as many bytes as they may have, and which counts as we do."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        told = hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest()
        text = marked(prose(body["max_tokens"], told), told)
        usage = {"prompt_tokens": of_messages(body["messages"], by_bytes), "completion_tokens": len(text)}
        return {"model": "tiny", "choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage}

    stand.reply = reply  # type: ignore[method-assign]
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    return stand


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


COMMON = ("--llm", "openai:tiny", "--tokenizer", "bytes")


@pytest.mark.parametrize("context", [None, 9000, 4200])
def test_it_says_what_a_run_then_sends(
    served: ChatStand, store: Any, capsys: pytest.CaptureFixture[str], context: int | None
) -> None:
    words = [*COMMON, *(["--context", str(context), "--max-answer-tokens", "600"] if context else [])]
    plan = printed(capsys, "plan", "summarize", *words)
    assert served.asked == []
    assert (
        store.runs.count_documents({}) == store.samples.count_documents({}) == store.llm_calls.count_documents({}) == 0
    )
    run = printed(capsys, "summarize", *words)
    assert plan["calls"] == run["calls"] == len(served.asked)
    assert plan["input_tokens"] == sum(of_messages(body["messages"], by_bytes) for body in served.bodies)
    assert plan["output_tokens_most"] == sum(body["max_tokens"] for body in served.bodies)
    assert plan["outcomes"]["summarized"] == run["summarized"] == plan["documents"]
    assert plan["outcomes"]["near_copy"] == run["near_copy"]
    assert plan["part_calls"] == run.get("part_calls", 0)
    assert plan["combining_calls"] == run.get("combining_calls", 0) + run.get("divided", 0)
    assert (plan["part_calls"] > 0) == (context == 4200)
    if context:
        assert all(of_messages(body["messages"], by_bytes) + body["max_tokens"] <= context for body in served.bodies)
    # By usage the server counted the same; nothing is left to do.
    assert sum(row["prompt_tokens"] for row in store.llm_calls.find()) == plan["input_tokens"]
    assert printed(capsys, "plan", "summarize", *words)["documents"] == 0


def test_what_the_ledger_has_costs_nothing(served: ChatStand, store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*COMMON, "--context", "4200", "--max-answer-tokens", "600"]
    printed(capsys, "summarize", *words, "--limit", "9")
    paid = store.llm_calls.count_documents({})
    store.samples.delete_many({})
    plan = printed(capsys, "plan", "summarize", *words)
    assert plan["cached"] == paid
    before = len(served.asked)
    assert before == paid
    assert printed(capsys, "summarize", *words)["calls"] == plan["calls"] == len(served.asked) - before


def test_cost_and_time_from_what_was_seen(
    served: ChatStand, store: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    table = tmp_path / "models.yaml"
    table.write_text("models: {tiny: {context: 9000, max_output: 500, input: 2, output: 10}}")
    words = [*COMMON, "--models", str(table)]
    plan = printed(capsys, "plan", "summarize", *words)
    # The card's longest reply holds where it is shorter than the option's.
    assert plan["output_tokens"] == plan["output_tokens_most"] == 500 * plan["calls"]
    assert plan["cost"] == pytest.approx((plan["input_tokens"] * 2 + plan["output_tokens"] * 10) / 1e6)
    assert (plan["seconds"], plan["replies_seen"]) == (None, 0)
    assert "nothing is measured yet" in plan["pace"]
    served.delay = 0.05
    printed(capsys, "summarize", *words, "--limit", "12")
    run = store.runs.find_one({"stage": "summarize"})
    plan = printed(capsys, "plan", "summarize", *words)
    assert plan["seconds"] == pytest.approx(plan["calls"] * run["timings"]["total"] / 12)
    assert "as in the run of" in plan["pace"]
    # Another concurrency: by the replies themselves.
    plan = printed(capsys, "plan", "summarize", *words, "--concurrency", "2")
    mean = sum(row["seconds"] for row in store.llm_calls.find()) / 12
    assert plan["seconds"] == pytest.approx(plan["calls"] * mean / 2)
    # Limits that are slower than that.
    plan = printed(capsys, "plan", "summarize", *words, "--requests-per-minute", "2")
    assert plan["seconds"] == pytest.approx(plan["calls"] * 30)
    tokens = plan["input_tokens"] + plan["output_tokens"]
    plan = printed(capsys, "plan", "summarize", *words, "--tokens-per-minute", "600")
    assert plan["seconds"] == pytest.approx(tokens / 10)
    # Replies that were shorter than they may be.
    store.llm_calls.update_many({}, {"$set": {"completion_tokens": 100}})
    plan = printed(capsys, "plan", "summarize", *words)
    assert (plan["output_tokens"], plan["replies_seen"]) == (100 * plan["calls"], 12)


def test_an_unknown_price_is_said(served: ChatStand, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "summarize", *COMMON]) == 0
    told = capsys.readouterr().out
    assert "nothing was sent" in told
    assert "no price for openai:tiny: name one in a table (--models FILE)" in told
    assert "counted by bytes, rather too many" in told
    assert main(["plan", "summarize", "--llm", "openai:gpt-4o-mini", "--max-cost", "0.001"]) == 0
    told = capsys.readouterr().out
    assert "0.15 and 0.6 a million tokens; --max-cost 0.001 stops the run before its end" in told
    assert "counted by estimate" in told
    assert served.asked == []


def test_no_key_is_needed(store: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    for name in ("LLM_API_KEY", "LLM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert printed(capsys, "plan", "summarize", "--llm", "openai:gpt-4o-mini")["cost"] > 0


def test_offline_nothing_is_asked_and_nothing_paid(
    store: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    plan = printed(capsys, "plan", "summarize")
    events = store.clusters.count_documents({})
    assert plan["llm"].startswith("extractive/")
    assert plan["documents"] == plan["outcomes"]["summarized"] == events
    assert (plan["calls"], plan["input_tokens"], plan["output_tokens"], plan["cost"]) == (0, 0, 0, 0.0)
    printed(capsys, "summarize", "--limit", "15")
    run = store.runs.find_one({"stage": "summarize"})
    plan = printed(capsys, "plan", "summarize")
    assert plan["seconds"] == pytest.approx((events - 15) * run["timings"]["total"] / 15)
    assert "documents a second" in plan["pace"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--llm", "gpt"], "did you mean openai:gpt?"),
        (["--tokenizer", "nowhere"], "--tokenizer nowhere: no such file"),
        (["--models", "nowhere.yaml"], "--models nowhere.yaml: no such file"),
        (["--context", "500"], "--max-new-tokens 1024: a context of 500 tokens leaves no room"),
        (["--max-cost", "-1"], "--max-cost"),
        (["--where", "{"], "bad filter"),
        (["--concurrency", "0"], "--concurrency 0: at least 1"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], said: str, store: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("MONGODB_URI", database_uri)
    assert main(["plan", "summarize", "--llm", "openai:tiny", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("plan: ")
    assert said in told
    assert told.count("\n") == 1


def test_options_before_and_after_the_stage() -> None:
    for words in (["plan", "--json", "summarize"], ["plan", "summarize", "--json"]):
        assert parser_for(words).parse_args(words).json
    words = ["plan", "summarize", "--uri", "mongodb://x/y"]
    assert parser_for(words).parse_args(words).uri == "mongodb://x/y"
    with pytest.raises(SystemExit):
        main(["plan", "export"])


def test_a_filler_has_the_tokens_it_shall_have() -> None:
    for count in (by_bytes, estimate):
        for tokens in (0, 1, 16, 333):
            assert tokens - 1 <= count(filler(tokens, count)) <= tokens
            assert filler(tokens, count) == filler(tokens, count).strip()
    assert by_bytes(filler(601, by_bytes)) == 601
    one, other = (marked(filler(30, estimate), hashlib.sha256(text).hexdigest()) for text in (b"x", b"y"))
    assert one != other
    assert estimate(one) == estimate(other) == estimate(filler(30, estimate))
    assert marked("short", "0" * 64) == "short"


def test_the_same_request_twice_is_paid_once(database: Any) -> None:
    import asyncio

    async def ask() -> PlannerLLM:
        llm = PlannerLLM("openai:tiny", database.llm_calls, by_bytes)
        messages = [{"role": "user", "content": "Ciao"}]
        await asyncio.gather(*(llm.complete(messages, max_tokens=30) for _ in range(3)))
        return llm

    llm = asyncio.run(ask())
    assert (llm.longest, llm.cached) == ([30], 2)


def test_an_unknown_stage_is_no_plan(database: Any) -> None:
    words = ["plan", "summarize", "--llm", "mistral:small"]
    options = parser_for(words).parse_args(words)
    with pytest.raises(NewsmillError, match="did you mean openai:small"):
        plan_of(database, "summarize", options)


def test_a_pipeline(
    served: ChatStand, store: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any, database_uri: str
) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(
        'steps:\n  - summarize: {llm: "openai:tiny", tokenizer: bytes}\n  - score\n  - dedupe\n', encoding="utf-8"
    )
    alone = printed(capsys, "plan", "summarize", *COMMON)
    told = printed(capsys, "plan", str(path))
    assert [row["step"] for row in told["steps"]] == ["summarize", "score", "dedupe"]
    assert told["steps"][0]["plan"] == alone
    assert told["steps"][1]["plan"] is None
    # Of each step is said what is pending: of one that asks no model, what it would work on now.
    assert [row["pending"] for row in told["steps"]] == [
        alone["documents"], store.samples.count_documents({}), None,
    ]  # fmt: skip
    assert (told["total"]["calls"], told["total"]["cost"]) == (alone["calls"], None)
    assert (served.asked, store.runs.count_documents({})) == ([], 0)
    assert main(["plan", str(path)]) == 0
    said = capsys.readouterr().out
    assert "1. plan of summarize with openai:tiny; nothing was sent" in said
    assert f"2. score: asks no model, {store.samples.count_documents({}):,} pending\n3. dedupe: asks no model\n" in said
    assert f"in all: {alone['calls']:,} calls, US$ unknown" in said


def test_what_a_pipeline_cannot_know_is_told(
    served: ChatStand, store: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any, root: Any
) -> None:
    path = tmp_path / "pipeline.yaml"
    steps = [f"- import: {{files: [{root / 'demo/articles.jsonl'}]}}", "- cluster", '- summarize: {llm: "openai:tiny"}']
    path.write_text("\n  ".join(["steps:", *steps]) + "\n", encoding="utf-8")
    told = printed(capsys, "plan", str(path))
    # The store has events, and articles that no `synth cluster` has seen.
    assert [line.partition("(")[2] for line in told["not_counted"]] == [
        "synth run --until import)", "synth run --until cluster)",
    ]  # fmt: skip
