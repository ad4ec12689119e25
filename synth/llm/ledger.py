"""The ledger: every reply that was paid for, keyed by the request, so that no call is paid twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from synth.llm.completion import LLM, Completion, Message

if TYPE_CHECKING:
    from pymongo.collection import Collection

_REPLY = ("text", "model", "finish_reason", "prompt_tokens", "completion_tokens", "cost")


def call_hash(model: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> str:
    """sha256 (hex) of a request; the order of keys means nothing, that of messages does."""
    request = {"model": model, "messages": [dict(message) for message in messages], "parameters": dict(parameters)}
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Ledgered:
    """A model whose replies are kept: asked the same again, it answers from the collection `llm_calls`.

    A reply is acknowledged by the majority, journalled, before anyone sees it: who is killed after that lost no money.
    """

    takes_documents = False

    def __init__(self, llm: LLM, calls: Collection[dict[str, Any]]) -> None:
        from pymongo import WriteConcern

        self.llm = llm
        self.calls = calls.with_options(write_concern=WriteConcern("majority", j=True))
        self._running: dict[str, asyncio.Future[Completion]] = {}

    @property
    def name(self) -> str:
        return self.llm.name

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        """The reply, from the ledger where it is there. The same request at the same time is asked once."""
        key = call_hash(self.name, messages, parameters)
        if key in self._running:
            return replace(await asyncio.shield(self._running[key]), cached=True)
        self._running[key] = asyncio.ensure_future(self._known_or_asked(key, messages, parameters))
        try:
            return await self._running[key]
        finally:
            del self._running[key]

    async def _known_or_asked(self, key: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> Completion:
        row = await asyncio.to_thread(self.calls.find_one, {"hash": key})
        if row is not None:
            return _completion(row, cached=True)
        began = datetime.now(UTC)
        reply = await self.llm.complete(messages, **parameters)
        return await asyncio.to_thread(self._keep, key, reply, parameters, began)

    def _keep(self, key: str, reply: Completion, parameters: Mapping[str, Any], began: datetime) -> Completion:
        from pymongo import ReturnDocument

        now = datetime.now(UTC)
        told = asdict(reply)
        row = {field: told[field] for field in _REPLY} | {
            "llm": self.name, "parameters": dict(parameters), "asked_at": began,
            "seconds": round((now - began).total_seconds(), 3),
        }  # fmt: skip
        # Another process may have asked the same meanwhile: the first reply stays, and both go on with it.
        kept = self.calls.find_one_and_update(
            {"hash": key}, {"$setOnInsert": row}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return _completion(kept or {"hash": key, **row}, cached=False)

    async def __aenter__(self) -> Self:
        await self.llm.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.llm.__aexit__(kind, error, trace)


def _completion(row: Mapping[str, Any], *, cached: bool) -> Completion:
    return Completion(**{field: row[field] for field in _REPLY}, cached=cached, call=row["hash"])
