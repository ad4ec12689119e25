"""`synth score`: similarity to the sources and language, once, the same whatever the batches.

Covers synth.score.stage.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.__main__ import main
from synth.embed import load_embedder
from synth.samples.sample import Sample, source_of
from synth.score.stage import batch_scores, fitted, pending_filter, versions

pytestmark = pytest.mark.long

#: What every sample has once it is scored.
STORED = (
    "similarity", "min_similarity", "mean_similarity", "similarity_std", "similarity_embedder", "detected_language",
    "language_confidence", "unsupported", "unsupported_kinds", "sentence_sources", "sentence_support", "min_support",
    "faithfulness", "personal_data", "score_versions",
)  # fmt: skip
FIELDS = (
    "unsupported",
    "sentence_support",
    "personal_data",
    "similarity",
    "min_similarity",
    "mean_similarity",
    "similarity_std",
    "detected_language",
)


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


def test_several_processes_give_the_same_scores(store: Any, database_uri: str) -> None:
    assert main(["score", "--uri", database_uri]) == 0
    alone = list(store.samples.find())
    assert main(["score", "--uri", database_uri, "--again", "--workers", "2", "--batch-size", "5"]) == 0
    assert list(store.samples.find()) == alone


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
    found = batch_scores([{"answer": "", "sources": []}], load_embedder("tfidf"))[0]
    assert found["similarity"] == []
    assert found["min_similarity"] is found["mean_similarity"] is found["similarity_std"] is None
    assert found["detected_language"] == "unknown"


def test_an_invented_text_is_further_than_a_copied_one(store: Any) -> None:
    embedder = fitted(store, "tfidf")
    row = store.samples.find_one({"key": "k0"})
    other = row | {"answer": "Parole qualsiasi di un'altra storia mai accaduta."}
    copied, invented = batch_scores([row, other], embedder)
    assert invented["min_similarity"] < copied["min_similarity"] / 2


def test_an_unknown_embedder_is_one_line(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--uri", database_uri, "--embedder", "nope"]) == 2
    assert capsys.readouterr().err.startswith("score: no embedder 'nope'")
    assert store.runs.find_one()["outcome"] == "failed"


def test_every_field_is_stored(store: Any, database_uri: str) -> None:
    assert main(["score", "--uri", database_uri]) == 0
    for row in store.samples.find():
        assert set(STORED) <= set(row)
        assert row["unsupported"] == row["unsupported_kinds"] == row["personal_data"] == []
        assert set(row["sentence_sources"]) == {0}
        assert row["min_support"] == min(row["sentence_support"]) > 0.9
        assert row["faithfulness"] > 0.9
        assert row["score_versions"] == versions()


def test_what_no_source_has_and_whose_data_it_is(store: Any, database_uri: str, capsys: Any) -> None:
    row = store.samples.find_one()
    answer = (
        row["answer"] + " Lo ha detto Asdrubale Pincopalli a 98.765 tifosi. Scrivete a mario.rossi@esempio.it subito."
    )
    store.samples.update_one({"_id": row["_id"]}, {"$set": {"answer": answer}})
    assert main(["score", "--uri", database_uri, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert counts["with_unsupported_facts"] == counts["with_personal_data"] == 1
    row = store.samples.find_one({"_id": row["_id"]})
    assert row["unsupported"] == ["Asdrubale Pincopalli", "98.765"]
    assert row["unsupported_kinds"] == ["name", "number"]
    assert row["min_support"] < 0.5
    assert row["min_support"] < row["faithfulness"] < 0.9
    (found,) = row["personal_data"]
    assert (found["kind"], found["field"]) == ("email", "answer")
    assert answer[found["start"] : found["end"]] == "mario.rossi@esempio.it"


@pytest.mark.parametrize(("lacking", "value"), [
    ("score_versions.language", 1), ("similarity_embedder", "use"), ("unsupported", None), ("personal_data", None),
    ("score_versions", None),
])  # fmt: skip
def test_what_is_scored_by_older_rules_is_pending(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str], lacking: str, value: Any
) -> None:
    main(["score", "--uri", database_uri])
    change = {"$set": {lacking: value}} if value else {"$unset": {lacking: ""}}
    store.samples.update_one({"key": "k3"}, change)
    capsys.readouterr()
    main(["score", "--uri", database_uri, "--json"])
    assert json.loads(capsys.readouterr().out)["scored"] == 1
    assert store.samples.count_documents(pending_filter({})) == 0


def test_another_measure_of_similarity_is_scored_again_and_says_so(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> int:
        capsys.readouterr()
        main(["score", "--uri", database_uri, "--json", *words])
        return int(json.loads(capsys.readouterr().out).get("scored", 0))

    everything = run()
    # Samples of an older version do not say how; it was by cosines.
    store.samples.update_many({}, {"$unset": {"similarity_measure": ""}})
    assert run() == 0
    assert run("--similarity", "angular") == everything
    assert run("--similarity", "angular") == 0
    rows = list(store.samples.find({"similarity": {"$exists": True, "$ne": []}}))
    assert {row["similarity_measure"] for row in rows} == {"angular"}
    assert min(value for row in rows for value in row["similarity"]) >= 0.5
    assert run() == everything


def test_edge_cases(store: Any) -> None:
    """No text, no source, sources without text, texts of 100 kB: a row of scores for each, stored by MongoDB."""
    bare = {"title": None, "content": None}
    long = "Il sindaco di Roma ha 3 figli e 20.000 euro. " * 2200
    answers = [
        {"answer": "", "sources": [bare]}, {"answer": "Tre a Roma.", "sources": []},
        {"answer": "12 345", "sources": None}, {"answer": long, "sources": [{"title": "Roma", "content": long}]},
        {"answer": "Tre a Roma.", "sources": [bare]},
    ]  # fmt: skip
    rows = batch_scores(answers, fitted(store, "tfidf"))
    store.scratch.insert_many(rows)
    assert [row["unsupported"] for row in rows] == [[]] * 5
    assert [row["min_support"] for row in rows] == [None, None, None, 1.0, None]
    assert [row["similarity"] for row in rows[:3] + rows[4:]] == [[0.0], [], [], [0.0]]
    assert rows[3]["min_similarity"] > 0.99


def test_an_embedder_not_made_for_the_language_is_refused(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it is loaded, and only where a sample of the language is pending."""
    store.samples.update_many({}, {"$set": {"language": "it"}})
    assert main(["score", "--uri", database_uri, "--embedder", "use:/no/such/folder"]) == 2
    assert "'vi'" not in capsys.readouterr().err
    store.samples.update_one({"key": "k1"}, {"$set": {"language": "vi"}})
    assert main(["score", "--uri", database_uri, "--embedder", "use:/no/such/folder"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("score: embedder use was not made for 'vi'")
    assert "--force-language" in told
    assert main(["score", "--uri", database_uri, "--embedder", "use:/no/such/folder", "--force-language"]) == 2
    assert "was not made for" not in capsys.readouterr().err
    assert "similarity" not in store.samples.find_one({"key": "k1"})


def test_toxicity_that_cannot_be_had_is_told_before_anything_is_scored(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "none.ckpt")
    words = ["--toxicity", "multilingual", "--toxicity-checkpoint", nowhere, "--toxicity-config", str(tmp_path)]
    assert main(["score", "--uri", database_uri, *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("score: ")
    assert told.count("\n") == 1
    assert "similarity" not in store.samples.find_one({"key": "k0"})
