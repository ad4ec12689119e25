"""The registry of commands: a folder of synth that holds a `command.py` is one, and its `__init__` says what it is.

The `__init__` of such a folder has `COMMAND = Command(…)` and imports nothing heavy, because `synth --help` reads them
all. Its `command.py` offers the hooks, which nobody calls but through here:

    configure(parser)                        its options
    main(options) -> int                     its work, and the exit status
    check(options)                           optional: raises NewsmillError where options make no sense together
    planned(database, llm, options)          of those that ask a model: the stage that `synth plan` runs without one
    pending(database, options) -> int        optional, of those that ask none: how many documents lack what it makes
"""

from __future__ import annotations

import argparse
import functools
import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Command:
    """What is known of a command without loading it.

    Attributes:
        summary: a few words for `synth --help`.
        position: its place among the commands, in the order of the chain.
        name: as it is typed; the folder's name where it is "".
        step: whether a pipeline can have it as a step.
        reads: the collection whose documents its filters name; "" where it reads none.
        writes: the collection that it adds to or changes; "" where it leaves the store as it is.
        asks_model: whether it asks a language model and has the hook `planned`.
        outcomes: names in the counts of its runs that are no loss; any other name is the reason of one.
        shows: options that show something instead of doing the work, which makes no sense in a pipeline.
        prints_document: whether what it prints as JSON is a document of its own, too long to quote.
        following: the command line that comes next in the chain; "" where none does. What a run, the report and the
            page print is this.
        folder: set by the registry.
        reads_by_format: format -> the collection that its filters name instead, with that --format.
    """

    summary: str
    position: int
    name: str = ""
    step: bool = False
    reads: str = ""
    writes: str = ""
    asks_model: bool = False
    outcomes: frozenset[str] = frozenset()
    shows: tuple[str, ...] = ()
    prints_document: bool = False
    following: str = ""
    folder: str = ""
    reads_by_format: Mapping[str, str] = field(default_factory=dict)

    def collection(self, formats: Iterable[str] = ()) -> str:
        """The collection whose documents its filters name, where it is asked for these formats."""
        return next((self.reads_by_format[name] for name in formats if name in self.reads_by_format), self.reads)

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add its options to a parser."""
        self._module().configure(parser)

    def check(self, options: argparse.Namespace) -> None:
        """
        Raises:
            NewsmillError: the options make no sense together.
        """
        if check := getattr(self._module(), "check", None):
            check(options)

    def main(self, options: argparse.Namespace) -> int:
        """Do its work; the exit status."""
        return int(self._module().main(options))

    def planned(self, database: Any, llm: Any, options: argparse.Namespace) -> Any:
        """The stage that it would run (`synth.stages.stage.Stage`), with a model that `synth plan` puts in."""
        return self._module().planned(database, llm, options)

    def pending(self, database: Any, options: argparse.Namespace) -> int | None:
        """How many documents it would work on; None where it looks at all of them every time."""
        count = getattr(self._module(), "pending", None)
        return None if count is None else int(count(database, options))

    def _module(self) -> ModuleType:
        return importlib.import_module(f"{__package__}.{self.folder}.command")


@functools.cache
def commands() -> Mapping[str, Command]:
    """Name -> command, in the order of the chain."""
    rows = [_row(folder) for folder in _folders()]
    return MappingProxyType({row.name: row for row in sorted(rows, key=lambda row: (row.position, row.name))})


def steps() -> list[str]:
    """Names of the commands that a pipeline can have as steps."""
    return [name for name, command in commands().items() if command.step]


def _folders() -> list[str]:
    return [path.parent.name for path in Path(__file__).parent.glob("*/command.py")]


def _row(folder: str) -> Command:
    row: Command = importlib.import_module(f"{__package__}.{folder}").COMMAND
    return replace(row, name=row.name or folder, folder=folder)
