"""Lists of events, an event with its distances, an article with its revisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.embed import article_text
from synth.review.browse import events as module
from synth.review.browse.events import EventList, article_details, event_details, find_article, find_event, sites
from synth.review.browse.order import Order, Place

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def cluster(number: int) -> dict[str, Any]:
    links = [f"https://www.giornale{i % (1 + number % 3)}.it/{number}/{i}" for i in range(2 + number % 4)]
    return {
        "event": f"e{number}", "run": "r", "number": number, "links": links,
        "articles": [f"{number}-{i}" for i in range(2)], "size": len(links),
        "language": "vi" if number % 2 else "it", "first_date": DAY,
        "last_date": DAY + timedelta(hours=number % 5), "current": number % 7 != 6,
    }  # fmt: skip


CURRENT = [number for number in range(40) if number % 7 != 6]


def walk(events: EventList, sort: str, language: str = "") -> list[str]:
    page, ids = events.page(sort, language), []
    pages = [page]
    while page.after:
        page = events.page(sort, language, after=page.after)
        pages.append(page)
    for expected, page in zip(pages[-2::-1], pages[:0:-1], strict=True):
        assert [row["id"] for row in events.page(sort, language, before=page.before).rows] == [
            row["id"] for row in expected.rows
        ]
    for page in pages:
        ids += [row["id"] for row in page.rows]
    return ids


@pytest.mark.parametrize("language", ["", "vi"])
@pytest.mark.parametrize("sort", ["-last_date", "last_date", "-size", "size", "-newspapers", "newspapers"])
def test_every_current_event_stands_once_in_order(
    database: Any, sort: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 7)
    rows = {f"e{number}": cluster(number) for number in range(40)}
    database.clusters.insert_many(list(rows.values()))
    ids = walk(EventList(database), sort, language)
    assert sorted(ids) == sorted(f"e{n}" for n in CURRENT if not language or n % 2)
    name = sort.removeprefix("-")
    values = [len(sites(rows[own])) if name == "newspapers" else rows[own][name] for own in ids]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(("sort", "after"), [("-$where", ""), ("", "x"), ("-newspapers", Place(None, "x").text)])
def test_an_order_or_place_that_there_is_not(database: Any, sort: str, after: str) -> None:
    database.clusters.insert_one(cluster(0))
    with pytest.raises(NewsmillError):
        EventList(database).page(sort, after=after)


def test_a_place_is_of_the_order_that_it_was_made_in() -> None:
    row = {"_id": "x", "newspapers": 3}
    assert Place.read(Place.of(row, Order("newspapers")).text) == Place(3, "x")


def test_distances_are_those_of_the_run(
    database: Any, sample_records: Any, monkeypatch: Any, database_uri: str
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    database.articles.insert_many(
        [{**row, "date": datetime.fromisoformat(row["date"])} for row in _of_event(sample_records)]
    )
    assert main(["cluster"]) == 0
    event = database.clusters.find_one({"current": True}, sort=[("size", -1)])
    shown = event_details(database, event)
    distances = shown["distances"]
    assert shown["unknown"] == ""
    assert len(distances) == len(shown["articles"]) == event["size"]
    assert all(distances[i][i] == 0 for i in range(len(distances)))
    assert min(value for i, row in enumerate(distances) for value in row[:i]) < event["threshold"]
    assert distances == [list(column) for column in zip(*distances, strict=True)]


def _of_event(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [row for row in records if row.get("content") and row.get("language") == "it" and row.get("date")]
    return [{name: row[name] for name in ("title", "description", "content", "date", "language", "link", "source_site")
             if name in row} for row in rows[:40]]  # fmt: skip


def test_distances_that_nobody_knows_have_a_reason(database: Any) -> None:
    articles = [{"_id": f"0-{i}", "link": f"https://a.it/{i}", "title": f"T{i}", "content": "x"} for i in range(2)]
    database.articles.insert_many(articles)
    database.clusters.insert_one(cluster(0) | {"embedder": "st:m"})
    event = find_event(database, "e0") or {}
    assert "settings the store has no longer" in event_details(database, event)["unknown"]
    database.placements.insert_one({"_id": "it", "configuration": {"embedder": "st:m", "sentences": 10}})
    shown = event_details(database, event)
    assert (shown["distances"], shown["unknown"]) == (None, "the store has no vectors of st:m for these texts")
    assert article_text(articles[0]) == "T0\nx"


def test_an_event_is_found_by_its_key_or_id_the_current_one_first(database: Any) -> None:
    own = ObjectId()
    database.clusters.insert_many(
        [cluster(0) | {"_id": own, "current": False}, cluster(0) | {"number": 1, "_id": "now", "current": True}]
    )
    assert [(find_event(database, name) or {}).get("_id") for name in ("e0", str(own), "x")] == ["now", own, None]


def test_an_event_of_odd_documents_is_shown(database: Any) -> None:
    database.clusters.insert_one({"run": "r", "number": 1, "current": True, "links": [None, 3, "http://["]})
    page = EventList(database).page()
    shown = event_details(database, find_event(database, page.rows[0]["id"]) or {})
    assert (shown["articles"], shown["samples"], shown["distances"]) == ([], [], None)


def test_an_article_has_its_revisions_events_and_samples(database: Any) -> None:
    link = "https://a.it/1"
    own = {"_id": "1-0", "link": link, "also_at": ["https://a.it/amp/1"], "title": "T2", "revision": 1}
    database.articles.insert_one(own | {"content": "Nuovo.", "permission": {"opt_out": True}})
    database.revisions.insert_one({"link": link, "revision": 0, "title": "T1", "content": "Vecchio."})
    database.clusters.insert_one(cluster(1))
    database.samples.insert_one({"key": "k", "sources": [{"link": link}], "answer": "a"})
    database.fragments.insert_one({"key": "f", "link": link})
    article = find_article(database, "https://a.it/amp/1") or {}
    shown = article_details(database, article)
    database.clusters.update_one({"event": "e1"}, {"$set": {"links": [link]}})
    database.samples.insert_one({"key": "of the event", "event": "e1"})
    event = event_details(database, find_event(database, "e1") or {})
    assert sorted(row["key"] for row in event["samples"]) == ["k", "of the event"]
    assert [(row["title"], row["content"]) for row in shown["revisions"]] == [("T1", "Vecchio.")]
    assert [row["id"] for row in shown["events"]] == ["e1"]
    assert [row["key"] for row in shown["samples"]] == ["k"]
    assert (shown["fragments"], shown["article"]["opted_out"]) == (1, True)
    assert find_article(database, "https://a.it/2") is None
