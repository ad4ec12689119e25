"""The ledger: every reply that was paid for, keyed by the request, so that no call is paid twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from synth.llm.completion import Completion, Message
from synth.llm.group_commit import GroupCommit

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from synth.llm.openai_client import ChatServer

_REPLY = ("text", "model", "finish_reason", "prompt_tokens", "completion_tokens", "cost")
_DUPLICATE = 11000

Row = dict[str, Any]


def call_hash(model: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> str:
    """sha256 (hex) of a request; the order of keys means nothing, that of messages does."""
    request = {"model": model, "messages": [dict(message) for message in messages], "parameters": dict(parameters)}
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(slots=True)
class _PendingCall:
    """A call under way."""

    task: asyncio.Task[Completion]
    waiting: int = 0


class Ledgered:
    """A model whose replies are kept: asked the same again, it answers from the collection `llm_calls`.

    - Before anyone sees a reply the majority has journalled it: who is killed after that lost no money.
    - Replies that were cut off, refused or empty were paid as well, and the same request would bring the same again:
      they are kept and given again. Other parameters (a larger max_tokens, a seed) are another request.
    - A caller who gives up loses no reply that is under way: leaving the context waits for it and keeps it.
    """

    takes_documents = False

    def __init__(self, llm: ChatServer, calls: Collection[Row]) -> None:
        from pymongo import WriteConcern

        self.llm = llm
        self.calls = calls.with_options(write_concern=WriteConcern("majority", j=True))
        self._find: GroupCommit[str, Row | None] = GroupCommit(self._find_rows)
        self._insert: GroupCommit[Row, Row] = GroupCommit(self._insert_rows)
        self._running: dict[str, _PendingCall] = {}
        #: tasks whose reply is here and not yet in the store.
        self._answered: set[asyncio.Task[Any] | None] = set()
        self._entered = 0

    @property
    def name(self) -> str:
        return self.llm.name

    async def complete(self, messages: Sequence[Message], **parameters: Any) -> Completion:
        """The reply, from the ledger where it is there. The same request at the same time is asked once.

        Raises:
            LLMError: no reply.
            TypeError: a parameter is nothing that JSON or the store can hold; nothing was asked.
        """
        key = call_hash(self.name, messages, parameters)
        running = self._running.get(key)
        call = running or self._start(key, messages, parameters)
        call.waiting += 1
        try:
            reply = await asyncio.shield(call.task)
        except asyncio.CancelledError:
            if call.waiting == 1 and not self._paid(call.task):
                call.task.cancel()
            raise
        finally:
            call.waiting -= 1
        return replace(reply, cached=True) if running else reply

    def _start(self, key: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> _PendingCall:
        call = self._running[key] = _PendingCall(asyncio.create_task(self._look_up_or_ask(key, messages, parameters)))

        def ended(task: asyncio.Task[Completion]) -> None:
            if self._running.get(key) is call:
                del self._running[key]
            if not task.cancelled():
                # Asked for here, or asyncio would complain of calls whose every caller has gone.
                task.exception()

        call.task.add_done_callback(ended)
        return call

    def _paid(self, task: asyncio.Task[Any]) -> bool:
        """Whether cancelling a call would lose a reply that costs money."""
        return task in self.llm.sending or task in self._answered

    async def _look_up_or_ask(self, key: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> Completion:
        _check(parameters)
        if (row := await self._find(key)) is not None:
            return _completion(row, cached=True)
        began = datetime.now(UTC)
        reply = await self.llm.complete(messages, **parameters)
        # No other task runs between the reply's arrival and this line.
        task = asyncio.current_task()
        self._answered.add(task)
        try:
            return _completion(await self._insert(self._row(key, reply, parameters, began)), cached=False)
        finally:
            self._answered.discard(task)

    def _row(self, key: str, reply: Completion, parameters: Mapping[str, Any], began: datetime) -> Row:
        now = datetime.now(UTC)
        fields = {field: getattr(reply, field) for field in _REPLY}
        return {
            "hash": key, **fields, "llm": self.name, "server": self.llm.host,
            "parameters": dict(parameters), "asked_at": began, "seconds": round((now - began).total_seconds(), 3),
        }  # fmt: skip

    def _find_rows(self, keys: list[str]) -> list[Row | None]:
        """The rows of requests; None where there is none."""
        fields = dict.fromkeys(("hash", *_REPLY), 1)
        rows = {row["hash"]: row for row in self.calls.find({"hash": {"$in": keys}}, fields)}
        return [rows.get(key) for key in keys]

    def _insert_rows(self, rows: list[Row]) -> list[Row]:
        """Store rows and give what the store then has."""
        from pymongo.errors import BulkWriteError

        try:
            self.calls.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            write_errors = details.get("writeErrors", [])
            duplicates = [row["index"] for row in write_errors if row["code"] == _DUPLICATE]
            if len(duplicates) < len(write_errors) or details.get("writeConcernErrors"):
                raise
            # Another process asked the same meanwhile: its reply stays, and both go on with it.
            stored = self._find_rows([rows[index]["hash"] for index in duplicates])
            for index, row in zip(duplicates, stored, strict=True):
                rows[index] = row or rows[index]
        return rows

    def stop(self) -> None:
        """As the model's."""
        self.llm.stop()

    async def __aenter__(self) -> Self:
        self._entered += 1
        await self.llm.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        try:
            if not self._entered:
                await self._end()
        finally:
            await self.llm.__aexit__(kind, error, trace)

    async def _end(self) -> None:
        """Wait for what is paid; drop the rest."""
        self.llm.stop()
        calls = [call.task for call in self._running.values()]
        for task in calls:
            if not self._paid(task):
                task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _check(parameters: Mapping[str, Any]) -> None:
    """Before anything is paid: parameters that the store does not take.

    Raises:
        TypeError: there are some.
    """
    from bson import encode
    from bson.errors import BSONError

    try:
        encode({"parameters": dict(parameters)})
    except (BSONError, OverflowError, UnicodeError, ValueError) as error:
        raise TypeError(f"parameters of a call that no store takes: {error}") from error


def _completion(row: Mapping[str, Any], *, cached: bool) -> Completion:
    reply: Row = {field: row[field] for field in _REPLY}
    return Completion(**reply, cached=cached, call=row["hash"])
