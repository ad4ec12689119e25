"""`synth judge`: how good a language model finds each sample, 0 to 5, by accuracy and helpfulness."""

from __future__ import annotations

import argparse
import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.filters.read import read_filter
from synth.judge.reply_parser import parse_reply
from synth.llm import LLM, LLMError, load_llm
from synth.llm.token_counters import Count, estimate, name_of, of_messages
from synth.prompts import Prompt, load_prompt
from synth.ratings.agreement import AGREED, DIMENSIONS, REPEATED, agreement_of, repeatability_of, table
from synth.samples.sample import CURRENT
from synth.stages.llm_stage import Asking, Calls, add_llm_arguments, fitting, limits_of
from synth.stages.stage import Stage, add_stage_arguments, positive, print_counts, run_stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.stage import Outcome

__all__ = ["parse_reply"]

#: A score and a few sentences about it.
MAX_ANSWER_TOKENS = 512
#: dimension -> (its score in a sample, what was said of it).
FIELDS = {"accuracy": ("accuracy", "acc_explanation"), "helpfulness": ("helpfulness", "help_explanation")}

DESCRIPTION = """Let a language model rate samples from 0 to 5, as AlpaGasus did: the score on the first line, then why.

A reply without a readable score counts as unread and gives none. With --repeats K each question is asked K times, with
another seed each time: the score is the mean, and --repeatability says how steady the judge is. What was asked already
is answered from the ledger and not paid again. One wording in English serves all languages, so that their scores can be
compared; --agreement says, per language, how far people agree.

A verdict belongs to a model and a prompt: another judge's verdict takes the place of the earlier one as a whole."""
EXAMPLE = """examples:
  LLM_API_KEY=… synth judge --llm openai:gpt-4o-mini --dimension both --max-cost 2
  synth judge --llm openai:gpt-4o-mini --repeats 5 --limit 200 && synth judge --repeatability
  synth judge --ratings ratings.csv && synth judge --agreement"""


@dataclass(frozen=True)
class Settings:
    """What a verdict depends on besides the sample."""

    prompt: Prompt
    dimensions: tuple[str, ...] = ("accuracy",)
    repeats: int = 1
    #: judge what this judge has judged, too.
    again: bool = False
    concurrency: int = 8
    #: tokens of the longest reply, and of prompt and reply together; None: as much as a sample has.
    max_answer_tokens: int = MAX_ANSWER_TOKENS
    context: int | None = None
    #: None: as the server likes it.
    temperature: float | None = 0.0
    count: Count = field(default=estimate)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLE
    parser.add_argument(
        "--dimension", choices=(*DIMENSIONS, "both"), default="accuracy", help="what is rated (accuracy)"
    )
    parser.add_argument(
        "--repeats", type=positive, default=1, metavar="K",
        help="times each question is asked, after the first time with seeds 1, 2 … (1); see --temperature",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="judge samples that this judge has judged, too")
    instead = parser.add_argument_group("instead of judging").add_mutually_exclusive_group()
    instead.add_argument("--repeatability", action="store_true", help="show how alike the repeats of a question are")
    instead.add_argument("--agreement", action="store_true", help="show how the judge and people agree, by language")
    instead.add_argument(
        "--ratings", type=Path, metavar="FILE",
        help="store people's ratings: JSON lines or .csv of item, rater, accuracy, helpfulness, language, comment",
    )  # fmt: skip
    add_llm_arguments(parser, MAX_ANSWER_TOKENS)
    # The offline model, which the other stages fall back on, has no opinions.
    next(action for action in parser._actions if action.dest == "llm").help = "openai:MODEL; needed to judge"
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    if options.ratings:
        return _take_ratings(options)
    if options.repeatability or options.agreement:
        return _show(options)
    settings = settings_of(options)
    database = connect(options.uri)
    llm = load_llm(options.llm, database.llm_calls, limits=limits_of(options), models=options.models)
    counts = judge_samples(database, llm, settings, options)
    print_counts("judge", counts, options.json, 'synth query \'{"accuracy": {"$gte": 4.5}}\'')
    return 0


def _take_ratings(options: argparse.Namespace) -> int:
    from synth.ratings.importing import import_ratings

    database = connect(options.uri)
    with run_of(database, "ratings", {"file": str(options.ratings)}) as run:
        run.counts.update(import_ratings(database, options.ratings))
    print_counts("judge", run.counts, options.json, "synth judge --agreement")
    return 0


