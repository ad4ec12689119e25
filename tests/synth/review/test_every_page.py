"""What holds for every page, found by listing routes and templates: a new one is looked at without a word here.

Text is never markup, a form has its token, a parameter is text, and nobody enters without a token.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from synth.display import web
from synth.review import pages
from synth.review.app import create_app
from synth.review.rendering import CSRF_FIELD
from synth.review.security import PUBLIC
from synth.review.settings import Settings

FOLDER = Path(pages.__file__).parent
TEMPLATES = sorted((FOLDER.parent / "templates").glob("*.jinja"))
#: What a browser must not run, show as markup, or be led to.
EVIL = "</textarea></title><script>document.title='ran'</script><img src=x onerror=alert(1)>\"'{{7*7}}"
#: Values for parameters: operators, code, other types, paths, controls, and what is far too long.
HOSTILE = [
    '{"$where": "sleep(9000)"}', '{"key": {"$function": {"body": "x", "args": [], "lang": "js"}}}', "$where", "-$out",
    "@/etc/passwd", "../../etc/passwd", "-1", "0", "99999999999999999999", "1e9", "NaN", "\x00", "\ud800", EVIL,
    "(a+)+$", "[" * 500, "{" * 500, ":", ":nothing-of-this-name", "answer.$", "__class__", "%00", "x" * 5000, "",
]  # fmt: skip


def routes(method: str) -> list[str]:
    """Paths of the pages that take a method, holes and all."""
    all_routes = create_app(None, Settings()).routes  # type: ignore[arg-type]
    ours = [route for route in all_routes if isinstance(route, Route) and not route.path.startswith("/static")]
    return sorted({route.path for route in ours if method in (route.methods or ())})


def names_of_parameters() -> list[str]:
    """Names of parameters of addresses, as the pages ask for them."""
    sources = "\n".join(path.read_text("utf-8") for path in FOLDER.parent.rglob("*.py"))
    calls = r"""(?:parameter\(|number\(|\.get(?:list)?\()\s*(?:request,\s*)?["'](\w+)["']"""
    fields = re.findall(r'name="(\w+)"', "\n".join(path.read_text("utf-8") for path in TEMPLATES))
    return sorted({*re.findall(calls, sources), *fields, "key", "filter", "sort", "q", "page"})


@pytest.fixture
def hostile(database: Any) -> dict[str, Any]:
    """A sample, an article and an event each text of which tries to be something else."""
    source = {"title": EVIL, "link": "javascript:alert(1)", "content": EVIL, "tags": [EVIL], "source_site": EVIL,
              "date": datetime(2024, 1, 9, tzinfo=UTC)}  # fmt: skip
    row = {
        "key": "f" * 64, "task": "news_summary", "question": EVIL, "answer": f"{EVIL}\n\n73 {EVIL}", "system": EVIL,
        "history": [{"question": EVIL, "answer": EVIL}], "language": "it", "date": datetime(2024, 1, 9, tzinfo=UTC),
        "status": "new", "tags": [EVIL], "sources": [source], "unsupported": ["73", EVIL], "doubts": [EVIL],
        "acc_explanation": EVIL, "accuracy": 0, "similarity": [0.5], "min_similarity": 0.5, "mean_similarity": 0.5,
        "provenance": {"run": EVIL, "cluster": 1, "model": EVIL, "prompt": EVIL, "articles": [], "calls": [EVIL]},
        "event": "e" * 64, "superseded": False, "created_at": datetime(2024, 1, 9, tzinfo=UTC),
    }  # fmt: skip
    database.samples.insert_one(dict(row))
    database.articles.insert_one({**source, "link": "https://example.org/a", "language": "it", "authors": [EVIL]})
    database.clusters.insert_one(
        {"run": EVIL, "number": 1, "event": "e" * 64, "articles": [], "size": 2, "current": True, "language": "it"}
    )
    return row


def filled(path: str, value: str) -> str:
    """A path with the value in its holes."""
    return re.sub(r"\{[^}]*\}", lambda _: quote(value, safe="", errors="replace"), path)


@pytest.mark.parametrize("path", routes("GET"))
def test_whatever_is_in_an_address_the_answer_is_a_page(
    client: TestClient, hostile: dict[str, Any], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = names_of_parameters()
    for value in HOSTILE:
        one, bracket = quote(value, errors="replace"), quote("[$ne]")
        query = "&".join(f"{name}={one}" for name in names)
        for address in (filled(path, value or "x"), f"{filled(path, hostile['key'])}?{query}"[:7900],
                        f"{path}?" + "&".join(f"{name}{bracket}=1" for name in names)):  # fmt: skip
            page = client.get(address)
            assert page.status_code < 500, (address[:200], capsys.readouterr().err)
            assert EVIL not in page.text
            assert "root:" not in page.text


@pytest.mark.parametrize("path", routes("GET"))
def test_texts_of_the_store_are_never_markup(client: TestClient, hostile: dict[str, Any], path: str) -> None:
    page = client.get(filled(path, hostile["key"]), params={"key": hostile["key"]})
    assert EVIL not in page.text
    assert not re.search(r"<script>|<img src=x|[\"'=]javascript:", page.text)


@pytest.mark.parametrize("path", routes("POST"))
def test_no_form_is_taken_without_its_token(client: TestClient, hostile: dict[str, Any], path: str) -> None:
    for token in ({}, {CSRF_FIELD: "0" * 64}):
        assert client.post(filled(path, hostile["key"]), data={"key": hostile["key"], **token}).status_code == 403


@pytest.mark.parametrize("path", routes("POST"))
def test_whatever_is_in_a_form_the_answer_is_a_page(
    app: Starlette, post: Any, hostile: dict[str, Any], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in HOSTILE:
        fields = dict.fromkeys(names_of_parameters(), value.encode("utf-8", "replace").decode())
        fields.pop(CSRF_FIELD, None)
        page = post(filled(path, hostile["key"]), **fields)
        assert page.status_code < 500, (value[:100], capsys.readouterr().err)
        assert EVIL not in page.text


@pytest.mark.parametrize("path", routes("GET"))
def test_nobody_enters_without_a_token(database: Any, hostile: dict[str, Any], path: str) -> None:
    app = create_app(database, Settings(raters=("Anna",)))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        page = client.get(filled(path, hostile["key"]))
        assert page.status_code == (401 if path not in PUBLIC else 403)
        assert "Anna" not in page.text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_markup_from_outside_and_no_script_within(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    assert not re.search(r"""\s(?:style|on[a-z]+)\s*=\s*["'{]""", text), "the browser refuses it: script, style"
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"""(?:src|href)="(?:https?:)?//""", text), "nothing is loaded from elsewhere"
    for form in re.findall(r"""<form\b[^>]*method="post".*?</form>""", text, re.DOTALL | re.IGNORECASE):
        assert "csrf_field" in form or CSRF_FIELD in form, form[:200]


def test_a_stored_link_is_a_link_where_it_is_one_of_the_web() -> None:
    assert web("https://example.org/a?b=1") == "https://example.org/a?b=1"
    for link in ("javascript:alert(1)", " javascript:x", "data:text/html,x", "//evil.example", "https:///x", None, 3):
        assert web(link) == ""
