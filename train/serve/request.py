"""A request of OpenAI's chat completions, read: what it asks for, or why it cannot be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from train.errors import TrainError
from train.models.sampling import Sampling

#: Tokens of an answer where the request sets no limit, at most.
LENGTH = 1024
#: Fields that change nothing here at the value that OpenAI documents as theirs; another value is refused.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,), "frequency_penalty": (0,), "presence_penalty": (0,), "logprobs": (False,), "top_logprobs": (0,),
    "logit_bias": ({},), "tools": ([],), "tool_choice": ("none", "auto"), "response_format": ({"type": "text"},),
    "modalities": (["text"],),
}  # fmt: skip
_KNOWN = {
    "model", "messages", "temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "stop", "seed",
    "stream", "stream_options", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
}  # fmt: skip


class RequestError(Exception):
    """What is told to who asked, with the HTTP status."""

    def __init__(self, message: str, status: int = 400, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status, self.parameter = status, parameter


@dataclass(frozen=True)
class ChatRequest:
    """length: tokens of the answer, at most; None: as many as there is room for."""

    messages: list[dict[str, str]]
    sampling: Sampling
    length: int | None
    stop: tuple[str, ...]
    seed: int | None
    stream: bool
    usage: bool


def read_request(body: Any) -> ChatRequest:
    """The request in a JSON body.

    Raises:
        RequestError: it is none, or asks for what this server cannot do.
    """
    if not isinstance(body, Mapping):
        raise RequestError("the body must be a JSON object")
    for name, value in body.items():
        if name not in _KNOWN and name not in _NEUTRAL:
            raise RequestError(f"{name} is no field of a chat completion", 422, name)
        if name in _NEUTRAL and value is not None and value not in _NEUTRAL[name]:
            raise RequestError(f"{name} {value!r} is not supported here", parameter=name)
    length = _number(body, "max_completion_tokens", int)
    length = _number(body, "max_tokens", int) if length is None else length
    if length is not None and length < 1:
        raise RequestError(f"max_tokens (max_new_tokens) must be 1 at least, not {length}", parameter="max_tokens")
    options = body.get("stream_options")
    return ChatRequest(
        _messages(body.get("messages")), _sampling(body), length, _stop(body.get("stop")),
        _number(body, "seed", int), bool(body.get("stream")),
        isinstance(options, Mapping) and bool(options.get("include_usage")),
    )  # fmt: skip


def _messages(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        raise RequestError("messages must be a list of {role, content}", parameter="messages")
    turns = []
    for turn in value:
        role = turn.get("role") if isinstance(turn, Mapping) else None
        if role not in ("system", "developer", "user", "assistant"):
            raise RequestError("each message needs a role: system, user or assistant", parameter="messages")
        turns.append({"role": "system" if role == "developer" else role, "content": _text(turn.get("content"))})
    if turns[-1]["role"] != "user":
        raise RequestError("the last message must be the user's", parameter="messages")
    return turns


def _text(content: Any) -> str:
    """A message's text, given whole or as OpenAI's list of parts."""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list) or not all(
        isinstance(part, Mapping) and part.get("type") == "text" and isinstance(part.get("text"), str) for part in parts
    ):
        raise RequestError("a message's content must be text", parameter="messages")
    text = "".join(part["text"] for part in parts)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise RequestError("a message holds half of a character (a lone surrogate)", parameter="messages")
    return text


def _sampling(body: Mapping[str, Any]) -> Sampling:
    temperature, top_p = _number(body, "temperature", float), _number(body, "top_p", float)
    try:
        return Sampling(temperature or 0.0, _number(body, "top_k", int), 1.0 if top_p is None else top_p)
    except TrainError as error:
        raise RequestError(str(error), parameter="temperature") from error


def _number(body: Mapping[str, Any], name: str, kind: type[int] | type[float]) -> Any:
    value = body.get(name)
    allowed = int if kind is int else (int, float)
    if value is not None and (isinstance(value, bool) or not isinstance(value, allowed)):
        raise RequestError(f"{name} must be a number, not {value!r}", parameter=name)
    return value


def _stop(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise RequestError("stop must be a text or a list of texts", parameter="stop")
    return tuple(text for text in texts if text)
