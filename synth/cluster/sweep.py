"""`synth cluster --sweep`: the events of five thresholds side by side, before anything is changed.

With a window the articles are read and embedded once, and all thresholds follow the stream together. Nothing is
written, neither events nor counts of words nor vectors.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from synth.cluster import assignments
from synth.cluster.assignments import ArticleRef
from synth.cluster.settings import Settings
from synth.cluster.stream import Stream, agglomerate_whole
from synth.cluster.vectors import portions, unstored_vectors

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Of the threshold in use.
_FACTORS = (0.9, 0.95, 1.0, 1.05, 1.1)
#: Merges that are shown between two thresholds, and groups of one merge.
_EXAMPLES = 3
_GROUPS = 3


@dataclass
class Row:
    """The events below one threshold; `merges`: what joins on the way from the threshold before."""

    threshold: float
    events: int
    in_events: int
    alone: int
    largest: int
    merged: int = 0
    merges: list[list[dict[str, Any]]] = field(default_factory=list)


def sweep(database: Store, language: str | None, settings: Settings, condition: Mapping[str, Any]) -> list[Row]:
    """The events of a language below five thresholds around the one in use, ascending.

    Raises:
        NewsmillError: no threshold was measured for the embedder, and none is given.
    """
    refs = assignments.article_refs(database, condition, language)
    vectors = unstored_vectors(database, language, settings, refs)
    settings = settings.with_threshold(vectors.texts)
    thresholds = _thresholds(settings)
    # An article without a date is alone where there is a window.
    dated = [ref for ref in refs if ref.day is not None or settings.window is None]
    parts = portions(database, dated, vectors, settings.sentences)
    partitions = _partitions(parts, len(dated), settings, thresholds)
    rows: list[Row] = []
    for number, (threshold, labels) in enumerate(zip(thresholds, partitions, strict=True)):
        row = _row(threshold, labels, len(refs))
        if number:
            merges = _merges(partitions[number - 1], labels)
            row.merged = len(merges)
            row.merges = [_described(database, dated, merge) for merge in merges[:_EXAMPLES]]
        rows.append(row)
    return rows


def _thresholds(settings: Settings) -> list[float]:
    """Five around the one in use; a stream takes none above 1."""
    most = 2.0 if settings.window is None else 1.0
    return sorted({round(min(most, factor * (settings.threshold or 0.0)), 4) for factor in _FACTORS})


def _partitions(
    parts: Iterator[tuple[Any, np.ndarray]], count: int, settings: Settings, thresholds: Sequence[float]
) -> list[np.ndarray]:
    """[thresholds][count] labels."""
    import numpy as np

    labellings = [np.zeros(count, dtype=np.int64) for _ in thresholds]
    if settings.window is None:
        whole = list(parts)
        for labels, threshold in zip(labellings, thresholds, strict=True):
            for closed in agglomerate_whole(
                whole, distance_threshold=threshold, window=None, linkage=settings.linkage, spread=settings.spread
            ):
                labels[closed.numbers] = closed.labels
        return labellings
    streams = [
        Stream(distance_threshold=threshold, window=settings.window, linkage=settings.linkage, spread=settings.spread)
        for threshold in thresholds
    ]
    for vectors, days in parts:
        for labels, stream in zip(labellings, streams, strict=True):
            closed = stream.add(vectors, days)
            labels[closed.numbers] = closed.labels
    for labels, stream in zip(labellings, streams, strict=True):
        closed = stream.finish()
        labels[closed.numbers] = closed.labels
    return labellings


def _row(threshold: float, labels: np.ndarray, articles: int) -> Row:
    import numpy as np

    sizes = np.bincount(labels) if len(labels) else np.zeros(1, dtype=np.int64)
    events = sizes[sizes > 1]
    joined = int(events.sum())
    return Row(threshold, len(events), joined, articles - joined, int(events.max(initial=0)))


def _merges(fine: np.ndarray, coarse: np.ndarray) -> list[list[list[int]]]:
    """The clusters of the coarser partition that are several of the finer one, as these, the largest first."""
    groups: dict[int, dict[int, list[int]]] = {}
    for number, (label, whole) in enumerate(zip(fine.tolist(), coarse.tolist(), strict=True)):
        groups.setdefault(whole, {}).setdefault(label, []).append(number)
    merges = [sorted(group.values(), key=len, reverse=True) for group in groups.values() if len(group) > 1]
    return sorted(merges, key=lambda merge: (-sum(map(len, merge)), merge[0][0]))


def _described(database: Store, refs: Sequence[ArticleRef], merge: list[list[int]]) -> list[dict[str, Any]]:
    """(size, title and link of its first article) of each group that joins."""
    described = []
    for group in merge[:_GROUPS]:
        ref = refs[group[0]]
        article = database.articles.find_one({"_id": ref.id}, {"title": 1}) or {}
        described.append({"size": len(group), "title": str(article.get("title") or ""), "link": ref.link})
    return described


def print_sweep(
    database: Store, languages: Sequence[str | None], settings: Settings, condition: Mapping[str, Any], as_json: bool
) -> int:
    """The sweep of each language on stdout; the exit status."""
    sweeps = {str(language): sweep(database, language, settings, condition) for language in languages}
    if as_json:
        rows_by_language = {language: [asdict(row) for row in rows] for language, rows in sweeps.items()}
        print(json.dumps(rows_by_language, ensure_ascii=False))
        return 0
    for language, rows in sweeps.items():
        _show(language, rows, replace(settings, threshold=None))
    print("Nothing was changed. Take one of them: synth cluster --threshold NUMBER")
    return 0


def _show(language: str, rows: Sequence[Row], settings: Settings) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console, table = Console(), Table(title=f"{language}: {settings}", title_justify="left")
    for column in ("threshold", "events", "articles in events", "alone", "largest event", "merges before it"):
        table.add_column(column, justify="right")
    for row in rows:
        numbers = (row.events, row.in_events, row.alone, row.largest, row.merged)
        table.add_row(f"{row.threshold:g}", *(f"{number:,}" for number in numbers))
    console.print(table)
    for before, row in itertools.pairwise(rows):
        if row.merges:
            console.print(f"From {before.threshold:g} to {row.threshold:g} these join (back again, they split):")
        for merge in row.merges:
            console.print("  - " + escape("  +  ".join(f"{group['title']} ({group['size']})" for group in merge)))
