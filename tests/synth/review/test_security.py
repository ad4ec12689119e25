"""Who may ask, what a form must have, what a response carries, and what becomes of a store that is away.

Covers synth.review.errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from synth.review.access import Access
from synth.review.app import create_app
from synth.review.languages import LANGUAGES, translate
from synth.review.rendering import CSRF_FIELD
from synth.review.security import FORM_BYTES, FORM_FIELDS
from synth.review.settings import Settings

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def asking(app: Starlette, host: str = "localhost") -> TestClient:
    return TestClient(app, base_url=f"http://{host}", follow_redirects=False, raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/static/style.css", "/enter"])
def test_every_response_lets_the_browser_run_nothing_of_others(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_pages_are_not_kept_by_the_browser(client: TestClient) -> None:
    assert client.get("/").headers["cache-control"] == "no-store"


# ---- the name of the server


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:1234", "[::1]:8765", "LOCALHOST."])
def test_it_answers_under_its_own_names(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.7", "", "[::1", "evil@localhost.x"],
)
def test_it_answers_under_no_other(client: TestClient, host: str) -> None:
    page = client.get("/", headers={"Host": host})
    assert (page.status_code, "has another name" in page.text) == (400, True)


def test_beyond_the_loopback_addresses_in_digits_and_admitted_names_are_its_own(database: Any) -> None:
    app = create_app(database, Settings(host="0.0.0.0", raters=("Anna",), hosts=("news.example.org",)))
    for host, status in (("192.0.2.7", 401), ("news.example.org:80", 401), ("evil.example", 400)):
        assert asking(app, host).get("/").status_code == status


# ---- forms


@pytest.mark.parametrize("token", ["", "0" * 64, "ÿ\ud800"])
def test_a_form_without_its_token_changes_nothing(client: TestClient, token: str) -> None:
    body = f"{CSRF_FIELD}={quote(token, errors='replace')}&language=it"
    page = client.post("/language", content=body, headers=FORM)
    assert (page.status_code, "set-cookie" in page.headers) == (403, False)
    assert "The form was not accepted" in page.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:9"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({}, 303),
    ],
)  # fmt: skip
def test_a_form_from_elsewhere_is_refused_with_whatever_token(
    app: Starlette, client: TestClient, headers: dict[str, str], status: int
) -> None:
    access: Access = app.state.access
    fields = {CSRF_FIELD: access.form_token(access.owner), "language": "it"}
    assert client.post("/language", data=fields, headers=headers).status_code == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    assert client.request(method, "/language").status_code == 405


def test_a_file_or_json_is_no_form(client: TestClient) -> None:
    assert client.post("/language", files={"x": b"y"}).status_code == 415
    assert client.post("/language", json={"language": {"$ne": ""}}).status_code == 415


def test_a_form_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    assert client.post("/language", content=b"x=" + b"y" * FORM_BYTES, headers=FORM).status_code == 413
    chunks = (b"y" * 65536 for _ in range(FORM_BYTES // 65536 + 1))
    assert client.post("/language", content=chunks, headers=FORM).status_code == 413
    assert client.post("/language", content="&".join("x=" for _ in range(FORM_FIELDS + 1)), headers=FORM).is_error
    assert client.get("/?" + "x" * 9000).status_code == 414


# ---- raters


@pytest.fixture
def many(database: Any) -> Starlette:
    return create_app(database, Settings(raters=("Anna", "Linh Nguyễn")))


def entered(app: Starlette, rater: str) -> TestClient:
    client = asking(app)
    assert client.get("/enter", params={"token": app.state.access.tokens[rater]}).status_code == 200
    return client


def test_who_has_no_token_sees_nothing(many: Starlette) -> None:
    client = asking(many)
    for path in ("/", "/nowhere", "/enter?token=x", "/enter"):
        page = client.get(path)
        assert page.status_code in (401, 403)
        assert "Anna" not in page.text
    assert client.get("/static/style.css").status_code == 200


def test_a_token_is_exchanged_for_a_session_of_its_rater(many: Starlette) -> None:
    client = asking(many)
    page = client.get("/enter", params={"token": many.state.access.tokens["Linh Nguyễn"]})
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert many.state.access.tokens["Linh Nguyễn"] not in page.text + cookie
    assert "You are Linh Nguyễn" in client.get("/").text


def test_a_form_is_of_the_rater_who_sends_it(many: Starlette) -> None:
    tokens = {rater: many.state.access.form_token(rater) for rater in ("Anna", "Linh Nguyễn")}
    client = entered(many, "Anna")
    for rater, status in (("Linh Nguyễn", 403), ("Anna", 303)):
        assert client.post("/language", data={CSRF_FIELD: tokens[rater], "language": "it"}).status_code == status


def test_who_leaves_is_nobody(many: Starlette) -> None:
    client = entered(many, "Anna")
    page = client.post("/leave", data={CSRF_FIELD: many.state.access.form_token("Anna")}, follow_redirects=True)
    assert page.status_code == 200
    assert "You have left" in page.text
    assert client.get("/").status_code == 401
    # It is said to nobody who is there.
    assert "You have left" not in entered(many, "Anna").get("/enter?left=1").text


# ---- a store that is away


def test_a_server_that_is_away_is_a_page_in_every_language() -> None:
    from pymongo import MongoClient

    client: MongoClient[dict[str, Any]] = MongoClient("mongodb://127.0.0.1:9/x", serverSelectionTimeoutMS=50)
    for code in LANGUAGES:
        page = asking(create_app(client.x, Settings(language=code))).get("/")
        assert (page.status_code, translate(code, "errors.store_title") in page.text) == (503, True)
    client.close()


class Away:
    """A database each of whose collections fails as PyMongo does."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __getitem__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise self.error

        return type("Documents", (), dict.fromkeys(("estimated_document_count", "count_documents"), fail))()


def errors() -> list[tuple[Exception, int, str]]:
    from pymongo.errors import ExecutionTimeout, OperationFailure, ServerSelectionTimeoutError

    return [
        (ServerSelectionTimeoutError("no servers: secret-host:27017"), 503, "The store does not answer"),
        (ExecutionTimeout("operation exceeded time limit", 50), 503, "took too long"),
        (OperationFailure("not authorized on x", 13), 403, "may only be read"),
        (OperationFailure("unknown operator: $bad", 2), 400, "unknown operator"),
        (ZeroDivisionError("of ours"), 500, "Something went wrong"),
    ]


@pytest.mark.parametrize(("error", "status", "text"), errors())
def test_an_error_is_a_page_and_no_traceback(
    error: Exception, status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = asking(create_app(Away(error), Settings())).get("/")  # type: ignore[arg-type]
    assert (page.status_code, text in page.text) == (status, True)
    assert "Traceback" not in page.text
    assert "secret-host" not in page.text
    assert "content-security-policy" in page.headers
    assert capsys.readouterr().err.count("\n") <= 1


def test_fields_of_a_form_that_could_not_be_stored_can_be_sent_again(
    app: Starlette, post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymongo.errors import AutoReconnect
    from starlette.routing import Route

    def save(_: Any) -> Any:
        raise AutoReconnect("connection closed")

    app.router.routes.append(Route("/save", save, methods=["POST"]))
    page = post("/save", answer='Il "ponte"\r\n<b>riapre</b>')
    assert page.status_code == 503
    assert 'name="answer" value="Il &#34;ponte&#34;\n&lt;b&gt;riapre&lt;/b&gt;"' in page.text
    assert page.text.count(f'name="{CSRF_FIELD}"') == page.text.count('<form method="post"')
