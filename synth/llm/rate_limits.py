"""How much may be asked of a server: calls at a time, requests and tokens a minute, US dollars in all.

Nothing here belongs to an event loop for longer than somebody waits: one client may serve several loops in turn.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.llm.completion import LLMError, Message
from synth.llm.model_cards import ModelCard
from synth.llm.token_counters import CHAT, MESSAGE, by_bytes, estimate

#: Seconds of the window behind "a minute": one more, because not every request takes the same time to arrive.
MINUTE = 61.0
#: Tokens of a reply whose length nothing bounds, until replies show what is usual.
USUAL_REPLY = 500
#: Share of itself by which the concurrency grows after a good round of replies: 38 rounds from 1 to 64.
_GROWTH = 1 / 16
#: Share of the replies of a round that may ask to slow down before it is heard: stray faults shall cost no speed.
_STRAY = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may ask of a server; None: no limit."""

    concurrency: int = 8
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    #: US dollars that this run may spend; replies out of the ledger cost nothing.
    max_cost: float | None = None

    def __post_init__(self) -> None:
        for name in ("concurrency", "requests_per_minute", "tokens_per_minute"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise LLMError("bad_limit", f"--{name.replace('_', '-')} {value}: at least 1")
        if self.max_cost is not None and not (math.isfinite(self.max_cost) and self.max_cost >= 0):
            raise LLMError("bad_limit", f"--max-cost {self.max_cost}: an amount of US dollars")


class AdaptiveConcurrency:
    """Places for calls, fewer while the server is overloaded.

    Replies are looked at in rounds of as many as there are places. A round in which every reply asked to slow down
    halves the places, one in which a third did takes a sixth of them (as DCTCP does, RFC 8257: the cut is in proportion
    to the marks); after a round with at most one in five they grow by a sixteenth, at least by one, up to `most`.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.places = float(most)
        self.in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._round, self._bad = 0, 0

    async def __aenter__(self) -> None:
        if self.in_use < int(self.places) and not self._waiting:
            self.in_use += 1
            return
        slot = asyncio.get_running_loop().create_future()
        self._waiting.append(slot)
        try:
            await slot
        except asyncio.CancelledError:
            # The slot may have been granted in the moment in which it was given up.
            self.in_use -= slot.done() and not slot.cancelled()
            self._admit()
            raise

    async def __aexit__(self, *_: object) -> None:
        self.in_use -= 1
        self._admit()

    def report(self, *, overloaded: bool) -> None:
        """Count one reply, or one that failed to come."""
        self._round += 1
        self._bad += overloaded
        if self._round < int(self.places):
            return
        share = self._bad / self._round
        self._round = self._bad = 0
        if share > _STRAY:
            self.places = max(1.0, self.places * (1 - share / 2))
        else:
            self.places = min(float(self.most), self.places + max(1.0, self.places * _GROWTH))
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_use < int(self.places):
            slot = self._waiting.popleft()
            if not slot.done():
                self.in_use += 1
                slot.set_result(None)


@dataclass(slots=True)
class Reservation:
    """One request in a window."""

    tokens: int
    #: when it was let in; None: not yet.
    at: float | None = None


class RateWindow:
    """At most so many requests and tokens in any `seconds`; who comes first goes first."""

    def __init__(
        self, requests: int | None, tokens: int | None, *, seconds: float = MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.requests, self.tokens, self.seconds, self._clock = requests, tokens, seconds, clock
        self._reservations: deque[Reservation] = deque()
        #: tokens of the requests in the window.
        self.used = 0
        self._waiting: deque[tuple[Reservation, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, tokens: int) -> Reservation:
        """Wait until a request of so many tokens fits; one larger than the limit goes alone."""
        reservation = Reservation(tokens)
        if self.requests is None and self.tokens is None:
            return reservation
        admission = asyncio.get_running_loop().create_future()
        self._waiting.append((reservation, admission))
        self._pump()
        try:
            await admission
        except asyncio.CancelledError:
            if reservation.at is not None:
                self.correct(reservation, 0)
            self._pump()
            raise
        return reservation

    def correct(self, reservation: Reservation, tokens: int) -> None:
        """The tokens that a request really took."""
        if reservation.at is not None:
            self.used += tokens - reservation.tokens
            reservation.tokens = tokens
            self._pump()

    def _pump(self) -> None:
        """Let in who fits, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        while self._reservations and now - (self._reservations[0].at or 0) >= self.seconds:
            old = self._reservations.popleft()
            self.used -= old.tokens
            old.at = None
        while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
            reservation, admission = self._waiting.popleft()
            if not admission.done():
                reservation.at = now
                self._reservations.append(reservation)
                self.used += reservation.tokens
                admission.set_result(None)
        if self._waiting:
            wait = (self._reservations[0].at or 0) + self.seconds - now
            self._timer = asyncio.get_running_loop().call_later(max(0.001, wait), self._pump)

    def _fits(self, reservation: Reservation) -> bool:
        if not self._reservations:
            return True
        if self.requests is not None and len(self._reservations) >= self.requests:
            return False
        return self.tokens is None or self.used + reservation.tokens <= self.tokens


class Budget:
    """US dollars: the most that a call can cost is set aside before it is sent.

    Who finds too little left waits until the calls under way have shown their real cost. Only when none is under way
    and it is still too little, the run has reached its limit.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._aside = 0.0
        self.calls_in_flight = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def reserve(self, most: float) -> None:
        """Set the most that a call can cost aside.

        Raises:
            LLMError: it would exceed the limit.
        """
        while self.limit is not None and self.spent + self._aside + most > self.limit:
            if not self.calls_in_flight:
                raise LLMError("max_cost", self._reached(most))
            settled = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        self._aside += most
        self.calls_in_flight += 1

    def settle(self, most: float, cost: float) -> None:
        """The call for which `most` was set aside has ended and cost so much."""
        self.calls_in_flight -= 1
        self._aside = self._aside - most if self.calls_in_flight else 0.0
        self.spent += cost
        waiting, self._waiting = self._waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)

    def _reached(self, most: float) -> str:
        return (
            f"--max-cost {self.limit:g} US$ would be exceeded: {self.spent:.4f} spent in this run, the next call may "
            f"cost {most:.4f}; what was answered is kept: to go on, run the same command again with a new --max-cost"
        )


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """What one call may take."""

    #: tokens of prompt and reply, as expected.
    tokens: int = 0
    #: US dollars, at most.
    cost: float = 0.0


def prompt_tokens(messages: Sequence[Message], count: Callable[[str], int] = estimate) -> int:
    """Tokens of a prompt, by default rather too many than too few; with eight for each message and for the chat."""
    return sum(count(_text(message)) + MESSAGE for message in messages) + CHAT


def most_prompt_tokens(messages: Sequence[Message], parameters: Mapping[str, Any]) -> int:
    """Tokens that no tokenizer exceeds: a byte is at most one; 16 for each message, 64 for what a server adds."""
    extra = json.dumps(parameters, ensure_ascii=False, default=str) if parameters else ""
    return sum(by_bytes(_text(message)) + 16 for message in messages) + by_bytes(extra) + 64


def most_reply_tokens(parameters: Mapping[str, Any], card: ModelCard) -> int | None:
    """Tokens of the longest reply; None where nothing bounds it."""
    limits = [parameters.get(name) for name in ("max_completion_tokens", "max_tokens")]
    bounds = [value for value in (*limits, card.max_output or card.context) if isinstance(value, int) and value > 0]
    replies = parameters.get("n") or 1
    return min(bounds) * int(replies) if bounds else None


def _text(message: Message) -> str:
    content: Any = message.get("content") or ""
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
