"""What a reversed instruction depends on besides its fragment."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crawler.items import NewsmillError
from synth.llm.calls import parameters_suffix
from synth.llm.model_cards import is_extractive
from synth.llm.token_counters import Count, estimate
from synth.prompts import Prompt, Prompts, load_prompt
from synth.reverse.task_prompts import TaskPrompts, load_task_prompts
from synth.stages.llm_stage import model_settings

TASK = "reverse_instruction"
#: Tokens of the longest reply: an instruction of some sentences, or a score and why.
MAX_ANSWER_TOKENS = 512
#: The score from which a pair is kept: the paper's best, up to 3 (arXiv 2407.01853).
LAMBDA = 3.0
METHODS = ("detour", "native")
#: The language of the detour: instructions are written and judged in it.
PIVOT = "en"


@dataclass(frozen=True)
class Settings:
    """What decides about instructions; part of the key where it changes what is asked."""

    llm: str
    judge_llm: str
    #: spec of the engine that translates; "" where nothing is.
    translator: str
    #: only fragments of this language; "": all.
    language: str = ""
    threshold: float = LAMBDA
    seed: int = 0
    #: name of the one task prompt for all fragments; "": one is drawn for each.
    single_prompt: str = ""
    per_article: int = 1
    concurrency: int = 8
    max_answer_tokens: int = MAX_ANSWER_TOKENS
    context: int | None = None
    #: None: as the server likes it.
    temperature: float | None = 0.0
    count: Count = field(default=estimate)

    @property
    def method(self) -> str:
        """detour: by way of English; native: in the fragment's own language."""
        return "detour" if self.translator else "native"

    @property
    def tasks(self) -> TaskPrompts:
        return load_task_prompts()

    @property
    def prompts(self) -> Prompts:
        """What asks for instructions."""
        return load_prompt("reverse_instruction")

    @property
    def judge_prompt(self) -> Prompt:
        return load_prompt("reverse_judge").in_language(PIVOT)

    def language_of_instruction(self, language: str) -> str:
        """The language in which the instruction for a fragment is written and judged."""
        return PIVOT if self.method == "detour" else language

    def prompt_id(self, language: str) -> str:
        """As recorded: another wording or temperature makes another instruction."""
        frame = self.prompts.in_language(self.language_of_instruction(language))
        changed = {} if self.temperature == 0 else {"temperature": self.temperature}
        return f"{frame.id}+{self.tasks.id}+{self.judge_prompt.id}{parameters_suffix(**changed)}"

    @property
    def setup(self) -> dict[str, Any]:
        """The fields by which rows of `fragments` are this run's: the same fragment may be in others', too."""
        return {
            "method": self.method, "single_prompt": self.single_prompt, "llm": self.llm,
            "judge_llm": self.judge_llm, "translator": self.translator,
        }  # fmt: skip

    def rows(self) -> dict[str, Any]:
        """A filter of this run's rows, of its language and of the prompts as they are worded now."""
        languages = [self.language] if self.language else [*self.prompts.wordings, PIVOT, ""]
        ids = sorted({self.prompt_id(language) for language in languages})
        return {**self.setup, "prompt": {"$in": ids}} | ({"language": self.language} if self.language else {})


def settings_of(options: argparse.Namespace) -> Settings:
    """
    Raises:
        NewsmillError: an option makes no sense, or the model cannot write instructions.
    """
    for option, name in (("--llm", options.llm), ("--judge-llm", options.judge_llm)):
        if name and is_extractive(name):
            raise NewsmillError(
                f"{option} {name}: the offline model only summarises: openai:MODEL names one that writes"
            )
    if options.concurrency < 1:
        raise NewsmillError(f"--concurrency {options.concurrency}: at least 1")
    if options.native and options.engine:
        raise NewsmillError("--native translates nothing: leave --engine out")
    if options.single_prompt and options.single_prompt not in load_task_prompts().names:
        names = ", ".join(load_task_prompts().names)
        raise NewsmillError(f"--single-prompt {options.single_prompt}: no such task prompt; there are {names}")
    return Settings(
        options.llm, options.judge_llm or options.llm, "" if options.native else options.engine or f"llm:{options.llm}",
        options.language or "", options.threshold, options.seed, options.single_prompt or "", options.per_article,
        options.concurrency, **model_settings(options),
    )  # fmt: skip


def configuration_of(settings: Settings, options: argparse.Namespace) -> Mapping[str, Any]:
    """What the row in `runs` says of a run."""
    return {
        **settings.setup, "language": settings.language, "lambda": settings.threshold, "seed": settings.seed,
        "per_article": settings.per_article, "concurrency": settings.concurrency, "context": settings.context,
        "max_answer_tokens": settings.max_answer_tokens, "temperature": settings.temperature,
        "filter": getattr(options, "where", None),
    }  # fmt: skip
