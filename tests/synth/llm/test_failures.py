"""Every way in which a server can fail a client, by a real server, over both transports.

Covers synth.llm.responses.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
from typing import Any

import pytest

from synth.llm import Completion, LLMError
from synth.llm.openai_client import ChatServer, Retries
from synth.llm.responses import read_refusal

ASKED = [{"role": "user", "content": "Riassumi."}]
KEY = "sk-secret-0123456789"


@pytest.fixture(params=["aiohttp", "httpx"])
def transport(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The client takes httpx's own transport where aiohttp's is not installed."""
    if request.param == "httpx":
        found = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "httpx_aiohttp" else found(name))
    return str(request.param)


def server(stand: Any, **options: Any) -> ChatServer:
    return ChatServer("tiny", stand.url, KEY, **{"retries": Retries(3, 0.01), "timeout": 5.0} | options)


def ask(llm: ChatServer, **parameters: Any) -> Completion:
    async def once() -> Completion:
        async with llm:
            return await llm.complete(ASKED, **parameters)

    return asyncio.run(once())


def error_of(llm: ChatServer) -> LLMError:
    with pytest.raises(LLMError) as caught:
        ask(llm)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


# ---- connections

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [b"", HEAD, HEAD + b'{"choices": [{"mess', b"HTTP/1.1 2", b"no HTTP at all\r\n\r\n", HEAD[:-20] + b"lots\r\n\r\n"],
    ids=["nothing", "head", "half", "status", "garbage", "length"],
)
def test_a_connection_that_breaks_is_tried_again(stand: Any, transport: str, sent: bytes) -> None:
    stand.script = [(0, {}, sent)] * 2
    assert ask(server(stand)).text == stand.answer
    assert len(stand.asked) == 3
    stand.script = [(0, {}, sent)] * 3
    error = error_of(server(stand))
    assert (error.reason, error.fatal) == ("unavailable", False)
    assert str(error).startswith("openai:tiny at 127.0.0.1:")


def test_silence_is_given_up(stand: Any, transport: str) -> None:
    stand.script = [(200, {"X-Delay": "90"}, "{}")]
    llm = server(stand, timeout=0.3)
    assert ask(llm).text == stand.answer
    # Who waited for the first answer would not ask again.
    assert len(stand.asked) == 2
    # On a busy machine the answer itself may come too late, and is asked for again.
    assert llm.counts.pop("timeout") >= 1
    assert llm.counts == {"answered": 1}


