"""The stage that summarises: it writes the samples of the events that have none."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.llm import LLM, LLMError, TooLongError
from synth.llm.calls import CallRecorder
from synth.llm.token_counters import name_of, of_messages
from synth.prompts.quoting import addresses_in
from synth.samples.sample import CURATED, Sample, sample_key
from synth.stages.llm_stage import LLMStage, UnusableReply
from synth.stages.stage import Stage, run_stage
from synth.summarize.answers import part_summary_of, summary_of
from synth.summarize.map_reduce import Messages, SummaryPrompts, summarise
from synth.summarize.settings import TASK, Settings
from synth.summarize.sources import SourceSet, select_sources, union
from synth.summarize.supersede import supersede

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome


#: Times that an event is divided anew because a server takes less than was thought.
_DIVISIONS = 5


def summarize_events(
    database: Database[dict[str, Any]], llm: LLM, settings: Settings, options: argparse.Namespace | None = None
) -> Counter[str]:
    """Write the missing samples, then mark those whose place was taken; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    configuration = {
        "llm": llm.name, "prompt": settings.prompt.name, "prompts": settings.prompt_ids,
        "min_articles": settings.min_articles, "max_sentences": settings.max_sentences,
        "source_sentences": settings.source_sentences,
        "concurrency": settings.concurrency, "context": settings.context,
        "max_answer_tokens": settings.max_answer_tokens, "temperature": settings.temperature,
        "tokens_by": name_of(settings.count),
    }  # fmt: skip
    counts = run_stage(database, stage_of(database, llm, settings), options, configuration)
    if not getattr(options, "dry_run", False):
        counts = counts + supersede(database, TASK, llm.name, settings.prompt_ids)
    return counts


def stage_of(database: Database[dict[str, Any]], llm: LLM, settings: Settings) -> Stage:
    """The stage that writes the missing samples with a model."""
    pending = {"_id": {"$in": _pending(database, llm.name, settings)}}
    return Stage("summarize", "clusters", pending, Writer(database, llm, settings), batch_size=32, target="samples")


def _pending(database: Database[dict[str, Any]], model: str, settings: Settings) -> list[Any]:
    """Ids of the current events without a sample of their texts by this prompt and model, and without one that a person
    approved.
    """
    texts = {"$or": [{"$eq": [{"$ifNull": ["$$texts", ""]}, ""]}, {"$eq": ["$provenance.texts", "$$texts"]}]}
    ours = {"provenance.prompt": {"$in": settings.prompt_ids}, "provenance.model": model, "$expr": texts}
    approved = {"status": {"$in": CURATED}, "superseded": {"$ne": True}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"current": True, "size": {"$gte": settings.min_articles}}},
        {"$lookup": {"from": "samples", "localField": "event", "foreignField": "event", "as": "made",
                     "let": {"texts": "$texts"},
                     "pipeline": [{"$match": {"task": TASK, "$or": [ours, approved]}}, {"$limit": 1},
                                  {"$project": {"_id": 1}}]}},
        {"$match": {"made": []}},
        {"$project": {"_id": 1}},
    ]  # fmt: skip
    return [row["_id"] for row in database.clusters.aggregate(pipeline, allowDiskUse=True)]


