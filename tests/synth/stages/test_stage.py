"""A stage does what is pending, once: with limits, filters, a dry run, and after kill -9 in the middle.

Covers synth.stages.options, synth.stages.progress.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import UpdateOne

from crawler.items import NewsmillError
from crawler.mongo import name_of
from synth.stages.options import add_stage_arguments
from synth.stages.progress import has_nothing_to_read, print_counts
from synth.stages.stage import Stage, run_stage
from tests.waiting import wait_until

PENDING = {"double": {"$exists": False}}


def doubling(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
    writes = [UpdateOne({"_id": row["_id"]}, {"$set": {"double": 2 * row["n"]}}) for row in batch]
    return writes, Counter(doubled=len(batch), even=sum(row["n"] % 2 == 0 for row in batch))


def stage(work: Any = doubling, **more: Any) -> Stage:
    return Stage("double", "samples", PENDING, work, **{"batch_size": 10, **more})


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_stage_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def store(database: Any) -> Any:
    database.samples.insert_many([{"key": str(n), "n": n} for n in range(35)])
    return database


def doubled(database: Any) -> int:
    return int(database.samples.count_documents({"double": {"$exists": True}}))


def test_everything_pending_is_done_once(store: Any) -> None:
    assert run_stage(store, stage()) == Counter(doubled=35, even=18)
    assert run_stage(store, stage()) == Counter()
    assert all(row["double"] == 2 * row["n"] for row in store.samples.find())


def test_a_run_leaves_a_row(store: Any) -> None:
    run_stage(store, stage(), configuration={"embedder": "tfidf"})
    row = store.runs.find_one()
    assert row["stage"] == "double"
    assert row["outcome"] == "done"
    assert row["counts"] == {"doubled": 35, "even": 18}
    assert row["configuration"] == {"embedder": "tfidf"}
    assert row["finished_at"] >= row["started_at"]


def test_a_dry_run_writes_nothing(store: Any) -> None:
    before = list(store.samples.find())
    assert run_stage(store, stage(), options("--dry-run", "--limit", "30")) == Counter(pending=30)
    assert list(store.samples.find()) == before
    assert store.runs.count_documents({}) == 0


def test_a_limit_goes_on_where_it_stopped(store: Any) -> None:
    assert run_stage(store, stage(), options("--limit", "12"))["doubled"] == 12
    assert run_stage(store, stage(), options("--limit", "30"))["doubled"] == 23
    assert doubled(store) == 35


def test_where_narrows_what_is_pending(store: Any) -> None:
    counts = run_stage(store, stage(), options("--where", '{"n": {"$lt": 5}}'))
    assert counts["doubled"] == 5
    assert run_stage(store, stage(), options("--where", '{"n": {"$lt": 7}}'))["doubled"] == 2


@pytest.mark.parametrize("size", ["1", "7", "100"])
def test_the_size_of_a_batch_changes_nothing(store: Any, size: str) -> None:
    assert run_stage(store, stage(), options("--batch-size", size)) == Counter(doubled=35, even=18)


@pytest.mark.parametrize("words", [("--limit", "0"), ("--limit", "-1"), ("--batch-size", "0"), ("--limit", "x")])
def test_numbers_that_make_no_sense_are_refused(words: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as done:
        options(*words)
    assert done.value.code == 2


def test_a_coroutine_keeps_one_loop_over_all_batches(store: Any) -> None:
    import asyncio

    loops = set()

    async def work(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
        loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0)
        return doubling(batch)

    assert run_stage(store, stage(work))["doubled"] == 35
    assert len(loops) == 1


def test_what_a_run_writes_is_not_pending_in_it(store: Any) -> None:
    """A stage that adds documents to its own collection ends all the same."""

    def work(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
        writes, counts = doubling(batch)
        more = [UpdateOne({"key": f"new {row['key']}"}, {"$set": {"n": 1}}, upsert=True) for row in batch]
        return [*writes, *more], counts

    assert run_stage(store, stage(work))["doubled"] == 35
    assert store.samples.count_documents(PENDING) == 35


def test_documents_deleted_meanwhile_are_passed_over(store: Any) -> None:
    def work(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
        store.samples.delete_many({"n": {"$gte": 20}})
        return doubling(batch)

    assert run_stage(store, stage(work))["doubled"] == 20


def test_another_target_and_a_projection(store: Any) -> None:
    def work(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
        assert all(set(row) == {"_id", "n"} for row in batch)
        return [UpdateOne({"n": row["n"]}, {"$set": {"n": row["n"]}}, upsert=True) for row in batch], Counter(copied=1)

    run_stage(store, stage(work, target="copies", projection={"n": 1}))
    assert store.copies.count_documents({}) == 35
    assert doubled(store) == 0


def test_another_runner_computes_the_batches(store: Any) -> None:
    sizes: list[int] = []

    def backwards(work: Any, batches: Iterator[list[dict[str, Any]]]) -> Iterator[Any]:
        for batch in reversed(list(batches)):
            sizes.append(len(batch))
            yield work(batch)

    assert run_stage(store, stage(), runner=backwards)["doubled"] == 35
    assert sizes == [5, 10, 10, 10]


def test_a_failure_keeps_what_was_written(store: Any) -> None:
    def work(batch: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
        if doubled(store) >= 20:
            raise ValueError("no more")
        return doubling(batch)

    with pytest.raises(ValueError, match="no more"):
        run_stage(store, stage(work))
    assert store.runs.find_one()["outcome"] == "failed"
    assert store.runs.find_one()["counts"]["doubled"] == 20
    assert run_stage(store, stage())["doubled"] == 15


_SLOW = """
import sys, threading
sys.path.insert(0, {root!r})
from collections import Counter
from pymongo import UpdateOne
from crawler.mongo import connect
from synth.stages.stage import Stage, run_stage

