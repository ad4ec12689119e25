"""`synth summarize`: one sample for each current event, written from all its sources."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect
from synth.language.segmentation import words
from synth.llm import LLM, Completion, LLMError, load_llm
from synth.llm.token_counters import Count, estimate, name_of, of_messages
from synth.prompts import Prompts, load_prompt
from synth.samples.sample import Sample, sample_key
from synth.stages.llm_stage import Asking, Calls, Fault, add_llm_arguments, fitting, limits_of
from synth.stages.stage import Stage, add_stage_arguments, print_counts, run_stage
from synth.summarize.map_reduce import Messages, Window, Wording, summarise, whole_sentences
from synth.summarize.sources import Gathered, gather, union
from synth.summarize.supersede import CURATED, supersede

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.stage import Outcome

TASK = "news_summary"
#: Words below which an answer to several articles is no summary of them.
SHORTEST = 20
#: Tokens of the longest summary: five times the words of the human summaries of vi_vnmds (182 in the median).
MAX_ANSWER_TOKENS = 1024
#: A context that no event fills, for models of which nothing is known.
_ENDLESS = 1 << 40

_REFUSALS = ("content_filter", "refusal")
_HEADING = re.compile(
    r"\A(?:#+ *|\*\*)?(?:Riassunto|Sintesi|Testo integrato|Tóm tắt|Bản tóm tắt|Văn bản|Summary|Resumen|Résumé|"
    r"Zusammenfassung)\s*:?(?:\*\*)?\s*:?\s*\n",
    re.IGNORECASE,
)

DESCRIPTION = """Write one sample for each current event, from all its sources.

