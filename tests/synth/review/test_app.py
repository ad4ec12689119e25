"""The pages as a whole: each is found by listing its folder, and is written in every language of the interface.

Covers synth.review.app, synth.review.pages, synth.review.pages.home, synth.review.languages, synth.review.rendering,
synth.review.requests, synth.review.settings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from synth.review.app import create_app
from synth.review.languages import LANGUAGES, choose_language, day, number, translate, words
from synth.review.pages import page_modules
from synth.review.settings import Settings


def test_the_first_page_counts_what_is_in_the_store(client: TestClient, samples: list[dict[str, Any]]) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "There are 3 samples to read." in page.text
    assert '<html lang="en">' in page.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_pages_are_in_the_language_that_the_browser_asks_for(client: TestClient, code: str) -> None:
    page = client.get("/", headers={"Accept-Language": f"de, {code}-XX;q=0.8, en;q=0.1"})
    assert f'<html lang="{code}">' in page.text
    assert translate(code, "home.heading") in page.text.replace("&#39;", "'")


def test_a_choice_of_language_is_kept_and_leads_back(client: TestClient, post: Any) -> None:
    done = post("/language", language="vi", back="/?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/?x=1")
    assert "HttpOnly" in done.headers["set-cookie"]
    assert '<html lang="vi">' in client.get("/", headers={"Accept-Language": "it"}).text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:0", ""])
def test_it_never_leads_away(post: Any, back: str) -> None:
    assert post("/language", language="it", back=back).headers["location"] == "/"


def test_every_text_is_in_every_language() -> None:
    for key, texts in words().items():
        assert set(texts) == set(LANGUAGES), key
        holes = [set(re.findall(r"\{(\w+)\}", str(text))) - {"one", "other"} for text in texts.values()]
        assert all(each == holes[0] for each in holes), key
        for text in texts.values():
            forms = text if isinstance(text, dict) else {"other": text}
            assert set(forms) <= {"one", "other"}, key
            assert "other" in forms, key
            assert all(isinstance(form, str) and form.strip() for form in forms.values()), key


def test_every_key_that_a_template_or_a_page_names_has_words(root: Path) -> None:
    files = [*(root / "synth/review/templates").glob("*.jinja"), *(root / "synth/review/pages").glob("*.py")]
    for file in files:
        for key in re.findall(r"""\bt\("([a-z_]+\.[\w.]+)"[,)]""", file.read_text("utf-8")):
            assert key in words() or file.name == "__init__.py", f"{file.name}: {key}"


def test_every_page_has_routes_and_a_name_in_the_navigation(app: Starlette) -> None:
    for module in page_modules():
        assert module.ROUTES, module.__name__
        key = getattr(module, "NAVIGATION", None)
        assert key is None or key in words(), module.__name__
    assert app.state.navigation[0][:2] == ("/", "home.title")


def test_a_page_that_a_rater_may_not_open_is_not_in_the_navigation(database: Any) -> None:
    app = create_app(database, Settings(raters=("Anna", "Linh"), owner="Anna"))
    for rater, shown in (("Anna", True), ("Linh", False)):
        client = TestClient(app, base_url="http://localhost")
        client.get("/enter", params={"token": app.state.access.tokens[rater]})
        assert ('href="/pipelines"' in client.get("/").text) == shown
        assert client.get("/pipelines").status_code == (200 if shown else 403)


def test_the_navigation_names_the_page_and_the_part_that_it_belongs_to(
    client: TestClient, samples: list[dict[str, Any]]
) -> None:
    assert re.findall(r'<a href="([^"]+)" aria-current="(\w+)"', client.get("/samples").text) == [("/samples", "page")]
    page = client.get(f"/sample/{samples[0]['key']}")
    assert re.findall(r'<a href="([^"]+)" aria-current="(\w+)"', page.text) == [("/samples", "true")]
    assert 'aria-current="' not in client.get("/nowhere").text


def test_of_a_blind_evaluation_there_are_its_own_pages_alone() -> None:
    assert {module.__name__.rpartition(".")[2] for module in page_modules(blind=True)} >= {"home", "session"}
    assert all(module.BLIND for module in page_modules(blind=True))


def test_numbers_and_days_are_written_as_each_language_writes_them() -> None:
    assert [number(12345, code) for code in LANGUAGES] == ["12,345", "12.345", "12.345"]
    assert [number(0.5, code) for code in LANGUAGES] == ["0.50", "0,50", "0,50"]
    assert number(None, "en") == "–"
    assert [day("2024-01-09", code) for code in LANGUAGES] == ["9 January 2024", "9 gennaio 2024", "9/1/2024"]


def test_a_text_depends_on_its_number() -> None:
    assert translate("it", "home.lead", count=1) == "C’è 1 esempio da leggere."
    assert translate("vi", "home.lead", count=1200) == "Có 1.200 mẫu để đọc."


def test_the_reader_chooses_before_the_server_and_the_server_before_the_browser() -> None:
    assert choose_language("it", "vi", "en") == "it"
    assert choose_language("xx", "vi", "en") == "vi"
    assert choose_language(None, "", "fr;q=1, it;q=0.2, vi;q=0.7, en;q=0") == "vi"
    assert choose_language(None, "", "garbage;;q=,*") == "en"


def test_static_files_last_as_long_as_they_are_the_same(client: TestClient) -> None:
    address = re.search(r'href="(/static/style\.css\?v=\w+)"', client.get("/").text)
    assert address
    page = client.get(address[1])
    assert page.headers["content-type"].startswith("text/css")
    assert "immutable" in page.headers["cache-control"]
    assert client.get("/static/style.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/style.css?v=0").headers["cache-control"] == "no-cache"
    assert client.get("/static/..%2fapp.py").status_code == 404


@pytest.mark.parametrize("path", ["/nowhere", "/static/nothing.js", "/%24where"])
def test_what_there_is_not_is_a_page_in_the_readers_language(client: TestClient, path: str) -> None:
    page = client.get(path, headers={"Accept-Language": "it"})
    assert (page.status_code, "Pagina inesistente" in page.text) == (404, True)