def work(batch):
    # Slow enough to be killed between two batches.
    threading.Event().wait(0.05)
    writes = [UpdateOne({{"_id": row["_id"]}}, {{"$set": {{"double": 2 * row["n"]}}}}) for row in batch]
    zero = {{"$setOnInsert": {{"double": 0}}}}
    made = [UpdateOne({{"key": f"of {{row['key']}}"}}, zero, upsert=True) for row in batch]
    return writes + made, Counter(doubled=len(batch))

database = connect()
stage = Stage("double", "samples", {{"double": {{"$exists": False}}}}, work, batch_size=2)
print("ready", flush=True)
run_stage(database, stage)
"""


def rows(database: Any) -> list[dict[str, Any]]:
    return list(database.samples.find({}, {"_id": 0}).sort("key", 1))


def test_killed_in_the_middle_it_ends_as_if_undisturbed(
    store: Any, database_uri: str, root: Path, server_uri: str
) -> None:
    program = textwrap.dedent(_SLOW.format(root=str(root)))
    environment = os.environ | {"MONGODB_URI": database_uri}
    for _ in range(2):
        before = doubled(store)
        process = subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE)
        wait_until(lambda before=before: doubled(store) >= before + 4, every=0.01, process=process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert 0 < store.samples.count_documents({"n": {"$exists": True}, **PENDING}) < 35
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, stdout=subprocess.PIPE)
    expected = [{"key": str(n), "n": n, "double": 2 * n} for n in range(35)]
    expected += [{"key": f"of {n}", "double": 0} for n in range(35)]
    assert rows(store) == sorted(expected, key=lambda row: str(row["key"]))
    outcomes = Counter(row["outcome"] for row in store.runs.find())
    assert outcomes == Counter(killed=2, done=1)


def test_a_bad_operator_is_the_users_mistake(store: Any) -> None:
    with pytest.raises(NewsmillError, match=r"bad filter: no operator '\$foo'"):
        run_stage(store, stage(), options("--where", '{"n": {"$foo": 1}}'))


def test_counts_are_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_counts("score", Counter(scored=1200, other_language=2, none=0), False, "synth export")
    print_counts("score", Counter(), False)
    print_counts("score", Counter(scored=2), True, "synth export")
    assert capsys.readouterr().out.splitlines() == [
        "score: 2 other language, 1,200 scored; next: synth export",
        "score: nothing to do",
        '{"scored": 2}',
    ]


_CRAWL = "scrapy crawl ansa -a limit=200 (or synth import FILE)"


@pytest.mark.parametrize(
    ("collection", "full", "line"),
    [
        ("samples", [], f"the store is empty ({{}}); first: {_CRAWL}, synth cluster, synth summarize"),
        ("articles", [], f"the store is empty ({{}}); first: {_CRAWL}"),
        ("samples", ["articles"], "there are no samples in the store ({}); first: synth cluster, synth summarize"),
        ("samples", ["articles", "clusters"], "there are no samples in the store ({}); first: synth summarize"),
        ("clusters", ["articles"], "there are no clusters in the store ({}); first: synth cluster"),
        ("articles", ["samples"], f"there are no articles in the store ({{}}); first: {_CRAWL}"),
    ],
)
def test_an_empty_collection_is_no_success_and_what_fills_it_is_said(
    store: Any, capsys: pytest.CaptureFixture[str], collection: str, full: list[str], line: str
) -> None:
    store.samples.delete_many({})
    for name in full:
        store[name].insert_one({"key": name, "link": name})
    asked = argparse.Namespace(json=False)
    assert has_nothing_to_read(store, "judge", collection, asked, Counter())
    assert capsys.readouterr() == ("", f"judge: {line.format(name_of(store))}\n")
    assert has_nothing_to_read(store, "judge", collection, argparse.Namespace(json=True), Counter(calls=0))
    assert capsys.readouterr().out == "{}\n"


def test_a_run_that_did_something_or_only_counts_is_a_success(store: Any) -> None:
    store.samples.delete_many({})
    asked = argparse.Namespace(json=False)
    assert not has_nothing_to_read(store, "cluster", "articles", asked, Counter(events=1))
    assert not has_nothing_to_read(store, "cluster", "articles", argparse.Namespace(dry_run=True), Counter(pending=0))
    store.samples.insert_one({"key": "a"})
    assert not has_nothing_to_read(store, "score", "samples", asked, Counter())
