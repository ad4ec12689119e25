"""Clustering a whole archive: 1,000,000 synthetic articles over 3 years, newspapers mixed, window 3 days.

Measured is the way from vectors to labels (`synth.cluster.stream`, as `synth cluster` uses it), day after day; the
vectors are rows of TF-IDF that are made as the days come (see synthetic.py), and the time for making them stands
apart. Memory is the peak resident set of the whole process, libraries and vectors included.

    python benchmarks/events/bench_archive.py [--articles 1000000] [--days 1095] [--window 3] [--threshold 0.75]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.sparse import vstack

# The helpers belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.synthetic import archive

#: Articles a portion, as in `synth cluster`.
PORTION = 4096


class Portions:
    """The archive in portions; the time that making them takes is counted apart."""

    def __init__(self, articles: int, days: int) -> None:
        self.source = archive(articles, days)
        self.seconds = 0.0
        self.entries = 0
        self.events: list[np.ndarray] = []

    def __iter__(self) -> Iterator[tuple[Any, np.ndarray]]:
        waiting: list[tuple[Any, np.ndarray]] = []
        while True:
            began = time.perf_counter()
            item = next(self.source, None)
            if item is not None:
                waiting.append(item[:2])
                self.events.append(item[2])
                self.entries += item[0].nnz
            whole = bool(waiting) and (item is None or sum(len(days) for _, days in waiting) >= PORTION)
            if whole:
                portion = vstack([rows for rows, _ in waiting], format="csr"), np.concatenate([d for _, d in waiting])
                waiting = []
            self.seconds += time.perf_counter() - began
            if whole:
                yield portion
            if item is None:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=1095)
    parser.add_argument("--window", type=float, default=3.0)
    parser.add_argument("--threshold", type=float, default=0.75)
    parser.add_argument("--linkage", default="average", choices=["average", "complete", "single"])
    options = parser.parse_args()
    from sklearn.metrics import adjusted_rand_score

    from synth.cluster.stream import agglomerate_stream

    portions, labels = Portions(options.articles, options.days), np.full(options.articles, -1)
    parts, began = np.full(options.articles, -1), time.perf_counter()
    for closed in agglomerate_stream(
        portions, distance_threshold=options.threshold, window=options.window, linkage=options.linkage
    ):
        labels[closed.numbers], parts[closed.numbers] = closed.labels, closed.components
    total = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sizes = np.bincount(labels)
    table = Table(title=f"{options.articles:,} articles, {options.days:,} days, window {options.window:g} days")
    for column in ("clustering (s)", "making vectors (s)", "peak (GiB)", "terms a row", "events of 2 or more",
                   "largest component", "adjusted Rand to the planted events"):  # fmt: skip
        table.add_column(column, justify="right")
    table.add_row(
        f"{total - portions.seconds:.1f}", f"{portions.seconds:.1f}", f"{peak:.2f}",
        f"{portions.entries / options.articles:.0f}", f"{(sizes > 1).sum():,}", f"{np.bincount(parts).max():,}",
        f"{adjusted_rand_score(np.concatenate(portions.events), labels):.4f}",
    )  # fmt: skip
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
