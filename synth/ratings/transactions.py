"""Transactions whose locks end with the process that began them.

MongoDB keeps an open transaction of a process that was killed for a minute or more, and with it the locks of all that
it wrote: whoever wants to write there waits. So each process writes down which of the server's sessions it uses, and
whoever meets such a lock ends the sessions of processes that ran on this machine and do no more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from synth.llm.leases import has_ended, owner_name

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

Result = TypeVar("Result")

#: Tries of one transaction after which the sessions of dead processes are looked for.
_PATIENCE = 3
#: Sessions that this process has written down; their ids are unique whatever the server.
_registered: set[bytes] = set()


def transaction(database: Store, work: Callable[[ClientSession], Result]) -> Result:
    """What `work` returns, all of whose reads and writes with the session it is given are done, or none.

    `work` runs again where another transaction was in its way: it must do nothing else that lasts.
    """
    from pymongo import ReadPreference, WriteConcern
    from pymongo.read_concern import ReadConcern

    tries = 0

    def attempt(session: ClientSession) -> Result:
        nonlocal tries
        tries += 1
        if tries % _PATIENCE == 0:
            end_dead_sessions(database)
        return work(session)

    with database.client.start_session() as session:
        _register(database, session)
        return session.with_transaction(
            attempt, ReadConcern("snapshot"), WriteConcern("majority", j=True), ReadPreference.PRIMARY
        )


def end_dead_sessions(database: Store) -> int:
    """End the server's sessions, and so the transactions, of processes that were killed; how many."""
    dead = [row["_id"] for row in database.server_sessions.find() if has_ended(row["owner"])]
    if dead:
        database.command("killSessions", [{"id": number} for number in dead])
        database.server_sessions.delete_many({"_id": {"$in": dead}})
    return len(dead)


@functools.cache
def _owner() -> str:
    return owner_name()


def _register(database: Store, session: ClientSession) -> None:
    """Before the first transaction of a session: afterwards it would be too late."""
    number = session.session_id["id"]
    if bytes(number) not in _registered:
        database.server_sessions.update_one({"_id": number}, {"$set": {"owner": _owner()}}, upsert=True)
        _registered.add(bytes(number))
