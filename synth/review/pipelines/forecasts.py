"""What a run would do and cost: `synth plan FILE --json` in a process of its own, whose answer is kept.

To count the calls of a large store takes minutes of a processor, in which the pages must answer.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.review.pipelines.processes import is_locked, last_lines, launch, locked_file

if TYPE_CHECKING:
    from synth.review.pipelines.files import PipelineFile


@dataclass(frozen=True)
class Forecast:
    """What `synth plan` said of a file.

    Attributes:
        state: none, counting, known, failed.
        plan: its JSON; {} unless it is known.
        made_at: when; None unless it is known.
        error: its last line where it failed.
        token: names these very numbers, so that who agrees to them agrees to no others.
    """

    state: str
    plan: dict[str, Any]
    made_at: datetime | None = None
    error: str = ""
    token: str = ""

    @property
    def total(self) -> dict[str, Any]:
        """Sums over the steps; {} unless they are known."""
        return dict(self.plan.get("total", {}))


class Forecasts:
    """The forecasts of a folder's files, kept in `folder`, each for one content of a file and one store."""

    def __init__(self, folder: Path, uri: str | None, store: str) -> None:
        self.folder, self.uri, self.store = folder, uri, store

    def read(self, file: PipelineFile) -> Forecast:
        """The forecast of a file as far as it is."""
        output = self._output(file)
        if is_locked(output):
            return Forecast("counting", {})
        try:
            text = output.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return Forecast("none", {})
        plan = _last_object(text)
        if plan is None:
            return Forecast("failed", {}, error=next(iter(last_lines(output, 1)), "it was interrupted"))
        made_at = datetime.fromtimestamp(output.stat().st_mtime, UTC)
        return Forecast("known", plan, made_at, token=hashlib.sha256(f"{text}{made_at}".encode()).hexdigest()[:32])

    def make(self, file: PipelineFile) -> None:
        """Begin to count anew, unless that is under way.

        Raises:
            NewsmillError: the process cannot be started.
        """
        output = self._output(file)
        partial = output.with_suffix(f".{uuid.uuid4().hex}")
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked_file(partial) as lock:
                if is_locked(output):
                    partial.unlink()
                    return
                partial.replace(output)
                launch(["plan", str(file.path), "--json"], lock, output, self.uri)
        except OSError as error:
            raise NewsmillError(f"cannot forecast {file.name}: {error.strerror or error}") from error

    def _output(self, file: PipelineFile) -> Path:
        digest = file.pipeline.digest if file.pipeline else ""
        name = hashlib.sha256(f"{file.path}\0{digest}\0{self.store}".encode()).hexdigest()[:24]
        return self.folder / f"forecast-{name}.json"


def _last_object(text: str) -> dict[str, Any] | None:
    """The last line that is a JSON object: warnings may come before it."""
    for line in reversed(text.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "steps" in value:
            return value
    return None
