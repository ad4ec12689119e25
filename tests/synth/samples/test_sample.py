"""The dataset row: its key, its fields, its names.

Covers synth.samples.documents.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from synth.samples.sample import Sample, sample_key, source_of
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
    assert set(row) == names - {"conversation"}
    spoken = Sample("k", "import", "q", "a", "it", conversation={"roles": ["user", "assistant"]}).document()
    assert set(spoken) == names
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
