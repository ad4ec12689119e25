"""Error replies that say "too long", in the words of every server, and the numbers that stand in them.

Seen at OpenAI, Azure, Mistral, Gemini, Groq, xAI, Anthropic's and OpenRouter's gateways, vLLM, SGLang, TGI, llama.cpp,
Ollama and LM Studio. Statuses differ (400, 413, 422, llama.cpp's 500, a 429 of a request larger than a minute's limit),
words do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_CODES = frozenset(
    {"context_length_exceeded", "string_above_max_length", "request_too_large", "exceed_context_size_error",
     "context_exceeded", "context_window_exceeded", "contextwindowexceedederror", "prompt_too_long"}
)  # fmt: skip
_TEXT = re.compile(
    r"maximum context|context (?:length|size|window|limit)s?\b.{0,40}(?:exceed|overflow|too (?:small|short))"
    r"|exceed\w*.{0,60}?context|(?:prompt|input|request|message\w*|sequence) (?:is |are )?too (?:long|large)"
    r"|maximum (?:model|prompt|input|sequence) length|longer than the (?:model|maximum|context)"
    r"|input token count.{0,40}exceeds|too many (?:input )?tokens|(?:input )?tokens? exceeds? the"
    r"|`?inputs`? must have less than \d+ tokens|`?inputs`? tokens \+ `?max_new_tokens`? must be"
    r"|reduce the length of the (?:messages|prompt|input)|too large for model with|exceeded model token limit"
    r"|prompt token count of \d+ exceeds|tokens to keep from the initial prompt|range of input length should be"
    r"|context the overflows|max_(?:completion_)?tokens.{0,20} is too large.{0,80}context",
    re.IGNORECASE | re.DOTALL,
)
#: Where the most that fits stands in a message.
_N = r"(?P<n>\d[\d,_.]*\d|\d)"
_CONTEXT = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"context limit: \d+ \+ \d+ > {_N}",
        (
            r"(?:max\w* (?:context|model|prompt|input|sequence) length|context (?:length|size|window|limit))"
            rf"(?: of (?:only )?| is (?:only )?|: ?| ?\(){_N}"
        ),
        rf"\d tokens? ?[>(] ?{_N} (?:max|tokens? max)",
        rf"exceeds? the (?:available )?context size \({_N}",
        rf"model'?s context length \({_N}",
        rf"model with {_N} maximum context",
        rf"maximum number of tokens allowed \({_N}",
        rf"must have less than {_N} tokens",
        rf"must be <= {_N}",
        rf"(?:exceeds? the|configured) limit of {_N}",
        rf"(?:token )?limit:? {_N}",
        rf"limit is {_N}",
        rf"cannot exceed {_N}",
        rf"should be \[\d+, ?{_N}\]",
        rf"> {_N}(?: max|\b)",
    )
)
_PROMPT = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"\({_N} (?:tokens )?(?:in|of|from) (?:the |your )?(?:messages|prompt|text input|input)",
        rf"{_N} tokens from the input messages",
        rf"(?:request|prompt) \({_N} tokens\)",
        (
            r"(?:messages? resulted in|request (?:has|contains)|prompt contains|given:|requested:?|current length is"
            r"|input token count \(|prompt tokens \(|prompt token count of"
            rf"|the input \(|is too long:) ?(?:about )?{_N}"
        ),
        rf"context limit: {_N} \+",
        rf"received {_N}",
    )
)


class ContextError(NamedTuple):
    """What an error says of sizes, in the server's tokens; None where it does not."""

    context: int | None = None
    prompt_tokens: int | None = None


def read_context_error(error: Mapping[str, Any], message: str) -> ContextError | None:
    """The numbers of an error that says "too long"; None where it says something else.

    Args:
        error: the error's fields; llama.cpp has `n_ctx` and `n_prompt_tokens`.
        message: its whole text.
    """
    codes = {str(error.get(name) or "").lower() for name in ("code", "type")}
    if not codes & _CODES and not _TEXT.search(message):
        return None
    return ContextError(
        _positive(error.get("n_ctx")) or _number(_CONTEXT, message),
        _positive(error.get("n_prompt_tokens")) or _number(_PROMPT, message),
    )


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _number(patterns: tuple[re.Pattern[str], ...], message: str) -> int | None:
    """What the first pattern finds that fits."""
    for pattern in patterns:
        if match := pattern.search(message):
            return _positive(int(re.sub(r"\D", "", match["n"])))
    return None
