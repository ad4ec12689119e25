"""What a server turns out to take: events are divided as it says, and total failure is no success."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from synth.__main__ import main
from synth.llm.token_counters import estimate, of_messages
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture

stand = stand_fixture
ONLY = ["--where", '{"language": "it"}']


@pytest.fixture
def run(store: Any, stand: ChatStand, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    monkeypatch.setenv("LLM_API_KEY", "sk")
    return lambda *words: main(["summarize", "--llm", "openai:tiny", *ONLY, *words])


def limited(context: int, message: str, status: int = 400) -> Callable[[dict[str, Any]], Any]:
    """A server that takes so many tokens of its own, each half as long as ours."""

    def judge(body: dict[str, Any]) -> tuple[int, dict[str, str], Any] | None:
        prompt = of_messages(body["messages"], estimate)
        if prompt + body["max_tokens"] <= context:
            return None
        return status, {}, {"error": {"message": message.format(context=context, prompt=prompt)}}

    return judge


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "The maximum context length is {context} tokens. However, your messages resulted in {prompt}."),
        (500, "Context size has been exceeded."),
    ],
)  # fmt: skip
def test_an_event_that_is_too_long_is_divided_as_the_server_says(
    store: Any, stand: ChatStand, run: Callable[..., int], status: int, message: str
) -> None:
    stand.judge = limited(3000, message, status)
    assert run("--max-answer-tokens", "400") == 0
    counts = store.runs.find_one({"stage": "summarize"})["counts"]
    assert counts["summarized"] == store.clusters.count_documents({"language": "it"})
    assert "too_long" not in counts
    assert counts.get("divided", 0) > 0
    # What one event showed is known to all that come after it: few requests are refused.
    refused = len(stand.asked) - store.llm_calls.count_documents({})
    assert 0 < refused < len(stand.asked) / 2


def test_a_server_that_takes_nothing_leaves_the_events_and_fails(
    store: Any, stand: ChatStand, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    stand.judge = limited(20, "maximum context length is {context} tokens")
    assert run() == 1
    assert "summarize: nothing was done" in capsys.readouterr().err
    assert store.samples.count_documents({}) == 0
    assert store.runs.find_one({"stage": "summarize"})["counts"]["too_long"] > 0


def test_when_every_reply_is_unusable_the_command_fails(
    store: Any, stand: ChatStand, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    stand.answer = "Mi dispiace, ma non posso aiutarti con questa richiesta."
    assert run("--limit", "2") == 1
    assert "(2 refusal)" in capsys.readouterr().err
    assert run("--dry-run") == 0


def test_another_temperature_is_another_request(store: Any, stand: ChatStand, run: Callable[..., int]) -> None:
    assert run("--limit", "1") == 0
    assert run("--limit", "1", "--temperature", "0.7") == 0
    assert [body["temperature"] for body in stand.bodies] == [0, 0.7]
    prompts = {row["provenance"]["prompt"].partition("?")[2] for row in store.samples.find()}
    assert prompts == {"", "temperature=0.7"}
