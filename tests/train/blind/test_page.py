"""The page of a sheet in Chromium, opened as a file and without a network: marks stay, one file is saved, and read."""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import axe
from tests.waiting import wait_until
from train.blind.command import configure, main
from train.blind.page import sheet_page
from train.blind.sheets import COLUMNS, Item

#: Elements that stick out of the page.
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter(part => part.getBoundingClientRect().right > innerWidth + 1)
  .map(part => part.outerHTML.slice(0, 120))"""

#: Opens an address in a new context of the browser that keeps what it stored; `page.context.close()` ends it.
Open = Callable[..., Any]


def texts(count: int = 3) -> dict[str, Item]:
    """One Italian, one Vietnamese text, one whose words are formulas and markup."""
    bodies = [
        ("it", "Il ponte riapre.\n\nIl sindaco è contento."), ("vi", "Cây cầu mở lại vào thứ hai."),
        ("en", '=1+1 <b>bold</b> & "quoted", twice;\n\n+2'),
    ]  # fmt: skip
    return {
        f"T{number}": Item(f"p{number}", ("m",), "" if number == 2 else f"Request {number}. " * 60, (body,), language)
        for number, (language, body) in enumerate(bodies[:count], 1)
    }


def pairs() -> dict[str, Item]:
    return {f"P{number}": Item(f"p{number}", ("m", "n"), "", ("Uno.", "Due."), "it") for number in (1, 2)}


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """`opened(items, guess=…)`: the page of a sheet, from a file, offline; what the browser complains of fails."""
    errors: list[str] = []
    asked: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True, reduced_motion="reduce")

    def open_(items: dict[str, Item] | None = None, *, guess: bool = True, language: str = "en", **more: Any) -> Any:
        path = tmp_path / "rater-1.html"
        if items is not None:
            path.write_text(sheet_page(items, 1, language, guess=guess), encoding="utf-8")
        page = (browser.new_context(offline=True, **more) if more else context).new_page()
        page.on("console", lambda message: errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_
    context.close()
    assert errors == []
    assert {address.split(":")[0] for address in asked} <= {"file", "blob"}


def save(page: Any) -> list[dict[str, str]]:
    """The rows of the file that the page saves."""
    with page.expect_download() as download:
        page.locator("button[type=submit]").click()
    assert download.value.suggested_filename == "rater-1.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_by_keyboard_alone_and_saved(opened: Open) -> None:
    page = opened(texts())
    for number in range(3):
        for key in ("5", "4", "p" if number else "m", "3", "Enter"):
            page.keyboard.press(key)
    assert page.locator("#count").text_content() == "3 of 3 complete"
    rows = save(page)
    assert tuple(rows[0]) == COLUMNS["texts"]
    assert [(row["rater"], row["item"], row["style"], row["content"], row["confidence"]) for row in rows] == [
        ("1", f"T{number}", "5", "4", "3") for number in (1, 2, 3)
    ]
    assert [row["guess"] for row in rows] == ["machine", "human", "human"]
    assert rows[0]["text"] == "Il ponte riapre.\n\nIl sindaco è contento."
    assert rows[2]["text"].startswith(" =1+1 <b>bold</b>")
    assert "\n\n +2" in rows[2]["text"]
    assert page.locator("#status").text_content().startswith("Saved as rater-1.csv")


def test_marks_survive_a_closed_tab(opened: Open) -> None:
    page = opened(texts())
    page.keyboard.press("2")
    page.fill("[name='T1 remark']", "Più chiaro così: =1+1")
    page.keyboard.press("Tab")
    page.locator("#next").click()
    page.close()
    page = opened()
    assert page.locator("section.current").get_attribute("id") == "T2"
    row = save(page)[0]
    assert (row["style"], row["content"], row["remark"]) == ("2", "", "Più chiaro così:  =1+1"), (
        "a space before what a spreadsheet would compute"
    )


def test_another_sheet_has_none_of_these_marks(opened: Open) -> None:
    opened(texts()).keyboard.press("2")
    assert opened(texts(2)).locator("input:checked:not(#keys)").count() == 0


def test_rows_that_are_left_are_said_and_saved_all_the_same(opened: Open) -> None:
    page = opened(texts(), language="it", guess=False)
    page.keyboard.press("1")
    page.keyboard.press("1")
    assert [row["style"] for row in save(page)] == ["1", "", ""]
    status = page.locator("#status")
    assert "Mancano ancora 2 righe" in status.text_content()
    assert "bad" in status.get_attribute("class")
    page.locator("#open").click()
    assert page.locator("section.current").get_attribute("id") == "T2"


def test_a_saved_file_is_gone_on_with(opened: Open, browser: Any, tmp_path: Path) -> None:
    page = opened(texts())
    for key in ("3", "2", "m", "1"):
        page.keyboard.press(key)
    page.fill("[name='T1 remark']", 'a "quote", and\na line')
    saved = save(page)
    path = tmp_path / "back.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS["texts"], delimiter=";")
        writer.writeheader()
        writer.writerows(saved)
    page.evaluate("localStorage.clear()")
    page.close()
    page = opened(texts(), viewport={"width": 800, "height": 600})
    assert page.locator("input:checked:not(#keys)").count() == 0
    page.set_input_files("#restore", path)
    page.wait_for_selector("#status:has-text('Marks of 1 rows are back')")
    assert {name: save(page)[0][name] for name in ("style", "guess", "confidence", "remark")} == {
        "style": "3", "guess": "machine", "confidence": "1", "remark": 'a "quote", and\na line',
    }  # fmt: skip
    path.write_text("item,style\nT9,3\n", encoding="utf-8")
    page.set_input_files("#restore", path)
    page.wait_for_selector("#status:has-text('does not belong')")
    assert page.locator("input[name='T1 style']:checked").get_attribute("value") == "3"
    page.context.close()


def test_what_is_saved_is_read(opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "blind"
    rows = [
        {"id": f"p{number}", "prompt": "Scrivi.", "text": f"Testo {number} del modello.",
         "model": "m", "language": "it", "reference": f"Testo {number} di riferimento."}
        for number in range(3)
    ]  # fmt: skip
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert command("--texts", tmp_path / "m.jsonl", "--out", out, "--raters", 1) == 0
    shutil.copy(out / "rater-1.html", tmp_path)
    page = opened()
    for _ in range(6):
        for key in ("5", "4", "Enter"):
            page.keyboard.press(key)
    with page.expect_download() as download:
        page.locator("button[type=submit]").click()
    download.value.save_as(tmp_path / "filled.csv")
    capsys.readouterr()
    assert command("--read", tmp_path / "filled.csv", "--key", out / "key.json") == 0
    assert "reference" in capsys.readouterr().out


def command(*words: object) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    parser.add_argument("--json", action="store_true")
    return main(parser.parse_args([str(word) for word in words]))


def test_pairs(opened: Open) -> None:
    page = opened(pairs(), guess=False)
    assert page.locator("#P1 h3").all_text_contents() == ["Text A", "Text B"]
    for key in ("b", "Enter", "t"):
        page.keyboard.press(key)
    rows = save(page)
    assert tuple(rows[0]) == COLUMNS["pairs"]
    assert [(row["text_a"], row["text_b"], row["choice"]) for row in rows] == [
        ("Uno.", "Due.", "b"),
        ("Uno.", "Due.", "tie"),
    ]


def test_seconds_are_measured_of_the_text_that_is_read(opened: Open) -> None:
    page = opened(texts())
    page.clock.install()
    page.reload()
    page.mouse.move(10, 10)
    page.clock.run_for(7000)
    page.keyboard.press("Enter")
    page.clock.run_for(3000)
    first, second, third = (row["seconds"] for row in save(page))
    # The browser's own clock goes on between two commands.
    assert (7 <= int(first) <= 10, 3 <= int(second) <= 6, third) == (True, True, "")
    page.clock.run_for(3600_000)
    assert int(save(page)[1]["seconds"]) < 140, "nobody reads a text for an hour without a key or a hand on the mouse"


def test_where_storage_is_refused_it_says_so_and_saves(opened: Open) -> None:
    page = opened(texts())
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})")
    page.reload()
    assert "does not keep" in page.locator("#storage").text_content()
    page.keyboard.press("4")
    assert save(page)[0]["style"] == "4"


def test_keys_can_be_switched_off_and_do_not_disturb_typing(opened: Open) -> None:
    page = opened(texts())
    page.fill("[name='T1 remark']", "")
    page.locator("[name='T1 remark']").type("5 p 3")
    assert page.locator("input:checked:not(#keys)").count() == 0
    page.uncheck("#keys")
    page.keyboard.press("5")
    assert page.locator("input:checked").count() == 0


def test_all_at_once_and_back(opened: Open) -> None:
    page = opened(texts())
    assert page.locator("section:visible").count() == 1
    page.locator("#mode").click()
    assert page.locator("section:visible").count() == 3
    page.locator("#T3 input[name='T3 content'][value='2']").check(force=True)
    page.keyboard.press("4")
    assert page.locator("input[name='T3 style']:checked, input[name='T3 content']:checked").count() >= 1
    assert page.locator("input[name^='T1']:checked").count() == 0


def test_two_tabs_of_one_sheet_show_the_same(opened: Open) -> None:
    first, second = opened(texts()), opened()
    first.keyboard.press("5")
    wait_until(lambda: second.locator("input[name='T1 style']:checked").count() == 1)


def test_without_a_script_it_can_be_read_and_printed(opened: Open) -> None:
    page = opened(texts(), viewport={"width": 800, "height": 600}, java_script_enabled=False)
    assert page.locator("section:visible").count() == 3
    assert page.locator("nav:visible").count() == 0
    page.context.close()


def test_the_page_prints_every_text(opened: Open) -> None:
    page = opened(texts())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("section:visible").count() == 3
    assert page.locator(".asked:visible").count() == 2
    assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("language", ["en", "it", "vi"])
@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (360, "light"), (1280, "dark"), (1280, "light")])
def test_everybody_can_use_it(opened: Open, language: str, width: int, scheme: str) -> None:
    for items in (texts(), pairs()):
        page = opened(items, language=language, viewport={"width": width, "height": 800}, color_scheme=scheme)
        assert page.evaluate(WIDER) == []
        assert page.locator("html").get_attribute("lang") == language
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
        assert (sum(ground) > 384) == (scheme == "light")
        assert axe(page) == []
        page.locator("#mode").click()
        assert page.evaluate(WIDER) == []
        page.context.close()


def test_texts_have_their_own_language_and_are_no_markup(tmp_path: Path) -> None:
    from lxml import html

    page = html.fromstring(sheet_page(texts(), 1, "it", guess=True))
    assert page.get("lang") == "it"
    assert [part.get("lang") for part in page.xpath("//div[@class='text']")] == ["it", "vi", "en"]
    assert not page.xpath("//section//b")
    assert not page.xpath("//*[@src] | //link | //@style")
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert json.loads(page.get_element_by_id("data").text)["fields"] == ["style", "content", "guess", "confidence"]


def test_saved_pairs_are_read(opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("m", "n"):
        rows = [
            {"id": f"p{number}", "prompt": "Scrivi.", "text": f"Testo {number} di {model}.", "model": model}
            for number in range(3)
        ]
        (tmp_path / f"{model}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "pairs"
    assert command("--texts", tmp_path / "m.jsonl", tmp_path / "n.jsonl", "--pairs", "--out", out, "--raters", 1) == 0
    shutil.copy(out / "rater-1.html", tmp_path)
    page = opened()
    texts_a = page.locator("article:first-child .text")
    for number in range(3):
        # The rater likes n's texts, wherever they stand.
        is_n = "di n" in texts_a.nth(number).text_content()
        page.keyboard.press("a" if is_n else "b")
        page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.locator("button[type=submit]").click()
    download.value.save_as(tmp_path / "filled.csv")
    capsys.readouterr()
    assert command("--read", tmp_path / "filled.csv", "--key", out / "key.json", "--json") == 0
    assert "preferred n to m in 100 %" in capsys.readouterr().out
