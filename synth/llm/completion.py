"""What a model gives back, and what every model offers.

The exception tree::

    NewsmillError
    └── LLMError             a call that gave no reply; carries `reason` (its name in counts) and `fatal`
        └── TooLongError     a call larger than the model takes; carries the sizes that the server named
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from crawler.items import NewsmillError

#: {role, content} as in OpenAI's chat completions.
Message = Mapping[str, str]


class LLMError(NewsmillError):
    """A call that gave no reply.

    Attributes:
        reason: the name it is counted under, e.g. ``rate_limited``.
        fatal: every other call would fail in the same way: a wrong key, no such model, nobody there.
    """

    def __init__(self, reason: str, message: str, *, fatal: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.fatal = fatal


class TooLongError(LLMError):
    """A call that is larger than the model takes.

    Attributes:
        context: tokens that the model takes, by the server's own account; None where it does not say.
        prompt_tokens: tokens that the server counted in the prompt; None where it does not say.
    """

    def __init__(self, message: str, context: int | None = None, prompt_tokens: int | None = None) -> None:
        super().__init__("too_long", message, fatal=False)
        self.context, self.prompt_tokens = context, prompt_tokens


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply."""

    #: as the model wrote it; may be "".
    text: str
    #: the model that answered, by its own account.
    model: str
    #: `stop`, `length` (cut off), `content_filter`, `refusal`, or what else the server says.
    finish_reason: str = "stop"
    #: tokens read and written; None where the server does not tell.
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    #: price in US dollars as the server states it; None where it does not.
    cost: float | None = None
    #: whether the reply comes from the ledger: nothing was asked, nothing paid.
    cached: bool = False
    #: key in the ledger; "" where none is kept.
    call: str = ""


class LLM(Protocol):
    """A model. As an async context manager it keeps its connections open between calls."""

    @property
    def name(self) -> str:
        """Names model and way of asking; samples record it, their keys hang on it."""
        ...

    @property
    def takes_documents(self) -> bool:
        """Whether `complete` accepts documents=[…] besides the messages."""
        ...

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Unconnected:
    """What has nothing to open and nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
