"""Articles into the real database: once each, in whatever order they come, the old text kept.

Covers crawler.mongo.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.items import Article, content_hash
from crawler.mongo.articles import preferred, write

HOME = "https://www.ansa.it"


def article(path: str, text: str = "Un testo.", title: str = "Titolo") -> Article:
    return Article(
        link=HOME + path, title=title, content=text, source_site="Ansa", language="it",
        date=datetime(2026, 5, 1, 9, tzinfo=UTC), content_hash=content_hash(title, text),
    )  # fmt: skip


def test_a_batch_is_stored_once_however_often_it_comes(database: Any) -> None:
    batch = [article(f"/{number}.html", f"Testo {number}.") for number in range(30)]
    assert write(database, batch) == ["stored"] * 30
    assert write(database, batch) == ["unchanged"] * 30
    assert database.articles.count_documents({}) == 30
    assert database.revisions.count_documents({}) == 0


def test_the_same_link_twice_in_a_batch_is_one_article(database: Any) -> None:
    assert write(database, [article("/a.html"), article("/a.html")]) == ["stored", "unchanged"]
    assert database.articles.count_documents({}) == 1


def test_a_changed_text_keeps_the_old_one(database: Any) -> None:
    write(database, [article("/a.html", "Prima.")])
    assert write(database, [article("/a.html", "Seconda.")]) == ["updated"]
    assert write(database, [article("/a.html", "Terza.")]) == ["updated"]
    now = database.articles.find_one({})
    assert (now["content"], now["revision"]) == ("Terza.", 2)
    kept = list(database.revisions.find({}, sort=[("revision", 1)]))
    assert [(row["content"], row["revision"]) for row in kept] == [("Prima.", 0), ("Seconda.", 1)]


LINKS = ["/sito/notizie/topnews/a.html", "/sito/notizie/cronaca/b.html", "/lazio/notizie/c.html"]


@pytest.mark.parametrize("order", list(itertools.permutations(LINKS)))
@pytest.mark.parametrize("together", [True, False])
def test_doubles_become_one_article_whatever_their_order(database: Any, order: tuple[str, ...], together: bool) -> None:
    batches = [[article(path) for path in order]] if together else [[article(path)] for path in order]
    outcomes = [outcome for batch in batches for outcome in write(database, batch)]
    assert sorted(outcomes) == ["also_at", "also_at", "stored"]
    row = database.articles.find_one({})
    assert database.articles.count_documents({}) == 1
    assert row["link"] == HOME + "/lazio/notizie/c.html"
    assert row["also_at"] == sorted(HOME + path for path in LINKS[:2])
    assert write(database, [article(path) for path in order]).count("stored") == 0


def test_a_double_that_gets_a_text_of_its_own_becomes_an_article(database: Any) -> None:
    write(database, [article("/b.html"), article("/a.html")])
    assert write(database, [article("/b.html", "Un altro testo.")]) == ["stored"]
    rows = {row["link"]: row for row in database.articles.find()}
    assert set(rows) == {HOME + "/a.html", HOME + "/b.html"}
    assert rows[HOME + "/a.html"]["also_at"] == []


def test_another_newspaper_with_the_same_text_is_another_article(database: Any) -> None:
    copy = article("/x.html")
    copy.link, copy.source_site = "https://www.open.online/2026/05/01/x/", "Open"
    assert write(database, [article("/x.html"), copy]) == ["stored", "stored"]


def test_the_collecting_page_is_the_last_choice() -> None:
    assert preferred([HOME + path for path in LINKS]) == HOME + "/lazio/notizie/c.html"
    assert preferred([HOME + LINKS[0]]) == HOME + LINKS[0]


def test_what_was_taken_down_is_not_stored_again(database: Any) -> None:
    """Neither under its link, nor its text under another one."""
    row = {"link": HOME + "/a.html", "links": [HOME + "/a.html"], "hashes": [content_hash("Titolo", "Un testo.")]}
    database.takedowns.insert_one(row)
    batch = [article("/a.html", "Un altro testo."), article("/b.html"), article("/c.html", "Un terzo testo.")]
    assert write(database, batch) == ["taken_down", "taken_down", "stored"]
    assert [row["link"] for row in database.articles.find()] == [HOME + "/c.html"]
