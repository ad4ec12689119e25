"""One run at a time of each pipeline file: started, watched and stopped, by any server of this machine.

A document of `pipeline_starts` is the lock of a file: whoever puts it there, or replaces that of a run which has ended,
has the run. The process itself shows by the lock on its output whether it is alive; what became of it stands in `runs`,
where `synth run` writes it.
"""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.review.pipelines.files import PipelineFile
from synth.review.pipelines.processes import interrupt, is_locked, is_synth, last_lines, launch, locked_file, reap

if TYPE_CHECKING:
    from pymongo.database import Database

#: Outputs of a pipeline's runs that are kept.
_KEPT = 20
#: A stop that was not obeyed can be asked for again after so long: a second Ctrl-C breaks what the first one ends.
_PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class State:
    """What is known of the newest run of a pipeline file.

    Attributes:
        outcome: never, running, stopping, done, failed, interrupted, killed.
        start: the document of `pipeline_starts`; None of a run that was started elsewhere.
        run: the row of `runs`; None where it did not come so far.
    """

    outcome: str
    start: Mapping[str, Any] | None = None
    run: Mapping[str, Any] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        return self.outcome in ("running", "stopping")


class PipelineRuns:
    """The runs of pipeline files over one store. folder: for what they print."""

    def __init__(self, database: Database[dict[str, Any]], folder: Path, uri: str | None = None) -> None:
        self.database, self.folder, self.uri = database, folder, uri
        self.starts = database.pipeline_starts

    def start(self, file: PipelineFile, rater: str) -> bool:
        """Start `synth run FILE`; False where it is running already.

        Raises:
            NewsmillError: the process cannot be started, or its output not be written.
        """
        before = self.starts.find_one({"_id": _key(file)})
        if self.state(file).is_alive or (before is not None and is_locked(Path(before["output"]))):
            return False
        token = uuid.uuid4().hex
        output = self.folder / f"{_slug(file.name)}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token[:8]}.log"
        start = {
            "_id": _key(file), "token": token, "path": str(file.path), "rater": rater, "host": socket.gethostname(),
            "started_at": datetime.now(UTC), "output": str(output),
            "sha256": file.pipeline.digest if file.pipeline else "",
        }  # fmt: skip
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked_file(output) as lock:
                if not self._claim(start, before):
                    output.unlink()
                    return False
                pid = launch(["run", str(file.path)], lock, output, self.uri)
        except OSError as error:
            raise NewsmillError(f"cannot start {file.name}: {error.strerror or error}") from error
        self.starts.update_one({"_id": start["_id"], "token": token}, {"$set": {"pid": pid}})
        self._sweep(file)
        return True

    def _claim(self, start: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
        """Put the document in the place of the one that was seen; False where somebody was faster."""
        from pymongo.errors import DuplicateKeyError

        if before is not None:
            result = self.starts.replace_one({"_id": start["_id"], "token": before["token"]}, start)
            return result.modified_count == 1
        try:
            self.starts.insert_one(dict(start))
        except DuplicateKeyError:
            return False
        return True

    def stop(self, file: PipelineFile) -> bool:
        """Interrupt the run as Ctrl-C would; False where none of this machine's servers started one that goes on."""
        state = self.state(file)
        if state.start is None or not state.is_alive:
            return False
        pid = state.start.get("pid") or (state.run or {}).get("pid")
        now = datetime.now(UTC)
        unasked = {"$or": [{"stopping_at": {"$exists": False}}, {"stopping_at": {"$lt": now - _PATIENCE}}]}
        first = self.starts.update_one(
            {"_id": state.start["_id"], "token": state.start["token"], **unasked}, {"$set": {"stopping_at": now}}
        )
        # Asked again at once, as the lock may be gone, and with it the process of this number.
        if first.modified_count and pid and is_locked(Path(state.start["output"])):
            interrupt(pid)
        return True

    def state(self, file: PipelineFile) -> State:
        """What became of the newest run of a file, whoever started it."""
        reap()
        start = self.starts.find_one({"_id": _key(file)})
        newest = self.database.runs.find_one(_rows_of(file), sort=[("started_at", -1)])
        if start is None or (newest and newest["started_at"] > start["started_at"] and newest["pid"] != _pid(start)):
            return State(_outcome_elsewhere(newest), None, newest)
        return self._state_of(start, file)

    def _state_of(self, start: Mapping[str, Any], file: PipelineFile) -> State:
        """Of a run that a page started."""
        alive = is_locked(Path(start["output"]))
        since = {"started_at": {"$gte": start["started_at"]}} | ({"pid": start["pid"]} if "pid" in start else {})
        run = self.database.runs.find_one(_rows_of(file) | since, sort=[("started_at", 1)])
        if alive:
            return State("stopping" if "stopping_at" in start else "running", start, run)
        if run is None:
            # Without a number the server ended before it had started anything.
            return State("interrupted" if "stopping_at" in start or "pid" not in start else "failed", start)
        return State(_outcome(run), start, run)

    def orphans(self, folder: Path, listed: Collection[str]) -> list[PipelineFile]:
        """Files of a folder that are gone, or are no pipelines any more, while a run of them goes on."""
        starts = self.starts.find({"host": socket.gethostname()}).sort("_id", 1)
        paths = [Path(row["path"]) for row in starts if is_locked(Path(row["output"]))]
        return [
            PipelineFile(path.name, path, None)
            for path in paths if path.parent == folder.absolute() and path.name not in listed
        ]  # fmt: skip

    def output(self, state: State) -> list[str]:
        """The last lines that a run printed."""
        return last_lines(Path(state.start["output"])) if state.start else []

    def _sweep(self, file: PipelineFile) -> None:
        """Delete the outputs of old runs."""
        outputs = sorted(self.folder.glob(f"{_slug(file.name)}-????????-??????-????????.log"))
        for path in outputs[:-_KEPT]:
            if not is_locked(path):
                path.unlink(missing_ok=True)


def _key(file: PipelineFile) -> str:
    return f"{socket.gethostname()}:{file.path}"


def _pid(start: Mapping[str, Any]) -> int:
    return int(start.get("pid", 0))


def _rows_of(file: PipelineFile) -> dict[str, Any]:
    """Of a terminal's runs, too, which name the file as it was typed there."""
    named: list[dict[str, Any]] = [{"configuration.pipeline": str(file.path)}]
    if file.pipeline is not None:
        named.append({"configuration.sha256": file.pipeline.digest, "configuration.name": file.pipeline.name})
    return {"stage": "run", "host": socket.gethostname(), "$or": named}


def _outcome_elsewhere(run: Mapping[str, Any] | None) -> str:
    """Of a run that no page started: whether its process is alive is all that can be seen."""
    if run is None:
        return "never"
    return "running" if run["outcome"] == "running" and is_synth(run["pid"]) else _outcome(run)


def _outcome(run: Mapping[str, Any]) -> str:
    """Of a run that has ended: one whose row says that it goes on was killed."""
    if run["outcome"] == "running":
        return "killed"
    # A step that ends with a status says so itself; the run around it ends in order.
    failed = run["outcome"] == "done" and run.get("counts", {}).get("failed")
    return "failed" if failed else str(run["outcome"])


def _slug(name: str) -> str:
    """A name of files for any name of a file."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:80]
