"""The store: one way to a MongoDB database, with its indexes (indexes.py) and its log of runs (runs.py)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo.indexes import INDEXES, ensure_indexes
from crawler.mongo.runs import Run, code_version, run_of

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = [
    "INDEXES",
    "Run",
    "code_version",
    "connect",
    "ensure_indexes",
    "keep_revisions",
    "loss_message",
    "revision_of",
    "run_of",
    "taken_down",
    "with_database",
]

DEFAULT_DATABASE = "newsmill"
# mongod's journal grows in files of 100 MB: below that it stops.
_FULL = 100_000_000


def connect(uri: str | None = None) -> Database[dict[str, Any]]:
    """The database: at `uri`, else at $MONGODB_URI, else on the embedded server, with its indexes in place.

    The name is the URI's path, else $NEWSMILL_DB, else `newsmill`. Instants come back aware, in UTC.

    Raises:
        NewsmillError: the URI is malformed, nothing answers there, or there is no server to embed.
    """
    from pymongo import MongoClient
    from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

    address = uri or os.environ.get("MONGODB_URI")
    if address is None:
        from crawler.mongo.server import lease

        address = lease()
    try:
        # journal: on a standalone server acknowledged writes were lost under kill -9 without it (DESIGN 2).
        defaults: dict[str, Any] = {
            "journal": True,
            "serverSelectionTimeoutMS": int(os.environ.get("NEWSMILL_MONGO_TIMEOUT_MS", "20000")),
        }
        # What the URI says itself goes before.
        options = {name: value for name, value in defaults.items() if f"{name.lower()}=" not in address.lower()}
        client: MongoClient[dict[str, Any]] = MongoClient(
            address, tz_aware=True, tzinfo=UTC, appname="newsmill", w="majority", **options
        )  # fmt: skip
        database = client.get_default_database(os.environ.get("NEWSMILL_DB") or DEFAULT_DATABASE)
        ensure_indexes(database)
    except (ConfigurationError, InvalidURI, ValueError) as error:
        raise NewsmillError(f"store: bad MONGODB_URI: {error}") from error
    except PyMongoError as error:
        raise NewsmillError(
            f"store: no answer from MongoDB at {_without_password(address)}: {_short(error)}"
        ) from error
    return database


def loss_message(error: Exception) -> str:
    """One line for a connection that broke while a command worked: what to do, and whether the disk is full."""
    folder = Path(os.environ.get("NEWSMILL_HOME") or ".newsmill")
    where = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not os.environ.get("MONGODB_URI") and (free := shutil.disk_usage(where).free) < _FULL:
        return f"store: the disk of {where} is full ({free // 1_000_000} MB left): free some, then run it again"
    return f"store: MongoDB stopped answering ({_short(error)}): what it acknowledged is stored; run the command again"


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


def _without_password(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _short(error: Exception) -> str:
    return str(error).split(", Timeout:")[0].splitlines()[0][:200]


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