An event is a cluster of at least two articles (synth cluster stores no others): an article that stands alone is no
sample, because a summary of one text integrates nothing, and its similarity to its only source says nothing. The
dataset this descends from was made in the same way: 858 articles, 224 samples, each of two sources or more. Near copies
(an agency's text, edited) count once.

The sample of an event is never written twice with the same prompt and model, unless the texts of its articles changed.
Another model's sample takes the place of the earlier one (superseded), unless a person accepted or edited that. Samples
of events that synth cluster has dissolved are marked superseded, too, and named after the event that took their
articles.

An event whose prompt is larger than the model's context is summarised in parts, and the summaries are summarised."""


@dataclass(frozen=True)
class Settings:
    """What a summary depends on besides the event; part of the key where it changes the wording."""

    prompt: Prompts
    max_sentences: int | None = None
    min_articles: int = 2
    concurrency: int = 8
    #: tokens of the longest answer, and of prompt and answer together; None: as much as an event has.
    max_answer_tokens: int = MAX_ANSWER_TOKENS
    context: int | None = None
    #: None: as the server likes it.
    temperature: float | None = 0.0
    count: Count = field(default=estimate)

    def prompt_id(self, language: str) -> str:
        """As recorded: another limit makes another sample."""
        return self.prompt.in_language(language).id + self._suffix

    @property
    def prompt_ids(self) -> list[str]:
        """Of all languages."""
        return [name + self._suffix for name in self.prompt.ids()]

    @property
    def _suffix(self) -> str:
        return f"?max_sentences={self.max_sentences}" if self.max_sentences else ""

    @property
    def window(self) -> Window:
        return Window(self.context or _ENDLESS, self.max_answer_tokens, self.count)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.epilog = "example: LLM_API_KEY=… synth summarize --llm openai:gpt-4o-mini --min-articles 3 --max-cost 2"
    parser.add_argument("--min-articles", type=int, default=2, metavar="N", help="articles an event needs (2)")
    parser.add_argument("--max-sentences", type=int, metavar="N", help="sentences of a summary (default: no limit)")
    add_llm_arguments(parser, MAX_ANSWER_TOKENS)
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    database = connect(options.uri)
    llm = load_llm(options.llm, database.llm_calls, limits=limits_of(options), models=options.models)
    counts = summarize_events(database, llm, settings, options)
    print_counts("summarize", counts, options.json, "synth score")
    return 0


def check(options: argparse.Namespace) -> None:
    """Raises NewsmillError where an option makes no sense."""
    settings_of(options)
    limits_of(options)


def settings_of(options: argparse.Namespace) -> Settings:
    """
    Raises:
        NewsmillError: an option makes no sense.
    """
    if options.min_articles < 2:
        raise NewsmillError(f"--min-articles {options.min_articles}: an event has at least two articles")
    for name in ("max_sentences", "concurrency"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise NewsmillError(f"--{name.replace('_', '-')} {getattr(options, name)}: at least 1")
    chosen = (options.max_sentences, options.min_articles, options.concurrency)
    return Settings(load_prompt(TASK), *chosen, **fitting(options))


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
    wanted = {"_id": {"$in": _pending(database, llm.name, settings)}}
    return Stage("summarize", "clusters", wanted, Writer(database, llm, settings), batch_size=32, target="samples")


def planned(database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """For `synth plan`."""
    return stage_of(database, llm, settings_of(options))


def _pending(database: Database[dict[str, Any]], model: str, settings: Settings) -> list[Any]:
    """Ids of the current events without a sample of their texts by this prompt and model, and without one that a person
    approved."""
    texts = {"$or": [{"$eq": [{"$ifNull": ["$$texts", ""]}, ""]}, {"$eq": ["$provenance.texts", "$$texts"]}]}
    mine = {"provenance.prompt": {"$in": settings.prompt_ids}, "provenance.model": model, "$expr": texts}
    approved = {"status": {"$in": CURATED}, "superseded": {"$ne": True}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"current": True, "size": {"$gte": settings.min_articles}}},
        {"$lookup": {"from": "samples", "localField": "event", "foreignField": "event", "as": "made",
                     "let": {"texts": "$texts"},
                     "pipeline": [{"$match": {"task": TASK, "$or": [mine, approved]}}, {"$limit": 1},
                                  {"$project": {"_id": 1}}]}},
        {"$match": {"made": []}},
        {"$project": {"_id": 1}},
    ]  # fmt: skip
    return [row["_id"] for row in database.clusters.aggregate(pipeline, allowDiskUse=True)]


# ---- one event


class Writer(Asking):
    """Writes the samples of events."""

    def __init__(self, database: Database[dict[str, Any]], llm: LLM, settings: Settings) -> None:
        super().__init__(llm, "summarize", settings.concurrency)
        self.database, self.settings = database, settings

    def prepare(self, batch: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Gathered]]:
        """Each event with its sources."""
        articles = _articles_of(self.database, batch)
        found = [[articles[key] for key in cluster["articles"] if key in articles] for cluster in batch]
        return [(cluster, gather(some, cluster["language"])) for cluster, some in zip(batch, found, strict=True)]

    async def one(self, item: tuple[dict[str, Any], Gathered]) -> Outcome:
        """The upsert of an event's sample, or the name of the reason why there is none."""
        from pymongo import UpdateOne

        cluster, gathered = item
        counts = gathered.reasons
        if len(gathered.sources) < 2:
            return [], counts + Counter(one_text_only=1)
        wording = Wording(self.settings.prompt.in_language(gathered.language), gathered.language,
                          self.settings.max_sentences)  # fmt: skip
        calls = Calls(self.llm, self.settings.temperature)
        try:
            answer = await self._answer(gathered, wording, calls)
        except Fault as fault:
            return [], counts + calls.counts + Counter({fault.reason: 1})
        except LLMError as error:
            if error.fatal:
                raise
            self.tell(f"event {cluster['event'][:12]}", error)
            return [], counts + calls.counts + Counter({error.reason: 1})
        sample = self._sample(cluster, gathered, wording, calls, answer)
        # setOnInsert: a sample that is there may have been scored or edited since.
        write = UpdateOne({"key": sample.key}, {"$setOnInsert": sample.document()}, upsert=True)
        return [write], counts + calls.counts + Counter(summarized=1)

    async def _answer(self, gathered: Gathered, wording: Wording, calls: Calls) -> str:
        """The summary of an event of any size.

        Raises:
            Fault: what came back is none.
        """
        if self.llm.takes_documents:
            reply = await self.llm.complete(
                wording.whole(gathered.sources), documents=gathered.sources, language=gathered.language,
                max_sentences=self.settings.max_sentences,
            )  # fmt: skip
            return _summary(reply)

        async def ask(messages: Messages, max_tokens: int, kind: str) -> str:
            if kind in ("part", "combine"):
                calls.counts["part_calls" if kind == "part" else "combining_calls"] += 1
                return _part(await calls.ask(messages, max_tokens))
            calls.counts["divided"] += kind == "final"
            return _summary(await calls.ask(messages, max_tokens))

        return await summarise(gathered.sources, wording, self.settings.window, ask)

    def _sample(
        self, cluster: Mapping[str, Any], gathered: Gathered, wording: Wording, calls: Calls, answer: str
    ) -> Sample:
        prompt, model = self.settings.prompt_id(gathered.language), self.llm.name
        sources, texts = gathered.sources, cluster.get("texts", "")
        messages = wording.whole(sources)
        made = {
            "run": self.run.id if self.run else "", "cluster": cluster["_id"], "articles": list(cluster["articles"]),
            "left_out": gathered.left_out, "calls": [key for key in calls.keys if key], "prompt": prompt,
            "model": model, "tokens_by": name_of(self.settings.count),
        }  # fmt: skip
        return Sample(
            key=sample_key(TASK, cluster["event"], prompt, model, texts),
            task=TASK,
            question=messages[-1]["content"],
            question_tokens=of_messages(messages, self.settings.count),
            instruction=wording.instruction(),
            answer=answer,
            system="".join(message["content"] for message in messages if message["role"] == "system"),
            language=gathered.language,
            date=max((source["date"] for source in sources if source["date"]), default=None),
            tags=union(source["tags"] for source in sources),
            sources=sources,
            event=cluster["event"],
            cluster_size=len(cluster["articles"]),
            provenance=made | ({"texts": texts} if texts else {}),
        )


