"""The stage that translates: it writes samples of the task `translation`, and records what it could not translate."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.language import UNKNOWN, detect
from synth.llm import LLMError
from synth.replies.cleaner import is_in_another_language
from synth.samples.sample import Sample
from synth.stages.llm_stage import ReportingPool
from synth.stages.stage import Stage, run_stage
from synth.translate.bound_rows import BoundRows
from synth.translate.measures import Measures
from synth.translate.pending import TASK, UNKNOWN_LANGUAGE, Job, languages_wanted, pending_ids, supersede
from synth.translate.rows import RowTexts, fields_of, is_call, row_of, texts_of
from synth.translation.checks import doubts
from synth.translation.translator import NOTHING, Translation, Translator

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from pymongo.database import Database

    from synth.stages.workers import Outcome

#: A doubt of the engine itself: something protected did not come back.
MASK_LOST = "mask_lost"
#: All of a row came back in the language that it had.
UNTRANSLATED = "untranslated"
#: Confidence from which a text's language is taken for that of a row that states none.
_SURE = 0.5


class Item(NamedTuple):
    """A sample, and the languages that it lacks."""

    sample: dict[str, Any]
    languages: list[str]


@dataclass
class _Result:
    """What became of a sample in one language."""

    document: dict[str, Any] | None = None
    #: why there is none, and what is to be said of it.
    reason: str = ""
    detail: str = ""
    counts: Counter[str] = field(default_factory=Counter)


class Untranslatable(Exception):
    """A row that is left as it is; `reason` is its name in counts."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


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
        sample = item.sample
        results = await asyncio.gather(
            *(self._result(sample, language) for language in item.languages), return_exceptions=True
        )
        writes, counts = [], Counter[str]()
        for language, result in zip(item.languages, results, strict=True):
            if isinstance(result, BaseException):
                counts += self._failure(sample, result)
                continue
            counts += result.counts
            writes.append(self._write(sample, language, result))
        return writes, counts

    def _failure(self, sample: Mapping[str, Any], error: BaseException) -> Counter[str]:
        if not isinstance(error, LLMError) or error.fatal:
            raise error
        self.report(f"sample {sample['key'][:12]}", error)
        return Counter({error.reason: 1})

    async def _result(self, sample: Mapping[str, Any], language: str) -> _Result:
        counts: Counter[str] = Counter()
        try:
            document = await self._document(sample, language, counts)
        except Untranslatable as problem:
            counts[problem.reason] += 1
            return _Result(None, problem.reason, problem.detail, counts)
        counts["rewritten" if document["provenance"].get("rewritten") else "translated"] += 1
        counts["doubted"] += bool(document["doubts"])
        return _Result(document, counts=counts)

    async def _document(self, sample: Mapping[str, Any], language: str, counts: Counter[str]) -> dict[str, Any]:
        """The new sample.

        Raises:
            Untranslatable: there is none.
        """
        source_language = self._language_of(sample)
        row = texts_of(sample, language)
        source_row = row_of(sample, row, row.texts)
        bound = self.bound_rows.classify(source_row, source_language)
        if bound and bound.treatment != "keep_answer_language":
            rewritten = await asyncio.to_thread(self.bound_rows.rewrite, source_row, bound, language)
            if rewritten is None:
                raise Untranslatable("language_bound", bound.reason)
            return self._rewritten(sample, rewritten, bound.kind, source_language, language)
        kept = self.bound_rows.kept_names(row.texts, bound)
        kept |= {name for name, text in row.texts.items() if is_call(text)}
        names = [name for name in row.texts if name not in kept]
        translations = await self.translator.translate(
            [row.texts[name] for name in names], source_language, language, context=row.context,
            keep=bound.fixed if bound else (),
        )  # fmt: skip
        by_name = dict(zip(names, translations, strict=True))
        counts.update(calls=sum(part.paid for part in translations))
        counts.update(cached=sum(len(part.calls) - part.paid for part in translations))
        _check(row, by_name, source_language, language)
        texts = {**row.texts, **{name: part.text for name, part in by_name.items()}}
        translated_row = row_of(sample, row, texts)
        found = await asyncio.to_thread(doubts, source_row, translated_row, source_language, language)
        if any(part.losses for part in translations):
            found = sorted({*found, MASK_LOST})
        measured = await self.measures.of(self.translator, source_row, translated_row, source_language, language)
        found = sorted({*found, *measured.doubts})
        calls = [key for part in translations for key in part.calls] + measured.calls
        counts.update(calls=measured.paid, cached=len(measured.calls) - measured.paid)
        document = self._sample(sample, language, source_language, calls, fields_of(sample, row, texts), found)
        return document | measured.fields

    def _language_of(self, sample: Mapping[str, Any]) -> str:
        """
        Raises:
            Untranslatable: nobody says it, and the texts are too short to tell.
        """
        if language := sample.get("language") or self.job.source_language:
            if language != UNKNOWN:
                return str(language)
        code, confidence = detect(f"{sample['answer']}\n{sample['question']}"[:2000])
        if code == UNKNOWN or confidence < _SURE:
            raise Untranslatable(UNKNOWN_LANGUAGE)
        return code

    def _rewritten(
        self, sample: Mapping[str, Any], row: Mapping[str, Any], kind: str, source_language: str, language: str
    ) -> dict[str, Any]:
        """A row about its language that asks the same of the other language: no engine had a part in it."""
        request, material, answer = row["instruction"], row.get("input") or "", row["output"]
        question = f"{request}\n\n{material}" if material else request
        fields = {
            "system": "", "history": [], "question": question, "answer": answer,
            "instruction": request if sample.get("instruction") else "",
        }  # fmt: skip
        document = self._sample(sample, language, source_language, [], fields, [])
        document["provenance"]["rewritten"] = kind
        return document

    def _sample(
        self,
        sample: Mapping[str, Any],
        language: str,
        source_language: str,
        calls: Sequence[str],
        fields: Mapping[str, Any],
        found: list[str],
    ) -> dict[str, Any]:
        origin = sample.get("provenance") or {}
        # The articles stay named: what is taken down or opted out goes in every language.
        inherited = {name: origin[name] for name in ("cluster", "articles", "dataset", "license") if origin.get(name)}
        provenance = {
            "run": self.run.id if self.run else "", **inherited, "calls": list(calls),
            "prompt": self.job.prompts[language], "model": self.job.engine, "translated_from": sample["key"],
        }  # fmt: skip
        document = Sample(
            key=self.job.key(sample["key"], language), task=TASK, language=language, date=sample.get("date"),
            event=sample.get("event") or sample["key"], tags=list(sample.get("tags") or []),
            sources=list(sample.get("sources") or []), injection=list(sample.get("injection") or []),
            cluster_size=sample.get("cluster_size") or 0, doubts=found, source_language=source_language,
            provenance=provenance, **fields,
        ).document()  # fmt: skip
        # Weights, tools and names of the messages; their texts are named there and not repeated.
        if sample.get("conversation"):
            document["conversation"] = sample["conversation"]
        return document

    def _write(self, sample: Mapping[str, Any], language: str, result: _Result) -> Any:
        from pymongo import UpdateOne

        if result.document is not None:
            # setOnInsert: a sample that is there may have been scored or edited since.
            return UpdateOne({"key": result.document["key"]}, {"$setOnInsert": result.document}, upsert=True)
        record = {
            "language": language, "engine": self.job.engine, "prompt": self.job.prompts[language],
            "reason": result.reason, **({"detail": result.detail} if result.detail else {}),
        }  # fmt: skip
        return UpdateOne({"_id": sample["_id"]}, {"$addToSet": {"untranslated": record}})

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


def _check(row: RowTexts, translations: Mapping[str, Translation], source_language: str, language: str) -> None:
    """
    Raises:
        Untranslatable: a text was refused, none has anything to translate, or all came back in their own language.
    """
    refusal = next((part.refusal for part in translations.values() if part.refusal not in ("", NOTHING)), "")
    if refusal:
        raise Untranslatable(refusal)
    texts = {name: part.text for name, part in translations.items() if not part.refusal}
    if not texts:
        raise Untranslatable(NOTHING)
    same = all(texts[name].split() == row.texts[name].split() for name in texts)
    whole = "\n".join(texts.values())
    if same or (is_in_another_language(whole, language) and detect(whole)[0] == source_language):
        raise Untranslatable(UNTRANSLATED)
