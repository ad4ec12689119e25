"""What translates: one file an engine, found by listing this folder, and what an engine is.

A module NAME of this folder is the engine `NAME` or `NAME:MODEL` of the command line. It offers

    LICENCE              of the weights, in one line; "" where that is the server's business
    load(model, settings) -> Engine
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from crawler.items import NewsmillError
from synth.llm.rate_limits import Limits
from synth.llm.token_counters import Count, estimate

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from synth.llm import LLM

#: Tokens of the longest reply: what needs more is translated in pieces.
MAX_ANSWER_TOKENS = 4096


@dataclass(frozen=True)
class EngineSettings:
    """What engines may be told; each takes what concerns it.

    Attributes:
        ledger: where replies that were paid are kept (`llm_calls`).
        limits: calls at a time, tokens a minute, US dollars.
        models: table of contexts and prices.
        count: what counts tokens.
        context: tokens of prompt and reply together; None: not known.
        max_answer_tokens: tokens of the longest reply.
        temperature: None: as the server likes it.
        llm: a model that is loaded already.
        planned: whether that model answers with fillers, as that of `synth plan` does.
        workers: copies of a model that work at the same time.
        batch_size: texts in one batch of a model.
        device: `cpu`, `cuda`, `cuda:1` …; "" for what there is.
        dtype: `float32`, `bfloat16`, `float16`; "" for what the device likes.
    """

    ledger: Collection[dict[str, Any]] | None = None
    limits: Limits = field(default_factory=Limits)
    models: str | None = None
    count: Count = estimate
    context: int | None = None
    max_answer_tokens: int = MAX_ANSWER_TOKENS
    temperature: float | None = 0.0
    llm: LLM | None = None
    planned: bool = False
    workers: int = 1
    batch_size: int = 16
    device: str = ""
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One text to translate, with masks in it.

    Attributes:
        text: begins and ends with no white space.
        before: (source, translation) of what stands before it; the translation is "" where there is none.
        after: what stands behind it.
        context: other texts that it belongs to.
        form: how masks in the text are written, with {} for the number; "" where it has none.
        masks: numbers of the masks that were lost at the first try; () at the first.
    """

    text: str
    source_language: str
    language: str
    before: Sequence[tuple[str, str]] = ()
    after: str = ""
    context: Sequence[str] = ()
    form: str = ""
    masks: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a request.

    Attributes:
        text: the translation; "" where there is none.
        refusal: why there is none, else "".
        call: key in the ledger; "" where none is kept.
        cached: whether it was in the ledger.
    """

    text: str
    refusal: str = ""
    call: str = ""
    cached: bool = False


class Engine(Protocol):
    """What translates pieces of text; open as an async context manager while it works.

    Attributes:
        name: as samples record it (`provenance.model`).
        licence: of the weights; "" where nothing is known.
        by_sentence: whether it takes one sentence at a time and knows no lines.
        width: requests that may wait for it at a time, so that it is never idle.
    """

    name: str
    licence: str
    by_sentence: bool
    width: int

    def prompt_id(self, language: str) -> str:
        """Name and version of what it is asked with, as samples record it (`provenance.prompt`)."""
        ...

    def check(self, source_language: str, language: str) -> None:
        """
        Raises:
            NewsmillError: it does not know one of the languages.
        """
        ...

    def fits(self, text: str, language: str) -> bool:
        """Whether a text is short enough for one request."""
        ...

    def reads(self, form: str) -> bool:
        """Whether it can read and write masks of this form."""
        ...

    async def translate(self, request: Request) -> Reply:
        """
        Raises:
            LLMError: no reply; TooLongError where a smaller piece may get one (`fits` has learnt of it).
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def engine_names() -> list[str]:
    """Names of the engines: the modules of this folder."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_engine(spec: str, settings: EngineSettings | None = None) -> Engine:
    """The engine of a spec: `llm:MODEL`, `madlad[:PATH]`, `nllb[:PATH]`.

    Raises:
        NewsmillError: there is no such engine, or it cannot be loaded.
    """
    from synth.command_line import nearest

    name, _, model = spec.partition(":")
    names = engine_names()
    if name not in names:
        near = nearest(name, names) or ("llm" if name == "openai" else None)
        hint = f"did you mean {near}{':' + model if model else ''}?" if near else f"there are {', '.join(names)}"
        raise NewsmillError(f"no translation engine {spec!r}: {hint}")
    engine: Engine = importlib.import_module(f"{__name__}.{name}").load(model, settings or EngineSettings())
    return engine
