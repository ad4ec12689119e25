"""The ledger: every reply that was paid for, keyed by the request, so that no call is paid twice."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from synth.llm.completion import Completion, Message
from synth.llm.group_commit import GroupCommit
from synth.llm.leases import RENEWAL, Leases
from synth.outages import DUPLICATE, PATIENCE, outlast

if TYPE_CHECKING:
    from pymongo.collection import Collection

    from synth.llm.openai_client import ChatServer

_REPLY = ("text", "model", "finish_reason", "prompt_tokens", "completion_tokens", "cost")
#: Seconds for which a look-up waits for a store that is away: nothing is paid yet.
_LOOK_UP_PATIENCE = 60.0
#: Seconds after which a reply that no store has acknowledged holds back what has not been sent.
_SLOW = 0.25
#: Seconds between two looks at a reply that another process asks for.
_POLL = 0.3

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
    - While the store is away replies are held and nothing new is sent; they are stored when it is back.
    - Of two processes that want the same reply one asks, the other waits for it (leases.py).
    """

    takes_documents = False

    def __init__(self, llm: ChatServer, calls: Collection[Row], *, patience: float = PATIENCE) -> None:
        from pymongo import WriteConcern

        self.llm = llm
        self.calls = calls.with_options(write_concern=WriteConcern("majority", j=True))
        self.patience = patience
        self.leases = Leases(calls.database["llm_leases"])
        self._find: GroupCommit[str, Row | bool] = GroupCommit(self._find_or_claim)
        self._insert: GroupCommit[Row, Row] = GroupCommit(self._insert_rows)
        self._running: dict[str, _PendingCall] = {}
        #: tasks whose reply is here and not yet in the store.
        self.unacknowledged: dict[asyncio.Task[Any] | None, float] = {}
        self._entered = 0
        self._stopping = threading.Event()
        self._renewing: asyncio.Task[None] | None = None
        llm.before_sending = self._wait_for_the_store

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
        return task in self.llm.sending or task in self.unacknowledged

    async def _look_up_or_ask(self, key: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> Completion:
        _check(parameters)
        while (found := await self._find(key)) is False:
            await asyncio.sleep(_POLL)
        if not isinstance(found, bool):
            return _completion(found, cached=True)
        self._renew()
        began = datetime.now(UTC)
        try:
            reply = await self.llm.complete(messages, **parameters)
            # No other task runs between the reply's arrival and this line.
            task = asyncio.current_task()
            self.unacknowledged[task] = asyncio.get_running_loop().time()
            try:
                return _completion(await self._insert(self._row(key, reply, parameters, began)), cached=False)
            finally:
                self.unacknowledged.pop(task, None)
        except BaseException:
            # In a thread that nobody waits for: a lease that is not given back runs out.
            asyncio.get_running_loop().run_in_executor(None, self._release, key)
            raise

    async def _wait_for_the_store(self) -> None:
        """Before a request is sent: while a reply is held that the store does not take, no other is paid."""
        loop = asyncio.get_running_loop()
        while any(loop.time() - since > _SLOW for since in self.unacknowledged.values()):
            await asyncio.sleep(_SLOW / 5)

    def _renew(self) -> None:
        """Keep renewing the leases as long as there are some."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._keep_leases())

    async def _keep_leases(self) -> None:
        from pymongo.errors import PyMongoError

        while self.leases.held:
            await asyncio.sleep(RENEWAL)
            with contextlib.suppress(PyMongoError):
                await asyncio.to_thread(self.leases.renew)

    def _release(self, *keys: str) -> None:
        """Give leases back; where the store is away they run out."""
        from pymongo.errors import PyMongoError

        with contextlib.suppress(PyMongoError):
            self.leases.release(keys)

    def _row(self, key: str, reply: Completion, parameters: Mapping[str, Any], began: datetime) -> Row:
        now = datetime.now(UTC)
        fields = {field: getattr(reply, field) for field in _REPLY}
        return {
            "hash": key, **fields, "llm": self.name, "server": self.llm.host,
            "parameters": dict(parameters), "asked_at": began, "seconds": round((now - began).total_seconds(), 3),
        }  # fmt: skip

    def _find_or_claim(self, keys: list[str]) -> list[Row | bool]:
        """The rows of requests; where there is none, whether this ledger may ask: else somebody else does."""
        work = functools.partial(self._found_or_claimed, keys)
        return outlast(work, min(self.patience, _LOOK_UP_PATIENCE), self._stopping)

    def _found_or_claimed(self, keys: list[str]) -> list[Row | bool]:
        rows = dict(zip(keys, self._find_rows(keys), strict=True))
        claimed = self.leases.claim([key for key, row in rows.items() if row is None])
        # Stored between the look and the claim.
        late = [key for key in claimed if key in rows]
        rows |= {key: row for key, row in zip(late, self._find_rows(late), strict=True) if row is not None}
        if settled := [key for key in late if rows[key] is not None]:
            self.leases.release(settled)
        return [row if (row := rows[key]) is not None else key in claimed for key in keys]

    def _find_rows(self, keys: list[str]) -> list[Row | None]:
        """The rows of requests; None where there is none."""
        fields = dict.fromkeys(("hash", *_REPLY), 1)
        rows = {row["hash"]: row for row in self.calls.find({"hash": {"$in": keys}}, fields)}
        return [rows.get(key) for key in keys]

    def _insert_rows(self, rows: list[Row]) -> list[Row]:
        """Store rows, however long the store is away, and give what it then has."""
        stored = outlast(functools.partial(self._insert_once, rows), self.patience)
        self._release(*(row["hash"] for row in rows))
        return stored

    def _insert_once(self, rows: list[Row]) -> list[Row]:
        from pymongo.errors import BulkWriteError

        try:
            self.calls.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            write_errors = details.get("writeErrors", [])
            duplicates = [row["index"] for row in write_errors if row["code"] == DUPLICATE]
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
        self._stopping.clear()
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
        self._stopping.set()
        calls = [call.task for call in self._running.values()]
        for task in calls:
            if not self._paid(task):
                task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        if self._renewing is not None:
            self._renewing.cancel()


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
