"""Language models behind one call: `await load_llm(name).complete(messages, **parameters)`.

Names: `extractive` (offline: a summary made of the sources' own sentences) and `openai:MODEL` (any server that speaks
OpenAI's chat completions, at LLM_BASE_URL with LLM_API_KEY). With a ledger, a call that was paid is never repeated.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.llm.completion import LLM, Completion, LLMError, Message, TooLongError
from synth.llm.model_cards import ModelCard, model_card
from synth.llm.rate_limits import Limits

if TYPE_CHECKING:
    from pymongo.collection import Collection

__all__ = [
    "LLM",
    "Completion",
    "LLMError",
    "Limits",
    "Message",
    "ModelCard",
    "TooLongError",
    "load_llm",
    "model_card",
    "share_budget",
]


def load_llm(
    name: str, ledger: Collection[dict[str, Any]] | None = None,
    *, limits: Limits | None = None, models: str | Path | None = None,
) -> LLM:  # fmt: skip
    """The model of that name; with `ledger` (the collection `llm_calls`) its replies are kept and used again.

    Args:
        limits: calls at a time, requests and tokens a minute, US dollars; default: eight calls at a time.
        models: a table of sizes and prices before the project's own (default: $NEWSMILL_MODELS).

    Raises:
        LLMError: there is no such name, the server's address or key is missing, or `limits.max_cost` lacks a price.
    """
    if name == "extractive":
        from synth.llm.extractive.model import Extractive

        # It costs nothing and always says the same: there is nothing to keep.
        return Extractive()
    kind, _, model = name.partition(":")
    if kind != "openai" or not model:
        raise LLMError("unknown_model", f"no language model {name!r}: {_meant(name)}")
    if importlib.util.find_spec("openai") is None:
        raise LLMError("not_installed", f"{name} needs the package openai: pip install 'newsmill[llm]'")
    from synth.llm.ledger import Ledgered
    from synth.llm.openai_client import ChatServer

    server = ChatServer.from_environment(model, limits=limits, card=model_card(name, models))
    return server if ledger is None else Ledgered(server, ledger)


def share_budget(first: LLM, *others: Any) -> None:
    """Let several models of one command spend what the first may spend, and not each as much again."""
    budget = getattr(_client(first), "budget", None)
    for other in others:
        if budget is not None and hasattr(_client(other), "budget"):
            _client(other).budget = budget


def _client(model: Any) -> Any:
    """The client below a ledger, and below an engine that translates by a model."""
    while (inner := getattr(model, "llm", None)) is not None:
        model = inner
    return model


def _meant(name: str) -> str:
    """What to write instead of a name that is no model's."""
    from synth.command_line import nearest

    kind, _, model = name.partition(":")
    if nearest(name, ["extractive"]):
        return "did you mean extractive?"
    # A server's own name, with or without the name of who sells it: all of them speak OpenAI's protocol.
    model = model or ("" if nearest(kind, ["openai"]) else kind)
    return f"did you mean openai:{model}?" if model else "there are extractive and openai:MODEL"
