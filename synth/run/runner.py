"""One run of a pipeline: its steps one after the other, each with its output, its time and its row in `runs`."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from rich.console import Console

    from synth.pipeline import Pipeline, Step


def select_steps(pipeline: Pipeline, first: str | None, last: str | None) -> Sequence[Step]:
    """The steps from the first of one name to the last of another.

    Raises:
        NewsmillError: the pipeline has no such step, or none are left.
    """
    names = [step.name for step in pipeline.steps]
    for name in (first, last):
        if name and name not in names:
            raise NewsmillError(f"{pipeline.path} has no step {name!r}; it has {', '.join(names)}")
    begin = names.index(first) if first else 0
    end = len(names) - names[::-1].index(last) if last else len(names)
    if begin >= end:
        raise NewsmillError(f"{pipeline.path}: {last} comes before {first}: no step is left")
    return pipeline.steps[begin:end]


def print_titles(steps: Sequence[Step], console: Console) -> None:
    """One line a step, with its options."""
    for number, step in enumerate(steps, 1):
        console.print(_title(number, len(steps), step), soft_wrap=True, markup=False)


class PipelineRun:
    """One run of a pipeline."""

    def __init__(
        self, pipeline: Pipeline, steps: Sequence[Step], options: argparse.Namespace, console: Console
    ) -> None:
        self.pipeline, self.steps, self.options, self.console = pipeline, steps, options, console
        self.results: list[dict[str, Any]] = []

    def run(self) -> int:
        """All steps until one fails; the exit status."""
        from crawler.mongo import connect, run_of

        database = connect(self.options.uri)
        for step in self.steps:
            with self._errors_of(step):
                step.check_filters(database)
        configuration = {
            "pipeline": str(self.pipeline.path), "name": self.pipeline.name, "sha256": self.pipeline.digest,
            "steps": [{"command": step.name, "options": list(step.words)} for step in self.steps],
        }  # fmt: skip
        status = 0
        with run_of(database, "run", configuration) as run:
            for number, step in enumerate(self.steps, 1):
                run.note(step={"number": number, "of": len(self.steps), "name": step.name, "since": datetime.now(UTC)})
                status = self.run_step(number, step)
                run.counts["failed" if status else "done"] += 1
                run.notes["seconds"] = {row["step"]: row["seconds"] for row in self.results}
                if status:
                    break
        if self.options.json:
            print(json.dumps({"name": self.pipeline.name, "steps": self.results}, ensure_ascii=False))
        return status

    def run_step(self, number: int, step: Step) -> int:
        """Run one step and print its outcome."""
        self.console.print(_title(number, len(self.steps), step), soft_wrap=True, markup=False, style="bold")
        began = time.monotonic()
        try:
            status, output = self._call(step)
        except NewsmillError as error:
            without = getattr(error, "without", ())
            if not without:
                with self._errors_of(step):
                    raise
            print(f"run: warning: {error}; {step.name} goes on without it", file=sys.stderr)
            status, output = self._call(step, without)
        seconds = round(time.monotonic() - began, 2)
        self.results.append({"step": f"{number} {step.name}", "seconds": seconds, "result": _result(output)})
        for line in output.splitlines() if not self.options.json else ():
            self.console.print(f"      {line.partition('; next:')[0]}", soft_wrap=True, markup=False)
        self.console.print(f"      {seconds:,.1f} s", style="dim")
        return status

    @contextlib.contextmanager
    def _errors_of(self, step: Step) -> Iterator[None]:
        """An error with the step that it belongs to."""
        try:
            yield
        except NewsmillError as error:
            number = next(i for i, candidate in enumerate(self.steps, 1) if candidate is step)
            message = str(error).removeprefix(f"{step.name}: ")
            raise NewsmillError(f"run: step {number}, {step.name}: {message}") from error

    def _call(self, step: Step, without: Sequence[str] = ()) -> tuple[int, str]:
        """(exit status, what it printed)."""
        as_json = self.options.json and not step.command.prints_document
        options = step.parsed(*(["--json"] if as_json else []))
        options.uri, options.debug, options.command = self.options.uri, self.options.debug, step.name
        for name in without:
            setattr(options, name, None)
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                status = step.command.main(options)
        except BaseException:
            print(output.getvalue(), end="", file=sys.stderr)
            raise
        return status, output.getvalue()


def _title(number: int, steps: int, step: Step) -> str:
    words = " ".join(_quoted(word) for word in step.words)
    return f"[{number}/{steps}] synth {step.name} {words}".rstrip()


def _quoted(word: str) -> str:
    name, equals, value = word.partition("=")
    return f"{name}={shlex.quote(value)}" if equals and name.startswith("--") else shlex.quote(word)


def _result(output: str) -> Any:
    """What a step printed: its JSON where it is some."""
    try:
        return json.loads(output)
    except ValueError:
        return output.strip()
