"""`synth summarize`: one sample for each current event, written from all its sources."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.items import NewsmillError
from crawler.mongo import connect
from synth.llm import LLM, Completion, LLMError, load_llm
from synth.prompts import Prompt, load_prompt
from synth.samples import Sample, sample_key, source_of
from synth.stage import Stage, add_stage_arguments, print_counts, run_stage
from synth.text import words

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stage import Outcome

TASK = "news_summary"
#: Words below which an answer to several articles is no summary of them.
SHORTEST = 20
#: Confidence from which a text's language is what it seems, whatever its newspaper's is.
_SURE = 0.9
#: Failures of one kind that are told on stderr; the rest is only counted.
_SHOWN = 3
#: Samples and links looked at in one query when the superseded are found.
_CHUNK = 500
#: What a person has decided on stays, whatever a model writes later.
_CURATED = ("accepted", "edited")

_HEADING = re.compile(
    r"\A(?:#+ *|\*\*)?(?:Riassunto|Sintesi|Testo integrato|Tóm tắt|Bản tóm tắt|Summary) *:?(?:\*\*)? *:?\s*\n",
    re.IGNORECASE,
)

DESCRIPTION = """Write one sample for each current event, from all its sources.

An event is a cluster of at least two articles (synth cluster stores no others): an article that stands alone is no
sample, because a summary of one text integrates nothing, and its similarity to its only source says nothing. The
dataset this descends from was made in the same way: 858 articles, 224 samples, each of two sources or more.

The sample of an event is never written twice with the same prompt and model. Another model's sample takes the place
of the earlier one (superseded), unless a person accepted or edited that. Samples of events that synth cluster has
dissolved are marked superseded, too, and named after the event that took their articles."""


@dataclass(frozen=True)
class Settings:
    """What a summary depends on besides the event; part of the key where it changes the wording."""

    prompt: Prompt
    max_sentences: int | None = None
    min_articles: int = 2
    concurrency: int = 8

    @property
    def prompt_id(self) -> str:
        """As recorded: another limit makes another sample."""
        return self.prompt.id + (f"?max_sentences={self.max_sentences}" if self.max_sentences else "")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.epilog = "example: LLM_API_KEY=… synth summarize --llm openai:gpt-4o-mini --min-articles 3 --limit 10"
    parser.add_argument("--llm", default="extractive", metavar="NAME", help="extractive or openai:MODEL (extractive)")
    parser.add_argument("--min-articles", type=int, default=2, metavar="N", help="articles an event needs (2)")
    parser.add_argument("--max-sentences", type=int, metavar="N", help="sentences of a summary (default: no limit)")
    parser.add_argument("--concurrency", type=int, default=8, metavar="N", help="calls to the model at a time (8)")
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    if options.min_articles < 2:
        raise NewsmillError(f"--min-articles {options.min_articles}: an event has at least two articles")
    for name in ("max_sentences", "concurrency"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise NewsmillError(f"--{name.replace('_', '-')} {getattr(options, name)}: at least 1")
    settings = Settings(load_prompt(TASK), options.max_sentences, options.min_articles, options.concurrency)
    database = connect(options.uri)
    llm = load_llm(options.llm, database.llm_calls)
    counts = summarize_events(database, llm, settings, options)
    print_counts("summarize", counts, options.json, "synth score")
    return 0


def summarize_events(
    database: Database[dict[str, Any]], llm: LLM, settings: Settings, options: argparse.Namespace | None = None
) -> Counter[str]:
    """Write the missing samples, then mark those whose place was taken; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    wanted = {"_id": {"$in": _pending(database, llm.name, settings)}}
    stage = Stage(
        "summarize", "clusters", wanted, _Writer(database, llm, settings).work, batch_size=32, target="samples"
    )
    configuration = {
        "llm": llm.name, "prompt": settings.prompt_id, "min_articles": settings.min_articles,
        "max_sentences": settings.max_sentences,
    }  # fmt: skip
    counts = run_stage(database, stage, options, configuration)
    if not getattr(options, "dry_run", False):
        counts = counts + supersede(database, llm.name, settings.prompt_id)
    return counts


