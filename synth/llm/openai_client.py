"""Chat completions by the official `openai` client: OpenAI, Mistral, Gemini, vLLM, Ollama and llama.cpp serve them."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from synth.llm.completion import Completion, LLMError, Message, TooLongError
from synth.llm.connection import DEFAULT_BASE_URL, Connection, TransientError, is_address
from synth.llm.model_cards import ModelCard
from synth.llm.rate_limits import (
    USUAL_REPLY,
    AdaptiveConcurrency,
    Budget,
    CallEstimate,
    Limits,
    RateWindow,
    Reservation,
    most_prompt_tokens,
    most_reply_tokens,
    prompt_tokens,
)
from synth.llm.responses import NoCompletionError, Refusal, read_completion, read_refusal, refusal_in, seconds_of

if TYPE_CHECKING:
    from tenacity import RetryCallState


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and when a call is tried again.

    Attributes:
        attempts: tries for one call, the first included.
        first_wait: seconds before the second attempt, doubled before each further one, where the server names none.
        longest_wait: seconds; who is asked to wait longer gives up and says so.
    """

    attempts: int = 8
    first_wait: float = 0.5
    longest_wait: float = 120.0


#: Attempts at a server that never answered: nobody waits two minutes to learn of a wrong address.
_FIRST_ATTEMPTS = 4