def test_an_attempt_ends_in_time_however_slowly_it_drips(transport: str) -> None:
    """A byte now and then resets every other time-out."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            writer.close()

    async def run() -> None:
        dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{dripping.sockets[0].getsockname()[1]}/v1"
        async with ChatServer("tiny", url, timeout=0.4, retries=Retries(1)) as llm:
            # The drip never ends: without a bound of the whole attempt neither would the test.
            with pytest.raises(LLMError, match=r"no answer within 0\.4 s") as caught:
                await llm.complete(ASKED)
            assert caught.value.reason == "timeout"
        dripping.close()

    asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_of_this_machine_is_asked_without_a_proxy(
    stand: Any, transport: str, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.org")
    llm = ChatServer("tiny", stand.url.replace("127.0.0.1", host), KEY, retries=Retries(0, 0.01), timeout=5.0)
    assert ask(llm).text == stand.answer


def test_nobody_there_is_told_soon(transport: str) -> None:
    error = error_of(ChatServer("tiny", "http://127.0.0.1:9/v1", KEY, retries=Retries(first_wait=0.01)))
    assert (error.reason, error.fatal) == ("unreachable", True)
    assert "is LLM_BASE_URL right and the server up?" in str(error)


def test_a_name_that_is_none(transport: str) -> None:
    error = error_of(ChatServer("tiny", "http://no-such-host.invalid/v1", KEY, retries=Retries(1)))
    assert error.reason == "unreachable"


def test_a_server_that_moved_is_named(stand: Any, transport: str) -> None:
    """Following it, a POST becomes a GET and the key may go to somebody else."""
    stand.script = [(301, {"Location": "https://api.example.org/v1/chat/completions"}, "")]
    error = error_of(server(stand))
    assert (error.reason, error.fatal, len(stand.asked)) == ("unreachable", True, 1)
    assert "https://api.example.org/v1/chat/completions: set LLM_BASE_URL" in str(error)


# ---- statuses and what they mean


@pytest.mark.parametrize("headers", [{"Retry-After": "0.4"}, {"Retry-After-Ms": "400"}, {}])
def test_limits_are_waited_out(stand: Any, transport: str, waits: list[float], headers: dict[str, str]) -> None:
    told = {"error": {"code": "rate_limit_exceeded", "message": "Rate limit reached. Please try again in 400ms."}}
    stand.script = [(429, headers, told)] * 2
    llm = server(stand)
    assert ask(llm).text == stand.answer
    assert len(waits) == 2
    assert all(0.4 <= wait <= 0.5 for wait in waits)
    assert llm.counts == {"rate_limited": 2, "answered": 1}


def test_only_waits_that_nobody_asked_for_double(stand: Any, waits: list[float]) -> None:
    stand.script = [(429, {"Retry-After": "0"}, "")] * 5 + [(500, {}, ""), (500, {}, "")]
    ask(server(stand, retries=Retries(8, 0.1)))
    assert waits[:5] == [0.0] * 5
    assert 0.1 <= waits[5] <= 0.125
    assert 0.2 <= waits[6] <= 0.25


GEMINI = [
    {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota.",
               "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}]}}
]  # fmt: skip
A_DAY = [
    {"error": {"code": 429, "message": "You exceeded your current quota.",
               "details": [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}}
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "told", "reason", "transient", "wait"),
    [
        (429, {"error": {"message": "Try again in 1h2m3.5s"}}, "rate_limited", True, 3723.5),
        (429, {"error": {"message": "try again in 6m0s."}}, "rate_limited", True, 360.0),
        (429, GEMINI, "rate_limited", True, 37.0),
        (429, A_DAY, "no_credit", False, None),
        (429, {"error": {"type": "insufficient_quota", "code": None, "message": "no"}}, "no_credit", False, None),
        (402, {"error": {"message": "Insufficient Balance"}}, "no_credit", False, None),
        (503, "<html>busy</html>", "unavailable", True, None),
        (524, "", "unavailable", True, None),
        (501, "", "unavailable", False, None),
        (403, {"message": "forbidden"}, "unauthorised", False, None),
        (404, {"detail": "Not Found"}, "unknown_model", False, None),
        (400, {"object": "error", "message": "This model's maximum context length is 4096 tokens", "code": 400},
         "too_long", False, None),
        (400, {"error": {"code": 400, "message": "the request exceeds the available context size",
                         "type": "exceed_context_size_error"}}, "too_long", False, None),
        (422, {"detail": [{"loc": ["body"], "msg": "extra fields"}]}, "refused_request", False, None),
    ],
)  # fmt: skip
def test_what_a_refusal_means(status: int, told: Any, reason: str, transient: bool, wait: float | None) -> None:
    body = (told if isinstance(told, str) else json.dumps(told)).encode()
    found = read_refusal(status, "X", {}, body)
    assert (found.reason, found.transient, found.wait) == (reason, transient, wait)
    assert found.fatal == (reason in ("no_credit", "unauthorised", "unknown_model"))


def test_a_quota_that_is_used_up_ends_the_run_at_once(stand: Any, transport: str) -> None:
    stand.script = [(429, {"Retry-After": "1"}, {"error": {"code": "insufficient_quota", "message": "no money"}})]
    error = error_of(server(stand))
    assert (error.reason, error.fatal, len(stand.asked)) == ("no_credit", True, 1)
    assert "no money; waiting does not help" in str(error)


@pytest.mark.parametrize("status", [401, 404])
def test_what_no_attempt_mends_is_asked_once(stand: Any, transport: str, status: int) -> None:
    stand.script = [(status, {}, {"error": {"message": f"no, {KEY}"}})]
    error = error_of(server(stand))
    assert (error.fatal, len(stand.asked)) == (True, 1)
    assert "no, ***" in str(error)


def test_an_error_with_status_200_counts_as_the_error_it_is(stand: Any) -> None:
    """OpenRouter tells the errors of those behind it so."""
    stand.script = [(200, {}, {"error": {"code": 429, "message": "busy"}})]
    llm = server(stand)
    assert ask(llm).text == stand.answer
    assert llm.counts == {"rate_limited": 1, "answered": 1}
    stand.script = [(200, {}, {"error": {"code": 402, "message": "no credits"}})]
    assert error_of(server(stand)).reason == "no_credit"
    choice = {"message": {"content": "half"}, "finish_reason": "error", "error": {"code": 502, "message": "gone"}}
    stand.script = [(200, {}, {"choices": [choice]})]
    assert ask(server(stand)).text == stand.answer


def test_a_model_that_calls_max_tokens_otherwise(stand: Any) -> None:
    """OpenAI's reasoning models refuse the name that every other server has."""

    def judge(body: dict[str, Any]) -> tuple[int, dict[str, str], Any] | None:
        told = {"message": "Use 'max_completion_tokens'", "param": "max_tokens", "code": "unsupported_parameter"}
        return (400, {}, {"error": told}) if "max_tokens" in body else None

    stand.judge = judge
    llm = server(stand)

    async def both() -> None:
        async with llm:
            for _ in range(2):
                assert (await llm.complete(ASKED, max_tokens=7)).text == stand.answer

    asyncio.run(both())
    assert [body.get("max_completion_tokens") for body in stand.bodies] == [None, 7, 7]


