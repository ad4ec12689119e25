"""Every page in Chromium: nothing sticks out, nothing is refused, and axe finds nothing that keeps people out.

The routes are listed from the application, so a new page is looked at without a word here.
Covers synth.review.pages.session.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from synth.review.app import create_app
from synth.review.settings import Settings
from tests.chromium import axe
from tests.synth.review.conftest import Live

#: Elements that stick out of the page, but for what stands in a box that scrolls.
WIDER = """() => [...document.querySelectorAll("body *")].filter(part => !part.closest(".scroll, .skip, dialog"))
  .filter(part => part.getBoundingClientRect().right > innerWidth + 1 || part.getBoundingClientRect().left < -1)
  .map(part => part.outerHTML.slice(0, 120))"""
#: Things that one can press which are smaller than 24 pixels (WCAG 2.5.8), but for links in a text.
SMALL = """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, nav a, summary, .button")]
  .filter(part => part.getClientRects().length && !part.closest(".skip"))
  .filter(part => part.getBoundingClientRect().height < 24 || part.getBoundingClientRect().width < 24)
  .map(part => part.outerHTML.slice(0, 120))"""
#: Levels of headings, in order.
HEADINGS = "() => [...document.querySelectorAll('main :is(h1, h2, h3, h4, h5, h6)')].map(part => +part.tagName[1])"


def pages() -> dict[str, Route]:
    """Path -> route of all that a GET answers with a page, those with holes, such as `/samples/{key}`, included."""
    routes = create_app(None, Settings()).routes  # type: ignore[arg-type]
    ours = [route for route in routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    return {route.path: route for route in ours if not route.path.startswith(("/static/", "/enter"))}


def address_at(path: str, start: str, page: Any) -> str:
    """The address of a page: its path or, where that has holes, the first link to it, or to the page above it."""
    if "{" not in path:
        return path
    for other in (other for other in pages() if "{" not in other):
        page.goto(start + other)
        links = page.eval_on_selector_all("a[href^='/']", "links => links.map(link => link.getAttribute('href'))")
        for link in links:
            if pages()[path].path_regex.match(link.partition("?")[0]):
                return str(link)
    above, _, last = path.rpartition("/")
    assert above in pages(), f"no page has a link to {path}"
    return f"{address_at(above, start, page)}/{last}"


@pytest.fixture
def settings(root: Path) -> Settings:
    """With a pipeline to show."""
    return Settings(pipelines=root / "demo")


@pytest.fixture
def filled(database: Any, samples: list[dict[str, Any]]) -> None:
    """An event with two articles and a sample made of it, which has facts in doubt and every kind of score."""
    rows = [
        {"link": f"https://example.org/{n}", "title": f"Il ponte {n}", "content": "Riapre lunedì.", "language": "it",
         "date": datetime(2024, 1, n, tzinfo=UTC), "source_site": "Ansa", "tags": ["ponte"], "authors": []}
        for n in (8, 9)
    ]  # fmt: skip
    articles = list(database.articles.insert_many(rows).inserted_ids)
    database.clusters.insert_one(
        {"run": "r", "number": 1, "event": "e" * 64, "articles": articles, "size": 2, "current": True, "language": "it",
         "first_date": rows[0]["date"], "last_date": rows[1]["date"], "embedder": "tfidf"}
    )  # fmt: skip
    scores = {
        "event": "e" * 64, "superseded": False, "unsupported": ["14"], "unsupported_kinds": ["number"], "accuracy": 3,
        "acc_explanation": "Not in the sources.", "similarity": [0.4], "min_similarity": 0.4, "mean_similarity": 0.4,
        "toxicity": 0.01, "coverage": [0.5], "faithfulness": 0.5, "doubts": ["numbers"], "tags": ["ponte"],
        "provenance": {"run": "r", "cluster": 1, "articles": articles, "calls": [], "prompt": "p/1", "model": "m"},
        "sources": [{"title": "Il museo", "link": "https://example.org/8", "content": "Il museo riapre giovedì dopo "
                     "14 mesi di lavori. I lavori al tetto del museo erano cominciati nel 2022. Piove."}],
    }  # fmt: skip
    database.samples.update_one({"key": samples[0]["key"]}, {"$set": scores})


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
@pytest.mark.parametrize("path", [*sorted(pages()), "/nowhere"])
def test_everybody_can_use_it(live: Live, filled: None, path: str, width: int, scheme: str, errors: list[str]) -> None:
    page, start = live.page, live.address.rstrip("/")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    address = address_at(path, start, page)
    errors.clear()
    answer = page.goto(start + address)
    if answer.status >= 400:
        # An address that wants a parameter, or one that there is not: the browser's own line about it is no error.
        errors.clear()
    assert answer.status < 500
    assert axe(page) == []
    assert page.evaluate(WIDER) == []
    assert page.evaluate(SMALL) == []
    levels = page.evaluate(HEADINGS)
    assert levels.count(1) == 1, levels
    assert all(after <= before + 1 for before, after in zip([0, *levels], levels, strict=False)), levels
    assert page.title().endswith(" – Newsmill")


def test_keys_move_press_and_explain_themselves(live: Live, samples: list[dict[str, Any]]) -> None:
    page = live.page
    page.goto(live.address)
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_keys_can_be_switched_off(live: Live) -> None:
    page = live.page
    page.goto(live.address)
    page.locator("#keys-open").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert not page.locator("dialog#keys").is_visible()


def test_a_language_is_chosen_without_a_script(live: Live) -> None:
    context = live.browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(live.address)
    page.get_by_role("button", name="Tiếng Việt").click()
    assert page.locator("html").get_attribute("lang") == "vi"
    context.close()


#: Elements as pages have them, put into a page of ours: what keys do must not depend on which pages there are.
PARTS = """() => { document.querySelector("main").innerHTML = `
  <p><a href="#one" data-row id="one">one</a></p><div data-row id="two"><a href="#inside">two</a></div>
  <button data-key="a" id="accept">Accept <kbd>a</kbd></button><button data-key="x" disabled id="off">Off</button>
  <label>Answer <textarea id="answer" data-key="e"></textarea></label>
  <button data-key="ctrl+enter" id="save" data-key-label="Save">S</button>`;
  window.pressed = [];
  for (const button of document.querySelectorAll("main button")) {
    button.addEventListener("click", () => window.pressed.push(button.id)); } }"""


def test_keys_press_what_the_page_names_and_leave_typing_alone(live: Live) -> None:
    page = live.page
    page.goto(live.address)
    page.evaluate(PARTS)
    for key in ("j", "j", "Enter", "a", "x", "e"):
        page.keyboard.press(key)
    assert page.evaluate("[location.hash, document.activeElement.id]") == ["#inside", "answer"]
    page.keyboard.type("ajk?")
    page.keyboard.press("Control+Enter")
    assert page.input_value("#answer") == "ajk?"
    assert page.evaluate("window.pressed") == ["accept", "save"]
    page.keyboard.press("?")
    names = page.locator("dialog#keys dl > div").all_inner_texts()
    assert [" ".join(name.split()) for name in names] == [
        "a Accept", "e Answer", "ctrl+enter Save", "j Next row", "k Previous row", "? Keyboard shortcuts"
    ]  # fmt: skip
