"""Each scorer has a version of its own: what an older one scored is pending for it alone.

Covers synth.scorers.versions.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import pytest

from synth.__main__ import main
from synth.samples.sample import Sample
from synth.score import stage
from synth.scorers import Batch, Scorer, scorers
from synth.scorers.versions import is_outdated, outdated_filter

CASES: list[dict[str, Any]] = [
    {}, {"score_version": 3}, {"score_version": 2}, {"score_versions": {"language": 3}},
    {"score_versions": {"language": 4}, "score_version": 3}, {"score_versions": {"faithful": 3}},
    {"score_versions": {"faithful": 4}, "score_version": 3}, {"score_versions": {"language": None}, "score_version": 3},
    {"score_versions": None}, {"score_versions": {}},
]  # fmt: skip


def test_a_sample_is_outdated_as_the_filter_says(database: Any) -> None:
    database.scratch.insert_many([{"_id": number, **row} for number, row in enumerate(CASES)])
    outdated = {row["_id"] for row in database.scratch.find({"$or": outdated_filter("language", 3)})}
    assert outdated == {number for number, row in enumerate(CASES) if is_outdated(row, "language", 3)}
    assert outdated == {0, 2, 4, 5, 8, 9}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Scorer -> samples that it was given; `language` has a newer version than any store."""
    counts: dict[str, int] = {}

    def counted(name: str, scorer: Scorer) -> Scorer:
        def score(batch: Batch) -> list[dict[str, Any]]:
            counts[name] = counts.get(name, 0) + len(batch.samples)
            return scorer.score(batch) if scorer.score else []

        version = 9 if name == "language" else scorer.version
        return dataclasses.replace(scorer, score=score if scorer.score else None, version=version)

    rows = {name: counted(name, scorer) for name, scorer in scorers().items()}
    monkeypatch.setattr(stage, "scorers", lambda: rows)
    return counts


def run(uri: str, capsys: pytest.CaptureFixture[str], *words: str) -> Mapping[str, int]:
    capsys.readouterr()
    assert main(["score", "--uri", uri, "--json", *words]) == 0
    counts: Mapping[str, int] = json.loads(capsys.readouterr().out)
    return counts


def fill(database: Any, count: int = 3) -> None:
    source = {"title": "Il museo", "content": "Il museo riapre giovedì con tre sale nuove."}
    rows = [
        Sample(f"k{n}", "news_summary", "Riassumi", "Il museo riapre.", "it", sources=[source]) for n in range(count)
    ]
    database.samples.insert_many([row.document() for row in rows])


def test_a_newer_formula_is_computed_alone(
    database: Any, database_uri: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    run(database_uri, capsys)
    before = list(database.samples.find())
    with monkeypatch.context() as patch:
        newer = {
            name: dataclasses.replace(row, version=9) if name == "language" else row for name, row in scorers().items()
        }
        patch.setattr(stage, "scorers", lambda: newer)
        assert run(database_uri, capsys, "--dry-run") == {"pending": 3}
        assert run(database_uri, capsys)["scored"] == 3
        assert run(database_uri, capsys) == {}
    after = list(database.samples.find())
    assert [row.pop("score_versions")["language"] for row in after] == [9, 9, 9]
    assert [{k: v for k, v in row.items() if k != "score_versions"} for row in before] == after


def test_only_the_scorer_of_another_version_is_asked(
    database: Any, database_uri: str, capsys: pytest.CaptureFixture[str], calls: dict[str, int]
) -> None:
    fill(database)
    run(database_uri, capsys)
    assert calls == dict.fromkeys(stage.versions(), 3)
    calls.clear()
    database.samples.update_one({"key": "k0"}, {"$set": {"score_versions.language": 3}})
    database.samples.update_one({"key": "k1"}, {"$set": {"score_versions.personal_data": 1}})
    assert run(database_uri, capsys)["scored"] == 2
    assert calls == {"language": 1, "personal_data": 1}


def test_a_store_of_one_version_for_all_is_scored_by_the_changed_formulas_only(
    database: Any, database_uri: str, capsys: pytest.CaptureFixture[str], calls: dict[str, int]
) -> None:
    fill(database)
    run(database_uri, capsys)
    calls.clear()
    database.samples.update_many({}, {"$unset": {"score_versions": ""}, "$set": {"score_version": 3}})
    unchanged = {name for name, row in scorers().items() if row.score and row.version == 3 and name != "language"}
    run(database_uri, capsys)
    assert unchanged.isdisjoint(calls)
    assert calls["language"] == 3
    calls.clear()
    assert run(database_uri, capsys) == {}
    assert calls == {}
