"""The pages of the queue by their forms: what is shown, stored, refused; adjudication and history, too.

Covers synth.review.queues, synth.review.row_view, synth.review.pages.adjudication, synth.review.pages.history.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from synth.ratings.marks import save
from synth.ratings.queue import open_queue
from synth.ratings.row_leases import take
from synth.review.app import create_app
from synth.review.languages import LANGUAGES, words
from synth.review.row_view import reason, row_view
from synth.review.settings import Settings
from tests.synth.ratings.review_store import end_lease, fill_samples, sample, submission

Post = Callable[..., Any]


def form_in(html: str) -> dict[str, str]:
    """The fields of the first form of a row, as a browser would send them."""
    main = html[html.index("<main") : html.index("</main>")]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
    areas = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', main, re.DOTALL))
    return {name: unescape(text) for name, text in (hidden | areas).items() if name != "csrf"}


def test_every_doubt_and_fact_has_words() -> None:
    from synth.reverse.refusals import NAMES
    from synth.samples.schema import fields_of
    from synth.translation.checks import meanings

    kinds = next(field.values for field in fields_of("samples") if field.name == "unsupported_kinds")
    for name in (*meanings(), *NAMES, *(f"fact_{kind}" for kind in kinds)):
        assert set(words()[f"doubts.{name}"]) == set(LANGUAGES)
    assert reason("a_new_doubt", "it") == "a new doubt"


def test_a_row_is_read_and_accepted(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 2)
    page = client.get("/queue")
    assert "0 of 2 done" in page.text
    assert client.get("/queue").text.count(form_in(page.text)["item"]) == page.text.count(form_in(page.text)["item"])
    answered = post("/queue", **form_in(page.text), decision="accept", accuracy="4")
    assert (answered.status_code, answered.headers["location"]) == (303, "/queue")
    assert database.samples.count_documents({"status": "accepted"}) == 1
    rating = database.ratings.find_one()
    assert (rating["accuracy"], rating["interface"]) == (4.0, "en")
    page = client.get("/queue")
    assert "1 of 2 done" in page.text
    assert "You accepted:" in page.text


def test_the_end_of_the_queue_offers_what_was_passed_over(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 1)
    post("/queue", **form_in(client.get("/queue").text), decision="skip")
    page = client.get("/queue").text
    assert "You skipped 1 row." in page
    post("/queue/skipped")
    assert "Your decision" in client.get("/queue").text


@pytest.mark.parametrize(
    "change", [{"decision": "delete"}, {"decision": ""}, {"token": ""}, {"item": ""}, {"accuracy": "$gt"},
               {"accuracy": "7"}],
)  # fmt: skip
def test_a_form_that_is_not_ours_is_refused(client: TestClient, post: Post, database: Any, change: Any) -> None:
    fill_samples(database, 1)
    form = form_in(client.get("/queue").text) | {"decision": "accept"} | change
    assert post("/queue", **form).status_code == 400
    assert database.marks.count_documents({}) == 0


def test_an_empty_answer_is_not_saved_and_the_browser_says_so_first(
    client: TestClient, post: Post, database: Any
) -> None:
    fill_samples(database, 1)
    page = client.get("/queue").text
    assert len(re.findall(r'<textarea id="answer"[^>]* required>', page)) == 1
    assert len(re.findall(r'value="(?:reject|skip)" formnovalidate', page)) == 2
    refused = post("/queue", **form_in(page) | {"answer": "  "}, decision="edit")
    assert (refused.status_code, "The text is empty" in refused.text) == (400, True)
    assert database.samples.count_documents({"status": "new"}) == 1


def test_no_operator_comes_from_a_form(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 1)
    form = form_in(client.get("/queue").text) | {"decision": "reject"}
    for item in ('{"$ne": null}', "$where", "k000\0"):
        assert post("/queue", **form | {"item": item, "token": item}).status_code == 409
    assert post("/queue/undo", mark='{"$gt": ""}').status_code == 400
    assert database.samples.count_documents({"status": "new"}) == 1


def test_hostile_text_is_text_and_survives_the_form(client: TestClient, post: Post, database: Any) -> None:
    answer = '\n</textarea><script>alert(1)</script> & "x" {{ 7 * 7 }}\r\n\tfine \u202e'
    database.samples.insert_one(sample(1, answer=answer, question="<b>?</b>"))
    page = client.get("/queue").text
    assert "<script>alert" not in page
    assert "<b>?" not in page
    form = form_in(page)
    post("/queue", **form, decision="accept")
    stored = database.samples.find_one()
    assert (stored["status"], stored["answer"]) == ("accepted", answer)


def test_a_conflict_shows_both_texts_and_lets_one_insist(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 1)
    form = form_in(client.get("/queue").text) | {"decision": "edit", "answer": "La scossa è avvenuta a mezzanotte."}
    database.samples.update_one({}, {"$set": {"answer": "La scossa è avvenuta a mezzogiorno in punto."}})
    page = post("/queue", **form)
    assert page.status_code == 409
    assert "<ins>mezzanotte</ins>" in page.text
    assert "<del>mezzogiorno in punto</del>" in page.text
    insisting = form_in(page.text)
    assert insisting["answer"] == "La scossa è avvenuta a mezzanotte."
    assert post("/queue", **insisting, decision="edit").status_code == 303
    assert database.samples.find_one()["answer"] == "La scossa è avvenuta a mezzanotte."


def test_a_sample_that_went_is_a_message_with_what_was_written(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 1)
    form = form_in(client.get("/queue").text) | {"decision": "edit", "answer": "Il mio lavoro."}
    database.samples.delete_many({})
    page = post("/queue", **form)
    assert (page.status_code, "no longer there" in page.text, "Il mio lavoro." in page.text) == (409, True, True)
    assert database.samples.count_documents({}) == database.marks.count_documents({}) == 0


def test_undo_brings_the_row_back_and_saves_what_was_typed(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 2)
    post("/queue", **form_in(client.get("/queue").text), decision="reject")
    page = client.get("/queue").text
    second = form_in(page) | {"answer": "A metà"}
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark is not None
    assert post("/queue/undo", **second, mark=mark[1]).status_code == 303
    assert database.samples.count_documents({"status": "new"}) == 2
    first = form_in(client.get("/queue").text)
    assert first["item"] != second["item"]
    post("/queue", **first, decision="accept")
    page = client.get("/queue").text
    assert "what you typed here before" in page
    assert form_in(page)["answer"] == "A metà"


def test_undo_again_and_again_goes_back_one_by_one(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 3)
    for _ in range(3):
        post("/queue", **form_in(client.get("/queue").text), decision="accept")
    for left in (2, 1, 0):
        mark = re.search(r'name="mark" value="(\w+)"', client.get("/queue").text)
        assert mark is not None
        post("/queue/undo", mark=mark[1])
        assert database.samples.count_documents({"status": "accepted"}) == left
    assert 'name="mark"' not in client.get("/queue").text


def test_history_undoes_any_and_an_undo(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 3)
    for _ in range(3):
        post("/queue", **form_in(client.get("/queue").text), decision="accept")
    marks = re.findall(r'name="mark" value="(\w+)"', client.get("/history").text)
    assert len(marks) == 3
    assert post("/queue/undo", mark=marks[1]).status_code == 303
    page = client.get("/history").text
    assert "Decide again as before" in page
    assert "You took this back." in page
    undo = re.findall(r'name="mark" value="(\w+)"', page)[0]
    assert post("/queue/undo", mark=undo).status_code == 303
    assert database.samples.count_documents({"status": "accepted"}) == 3
    refused = post("/queue/undo", mark=marks[1])
    assert (refused.status_code, "taken back already" in refused.text) == (409, True)


def test_undo_of_what_somebody_changed_is_a_message(client: TestClient, post: Post, database: Any) -> None:
    fill_samples(database, 1)
    post("/queue", **form_in(client.get("/queue").text), decision="accept")
    database.samples.update_one({}, {"$set": {"answer": "Altro."}})
    mark = re.findall(r'name="mark" value="(\w+)"', client.get("/history").text)[0]
    page = post("/queue/undo", mark=mark)
    assert (page.status_code, "<ins>Altro</ins>" in page.text) == (409, True)


def test_a_lost_lease_shows_nothing_of_others_where_several_decide(database: Any) -> None:
    fill_samples(database, 1)
    app = create_app(database, Settings(overlap=2))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        form = form_in(client.get("/queue").text) | {"decision": "accept"}
        queue = open_queue(database, "", overlap=2)
        end_lease(database, queue, app.state.access.owner)
        for rater in ("bao", "chi"):
            lease = take(database, queue, rater)
            assert lease is not None
            save(database, queue, rater, submission(lease, "edit", answer=f"Segreto di {rater}"))
        csrf = app.state.access.form_token(app.state.access.owner)
        page = client.post("/queue", data=form | {"csrf": csrf})
    assert page.status_code == 409
    assert "Segreto" not in page.text
    assert "Save my text instead" not in page.text


def test_an_old_window_does_not_change_what_its_rater_decided_in_another(database: Any) -> None:
    fill_samples(database, 1)
    app = create_app(database, Settings(overlap=2))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        csrf = {"csrf": app.state.access.form_token(app.state.access.owner)}
        first, second = (form_in(client.get("/queue").text) for _ in range(2))
        assert client.post("/queue", data=first | csrf | {"decision": "accept"}).status_code == 303
        queue = open_queue(database, "", overlap=2)
        lease = take(database, queue, "bao")
        assert lease is not None
        save(database, queue, "bao", submission(lease, "edit", answer="Altro."))
        page = client.post("/queue", data=second | csrf | {"decision": "reject"})
    assert (page.status_code, "You have decided on this row before" in page.text) == (409, True)
    assert "Nobody has decided" not in page.text
    assert [vote["decision"] for vote in (database.queue_rows.find_one() or {})["votes"]] == ["accept", "edit"]


def test_an_adjudicator_sees_both_without_names_and_decides(database: Any) -> None:
    fill_samples(database, 1)
    app = create_app(database, Settings(overlap=2))
    queue = open_queue(database, "", overlap=2)
    for rater, text in (("bao", "Primo testo."), ("chi", "Secondo testo.")):
        lease = take(database, queue, rater)
        assert lease is not None
        save(database, queue, rater, submission(lease, "edit", answer=text))
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        page = client.get("/adjudication").text
        assert "Primo" in page
        assert "Secondo" in page
        assert "bao" not in page
        form = form_in(page) | {"decision": "edit", "answer": "Secondo testo."}
        csrf = app.state.access.form_token(app.state.access.owner)
        assert client.post("/adjudication", data=form | {"csrf": csrf}).status_code == 303
        assert "There are no disagreements." in client.get("/adjudication").text
    assert database.samples.find_one()["answer"] == "Secondo testo."


def test_a_translation_stands_beside_its_original_with_its_doubts(client: TestClient, database: Any) -> None:
    original = sample(1, answer="Nel 2024 vennero in molti.", status="accepted")
    translation = sample(
        2, language="vi", source_language="it", answer="Năm 2023 nhiều người đã đến.", doubts=["number_changed"],
        provenance={"translated_from": "k001"}, task="translation",
    )  # fmt: skip
    database.samples.insert_many([original, translation])
    view = row_view(database, translation, "it")
    assert view["reasons"] == {"number_changed": "Un numero è diverso."}
    page = client.get("/queue").text
    assert re.search(r'<mark class="fact"[^>]*>2024<', page)
    assert re.search(r'<mark class="fact"[^>]*>2023<', page)
    assert '<div class="text" lang="it">' in page
    assert '<div class="text" lang="vi">' in page


def test_an_edited_translation_is_doubted_anew(client: TestClient, post: Post, database: Any) -> None:
    original = sample(1, answer="Nel 2024 vennero in molti.", status="accepted")
    translation = sample(
        2, language="vi", source_language="it", answer="Năm 2023 nhiều người đã đến.", doubts=["number_changed"],
        provenance={"translated_from": "k001"}, question=original["question"],
    )  # fmt: skip
    database.samples.insert_many([original, translation])
    form = form_in(client.get("/queue").text) | {"answer": "Năm 2024 nhiều người đã đến."}
    post("/queue", **form, decision="accept")
    stored = database.samples.find_one({"key": "k002"})
    assert stored["status"] == "edited"
    assert "number_changed" not in stored["doubts"]


def test_facts_that_no_source_has_are_marked_beside_the_sources(client: TestClient, database: Any) -> None:
    source = {"title": "Terremoto", "link": "https://a.example/1", "content": "La scossa fece 3 feriti."}
    database.samples.insert_one(
        sample(
            1, answer="La scossa fece 40 feriti.", sources=[source], unsupported=["40"], unsupported_kinds=["number"]
        )
    )
    page = client.get("/queue").text
    assert re.search(r'<mark class="fact" title="A number is in no source."[^>]*>40<', page)
    assert "La scossa fece 3 feriti." in re.sub(r"<[^>]+>", "", page)
    assert 'name="question"' not in page


def test_old_documents_that_lack_everything_are_shown(client: TestClient, database: Any) -> None:
    database.samples.insert_one({"key": "bare", "question": "?", "answer": "Sì.", "status": "new"})
    database.samples.insert_one({
        "key": "odd", "question": None, "answer": 7, "status": "new", "doubts": "x", "sources": [3], "history": "y",
        "provenance": [], "language": None,
    })  # fmt: skip
    assert client.get("/queue").status_code == 200
    form = form_in(client.get("/queue").text)
    assert form["item"] in ("bare", "odd")
