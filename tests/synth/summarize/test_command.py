"""`synth summarize` on a real store: one sample an event, whatever is killed, re-clustered or decided by people.

Covers synth.summarize, synth.summarize.answers, synth.summarize.settings, synth.summarize.writer.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
from collections import Counter
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main
from synth.cluster.events import event_key
from synth.language.segmentation import sentences
from synth.llm import load_llm
from synth.llm.token_counters import CHAT, MESSAGE, by_bytes
from synth.samples.sample import Sample, sample_key
from synth.summarize import command as module
from synth.summarize.settings import TASK, Settings
from synth.summarize.sources import REASONS
from synth.summarize.writer import summarize_events
from tests.fork_server import Forked, run_forked, start_forked
from tests.synth.summarize.conftest import EXTRACTIVE, SETTINGS, Renamed, Saying, cluster_of, samples_of, told
from tests.waiting import wait_until

LONG_TEXT = (
    "Il consiglio comunale ha approvato il bilancio con ventidue voti a favore e nove contrari, dopo una seduta, e "
    "la sindaca ha annunciato che i lavori della scuola cominceranno a settembre."
)


@pytest.mark.parametrize(("model", "status"), [("extractive", 0), ("openai:tiny", 1)])
def test_a_text_that_extraction_finds_too_short_is_no_failed_call(
    model: str, status: int, store: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run of the same events ends as the first one did."""
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setattr(module, "summarize_events", lambda *_: Counter(too_short=2, near_copy=1))
    assert main(["summarize", "--uri", database_uri, "--llm", model]) == status


def test_one_sample_an_event(store: Any) -> None:
    events = store.clusters.count_documents({})
    counts = summarize_events(store, load_llm("extractive"), SETTINGS)
    assert counts["summarized"] == events == store.samples.count_documents({})
    for sample in store.samples.find():
        cluster = store.clusters.find_one({"event": sample["event"]})
        articles = {row["link"]: row for row in store.articles.find({"link": {"$in": cluster["links"]}})}
        assert sample["key"] == sample_key(
            "news_summary", cluster["event"], f"news_summary.{cluster['language']}/3", EXTRACTIVE
        )
        assert (sample["task"], sample["status"], sample["superseded"]) == ("news_summary", "new", False)
        assert {source["link"] for source in sample["sources"]} <= set(articles)
        assert len(sample["sources"]) > 1
        dates = [source["date"] for source in sample["sources"]]
        assert dates == sorted(dates)
        assert sample["date"] == max(dates)
        assert {articles[source["link"]]["language"] for source in sample["sources"]} == {sample["language"]}
        assert {tag.casefold() for tag in sample["tags"]} == {
            tag.casefold() for source in sample["sources"] for tag in source["tags"]
        }
        assert sample["cluster_size"] == len(cluster["articles"])
        assert sample["question"].startswith(sample["instruction"] + "\n\n")
        for source in sample["sources"]:
            assert source["title"] in sample["question"]
            assert source["content"] in sample["question"]
        made = sample["provenance"]
        assert made["run"] == store.runs.find_one({"stage": "summarize"})["_id"]
        assert (made["cluster"], made["articles"]) == (cluster["_id"], cluster["articles"])
        assert (made["prompt"], made["model"]) == (f"news_summary.{sample['language']}/3", EXTRACTIVE)
        assert made["calls"] == []


def test_a_second_run_changes_nothing(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS)
    before = list(store.samples.find().sort("_id", 1))
    assert summarize_events(store, load_llm("extractive"), SETTINGS) == Counter()
    assert list(store.samples.find().sort("_id", 1)) == before


def test_what_people_did_to_a_sample_survives(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS)
    key = store.samples.find_one()["key"]
    store.samples.update_one({"key": key}, {"$set": {"status": "edited", "answer": "Di mano mia."}})
    summarize_events(store, load_llm("extractive"), SETTINGS)
    summarize_events(store, Renamed(), SETTINGS)
    row = store.samples.find_one({"key": key})
    assert (row["answer"], row["superseded"]) == ("Di mano mia.", False)
    assert store.samples.count_documents({"event": row["event"]}) == 1


