"""How far raters agree: alpha equal to the package krippendorff, and intervals that hold the truth in 95 of 100 cases.

Alpha of real ratings (pandalm: 500 pairs of answers, three raters, of whom marks are also left out at random) beside
the package, which is GPL and lives in an environment of its own (--peers):

    python -m venv PEERS && PEERS/bin/pip install krippendorff==0.9.0

Coverage: sets of 30, 100 and 300 items are drawn from populations whose figure is known, with rows of their own and
with three rows an event. It is the share of 95 % intervals that hold the figure: ours, the percentile bootstrap over
items, and that over events. Ours was chosen on populations of other noise, skill and shares than these.
Run: python benchmarks/scores/bench_agreement.py [--peers FOLDER] [--sets N] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synth.ratings.intervals import interval, share_interval
from synth.ratings.measures import SCALES, alpha, marks_of, mean, spearman, weighted_kappa

ROOT = Path(__file__).resolve().parents[2]
SIZES = (30, 100, 300)
RESAMPLES = 400
PEER = """
import json, sys, time, krippendorff, numpy
for items, scale in json.load(sys.stdin):
    width = max(map(len, items))
    data = numpy.array([row + [numpy.nan] * (width - len(row)) for row in items], float).T
    began = time.perf_counter()
    value = krippendorff.alpha(reliability_data=data, level_of_measurement=scale)
    print(json.dumps([value, time.perf_counter() - began]))
"""


# ---- alpha beside the package


def real_items(shared: Path) -> dict[str, list[list[float]]]:
    """Name -> marks of each item: all three raters, and a third of the marks left out."""
    rows = json.loads((shared / "data/pairs/pandalm/first500.json").read_text(encoding="utf-8"))
    whole = [[float(row[f"annotator{number}"]) for number in (1, 2, 3)] for row in rows]
    chance = np.random.default_rng(0)
    some = [[mark for mark in marks if chance.random() > 1 / 3] for marks in whole]
    return {"pandalm, three raters": whole, "pandalm, a third left out": [marks for marks in some if marks],
            "pandalm 20 times (10,000 items)": whole * 20}  # fmt: skip


def compare(shared: Path, peers: Path) -> None:
    """Print alpha of ours and of the package, and the seconds of each; ours with its interval."""
    cases = [(name, items, scale) for name, items in real_items(shared).items() for scale in SCALES]
    python = peers / "bin/python"
    theirs: list[list[float]] = []
    if python.exists():
        told = json.dumps([[items, scale] for _, items, scale in cases])
        answer = subprocess.run([str(python), "-c", PEER], input=told, capture_output=True, text=True, check=True)
        theirs = [json.loads(line) for line in answer.stdout.splitlines()]
    print("| marks | scale | items | ours | krippendorff | difference | s, ours | s, theirs | 95 % interval | s |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---|---:|")
    for number, (name, items, scale) in enumerate(cases):
        began = time.perf_counter()
        marks = marks_of(items)
        value = float(alpha(marks, scale))
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        ends = interval(lambda w, m=marks, s=scale: alpha(m, s, w), np.arange(len(marks)))  # type: ignore[misc]
        more = time.perf_counter() - began
        peer = f"{theirs[number][0]:.9f} | {abs(value - theirs[number][0]):.0e}" if theirs else "- | -"
        spent = f"{theirs[number][1]:.3f}" if theirs else "-"
        print(f"| {name} | {scale} | {len(marks):,} | {value:.9f} | {peer} | {seconds:.3f} | {spent} "
              f"| {ends[0]:.3f} to {ends[1]:.3f} | {more:.2f} |" if ends else name)  # fmt: skip


# ---- coverage


class Population(NamedTuple):
    """What sets are drawn from: `draw(n, chance)` gives (statistic of weights, cluster of each item)."""

    name: str
    draw: Callable[[int, Any], tuple[Callable[..., Any], Any]]


def judged(noise: float, skewed: bool, each: int, measure: str) -> Population:
    """A judge and people, who score from 0 to 5; `each` rows an event, which share most of the judge's error."""
    shares = np.array([0.02, 0.03, 0.05, 0.15, 0.35, 0.4]) if skewed else np.ones(6) / 6

    def draw(n: int, chance: Any) -> tuple[Callable[..., Any], Any]:
        events = np.arange(n) // each
        people = chance.choice(6, events[-1] + 1, p=shares)[events].astype(float)
        people = np.clip(people + (chance.integers(-1, 2, n) if each > 1 else 0), 0, 5)
        shared = chance.normal(0.3, noise * 0.7, events[-1] + 1)[events] if each > 1 else 0.3
        judge = np.clip(np.round(people + shared + chance.normal(0, noise * (0.7 if each > 1 else 1), n)), 0, 5)
        near = (np.abs(judge - people) <= 1).astype(float)
        statistics: dict[str, Callable[..., Any]] = {
            "kappa": lambda w: weighted_kappa(judge, people, w), "Spearman": lambda w: spearman(judge, people, w),
            "bias": lambda w: mean(judge - people, w), "within one": lambda w: mean(near, w),
        }  # fmt: skip
        return statistics[measure], events

    return Population(measure, draw)


