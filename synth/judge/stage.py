"""The stage that judges: a model rates samples, and what it said is stored with them."""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.judgements.reply_parser import parse_reply
from synth.llm import LLM, LLMError, TooLongError
from synth.llm.calls import CallRecorder, parameters_suffix
from synth.llm.model_cards import is_extractive
from synth.llm.token_counters import Count, estimate, name_of, of_messages
from synth.prompts import Prompt, load_prompt
from synth.prompts.quoting import defused, marks_of
from synth.ratings.calibration import DIMENSIONS
from synth.samples.sample import CURRENT
from synth.stages.llm_stage import LLMStage, model_settings
from synth.stages.stage import Stage, run_stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

#: A score and a few sentences about it.
MAX_ANSWER_TOKENS = 512
#: dimension -> (its score in a sample, what was said of it).
FIELDS = {"accuracy": ("accuracy", "acc_explanation"), "helpfulness": ("helpfulness", "help_explanation")}


@dataclass(frozen=True)
class Settings:
    """What a judgement depends on besides the sample."""

    prompt: Prompt
    dimensions: tuple[str, ...] = ("accuracy",)
    repeats: int = 1
    #: judge what this judge has judged, too.
    repeat_all: bool = False
    concurrency: int = 8
    #: tokens of the longest reply, and of prompt and reply together; None: as much as a sample has.
    max_answer_tokens: int = MAX_ANSWER_TOKENS
    context: int | None = None
    #: None: as the server likes it.
    temperature: float | None = 0.0
    count: Count = field(default=estimate)

    @property
    def prompt_id(self) -> str:
        """As recorded: another temperature makes another judgement."""
        return self.prompt.id + ("" if self.temperature == 0 else parameters_suffix(temperature=self.temperature))


def settings_of(options: argparse.Namespace) -> Settings:
    """
    Raises:
        NewsmillError: an option makes no sense, or the model cannot judge.
    """
    if is_extractive(options.llm):
        raise NewsmillError(
            "the offline model extractive only summarises and cannot judge: --llm openai:MODEL names one"
        )
    if options.concurrency < 1:
        raise NewsmillError(f"--concurrency {options.concurrency}: at least 1")
    dimensions = DIMENSIONS if options.dimension == "both" else (options.dimension,)
    prompt = load_prompt("judge").in_language("en")
    return Settings(prompt, dimensions, options.repeats, options.again, options.concurrency, **model_settings(options))