def _pending(database: Database[dict[str, Any]], model: str, settings: Settings) -> list[Any]:
    """Ids of the current events without a sample by this prompt and model, and without one that a person approved."""
    mine = {"provenance.prompt": settings.prompt_id, "provenance.model": model}
    approved = {"status": {"$in": _CURATED}, "superseded": {"$ne": True}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"current": True, "size": {"$gte": settings.min_articles}}},
        {"$lookup": {"from": "samples", "localField": "event", "foreignField": "event", "as": "made",
                     "pipeline": [{"$match": {"task": TASK, "$or": [mine, approved]}}, {"$limit": 1},
                                  {"$project": {"_id": 1}}]}},
        {"$match": {"made": []}},
        {"$project": {"_id": 1}},
    ]  # fmt: skip
    return [row["_id"] for row in database.clusters.aggregate(pipeline, allowDiskUse=True)]


# ---- one batch of events


class _Writer:
    """Writes the samples of a batch of events; `work` is the stage's batch function."""

    def __init__(self, database: Database[dict[str, Any]], llm: LLM, settings: Settings) -> None:
        self.database, self.llm, self.settings = database, llm, settings
        self.places = asyncio.Semaphore(settings.concurrency)
        self.run = ""
        self.told: Counter[str] = Counter()
        #: replies that were asked for (`calls`) or in the ledger (`cached`), in this batch.
        self.replies: Counter[str] = Counter()

    async def work(self, batch: list[dict[str, Any]]) -> Outcome:
        """Events -> upserts of their samples, at most `concurrency` calls at a time."""
        from pymongo import UpdateOne

        self.run = self.run or await asyncio.to_thread(_run_id, self.database)
        self.replies.clear()
        articles = await asyncio.to_thread(_articles_of, self.database, batch)
        async with self.llm:
            made = await _together([asyncio.ensure_future(self._one(cluster, articles)) for cluster in batch])
        samples = [sample for sample in made if isinstance(sample, Sample)]
        counts = Counter(sample if isinstance(sample, str) else "summarized" for sample in made) + self.replies
        # setOnInsert: a sample that is there may have been scored or edited since.
        return [
            UpdateOne({"key": sample.key}, {"$setOnInsert": sample.document()}, upsert=True) for sample in samples
        ], counts

    async def _one(self, cluster: Mapping[str, Any], articles: Mapping[Any, dict[str, Any]]) -> Sample | str:
        """The sample of one event, or the name of the reason why there is none."""
        found = [articles[key] for key in cluster["articles"] if key in articles]
        language, sources = sources_of(found, cluster["language"])
        if len(sources) < 2:
            return "one_text_only"
        fields = {"language": language, "max_sentences": self.settings.max_sentences, "sources": sources}
        messages = self.settings.prompt.render(**fields)
        given = {"documents": sources, "language": language, "max_sentences": self.settings.max_sentences}
        try:
            async with self.places:
                reply = await self.llm.complete(messages, **given if self.llm.takes_documents else {})
        except LLMError as error:
            if error.fatal:
                raise
            self._tell(cluster, error)
            return error.reason
        if reply.call:
            self.replies["cached" if reply.cached else "calls"] += 1
        answer = tidy(reply.text)
        if fault := fault_of(reply, answer):
            return fault
        asked = (self.settings.prompt.block("instruction", **fields), messages)
        return self._sample(cluster, language, sources, asked, (answer, reply.call))

    def _sample(
        self, cluster: Mapping[str, Any], language: str, sources: list[dict[str, Any]],
        asked: tuple[str, list[dict[str, str]]], answered: tuple[str, str],
    ) -> Sample:  # fmt: skip
        prompt, model = self.settings.prompt_id, self.llm.name
        return Sample(
            key=sample_key(TASK, cluster["event"], prompt, model),
            task=TASK,
            question=asked[1][-1]["content"],
            instruction=asked[0],
            answer=answered[0],
            system="".join(message["content"] for message in asked[1] if message["role"] == "system"),
            language=language,
            date=max((source["date"] for source in sources if source["date"]), default=None),
            tags=union(source["tags"] for source in sources),
            sources=sources,
            event=cluster["event"],
            cluster_size=len(cluster["articles"]),
            provenance={
                "run": self.run, "cluster": cluster["_id"], "articles": list(cluster["articles"]),
                "calls": [answered[1]] if answered[1] else [], "prompt": prompt, "model": model,
            },
        )  # fmt: skip

    def _tell(self, cluster: Mapping[str, Any], error: LLMError) -> None:
        self.told[error.reason] += 1
        if self.told[error.reason] <= _SHOWN:
            print(f"summarize: event {cluster['event'][:12]} left for the next run: {error}", file=sys.stderr)


