"""`synth cluster --sweep`: what five thresholds would give, as clustering with each gives it, and nothing written.

Covers synth.cluster.sweep, synth.cluster.vectors.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import article_from_record
from synth.__main__ import main
from synth.cluster import agglomerate
from synth.cluster.incremental import cluster_articles
from synth.cluster.settings import Settings
from synth.cluster.stream import tightened
from synth.cluster.sweep import _merges, sweep


def contents(database: Any) -> dict[str, list[Any]]:
    return {name: list(database[name].find()) for name in sorted(database.list_collection_names())}


@pytest.fixture
def italian(database: Any, sample_records: list[dict[str, Any]]) -> Any:
    rows = [row for row in sample_records if row["language"] == "it"][:40]
    database.articles.insert_many([article_from_record(row).document() for row in rows])
    return database


@pytest.mark.parametrize("window", [3.0, None])
def test_each_row_is_what_clustering_gives(italian: Any, window: float | None) -> None:
    rows = sweep(italian, "it", Settings(window=window), {})
    assert [row.threshold for row in rows] == [0.675, 0.7125, 0.75, 0.7875, 0.825]
    for row in rows:
        counts = cluster_articles(
            italian, f"r{row.threshold}", "it", Settings(threshold=row.threshold, window=window), {}
        )
        assert (row.events, row.in_events, row.alone) == (counts["events"], counts["in_events"], counts["alone"])
        assert row.largest == max(event["size"] for event in italian.clusters.find({"current": True}))


def test_nothing_is_written_and_nothing_old_is_lost(
    italian: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(italian)
    assert main(["cluster", "--sweep", "--uri", database_uri]) == 0
    assert contents(italian) == before
    shown = capsys.readouterr().out
    assert "Nothing was changed" in shown
    assert "0.675" in shown
    assert main(["cluster", "--uri", database_uri]) == 0
    before = contents(italian)
    assert main(["cluster", "--sweep", "--uri", database_uri, "--threshold", "0.5", "--json"]) == 0
    assert contents(italian) == before
    capsys_out = capsys.readouterr().out.splitlines()[-1]
    rows = json.loads(capsys_out)["it"]
    assert [row["threshold"] for row in rows] == [0.45, 0.475, 0.5, 0.525, 0.55]
    assert all(len(merge) > 1 for row in rows for merge in row["merges"])


def test_an_empty_store_is_said(database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "--sweep", "--uri", database_uri]) == 1
    assert "the store is empty" in capsys.readouterr().err


@given(coarse=st.lists(st.integers(0, 4), max_size=20), seed=st.integers(0, 9))
def test_merges_are_the_clusters_that_were_several(coarse: list[int], seed: int) -> None:
    parts = np.random.default_rng(seed).integers(0, 3, size=len(coarse))
    fine = np.array(coarse, dtype=int) * 3 + parts
    found = _merges(fine, np.array(coarse, dtype=int))
    several = {label for label in coarse if len({int(fine[i]) for i, each in enumerate(coarse) if each == label}) > 1}
    assert {coarse[merge[0][0]] for merge in found} == several
    for merge in found:
        assert len({coarse[i] for group in merge for i in group}) == 1
        assert all(len({int(fine[i]) for i in group}) == 1 for group in merge)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=25), seed=st.integers(0, 9)
)
def test_the_second_look_leaves_no_two_farther_apart(rows: list[list[int]], seed: int) -> None:
    vectors = np.array(rows, dtype=float) + np.random.default_rng(seed).random((len(rows), 4)) / 100
    labels = agglomerate(vectors, distance_threshold=0.3)
    found = tightened(vectors, labels, 0.32)
    assert tightened(vectors, labels, None) is labels
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    far = 1 - unit @ unit.T
    for label in set(found.tolist()):
        members = np.flatnonzero(found == label)
        assert len({int(labels[i]) for i in members}) == 1, "it splits, and joins nothing"
        assert len(members) == 1 or far[np.ix_(members, members)].max() < 0.32 + 1e-9


def test_a_second_look_of_the_command(italian: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "--uri", database_uri, "--threshold", "0.97"]) == 0
    largest = max(row["size"] for row in italian.clusters.find({"current": True}))
    assert main(["cluster", "--uri", database_uri, "--threshold", "0.97", "--spread", "0.98"]) == 0
    assert "no two farther apart than 0.98" in capsys.readouterr().err
    assert max(row["size"] for row in italian.clusters.find({"current": True})) < largest
    assert main(["cluster", "--uri", database_uri, "--spread", "0.5"]) == 2
    assert "lies below the threshold, 0.75" in capsys.readouterr().err
