"""What every stage that asks a model has in common: its options, and the calls it makes for one document."""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from synth.command_line import keep_reading
from synth.llm import LLM, Limits, LLMError, model_card
from synth.llm.calls import LLMUser
from synth.llm.token_counters import counter
from synth.stages.options import positive
from synth.stages.workers import WorkerPool

#: Failures of one reason that are printed on stderr; the rest is only counted.
_SHOWN = 3


def add_llm_arguments(
    parser: argparse.ArgumentParser, max_answer_tokens: int, models: str = "extractive or openai:MODEL (extractive)"
) -> None:
    """The model, how fast and for how much it may be asked, and how much fits a call.

    `models`: which models the command takes, for the help of --llm.
    """
    parser.add_argument("--llm", default="extractive", metavar="NAME", help=models)
    add_model_arguments(parser, max_answer_tokens)


def add_model_arguments(
    parser: argparse.ArgumentParser, max_answer_tokens: int, title: str = "language model (openai:MODEL)"
) -> None:
    """The same without the model's name, for commands that name it otherwise."""
    group = parser.add_argument_group(title)
    group.add_argument("--concurrency", type=int, default=8, metavar="N", help="calls at a time, at most (8)")
    group.add_argument("--requests-per-minute", type=positive, metavar="N", help="calls sent in a minute, at most")
    group.add_argument("--tokens-per-minute", type=positive, metavar="N", help="tokens in a minute, at most")
    group.add_argument("--max-cost", type=float, metavar="US$", help="stop before this run has cost more")
    group.add_argument("--models", metavar="FILE", help="YAML table of contexts and prices (NEWSMILL_MODELS)")
    group.add_argument("--context", type=positive, metavar="N", help="tokens of prompt and answer (the model card's)")
    longest = group.add_argument(
        "--max-new-tokens", dest="max_answer_tokens", type=positive, default=max_answer_tokens, metavar="N",
        help=f"tokens of the longest answer ({max_answer_tokens})",
    )  # fmt: skip
    # `train generate`, transformers and LitGPT call it so.
    keep_reading(group, longest, "--max-answer-tokens")
    group.add_argument(
        "--tokenizer", metavar="NAME",
        help="tokenizer.json or its folder, estimate, or bytes (the model's where it is at hand, else estimate)",
    )  # fmt: skip
    group.add_argument(
        "--temperature", type=temperature, default=0.0, metavar="T", help="0 to 2, or default: the server's own (0)"
    )


def temperature(text: str) -> float | None:
    """A number from 0 to 2 for argparse; None for `default`, because some models take no temperature at all."""
    if text == "default":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 2:
        raise argparse.ArgumentTypeError(f"{text!r} is no temperature: 0 to 2, or default")
    return value


def exit_status(command: str, counts: Mapping[str, int], success: str, harmless: Iterable[str]) -> int:
    """1 where something was tried and nothing came of it, said in one line on stderr; else 0.

    Args:
        success: the outcome of a document that was done.
        harmless: outcomes that are no failures.
    """
    failures = {name: count for name, count in counts.items() if count and name not in {*harmless, success}}
    if counts.get(success) or not failures:
        return 0
    reasons = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in sorted(failures.items()))
    print(f"{command}: nothing was done: every call failed or gave no usable reply ({reasons})", file=sys.stderr)
    return 1


def limits_of(options: argparse.Namespace) -> Limits:
    """How fast and for how much a model may be asked."""
    return Limits(options.concurrency, options.requests_per_minute, options.tokens_per_minute, options.max_cost)


def model_settings(options: argparse.Namespace) -> dict[str, Any]:
    """{context, max_answer_tokens, count, temperature} for a model, from its card and the options.

    Raises:
        NewsmillError: the answer leaves no room for a prompt, or the table or the tokenizer cannot be read.
    """
    if options.models and not Path(options.models).is_file():
        raise NewsmillError(f"--models {options.models}: no such file")
    card = model_card(options.llm, options.models)
    context = options.context or card.context
    longest = min(options.max_answer_tokens, card.max_output or options.max_answer_tokens)
    if context and longest >= context:
        raise NewsmillError(f"--max-new-tokens {longest}: a context of {context} tokens leaves no room for a prompt")
    return {
        "context": context, "max_answer_tokens": longest, "count": counter(options.llm, options.tokenizer),
        "temperature": options.temperature,
    }  # fmt: skip


class UnusableReply(Exception):
    """A reply that is no answer; `reason` is its name in counts."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReportingPool(WorkerPool):
    """Documents under way, of which those that failed are left for the next run and named.

    Args:
        command: what errors are printed under.
        width: documents under way, at most.
    """

    def __init__(self, command: str, width: int) -> None:
        self.command, self.width = command, width
        self.failures: Counter[str] = Counter()

    def report(self, document: str, error: LLMError) -> None:
        """Print that a document waits for the next run; after a few of one reason they are only counted."""
        self.failures[error.reason] += 1
        if self.failures[error.reason] <= _SHOWN:
            print(f"{self.command}: {document} left for the next run: {error}", file=sys.stderr)


class LLMStage(LLMUser, ReportingPool):
    """A stage whose documents ask a model, which is open as long as the stage is.

    Args:
        command: what errors are printed under.
        concurrency: calls under way, at most.
    """

    def __init__(self, llm: LLM, command: str, concurrency: int) -> None:
        # More than the calls under way: while these are answered, others are looked up in the ledger and kept there.
        ReportingPool.__init__(self, command, 3 * concurrency)
        LLMUser.__init__(self, llm)
