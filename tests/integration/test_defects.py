"""What went wrong in the systems this one descends from, one test a defect; most have closer tests elsewhere, too."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from crawler.items import RecordError, article_from_record
from synth.__main__ import main
from synth.judge import parse_reply
from synth.llm.openai_client import ChatServer, Retries
from synth.prompts import load_prompt
from synth.score.stage import batch_scores
from synth.summarize.sources import select_sources
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture

stand = stand_fixture

CODE = "```python\nfor number in range(10):\n    print(number)\n```"


@pytest.fixture
def chain(database: Any, database_uri: str, root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The sample articles imported, clustered, summarised and scored."""
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    for words in (["import", str(root / "demo/articles.jsonl")], ["cluster"], ["summarize"], ["score"]):
        assert main(words) == 0
    return database


def ask(server: ChatServer, messages: list[dict[str, str]]) -> str:
    import asyncio

    return asyncio.run(server.complete(messages)).text


def test_the_prompt_was_percent_encoded_before_it_was_sent(stand: ChatStand) -> None:
    source = {
        "title": "Più «caro»: +5,5%",
        "content": "Costa 100€ & più; à Hà Nội? %20\n\nE 😀.",
        "source_site": "Ansa",
    }
    messages = load_prompt("news_summary").render(language="it", max_sentences=None, sources=[source, source])
    ask(ChatServer("tiny", stand.url), messages)
    assert stand.bodies[0]["messages"] == messages
    assert source["content"] in stand.bodies[0]["messages"][-1]["content"]
    assert "%C3" not in json.dumps(stand.bodies[0])


def test_the_backoff_function_existed_and_was_never_called(stand: ChatStand) -> None:
    stand.script = [(429, {"Retry-After": "0.3"}, {"error": {"message": "slow down"}}), (503, {}, "")]
    began = time.monotonic()
    assert (
        ask(ChatServer("tiny", stand.url, retries=Retries(first_wait=0.2)), [{"role": "user", "content": "Ciao"}])
        == stand.answer
    )
    assert len(stand.asked) == 3
    assert time.monotonic() - began >= 0.5


def test_rows_the_translator_skipped_kept_the_target_languages_label() -> None:
    """The language of an answer is told by its own text, whatever the row says it is in."""

    class Near:
        name = "near"

        def encode(self, texts: list[str]) -> Any:
            import numpy

            return numpy.ones((len(texts), 1))

    english = "The council approved the budget after a long debate, and the mayor thanked everyone for coming."
    for answer, found in ((english, "en"), (CODE, "unknown")):
        sample = {"answer": answer, "language": "it", "sources": [{"title": "T", "content": "C"}]}
        scores = batch_scores([sample], Near())[0]
        assert scores["detected_language"] == found != sample["language"]


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("4.5\nThe response of 2024 names 3 of 5 facts.", 4.5),
        ("In 2024 the response would have been better. I give it 4.", None),
        ("The response has 3 errors.\n2", None),
        ("", None),
    ],
)
def test_the_score_was_the_first_number_anywhere(reply: str, score: float | None) -> None:
    assert parse_reply(reply)[0] == score


def test_clusters_overlapped(chain: Any) -> None:
    events = list(chain.clusters.find({"current": True}))
    held = Counter(link for event in events for link in event["links"])
    assert len(events) > 10
    assert set(held.values()) == {1}
    assert all(len(event["links"]) == len(event["articles"]) == event["size"] >= 2 for event in events)


def test_no_unique_index_so_a_second_run_doubled_every_row(chain: Any, root: Path) -> None:
    names = ("articles", "clusters", "samples", "revisions")
    before = {name: chain[name].count_documents({}) for name in names}
    for words in (["import", str(root / "demo/articles.jsonl")], ["cluster"], ["summarize"], ["score"]):
        assert main(words) == 0
    assert {name: chain[name].count_documents({}) for name in names} == before
    for name, field in (("articles", "link"), ("samples", "key")):
        row = chain[name].find_one({}, {"_id": 0})
        with pytest.raises(DuplicateKeyError):
            chain[name].insert_one(row)
        assert chain[name].count_documents({field: row[field]}) == 1


