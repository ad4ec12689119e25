"""What a stage shows of its work: a bar while it runs, in its row of `runs`, too, and one line of counts at its end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crawler.mongo import name_of, note_progress

if TYPE_CHECKING:
    import argparse

    from pymongo.database import Database

#: Collection -> what fills it, in the order of the chain.
_FILLED_BY = {
    "articles": "scrapy crawl ansa -a limit=200 (or synth import FILE)",
    "clusters": "synth cluster",
    "samples": "synth summarize",
}


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


def has_nothing_to_read(
    database: Database[dict[str, Any]],
    name: str,
    collection: str,
    options: argparse.Namespace,
    counts: Mapping[str, int],
) -> bool:
    """Whether a run did nothing because the collection that it reads is empty; said on stderr with what comes before.

    That is no success, as a run is that finds everything done. A dry run counts, and counts nothing.
    """
    if any(counts.values()) or getattr(options, "dry_run", False) or database[collection].find_one({}, {"_id": 1}):
        return False
    chain = list(_FILLED_BY)[: list(_FILLED_BY).index(collection) + 1]
    empty = [each for each in chain if database[each].find_one({}, {"_id": 1}) is None]
    first = empty if empty[0] == "articles" else chain[chain.index(empty[0]) :]
    is_empty = len(empty) == len(chain) and database.samples.find_one({}, {"_id": 1}) is None
    what = "the store is empty" if is_empty else f"there are no {collection} in the store"
    if options.json:
        print("{}")
    before = ", ".join(_FILLED_BY[each] for each in first)
    print(f"{name}: {what} ({name_of(database)}); first: {before}", file=sys.stderr)
    return True
