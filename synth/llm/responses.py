"""What servers say: replies, errors and waits, in every shape that OpenAI-compatible servers give them.

Read by hand and not into the openai package's models: those take any body for a completion (an HTML page comes back as
a str, missing choices as None), and cost more time than all the rest of a call.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from synth.llm.completion import Completion
from synth.llm.context_errors import ContextError, read_context_error

#: Statuses that another attempt may get past: time-outs, conflicts, limits, overload (520-524: Cloudflare's).
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
#: Those by which somebody between gave up: the model behind may have answered, and been paid for it.
UNCERTAIN = frozenset({408, 502, 504, 520, 524})
#: Those that ask for fewer calls.
OVERLOAD = frozenset({429, 503, 529})
REASONS = {401: "unauthorised", 402: "no_credit", 403: "unauthorised", 404: "unknown_model", 413: "too_long"}
_ADVICE = {
    "unauthorised": "; check LLM_API_KEY",
    "unknown_model": "; check the model's name and LLM_BASE_URL",
    "no_credit": "; waiting does not help: see the account's plan and billing",
}
#: What `error.code` says where money is out: waiting does not help.
_NO_CREDIT = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_user_quota",
     "insufficient_balance", "credit_balance_too_low"}
)  # fmt: skip
#: Statuses that say nothing of sizes, whatever their text.
_NEVER_TOO_LONG = frozenset({401, 402, 403, 404, 408})
_UNSUPPORTED = frozenset({"unsupported_parameter", "unsupported_value"})
_PARAMETERS = {"temperature": "; --temperature default leaves it to the server"}
#: OpenAI's and Groq's "Please try again in 1h2m3.5s".
_AGAIN_IN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|[dhms]) ?)+)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
#: Other words for why a model stopped; what is not here stays as the server says it.
_FINISH = {
    "": "stop", "eos": "stop", "eos_token": "stop", "stop_sequence": "stop", "end_turn": "stop",
    "max_tokens": "length", "model_length": "length",
    "safety": "content_filter", "recitation": "content_filter", "blocklist": "content_filter",
    "prohibited_content": "content_filter", "spii": "content_filter", "sensitive": "content_filter",
}  # fmt: skip
#: Counts beyond it are none, and no BSON either.
_MOST = 2**53


_NO_SIZES = ContextError()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error reply means."""

    reason: str
    #: one line for people, without model and server.
    text: str
    #: worth another attempt.
    transient: bool = False
    #: every other call would fail in the same way.
    fatal: bool = False
    #: seconds that the server asks to wait; None where it does not.
    wait: float | None = None
    #: the server asks for fewer calls.
    overload: bool = False
    #: the call may have been paid all the same.
    uncertain: bool = False
    #: the parameter that this model does not take.
    parameter: str = ""
    #: of a call that is too long: what the server says of sizes.
    sizes: ContextError = _NO_SIZES


class NoCompletionError(ValueError):
    """A reply with status 200 that holds no completion."""


def read_completion(body: bytes, model: str) -> Completion:
    """The completion in the body of a reply with status 200; `model` where it names none.

    Raises:
        NoCompletionError: there is none; its text is what is there instead.
    """
    try:
        data = json.loads(body)
        choice = data["choices"][0]
        message = choice["message"]
        text, refusal = _text(message.get("content")), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NoCompletionError(first_line(body)) from error
    finish = str(choice.get("finish_reason") or "").lower()
    if finish == "error" or isinstance(choice.get("error"), dict):
        raise NoCompletionError(first_line(body))
    usage = data["usage"] if isinstance(data.get("usage"), dict) else {}
    return Completion(
        text, _clean(str(data.get("model") or model)), "refusal" if refusal else _FINISH.get(finish, _clean(finish)),
        _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _cost(usage.get("cost")),
    )  # fmt: skip


def refusal_in(body: bytes) -> Refusal | None:
    """The error that a reply with status 200 holds, where it holds one with a status of its own (OpenRouter)."""
    error = _error_of(body)
    code = error.get("code")
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600:
        return read_refusal(code, "", {}, body)
    return None