def _show(options: argparse.Namespace) -> int:
    database = connect(options.uri)
    wanted = read_filter(options.where, database)
    columns = AGREED if options.agreement else REPEATED
    rows = agreement_of(database, wanted) if options.agreement else repeatability_of(database, wanted)
    missing = "no sample has both a verdict and a rating" if options.agreement else "no sample was judged twice"
    hint = "synth judge --ratings FILE" if options.agreement else "synth judge --repeats 3"
    if options.json:
        print(json.dumps(rows))
    else:
        print(table(rows, columns) if rows else f"judge: {missing}; next: {hint}")
    return 0


def settings_of(options: argparse.Namespace) -> Settings:
    """
    Raises:
        NewsmillError: an option makes no sense, or the model cannot judge.
    """
    if options.llm.partition("/")[0] == "extractive":
        raise NewsmillError(
            "the offline model extractive only summarises and cannot judge: --llm openai:MODEL names one"
        )
    if options.concurrency < 1:
        raise NewsmillError(f"--concurrency {options.concurrency}: at least 1")
    dimensions = DIMENSIONS if options.dimension == "both" else (options.dimension,)
    prompt = load_prompt("judge").in_language("en")
    return Settings(prompt, dimensions, options.repeats, options.again, options.concurrency, **fitting(options))


def check(options: argparse.Namespace) -> None:
    """For pipelines, before their first step.

    Raises:
        NewsmillError: as main does for options that make no sense.
    """
    if not (options.ratings or options.repeatability or options.agreement):
        settings_of(options)


def judge_samples(
    database: Database[dict[str, Any]], llm: LLM, settings: Settings, options: argparse.Namespace | None = None
) -> Counter[str]:
    """Judge what this judge has not judged; counts by outcome.

    Raises:
        LLMError: no call can succeed (wrong key, no such model, nobody there); what was written stays.
    """
    configuration = {
        "llm": llm.name, "prompt": settings.prompt.id, "dimensions": list(settings.dimensions),
        "repeats": settings.repeats, "again": settings.again, "concurrency": settings.concurrency,
        "context": settings.context, "max_answer_tokens": settings.max_answer_tokens,
        "temperature": settings.temperature, "tokens_by": name_of(settings.count),
    }  # fmt: skip
    return run_stage(database, stage_of(llm, settings), options, configuration)


def stage_of(llm: LLM, settings: Settings) -> Stage:
    """The stage that judges samples with a model."""
    return Stage("judge", "samples", _pending(llm.name, settings), Judge(llm, settings), batch_size=64)


