"""The dataset row: its key, its fields, its names.

Covers synth.samples.documents.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.filters.read import parse_filter
from synth.samples.sample import Sample, ensure_lengths, sample_key, source_of
from synth.samples.schema import known_fields, sample_fields


def test_the_key_is_what_the_sample_is_made_from() -> None:
    key = sample_key("news_summary", "e1", "summary:1", "extractive")
    assert len(key) == 64
    assert key == sample_key("news_summary", "e1", "summary:1", "extractive")
    changed = [
        ("translation", "e1", "summary:1", "extractive"),
        ("news_summary", "e2", "summary:1", "extractive"),
        ("news_summary", "e1", "summary:2", "extractive"),
        ("news_summary", "e1", "summary:1", "gpt"),
    ]
    assert len({key, *(sample_key(*parts) for parts in changed)}) == 5


def test_parts_of_a_key_do_not_run_together() -> None:
    assert sample_key("a", "bc", "d", "e") != sample_key("ab", "c", "d", "e")


def test_the_row_has_every_field_and_an_instant() -> None:
    row = Sample(key="k", task="news_summary", question="q", answer="a", language="it").document()
    names = {item.name for item in fields(Sample)}
    assert set(row) == names - {"conversation"} | {"answer_length"}
    spoken = Sample("k", "import", "q", "a", "it", conversation={"roles": ["user", "assistant"]}).document()
    assert set(spoken) == names | {"answer_length"}
    assert row["created_at"].tzinfo is not None
    assert row["status"] == "new"
    assert row["superseded"] is False
    given = datetime(2026, 5, 1, tzinfo=UTC)
    assert Sample("k", "import", "q", "a", "it", created_at=given).document()["created_at"] == given


def test_rows_share_no_lists() -> None:
    one, two = (Sample("k", "import", "q", "a", "it") for _ in range(2))
    one.tags.append("x")
    assert two.tags == []


def test_a_sample_goes_through_the_store(database: Any) -> None:
    sample = Sample("k", "import", "q", "a", "it", date=datetime(2026, 5, 1, tzinfo=UTC), sources=[{"title": "t"}])
    database.samples.insert_one(sample.document())
    row = database.samples.find_one({"sources.title": "t"})
    assert row["date"] == sample.date
    assert set(row) <= known_fields()


def test_known_fields_are_those_of_the_design() -> None:
    assert {"key", "question", "answer", "sources.source_site", "provenance.model", "_id"} <= known_fields()
    assert {field.name for field in sample_fields() if field.stored} <= known_fields()


@pytest.mark.parametrize("missing", ["date", "tags", "source_site"])
def test_a_source_from_an_article(missing: str) -> None:
    article = {"_id": 7, "title": "T", "link": "L", "content": "C", "date": None, "tags": ["x"], "source_site": "Ansa"}
    del article[missing]
    assert source_of(article).keys() == {"title", "link", "date", "content", "tags", "source_site", "id"}
    assert source_of(article)["id"] == "7"


OLD: dict[str, Any] = {"a": "Sì, è così.", "b": "", "c": None, "d": 7, "e": "Hà Nội 🌧", "f": ["x"]}


def test_lengths_of_an_earlier_version_are_stored_once(database: Any) -> None:
    database.samples.insert_many([{"key": key, "answer": answer} for key, answer in OLD.items()])
    database.samples.insert_many([{"key": "g"}, {"key": "h", "answer": "nine", "answer_length": 9}])
    assert ensure_lengths(database) == 7
    stored = {row["key"]: row["answer_length"] for row in database.samples.find()}
    assert stored == {"a": 11, "b": 0, "c": 0, "d": 0, "e": 8, "f": 0, "g": 0, "h": 9}
    assert ensure_lengths(database) == 0


@pytest.mark.parametrize("text", [":long-answers=10", '{"$or": [{"answer_length": {"$gt": 10}}]}'])
def test_a_filter_of_lengths_finds_samples_of_an_earlier_version(database: Any, text: str) -> None:
    database.samples.insert_many([{"key": key, "answer": answer} for key, answer in OLD.items()])
    parse_filter(":reviewed", database)
    assert database.samples.count_documents({"answer_length": {"$exists": True}}) == 0
    query = parse_filter(text, database)
    assert [row["key"] for row in database.samples.find(query)] == ["a"]


def test_who_may_only_read_is_told_who_stores_the_lengths(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymongo.collection import Collection
    from pymongo.errors import OperationFailure

    def refuse(*_: Any, **__: Any) -> Any:
        raise OperationFailure("not authorized", 13)

    database.samples.insert_one({"key": "a", "answer": "x"})
    monkeypatch.setattr(Collection, "update_many", refuse)
    with pytest.raises(NewsmillError, match="you may only read"):
        parse_filter(":short-answers", database)
