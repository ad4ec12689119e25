"""Raters in real browsers: entering from a page of another site, two at once, leaving, and a store that goes away."""

from __future__ import annotations

from typing import Any

import pytest

from synth.review.settings import Settings
from tests.synth.review.conftest import Live


@pytest.fixture
def settings() -> Settings:
    return Settings(raters=("Anna", "Linh Nguyễn"))


def test_a_link_in_a_page_of_another_site_leads_in(live: Live, samples: list[dict[str, Any]]) -> None:
    """As from a mail's page: the browser sends no strict cookie along with what follows such a link."""
    page = live.page
    page.route("http://mail.example/", lambda route: route.fulfill(
        content_type="text/html", body=f'<a href="{live.doors["Anna"]}">Enter</a>'
    ))  # fmt: skip
    page.goto("http://mail.example/")
    page.get_by_role("link", name="Enter").click()
    page.wait_for_url(live.address)
    assert page.get_by_text("You are Anna").is_visible()
    assert "token" not in page.url
    assert page.evaluate("document.cookie") == ""


def test_two_raters_at_once_are_told_apart(live: Live, samples: list[dict[str, Any]]) -> None:
    other = live.browser.new_context(locale="vi").new_page()
    for page, rater in ((live.page, "Anna"), (other, "Linh Nguyễn")):
        page.goto(live.doors[rater])
        page.wait_for_url(live.address)
    live.page.reload()
    other.reload()
    assert live.page.get_by_text("You are Anna").is_visible()
    assert other.get_by_text("Bạn là Linh Nguyễn").is_visible()
    other.get_by_role("button", name="Thoát").click()
    assert "Bạn đã thoát" in other.locator("h1").inner_text()
    other.goto(live.address)
    assert "Bạn là ai?" in other.locator("h1").inner_text()
    live.page.reload()
    assert live.page.get_by_text("You are Anna").is_visible()
    other.context.close()


def test_a_page_of_another_site_can_neither_show_nor_change_it(live: Live, errors: list[str]) -> None:
    page = live.page
    page.goto(live.doors["Anna"])
    page.wait_for_url(live.address)
    page.route("http://evil.example/", lambda route: route.fulfill(content_type="text/html", body=(
        f'<iframe src="{live.address}"></iframe><form method="post" action="{live.address}language">'
        '<input name="language" value="vi"><button>win</button></form>'
    )))  # fmt: skip
    page.goto("http://evil.example/")
    assert "You are Anna" not in "".join(frame.locator("body").inner_text() for frame in page.frames)
    page.get_by_role("button", name="win").click()
    assert page.locator("h1").inner_text() != ""
    page.goto(live.address)
    assert page.locator("html").get_attribute("lang") == "en"
    errors.clear()
