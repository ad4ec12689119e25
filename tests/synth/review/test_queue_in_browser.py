"""The queue in a browser: two raters at once, a lease that ended, a conflict, undo, no script, 200 rows by keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from synth.ratings.queue import open_queue
from synth.review.settings import Settings
from tests.synth.ratings.review_store import end_lease, fill_samples, sample
from tests.synth.review.conftest import Live, Serving, serving

RATERS = ("Anna", "Bảo")


@pytest.fixture
def two(database: Any) -> Iterator[Serving]:
    """A server with two raters."""
    with serving(database, Settings(raters=RATERS)) as server:
        yield server


def entered(browser: Any, server: Serving, rater: str, **options: Any) -> Any:
    """A page in which a rater has the queue open."""
    page = browser.new_context(locale="en-GB", **options).new_page()
    page.goto(server.doors[rater])
    # The door leads on by itself, which would break off what is asked for next.
    page.wait_for_url(server.address)
    page.goto(server.address + "queue")
    return page


def press(page: Any, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button).first.click()


def item(page: Any) -> str:
    return str(page.locator("#row input[name=item]").get_attribute("value"))


def test_two_raters_at_once_have_different_rows_and_one_end(database: Any, browser: Any, two: Serving) -> None:
    fill_samples(database, 4)
    anna, bao = (entered(browser, two, rater) for rater in RATERS)
    assert item(anna) != item(bao)
    for page in (anna, bao, anna, bao):
        press(page, "Accept")
    for page in (anna, bao):
        page.reload()
        assert "That is all for now" in page.locator("h1").inner_text()
        page.context.close()
    assert database.samples.count_documents({"status": "accepted"}) == 4
    assert {row["rater"] for row in database.ratings.find()} == set(RATERS)


def test_a_lease_that_ended_and_a_conflict_lose_nothing(database: Any, browser: Any, two: Serving) -> None:
    fill_samples(database, 1)
    anna = entered(browser, two, "Anna")
    anna.locator("#answer").fill("Il testo di Anna.")
    end_lease(database, open_queue(database), "Anna")
    bao = entered(browser, two, "Bảo")
    assert item(bao) == item(anna)
    press(anna, "Save my changes")
    assert "Your time for this row was over" in anna.locator("h1").inner_text()
    assert anna.locator("#own-text-answer").input_value() == "Il testo di Anna."
    bao.locator("#answer").fill("Il testo di Bảo.")
    press(bao, "Save my changes")
    press(anna, "Save my text instead")
    assert "Somebody else changed this row" in anna.locator("h1").inner_text()
    assert anna.locator("#stored-answer").inner_text() == "Il testo di Bảo."
    assert database.samples.find_one()["answer"] == "Il testo di Bảo."
    press(anna, "Save my text instead")
    assert database.samples.find_one()["answer"] == "Il testo di Anna."
    anna.context.close()
    bao.context.close()


def test_a_session_that_ended_leaves_what_was_typed(database: Any, browser: Any, two: Serving) -> None:
    fill_samples(database, 1)
    anna = entered(browser, two, "Anna")
    anna.locator("#answer").fill("Il testo di Anna.")
    anna.context.clear_cookies()
    press(anna, "Save my changes")
    texts = [area.input_value() for area in anna.locator("main textarea").all()]
    assert "Il testo di Anna." in texts
    assert database.marks.count_documents({}) == 0
    anna.context.close()


def test_what_was_typed_outlasts_the_page_and_is_its_raters_alone(database: Any, browser: Any, two: Serving) -> None:
    fill_samples(database, 2)
    anna = entered(browser, two, "Anna")
    first, own = item(anna), anna.locator("#answer").input_value()
    assert anna.locator("#draft").is_hidden()
    anna.locator("#answer").press_sequentially("Il testo di Anna. ")
    anna.goto(two.address + "queue")
    assert (item(anna), anna.locator("#draft").is_visible()) == (first, True)
    assert "Il testo di Anna. " in anna.locator("#answer").input_value() != own
    # Another rater in the same window sees nothing of it.
    anna.context.clear_cookies()
    anna.goto(two.doors["Bảo"])
    anna.wait_for_url(two.address)
    end_lease(database, open_queue(database), "Anna")
    database.queue_rows.update_many({"item": {"$ne": first}}, {"$set": {"state": "done"}})
    anna.goto(two.address + "queue")
    assert (item(anna), anna.locator("#answer").input_value()) == (first, own)
    assert anna.evaluate("Object.keys(sessionStorage)") == []
    anna.context.close()


def test_without_a_script_a_row_is_edited_and_taken_back(database: Any, browser: Any, two: Serving) -> None:
    fill_samples(database, 1)
    anna = entered(browser, two, "Anna", java_script_enabled=False)
    anna.locator("#answer").fill("Un testo\ndi due righe.")
    press(anna, "Accept")
    stored = database.samples.find_one()
    assert (stored["status"], stored["answer"]) == ("edited", "Un testo\ndi due righe.")
    press(anna, "Undo")
    assert database.samples.find_one()["status"] == "new"
    assert anna.locator("#answer").input_value() == stored["original_answer"]
    anna.context.close()


def test_two_hundred_rows_by_keys_alone(live: Live, database: Any) -> None:
    count = 200
    database.samples.insert_many([sample(number, answer=f"Risposta {number}.") for number in range(count)])
    page = live.page
    page.goto(live.address + "queue")
    wanted = {"accepted": 0, "rejected": 0, "edited": 0}
    for number in range(count):
        assert page.locator("#place").inner_text() == f"{number} of {count} done"
        if number % 10 == 3:
            page.keyboard.press("e")
            page.keyboard.press("Control+End")
            page.keyboard.type(" Sì.")
            key, status = "Control+Enter", "edited"
        else:
            key, status = ("r", "rejected") if number % 10 == 7 else ("a", "accepted")
        with page.expect_navigation():
            page.keyboard.press(key)
        wanted[status] += 1
    for status, number in wanted.items():
        assert database.samples.count_documents({"status": status}) == number
    assert database.samples.count_documents({"status": "edited", "answer": {"$regex": r"\. Sì\.$"}}) == wanted["edited"]
    assert database.ratings.count_documents({"seconds": {"$gt": 0}}) == count
    with page.expect_navigation():
        page.keyboard.press("u")
    assert page.locator("#place").inner_text() == f"{count - 1} of {count} done"
