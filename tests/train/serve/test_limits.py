"""Who may ask `train serve`, and how much: host names, bodies, models, the queue, and who has gone away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from train.serve import limits
from train.serve.app import Turn, build_app
from train.serve.request import RequestError

CHAT = {"model": "small", "messages": [{"role": "user", "content": "Ciao."}]}


class Gone:
    """A request whose sender has or has not gone away."""

    def __init__(self, gone: bool) -> None:
        self.gone = gone

    async def is_disconnected(self) -> bool:
        return self.gone


@pytest.fixture
def client() -> Iterator[TestClient]:
    """The application without a model: whatever comes to the model is an error of 500."""
    with TestClient(build_app(None, "small", hosts=["news.example"]), raise_server_exceptions=False) as client:  # type: ignore[arg-type]
        yield client


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "192.168.1.7", "news.example:80"]
)
def test_its_own_names_may_be_asked(client: TestClient, host: str) -> None:
    assert client.get("/v1/models", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "", "[::1", "a@b"]
)
@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/small", "/v1/chat/completions"])
def test_a_page_cannot_ask_under_its_own_name(client: TestClient, host: str, path: str) -> None:
    method = "POST" if "chat" in path else "GET"
    reply = client.request(method, path, headers={"host": host}, json=CHAT if method == "POST" else None)
    assert reply.status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://localhost:3000", 200)]
)
def test_another_pages_request_is_refused(client: TestClient, origin: str, status: int) -> None:
    headers = {"host": "localhost", "origin": origin}
    assert client.get("/v1/models", headers=headers).status_code == status


def post(client: TestClient, content: Any, **headers: str) -> Any:
    return client.post("/v1/chat/completions", content=content, headers={"host": "localhost", **headers})


def test_a_long_body_is_refused_before_it_is_read(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY", 1000)
    assert post(client, b"x" * 1001).status_code == 413
    parts: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(50):
            parts.append(number)
            yield b"x" * 100

    assert post(client, endless()).status_code == 413
    assert post(client, b"{}", **{"content-length": "many"}).status_code in (400, 413)


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"temperature": NaN}', b"\xff\xfe", b""])
def test_what_is_no_json_is_one_line(client: TestClient, body: bytes) -> None:
    reply = post(client, body)
    assert (reply.status_code, reply.json()["error"]["message"]) == (400, "the body is no JSON")


def test_half_a_character_is_refused(client: TestClient) -> None:
    chat = CHAT | {"messages": [{"role": "user", "content": "\ud83d"}]}
    assert post(client, json.dumps(chat)).status_code == 400


def test_another_model_is_not_found(client: TestClient) -> None:
    for reply in (
        post(client, json.dumps(CHAT | {"model": "gpt-4o"})),
        client.get("/v1/models/gpt-4o", headers={"host": "localhost"}),
    ):
        assert reply.status_code == 404
        assert reply.json()["error"]["code"] == "model_not_found"
        assert "`gpt-4o` does not exist" in reply.json()["error"]["message"]
    assert client.get("/v1/models/small", headers={"host": "localhost"}).json()["id"] == "small"


def test_the_queue_has_an_end(client: TestClient) -> None:
    async def turns() -> None:
        turn, here = Turn(most=1), Gone(gone=False)
        async with turn.wait(here):  # type: ignore[arg-type]
            second = asyncio.ensure_future(turn.wait(here).__aenter__())  # type: ignore[arg-type]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with pytest.raises(RequestError) as raised:
                await turn.wait(here).__aenter__()  # type: ignore[arg-type]
            assert raised.value.status == 429
        await asyncio.wait_for(second, 10)

    asyncio.run(turns())


def test_who_has_gone_leaves_the_queue() -> None:
    async def turns() -> None:
        turn = Turn(most=1)
        async with turn.wait(Gone(gone=False)):  # type: ignore[arg-type]
            for _ in range(2):
                with pytest.raises(RequestError) as raised:
                    await turn.wait(Gone(gone=True)).__aenter__()  # type: ignore[arg-type]
                assert raised.value.status == 499
        async with asyncio.timeout(10), turn.wait(Gone(gone=False)):  # type: ignore[arg-type]
            pass

    asyncio.run(turns())
