"""The calls made for one document, and how much a call may hold where a server takes less than was thought."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from synth.llm.completion import LLM, Completion, TooLongError

#: OpenAI's reasoning models name the limit otherwise, and take no temperature.
_REASONING = re.compile(r"openai:(?:o\d|gpt-5)")
#: Share of a call that was too long, which is tried where nobody says how much fits.
_LESS = 0.6


class CallRecorder:
    """The calls made for one document: their keys in the order of asking, and how many were paid."""

    def __init__(self, llm: LLM, temperature: float | None) -> None:
        self.llm = llm
        reasons = bool(_REASONING.match(llm.name))
        self.limit = "max_completion_tokens" if reasons else "max_tokens"
        self.parameters: dict[str, Any] = {} if temperature is None or reasons else {"temperature": temperature}
        self.keys: list[str] = []
        self.counts: Counter[str] = Counter()

    async def ask(self, messages: list[dict[str, str]], max_tokens: int) -> Completion:
        """One reply.

        Raises:
            LLMError: there is none.
        """
        position = len(self.keys)
        self.keys.append("")
        reply = await self.llm.complete(messages, **{self.limit: max_tokens}, **self.parameters)
        self.keys[position] = reply.call
        self.counts["cached" if reply.cached else "calls"] += 1
        return reply


def context_after(error: TooLongError, prompt: int, answer: int) -> int:
    """The tokens that a call may hold, by our own count, after one of `prompt` and `answer` tokens was too long.

    A server's tokens may be more than ours; where it names no size, less than was sent must do.
    """
    size = prompt + answer
    context = float(error.context or size * _LESS)
    if error.context and error.prompt_tokens and error.prompt_tokens > prompt:
        context *= prompt / error.prompt_tokens
    if context >= size:
        context = size * _LESS
    return int(context)
