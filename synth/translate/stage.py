"""The stage that translates: it writes samples of the task `translation`, and records what it could not translate."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.llm import LLMError
from synth.stages.llm_stage import ReportingPool
from synth.stages.stage import Stage, run_stage
from synth.translate.attempt import Attempt, Untranslatable
from synth.translate.bound_rows import BoundRows
from synth.translate.measures import Measures
from synth.translate.pending import Job, languages_wanted, pending_ids, supersede
from synth.translation.translator import Translator

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pymongo.database import Database

    from synth.stages.workers import Outcome, Write


class Item(NamedTuple):
    """A sample, and the languages that it lacks."""

    sample: dict[str, Any]
    languages: list[str]


def translate_samples(
    database: Database[dict[str, Any]], work: Translate, options: argparse.Namespace, configuration: Mapping[str, Any]
) -> Counter[str]:
    """Translate what is pending, then mark the translations whose place was taken; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    counts = run_stage(database, stage_of(database, work), options, configuration)
    if not options.dry_run:
        counts = counts + supersede(database, work.job)
    return counts


def stage_of(database: Database[dict[str, Any]], work: Translate) -> Stage:
    """The stage that translates samples."""
    pending = {"_id": {"$in": pending_ids(database, work.job)}}
    return Stage("translate", "samples", pending, work, batch_size=64, target="samples")


class Translate(ReportingPool):
    """Translates samples into the languages that they lack."""

    def __init__(
        self, database: Database[dict[str, Any]], translator: Translator, job: Job, measures: Measures | None = None
    ) -> None:
        super().__init__("translate", translator.engine.width)
        self.database, self.translator, self.job = database, translator, job
        self.bound_rows, self.measures = BoundRows(database), measures or Measures()

    def prepare(self, batch: list[dict[str, Any]]) -> list[Item]:
        """Each sample with the languages that it lacks; none where a plan puts in samples of another task."""
        languages = languages_wanted(self.database, self.job, batch)
        return [Item(sample, languages[sample["key"]] if self.job.is_for(sample) else []) for sample in batch]

    async def process(self, item: Item) -> Outcome:
        """Writes of all languages; what failed in one of them is left for the next run."""
        outcomes = await asyncio.gather(
            *(self._outcome(item.sample, language) for language in item.languages), return_exceptions=True
        )
        writes: list[Write] = []
        counts: Counter[str] = Counter()
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                counts += self._failure(item.sample, outcome)
            else:
                writes.append(outcome[0])
                counts += outcome[1]
        return writes, counts

    def _failure(self, sample: Mapping[str, Any], error: BaseException) -> Counter[str]:
        if not isinstance(error, LLMError) or error.fatal:
            raise error
        self.report(f"sample {sample['key'][:12]}", error)
        return Counter({error.reason: 1})

    async def _outcome(self, sample: Mapping[str, Any], language: str) -> tuple[Write, Counter[str]]:
        from pymongo import UpdateOne

        attempt = Attempt(sample, language, self.job, self.run.id if self.run else "")
        try:
            document = await attempt.document(self.translator, self.bound_rows, self.measures)
        except Untranslatable as problem:
            attempt.counts[problem.reason] += 1
            change = {"$addToSet": {"untranslated": self._record(language, problem, attempt.calls)}}
            return UpdateOne({"_id": sample["_id"]}, change), attempt.counts
        attempt.counts["rewritten" if document["provenance"].get("rewritten") else "translated"] += 1
        attempt.counts["doubted"] += bool(document["doubts"])
        # setOnInsert: a sample that is there may have been scored or edited since.
        return UpdateOne({"key": document["key"]}, {"$setOnInsert": document}, upsert=True), attempt.counts

    def _record(self, language: str, problem: Untranslatable, calls: Sequence[str]) -> dict[str, Any]:
        """What a source row says of a translation that there is not, and of the calls that were paid for it."""
        record: dict[str, Any] = {
            "language": language, "engine": self.job.engine, "prompt": self.job.prompts[language],
            "reason": problem.reason,
        }  # fmt: skip
        more = {"detail": problem.detail, "calls": list(calls)}
        return record | {name: value for name, value in more.items() if value}

    def stop(self) -> None:
        if stop := getattr(self.translator.engine, "stop", None):
            stop()

    async def __aenter__(self) -> Self:
        await self.translator.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.translator.__aexit__(kind, error, trace)
