"""What the tests of the pages share: the application over a real store, and a real server with a real browser.

`client` asks the application, `post` sends it a form with its token, `live` is a server on a free port with a page of
Chromium. Another page's tests need no other; `serving` starts servers with settings of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from synth.review.access import Access, new_access
from synth.review.app import create_app
from synth.review.rendering import CSRF_FIELD
from synth.review.server import address_of, entrances, listen
from synth.review.settings import Settings
from tests.waiting import wait_until


@pytest.fixture
def settings() -> Settings:
    """A module that needs others overrides this."""
    return Settings()


@pytest.fixture
def app(database: Any, settings: Settings) -> Starlette:
    return create_app(database, settings)


@pytest.fixture
def client(app: Starlette) -> Iterator[TestClient]:
    """Asks as the user of this machine; redirects are not followed."""
    with TestClient(app, base_url="http://localhost", follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def post(app: Starlette, client: TestClient) -> Callable[..., Any]:
    """`post(path, name=value …)` sends a form as one of the pages would."""

    def send(path: str, **fields: str | list[str]) -> Any:
        access: Access = app.state.access
        return client.post(path, data={CSRF_FIELD: access.form_token(access.owner), **fields})

    return send


@pytest.fixture
def samples(database: Any) -> list[dict[str, Any]]:
    """Three samples in the store: one in each language of the interface, the Vietnamese one hostile."""
    texts = {
        "it": ("Riassumi gli articoli.", "Il museo riapre giovedì dopo 14 mesi di lavori."),
        "vi": ("Tóm tắt bài báo.", '<script>alert("x")</script> Giá xăng giảm 500 đồng & tăng trở lại.'),
        "en": ("Summarise the articles.", "The bridge opens again on Monday."),
    }
    rows = [
        {
            "key": f"{number:064x}", "task": "news_summary", "question": question, "answer": answer, "language": code,
            "date": datetime(2024, 1, 9 + number, tzinfo=UTC), "status": "new", "tags": [],
            "sources": [{"title": "T", "link": f"https://example.org/{code}", "content": answer}],
        }
        for number, (code, (question, answer)) in enumerate(texts.items())
    ]  # fmt: skip
    database.samples.insert_many(rows)
    return rows


# ---- a server and a browser


class Live(NamedTuple):
    """A server with a page of a browser that has nothing open yet; `doors`: rater -> address with the token."""

    address: str
    page: Any
    database: Any
    doors: dict[str, str]
    browser: Any


class Serving(NamedTuple):
    """A server that answers in a thread."""

    address: str
    app: Starlette
    doors: dict[str, str]


@contextmanager
def serving(database: Any, settings: Settings, access: Access | None = None) -> Iterator[Serving]:
    """A server on a free port of the loopback, until the body ends."""
    import uvicorn

    with listen(settings.host, 0) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        app = create_app(database, settings, access or new_access(settings.raters))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started)
        address = address_of(settings.host, settings.port)
        try:
            yield Serving(address, app, entrances(address, app.state.access.tokens))
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture
def errors() -> list[str]:
    """What the browser of `live` complains of; a test that provokes it takes it away."""
    return []


@pytest.fixture
def live(database: Any, settings: Settings, browser: Any, errors: list[str]) -> Iterator[Live]:
    """A real server over `database` and a page of a real browser; what the browser refuses fails the test."""
    with serving(database, settings) as server:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", locale="en-GB")
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Live(server.address, page, database, server.doors, browser)
        context.close()
    assert errors == []