def judge_samples(
    database: Database[dict[str, Any]], llm: LLM, settings: Settings, options: argparse.Namespace | None = None
) -> Counter[str]:
    """Judge what this judge has not judged; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    configuration = {
        "llm": llm.name, "prompt": settings.prompt_id, "dimensions": list(settings.dimensions),
        "repeats": settings.repeats, "again": settings.repeat_all, "concurrency": settings.concurrency,
        "context": settings.context, "max_answer_tokens": settings.max_answer_tokens,
        "temperature": settings.temperature, "tokens_by": name_of(settings.count),
    }  # fmt: skip
    return run_stage(database, stage_of(llm, settings), options, configuration)


def stage_of(llm: LLM, settings: Settings) -> Stage:
    """The stage that judges samples with a model."""
    return Stage("judge", "samples", _pending(llm.name, settings), Judge(llm, settings), batch_size=64)


def _pending(model: str, settings: Settings) -> dict[str, Any]:
    """Current samples that lack a judgement, or have one of another judge, or of fewer repeats."""
    if settings.repeat_all:
        return dict(CURRENT)
    lacking = [{f"judge.{dimension}": {"$exists": False}} for dimension in settings.dimensions]
    outdated = [
        {"judge.model": {"$ne": model}}, {"judge.prompt": {"$ne": settings.prompt_id}},
        {"judge.repeats": {"$lt": settings.repeats}},
    ]  # fmt: skip
    return {**CURRENT, "$or": [*lacking, *outdated]}


@dataclass(frozen=True)
class Judgement:
    """What the judge said in all repeats of one question; `scores` are those that could be read."""

    scores: list[float]
    unread: int
    explanation: str

    @property
    def score(self) -> float | None:
        return round(statistics.fmean(self.scores), 4) if self.scores else None


def judgement_of(replies: Sequence[str], dimension: str) -> Judgement:
    """The explanation is that of the reply whose score is nearest to the mean; unread, the first reply as it is."""
    parsed = [parse_reply(reply, dimension) for reply in replies]
    scored = [(score, explanation) for score, explanation in parsed if score is not None]
    if not scored:
        return Judgement([], len(parsed), parsed[0][1] if parsed else "")
    mean = statistics.fmean(score for score, _ in scored)
    explanation = min(scored, key=lambda pair: abs(pair[0] - mean))[1]
    return Judgement([score for score, _ in scored], len(parsed) - len(scored), explanation)


class Judge(LLMStage):
    """Judges samples."""

    def __init__(self, llm: LLM, settings: Settings) -> None:
        super().__init__(llm, "judge", settings.concurrency)
        self.settings = settings

    def prepare(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return batch

    async def process(self, item: dict[str, Any]) -> Outcome:
        """The update of a sample, or the name of the reason why there is none."""
        dimensions, repeats, earlier = self._todo(item)
        prompts = {dimension: self._messages(item, dimension) for dimension in dimensions}
        if any(self._too_long(messages) for messages in prompts.values()):
            return [], Counter(too_long=1)
        calls = CallRecorder(self.llm, self.settings.temperature)
        try:
            judgements = {
                dimension: judgement_of(await self._replies(messages, repeats, calls), dimension)
                for dimension, messages in prompts.items()
            }
        except LLMError as error:
            if error.fatal:
                raise
            self.report(f"sample {item['key'][:12]}", error)
            return [], calls.counts + Counter({error.reason: 1})
        unread = sum(judgement.unread for judgement in judgements.values())
        change = self._change(earlier, judgements, repeats, calls, unread)
        return [self._write(item, change)], calls.counts + Counter(judged=_is_read(judgements), unread=unread)

    def _todo(self, sample: Mapping[str, Any]) -> tuple[list[str], int, dict[str, Any]]:
        """(dimensions to ask about, how often, what stays of the judgement in the store).

        All lists of a judgement are of as many repeats: a dimension that is added is asked as often as the others, and
        where more repeats are asked for, all dimensions get them.
        """
        settings, stored = self.settings, sample.get("judge") or {}
        if (stored.get("model"), stored.get("prompt")) != (self.llm.name, settings.prompt_id):
            return list(settings.dimensions), settings.repeats, {}
        repeats = max(settings.repeats, stored.get("repeats") or 1)
        present = [dimension for dimension in DIMENSIONS if dimension in stored]
        if settings.repeat_all or repeats > (stored.get("repeats") or 1):
            both = [dimension for dimension in DIMENSIONS if dimension in (*settings.dimensions, *present)]
            return both, repeats, {}
        return [dimension for dimension in settings.dimensions if dimension not in present], repeats, stored

    def _messages(self, sample: Mapping[str, Any], dimension: str) -> list[dict[str, str]]:
        instruction, context = judge_view(sample)
        texts = [defused(str(text)) for text in (instruction, context, sample["answer"])]
        begin, end = marks_of("\n".join(texts))
        instruction, context, response = texts
        return self.settings.prompt.render(
            "shown", "request", dimension=dimension, instruction=instruction, input=context, response=response,
            begin=begin, end=end,
        )  # fmt: skip

    def _too_long(self, messages: Sequence[Mapping[str, str]]) -> bool:
        longest = self.settings.max_answer_tokens
        context = min((size for size in (self.settings.context, self.learnt_context) if size), default=None)
        return context is not None and of_messages(messages, self.settings.count) + longest > context

    async def _replies(self, messages: list[dict[str, str]], repeats: int, calls: CallRecorder) -> list[str]:
        """The texts of all repeats. The first is asked without a seed: judged once or often, it is the same call.

        Raises:
            LLMError: a call gave no reply; what was answered before is in the ledger.
        """
        texts, usual = [], calls.parameters
        for repeat in range(repeats):
            calls.parameters = usual | ({"seed": repeat} if repeat else {})
            texts.append(await self._reply(messages, calls))
        calls.parameters = usual
        return texts

    async def _reply(self, messages: list[dict[str, str]], calls: CallRecorder) -> str:
        longest = self.settings.max_answer_tokens
        try:
            return (await calls.ask(messages, longest)).text
        except TooLongError as error:
            self.learn(error, of_messages(messages, self.settings.count), longest)
            raise

    def _change(
        self,
        earlier: Mapping[str, Any],
        judgements: Mapping[str, Judgement],
        repeats: int,
        calls: CallRecorder,
        unread: int,
    ) -> dict[str, Any]:
        """What is set; fields that are None there are removed."""
        keys = list(dict.fromkeys([*earlier.get("calls", []), *(key for key in calls.keys if key)]))
        judge = {
            "model": self.llm.name, "prompt": self.settings.prompt_id, "repeats": repeats,
            **{name: earlier[name] for name in DIMENSIONS if name in earlier},
            **{name: judgement.scores for name, judgement in judgements.items()},
            "calls": keys, "unread": earlier.get("unread", 0) + unread,
        }  # fmt: skip
        change: dict[str, Any] = {"judge": judge}
        for name, judgement in judgements.items():
            score, explanation = FIELDS[name]
            change |= {score: judgement.score, explanation: judgement.explanation}
        return change

    def _write(self, sample: Mapping[str, Any], change: Mapping[str, Any]) -> Any:
        from pymongo import UpdateOne

        # What another judge said of a dimension that this one has not seen goes with that judge.
        stale = {name: "" for dimension in DIMENSIONS if dimension not in change["judge"] for name in FIELDS[dimension]}
        # An answer that was edited meanwhile is another one.
        unchanged = {"_id": sample["_id"], "answer": sample["answer"]}
        return UpdateOne(unchanged, {"$set": dict(change)} | ({"$unset": stale} if stale else {}))


def _is_read(judgements: Mapping[str, Judgement]) -> bool:
    """Whether a score was read at all: a sample whose replies say none was asked about and not judged."""
    return any(judgement.scores for judgement in judgements.values())


def judge_view(sample: Mapping[str, Any]) -> tuple[str, str]:
    """(instruction, input) of a sample as its judge sees it: the short request, then earlier turns and sources."""
    question = str(sample["question"])
    instruction = str(sample.get("instruction") or "")
    context = question.removeprefix(instruction).strip() if instruction else ""
    if instruction and not question.startswith(instruction):
        context = question
    turns = [f"{turn.get('role', '')}: {turn.get('content', '')}" for turn in sample.get("history") or []]
    parts = [str(sample.get("system") or ""), *turns, context]
    return instruction or question, "\n\n".join(part for part in parts if part)
