"""A blind evaluation in the browser: two raters at once, by keyboard, marks in the folder at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from synth.review.access import Access
from synth.review.app import create_app
from synth.review.rendering import CSRF_FIELD
from synth.review.settings import Settings
from tests.chromium import axe
from tests.synth.review.blind_folder import pair_rows, rows_in, text_rows, write_folder
from tests.synth.review.conftest import Live, serving
from tests.synth.review.test_pages_in_browser import SMALL, WIDER
from tests.waiting import wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "blind", text_rows(1), text_rows(2))


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(blind=folder)


def test_a_row_after_the_other_without_a_script(client: TestClient, post: Callable[..., Any], folder: Path) -> None:
    assert client.get("/").headers["location"] == "/blind"
    assert "Begin" in client.get("/blind").text
    assert post("/blind/begin").headers["location"] == "/blind"
    page = client.get("/blind")
    assert page.status_code == 200
    assert "1 / 4" in page.text
    assert "&lt;i&gt;altro&lt;/i&gt;" in page.text
    assert 'lang="vi"' in page.text
    answer = post("/blind", item="T1", style="4", content="3", guess="human", confidence="2", opened="0", go="next")
    assert (answer.status_code, answer.headers["location"]) == (303, "/blind?item=T2")
    assert rows_in(folder, 1)[0]["style"] == 4
    assert rows_in(folder, 1)[0]["seconds"] == 600
    assert "checked" in client.get("/blind?item=T1").text
    assert client.get("/blind").text.count("2 / 4") == 1


def test_marks_are_kept_and_the_page_stays(post: Callable[..., Any], folder: Path) -> None:
    post("/blind/begin")
    answer = post("/blind", item="T2", style="5", before="10", seconds="7", go="stay")
    assert answer.status_code == 204
    assert (rows_in(folder, 1)[1]["style"], rows_in(folder, 1)[1]["seconds"]) == (5, 17)


def test_what_is_wrong_is_a_page_and_changes_nothing(
    client: TestClient, post: Callable[..., Any], folder: Path
) -> None:
    post("/blind/begin")
    assert client.get("/blind?item=T99").status_code == 404
    assert post("/blind", item="T1", style="9").status_code == 400
    assert post("/blind", item="T99", style="3").status_code == 400
    assert client.post("/blind", data={"item": "T1", "style": "3"}).status_code == 403
    assert rows_in(folder, 1) == text_rows(1)


def test_when_every_row_is_complete_it_says_so(client: TestClient, post: Callable[..., Any]) -> None:
    post("/blind/begin")
    for number in range(1, 5):
        post("/blind", item=f"T{number}", style="1", content="1", guess="machine", confidence="1", go="next")
    assert "all your marks are saved" in client.get("/blind").text


def test_a_third_rater_gets_no_sheet_of_another(database: Any, settings: Settings, folder: Path) -> None:
    for rater in ("anna", "linh", "ugo"):
        app = create_app(database, settings)
        access = app.state.access = Access(owner=rater)
        with TestClient(app, base_url="http://localhost") as client:
            page = client.post("/blind/begin", data={CSRF_FIELD: access.form_token(rater)})
    assert page.status_code == 409
    assert "no free sheet" in page.text
    assert json.loads((folder / "raters.json").read_text(encoding="utf-8")) == {"anna": 1, "linh": 2}


def test_the_store_has_no_such_page(database: Any) -> None:
    with TestClient(create_app(database, Settings()), base_url="http://localhost") as client:
        assert client.get("/blind").status_code == 404
        assert "/blind" not in client.get("/").text


def test_by_keyboard_alone(live: Live, folder: Path) -> None:
    page = live.page
    page.goto(live.address + "blind")
    page.keyboard.press("b")
    for number in range(4):
        page.wait_for_selector(f"text={number + 1} / 4")
        for key in ("5", "4", "m" if number else "p", "3"):
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.wait_for_selector("text=all your marks are saved")
    rows = rows_in(folder, 1)
    assert [(row["style"], row["content"], row["confidence"]) for row in rows] == [(5, 4, 3)] * 4
    assert [row["guess"] for row in rows] == ["human", "machine", "machine", "machine"]
    assert all(isinstance(row["seconds"], int) for row in rows)


def test_a_mark_is_in_the_folder_before_the_page_is_left(live: Live, folder: Path) -> None:
    live.page.goto(live.address + "blind")
    live.page.get_by_role("button", name="Begin").click()
    live.page.goto(live.address + "blind?item=T3")
    live.page.get_by_role("radio", name="4").first.check(force=True)
    wait_until(lambda: rows_in(folder, 1)[2]["style"] == 4)
    live.page.wait_for_selector("#saved:has-text('Saved')")
    live.page.reload()
    assert live.page.locator("input[name=style]:checked").get_attribute("value") == "4"
    assert rows_in(folder, 1)[3] == text_rows(1)[3]


def test_two_raters_at_once(database: Any, browser: Any, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "pairs", pair_rows(1), pair_rows(2))
    with serving(database, Settings(blind=folder, raters=("anna", "linh"))) as server:
        pages = {}
        for rater, door in server.doors.items():
            page = browser.new_context(locale="vi-VN").new_page()
            page.goto(door)
            # It leads on by itself.
            page.wait_for_url(server.address + "blind")
            page.keyboard.press("b")
            pages[rater] = page
        for number in range(3):
            for rater, key in (("anna", "a"), ("linh", "t")):
                pages[rater].wait_for_selector(f"text={number + 1} / 3")
                pages[rater].keyboard.press(key)
                pages[rater].keyboard.press("Enter")
        for page in pages.values():
            page.wait_for_selector("text=Xin cảm ơn")
            page.context.close()
    assert {row["choice"] for row in rows_in(folder, 1)} == {"a"}
    assert {row["choice"] for row in rows_in(folder, 2)} == {"tie"}


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
@pytest.mark.parametrize("kind", ["texts", "pairs"])
def test_everybody_can_use_it(database: Any, browser: Any, tmp_path: Path, kind: str, width: int, scheme: str) -> None:
    folder = write_folder(tmp_path / kind, pair_rows(1) if kind == "pairs" else text_rows(1))
    with serving(database, Settings(blind=folder)) as server:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale="it-IT")
        page = context.new_page()
        page.goto(server.address + "blind")
        for _ in range(2):
            assert page.evaluate(WIDER) == []
            assert page.evaluate(SMALL) == []
            assert axe(page) == []
            page.keyboard.press("b")
            page.wait_for_selector("#row")
        context.close()