class ChatServer:
    """A model at an OpenAI-compatible server. Any number of calls may be awaited at once: `limits` hold them back.

    Args:
        timeout: seconds after which an attempt is given up, from its first byte to the reply's last.
        card: sizes and prices; needed for `limits.max_cost`.

    Attributes:
        counts: attempts by what became of them (`answered`, or the reason of the failure).
    """

    takes_documents = False

    def __init__(
        self, model: str, base_url: str = DEFAULT_BASE_URL, key: str = "",
        *, limits: Limits | None = None, card: ModelCard | None = None, retries: Retries | None = None,
        timeout: float = 180.0,
    ) -> None:  # fmt: skip
        self.model = model
        self.retries = retries or Retries()
        self.limits = limits or Limits()
        self.connection = Connection(self.name, base_url, key, timeout=timeout, most=self.limits.concurrency)
        self.card = card or ModelCard(model)
        self.concurrency = AdaptiveConcurrency(self.limits.concurrency)
        self.rate = RateWindow(self.limits.requests_per_minute, self.limits.tokens_per_minute)
        self.budget = Budget(self.limits.max_cost)
        self.counts: Counter[str] = Counter()
        #: tasks whose request is with the server: cancelled now, their reply would be paid and lost.
        self.sending: set[asyncio.Task[Any] | None] = set()
        #: waited for before each request is sent; a call that is given up meanwhile was never paid.
        self.before_sending: Callable[[], Awaitable[None]] | None = None
        #: parameter -> what this model calls it.
        self._renamed: dict[str, str] = {}
        self._entered, self._closing = 0, False
        #: reason and words of calls that come after `stop`.
        self._stop_reason = ("", "")
        #: (tokens, number) of the replies so far.
        self._reply_tokens = (0, 0)
        if self.limits.max_cost is not None and self.card.cost(0, 0) is None:
            raise LLMError("no_price", _no_price(model))

    @classmethod
    def from_environment(
        cls, model: str, environment: Mapping[str, str] = os.environ,
        *, limits: Limits | None = None, card: ModelCard | None = None,
    ) -> Self:  # fmt: skip
        """At LLM_BASE_URL (default: OpenAI) with LLM_API_KEY, giving up an attempt after LLM_TIMEOUT seconds.

        Raises:
            LLMError: the address is none, OpenAI is asked without a key, or there is no price for `limits.max_cost`.
        """
        base = environment.get("LLM_BASE_URL") or DEFAULT_BASE_URL
        if not is_address(base):
            shown_base = base.rpartition("@")[2]
            raise LLMError(
                "bad_address", f"LLM_BASE_URL is no address: {shown_base!r}; it looks like {DEFAULT_BASE_URL}"
            )
        key = environment.get("LLM_API_KEY", "").strip()
        if not key and base == DEFAULT_BASE_URL:
            raise LLMError("unauthorised", f"openai:{model} needs LLM_API_KEY (or LLM_BASE_URL of another server)")
        if key and "@" in urlsplit(base).netloc:
            raise LLMError("bad_address", "LLM_BASE_URL names a user, and there is LLM_API_KEY: only one can log in")
        if not (key.isascii() and key.isprintable()):
            raise LLMError("unauthorised", "LLM_API_KEY holds characters that no key has: was it copied whole?")
        timeout_text = environment.get("LLM_TIMEOUT") or "180"
        timeout = seconds_of(timeout_text)
        if not timeout:
            raise LLMError("bad_limit", f"LLM_TIMEOUT {timeout_text!r}: a number of seconds")
        return cls(model, base, key, limits=limits, card=card, timeout=timeout)

    @property
    def name(self) -> str:
        return f"openai:{self.model}"

    @property
    def url(self) -> str:
        return self.connection.base_url + "/chat/completions"

    @property
    def host(self) -> str:
        """Host and port."""
        return self.connection.host

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        """One reply; attempts that met a transient error are repeated, slower each time or as the server asks.

        Raises:
            LLMError: no reply, in one line that names model, server and what to do.
        """
        from tenacity import AsyncRetrying, retry_if_exception_type

        body = {"model": self.model, "messages": [dict(message) for message in messages], **parameters}
        wait = functools.partial(self._wait, itertools.count())
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError), stop=self._enough, wait=wait, reraise=True
        )
        return await retrying(self._in_turn, body, self._estimate(messages, parameters))

    def _estimate(self, messages: Sequence[Message], parameters: Mapping[str, Any]) -> CallEstimate:
        """What the limits have to know of a call; counted only where there are such limits."""
        tokens, cost = 0, 0.0
        most = most_reply_tokens(parameters, self.card)
        if self.limits.tokens_per_minute is not None:
            total, replies = self._reply_tokens
            usual = total // replies if replies else USUAL_REPLY
            tokens = prompt_tokens(messages) + (min(most, usual) if most else usual)
        if self.limits.max_cost is not None:
            if most is None:
                raise LLMError("no_price", f"{_no_price(self.model)}; its max_output is not known either")
            cost = self.card.cost(most_prompt_tokens(messages, parameters), most) or 0.0
        return CallEstimate(tokens, cost)

    async def _in_turn(self, body: Mapping[str, Any], estimate: CallEstimate) -> Completion:
        # Who waits for the next attempt leaves the place to others: a gate that is too wide narrows by itself.
        async with self.concurrency:
            try:
                return await self._attempt(body, estimate)
            except LLMError as error:
                if error.fatal and self._entered and not isinstance(error, TransientError):
                    # Before the place is given to the next, who would fail in the same way.
                    self.stop(error)
                raise

    async def _attempt(self, body: Mapping[str, Any], estimate: CallEstimate) -> Completion:
        await self.budget.reserve(estimate.cost)
        cost = 0.0
        try:
            reservation = await self.rate.admit(estimate.tokens)
            if self.before_sending is not None:
                await self.before_sending()
            # Until it is known what was paid, all of it may have been.
            cost = estimate.cost
            try:
                reply = self._priced(await self._ask(body))
            except LLMError as error:
                cost = estimate.cost * self._failed(error, reservation, estimate)
                raise
            cost = estimate.cost if reply.cost is None else reply.cost
            self.rate.correct(reservation, _total(reply, estimate.tokens))
        finally:
            self.budget.settle(estimate.cost, cost)
        self.counts["answered"] += 1
        self.concurrency.report(overloaded=False)
        return reply

    def _failed(self, error: LLMError, reservation: Reservation, estimate: CallEstimate) -> bool:
        """Report an attempt without a reply to the limits; whether it may have been paid for."""
        uncertain = isinstance(error, TransientError) and error.uncertain
        self.rate.correct(reservation, estimate.tokens if uncertain else 0)
        self.counts[error.reason] += 1
        self.concurrency.report(overloaded=isinstance(error, TransientError) and error.overload)
        return uncertain

    async def _ask(self, body: Mapping[str, Any]) -> Completion:
        if self._closing:
            raise LLMError(*self._stop_reason)
        task = asyncio.current_task()
        self.sending.add(task)
        try:
            status, phrase, headers, content = await self.connection.post(self._renamed_parameters(body))
        finally:
            self.sending.discard(task)
        if status != 200:
            refusal = read_refusal(status, phrase, headers, content)
            if refusal.parameter == "max_tokens" and "max_tokens" in body and not self._renamed:
                # OpenAI's reasoning models: learnt once, by a call that costs nothing.
                self._renamed["max_tokens"] = "max_completion_tokens"
            if refusal.parameter in self._renamed:
                refusal = replace(refusal, transient=True, wait=0.0)
            raise self._error(refusal)
        try:
            return read_completion(content, self.model)
        except NoCompletionError as error:
            if (refusal_inside := refusal_in(content)) is not None:
                raise self._error(refusal_inside) from error
            # Proxies answer 200 with a page, overloaded servers with no choices: another attempt may do better.
            raise TransientError(
                "bad_reply", self.connection.line(f"no completion in the reply: {error}"), uncertain=True
            ) from error

    def _renamed_parameters(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {self._renamed.get(name, name): value for name, value in body.items()} if self._renamed else body

    def _error(self, refusal: Refusal) -> LLMError:
        text = self.connection.line(refusal.text)
        if refusal.reason == "too_long":
            return TooLongError(text, *refusal.sizes)
        if not refusal.transient:
            return LLMError(refusal.reason, text, fatal=refusal.fatal)
        if refusal.wait is not None and refusal.wait > self.retries.longest_wait:
            advice = f"{text}; the server asks to wait {refusal.wait:.0f} s: run the same command after that"
            return LLMError(refusal.reason, advice)
        return TransientError(
            refusal.reason, text, refusal.wait, overload=refusal.overload, uncertain=refusal.uncertain
        )

    def _priced(self, reply: Completion) -> Completion:
        """With the cost from the table where the server names none."""
        if reply.completion_tokens is not None:
            self._reply_tokens = (self._reply_tokens[0] + reply.completion_tokens, self._reply_tokens[1] + 1)
        if reply.cost is not None:
            return reply
        return replace(reply, cost=self.card.cost(reply.prompt_tokens, reply.completion_tokens))

    def _enough(self, state: RetryCallState) -> bool:
        """Whether to give up after this attempt."""
        error = state.outcome.exception() if state.outcome else None
        never = isinstance(error, LLMError) and error.reason == "unreachable" and not self.counts["answered"]
        attempts = min(self.retries.attempts, _FIRST_ATTEMPTS) if never else self.retries.attempts
        return self._closing or state.attempt_number >= attempts

    def _wait(self, doublings: Iterator[int], state: RetryCallState) -> float:
        """Seconds to the next attempt: as the server asks or doubling, up to a quarter more by chance."""
        import random

        error = state.outcome.exception() if state.outcome else None
        server_wait = error.wait if isinstance(error, TransientError) else None
        # Only waits that nobody asked for double: four polite 429s are no reason to fear the first 500.
        seconds = server_wait if server_wait is not None else self.retries.first_wait * 2 ** next(doublings)
        return float(min(self.retries.longest_wait, seconds) * random.uniform(1, 1.25))

    def stop(self, why: LLMError | None = None) -> None:
        """No further attempt begins; what is with the server may still be answered.

        Args:
            why: what every other call would end with as well.
        """
        if not self._closing:
            message = self.connection.line("the run ends, nothing more is asked for")
            self._stop_reason = (why.reason, str(why)) if why else ("stopped", message)
        self._closing = True

    async def __aenter__(self) -> Self:
        self._entered += 1
        self._closing = False
        self.connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        if not self._entered:
            self._closing = False
            await self.connection.close()


def _total(reply: Completion, expected: int) -> int:
    """Tokens of a call by its usage; as expected where the server does not tell."""
    if reply.prompt_tokens is None or reply.completion_tokens is None:
        return expected
    return reply.prompt_tokens + reply.completion_tokens


def _no_price(model: str) -> str:
    return (
        f"--max-cost needs the price of {model}, which the table of models does not have: put "
        f"`models: {{{model}: {{max_output: 4096, input: …, output: …}}}}` (US$ per million tokens; 0 on a machine of "
        "your own) into a file and name it with --models"
    )