def marked(scale: str, skill: float, shares: tuple[float, ...], each: int) -> Population:
    """Three raters, one of whom says nothing of some items; items of some events are harder."""

    def draw(n: int, chance: Any) -> tuple[Callable[..., Any], Any]:
        events = np.arange(n) // each
        truth = chance.choice(len(shares), events[-1] + 1, p=shares)[events]
        hard = (chance.random(events[-1] + 1) < 0.5)[events] & (each > 1)
        columns = []
        for _ in range(3):
            if scale == "ordinal":
                marks = np.clip(truth + np.round(chance.normal(0, skill * (1 + 0.5 * hard), n)), 0, len(shares) - 1)
            else:
                known = chance.random(n) < np.where(hard, skill - 0.15, skill)
                marks = np.where(known, truth, chance.choice(len(shares), n, p=shares))
            columns.append(marks)
        silent = chance.random(n) < 0.3
        items = [list(row[:2] if quiet else row) for row, quiet in zip(np.array(columns).T, silent, strict=True)]
        table = marks_of(items)
        return (lambda w: alpha(table, scale, w)), events

    return Population(f"alpha, {scale}", draw)


def populations(each: int) -> Iterator[Population]:
    for measure in ("kappa", "Spearman", "bias", "within one"):
        for noise in (0.8, 1.8):
            for skewed in (False, True):
                yield judged(noise, skewed, each, measure)
    for skill in (0.85, 0.65):
        yield marked("nominal", skill, (0.5, 0.3, 0.2), each)
        yield marked("nominal", skill, (0.7, 0.2, 0.1), each)
    for spread in (0.6, 1.3):
        yield marked("ordinal", spread, (0.1, 0.1, 0.15, 0.25, 0.25, 0.15), each)


def percentile(statistic: Callable[..., Any], groups: Any, chance: Any) -> tuple[float, float]:
    """The percentile bootstrap over groups."""
    total = int(groups.max()) + 1
    drawn = chance.integers(0, total, (RESAMPLES, total))
    counts = np.array([np.bincount(row, minlength=total) for row in drawn], float)
    low, high = np.nanquantile(statistic(counts[:, groups]), [0.025, 0.975])
    return float(low), float(high)


def ours(name: str, statistic: Callable[..., Any], events: Any) -> list[float] | None:
    """The interval as the commands state it."""
    if name == "within one":
        # The hits are the statistic of each item alone.
        return share_interval(statistic(np.eye(len(events))), events)
    return interval(statistic, events, coefficient=name != "bias")


def coverage(population: Population, n: int, sets: int, chance: Any) -> list[tuple[bool, bool, bool] | None]:
    """For each set whether ours, the bootstrap over items and the one over events hold the truth; None without one."""
    statistic, events = population.draw(150_000, chance)
    truth = float(statistic(np.ones(len(events))))
    results: list[tuple[bool, bool, bool] | None] = []
    for _ in range(sets):
        statistic, events = population.draw(n, chance)
        own = ours(population.name, statistic, events)
        if own is None:
            results.append(None)
            continue
        all_ends = (own, percentile(statistic, np.arange(n), chance), percentile(statistic, events, chance))
        results.append(tuple(low <= truth <= high for low, high in all_ends))  # type: ignore[arg-type]
    return results


def print_coverage(sets: int) -> None:
    """One row for each measure, number of rows an event and of items."""
    print("\n| measure | rows an event | n | ours | bootstrap over items | over events | no interval |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    chance = np.random.default_rng(1)
    for each in (1, 3):
        chosen = list(populations(each))
        for name in dict.fromkeys(population.name for population in chosen):
            for n in SIZES:
                told = [row for population in chosen if population.name == name
                        for row in coverage(population, n, sets, chance)]  # fmt: skip
                held = np.array([row for row in told if row is not None], float).mean(0)
                cells = " | ".join(f"{share:.1%}" for share in held)
                print(f"| {name} | {each} | {n} | {cells} | {told.count(None) / len(told):.1%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers", help="environment with krippendorff")
    parser.add_argument("--sets", type=int, default=200, help="sets of each population and size (200)")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder of the real data")
    options = parser.parse_args()
    compare(options.shared, options.peers)
    print_coverage(options.sets)


if __name__ == "__main__":
    main()
