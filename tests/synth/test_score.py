"""`synth score`: similarity to the sources and language, once, the same whatever the batches."""

from __future__ import annotations

import json
import statistics
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.__main__ import main
from synth.embed import load_embedder
from synth.samples import Sample, source_of
from synth.score import fitted, scores_of

FIELDS = ("similarity", "min_similarity", "mean_similarity", "similarity_std", "detected_language")


@pytest.fixture
def store(database: Any, sample_records: list[dict[str, Any]]) -> Any:
    """The sample articles, and a sample of two sources for each of ten pairs of them."""
    database.articles.insert_many([article_from_record(row).document() for row in sample_records])
    articles = list(database.articles.find().sort("link", 1))
    for number in range(10):
        pair = articles[2 * number : 2 * number + 2]
        answer = pair[0]["content"].split("\n\n")[0]
        sample = Sample(f"k{number}", "news_summary", "Riassumi", answer, pair[0]["language"],
                        sources=[source_of(row) for row in pair])  # fmt: skip
        database.samples.insert_one(sample.document())
    return database


def scores(database: Any) -> dict[str, tuple[Any, ...]]:
    return {row["key"]: tuple(row.get(name) for name in FIELDS) for row in database.samples.find()}


def test_every_sample_gets_its_scores(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--uri", database_uri, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scored"] == 10
    for row in store.samples.find():
        assert len(row["similarity"]) == 2
        assert row["similarity"][0] > 0.2
        assert row["min_similarity"] == min(row["similarity"])
        assert row["mean_similarity"] == pytest.approx(statistics.fmean(row["similarity"]), abs=1e-6)
        assert row["similarity_std"] == pytest.approx(statistics.pstdev(row["similarity"]), abs=1e-6)
        assert row["detected_language"] == row["language"]
        assert row["language_confidence"] > 0.9
        assert row["similarity_embedder"] == "tfidf"


def test_scored_once(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["score", "--uri", database_uri])
    before = scores(store)
    capsys.readouterr()
    assert main(["score", "--uri", database_uri, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {}
    assert main(["score", "--uri", database_uri, "--json", "--again"]) == 0
    assert json.loads(capsys.readouterr().out)["scored"] == 10
    assert scores(store) == before


def test_limits_filters_and_batches_change_no_score(store: Any, database_uri: str) -> None:
    for words in (["--limit", "3"], ["--where", '{"key": "k7"}'], ["--batch-size", "2"]):
        assert main(["score", "--uri", database_uri, *words]) == 0
    in_parts = scores(store)
    store.samples.update_many({}, {"$unset": dict.fromkeys([*FIELDS, "similarity_embedder"], "")})
    assert main(["score", "--uri", database_uri]) == 0
    assert scores(store) == in_parts


def test_a_dry_run_writes_nothing(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(store.samples.find())
    assert main(["score", "--uri", database_uri, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pending": 10}
    assert list(store.samples.find()) == before
    assert store.runs.count_documents({}) == 0


def test_superseded_samples_are_left_alone(store: Any, database_uri: str) -> None:
    store.samples.update_one({"key": "k0"}, {"$set": {"superseded": True}})
    main(["score", "--uri", database_uri])
    assert "similarity" not in store.samples.find_one({"key": "k0"})


def test_an_answer_in_another_language_is_counted(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    english = "The earthquake was felt by thousands of people in the region early in the morning."
    store.samples.update_one({"key": "k1"}, {"$set": {"answer": english}})
    main(["score", "--uri", database_uri, "--json"])
    assert json.loads(capsys.readouterr().out)["other_language"] == 1
    assert store.samples.find_one({"detected_language": "en"})["key"] == "k1"


def test_no_sources_have_no_similarity() -> None:
    found = scores_of({"answer": "", "sources": []}, load_embedder("tfidf"))
    assert found["similarity"] == []
    assert found["min_similarity"] is found["mean_similarity"] is found["similarity_std"] is None
    assert found["detected_language"] == "unknown"


def test_an_invented_text_is_further_than_a_copied_one(store: Any) -> None:
    embedder = fitted(store, "tfidf")
    row = store.samples.find_one({"key": "k0"})
    copied = scores_of(row, embedder)["min_similarity"]
    invented = scores_of(row | {"answer": "Parole qualsiasi di un'altra storia mai accaduta."}, embedder)
    assert invented["min_similarity"] < copied / 2


def test_an_unknown_embedder_is_one_line(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--uri", database_uri, "--embedder", "nope"]) == 2
    assert capsys.readouterr().err.startswith("score: no embedder 'nope'")
    assert store.runs.find_one()["outcome"] == "failed"
