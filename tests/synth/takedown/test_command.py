"""`synth takedown`: all that was made of an article is found, goes, and stays away, whatever is killed.

Covers synth.takedown.lineage.

Covers synth.takedown.exports, synth.takedown.links, synth.takedown.messages, synth.takedown.removal.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, ObjectId

from synth.__main__ import main
from synth.embed import article_text
from synth.samples.sample import Sample
from synth.takedown.lineage import lineages_of
from synth.takedown.removal import take_down
from tests.fork_server import start_forked
from tests.waiting import wait_until

GONE = "https://www.ilpost.it/2026/05/01/uno/"
OTHER = "https://www.ilpost.it/2026/05/01/due/"
THIRD = "https://www.ansa.it/sito/notizie/tre.html"
ALSO = "https://www.ilpost.it/2026/05/01/uno-di-nuovo/"
DAY = datetime(2026, 5, 1, 8, tzinfo=UTC)


def article(link: str, title: str, **more: Any) -> dict[str, Any]:
    text = {"title": title, "description": "", "content": f"{title} dice molte cose."}
    return {"_id": ObjectId(), "link": link, **text, "content_hash": f"hash of {title}", "language": "it",
            "date": DAY, "source_site": "IlPost", **more}  # fmt: skip


def sample(key: str, articles: list[dict[str, Any]], calls: list[str], **more: Any) -> dict[str, Any]:
    sources = [{"title": one["title"], "link": one["link"], "content": one["content"], "id": str(one["_id"])}
               for one in articles]  # fmt: skip
    made = {"calls": calls, "articles": [one["_id"] for one in articles], "left_out": []}
    row = Sample(key, "news_summary", "q", f"answer of {key}", "it", sources=sources, provenance=made).document()
    return row | more


@pytest.fixture
def store(database: Any) -> Any:
    """Three articles; samples of one and two, of two and three, and one that left out the first."""
    one, two, three = article(GONE, "Uno", also_at=[ALSO]), article(OTHER, "Due"), article(THIRD, "Tre")
    database.articles.insert_many([one, two, three])
    database.revisions.insert_one({k: v for k, v in one.items() if k not in ("_id", "also_at")} | {"revision": 0})
    database.samples.insert_many(
        [
            sample("both", [one, two], ["c1", "shared"], judge={"calls": ["j1"]}),
            sample("older", [one, three], ["c2"], superseded=True, superseded_by="both"),
            sample("clean", [two, three], ["c3", "shared"], duplicate_of="both", duplicate_kind="near"),
            sample("heirless", [two, three], [], superseded=True, superseded_by="both"),
            sample("left", [two, three], ["c4"]),
        ]
    )
    left = {"provenance.left_out": [{"link": GONE, "reason": "copy"}], "provenance.articles": [one["_id"], two["_id"]]}
    database.samples.update_one({"key": "left"}, {"$set": left})
    database.llm_calls.insert_many([{"hash": key, "text": "t"} for key in ("c1", "c2", "c3", "c4", "j1", "shared")])
    database.ratings.insert_many([{"item": key, "rater": "r"} for key in ("both", "clean")])
    database.marks.insert_many([{"item": key, "rater": "r", "token": key} for key in ("both", "clean")])
    database.queue_rows.insert_many([{"item": key} for key in ("both", "clean")])
    database.clusters.insert_many(
        [
            {"run": "r", "number": 0, "language": "it", "current": True, "links": sorted([GONE, OTHER]),
             "articles": [one["_id"], two["_id"]], "size": 2},
            {"run": "q", "number": 0, "language": "it", "current": False, "links": [GONE], "articles": [one["_id"]],
             "size": 1},
            {"run": "q", "number": 1, "language": "it", "current": False, "links": [OTHER], "articles": [two["_id"]],
             "size": 1},
        ]
    )  # fmt: skip
    vectors = [(one, article_text(one, 10)), (one, article_text(one)), (two, article_text(two, 10))]
    texts = dict.fromkeys([text for _, text in vectors] + ["answer of both", "answer of clean"])
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    database.embeddings.insert_many([{"embedder": "st:m", "text": Binary(digest), "vector": b""} for digest in digests])
    return database


def ask(uri: str, *words: str, status: int = 0) -> None:
    assert main(["takedown", "--uri", uri, *words]) == status


def contents(database: Any) -> dict[str, Any]:
    """All that a takedown may touch."""
    names = ("articles", "revisions", "samples", "llm_calls", "ratings", "clusters", "embeddings", "fragments")
    return {name: sorted(map(repr, database[name].find())) for name in names}


def test_without_yes_it_lists_and_changes_nothing(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(store)
    ask(database_uri, GONE)
    told = capsys.readouterr().out
    assert contents(store) == before
    assert store.takedowns.count_documents({}) == store.runs.count_documents({}) == 0
    for line in (
        "article          1  2 addresses",
        "revisions        1  its earlier texts",
        "samples          2  both older, 1 of them superseded",
        "left out of      1  left",
        "events           1  it/0",
        "old events       1",
        "calls            3",
        "ratings          1",
        "nothing is removed; --yes removes it all",
    ):
        assert line in told


def test_with_yes_all_of_it_goes_and_nothing_else(
    store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(store)
    ask(database_uri, ALSO, "--yes", "--json")
    (told,) = json.loads(capsys.readouterr().out)["takedowns"]
    assert told["links"] == sorted([ALSO, GONE])
    assert sorted(told["samples"]) == ["both", "older"]
    assert {row["link"] for row in store.articles.find()} == {OTHER, THIRD}
    assert store.revisions.count_documents({}) == 0
    assert {row["key"] for row in store.samples.find()} == {"clean", "heirless", "left"}
    # A call that a sample made without the article was made with, too, did not read it.
    assert {row["hash"] for row in store.llm_calls.find()} == {"c3", "c4", "shared"}
    for name in ("ratings", "marks", "queue_rows"):
        assert [row["item"] for row in store[name].find()] == ["clean"]
    assert store.embeddings.count_documents({}) == 2
    clean, heirless, left = store.samples.find().sort("key", 1)
    assert "duplicate_of" not in clean
    assert "superseded_by" not in heirless
    assert left["provenance"]["left_out"] == []
    assert len(left["provenance"]["articles"]) == 1
    assert [(row["links"], row["size"], len(row["articles"])) for row in store.clusters.find().sort("run", -1)] == [
        ([OTHER], 1, 1), ([OTHER], 1, 1),
    ]  # fmt: skip
    for name in (GONE, ALSO, "Uno"):
        assert name not in "".join(line for lines in contents(store).values() for line in lines)
    assert before != contents(store)
    (row,) = store.takedowns.find()
    assert (row["link"], sorted(row["links"]), row["hashes"]) == (ALSO, sorted([ALSO, GONE]), ["hash of Uno"])
    assert row["removed"]["samples"] == 2
    assert row["finished_at"] >= row["requested_at"]
    run = store.runs.find_one({"stage": "takedown"})
    assert run["outcome"] == "done"
    assert run["counts"]["samples"] == 2


def test_again_it_changes_nothing(store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    ask(database_uri, GONE, "--yes")
    after, row = contents(store), store.takedowns.find_one({}, {"finished_at": 0})
    ask(database_uri, ALSO, GONE + "?utm=x", "--yes")
    assert contents(store) == after
    assert store.takedowns.find_one({}, {"finished_at": 0}) == row
    assert store.takedowns.count_documents({}) == 1
    assert "nothing is in the store: the link is remembered" in capsys.readouterr().out
    ask(database_uri, "--list")
    assert f"{GONE}  articles 1, embeddings 2, events 2, left out of 1, llm calls 3" in capsys.readouterr().out


def test_a_link_that_is_not_there_is_remembered(
    database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(database_uri, GONE)
    assert "nothing is in the store" in capsys.readouterr().out
    ask(database_uri, GONE, "--yes")
    assert database.takedowns.find_one()["links"] == [GONE]


def test_links_from_a_file(store: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "links.txt"
    path.write_text(f"# asked for on Monday\n{GONE} # by letter\n\n{THIRD}\n{ALSO}\n")
    ask(database_uri, "--file", str(path), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["removed"] is False
    assert [sorted(one["samples"]) for one in told["takedowns"]] == [
        ["both", "older"], ["clean", "heirless", "left", "older"],
    ]  # fmt: skip


@pytest.mark.parametrize("words", [[], ["no address"], [GONE, "ftp://x/y"], ["--file", "/no/such/file"]])
def test_a_bad_call_is_one_line(
    words: list[str], store: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(store)
    ask(database_uri, *words, "--yes", status=2)
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("takedown: ")
    assert contents(store) == before


_WRITES = ("update_one", "update_many", "delete_many")


def test_interrupted_after_any_write_it_goes_on(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymongo.collection import Collection

    rows = {name: list(store[name].find()) for name in store.list_collection_names()}

    class Stop(Exception):
        pass

    done = 0
    for stop_after in range(1, 100):
        for name, documents in rows.items():
            store[name].delete_many({})
            if documents:
                store[name].insert_many(documents)
        store.takedowns.delete_many({})
        writes = 0
        with monkeypatch.context() as patch:
            for method in _WRITES:
                original = getattr(Collection, method)

                def counted(
                    self: Any, *words: Any, _original: Any = original, _last: int = stop_after, **options: Any
                ) -> Any:
                    nonlocal writes
                    answer = _original(self, *words, **options)
                    writes += 1
                    if writes == _last:
                        raise Stop
                    return answer

                patch.setattr(Collection, method, counted)
            try:
                take_down(store, lineages_of(store, [GONE]))
            except Stop:
                done += 1
        lineages = lineages_of(store, [GONE])
        take_down(store, lineages)
        expected_keys = {"clean", "heirless", "left"}
        assert {row["key"] for row in store.samples.find()} == expected_keys
        assert {row["hash"] for row in store.llm_calls.find()} == {"c3", "c4", "shared"}, stop_after
        assert store.embeddings.count_documents({}) == 2
        assert store.clusters.count_documents({"links": GONE}) == store.revisions.count_documents({}) == 0
        assert not any(lineages_of(store, [GONE])[0].counts().values())
        row = store.takedowns.find_one()
        assert row["finished_at"]
        assert row["removed"]["samples"] == 2
        assert set(row["links"]) == {GONE, ALSO}
        if writes < stop_after:
            break
    assert done > 10


def test_killed_it_goes_on(store: Any, database_uri: str) -> None:
    one = store.articles.find_one({"link": GONE})
    many = [sample(f"k{n}", [one], [f"call{n}"]) for n in range(6000)]
    store.samples.insert_many(many)
    store.llm_calls.insert_many([{"hash": f"call{n}"} for n in range(6000)])
    command = [sys.executable, "-m", "synth", "takedown", "--uri", database_uri, GONE, "--yes"]

    def left() -> int:
        return int(store.samples.count_documents({}) + store.llm_calls.count_documents({}))

    killed = 0
    for _ in range(4):
        before, process = left(), start_forked("synth", command)
        wait_until(lambda before=before, process=process: left() != before or process.poll() is not None, every=0.001)
        killed += process.poll() is None
        process.kill()
        process.wait()
    ask(database_uri, GONE, "--yes")
    assert killed >= 1
    assert {row["key"] for row in store.samples.find()} == {"clean", "heirless", "left"}
    assert {row["hash"] for row in store.llm_calls.find()} == {"c3", "c4", "shared"}
    assert store.takedowns.find_one()["removed"]["samples"] == 6002
    assert store.articles.count_documents({"link": GONE}) == 0


def test_events_are_made_anew_without_it(
    database: Any, database_uri: str, sample_records: list[dict[str, Any]], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The store after takedown, cluster and summarize is that of an archive that never had the article."""
    path = tmp_path / "articles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in sample_records))
    for words in (["import", str(path)], ["cluster"], ["summarize"], ["score"]):
        assert main([*words, "--uri", database_uri]) == 0
    event = database.clusters.find_one({"current": True, "size": {"$gte": 3}}, sort=[("size", -1)])
    assert event is not None
    # A near copy is in no sample, and its words stand in another article.
    contents = {row["link"]: row["content"] for row in sample_records}
    own = {link: next(part for part in contents[link].split(". ") if len(part) > 60) for link in event["links"]}
    alone = (link for link, part in own.items() if sum(part in text for text in contents.values()) == 1)
    link = next(link for link in alone if database.samples.count_documents({"sources.link": link}))
    using = database.samples.count_documents({"sources.link": link})
    capsys.readouterr()
    ask(database_uri, link, "--yes", "--json")
    (told,) = json.loads(capsys.readouterr().out)["takedowns"]
    assert len(told["samples"]) == using == 1
    for words in (["cluster"], ["summarize"], ["score"]):
        assert main([*words, "--uri", database_uri]) == 0
    assert database.clusters.count_documents({"links": link}) == 0
    rest = sorted(set(event["links"]) - {link})
    renewed = database.clusters.find_one({"current": True, "links": rest})
    assert renewed is not None
    assert database.samples.count_documents({"event": renewed["event"], "superseded": {"$ne": True}}) == 1
    for name in database.list_collection_names():
        for row in database[name].find():
            assert name == "takedowns" or name == "runs" or link not in repr(row), name
            assert own[link] not in repr(row), name


