"""`synth cluster --explain`: what it says is what clustering did."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from crawler.items import article_from_record
from synth.__main__ import main
from synth.cluster.explain import explain, verdict
from synth.cluster.settings import Settings
from synth.embed import NewsEmbedder, article_text


@pytest.fixture
def store(database: Any, sample_records: list[dict[str, Any]]) -> Any:
    database.articles.insert_many([article_from_record(row).document() for row in sample_records])
    return database


@pytest.fixture
def clustered(store: Any, database_uri: str) -> Any:
    assert main(["cluster", "--uri", database_uri]) == 0
    return store


def test_an_article_of_an_event(clustered: Any) -> None:
    event = clustered.clusters.find_one({"current": True, "language": "it", "size": {"$gte": 3}})
    found = explain(clustered, event["links"][0])
    assert found["event"]["number"] == event["number"]
    assert found["current"] is True
    assert found["settings"]["window"] == 3.0
    assert {row["link"] for row in found["nearest"] if row["same_event"]} <= set(event["links"])
    assert sum(row["same_event"] for row in found["nearest"]) == event["size"] - 1
    distances = [row["distance"] for row in found["nearest"]]
    assert distances == sorted(distances)
    assert found["own_distance"] < 0.75
    assert f"event {event['number']}" in verdict(found)


def test_the_distances_are_those_of_the_rows(clustered: Any) -> None:
    """All Italian articles are known to the statistics: the rows are those of the archive alone."""
    rows = list(clustered.articles.find({"language": "it"}))
    vectors = NewsEmbedder().encode([article_text(row, Settings.sentences) for row in rows])
    event = clustered.clusters.find_one({"current": True, "language": "it"})
    at = next(i for i, row in enumerate(rows) if row["_id"] == event["articles"][0])
    distances = dict(zip([row["link"] for row in rows], 1 - (vectors @ vectors[at].T).toarray().ravel(), strict=True))
    found = explain(clustered, str(rows[at]["_id"]))
    assert len(found["nearest"]) > 3
    for row in found["nearest"]:
        assert row["distance"] == pytest.approx(distances[row["link"]])
    others = [distances[link] for link in event["links"] if link != rows[at]["link"]]
    assert found["own_distance"] == pytest.approx(float(np.mean(others)))


def test_alone_and_changed_since(clustered: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    lone = {
        "link": "https://www.open.online/2026/05/04/zanzara/",
        "title": "Una zanzara in biblioteca",
        "content": "Ronza.",
        "date": "2026-05-04T10:00:00+02:00",
        "language": "it",
        "source_site": "Open",
    }
    clustered.articles.insert_one(article_from_record(lone).document())
    assert explain(clustered, lone["link"])["current"] is False
    main(["cluster", "--uri", database_uri])
    found = explain(clustered, lone["link"])
    assert found["event"] is None
    assert found["own_distance"] is None
    assert found["current"] is True
    assert found["nearest_other"]["distance"] >= 0.75
    assert verdict(found).startswith("Alone")
    clustered.articles.update_one({"link": lone["link"]}, {"$set": {"content_hash": "new"}})
    capsys.readouterr()
    assert main(["cluster", "--uri", database_uri, "--explain", lone["link"]]) == 0
    assert "has changed since" in capsys.readouterr().out


def test_without_a_date_it_meets_no_other(clustered: Any, database_uri: str) -> None:
    clustered.articles.insert_one({"link": "l", "title": "Scossa", "content": "Visso", "language": "it"})
    main(["cluster", "--uri", database_uri])
    found = explain(clustered, "l")
    assert (found["compared"], found["nearest"], found["nearest_other"]) == (0, [], None)


def test_the_command(clustered: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = clustered.clusters.find_one({"current": True, "language": "it"})
    capsys.readouterr()
    assert main(["cluster", "--uri", database_uri, "--explain", event["links"][0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["article"]["link"] == event["links"][0]
    assert {"event", "nearest", "own_distance", "nearest_other", "settings", "verdict", "compared"} <= found.keys()
    assert main(["cluster", "--uri", database_uri, "--explain", event["links"][0]]) == 0
    told = capsys.readouterr().out
    assert "distance" in told
    assert "window 3 days" in told
    assert clustered.runs.count_documents({}) == 1


@pytest.mark.parametrize("told", ["https://example.org/none", "0123456789abcdef01234567", "", "%%"])
def test_an_unknown_article_is_one_line(
    told: str, clustered: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cluster", "--uri", database_uri, "--explain", told]) == 2
    error = capsys.readouterr().err
    assert error.startswith("cluster: no article")
    assert error.count("\n") == 1


def test_before_the_first_run(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    link = store.articles.find_one({"language": "it"})["link"]
    assert main(["cluster", "--uri", database_uri, "--explain", link]) == 2
    assert "run synth cluster" in capsys.readouterr().err
