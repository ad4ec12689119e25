"""The HTTP client against a real server: good replies, limits, overload, garbage, refusals."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from synth.llm import Completion, LLMError, load_llm
from synth.llm.openai_client import ChatServer, Retries

ASKED = [{"role": "user", "content": "Riassumi «questo» 100%: più à ế 😀"}]


def server(stand: Any, **options: Any) -> ChatServer:
    return ChatServer("tiny", stand.url, "sk-secret", **{"retries": Retries(3, 0.01), "timeout": 5.0} | options)


def ask(llm: ChatServer, **parameters: Any) -> Completion:
    return asyncio.run(llm.complete(ASKED, **parameters))


def error_of(llm: ChatServer) -> LLMError:
    with pytest.raises(LLMError) as caught:
        ask(llm)
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    return caught.value


def test_a_reply_with_its_usage(stand: Any) -> None:
    reply = ask(server(stand), temperature=0, max_tokens=99)
    assert reply == Completion(stand.answer, "tiny-0901", "stop", 11, 7, 0.0125)
    body, headers, _ = stand.asked[0]
    # The prompt arrives as it was written: an earlier system percent-encoded it.
    assert body == {"model": "tiny", "messages": ASKED, "temperature": 0, "max_tokens": 99}
    assert headers["Authorization"] == "Bearer sk-secret"


def test_without_a_key_no_key_is_sent(stand: Any) -> None:
    ask(ChatServer("tiny", stand.url))
    assert "Authorization" not in stand.asked[0][1]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_passing_trouble_is_tried_again(stand: Any, status: int) -> None:
    stand.script = [(status, {}, {"error": {"message": "busy"}})] * 2
    assert ask(server(stand)).text == stand.answer
    assert len(stand.asked) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0.6"},
        {"retry-after-ms": "600", "Retry-After": "50"},
    ],
)
def test_the_server_says_how_long_to_wait(stand: Any, waits: list[float], headers: dict[str, str]) -> None:
    stand.script = [(429, headers, {"error": {"message": "slow down"}})]
    ask(server(stand))
    assert len(waits) == 1
    assert 0.6 <= waits[0] <= 0.75


def test_retry_after_may_be_a_date(stand: Any, waits: list[float]) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    stand.script = [(503, {"Retry-After": at}, "")]
    ask(server(stand))
    # From the moment of the reply, however long that took to come, and up to a quarter more.
    assert 0 < waits[0] <= 90 * 1.25


@pytest.mark.parametrize("said", ["soon", "-3", "nan", "inf", "Wed, 99 Foo 2026"])
def test_a_senseless_retry_after_is_ignored(stand: Any, said: str) -> None:
    stand.script = [(429, {"Retry-After": said}, {})]
    assert ask(server(stand)).text == stand.answer


def test_who_is_told_to_wait_an_hour_gives_up_at_once(stand: Any, waits: list[float]) -> None:
    stand.script = [(429, {"Retry-After": "3600"}, {"error": {"message": "quota per hour"}})]
    error = error_of(server(stand))
    assert waits == []
    assert (error.reason, error.fatal) == ("rate_limited", True)
    assert "3600 s" in str(error)


def test_waits_double_without_a_word_from_the_server(stand: Any) -> None:
    stand.script = [(503, {}, "")] * 3
    ask(server(stand, retries=Retries(4, 0.1)))
    instants = [instant for _, _, instant in stand.asked]
    waits = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert waits[0] >= 0.1
    assert waits[1] >= 0.2
    assert waits[2] >= 0.4


def test_limits_that_last_are_named(stand: Any) -> None:
    stand.script = [(429, {}, {"error": {"message": "slow down"}})] * 3
    error = error_of(server(stand))
    assert (error.reason, error.fatal) == ("rate_limited", False)
    assert "slow down" in str(error)
    assert len(stand.asked) == 3


@pytest.mark.parametrize(
    "told",
    [
        "<html>We are down</html>", "", "null", "[]", '"text"', "{}", '{"choices": []}', '{"choices": null}',
        '{"choices": [{}]}', '{"choices": [{"message": null}]}', '{"choices": [{"message": "text"}]}',
    ],
)  # fmt: skip
def test_garbage_with_status_200_is_tried_again_and_named(stand: Any, told: str) -> None:
    stand.script = [(200, {}, told)]
    assert ask(server(stand)).text == stand.answer
    stand.script = [(200, {}, told)] * 3
    error = error_of(server(stand))
    assert (error.reason, error.fatal) == ("bad_reply", False)


@pytest.mark.parametrize(
    ("message", "text", "finish"),
    [
        ({"content": None}, "", "length"),
        ({"content": ""}, "", "length"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "x"}, {"type": "text", "text": "b"}]}, "ab", "length"),
        ({"content": None, "refusal": "I cannot"}, "", "refusal"),
    ],
)
def test_shapes_of_a_message(stand: Any, message: dict[str, Any], text: str, finish: str) -> None:
    stand.script = [(200, {}, {"choices": [{"message": message, "finish_reason": "length"}], "usage": None})]
    reply = ask(server(stand))
    assert (reply.text, reply.finish_reason, reply.prompt_tokens, reply.cost) == (text, finish, None, None)


@pytest.mark.parametrize(
    ("status", "told", "reason", "fatal"),
    [
        (401, {"error": {"message": "Incorrect API key provided: sk-secret"}}, "unauthorised", True),
        (404, {"error": "model 'tiny' not found"}, "unknown_model", True),
        (429, {"error": {"code": "insufficient_quota", "message": "no money"}}, "no_credit", True),
        (400, {"error": {"code": "context_length_exceeded", "message": "too long"}}, "too_long", False),
        (400, {"error": {"message": "content policy"}}, "refused_request", False),
        (422, "what?", "refused_request", False),
    ],
)
def test_refusals_are_not_repeated(stand: Any, status: int, told: Any, reason: str, fatal: bool) -> None:
    stand.script = [(status, {}, told)]
    error = error_of(server(stand))
    assert (error.reason, error.fatal, len(stand.asked)) == (reason, fatal, 1)
    assert str(error).startswith("openai:tiny at 127.0.0.1:")


def test_silence_is_a_timeout(stand: Any) -> None:
    stand.delay = 1.0
    error = error_of(server(stand, timeout=0.2, retries=Retries(2, 0.01)))
    assert error.reason == "timeout"


def test_nobody_there(stand: Any) -> None:
    error = error_of(ChatServer("tiny", "http://127.0.0.1:9/v1", retries=Retries(2, 0.01)))
    assert (error.reason, error.fatal) == ("unreachable", True)
    assert "LLM_BASE_URL" in str(error)


def test_one_connection_for_many_calls(stand: Any) -> None:
    async def many() -> list[Completion]:
        async with server(stand) as llm:
            return await asyncio.gather(*(llm.complete(ASKED, seed=number) for number in range(8)))

    assert [reply.text for reply in asyncio.run(many())] == [stand.answer] * 8


@pytest.mark.parametrize(("name", "advice"), [
    ("", "extractive and openai:MODEL"), ("openai:", "extractive and openai:MODEL"),
    ("gpt-4", "did you mean openai:gpt-4"), ("mistral:small", "did you mean openai:small"),
])  # fmt: skip
def test_unknown_names(name: str, advice: str) -> None:
    with pytest.raises(LLMError, match=advice):
        load_llm(name)


def test_the_environment_names_server_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_API_KEY", raising=False)
    monkeypatch.setenv("LLM_BASE_URL", "localhost:8000")
    with pytest.raises(LLMError, match="LLM_BASE_URL is no address"):
        load_llm("openai:tiny")
    monkeypatch.delenv("LLM_BASE_URL")
    with pytest.raises(LLMError, match="needs LLM_API_KEY"):
        load_llm("openai:tiny")
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:11434/v1/")
    llm = load_llm("openai:llama3:8b")
    assert llm.name == "openai:llama3:8b"
    assert isinstance(llm, ChatServer)
    assert llm.url == "http://127.0.0.1:11434/v1/chat/completions"