def test_training_rows_were_shown_as_before_training_examples(chain: Any) -> None:
    """What a model is shown and examined on comes from events that it was not trained on."""
    assert main(["export", "--out", "export"]) == 0
    sides = {
        name: json.loads(Path(f"export/litgpt/{name}.json").read_text(encoding="utf-8")) for name in ("train", "val")
    }
    assert sides["train"]
    assert sides["val"]
    events: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for name, rows in sides.items():
        answers = [row["output"] for row in rows]
        made = list(chain.samples.find({"answer": {"$in": answers}}))
        events[name] = {sample["event"] for sample in made}
        sources[name] = {source["link"] for sample in made for source in sample["sources"]}
    assert not events["train"] & events["val"]
    assert not sources["train"] & sources["val"]


def test_149_of_858_articles_had_an_empty_body(chain: Any) -> None:
    row = {"title": "Titolo", "link": "https://www.ansa.it/sito/notizie/x/2026/05/04/y_1.html", "date": "2026-05-04",
           "source_site": "Ansa"}  # fmt: skip
    for content in ("", " \n ", None):
        with pytest.raises(RecordError) as refused:
            article_from_record({**row, "content": content})
        assert refused.value.reason
    assert not chain.articles.find_one({"content": {"$in": ["", None]}})
    # Should one be in the store all the same, it is nobody's source.
    bare = {"_id": 1, "title": "T", "link": "l", "content": " ", "date": None, "language": "it"}
    assert select_sources([bare], "it").left_out == [{"link": "l", "reason": "no_text"}]
    assert not chain.samples.find_one({"sources": {"$elemMatch": {"content": ""}}})


def test_dates_stayed_free_text(chain: Any) -> None:
    row = {"title": "Titolo", "content": "Il testo dell'articolo.", "source_site": "Ansa",
           "link": "https://www.ansa.it/sito/notizie/x/2026/05/04/y_1.html"}  # fmt: skip
    for printed in ("4 maggio 2026, 08:52", "2026-05-04T08:52:00+02:00", "Mon, 04 May 2026 06:52:00 +0000"):
        assert article_from_record({**row, "date": printed}).date == datetime(2026, 5, 4, 6, 52, tzinfo=UTC)
    for collection, field in (("articles", "date"), ("samples", "date"), ("samples", "sources.date")):
        assert chain[collection].count_documents({field: {"$type": "string"}}) == 0
        assert chain[collection].count_documents({field: {"$gte": datetime(2026, 1, 1, tzinfo=UTC)}}) > 10


def test_any_similarity_was_taken_for_all(chain: Any) -> None:
    """The older system's query, {"similarity": {"$elemMatch": {"$gt": x}}}, finds samples with one similar source."""
    samples = list(chain.samples.find({}, {"similarity": 1, "min_similarity": 1}))
    limit = statistics.median(value for sample in samples for value in sample["similarity"])
    every = {sample["_id"] for sample in samples if min(sample["similarity"]) > limit}

    def found(query: dict[str, Any]) -> set[Any]:
        return {row["_id"] for row in chain.samples.find(query, {"_id": 1})}

    assert found({"similarity": {"$not": {"$elemMatch": {"$lte": limit}}}}) == every
    assert found({"min_similarity": {"$gt": limit}}) == every
    assert found({"similarity": {"$elemMatch": {"$gt": limit}}}) > every
    assert all(math.isclose(sample["min_similarity"], min(sample["similarity"])) for sample in samples)


def test_clusters_larger_than_the_context_window(chain: Any, stand: ChatStand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named a challenge there, and solved by recursion; the bound of every call is tested in test_divide."""
    monkeypatch.setenv("LLM_BASE_URL", stand.url)
    words = [
        "summarize",
        "--llm",
        "openai:tiny",
        "--context",
        "4200",
        "--max-answer-tokens",
        "600",
        "--tokenizer",
        "bytes",
    ]
    assert main([*words, "--where", '{"language": "it"}']) == 0
    for body in stand.bodies:
        assert sum(len(one["content"].encode()) for one in body["messages"]) + body["max_tokens"] <= 4200
    run = chain.runs.find_one({"stage": "summarize", "configuration.llm": "openai:tiny"})
    assert run["counts"]["divided"] > 0
    assert run["counts"]["calls"] == len({json.dumps(body["messages"]) for body in stand.bodies})
