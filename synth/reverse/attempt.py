"""One fragment on its way to an instruction: what was asked of whom, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.judgements import parse_reply
from synth.language.tables import languages
from synth.llm import LLM, Completion
from synth.llm.calls import CallRecorder
from synth.prompts.quoting import defused, marks_of
from synth.reverse.instruction_reply import instruction_of
from synth.reverse.refusals import refusals
from synth.reverse.settings import PIVOT, Settings
from synth.translation.language_codes import codes_of
from synth.translation.translator import Translator

#: What becomes of a fragment: it waits, or it has an instruction and a score, or there is a reason why it has not.
STATES = ("drawn", "judged", "kept", "below_lambda", "refused", "unread", "unusable", "excluded")


_LETTERS = str.maketrans("0123456789", "abcdefghij")


class StepFailure(Exception):
    """There is no instruction; `state` and `reason` say why."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state, self.reason = state, reason


@dataclass
class Attempt:
    """What is asked for one fragment; `results` are the fields of its row.

    Attributes:
        planning: nothing is really answered: every step is taken, whatever the replies say.
    """

    row: Mapping[str, Any]
    settings: Settings
    writer: LLM
    judge: LLM
    translator: Translator | None
    planning: bool = False
    calls: dict[str, list[str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    results: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> str:
        """The state that it reached.

        Raises:
            LLMError: a call gave no reply; what was answered before is in the ledger.
        """
        try:
            await self._steps()
        except StepFailure as loss:
            self.results["reason"] = loss.reason
            return loss.state
        return "judged"

    async def _steps(self) -> None:
        text, language = str(self.row["text"]), str(self.row["language"])
        asked_in = self.settings.language_of_instruction(language)
        passage = await self._translated("translation", text, language, PIVOT) if self._by_detour(language) else text
        instruction = await self._instruction(passage, asked_in)
        self.results |= {"instruction": instruction}
        if self._by_detour(language):
            self.results |= {"english": passage, "instruction_english": instruction, "instruction": ""}
        self._refuse(instruction, passage, asked_in)
        await self._judged(instruction, passage)
        if self._by_detour(language):
            # Of every pair that has a score, also one below lambda: another lambda then asks for nothing.
            back = await self._translated("translation_back", instruction, PIVOT, language)
            self.results["instruction"] = back
            self._refuse(back, text, language)

    def _by_detour(self, language: str) -> bool:
        return self.translator is not None and language != PIVOT

    async def _translated(self, step: str, text: str, source_language: str, language: str) -> str:
        assert self.translator is not None
        (translation,) = await self.translator.translate([text], source_language, language)
        self.calls[step] = list(translation.calls)
        self.counts["calls"] += translation.paid
        self.counts["cached"] += max(0, len(translation.calls) - translation.paid)
        if self.planning:
            return translation.text
        if translation.refusal or translation.losses:
            raise StepFailure("unusable", f"{step}_{translation.refusal or 'mask_lost'}")
        return translation.text

    async def _instruction(self, passage: str, language: str) -> str:
        prompts = self.settings.prompts
        messages = prompts.quoted(
            language=language, text=passage, language_name=_language_name(language),
            task=self.settings.tasks.prompts[self.row["task_prompt"]].wording(_worded(prompts.wordings, language)),
        )  # fmt: skip
        reply = await self._asked("instruction", self.writer, messages)
        if self.planning:
            # Of a plan's digits a translator would say that there is nothing to translate.
            return reply.text.translate(_LETTERS)
        instruction, refusal = instruction_of(reply.text, reply.finish_reason)
        if refusal:
            raise StepFailure("unusable", refusal)
        return instruction

    async def _judged(self, instruction: str, passage: str) -> None:
        texts = [defused(text) for text in (instruction, passage)]
        begin, end = marks_of("\n".join(texts))
        messages = self.settings.judge_prompt.render(
            "shown", "request", instruction=texts[0], response=texts[1], begin=begin, end=end
        )
        reply = await self._asked("judge", self.judge, messages)
        score, explanation = parse_reply(reply.text)
        self.results |= {"score": score, "explanation": explanation}
        if score is None and not self.planning:
            raise StepFailure("unread", "unread_score")

    async def _asked(self, step: str, llm: LLM, messages: list[dict[str, str]]) -> Completion:
        calls = CallRecorder(llm, self.settings.temperature)
        try:
            return await calls.ask(messages, self.settings.max_answer_tokens)
        finally:
            self.calls[step] = [key for key in calls.keys if key]
            self.counts += calls.counts

    def _refuse(self, instruction: str, passage: str, language: str) -> None:
        names = [] if self.planning else refusals(instruction, passage, language)
        if names:
            self.results["refusals"] = names
            raise StepFailure("refused", names[0])


def _language_name(language: str) -> str:
    """The English name, which only the English wording uses."""
    return languages()[language].name if language in languages() else codes_of(language).name


def _worded(wordings: Mapping[str, Any], language: str) -> str:
    """The language in which a request for an instruction in `language` is worded: English where there is no other."""
    return language if language in wordings else PIVOT


def all_calls(calls: Mapping[str, Sequence[str]]) -> list[str]:
    """Keys of the ledger's rows, in the order of the steps."""
    return [key for keys in calls.values() for key in keys]