def planned(database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """For `synth plan`."""
    return stage_of(llm, settings_of(options))


def _pending(model: str, settings: Settings) -> dict[str, Any]:
    """Current samples that lack a verdict, or have one of another judge, or of fewer repeats."""
    if settings.again:
        return dict(CURRENT)
    lacking = [{f"judge.{dimension}": {"$exists": False}} for dimension in settings.dimensions]
    other = [
        {"judge.model": {"$ne": model}}, {"judge.prompt": {"$ne": settings.prompt.id}},
        {"judge.repeats": {"$lt": settings.repeats}},
    ]  # fmt: skip
    return {**CURRENT, "$or": [*lacking, *other]}


# ---- one sample


@dataclass(frozen=True)
class Verdict:
    """What the judge said in all repeats of one question; `scores` are those that could be read."""

    scores: list[float]
    unread: int
    explanation: str

    @property
    def score(self) -> float | None:
        return round(statistics.fmean(self.scores), 4) if self.scores else None


def verdict_of(replies: Sequence[str], dimension: str) -> Verdict:
    """The explanation is that of the reply whose score is nearest to the mean; unread, the first reply as it is."""
    read = [parse_reply(reply, dimension) for reply in replies]
    scored = [(score, told) for score, told in read if score is not None]
    if not scored:
        return Verdict([], len(read), read[0][1] if read else "")
    mean = statistics.fmean(score for score, _ in scored)
    explanation = min(scored, key=lambda one: abs(one[0] - mean))[1]
    return Verdict([score for score, _ in scored], len(read) - len(scored), explanation)


class Judge(Asking):
    """Judges samples."""

    def __init__(self, llm: LLM, settings: Settings) -> None:
        super().__init__(llm, "judge", settings.concurrency)
        self.settings = settings

    def prepare(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return batch

    async def one(self, item: dict[str, Any]) -> Outcome:
        """The update of a sample, or the name of the reason why there is none."""
        dimensions, repeats, kept = self._todo(item)
        asked = {dimension: self._messages(item, dimension) for dimension in dimensions}
        if any(self._too_long(messages) for messages in asked.values()):
            return [], Counter(too_long=1)
        calls = Calls(self.llm, self.settings.temperature)
        try:
            verdicts = {
                dimension: verdict_of(await self._replies(messages, repeats, calls), dimension)
                for dimension, messages in asked.items()
            }
        except LLMError as error:
            if error.fatal:
                raise
            self.tell(f"sample {item['key'][:12]}", error)
            return [], calls.counts + Counter({error.reason: 1})
        unread = sum(verdict.unread for verdict in verdicts.values())
        change = self._change(kept, verdicts, repeats, calls, unread)
        return [self._write(item, change)], calls.counts + Counter(judged=1, unread=unread)

    def _todo(self, sample: Mapping[str, Any]) -> tuple[list[str], int, dict[str, Any]]:
        """(dimensions to ask about, how often, what stays of the verdict that is there).

        All lists of a verdict are of as many repeats: a dimension that is added is asked as often as the others, and
        where more repeats are wanted, all dimensions get them.
        """
        wanted, there = self.settings, sample.get("judge") or {}
        if (there.get("model"), there.get("prompt")) != (self.llm.name, wanted.prompt.id):
            return list(wanted.dimensions), wanted.repeats, {}
        repeats = max(wanted.repeats, there.get("repeats") or 1)
        present = [dimension for dimension in DIMENSIONS if dimension in there]
        if wanted.again or repeats > (there.get("repeats") or 1):
            both = [dimension for dimension in DIMENSIONS if dimension in (*wanted.dimensions, *present)]
            return both, repeats, {}
        return [dimension for dimension in wanted.dimensions if dimension not in present], repeats, there

    def _messages(self, sample: Mapping[str, Any], dimension: str) -> list[dict[str, str]]:
        instruction, given = shown(sample)
        return self.settings.prompt.render(
            "shown", "request", dimension=dimension, instruction=instruction, input=given, response=sample["answer"]
        )

    def _too_long(self, messages: Sequence[Mapping[str, str]]) -> bool:
        context, longest = self.settings.context, self.settings.max_answer_tokens
        return context is not None and of_messages(messages, self.settings.count) + longest > context

    async def _replies(self, messages: list[dict[str, str]], repeats: int, calls: Calls) -> list[str]:
        """The texts of all repeats. The first is asked without a seed: judged once or often, it is the same call.

        Raises:
            LLMError: a call gave no reply; what was answered before is in the ledger.
        """
        texts, usual = [], calls.parameters
        for repeat in range(repeats):
            calls.parameters = usual | ({"seed": repeat} if repeat else {})
            texts.append((await calls.ask(messages, self.settings.max_answer_tokens)).text)
        calls.parameters = usual
        return texts

    def _change(
        self, kept: Mapping[str, Any], verdicts: Mapping[str, Verdict], repeats: int, calls: Calls, unread: int
    ) -> dict[str, Any]:
        """What is set; fields that are None there are removed."""
        keys = list(dict.fromkeys([*kept.get("calls", []), *(key for key in calls.keys if key)]))
        judge = {
            "model": self.llm.name, "prompt": self.settings.prompt.id, "repeats": repeats,
            **{name: kept[name] for name in DIMENSIONS if name in kept},
            **{name: verdict.scores for name, verdict in verdicts.items()},
            "calls": keys, "unread": kept.get("unread", 0) + unread,
        }  # fmt: skip
        change: dict[str, Any] = {"judge": judge}
        for name, verdict in verdicts.items():
            score, explanation = FIELDS[name]
            change |= {score: verdict.score, explanation: verdict.explanation}
        return change

    def _write(self, sample: Mapping[str, Any], change: Mapping[str, Any]) -> Any:
        from pymongo import UpdateOne

        # What another judge said of a dimension that this one has not seen goes with that judge.
        gone = {name: "" for dimension in DIMENSIONS if dimension not in change["judge"] for name in FIELDS[dimension]}
        # An answer that was edited meanwhile is another one.
        place = {"_id": sample["_id"], "answer": sample["answer"]}
        return UpdateOne(place, {"$set": dict(change)} | ({"$unset": gone} if gone else {}))


def shown(sample: Mapping[str, Any]) -> tuple[str, str]:
    """(instruction, input) of a sample as its judge sees it: the short request, then earlier turns and sources."""
    question = str(sample["question"])
    instruction = str(sample.get("instruction") or "")
    given = question.removeprefix(instruction).strip() if instruction else ""
    if instruction and not question.startswith(instruction):
        given = question
    turns = [f"{turn.get('role', '')}: {turn.get('content', '')}" for turn in sample.get("history") or []]
    parts = [str(sample.get("system") or ""), *turns, given]
    return instruction or question, "\n\n".join(part for part in parts if part)