class Writer(LLMStage):
    """Writes the samples of events."""

    def __init__(self, database: Database[dict[str, Any]], llm: LLM, settings: Settings) -> None:
        super().__init__(llm, "summarize", settings.concurrency)
        self.database, self.settings = database, settings

    def prepare(self, batch: list[dict[str, Any]]) -> list[tuple[dict[str, Any], SourceSet]]:
        """Each event with its sources."""
        articles = _articles_of(self.database, batch)
        items = []
        for cluster in batch:
            members = [articles[key] for key in cluster["articles"] if key in articles]
            selection = select_sources(members, cluster["language"])
            items.append((cluster, selection.beginnings(self.settings.source_sentences)))
        return items

    async def process(self, item: tuple[dict[str, Any], SourceSet]) -> Outcome:
        """The upsert of an event's sample, or the name of the reason why there is none."""
        from pymongo import UpdateOne

        cluster, selection = item
        counts = selection.reasons
        if len(selection.sources) < 2:
            return [], counts + Counter(single_source=1)
        prompts = SummaryPrompts(self.settings.prompt.in_language(selection.language), selection.language,
                          self.settings.max_sentences)  # fmt: skip
        calls = CallRecorder(self.llm, self.settings.temperature)
        try:
            answer = await self._answer(selection, prompts, calls)
        except UnusableReply as problem:
            return [], counts + calls.counts + Counter({problem.reason: 1})
        except LLMError as error:
            if error.fatal:
                raise
            self.report(f"event {cluster['event'][:12]}", error)
            return [], counts + calls.counts + Counter({error.reason: 1})
        sample = self._sample(cluster, selection, prompts, calls, answer)
        # setOnInsert: a sample that is there may have been scored or edited since.
        write = UpdateOne({"key": sample.key}, {"$setOnInsert": sample.document()}, upsert=True)
        return [write], counts + calls.counts + Counter(summarized=1)

    async def _answer(self, selection: SourceSet, prompts: SummaryPrompts, calls: CallRecorder) -> str:
        """The summary of an event of any size.

        Raises:
            UnusableReply: what came back is none.
        """
        if self.llm.takes_documents:
            reply = await self.llm.complete(
                prompts.whole(selection.sources), documents=selection.sources, language=selection.language,
                max_sentences=self.settings.max_sentences,
            )  # fmt: skip
            return summary_of(reply, selection.language)

        return await self._divided(selection, prompts, calls)

    async def _divided(self, selection: SourceSet, prompts: SummaryPrompts, calls: CallRecorder) -> str:
        """The summary in as many calls as it takes; a call that a server finds too long is divided as its size asks.

        Raises:
            UnusableReply: what came back is none.
            LLMError: `too_long`: no division helps.
        """

        async def ask(messages: Messages, max_tokens: int, kind: str) -> str:
            try:
                reply = await calls.ask(messages, max_tokens)
            except TooLongError as error:
                self.learn(error, of_messages(messages, self.settings.count), max_tokens)
                raise
            if kind in ("part", "combine"):
                calls.counts["part_calls" if kind == "part" else "combining_calls"] += 1
                return part_summary_of(reply, selection.language)
            calls.counts["divided"] += kind == "final"
            return summary_of(reply, selection.language)

        for attempt in range(_DIVISIONS):
            window = self.settings.window(self.learnt_context)
            try:
                return await summarise(selection.sources, prompts, window, ask)
            except TooLongError:
                if attempt == _DIVISIONS - 1:
                    raise
            except LLMError:
                raise
            except NewsmillError as error:
                if not self.learnt_context:
                    raise
                raise LLMError("too_long", f"{self.llm.name}: {error}", fatal=False) from error
        raise AssertionError("the last attempt returns or raises")

    def _sample(
        self,
        cluster: Mapping[str, Any],
        selection: SourceSet,
        prompts: SummaryPrompts,
        calls: CallRecorder,
        answer: str,
    ) -> Sample:
        prompt, model = self.settings.prompt_id(selection.language), self.llm.name
        sources, texts = selection.sources, cluster.get("texts", "")
        messages = prompts.question(sources)
        provenance = {
            "run": self.run.id if self.run else "", "cluster": cluster["_id"], "articles": list(cluster["articles"]),
            "left_out": selection.left_out, "calls": [key for key in calls.keys if key], "prompt": prompt,
            "model": model, "tokens_by": name_of(self.settings.count),
        }  # fmt: skip
        return Sample(
            key=sample_key(TASK, cluster["event"], prompt, model, texts),
            task=TASK,
            question=messages[-1]["content"],
            question_tokens=of_messages(messages, self.settings.count),
            instruction=prompts.instruction(),
            answer=answer,
            system="".join(message["content"] for message in messages if message["role"] == "system"),
            language=selection.language,
            date=max((source["date"] for source in sources if source["date"]), default=None),
            tags=union(source["tags"] for source in sources),
            sources=sources,
            injection=addresses_in(sources),
            event=cluster["event"],
            cluster_size=len(cluster["articles"]),
            provenance=provenance | ({"texts": texts} if texts else {}),
        )


def _articles_of(database: Database[dict[str, Any]], batch: Sequence[Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Articles by id, of all events of a batch."""
    query = {"_id": {"$in": [key for cluster in batch for key in cluster["articles"]]}}
    fields = {"title": 1, "link": 1, "date": 1, "content": 1, "tags": 1, "source_site": 1, "language": 1}
    return {row["_id"]: row for row in database.articles.find(query, fields)}