def test_a_limit_a_filter_and_a_dry_run(store: Any) -> None:
    def options(**given: Any) -> argparse.Namespace:
        return argparse.Namespace(**{"limit": None, "where": None, "dry_run": False, "batch_size": 2} | given)

    llm, events = load_llm("extractive"), store.clusters.count_documents({})
    assert summarize_events(store, llm, SETTINGS, options(dry_run=True)) == {"pending": events}
    assert store.samples.count_documents({}) == store.runs.count_documents({}) == 0
    assert told(summarize_events(store, llm, SETTINGS, options(limit=3))) == {"summarized": 3}
    vietnamese = store.clusters.count_documents({"language": "vi"})
    summarize_events(store, llm, SETTINGS, options(where='{"language": "vi"}'))
    assert store.samples.count_documents({"language": "vi"}) == vietnamese
    left = events - store.samples.count_documents({})
    assert summarize_events(store, llm, SETTINGS, options(dry_run=True)) == {"pending": left}


def test_events_need_enough_articles(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), Settings(SETTINGS.prompt, min_articles=3))
    large = store.clusters.count_documents({"size": {"$gte": 3}})
    assert store.samples.count_documents({}) == large < store.clusters.count_documents({})


def test_another_model_takes_the_place(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS)
    first = {row["event"]: row["key"] for row in store.samples.find()}
    counts = summarize_events(store, Renamed(), SETTINGS)
    assert told(counts) == {"summarized": len(first), "superseded": len(first)}
    for row in store.samples.find({"provenance.model": EXTRACTIVE}):
        successor = store.samples.find_one({"key": row["superseded_by"]})
        assert row["superseded"]
        assert (successor["event"], successor["superseded"]) == (row["event"], False)
    # Asked for the first again, nothing is written anew: it counts again.
    back = summarize_events(store, load_llm("extractive"), SETTINGS)
    assert back == {"current_again": len(first), "superseded": len(first)}
    assert {row["event"]: row["key"] for row in store.samples.find({"superseded": False})} == first


def test_a_rejected_sample_takes_nobodys_place(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS)
    key = store.samples.find_one()["key"]
    store.samples.update_one({"key": key}, {"$set": {"status": "rejected"}})
    summarize_events(store, Renamed(), SETTINGS)
    event = store.samples.find_one({"key": key})["event"]
    other = store.samples.find_one({"event": event, "provenance.model": "other/1"})
    assert not other["superseded"]
    summarize_events(store, load_llm("extractive"), SETTINGS)
    assert not store.samples.find_one({"key": other["key"]})["superseded"]


def test_a_dissolved_event_leaves_its_sample_to_the_heir(store: Any) -> None:
    llm = load_llm("extractive")
    summarize_events(store, llm, SETTINGS)
    one, two, gone = store.clusters.find({"language": "it"}).sort("number", 1).limit(3)
    rows = list(store.articles.find({"link": {"$in": one["links"] + two["links"]}}))
    store.clusters.update_many({"_id": {"$in": [one["_id"], two["_id"], gone["_id"]]}}, {"$set": {"current": False}})
    store.clusters.insert_one(cluster_of(store, rows, 1000))
    counts = summarize_events(store, llm, SETTINGS)
    assert told(counts) == {"summarized": 1, "superseded": 3}
    heir = store.samples.find_one({"event": event_key(row["link"] for row in rows)})
    for cluster, by in ((one, heir["key"]), (two, heir["key"]), (gone, None)):
        row = store.samples.find_one({"event": cluster["event"]})
        assert (row["superseded"], row.get("superseded_by")) == (True, by)
    assert summarize_events(store, llm, SETTINGS) == Counter()
    # The old partition comes back: so do its samples.
    store.clusters.update_many({"number": {"$lt": 1000}}, {"$set": {"current": True}})
    store.clusters.update_one({"number": 1000}, {"$set": {"current": False}})
    assert summarize_events(store, llm, SETTINGS) == {"current_again": 3, "superseded": 1}
    assert store.samples.count_documents({"superseded": False}) == store.clusters.count_documents({"current": True})
    assert not list(store.samples.find({"superseded": False, "superseded_by": {"$exists": True}}))


@pytest.mark.parametrize(
    ("llm", "reason"),
    [
        (Saying(""), "empty"),
        (Saying(" \n"), "empty"),
        (Saying("<think>Vediamo.</think>"), "empty"),
        (Saying("Non posso aiutarti."), "refusal"),
        (Saying("Il ponte riapre a marzo."), "too_short"),
        (Saying("parola " * 40), "looping"),
        (Saying(LONG_TEXT, "length"), "truncated"),
        (Saying(LONG_TEXT, "content_filter"), "refused"),
        (Saying("", "refusal"), "refused"),
    ],
)
def test_answers_that_are_none_are_counted_by_name(store: Any, llm: Saying, reason: str) -> None:
    events = store.clusters.count_documents({})
    assert told(summarize_events(store, llm, SETTINGS)) == {reason: events}
    assert store.samples.count_documents({}) == 0
    assert told(store.runs.find_one({"stage": "summarize"})["counts"]) == {reason: events}


