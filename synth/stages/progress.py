"""What a stage shows of its work: a bar while it runs, in its row of `runs`, too, and one line of counts at its end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from crawler.mongo import note_progress


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on stderr where that is a terminal; a function that moves it.

    How far it is stands in the row of the run that is going on, too, for `synth review` to show.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console, note = Console(stderr=True), note_progress(title, total)
    if not console.is_terminal or not total:
        yield note
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total, rate="")

        def advance(steps: int) -> None:
            note(steps)
            speed = bar.tasks[0].speed
            bar.update(task, advance=steps, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance


def print_counts(name: str, counts: Mapping[str, int], as_json: bool, following: str = "") -> None:
    """One line about a run: what happened, how often, and what to run next."""
    if as_json:
        print(json.dumps(dict(counts)))
        return
    outcomes = ", ".join(f"{count:,} {label.replace('_', ' ')}" for label, count in sorted(counts.items()) if count)
    print(f"{name}: {outcomes or 'nothing to do'}" + (f"; next: {following}" if following else ""), file=sys.stdout)