def export_of(database: Any, folder: Path, rows: list[dict[str, Any]] | None, **more: Any) -> None:
    (folder / "litgpt").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    if rows is not None:
        (folder / "sources.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    database.runs.insert_one(
        {"stage": "export", "outcome": "done", "started_at": datetime.now(UTC),
         "configuration": {"out": str(folder), "filter": ""} | more}
    )  # fmt: skip


def test_exports_and_trainings_are_named(
    store: Any, database_uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = {"key": "both", "links": [ALSO, OTHER]}
    export_of(store, tmp_path / "first", [row, {"key": "clean", "links": [OTHER]}], filter='{"language": "it"}')
    export_of(store, tmp_path / "untouched", [{"key": "clean", "links": [OTHER]}])
    export_of(store, tmp_path / "old", None)
    store.runs.insert_one({"stage": "export", "outcome": "done", "started_at": DAY, "configuration": {"out": "lost"}})
    for name, data in (("a", "first/litgpt"), ("b", str(tmp_path / "first" / "litgpt")), ("c", "untouched/litgpt")):
        notes = tmp_path / "out" / name / "final"
        notes.mkdir(parents=True)
        text = f"data:\n  class_path: litgpt.data.JSON\n  init_args:\n    json_path: {data}\n"
        (notes / "hyperparameters.yaml").write_text(text)
        (notes / "broken.json").write_text("{")
    for words in ([], ["--yes"], []):
        ask(database_uri, GONE, *words, "--json")
        (told,) = json.loads(capsys.readouterr().out)["takedowns"]
        exports = {Path(one["folder"]).name: one["samples"] for one in told["exports"]}
        assert exports == {"first": ["both"], "old": None}
        trainings = [Path(one["folder"]).parent.name for one in told["trainings"]]
        assert trainings == ["a", "b"]
    ask(database_uri, GONE)
    said = capsys.readouterr().out
    assert "1 row uses it: delete it, or write it again: synth export --out" in said
    assert """--filter '{"language": "it"}'""" in said
    assert "does not say what is in it (no sources.jsonl)" in said
    assert "learnt from first/litgpt" in said
    assert (tmp_path / "first/sources.jsonl").exists()
