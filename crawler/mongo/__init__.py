"""The store: one way to a MongoDB database, with its indexes (indexes.py) and its log of runs (runs.py)."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo.failures import loss_message, may_only_read, refusal, short
from crawler.mongo.indexes import INDEXES, ensure_indexes, ordered_by
from crawler.mongo.place import home
from crawler.mongo.runs import Run, code_version, note_progress, run_of

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

__all__ = [
    "INDEXES",
    "Run",
    "code_version",
    "connect",
    "ensure_indexes",
    "home",
    "keep_revisions",
    "loss_message",
    "may_only_read",
    "name_of",
    "note_progress",
    "ordered_by",
    "revision_of",
    "run_of",
    "taken_down",
    "with_database",
]

DEFAULT_DATABASE = "newsmill"
#: Milliseconds that who has little patience waits for a server that is away.
_AWAY = 5000


def connect(uri: str | None = None, *, patience: float | None = None) -> Database[dict[str, Any]]:
    """The database: at `uri`, else at $MONGODB_URI, else on the embedded server, with its indexes in place.

    The name is the URI's path, else $NEWSMILL_DB, else `newsmill`. Instants come back aware, in UTC. A user who
    may only read gets the database as it is.

    Args:
        uri: of the server and the database.
        patience: seconds that a server may be at work on one question, and 5 at most that it may be away; None: as long
            as it takes, and 20. What the URI itself says of either goes first.

    Raises:
        NewsmillError: the URI is malformed, nothing answers there, it refuses the user, or there is no server to embed.
    """
    from pymongo.errors import PyMongoError

    address = uri or os.environ.get("MONGODB_URI") or ""
    if not address:
        from crawler.mongo.server import lease

        address = lease()
    client = _client(address, patience)
    try:
        database = client.get_default_database(os.environ.get("NEWSMILL_DB") or DEFAULT_DATABASE)
        _prepare(database)
    except PyMongoError as error:
        client.close()
        raise NewsmillError(refusal(error, address)) from error
    return database


def _client(address: str, patience: float | None = None) -> MongoClient[dict[str, Any]]:
    """A client that has not asked for anything yet.

    Raises:
        NewsmillError: the URI, or a file that it names, is no good.
    """
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    invalid: tuple[type[Exception], ...] = (PyMongoError, ValueError, TypeError, *_tls_errors())
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        try:
            client: MongoClient[dict[str, Any]] = MongoClient(
                address, tz_aware=True, tzinfo=UTC, appname="newsmill", w="majority", **_options_of(address, patience)
            )
        except OSError as error:
            name = error.filename or ""
            raise NewsmillError(
                f"store: bad MongoDB URI: cannot read {name or 'its file'}: {error.strerror or short(error)}"
            ) from error
        except invalid as error:
            raise NewsmillError(f"store: bad MongoDB URI: {short(error)}") from error
    # PyMongo says so and goes on without the option: without TLS, say, where it is misspelt.
    if wrong := [doubt for doubt in doubts if issubclass(doubt.category, UserWarning)]:
        client.close()
        raise NewsmillError(f"store: bad MongoDB URI: {' '.join(str(wrong[0].message).split())[:200]}")
    return client


def _options_of(address: str, patience: float | None = None) -> dict[str, Any]:
    """What the URI does not say itself."""
    options: dict[str, Any] = {}
    names = address.lower()
    if "journal=" not in names:
        # On a standalone server acknowledged writes were lost under kill -9 without it (DESIGN 2).
        options["journal"] = True
    if "serverselectiontimeoutms=" not in names:
        options["serverSelectionTimeoutMS"] = _timeout() if patience is None else min(_timeout(), _AWAY)
    if patience is not None and "sockettimeoutms=" not in names:
        options["socketTimeoutMS"] = int(1000 * patience)
    return options


def _timeout() -> int:
    text = os.environ.get("NEWSMILL_MONGO_TIMEOUT_MS") or "20000"
    if not text.isdecimal():
        raise NewsmillError(f"store: NEWSMILL_MONGO_TIMEOUT_MS is {text!r}, no whole number of milliseconds")
    return int(text)


def _tls_errors() -> tuple[type[Exception], ...]:
    """What PyMongo lets through where PyOpenSSL is installed."""
    with contextlib.suppress(ImportError):
        from OpenSSL.SSL import Error

        return (Error,)
    return ()


def _prepare(database: Database[dict[str, Any]]) -> None:
    """Create the indexes; who may not is not asked to."""
    from pymongo.errors import OperationFailure

    try:
        ensure_indexes(database)
    except OperationFailure as error:
        if not may_only_read(error):
            raise
        # Whether they may read: an error at connecting is plainer than one in the middle of a command.
        database.samples.find_one({}, {"_id": 1})


def name_of(database: Database[dict[str, Any]]) -> str:
    """Where a database lies, for people: the embedded store's folder, or host and name."""
    host, port = next(iter(database.client.nodes), ("?", 0))
    if port is not None:
        return f"{host}:{port}/{database.name}"
    folder = Path(host).parent
    return f"{folder.parent if (folder / 'db').is_dir() else home()}, database {database.name}"


def taken_down(database: Database[dict[str, Any]], links: Iterable[str], hashes: Iterable[str] = ()) -> set[str]:
    """Those of the links, and of the content hashes, whose articles were taken down (`synth takedown`).

    Nothing of them is fetched or stored again.
    """
    names = {*links, *hashes}
    rows = database.takedowns.find({"$or": [{"links": {"$in": list(names)}}, {"hashes": {"$in": list(names)}}]})
    return names & {name for row in rows for name in (*row["links"], *row.get("hashes", []))}


def with_database(uri: str, name: str) -> str:
    """The same server's URI, naming another database."""
    head, mark, query = uri.partition("?")
    scheme, _, rest = head.partition("://")
    return f"{scheme}://{rest.split('/')[0]}/{name}{mark}{query}"


def revision_of(row: Mapping[str, Any]) -> int:
    """How often a stored article's text was replaced."""
    return int(row.get("revision") or 0)


def keep_revisions(database: Database[dict[str, Any]], rows: Iterable[Mapping[str, Any]]) -> None:
    """Stored articles into `revisions`, before they are written over; those that are there already stay as they are.

    Who is interrupted before writing over them may do both again.
    """
    from pymongo import UpdateOne

    writes = []
    for row in rows:
        key = {"link": row["link"], "revision": revision_of(row)}
        rest = {name: value for name, value in row.items() if name not in ("_id", *key)}
        writes.append(UpdateOne(key, {"$setOnInsert": rest}, upsert=True))
    if writes:
        database.revisions.bulk_write(writes, ordered=False)
