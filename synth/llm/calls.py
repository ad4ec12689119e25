"""The calls made for one document, and how much a call may hold where a server takes less than was thought."""

from __future__ import annotations

import re
from collections import Counter
from types import TracebackType
from typing import Any, Self

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


class LLMUser:
    """What asks a model and is open as long as the model is."""

    def __init__(self, llm: LLM) -> None:
        self.llm = llm
        #: tokens of prompt and answer that the server turned out to take; None: nothing was too long yet.
        self.learnt_context: int | None = None

    def learn(self, error: TooLongError, prompt: int, answer: int) -> int:
        """The tokens that a call may hold, by our own count, after one of `prompt` and `answer` tokens was too long."""
        context = context_after(error, prompt, answer)
        self.learnt_context = min(context, self.learnt_context or context)
        return self.learnt_context

    def stop(self) -> None:
        """Send nothing new."""
        # Only a server's client knows what has not been sent yet.
        if stop := getattr(self.llm, "stop", None):
            stop()

    async def __aenter__(self) -> Self:
        await self.llm.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.llm.__aexit__(kind, error, trace)


def parameters_suffix(**parameters: Any) -> str:
    """What makes a request another one besides its prompt, for the id under which results are recorded.

    The usual temperature, 0, is not written: results of before have none.
    """
    written = [f"{name}={'default' if value is None else value}" for name, value in parameters.items()]
    return "?" + "&".join(written) if written else ""
