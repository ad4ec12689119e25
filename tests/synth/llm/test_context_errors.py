"""Errors that say "too long", as servers word them, with the sizes that they name; and errors that do not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synth.llm.context_errors import ContextError, read_context_error
from synth.llm.responses import read_refusal

#: (status, fields besides the message, message, context, tokens of the prompt)
TOO_LONG: list[tuple[int, dict[str, Any], str, int | None, int | None]] = [
    (
        400,
        {"code": "context_length_exceeded"},
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9051 "
            "tokens. Please reduce the length of the messages."
        ),
        8192,
        9051,
    ),
    (
        400,
        {},
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5230 tokens (4206 "
            "in the messages, 1024 in the completion). Please reduce the length of the messages or "
            "completion."
        ),
        4096,
        4206,
    ),
    (
        400,
        {},
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context "
            "length is 2048 tokens and your request has 1500 input tokens (1024 > 2048 - 1500)."
        ),
        2048,
        1500,
    ),
    (
        400,
        {},
        (
            "The decoder prompt (length 6000) is longer than the maximum model length of 4096. Make sure "
            "that `max_model_len` is no smaller than the number of text tokens."
        ),
        4096,
        None,
    ),
    (
        422,
        {"type": "validation"},
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 5120",
        1024,
        5120,
    ),
    (
        422,
        {},
        (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1900 "
            "`inputs` tokens and 1024 `max_new_tokens`"
        ),
        2048,
        1900,
    ),
    (
        400,
        {"type": "exceed_context_size_error", "n_ctx": 4096, "n_prompt_tokens": 5011},
        "the request exceeds the available context size, try increasing it",
        4096,
        5011,
    ),
    (
        400,
        {},
        "request (5011 tokens) exceeds the available context size (4096 tokens), try increasing it",
        4096,
        5011,
    ),
    (
        500,
        {"type": "server_error"},
        "Context size has been exceeded.",
        None,
        None,
    ),
    (
        500,
        {},
        "context size exceeded",
        None,
        None,
    ),
    (
        400,
        {},
        ("Prompt contains 33012 tokens and 0 draft tokens, too large for model with 32768 maximum context length"),
        32768,
        33012,
    ),
    (
        400,
        {},
        "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
        1048575,
        1196265,
    ),
    (
        400,
        {},
        "the input length exceeds the context length",
        None,
        None,
    ),
    (
        400,
        {},
        "prompt is too long: 213462 tokens > 200000 maximum",
        200000,
        213462,
    ),
    (
        400,
        {},
        ("input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length"),
        200000,
        199759,
    ),
    (
        400,
        {},
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        131072,
        537812,
    ),
    (
        400,
        {},
        "The input (5012 tokens) is longer than the model's context length (4096 tokens).",
        4096,
        5012,
    ),
    (
        429,
        {"code": "rate_limit_exceeded"},
        (
            "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, "
            "Requested 31337. The input or output tokens must be reduced in order to run successfully."
        ),
        30000,
        31337,
    ),
    (
        413,
        {},
        ("Please reduce the length of the messages or completion. Current length is 9012 while limit is 8192"),
        8192,
        9012,
    ),
    (
        400,
        {},
        "Your input exceeds the context window of this model. Please adjust your input and try again.",
        None,
        None,
    ),
    (
        400,
        {},
        "Your request exceeded model token limit: 262144 (requested: 300011)",
        262144,
        300011,
    ),
]


@pytest.mark.parametrize(("status", "fields", "message", "context", "prompt"), TOO_LONG)
def test_too_long_is_said_in_many_ways(
    status: int, fields: dict[str, Any], message: str, context: int | None, prompt: int | None
) -> None:
    refusal = read_refusal(
        status, "X", {"retry-after": "20"}, json.dumps({"error": {**fields, "message": message}}).encode()
    )
    assert (refusal.reason, refusal.transient, refusal.fatal) == ("too_long", False, False)
    assert refusal.sizes == ContextError(context, prompt)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "Rate limit reached for x on tokens per min (TPM): Limit 3, Used 2, Requested 2."),
        (500, "Internal server error"), (503, "The model is overloaded. Please try again later."),
        (400, "content filtered"), (400, "Invalid value for 'temperature'"), (404, "unknown context length"),
        (422, "extra fields not permitted"), (500, "slot unavailable"),
    ],
)  # fmt: skip
def test_other_errors_are_none(status: int, message: str) -> None:
    refusal = read_refusal(status, "X", {}, json.dumps({"error": {"message": message}}).encode())
    assert refusal.reason != "too_long"


def test_what_is_no_error_is_none() -> None:
    assert read_context_error({}, "") is None
    assert read_context_error({"code": "context_length_exceeded", "n_ctx": "big"}, "") == ContextError()