def _articles_of(database: Database[dict[str, Any]], batch: Sequence[Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    """id -> article, of all events of a batch."""
    wanted = {"_id": {"$in": [key for cluster in batch for key in cluster["articles"]]}}
    fields = {"title": 1, "link": 1, "date": 1, "content": 1, "tags": 1, "source_site": 1, "language": 1}
    return {row["_id"]: row for row in database.articles.find(wanted, fields)}


def _summary(reply: Completion) -> str:
    answer = tidy(reply.text)
    if fault := fault_of(reply, answer):
        raise Fault(fault)
    return answer


def _part(reply: Completion) -> str:
    """A summary on the way: one that was cut off is good as far as its last whole sentence."""
    answer = tidy(reply.text)
    if reply.finish_reason == "length":
        answer = whole_sentences(answer) or answer
    if reply.finish_reason in _REFUSALS or not answer:
        raise Fault("refused" if reply.finish_reason in _REFUSALS else "empty")
    return answer


def tidy(text: str) -> str:
    """An answer without what models put around it: their thinking, a heading, quotes or fences around the whole."""
    text = re.sub(r"\A\s*<think>.*?</think>", "", text, flags=re.DOTALL).strip()
    fenced = re.fullmatch(r"```\w*\n(.*?)\n?```", text, flags=re.DOTALL)
    text = fenced.group(1).strip() if fenced else text
    return _HEADING.sub("", text).strip()


def fault_of(reply: Completion, answer: str) -> str:
    """Why an answer is no sample; "" where it is one."""
    if reply.finish_reason in _REFUSALS:
        return "refused"
    if reply.finish_reason == "length":
        return "truncated"
    if not answer:
        return "empty"
    return "too_short" if len(words(answer)) < SHORTEST else ""