def test_near_copies_are_no_sources(store: Any) -> None:
    """An agency's text in two newspapers is one text, and an event of nothing else has no sample."""
    (cluster,) = store.clusters.find({"language": "it", "size": 2}).limit(1)
    one, two = (store.articles.find_one({"_id": key}) for key in cluster["articles"])
    copied = one["content"].replace("ha", "ha appena", 1) + " (ANSA)"
    store.articles.update_one({"_id": two["_id"]}, {"$set": {"content": copied}})
    counts = summarize_events(store, load_llm("extractive"), SETTINGS)
    assert counts["single_source"] == 1
    assert counts["near_copy"] > 1
    assert not store.samples.find_one({"event": cluster["event"]})
    for sample in store.samples.find():
        out = sample["provenance"]["left_out"]
        assert len(sample["sources"]) + len(out) == sample["cluster_size"]
        assert {row["reason"] for row in out} <= set(REASONS)
        assert not {row["link"] for row in out} & {source["link"] for source in sample["sources"]}


def test_a_question_says_what_it_costs(store: Any) -> None:
    counted = dataclasses.replace(SETTINGS, count=by_bytes)
    summarize_events(store, load_llm("extractive"), counted)
    for sample in store.samples.find():
        assert sample["question_tokens"] == CHAT + MESSAGE + len(sample["question"].encode())
        assert sample["provenance"]["tokens_by"] == "bytes"


def retold(store: Any, texts: str, content: str = "") -> dict[str, Any]:
    """The first event with other texts under the same links, as `synth cluster` stores it again."""
    cluster: dict[str, Any] = store.clusters.find_one({}, sort=[("number", 1)])
    store.clusters.update_one({"_id": cluster["_id"]}, {"$set": {"texts": texts}})
    if content:
        store.articles.update_one({"_id": cluster["articles"][0]}, {"$set": {"content": content}})
    return cluster


def test_a_changed_text_under_the_same_links_makes_a_new_sample(store: Any) -> None:
    llm = load_llm("extractive")
    retold(store, "t1")
    summarize_events(store, llm, SETTINGS)
    cluster = retold(store, "t2", "Il ponte resta chiuso. La giunta ha deciso ieri sera, dopo una lunga riunione.")
    first = store.samples.find_one({"event": cluster["event"]})
    assert first["key"] == sample_key(TASK, cluster["event"], first["provenance"]["prompt"], EXTRACTIVE, "t1")
    assert told(summarize_events(store, llm, SETTINGS)) == {"summarized": 1, "superseded": 1}
    second = store.samples.find_one({"event": cluster["event"], "superseded": False})
    assert second["provenance"]["texts"] == "t2"
    assert "Il ponte resta chiuso." in second["question"]
    old = store.samples.find_one({"key": first["key"]})
    assert (old["superseded"], old["superseded_by"]) == (True, second["key"])
    assert summarize_events(store, llm, SETTINGS) == Counter()
    # The old text comes back: so does its sample.
    retold(store, "t1")
    assert summarize_events(store, llm, SETTINGS) == {"superseded": 1, "current_again": 1}
    assert not store.samples.find_one({"key": first["key"]})["superseded"]


def test_samples_of_before_are_made_again_without_being_paid_again(store: Any) -> None:
    """Events that were stored without `texts`: the key of their samples stays; the ledger knows the same request."""
    summarize_events(store, load_llm("extractive"), SETTINGS)
    cluster = retold(store, "t1")
    before = store.samples.find_one({"event": cluster["event"]})
    assert before["key"] == sample_key(TASK, cluster["event"], before["provenance"]["prompt"], EXTRACTIVE)
    assert told(summarize_events(store, load_llm("extractive"), SETTINGS)) == {"summarized": 1, "superseded": 1}
    after = store.samples.find_one({"event": cluster["event"], "superseded": False})
    assert after["question"] == before["question"]
    # What a person accepted is not asked for again, whatever the newspaper prints.
    store.samples.update_one({"key": after["key"]}, {"$set": {"status": "accepted"}})
    retold(store, "t2")
    assert summarize_events(store, load_llm("extractive"), SETTINGS) == Counter()


def test_articles_that_are_gone_leave_no_sample(store: Any) -> None:
    store.articles.delete_many({})
    assert set(summarize_events(store, load_llm("extractive"), SETTINGS)) == {"single_source"}


