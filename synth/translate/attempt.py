"""One sample into one language: the new sample, or the named reason why there is none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.language import UNKNOWN, detect
from synth.replies.cleaner import is_in_another_language
from synth.samples.sample import Sample
from synth.translate.bound_rows import BoundRows
from synth.translate.measures import Measured, Measures, Pair
from synth.translate.pending import TASK, UNKNOWN_LANGUAGE, Job
from synth.translate.rows import RowTexts, fields_of, is_call, row_of, texts_of
from synth.translation.language_bound import Bound
from synth.translation.translator import NOTHING, Translation, Translator

#: A doubt of the engine itself: something protected did not come back.
MASK_LOST = "mask_lost"
#: All of a row came back in the language that it had.
UNTRANSLATED = "untranslated"
LANGUAGE_BOUND = "language_bound"
#: Confidence from which a text's language is taken for that of a row that states none.
_SURE = 0.5


class Untranslatable(Exception):
    """A row that is left as it is; `reason` is its name in counts, `detail` a sentence about it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass
class Attempt:
    """A sample on its way into a language; `counts` says what happened on it, `calls` what was asked."""

    sample: Mapping[str, Any]
    language: str
    job: Job
    run: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)

    async def document(self, translator: Translator, bound_rows: BoundRows, measures: Measures) -> dict[str, Any]:
        """The new sample.

        Raises:
            Untranslatable: there is none.
            LLMError: a call gave no reply.
        """
        source_language = self._source_language()
        row = texts_of(self.sample, self.language)
        source_row = row_of(self.sample, row, row.texts)
        bound = bound_rows.classify(source_row, source_language)
        if bound and bound.treatment != "keep_answer_language":
            rewritten = await asyncio.to_thread(bound_rows.rewrite, source_row, bound, self.language)
            return self._rewritten(rewritten, bound, source_language)
        constant = bound_rows.kept_names(row.texts, bound) | {name for name, text in row.texts.items() if is_call(text)}
        names = [name for name in row.texts if name not in constant]
        translations = await translator.translate(
            [row.texts[name] for name in names], source_language, self.language, context=row.context,
            keep=bound.fixed if bound else (),
        )  # fmt: skip
        self._count([key for part in translations for key in part.calls], sum(part.paid for part in translations))
        by_name = dict(zip(names, translations, strict=True))
        check_translations(row, by_name, source_language, self.language)
        texts = {**row.texts, **{name: part.text for name, part in by_name.items()}}
        pair = Pair(source_row, row_of(self.sample, row, texts), source_language, self.language)
        measured = await measures.of(translator, pair)
        return self._checked(pair, translations, measured, fields_of(self.sample, row, texts))

    def _checked(
        self, pair: Pair, translations: Sequence[Translation], measured: Measured, fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The sample with its doubts and what was measured."""
        losses = [MASK_LOST] if any(part.losses for part in translations) else []
        self._count(measured.calls, measured.paid)
        names = sorted({*losses, *measured.doubts})
        return self._sample(fields, pair.source_language, names, self.calls) | measured.fields

    def _count(self, calls: Sequence[str], paid: int) -> None:
        self.calls += calls
        self.counts.update(calls=paid, cached=len(calls) - paid)

    def _source_language(self) -> str:
        """
        Raises:
            Untranslatable: nobody says it, and the texts are too short to tell.
        """
        language = self.sample.get("language") or self.job.source_language
        if language and language != UNKNOWN:
            return str(language)
        code, confidence = detect(f"{self.sample['answer']}\n{self.sample['question']}"[:2000])
        if code == UNKNOWN or confidence < _SURE:
            raise Untranslatable(UNKNOWN_LANGUAGE)
        if code == self.language:
            raise Untranslatable("same_language")
        return code

    def _rewritten(self, row: Mapping[str, Any] | None, bound: Bound, source_language: str) -> dict[str, Any]:
        """A row about its language that asks the same of the other language: no engine had a part in it."""
        if row is None:
            raise Untranslatable(LANGUAGE_BOUND, bound.reason)
        request, material = str(row["instruction"]), str(row.get("input") or "")
        fields = {
            "system": "", "history": [], "question": f"{request}\n\n{material}" if material else request,
            "answer": row["output"], "instruction": request if self.sample.get("instruction") else "",
        }  # fmt: skip
        document = self._sample(fields, source_language, [], [])
        document["provenance"]["rewritten"] = bound.kind
        return document

    def _sample(
        self, fields: Mapping[str, Any], source_language: str, names: list[str], calls: Sequence[str]
    ) -> dict[str, Any]:
        sample, origin = self.sample, self.sample.get("provenance") or {}
        # The articles stay named: what is taken down or opted out goes in every language.
        inherited = {name: origin[name] for name in ("cluster", "articles", "dataset", "license") if origin.get(name)}
        provenance = {
            "run": self.run, **inherited, "calls": list(calls), "prompt": self.job.prompts[self.language],
            "model": self.job.engine, "translated_from": sample["key"],
        }  # fmt: skip
        document = Sample(
            key=self.job.key(sample["key"], self.language), task=TASK, language=self.language,
            date=sample.get("date"), event=sample.get("event") or sample["key"], tags=list(sample.get("tags") or []),
            sources=list(sample.get("sources") or []), injection=list(sample.get("injection") or []),
            cluster_size=sample.get("cluster_size") or 0, doubts=names, source_language=source_language,
            provenance=provenance, **fields,
        ).document()  # fmt: skip
        # Weights, tools and names of the messages; their texts are named there and not repeated.
        return document | ({"conversation": sample["conversation"]} if sample.get("conversation") else {})


def check_translations(
    row: RowTexts, translations: Mapping[str, Translation], source_language: str, language: str
) -> None:
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