def read_refusal(status: int, phrase: str, headers: Mapping[str, str], body: bytes) -> Refusal:
    """What a status other than 200 means, with all that headers and body say about it."""
    error = _error_of(body)
    codes = {str(error.get(name) or "").lower() for name in ("code", "type")}
    message = first_line(error.get("message") or "") if error else first_line(body)
    text = f"{status} {phrase}".strip() + (f": {message}" if message else "")
    if 300 <= status < 400:
        return Refusal(
            "unreachable", f"{text}; it moved to {headers.get('location', '?')}: set LLM_BASE_URL", fatal=True
        )
    if codes & _NO_CREDIT or (status == 429 and _spent_for_the_day(error)):
        return Refusal("no_credit", text + _ADVICE["no_credit"], fatal=True)
    if status not in _NEVER_TOO_LONG and (sizes := read_context_error(error, _whole_message(error, body))):
        return Refusal("too_long", text, sizes=sizes)
    if status in TRANSIENT:
        wait = _retry_after(headers)
        wait = wait if wait is not None else _wait_in(error, message)
        return Refusal(
            "rate_limited" if status == 429 else "unavailable", text, transient=True, wait=wait,
            overload=status in OVERLOAD, uncertain=status in UNCERTAIN,
        )  # fmt: skip
    if status == 400 and codes & _UNSUPPORTED:
        parameter = str(error.get("param") or "")
        return Refusal("refused_request", text + _PARAMETERS.get(parameter, ""), fatal=True, parameter=parameter)
    reason = REASONS.get(status, "refused_request" if status < 500 else "unavailable")
    return Refusal(reason, text + _ADVICE.get(reason, ""), fatal=status in (401, 402, 403, 404))


def first_line(content: Any) -> str:
    """The beginning of a text, in one line."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    return _clean(" ".join(text[:2000].split())[:200]) or "(empty)"


def seconds_of(text: str | None) -> float | None:
    """A number of seconds that one can wait; None for anything else."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _error_of(body: bytes) -> dict[str, Any]:
    """The error in a body: `error` or what stands in its place; a text, or in a list (Gemini)."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    data = data[0] if isinstance(data, list) and data else data
    if not isinstance(data, dict):
        return {}
    for name in ("error", "errors", "detail", "message"):
        value = data.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, dict):
            return {**value, "message": value.get("message") or value.get("msg") or json.dumps(value)}
        if isinstance(value, str) and value:
            return {**data, "message": value}
    return {}


def _whole_message(error: Mapping[str, Any], body: bytes) -> str:
    """All that an error says: the numbers may stand far behind the first line."""
    return str(error.get("message") or "")[:5000] if error else body[:5000].decode("utf-8", "replace")


def _spent_for_the_day(error: Mapping[str, Any]) -> bool:
    """Gemini's 429 for a minute's limit and for a day's differ in the name of the quota only."""
    return "PerDay" in json.dumps(error.get("details") or "")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` or `Retry-After` (a number or a date); None where neither says."""
    if (thousandths := seconds_of(headers.get("retry-after-ms"))) is not None:
        return thousandths / 1000
    header = headers.get("retry-after", "")
    if (seconds := seconds_of(header)) is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _wait_in(error: Mapping[str, Any], message: str) -> float | None:
    """Seconds that the error itself names: Gemini's `retryDelay`, OpenAI's "try again in"."""
    if delay := re.search(r'"retryDelay": "([\d.]+)s"', json.dumps(error.get("details") or "")):
        return seconds_of(delay[1])
    if match := _AGAIN_IN.search(message):
        parts = re.findall(r"([\d.]+)(ms|[dhms])", match[1].lower())
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return None


def _text(content: Any) -> str:
    """The text of a message: a string, parts of which some are text, or nothing."""
    if isinstance(content, list):
        return _clean("".join(str(part.get("text") or "") for part in content if isinstance(part, dict)))
    return _clean(content) if isinstance(content, str) else ""


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which a cut may leave and no store takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else None


def _cost(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST:
        return float(value)
    return None
