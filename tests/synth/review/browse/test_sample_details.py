"""All that the store knows of one sample."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from synth.review.browse.sample_details import details, find_sample, opinions

KEY, OTHER = "a" * 64, "b" * 64
DAY = datetime(2026, 5, 1, tzinfo=UTC)
SAMPLE: dict[str, Any] = {
    "key": KEY, "event": "e1", "answer": "Il ponte riapre. Costa 7 milioni.", "language": "it", "question": "?",
    "sources": [{"title": "T", "link": "https://a.it/1", "content": "Il ponte riapre."},
                {"title": "U", "link": "javascript:alert(1)", "content": "Altro."}],
    "unsupported": ["7"], "unsupported_kinds": ["number"], "min_similarity": 0.25, "toxicity": math.nan,
    "coverage": [1.0], "doubts": ["numbers"], "tags": ["ponti"],
    "provenance": {"calls": ["c1", "c2", "c3"], "prompt": "news_summary.it/1", "model": "openai:m", "run": "r1",
                   "left_out": [{"link": "https://a.it/3", "reason": "near_copy"}], "columns": {"id": 7}},
    "judge": {"model": "openai:j", "calls": ["c2"]},
}  # fmt: skip


@pytest.fixture
def sample(database: Any) -> dict[str, Any]:
    database.samples.insert_one(dict(SAMPLE))
    database.clusters.insert_one({"event": "e1", "run": "r", "number": 1, "articles": [], "current": True})
    database.articles.insert_one({"link": "https://a.it/1", "title": "T"})
    database.runs.insert_one({"_id": "r1", "stage": "summarize", "started_at": DAY})
    prices = {"c1": 0.01, "c2": None, "gone": 1.0}
    database.llm_calls.insert_many(
        [{"hash": name, "llm": "openai:m", "prompt_tokens": 10, "completion_tokens": 5, "cost": price}
         for name, price in prices.items()]
    )  # fmt: skip
    return find_sample(database, KEY) or {}


def test_a_sample_has_its_whole_lineage(database: Any, sample: dict[str, Any]) -> None:
    shown = details(database, sample)
    lineage = shown["lineage"]
    assert (lineage["event"], lineage["run"]["stage"], lineage["columns"]) == ("e1", "summarize", {"id": "7"})
    assert lineage["made"]["prompt"] == "news_summary.it/1"
    assert lineage["left_out"] == [{"link": "https://a.it/3", "href": "https://a.it/3", "reason": "near_copy"}]
    assert shown["cost"] == {"calls": 3, "stored": 2, "cost": 0.01, "unpriced": 1, "tokens": 30, "models": ["openai:m"]}
    assert (shown["doubts"], shown["tags"]) == (["numbers"], ["ponti"])


def test_the_event_of_an_imported_sample_is_that_of_its_source(database: Any, sample: dict[str, Any]) -> None:
    article = database.articles.find_one({"link": "https://a.it/1"})["_id"]
    database.clusters.insert_one({"event": "e2", "run": "r", "number": 2, "articles": [article], "current": True})
    assert details(database, sample | {"event": "of another store"})["lineage"]["event"] == "e2"
    assert details(database, sample | {"event": "", "sources": []})["lineage"]["event"] == ""


def test_sources_stand_beside_the_answer_with_what_is_measured_of_them(database: Any, sample: dict[str, Any]) -> None:
    shown = details(database, sample)
    one, two = shown["card"]["sources"]
    assert (one["coverage"], one["href"], one["stored"]) == (1.0, "https://a.it/1", True)
    assert (two["coverage"], two["href"], two["stored"]) == (None, "", False)
    marked = [piece for row in shown["card"]["paragraphs"] for part in row for piece in part["pieces"] if piece["kind"]]
    assert marked == [{"text": "7", "kind": "number"}]


def test_scores_have_a_meaning_and_nan_is_none(database: Any, sample: dict[str, Any]) -> None:
    groups = details(database, sample)["scores"]
    assert [(group, [row["name"] for row in rows]) for group, rows in groups] == [("similarity", ["min_similarity"])]
    assert groups[0][1][0]["meaning"]


def test_related_samples_stand_once_under_the_closest_relation(database: Any, sample: dict[str, Any]) -> None:
    others: list[dict[str, Any]] = [
        {"key": "t", "provenance": {"translated_from": KEY}, "event": "e1"}, {"key": "s", "superseded_by": KEY},
        {"key": "d", "duplicate_of": KEY}, {"key": "n", "event": "e1"}, {"key": "other", "event": "e2"},
    ]  # fmt: skip
    database.samples.insert_many(others)
    found = details(database, sample)["relatives"]
    kinds = {kind: [row["key"] for row in rows] for kind, rows in found.items()}
    assert kinds == {"translations": ["t"], "supersedes": ["s"], "duplicates": ["d"], "same_event": ["n"]}
    child = find_sample(database, "t") or {}
    assert [row["key"] for row in details(database, child)["relatives"]["translated_from"]] == [KEY]


def test_the_exports_that_have_it_are_named(database: Any, sample: dict[str, Any], tmp_path: Path) -> None:
    for name, keys in (("with", [KEY]), ("without", [OTHER]), ("unknown", None)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
        if keys:
            (tmp_path / name / "sources.jsonl").write_text(json.dumps({"key": keys[0], "links": []}) + "\n")
        database.runs.insert_one({"_id": name, "stage": "export", "outcome": "done", "started_at": DAY,
                                  "configuration": {"out": str(tmp_path / name)}})  # fmt: skip
    exports = details(database, sample)["exports"]
    assert [Path(row["folder"]).name for row in exports["folders"]] == ["with"]
    assert [Path(row["folder"]).name for row in exports["unknown"]] == ["unknown"]
    assert exports["known"] == 3


def test_the_beginning_of_a_key_is_enough_where_it_is_the_only_one(database: Any, sample: dict[str, Any]) -> None:
    assert (find_sample(database, KEY[:8]) or {})["key"] == KEY
    assert find_sample(database, KEY[:7]) is None
    assert find_sample(database, ".{64}....") is None
    database.samples.insert_one({"key": "a" * 63 + "c"})
    assert find_sample(database, KEY[:8]) is None


def test_nobody_sees_the_marks_of_others_before_his_own_where_several_mark(database: Any) -> None:
    database.ratings.insert_one({"item": KEY, "rater": "anna", "accuracy": 4.0, "rated_at": DAY})
    database.ratings.insert_one(
        {"item": KEY, "rater": "linh", "decision": "edit", "scores": {"helpfulness": 3.0}, "rated_at": DAY}
    )
    assert opinions(database, KEY, "minh", overlap=2) == {"rows": [], "hidden": True}
    for rater, overlap in (("minh", 1), ("anna", 2), ("linh", 2)):
        rows = opinions(database, KEY, rater, overlap)["rows"]
        assert [(row["rater"], row["values"]) for row in rows] == [
            ("anna", {"accuracy": "4.0"}), ("linh", {"helpfulness": "3.0", "decision": "edit"}),
        ]  # fmt: skip


def test_who_passed_over_a_row_or_took_a_mark_back_does_not_see_those_of_others(database: Any) -> None:
    database.ratings.insert_many(
        [{"item": KEY, "rater": "anna", "decision": "reject"}, {"item": KEY, "rater": "linh", "decision": "skip"}]
    )
    database.marks.insert_many(
        [{"item": KEY, "rater": "anna", "decision": "reject"}, {"item": KEY, "rater": "linh", "decision": "skip"},
         {"item": KEY, "rater": "minh", "decision": "accept", "token": "1"},
         {"item": KEY, "rater": "minh", "decision": "undo", "token": "2"}]
    )  # fmt: skip
    assert [opinions(database, KEY, rater, 2)["hidden"] for rater in ("anna", "linh", "minh")] == [False, True, True]


@pytest.mark.parametrize(
    "odd", [{}, {"provenance": 3, "judge": [], "coverage": 1, "history": {}, "sources": [3], "event": 7},
            {"answer": "x" * 1_200_000, "question": None, "doubts": "x", "provenance": {"calls": [1, None]}}]
)  # fmt: skip
def test_a_document_of_any_age_is_explained(database: Any, odd: dict[str, Any]) -> None:
    database.samples.insert_one({"key": KEY, **odd})
    shown = details(database, find_sample(database, KEY) or {})
    assert len(shown["rest"]) <= 1_000_000
    assert shown["relatives"] == {}
