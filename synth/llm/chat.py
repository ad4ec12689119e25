"""Chat completions over HTTP, as OpenAI, Mistral, Gemini, vLLM, Ollama and llama.cpp all serve them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from synth.llm.completion import Completion, LLMError, Message

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

DEFAULT_BASE_URL = "https://api.openai.com/v1"
#: Statuses that another attempt may mend: time-outs, conflicts, limits, overload (529: Anthropic's).
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REASONS = {401: "unauthorised", 402: "no_credit", 403: "unauthorised", 404: "unknown_model", 413: "too_long"}
#: What `error.code` says where money is out: waiting does not help.
_NO_CREDIT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_user_quota"})


class _Passing(LLMError):
    """Worth another attempt, after `wait` seconds where the server named them."""

    def __init__(self, reason: str, message: str, wait: float | None = None, *, fatal: bool = False) -> None:
        super().__init__(reason, message, fatal=fatal)
        self.wait = wait


class ChatServer:
    """A model at an OpenAI-compatible server.

    Args:
        attempts: tries for one call, the first included.
        longest_wait: seconds; who is told to wait longer gives up and says so.
        timeout: seconds without a byte after which an attempt is given up.
    """

    takes_documents = False

    def __init__(
        self, model: str, base_url: str = DEFAULT_BASE_URL, key: str = "",
        *, attempts: int = 6, first_wait: float = 1.0, longest_wait: float = 120.0, timeout: float = 180.0,
    ) -> None:  # fmt: skip
        self.model = model
        self.url = base_url.rstrip("/") + "/chat/completions"
        self.attempts, self.first_wait, self.longest_wait = attempts, first_wait, longest_wait
        self.timeout = timeout
        self._key = key
        self._client: httpx.AsyncClient | None = None

    @classmethod
    def from_environment(cls, model: str, environment: Mapping[str, str] = os.environ) -> Self:
        """At LLM_BASE_URL (default: OpenAI) with LLM_API_KEY, giving up an attempt after LLM_TIMEOUT seconds.

        Raises:
            LLMError: the address is none, or OpenAI is asked without a key.
        """
        base = environment.get("LLM_BASE_URL") or DEFAULT_BASE_URL
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise LLMError("bad_address", f"LLM_BASE_URL is no address: {base!r}; it looks like {DEFAULT_BASE_URL}")
        key = environment.get("LLM_API_KEY", "").strip()
        if not key and base == DEFAULT_BASE_URL:
            raise LLMError("unauthorised", f"openai:{model} needs LLM_API_KEY (or LLM_BASE_URL of another server)")
        return cls(model, base, key, timeout=_seconds(environment.get("LLM_TIMEOUT")) or 180.0)

    @property
    def name(self) -> str:
        return f"openai:{self.model}"

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        """One reply; attempts that a passing trouble spoiled are repeated, slower each time or as the server asks.

        Raises:
            LLMError: no reply, in one line that names model, server and what to do.
        """
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

        body = {"model": self.model, "messages": [dict(message) for message in messages], **parameters}
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_Passing), stop=stop_after_attempt(self.attempts), wait=self._wait,
            reraise=True,
        )  # fmt: skip
        return await retrying(self._ask, body)

    async def _ask(self, body: Mapping[str, Any]) -> Completion:
        import httpx

        try:
            if self._client is not None:
                response = await self._client.post(self.url, json=body)
            else:
                async with self._connections() as client:
                    response = await client.post(self.url, json=body)
        except httpx.TimeoutException as error:
            raise _Passing("timeout", self._line(f"no answer within {self.timeout:g} s (LLM_TIMEOUT)")) from error
        except httpx.ConnectError as error:
            text = f"cannot connect ({error}): is LLM_BASE_URL right and the server up?"
            raise _Passing("unreachable", self._line(text), fatal=True) from error
        except httpx.HTTPError as error:
            raise _Passing("unavailable", self._line(f"{type(error).__name__} {error}")) from error
        if response.status_code != 200:
            raise self._refusal(response)
        return self._reply(response)

    def _refusal(self, response: httpx.Response) -> LLMError:
        """The error that a status other than 200 means."""
        status, (code, said) = response.status_code, _error_of(response)
        text = self._line(f"{status} {response.reason_phrase}" + (f": {said}" if said else ""))
        if code in _NO_CREDIT:
            return LLMError("no_credit", text)
        if status in _PASSING:
            return self._passing(status, text, _retry_after(response.headers))
        if status == 400 and (code == "context_length_exceeded" or "context length" in said.lower()):
            return LLMError("too_long", text, fatal=False)
        reason = _REASONS.get(status, "refused_request")
        advice = {"unauthorised": "; check LLM_API_KEY", "unknown_model": "; check the model's name and LLM_BASE_URL"}
        return LLMError(reason, text + advice.get(reason, ""), fatal=status in (401, 402, 403, 404))

    def _passing(self, status: int, text: str, wait: float | None) -> LLMError:
        reason = "rate_limited" if status == 429 else "unavailable"
        if wait is not None and wait > self.longest_wait:
            return LLMError(reason, f"{text}; the server asks to wait {wait:.0f} s: run the same command after that")
        return _Passing(reason, text, wait)

    def _reply(self, response: httpx.Response) -> Completion:
        try:
            data = response.json()
            choice = data["choices"][0]
            message = choice["message"]
            text, refusal = _text(message.get("content")), message.get("refusal")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # Proxies answer 200 with a page, overloaded servers with no choices: another attempt may do better.
            raise _Passing("bad_reply", self._line(f"no completion in the reply: {_start(response.text)}")) from error
        usage = data["usage"] if isinstance(data.get("usage"), dict) else {}
        return Completion(
            text, str(data.get("model") or self.model),
            "refusal" if refusal else str(choice.get("finish_reason") or "stop"),
            _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _cost(usage.get("cost")),
        )  # fmt: skip

    def _wait(self, state: RetryCallState) -> float:
        """Seconds to the next attempt: as the server asks, else doubling, up to a quarter more by chance."""
        import random

        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Passing) and error.wait is not None:
            return error.wait
        doubled = self.first_wait * 2 ** (state.attempt_number - 1)
        return float(min(self.longest_wait, doubled) * random.uniform(1, 1.25))

    def _line(self, text: str) -> str:
        told = f"{self.name} at {urlsplit(self.url).netloc.rpartition('@')[2]}: {text}"
        return told.replace(self._key, "***") if self._key else told

    def _connections(self) -> httpx.AsyncClient:
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.AsyncClient(timeout=httpx.Timeout(self.timeout, connect=min(15.0, self.timeout)), headers=headers)

    async def __aenter__(self) -> Self:
        self._client = self._connections()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()
        self._client = None


def _error_of(response: httpx.Response) -> tuple[str, str]:
    """(code, message) of an error reply, whatever shape it has."""
    try:
        error = response.json()["error"]
        if isinstance(error, dict):
            return str(error.get("code") or error.get("type") or ""), _start(str(error.get("message") or ""))
        return "", _start(str(error))
    except (ValueError, LookupError, TypeError):
        return "", _start(response.text)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` or `Retry-After` (a number or a date); None where neither says."""
    if (thousandths := _seconds(headers.get("retry-after-ms"))) is not None:
        return thousandths / 1000
    said = headers.get("retry-after", "")
    if (seconds := _seconds(said)) is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _seconds(text: str | None) -> float | None:
    """A number of seconds that one can wait; None for anything else."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _text(content: Any) -> str:
    """The text of a message: a string, parts of which some are text, or nothing."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _cost(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _start(text: str) -> str:
    return " ".join(text.split())[:200] or "(empty)"
