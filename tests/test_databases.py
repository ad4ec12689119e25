"""A worker's database is as new after each test, whatever the test left in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.databases import empty, structure


def test_documents_go_and_the_rest_stays(database: Any) -> None:
    fresh = structure(database)
    assert "samples" in fresh
    database.samples.insert_many([{"key": str(number)} for number in range(3)])
    database.queue_raters.insert_one({"_id": 1})
    assert empty(database, fresh)
    assert database.samples.count_documents({}) == 0
    assert ("queue_raters" in database.list_collection_names()) == ("queue_raters" in fresh)
    assert structure(database) == fresh


def _index(database: Any) -> None:
    database.samples.create_index("colour")


def _no_index(database: Any) -> None:
    database.samples.drop_indexes()


def _other_index(database: Any) -> None:
    name = next(name for name, spec in database.samples.index_information().items() if spec.get("unique"))
    database.samples.drop_index(name)
    database.samples.create_index("key", name=name)


def _options(database: Any) -> None:
    database.command("collMod", "samples", validator={"key": {"$exists": True}})


def _gone(database: Any) -> None:
    database.samples.drop()


@pytest.mark.parametrize("change", [_index, _no_index, _other_index, _options, _gone])
def test_a_changed_collection_is_dropped_and_made_again(database: Any, database_uri: str, change: Any) -> None:
    from crawler.mongo import connect

    fresh = structure(database)
    change(database)
    assert structure(database) != fresh
    assert not empty(database, fresh)
    assert "samples" not in database.list_collection_names()
    connect(database_uri).client.close()
    assert structure(database) == fresh


def test_new_collections_and_views_go(database: Any) -> None:
    fresh = structure(database)
    database.colours.insert_one({"name": "red"})
    database.command("create", "reds", viewOn="colours", pipeline=[])
    assert empty(database, fresh)
    assert structure(database) == fresh
    assert "reds" not in database.list_collection_names()


def test_a_test_that_closes_its_connection(database: Any) -> None:
    database.samples.insert_one({"key": "left"})
    database.client.close()


def test_leaves_nothing_to_the_next(database: Any) -> None:
    assert database.samples.count_documents({}) == 0
