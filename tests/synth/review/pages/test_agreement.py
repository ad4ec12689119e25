"""The page of agreement, and what the pages of samples say beside a judge's score.

Covers synth.review.pages.agreement, synth.review.figures.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from synth.review.app import create_app
from synth.review.figures import Figures
from synth.review.requests import app_object
from synth.review.settings import Settings

JUDGE = {"model": "openai:m", "prompt": "judge/2", "accuracy": [4.0]}


def fill(database: Any, language: str, rated: int) -> None:
    """40 judged samples of a language, the first of them scored and decided on by two people."""
    for number in range(40):
        key = f"{language}{number}"
        database.samples.insert_one({"key": key, "language": language, "question": "?", "answer": "Testo.",
                                     "accuracy": float(number % 6), "judge": JUDGE})  # fmt: skip
        for rater in ("anna", "binh")[: 2 * (number < rated)]:
            score = float(min(5, number % 6 + (rater == "binh") * (number % 2)))
            decision = "reject" if score < 2 else "accept"
            row = {"item": key, "rater": rater, "accuracy": score, "decision": decision, "revision": "1"}
            database.ratings.insert_one(row)


def text_of(client: TestClient, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_the_page(client: TestClient, database: Any) -> None:
    fill(database, "it", 36)
    fill(database, "vi", 12)
    text = text_of(client, "/agreement")
    assert re.search(r"decision it 36 2 \d+ % 0\.\d\d 0\.\d\d to", text)
    assert re.search(r"binh accuracy 48 0\.\d\d points", text)
    assert "accuracy vi 12 unknown (12 of 30)" in text
    assert re.search(r"accuracy it 36 [-−]0\.\d\d", text)


def test_undefined_in_words_of_the_reader(client: TestClient, database: Any) -> None:
    assert "Nobody has marked a sample yet." in text_of(client, "/agreement")
    assert "No sample has both a judge’s score and a person’s." in text_of(client, "/agreement")


@pytest.mark.parametrize(("language", "words"), [
    ("it", "nessun esempio ha i giudizi di due persone"), ("vi", "không có mẫu nào do hai người đánh giá"),
])  # fmt: skip
def test_in_other_languages(language: str, words: str, client: TestClient, database: Any) -> None:
    database.samples.insert_one({"key": "k", "language": "it"})
    database.ratings.insert_one({"item": "k", "rater": "anna", "accuracy": 4.0})
    page = client.get("/agreement", headers={"Accept-Language": language})
    assert words in page.text


def test_a_rater_with_a_name_sees_no_other_s_row(database: Any) -> None:
    fill(database, "it", 36)
    app = create_app(database, Settings(raters=("anna", "binh")))
    with TestClient(app, base_url="http://localhost") as client:
        client.get("/enter", params={"token": app.state.access.tokens["anna"]})
        text = text_of(client, "/agreement")
    assert "anna accuracy" in text
    assert "binh" not in text


def test_new_marks_are_counted_after_a_page_that_did_not_wait(database: Any) -> None:
    fill(database, "it", 12)
    figures = Figures(database)
    assert {row["n"] for row in figures.current()["people"]} == {12}
    database.ratings.insert_one({"item": "it20", "rater": "anna", "accuracy": 4.0})
    database.ratings.insert_one({"item": "it20", "rater": "binh", "accuracy": 4.0})
    figures.refresh_behind()
    assert {row["n"] for row in figures.current()["people"] if row["dimension"] == "accuracy"} == {13}


def test_the_page_waits_for_the_newest_marks_or_says_that_it_lacks_them(database: Any) -> None:
    app = create_app(database, Settings())
    with TestClient(app, base_url="http://localhost") as client:
        assert "Nobody has marked a sample yet." in text_of(client, "/agreement")
        fill(database, "it", 12)
        text = text_of(client, "/agreement")
        assert ("decision it 12 2" in text, "being counted" in text) == (True, False)
        database.ratings.insert_one({"item": "it20", "rater": "anna", "accuracy": 4.0})
        with app_object(app, Figures).lock:
            assert "The newest marks are being counted." in text_of(client, "/agreement")


def test_who_computes_behind_a_page_fails_in_silence(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymongo.errors import ServerSelectionTimeoutError

    from synth.review import figures as module

    def away(_database: Any) -> Any:
        raise ServerSelectionTimeoutError

    figures = Figures(database)
    with monkeypatch.context() as patched:
        patched.setattr(module, "agreement_of", away)
        figures.refresh_behind()
        # A page that needs them says that the store is away.
        with pytest.raises(ServerSelectionTimeoutError):
            figures.current()
    assert figures.current()["people"] == []


@pytest.mark.parametrize(("rated", "is_said"), [(29, True), (30, False)])
def test_a_sample_s_score_says_what_is_known_of_its_judge(
    rated: int, is_said: bool, client: TestClient, database: Any
) -> None:
    fill(database, "it", rated)
    text = text_of(client, "/sample/it7")
    assert ("agreement with people unknown (29 of 30)" in text) == is_said
    text = text_of(client, "/samples?sort=-accuracy")
    assert ("How far the judge agrees with people is unknown in: it (29 / 30)" in text) == is_said
    assert "How far the judge" not in text_of(client, "/samples")
