"""The log of runs: a row in `runs` for each run of a stage or crawl."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.mongo.failures import may_only_read

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database

#: Seconds between two notes of how far a run has come; letters of an error that its row keeps.
_EVERY, _ERROR = 1.0, 500


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
    #: `runs`, without waiting for the server; None where there is no row.
    rows: Collection[dict[str, Any]] | None = field(default=None, repr=False)

    def note(self, **fields: Any) -> None:
        """Put fields into the row while the run goes on; who looks sees them, and nothing depends on them.

        Not acknowledged: work does not wait for what is only shown.
        """
        from pymongo.errors import PyMongoError

        if self.rows is not None:
            with contextlib.suppress(PyMongoError):
                self.rows.update_one({"_id": self.id, "outcome": "running"}, {"$set": fields})


#: The innermost run that is going on in this context.
_present: ContextVar[Run | None] = ContextVar("present run", default=None)


def note_progress(title: str, total: int) -> Callable[[int], None]:
    """A function that is told of so many more done, and notes it in the row of the run that is going on, once a second.

    The row gets `progress`: {title, done, total, since, at}.
    """
    run, done, since, last = _present.get(), 0, datetime.now(UTC), time.monotonic()

    def advance(steps: int) -> None:
        nonlocal done, last
        done += steps
        now = time.monotonic()
        if run is not None and (now - last >= _EVERY or done - steps < total <= done):
            last = now
            reached = {"title": title, "done": min(done, total), "total": total}
            run.note(progress={**reached, "since": since, "at": datetime.now(UTC)})

    return advance


@contextmanager
def run_of(database: Database[dict[str, Any]], stage: str, configuration: Mapping[str, Any]) -> Iterator[Run]:
    """A row in `runs` around the body: open while it works, then with counts, timings and outcome.

    The outcome is `done`, `failed` (an exception left the body) or `interrupted` (Ctrl-C). A run that was killed stays
    `running`; the next run of the stage marks it `killed`. Where this user of MongoDB may only read there is no row,
    and one line says so.
    """
    run = Run(uuid.uuid4().hex, stage)
    is_recorded = _open(database, run, configuration)
    outcome, began, around = "done", time.monotonic(), _present.get()
    _present.set(run)
    try:
        yield run
    except (KeyboardInterrupt, GeneratorExit):
        outcome = "interrupted"
        raise
    except BaseException as error:
        outcome = "failed"
        run.notes["error"] = f"{type(error).__name__}: {error}"[:_ERROR]
        raise
    finally:
        _present.set(around)
        run.timings["total"] = round(time.monotonic() - began, 3)
        if is_recorded:
            database.runs.update_one(
                {"_id": run.id},
                {"$set": {"outcome": outcome, "finished_at": datetime.now(UTC), "counts": dict(run.counts),
                          "timings": run.timings, **run.notes}},
            )  # fmt: skip


def _open(database: Database[dict[str, Any]], run: Run, configuration: Mapping[str, Any]) -> bool:
    """Write the row of a run that begins; False where this user of MongoDB may only read."""
    from pymongo import WriteConcern
    from pymongo.errors import OperationFailure

    row = {"_id": run.id, "stage": run.stage, "configuration": dict(configuration), "code_version": code_version(),
           "started_at": datetime.now(UTC), "outcome": "running", "host": _host(), "pid": os.getpid()}  # fmt: skip
    processes = _processes(database, run.stage)
    try:
        database.runs.update_many(
            {"stage": run.stage, "outcome": "running", "host": _host(), "pid": {"$nin": processes}},
            {"$set": {"outcome": "killed"}},
        )
        database.runs.insert_one(row)
    except OperationFailure as error:
        if not may_only_read(error):
            raise
        print(f"{run.stage}: warning: the run is not recorded: this user of MongoDB may only read", file=sys.stderr)
        return False
    run.rows = database.runs.with_options(write_concern=WriteConcern(w=0))
    return True


def _host() -> str:
    import socket

    return socket.gethostname()


def _processes(database: Database[dict[str, Any]], stage: str) -> list[int]:
    """Process ids of runs of this stage on this machine that are still going."""
    rows = database.runs.find({"stage": stage, "outcome": "running", "host": _host()}, {"pid": 1})
    return [row["pid"] for row in rows if _is_alive(row["pid"])]


def _is_alive(pid: int) -> bool:
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
        commit = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "--short", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+g{commit.stdout.strip()}"
