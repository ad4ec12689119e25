"""`synth run PIPELINE.yaml`: the steps of a pipeline, one after the other.

Every step does what is pending and nothing twice, so that a run that was killed or interrupted goes on where it
stopped when the same command is given again, and a run after new articles does only what they ask for.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.commands import STEPS
from synth.pipeline.read import Pipeline, Step, read_pipeline

if TYPE_CHECKING:
    from rich.console import Console


#: Steps whose JSON is a book: of them the line for people is told.
_LONG = frozenset({"report"})


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = __doc__
    parser.epilog = """example: synth run pipeline.yaml

pipeline.yaml:
  steps:
    - cluster
    - summarize: {llm: "openai:gpt-4o-mini", max-cost: 2}
    - score
    - export: {out: export, filter: {min_similarity: {$gt: 0.3}}}

What it will cost is told by: synth plan pipeline.yaml"""
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE.yaml", help="steps with their options")
    parser.add_argument("--from", dest="first", choices=STEPS, metavar="STEP", help="leave out what comes before")
    parser.add_argument("--until", dest="last", choices=STEPS, metavar="STEP", help="leave out what comes after")
    parser.add_argument("--dry-run", action="store_true", help="check the file and name the steps, run nothing")


def main(options: argparse.Namespace) -> int:
    from rich.console import Console

    pipeline = read_pipeline(options.pipeline)
    steps = chosen(pipeline, options.first, options.last)
    console = Console(file=sys.stderr if options.json else sys.stdout, highlight=False)
    if options.dry_run:
        for number, step in enumerate(steps, 1):
            console.print(_title(number, len(steps), step), soft_wrap=True, markup=False)
        return 0
    return Runner(pipeline, steps, options, console).run()


def chosen(pipeline: Pipeline, first: str | None, last: str | None) -> Sequence[Step]:
    """The steps from the first of one name to the last of another.

    Raises:
        NewsmillError: the pipeline has no such step, or none are left.
    """
    names = [step.command for step in pipeline.steps]
    for name in (first, last):
        if name and name not in names:
            raise NewsmillError(f"{pipeline.path} has no step {name!r}; it has {', '.join(names)}")
    begin = names.index(first) if first else 0
    end = len(names) - names[::-1].index(last) if last else len(names)
    if begin >= end:
        raise NewsmillError(f"{pipeline.path}: {last} comes before {first}: no step is left")
    return pipeline.steps[begin:end]


class Runner:
    """One run of a pipeline."""

    def __init__(
        self, pipeline: Pipeline, steps: Sequence[Step], options: argparse.Namespace, console: Console
    ) -> None:
        self.pipeline, self.steps, self.options, self.console = pipeline, steps, options, console
        self.results: list[dict[str, Any]] = []

    def run(self) -> int:
        from crawler.mongo import connect, run_of

        database = connect(self.options.uri)
        for step in self.steps:
            with self._named(step):
                step.check_filters(database)
        told = {
            "pipeline": str(self.pipeline.path), "name": self.pipeline.name, "sha256": self.pipeline.digest,
            "steps": [{"command": step.command, "options": list(step.words)} for step in self.steps],
        }  # fmt: skip
        status = 0
        with run_of(database, "run", told) as run:
            for number, step in enumerate(self.steps, 1):
                status = self.step(number, step)
                run.counts["failed" if status else "done"] += 1
                run.notes["seconds"] = {row["step"]: row["seconds"] for row in self.results}
                if status:
                    break
        if self.options.json:
            print(json.dumps({"name": self.pipeline.name, "steps": self.results}, ensure_ascii=False))
        return status

    def step(self, number: int, step: Step) -> int:
        """Run one step and tell what came of it."""
        self.console.print(_title(number, len(self.steps), step), soft_wrap=True, markup=False, style="bold")
        began = time.monotonic()
        try:
            status, said = self._called(step)
        except NewsmillError as error:
            without = getattr(error, "without", ())
            if not without:
                with self._named(step):
                    raise
            print(f"run: warning: {error}; {step.command} goes on without it", file=sys.stderr)
            status, said = self._called(step, without)
        seconds = round(time.monotonic() - began, 2)
        self.results.append({"step": f"{number} {step.command}", "seconds": seconds, "result": _result(said)})
        for line in said.splitlines() if not self.options.json else ():
            self.console.print(f"      {line.partition('; next:')[0]}", soft_wrap=True, markup=False)
        self.console.print(f"      {seconds:,.1f} s", style="dim")
        return status

    @contextlib.contextmanager
    def _named(self, step: Step) -> Iterator[None]:
        """An error with the step that it belongs to."""
        try:
            yield
        except NewsmillError as error:
            number = next(i for i, one in enumerate(self.steps, 1) if one is step)
            told = str(error).removeprefix(f"{step.command}: ")
            raise NewsmillError(f"run: step {number}, {step.command}: {told}") from error

    def _called(self, step: Step, without: Sequence[str] = ()) -> tuple[int, str]:
        """(exit status, what it printed)."""
        as_json = self.options.json and step.command not in _LONG
        options = step.parsed(*(["--json"] if as_json else []))
        options.uri, options.debug, options.command = self.options.uri, self.options.debug, step.command
        for name in without:
            setattr(options, name, None)
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                status = int(step.module.main(options))
        except BaseException:
            print(output.getvalue(), end="", file=sys.stderr)
            raise
        return status, output.getvalue()


def _title(number: int, steps: int, step: Step) -> str:
    words = " ".join(_quoted(word) for word in step.words)
    return f"[{number}/{steps}] synth {step.command} {words}".rstrip()


def _quoted(word: str) -> str:
    import shlex

    name, equals, value = word.partition("=")
    return f"{name}={shlex.quote(value)}" if equals and name.startswith("--") else shlex.quote(word)


def _result(said: str) -> Any:
    """What a step printed: its JSON where it is some."""
    try:
        return json.loads(said)
    except ValueError:
        return said.strip()