def test_a_model_that_takes_no_temperature(stand: Any) -> None:
    told = {"message": "Only the default (1)", "param": "temperature", "code": "unsupported_value"}
    stand.script = [(400, {}, {"error": told})]
    with pytest.raises(LLMError, match="--temperature default leaves it to the server") as caught:
        ask(server(stand), temperature=0)
    assert caught.value.fatal


# ---- replies that came and are no good


@pytest.mark.parametrize(
    ("choice", "finish", "text"),
    [
        ({"message": {"content": "Il cons"}, "finish_reason": "length"}, "length", "Il cons"),
        ({"message": {"content": "Il cons"}, "finish_reason": "MAX_TOKENS"}, "length", "Il cons"),
        ({"message": {"content": "Il cons"}, "finish_reason": "model_length"}, "length", "Il cons"),
        ({"message": {"content": ""}, "finish_reason": "content_filter"}, "content_filter", ""),
        ({"message": {"content": None}, "finish_reason": "SAFETY"}, "content_filter", ""),
        ({"message": {"content": "", "refusal": "No."}, "finish_reason": "stop"}, "refusal", ""),
        ({"message": {"content": "", "reasoning_content": "hm"}, "finish_reason": "stop"}, "stop", ""),
        ({"message": {"content": "a"}, "finish_reason": None}, "stop", "a"),
        ({"message": {"content": "a"}, "finish_reason": "eos"}, "stop", "a"),
        ({"message": {"content": "a \ud83d"}}, "stop", "a \ufffd"),
        ({"message": {"content": "😀"}}, "stop", "😀"),
    ],
)
def test_cut_off_refused_and_empty_replies_are_told_apart(stand: Any, choice: Any, finish: str, text: str) -> None:
    stand.script = [(200, {}, {"choices": [choice]})]
    reply = ask(server(stand))
    assert (reply.finish_reason, reply.text) == (finish, text)
    assert len(stand.asked) == 1


@pytest.mark.parametrize(
    "usage", [None, [], {"prompt_tokens": "12"}, {"prompt_tokens": -1, "completion_tokens": 10**30}]
)
def test_usage_that_is_none_is_none(stand: Any, usage: Any) -> None:
    stand.script = [(200, {}, {"choices": [{"message": {"content": "a"}}], "usage": usage})]
    reply = ask(server(stand))
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cost) == (None, None, None)


# ---- keys


def test_neither_key_nor_environment_goes_where_it_should_not(
    stand: Any, transport: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The openai package reads keys, projects and headers out of the environment: they are for OpenAI alone."""
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "sk-of-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: sk-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with caplog.at_level(logging.DEBUG):
        stand.script = [(401, {}, {"error": {"message": f"wrong key {KEY}"}})]
        error_of(server(stand))
        ask(server(stand))
        ask(ChatServer("tiny", stand.url))
    assert [headers.get("Authorization") for _, headers, _ in stand.asked] == [f"Bearer {KEY}"] * 2 + [None]
    assert not [value for _, headers, _ in stand.asked for value in headers.values() if "sk-of-openai" in value]
    assert KEY not in caplog.text


def test_a_key_copied_with_a_line_end_is_refused_before_it_is_sent() -> None:
    for key in ("sk-a\nb", "sk-è"):
        with pytest.raises(LLMError, match="copied whole"):
            ChatServer.from_environment("tiny", {"LLM_API_KEY": key, "LLM_BASE_URL": "http://127.0.0.1:9/v1"})


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "inf"])
def test_a_time_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(LLMError, match="LLM_TIMEOUT"):
        ChatServer.from_environment("tiny", {"LLM_BASE_URL": "http://127.0.0.1:9/v1", "LLM_TIMEOUT": seconds})


def test_a_password_in_the_address_logs_in_and_is_not_told(stand: Any, transport: str) -> None:
    stand.script = [(404, {}, "")]
    url = stand.url.replace("http://", "http://user:h%20sh@")
    error = error_of(ChatServer("tiny", url))
    assert stand.asked[0][1]["Authorization"] == "Basic dXNlcjpoIHNo"
    assert "user" not in str(error)
    with pytest.raises(LLMError, match="only one can log in"):
        ChatServer.from_environment("tiny", {"LLM_API_KEY": KEY, "LLM_BASE_URL": url})


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/v1", "http://[::1/v1", "http://a b/v1"])
def test_an_address_of_which_no_request_can_be_made_is_told_at_once(waits: list[float], url: str) -> None:
    with pytest.raises(LLMError) as caught:
        ask(ChatServer.from_environment("tiny", {"LLM_BASE_URL": url}))
    assert (caught.value.reason, caught.value.fatal) == ("bad_address", True)
    assert waits == []
