"""What a summary depends on besides its event."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from crawler.items import NewsmillError
from synth.llm.calls import parameters_suffix
from synth.llm.token_counters import Count, estimate
from synth.prompts import Prompts, load_prompt
from synth.stages.llm_stage import model_settings
from synth.summarize.map_reduce import ContextWindow

TASK = "news_summary"
#: Tokens of the longest summary: five times the words of the human summaries of vi_vnmds (182 in the median).
MAX_ANSWER_TOKENS = 1024
#: A context that no event fills, for models of which nothing is known.
_ENDLESS = 1 << 40
#: Part of a context that nobody knew of which an answer may take: the prompt is most of a call.
_ANSWER_PART = 3


@dataclass(frozen=True)
class Settings:
    """What a summary depends on besides the event; part of the key where it changes the prompt."""

    prompt: Prompts
    max_sentences: int | None = None
    min_articles: int = 2
    #: sentences of an article, from its first on, that are its source; None: all.
    source_sentences: int | None = None
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
        limits = {"max_sentences": self.max_sentences, "source_sentences": self.source_sentences}
        other: dict[str, Any] = {name: limit for name, limit in limits.items() if limit}
        return parameters_suffix(**other | ({} if self.temperature == 0 else {"temperature": self.temperature}))

    def window(self, learnt: int | None = None) -> ContextWindow:
        """What a call may hold; `learnt`: the context that a server turned out to have."""
        context = min(self.context or _ENDLESS, learnt or _ENDLESS)
        answer = min(self.max_answer_tokens, context // _ANSWER_PART) if learnt else self.max_answer_tokens
        return ContextWindow(context, answer, self.count)


def settings_of(options: argparse.Namespace) -> Settings:
    """
    Raises:
        NewsmillError: an option makes no sense.
    """
    if options.min_articles < 2:
        raise NewsmillError(f"--min-articles {options.min_articles}: an event has at least two articles")
    names = ("max_sentences", "source_sentences", "concurrency")
    limits: dict[str, Any] = {name: getattr(options, name, None) for name in names}
    for name, limit in limits.items():
        if limit is not None and limit < 1:
            raise NewsmillError(f"--{name.replace('_', '-')} {limit}: at least 1")
    return Settings(load_prompt(TASK), min_articles=options.min_articles, **limits, **model_settings(options))
