"""The store: one way to a MongoDB database, its collections and indexes, and the log of runs."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.items import NewsmillError

if TYPE_CHECKING:
    from pymongo.database import Database

DEFAULT_DATABASE = "newsmill"
# mongod's journal grows in files of 100 MB: below that it stops.
_FULL = 100_000_000


def _flagged(name: str, condition: Mapping[str, Any]) -> list[tuple[list[tuple[str, int]], dict[str, Any]]]:
    """Two indexes of the few samples that meet a condition, next to nothing to write: the one counts them, the other
    shows the newest. Four or five thousand of a million are too many to sort, and too few to meet among all."""
    only = {"partialFilterExpression": {name: dict(condition)}}
    return [([(name, 1)], only), ([("date", -1), ("_id", 1)], {"name": f"{name}_by_date", **only})]


#: collection -> [(keys, options)]; keys as PyMongo takes them.
INDEXES: dict[str, list[tuple[list[tuple[str, int]], dict[str, Any]]]] = {
    "articles": [
        ([("link", 1)], {"unique": True}),
        ([("language", 1), ("date", 1)], {}),
        ([("source_site", 1), ("date", 1)], {}),
        ([("content_hash", 1)], {}),
        ([("also_at", 1)], {"sparse": True}),
    ],
    "revisions": [([("link", 1), ("revision", 1)], {"unique": True})],
    "refusals": [([("link", 1)], {"unique": True})],
    "clusters": [
        ([("run", 1), ("number", 1)], {"unique": True}),
        ([("current", 1), ("language", 1)], {}),
        ([("language", 1), ("number", -1)], {}),
        ([("articles", 1)], {}),
        ([("event", 1)], {}),
    ],
    # How far clustering is: synth.cluster.assignments.
    "placements": [([("language", 1)], {})],
    "statistics": [([("of", 1), ("number", 1)], {})],
    "embeddings": [([("embedder", 1), ("text", 1)], {"unique": True})],
    "samples": [
        ([("key", 1)], {"unique": True}),
        ([("event", 1)], {}),
        # `synth query` shows the newest first, in the order of _id where dates are equal: what many samples match is
        # found along the first one; the others are for what few match (benchmarks/bench_queries.py).
        ([("date", -1), ("_id", 1)], {}),
        ([("language", 1), ("date", -1), ("_id", 1)], {}),
        ([("status", 1), ("date", -1), ("_id", 1)], {}),
        ([("tags", 1), ("date", -1), ("_id", 1)], {}),
        ([("provenance.run", 1), ("date", -1), ("_id", 1)], {}),
        ([("min_similarity", 1)], {}),
        ([("sources.link", 1)], {}),
        *_flagged("toxicity", {"$gt": 0.5}),
        *_flagged("duplicate_of", {"$type": "string"}),
        *_flagged("contaminated.set", {"$exists": True}),
        *_flagged("personal_data.kind", {"$exists": True}),
    ],
    "filters": [([("name", 1)], {"unique": True})],
    "takedowns": [([("link", 1)], {"unique": True}), ([("links", 1)], {}), ([("hashes", 1)], {})],
    "llm_calls": [([("hash", 1)], {"unique": True})],
    "runs": [([("stage", 1), ("started_at", -1)], {})],
    "ratings": [([("item", 1), ("rater", 1)], {"unique": True})],
}


def connect(uri: str | None = None) -> Database[dict[str, Any]]:
    """The database: at `uri`, else at $MONGODB_URI, else on the embedded server, with its indexes in place.

    The name is the URI's path, else $NEWSMILL_DB, else `newsmill`. Instants come back aware, in UTC.

    Raises:
        NewsmillError: the URI is malformed, nothing answers there, or there is no server to embed.
    """
    from pymongo import MongoClient
    from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

    given = uri or os.environ.get("MONGODB_URI")
    if given is None:
        from crawler.mongo.server import lease

        given = lease()
    try:
        # journal: on a standalone server acknowledged writes were lost under kill -9 without it (DESIGN 2).
        options: dict[str, Any] = {} if "journal" in given.lower() else {"journal": True}
        client: MongoClient[dict[str, Any]] = MongoClient(
            given, tz_aware=True, tzinfo=UTC, appname="newsmill", w="majority", **options,
            serverSelectionTimeoutMS=int(os.environ.get("NEWSMILL_MONGO_TIMEOUT_MS", "20000")),
        )  # fmt: skip
        database = client.get_default_database(os.environ.get("NEWSMILL_DB") or DEFAULT_DATABASE)
        ensure_indexes(database)
    except (ConfigurationError, InvalidURI, ValueError) as error:
        raise NewsmillError(f"store: bad MONGODB_URI: {error}") from error
    except PyMongoError as error:
        raise NewsmillError(f"store: no answer from MongoDB at {_without_password(given)}: {_short(error)}") from error
    return database


def lost(error: Exception) -> str:
    """One line for a connection that broke while a command worked: what to do, and whether the disk is full."""
    folder = Path(os.environ.get("NEWSMILL_HOME") or ".newsmill")
    where = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not os.environ.get("MONGODB_URI") and (free := shutil.disk_usage(where).free) < _FULL:
        return f"store: the disk of {where} is full ({free // 1_000_000} MB left): free some, then run it again"
    return f"store: MongoDB stopped answering ({_short(error)}): what it acknowledged is kept; run the command again"


def taken_down(database: Database[dict[str, Any]], links: Iterable[str], hashes: Iterable[str] = ()) -> set[str]:
    """Those of the links, and of the content hashes, whose articles were taken down: nothing of them is fetched or
    stored again (`synth takedown`)."""
    asked = {*links, *hashes}
    rows = database.takedowns.find({"$or": [{"links": {"$in": list(asked)}}, {"hashes": {"$in": list(asked)}}]})
    return asked & {name for row in rows for name in (*row["links"], *row.get("hashes", []))}


def ensure_indexes(database: Database[dict[str, Any]]) -> None:
    """Create what INDEXES names and the database lacks."""
    from pymongo import IndexModel

    for collection, indexes in INDEXES.items():
        database[collection].create_indexes([IndexModel(keys, **options) for keys, options in indexes])


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


@dataclass
class Run:
    """One run of one stage, as it goes into `runs` when it ends."""

    id: str
    stage: str
    #: outcome name -> how many; written when the run ends.
    counts: Counter[str] = field(default_factory=Counter)
    #: name -> seconds.
    timings: dict[str, float] = field(default_factory=dict)
    #: whatever else the row shall carry.
    notes: dict[str, Any] = field(default_factory=dict)


@contextmanager
def run_of(database: Database[dict[str, Any]], stage: str, configuration: Mapping[str, Any]) -> Iterator[Run]:
    """A row in `runs` around the body: open while it works, then with counts, timings and outcome.

    The outcome is `done`, `failed` (an exception left the body) or `interrupted` (Ctrl-C). A run that was killed stays
    `running`; the next run of the stage marks it `killed`.
    """
    run = Run(uuid.uuid4().hex, stage)
    now = datetime.now(UTC)
    database.runs.update_many(
        {"stage": stage, "outcome": "running", "host": _host(), "pid": {"$nin": _alive(database, stage)}},
        {"$set": {"outcome": "killed"}},
    )
    database.runs.insert_one(
        {"_id": run.id, "stage": stage, "configuration": dict(configuration), "code_version": code_version(),
         "started_at": now, "outcome": "running", "host": _host(), "pid": os.getpid()}
    )  # fmt: skip
    outcome, began = "done", time.monotonic()
    try:
        yield run
    except (KeyboardInterrupt, GeneratorExit):
        outcome = "interrupted"
        raise
    except BaseException:
        outcome = "failed"
        raise
    finally:
        run.timings["total"] = round(time.monotonic() - began, 3)
        database.runs.update_one(
            {"_id": run.id},
            {"$set": {"outcome": outcome, "finished_at": datetime.now(UTC), "counts": dict(run.counts),
                      "timings": run.timings, **run.notes}},
        )  # fmt: skip


def _host() -> str:
    import socket

    return socket.gethostname()


def _alive(database: Database[dict[str, Any]], stage: str) -> list[int]:
    """Process ids of runs of this stage on this machine that are still going."""
    rows = database.runs.find({"stage": stage, "outcome": "running", "host": _host()}, {"pid": 1})
    return [row["pid"] for row in rows if _exists(row["pid"])]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@functools.cache
def code_version() -> str:
    """The package's version, with the commit where it runs from a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return __version__
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+g{asked.stdout.strip()}"