def test_a_reply_is_cleaned_before_it_is_a_sample(store: Any) -> None:
    """The ways of cleaning are tested in synth.replies: here, that each reply goes through them."""
    only = argparse.Namespace(where='{"language": "it"}', limit=1)
    assert told(summarize_events(store, Saying(f"Ecco il riassunto:\n\n{LONG_TEXT}</s>"), SETTINGS, only)) == {
        "summarized": 1
    }
    assert store.samples.find_one()["answer"] == LONG_TEXT
    store.samples.delete_many({})
    vietnamese = (
        "Hội đồng thành phố đã thông qua kế hoạch xây cầu mới với hai mươi hai phiếu thuận và chín phiếu chống. "
    )
    assert told(summarize_events(store, Saying(vietnamese), SETTINGS, only)) == {"wrong_language": 1}


def test_the_key_is_of_what_makes_the_sample() -> None:
    assert Settings(SETTINGS.prompt, max_sentences=3).prompt_id("it") == "news_summary.it/3?max_sentences=3"
    assert Settings(SETTINGS.prompt, source_sentences=2).prompt_id("it") == "news_summary.it/3?source_sentences=2"
    assert Settings(SETTINGS.prompt, min_articles=5).prompt_id("nl") == "news_summary.en/3"


def test_samples_of_the_beginnings_of_articles(store: Any) -> None:
    """Question, sources and answer are of the same sentences; whoever asks for whole articles gets other samples."""
    shorter = dataclasses.replace(SETTINGS, source_sentences=1)
    summarize_events(store, load_llm("extractive"), shorter)
    rows = list(store.samples.find())
    assert len(rows) > 10
    for row in rows:
        assert all(len(sentences(source["content"], row["language"])) <= 1 for source in row["sources"])
        assert all(source["content"] in row["question"] for source in row["sources"])
        told = " ".join(source["content"] for source in row["sources"])
        assert all(sentence in told for sentence in sentences(row["answer"], row["language"]))
    summarize_events(store, load_llm("extractive"), SETTINGS)
    prompts = store.samples.distinct("provenance.prompt", {"superseded": {"$ne": True}})
    assert not [name for name in prompts if "source_sentences" in name], "an event has two samples"


def start(uri: str, *words: str) -> Forked:
    line = [sys.executable, "-m", "synth", "summarize", *words]
    return start_forked("synth", line, environment=os.environ | {"MONGODB_URI": uri})


def test_killed_in_the_middle_and_started_again_it_ends_the_same(store: Any, database_uri: str) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS)
    undisturbed = samples_of(store)
    store.samples.delete_many({})
    store.runs.delete_many({})
    killed = 0
    for part in (1, len(undisturbed) // 2):
        process = start(database_uri, "--batch-size", "1")
        wait_until(lambda part=part: store.samples.count_documents({}) >= part, every=0.002, process=process)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
    assert killed, "both runs ended before they could be killed"
    assert store.samples.count_documents({}) < len(undisturbed)
    environment = os.environ | {"MONGODB_URI": database_uri}
    last = run_forked("synth", [sys.executable, "-m", "synth", "summarize", "--json"], environment=environment)
    assert last.returncode == 0
    assert json.loads(last.stdout)["summarized"] < len(undisturbed)
    assert samples_of(store) == undisturbed
    assert store.runs.count_documents({"stage": "summarize", "outcome": "killed"}) == killed


def test_two_at_once_double_nothing(store: Any, database_uri: str) -> None:
    both = [start(database_uri, "--batch-size", "1") for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert store.samples.count_documents({}) == store.clusters.count_documents({})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--min-articles", "1"], "at least two articles"),
        (["--max-sentences", "0"], "--max-sentences 0: at least 1"),
        (["--source-sentences", "0"], "--source-sentences 0: at least 1"),
        (["--llm", "gpt"], "did you mean openai:gpt"),
        (["--where", "{"], "bad filter"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], said: str, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    assert main(["summarize", *words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("summarize: ")
    assert said in told
    assert told.count("\n") == 1


def test_the_help_explains_lone_articles(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["summarize", "--help"])
    assert "stands alone" in capsys.readouterr().out


def test_bad_settings_never_reach_the_store() -> None:
    options = argparse.Namespace(
        min_articles=2, max_sentences=None, concurrency=0, uri="mongodb://127.0.0.1:9", llm="x"
    )
    with pytest.raises(NewsmillError, match="--concurrency 0"):
        module.main(options)


def test_a_sample_has_every_field_of_the_row(store: Any) -> None:
    summarize_events(store, load_llm("extractive"), SETTINGS, argparse.Namespace(limit=1))
    row = store.samples.find_one()
    assert set(row) - {"_id"} == set(Sample(key="", task="", question="", answer="", language="").document())