async def _together(tasks: list[asyncio.Task[Sample | str]]) -> list[Sample | str]:
    """The results; after the first failure nothing more is asked for."""
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _articles_of(database: Database[dict[str, Any]], batch: Sequence[Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    """id -> article, of all events of a batch."""
    wanted = {"_id": {"$in": [key for cluster in batch for key in cluster["articles"]]}}
    fields = {"title": 1, "link": 1, "date": 1, "content": 1, "tags": 1, "source_site": 1, "language": 1}
    return {row["_id"]: row for row in database.articles.find(wanted, fields)}


def _run_id(database: Database[dict[str, Any]]) -> str:
    """The row of `runs` that this process is in."""
    mine = {"stage": "summarize", "outcome": "running", "pid": os.getpid()}
    row = database.runs.find_one(mine, {"_id": 1}, sort=[("started_at", -1)])
    return str(row["_id"]) if row else ""


def sources_of(articles: Sequence[Mapping[str, Any]], language: str) -> tuple[str, list[dict[str, Any]]]:
    """(language, sources): the event's articles as a sample carries them, in order of time, each text once.

    A newspaper's language is not always the article's (ANSA has an English desk): the language is that of most texts,
    `language` where they are even, and texts in another are left out.
    """
    undated = (1, 0.0)
    ordered = sorted(articles, key=lambda one: (_instant(one) if one.get("date") else undated, one["link"]))
    seen: dict[str, Mapping[str, Any]] = {}
    for article in ordered:
        # An agency's text under two titles is one source: a model would learn to copy it.
        text = " ".join(words(article["content"])).lower()
        if text:
            seen.setdefault(hashlib.sha256(text.encode()).hexdigest(), article)
    written = [(_language_of(article, language), article) for article in seen.values()]
    counts = Counter(found for found, _ in written)
    most = max(counts, key=lambda found: (counts[found], found == language, found), default=language)
    return most, [source_of(article) for found, article in written if found == most]


def _instant(article: Mapping[str, Any]) -> tuple[int, float]:
    return 0, article["date"].timestamp()


def _language_of(article: Mapping[str, Any], otherwise: str) -> str:
    from synth.language import detect

    found, confidence = detect(f"{article['title']}. {article['content'][:300]}")
    return found if confidence >= _SURE else otherwise


def union(lists: Any) -> list[str]:
    """Tags of all sources in order of appearance; "Meteo" and "meteo" are one."""
    found: dict[str, str] = {}
    for tags in lists:
        for tag in tags:
            found.setdefault(tag.strip().casefold(), tag.strip())
    return [tag for key, tag in found.items() if key]


def tidy(text: str) -> str:
    """An answer without what models put around it: their thinking, a heading, quotes or fences around the whole."""
    text = re.sub(r"\A\s*<think>.*?</think>", "", text, flags=re.DOTALL).strip()
    fenced = re.fullmatch(r"```\w*\n(.*?)\n?```", text, flags=re.DOTALL)
    text = fenced.group(1).strip() if fenced else text
    return _HEADING.sub("", text).strip()


def fault_of(reply: Completion, answer: str) -> str:
    """Why an answer is no sample; "" where it is one."""
    if reply.finish_reason in ("content_filter", "refusal"):
        return "refused"
    if reply.finish_reason == "length":
        return "truncated"
    if not answer:
        return "empty"
    return "too_short" if len(words(answer)) < SHORTEST else ""


# ---- samples whose place was taken


def supersede(database: Database[dict[str, Any]], model: str, prompt: str) -> Counter[str]:
    """Make `superseded` true to the current events; only what differs is written.

    - of one event's samples that of this model and prompt is current, and what a person approved;
    - a sample whose event is current again, is current again;
    - a sample whose event is gone is superseded, by the sample of the event that took most of its articles.
    """
    gone: list[dict[str, Any]] = []
    changes: list[Change] = []
    for is_current, samples in _by_event(database):
        if is_current:
            changes += _rivals(samples, model, prompt)
        else:
            gone += [sample for sample in samples if not (sample.get("superseded") and sample.get("superseded_by"))]
    counts = _apply(database, changes)
    # Only now is it settled which samples are current, and with it who the heirs are.
    for start in range(0, len(gone), _CHUNK):
        part = gone[start : start + _CHUNK]
        counts += _apply(database, _dissolved(database, part))
    return counts


class Change(NamedTuple):
    """What becomes of a sample."""

    sample: dict[str, Any]
    superseded: bool
    by: str | None


def _by_event(database: Database[dict[str, Any]]) -> Iterator[tuple[bool, list[dict[str, Any]]]]:
    """(whether the event is current, its samples without their texts), event by event."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"task": TASK}},
        {"$project": {"key": 1, "event": 1, "superseded": 1, "superseded_by": 1, "status": 1, "provenance": 1,
                      "created_at": 1, "links": "$sources.link"}},
        {"$lookup": {"from": "clusters", "localField": "event", "foreignField": "event", "as": "current",
                     "pipeline": [{"$match": {"current": True}}, {"$limit": 1}, {"$project": {"_id": 1}}]}},
        {"$sort": {"event": 1, "key": 1}},
    ]  # fmt: skip
    rows = database.samples.aggregate(pipeline, allowDiskUse=True)
    for _, group in itertools.groupby(rows, key=lambda row: row["event"]):
        samples = list(group)
        yield bool(samples[0]["current"]), samples


def _rivals(samples: Sequence[dict[str, Any]], model: str, prompt: str) -> Iterator[Change]:
    """Which samples of one current event count. A rejected one takes nobody's place."""
    mine = next((one for one in samples if _made_by(one) == (model, prompt) and one["status"] != "rejected"), None)
    if mine is None and all(one.get("superseded") for one in samples):
        # The event came back, and this model has not written about it: the newest sample stands in.
        mine = max(samples, key=lambda one: (one["status"] != "rejected", one["created_at"], one["key"]))
    for one in samples if mine else ():
        counts = one is mine or one["status"] in _CURATED
        yield Change(one, not counts, None if counts else str(mine["key"]) if mine else None)


def _made_by(sample: Mapping[str, Any]) -> tuple[str, str]:
    return sample["provenance"].get("model", ""), sample["provenance"].get("prompt", "")


def _dissolved(database: Database[dict[str, Any]], samples: Sequence[dict[str, Any]]) -> Iterator[Change]:
    """Samples of events that are gone, each with its heir where there is one."""
    links = sorted({link for sample in samples for link in sample["links"]})
    found = database.clusters.find({"current": True, "links": {"$in": links}}, {"event": 1, "links": 1})
    clusters = {row["event"]: set(row["links"]) for row in found}
    holders = {
        row["event"]: row["key"]
        for row in database.samples.find(
            {"task": TASK, "event": {"$in": list(clusters)}, "superseded": {"$ne": True}}, {"event": 1, "key": 1}
        ).sort("key", -1)
    }
    for sample in samples:
        shared = {event: len(members & set(sample["links"])) for event, members in clusters.items() if event in holders}
        best = max(shared, key=lambda event: (shared[event], event), default="")
        yield Change(sample, True, holders[best] if best and shared[best] else None)


def _apply(database: Database[dict[str, Any]], changes: Iterable[Change]) -> Counter[str]:
    from pymongo import UpdateOne

    writes: list[Any] = []
    counts: Counter[str] = Counter()
    for sample, superseded, by in changes:
        before = bool(sample.get("superseded"))
        if (before, sample.get("superseded_by")) == (superseded, by):
            continue
        named: dict[str, Any] = {"$set": {"superseded_by": by}} if by else {"$unset": {"superseded_by": ""}}
        named["$set"] = {"superseded": superseded, **named.get("$set", {})}
        writes.append(UpdateOne({"_id": sample["_id"]}, named))
        counts["superseded" if superseded else "current_again"] += superseded != before
    if writes:
        database.samples.bulk_write(writes, ordered=False)
    return +counts
