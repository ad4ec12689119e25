"""Day by day or all at once: the same events. And whatever is killed, the store holds the old events or the new.

Covers synth.cluster.assignments.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from crawler.items import content_hash
from crawler.mongo import connect, with_database
from synth.cluster import assignments, events
from synth.cluster.assignments import ArticleRef
from synth.cluster.events import numbered, texts_key
from synth.cluster.incremental import LanguageUpdate, cluster_articles
from synth.cluster.settings import Settings
from tests.fork_server import Forked, run_forked, start_forked

pytestmark = pytest.mark.long

START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = [f"parola{i}" for i in range(300)]


def article(number: int, day: float, event: int, seed: int = 0) -> dict[str, Any]:
    """Ten words of its event and eight of its own choice."""
    chance = random.Random(f"{number}/{seed}")
    words = [WORDS[(event * 10 + i) % 300] for i in range(10)] + chance.choices(WORDS, k=8)
    title, content = f"Titolo {event}", " ".join(chance.sample(words, len(words)))
    return {
        "link": f"https://example.org/{number:04}", "title": title, "content": content, "description": "",
        "date": START + timedelta(days=day), "language": "it", "source_site": "Ansa",
        "content_hash": content_hash(title, content),
    }  # fmt: skip


def articles(seed: int, n: int, days: int) -> list[dict[str, Any]]:
    """Events last a day or some; a few have no date."""
    chance = random.Random(seed)
    starts = [chance.randrange(days) for _ in range(max(1, n // 4))]
    rows = []
    for number in range(n):
        event = chance.randrange(len(starts))
        row = article(number, starts[event] + chance.choice([0, 0.3, 1, 1, 2, 4]), event)
        rows.append(row | ({"date": None} if chance.random() < 0.05 else {}))
    return rows


def partition(database: Any) -> set[frozenset[str]]:
    return {frozenset(row["links"]) for row in database.clusters.find({"current": True})}


def run(database: Any, number: str = "", **more: Any) -> Any:
    return cluster_articles(database, number or uuid.uuid4().hex, "it", Settings(**more), {})


def afresh(database: Any, **more: Any) -> set[frozenset[str]]:
    """The events that clustering all articles finds with the same stored statistics."""
    kept = list(database.clusters.find()), list(database.placements.find())
    database.clusters.delete_many({})
    database.placements.delete_many({})
    run(database, **more)
    found = partition(database)
    for collection, rows in zip((database.clusters, database.placements), kept, strict=True):
        collection.delete_many({})
        if rows:
            collection.insert_many(rows)
    return found


@pytest.fixture(scope="module")
def store(server_uri: str) -> Iterator[Any]:
    database = connect(with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}"))
    yield database
    database.client.drop_database(database.name)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    window=st.sampled_from([0.5, 1.0, 3.0, None]),
    threshold=st.sampled_from([0.4, 0.6, 0.75, 0.9]),
    linkage=st.sampled_from(["average", "complete", "single"]),
)
def test_days_in_any_order_with_changes_as_afresh(
    store: Any, seed: int, window: float | None, threshold: float, linkage: str
) -> None:
    for name in ("articles", "clusters", "placements", "statistics"):
        store[name].delete_many({})
    chance, options = random.Random(seed), {"window": window, "threshold": threshold, "linkage": linkage}
    rows = articles(seed, 60, 20)
    days: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        days.setdefault(row["date"] and row["date"].date(), []).append(row)
    order = list(days)
    chance.shuffle(order)
    for number, day in enumerate(order):
        store.articles.insert_many(days[day])
        if chance.random() < 0.3:
            store.articles.delete_one({"link": chance.choice(rows)["link"]})
        if chance.random() < 0.3:
            chosen = chance.randrange(len(rows))
            new = article(chosen, chance.randrange(20), chance.randrange(15), seed=number)
            store.articles.update_one({"link": new["link"]}, {"$set": new})
        if chance.random() < 0.6:
            run(store, **options)
            assert partition(store) == afresh(store, **options)
            numbers = [row["number"] for row in store.clusters.find({"current": True})]
            assert len(set(numbers)) == len(numbers)


def test_only_what_a_new_day_can_touch_is_read(database: Any) -> None:
    database.articles.insert_many([article(i, i // 10, i // 3) for i in range(600)])
    assert run(database)["read"] == 600
    database.articles.insert_many([article(600 + i, 60, 250 + i // 3) for i in range(10)])
    counts = run(database)
    # Ten new ones, the thirty of the three days before, and what hangs together with these.
    assert 40 <= counts["read"] < 120
    assert counts["statistics_renewed"] == 0
    assert run(database)["read"] == 0


def test_an_article_that_is_gone_leaves_its_event(database: Any) -> None:
    database.articles.insert_many([article(i, i // 10, i // 3) for i in range(100)])
    run(database)
    event = database.clusters.find_one()
    database.articles.delete_one({"_id": event["articles"][0]})
    counts = run(database)
    assert partition(database) == afresh(database)
    assert database.clusters.find_one({"_id": event["_id"]})["current"] is False
    assert counts["read"] < 30


def test_numbers_stay_with_their_events(database: Any) -> None:
    rows = [article(i, 1, i // 4) for i in range(40)]
    database.articles.insert_many(rows)
    run(database)
    before = {row["event"]: row for row in database.clusters.find({"current": True})}
    # One more article for an event, a new event, and new statistics that change all distances.
    database.articles.insert_many([article(100, 0.5, 3), *(article(200 + i, 0.2, 25) for i in range(3))])
    cluster_articles(database, "r2", "it", Settings(), {}, refit=True)
    now = {row["number"]: row for row in database.clusters.find({"current": True})}
    assert {row["number"] for row in before.values()} <= now.keys()
    for row in before.values():
        assert set(row["links"]) <= set(now[row["number"]]["links"])
    new = [row for number, row in now.items() if number not in {row["number"] for row in before.values()}]
    assert [row["number"] for row in new] == [len(before)]
    assert new[0]["size"] == 3


def events_of(*sizes: list[str]) -> list[dict[str, Any]]:
    return [{"articles": links, "size": len(links), "event": "".join(links)} for links in sizes]


@pytest.mark.parametrize(
    ("earlier", "later", "numbers"),
    [
        (["abc", "de"], ["abc", "de", "fg"], [0, 1, 9]),
        (["abcde"], ["ab", "cde"], [9, 0]),
        (["abcd"], ["ab", "cd"], [0, 9]),
        (["abc", "de"], ["abcde"], [0]),
        (["abc"], ["cdefg"], [9]),
        (["ab"], ["abcdefgh"], [0]),
        ([], ["ab", "cd"], [9, 10]),
    ],
)
def test_who_keeps_a_number(earlier: list[str], later: list[str], numbers: list[int]) -> None:
    old = [row | {"number": i, "_id": i, "event": None} for i, row in enumerate(events_of(*map(list, earlier)))]
    found = numbered(events_of(*map(list, later)), old, 9)
    assert [row["number"] for row in found] == numbers


def test_texts_tell_of_a_text_that_changed(database: Any) -> None:
    database.articles.insert_many([article(i, 1, i // 4) for i in range(12)])
    run(database)
    before = {row["number"]: row for row in database.clusters.find({"current": True})}
    chosen = before[0]["links"][0]
    row = database.articles.find_one({"link": chosen})
    changed = row["content"] + " aggiornamento"
    database.articles.update_one(
        {"link": chosen}, {"$set": {"content": changed, "content_hash": content_hash(row["title"], changed)}}
    )
    run(database)
    after = {row["number"]: row for row in database.clusters.find({"current": True})}
    assert after[0]["event"] == before[0]["event"]
    assert after[0]["texts"] != before[0]["texts"]
    assert {number: row["_id"] for number, row in after.items() if number} == {
        number: row["_id"] for number, row in before.items() if number
    }


def test_texts_do_not_hang_on_the_order() -> None:
    one, two = (ArticleRef(i, f"l{i}", 1.0, None, f"h{i}", b"") for i in (1, 2))
    assert texts_key([one, two]) == texts_key([two, one]) != texts_key([one])


def test_statistics_stay_until_the_archive_has_doubled(database: Any) -> None:
    database.articles.insert_many([article(i, i // 10, i // 3) for i in range(40)])
    assert run(database)["statistics_renewed"] == 1
    database.articles.insert_many([article(100 + i, i // 10, i // 3) for i in range(39)])
    assert run(database)["statistics_renewed"] == 0
    database.articles.insert_one(article(200, 3, 1))
    assert run(database)["statistics_renewed"] == 1
    assert cluster_articles(database, "r", "it", Settings(), {}, refit=True)["statistics_renewed"] == 1


def test_events_that_somebody_took_away_come_back(database: Any) -> None:
    database.articles.insert_many([article(i, 1, i // 4) for i in range(20)])
    run(database)
    before = partition(database)
    database.clusters.delete_one({"number": 1})
    run(database)
    assert partition(database) == before


@pytest.mark.parametrize("together", [1, 3, 7])
def test_many_events_change_in_several_transactions(
    together: int, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment an article is in two current events; interrupted, the next run clusters afresh."""
    monkeypatch.setattr(events, "EVENTS_AT_ONCE", together)
    database.articles.insert_many([article(i, i // 10, i // 4) for i in range(80)])
    run(database)
    assert partition(database) == afresh(database)
    swap, swaps = LanguageUpdate.swap, []

    def watched(self: Any, *arguments: Any) -> None:
        swap(self, *arguments)
        swaps.append(arguments)
        links = [link for row in database.clusters.find({"current": True}) for link in row["links"]]
        assert len(set(links)) == len(links)
        if len(swaps) == 2:
            raise KeyboardInterrupt

    database.articles.insert_many([article(100 + i, i // 10, i // 4) for i in range(80)])
    with monkeypatch.context() as patch:
        patch.setattr(LanguageUpdate, "swap", watched)
        with pytest.raises(KeyboardInterrupt):
            run(database)
    run(database)
    assert partition(database) == afresh(database)
    assert database.clusters.count_documents({"pending": True}) == 0


def test_two_runs_at_once_do_not_mix(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    database.articles.insert_many([article(i, 1, i // 4) for i in range(20)])
    write = assignments.write

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(assignments, "write", write)
        run(database, number="second")
        write(*arguments)

    monkeypatch.setattr(assignments, "write", meanwhile)
    with pytest.raises(Exception, match="another synth cluster"):
        run(database, number="first")
    assert {row["run"] for row in database.clusters.find({"current": True})} == {"second:it"}
    before = partition(database)
    run(database)
    assert partition(database) == before == afresh(database)


def test_a_server_without_transactions_gets_the_same_events(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Database.command

    def standalone(self: Any, name: Any, *arguments: Any, **options: Any) -> Any:
        return {} if name == "hello" else command(self, name, *arguments, **options)

    monkeypatch.setattr(Database, "command", standalone)
    database.articles.insert_many([article(i, 1, i // 4) for i in range(20)])
    run(database)
    assert len(partition(database)) == 5
    assert database.clusters.count_documents({"pending": True}) == 0


def test_a_day_of_very_many_articles_has_several_documents(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignments, "PARTITION_ARTICLES", 7)
    database.articles.insert_many([article(i * 2, 1, i // 4) for i in range(30)])
    run(database)
    assert database.placements.count_documents({"articles": {"$exists": True}}) == 5
    # All that follow it in the order of links move on by one place.
    database.articles.insert_many([article(1, 1, 0), article(3, 9, 2)])
    run(database)
    assert partition(database) == afresh(database)
    assert run(database)["read"] == 0


def wait(process: Forked, seconds: float) -> None:
    """As long, or until the process ends."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def test_killed_at_any_moment_the_next_run_goes_on(database: Any, database_uri: str) -> None:
    """Readers see one whole set of events at every moment; after the last run it is the right one."""
    chance = random.Random(1)
    rows = [article(i, i // 20, i // 3) for i in range(600)]
    database.articles.insert_many(rows[:300])
    command = [sys.executable, "-m", "synth", "cluster", "--uri", database_uri]
    run_forked("synth", command).check_returncode()
    for part in range(3):
        database.articles.insert_many(rows[300 + 100 * part : 400 + 100 * part])
        before = partition(database)
        process = start_forked("synth", command)
        while process.poll() is None and not database.placements.find_one({"writing": {"$ne": None}}):
            wait(process, 0.002)
        wait(process, chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        links = [link for row in database.clusters.find({"current": True}) for link in row["links"]]
        assert len(set(links)) == len(links)
        assert partition(database) in (before, afresh(database))
    run_forked("synth", command).check_returncode()
    assert partition(database) == afresh(database)
    assert database.clusters.count_documents({"pending": True}) == 0
