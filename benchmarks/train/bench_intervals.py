"""How often the interval of a difference between models covers the truth, and how often identical models get a verdict.

Made-up differences of the shapes that measures have: symmetric, skewed, heavy-tailed, counts, yes or no, half of them
zero, losses pooled over tokens with several rows an event, and rare large ones, of which ten events often show none.
Beside the interval of `train evaluate` (the wider of Student's t and the studentised bootstrap): Student's t alone, and
BCa and percentiles of scipy. The method was chosen with other seeds, on shapes like these.

    python benchmarks/train/bench_intervals.py [--trials 2000] [--seed 1]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from train.metrics.bootstrap import paired

#: ([rows, 4] numerator and denominator of both models, [rows] event of each, the true difference).
Rows = tuple[np.ndarray, np.ndarray, float]
DRAWS = 1000


def single(gains: np.ndarray, truth: float) -> Rows:
    """A row an event, whose measure is a mean."""
    ones, rows = np.ones(len(gains)), len(gains)
    return np.column_stack([np.zeros(rows), ones, gains, ones]), np.arange(rows), truth


def events_of(count: int, generator: np.random.Generator) -> np.ndarray:
    """The event of each row: one to eight rows an event, most have one or two."""
    return np.repeat(np.arange(count), np.minimum(generator.geometric(0.5, count), 8))


def loss(count: int, generator: np.random.Generator) -> Rows:
    """Losses of answers of very different lengths; how much one gains is a matter of its event, and skewed."""
    events = events_of(count, generator)
    tokens = np.round(generator.lognormal(4.3, 0.6, len(events))) + 3
    before = generator.normal(2.5, 0.4, count)[events] + generator.normal(0, 0.2, len(events))
    gain = generator.gamma(2, 0.05, count)[events] + generator.normal(0, 0.1, len(events))
    return np.column_stack([before * tokens, tokens, (before - gain) * tokens, tokens]), events, -0.1


def overlap(count: int, generator: np.random.Generator) -> Rows:
    """ROUGE-like shares: two rows of five are as before, the others as their event went."""
    events = events_of(count, generator)
    before, ones = generator.beta(2, 6, len(events)), np.ones(len(events))
    after = np.where(generator.random(len(events)) < 0.4, before, generator.beta(2, 5, count)[events])
    return np.column_stack([before, ones, after, ones]), events, 0.6 * (2 / 7 - 2 / 8)


def copies(count: int, generator: np.random.Generator) -> Rows:
    """Words copied: none in half of the events, long runs in some."""
    gains = np.where(generator.random(count) < 0.5, 0, generator.exponential(5, count))
    return single(gains, 2.5)


def rare(count: int, generator: np.random.Generator) -> Rows:
    """One event of ten gains three, the others nothing but noise."""
    large = generator.random(count) < 0.1
    return single(np.where(large, generator.normal(3, 1, count), generator.normal(0, 0.5, count)), 0.3)


SHAPES: dict[str, Callable[[int, np.random.Generator], Rows]] = {
    "normal": lambda n, g: single(g.normal(0.3, 1, n), 0.3),
    "Laplace": lambda n, g: single(g.laplace(0.3, 1, n), 0.3),
    "gamma, skew 1.4": lambda n, g: single(g.gamma(2, 1, n), 2),
    "exponential, skew 2": lambda n, g: single(g.exponential(1, n), 1),
    "counts": lambda n, g: single(g.poisson(2.0, n) - g.poisson(1.2, n), 0.8),
    "yes or no": lambda n, g: single((g.random(n) < 0.65) * 1.0 - (g.random(n) < 0.35), 0.3),
    "loss per token": loss,
    "overlap": overlap,
    "copies, half none": copies,
    "rare and large": rare,
}  # fmt: skip


def intervals(values: np.ndarray, events: np.ndarray, seed: int) -> dict[str, tuple[float, float]]:
    """Method -> its interval; those of scipy see one number an event, its share of the difference."""
    ours = paired(list(map(tuple, values[:, :2])), list(map(tuple, values[:, 2:])), events.astype(str).tolist(),
                  seed=seed, draws=DRAWS)  # fmt: skip
    count = int(events.max()) + 1
    sums = np.zeros((count, 4))
    np.add.at(sums, events, values)
    total = sums.sum(axis=0)
    after, before = total[2] / total[3], total[0] / total[1]
    shares = (sums[:, 2] - after * sums[:, 3]) / total[3] - (sums[:, 0] - before * sums[:, 1]) / total[1]
    shares = shares * count + after - before
    reach = stats.t.ppf(0.975, count - 1) * shares.std(ddof=1) / count**0.5
    bounds = {"t": (shares.mean() - reach, shares.mean() + reach)}
    if ours.low is not None and ours.high is not None:
        bounds["ours"] = (ours.low, ours.high)
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            span = stats.bootstrap((shares,), np.mean, n_resamples=DRAWS, method=method, rng=seed).confidence_interval
        bounds[method] = (span.low, span.high)
    return bounds


METHODS = ("ours", "t", "BCa", "percentile")


def covered(shape: str, events: int, trials: int, seed: int) -> tuple[dict[str, float], float]:
    """(method -> share of intervals that hold the truth, share of trials in which ours gives one)."""
    generator = np.random.default_rng([seed, events, sum(map(ord, shape))])
    hits, interval_count = dict.fromkeys(METHODS, 0), 0
    for trial in range(trials):
        values, member, truth = SHAPES[shape](events, generator)
        bounds = intervals(values, member, trial)
        interval_count += "ours" in bounds
        for method, (low, high) in bounds.items():
            hits[method] += low <= truth <= high
    totals = dict.fromkeys(METHODS, trials) | {"ours": interval_count}
    shares = {method: hits[method] / totals[method] if totals[method] else float("nan") for method in METHODS}
    return shares, interval_count / trials


def false_verdicts(events: int, trials: int, seed: int) -> float:
    """Share of trials in which two models that do not differ get a verdict; normal differences."""
    generator, verdicts = np.random.default_rng([seed, events]), 0
    names = [str(number) for number in range(events)]
    for trial in range(trials):
        gains = [(float(gain), 1.0) for gain in generator.normal(0, 1, events)]
        verdicts += paired([(0.0, 1.0)] * events, gains, names, draws=DRAWS, seed=trial).excludes_zero
    return verdicts / trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    table = Table(title="Truth inside the 95 % interval, %")
    for column in ("differences", "events", "given", *METHODS):
        table.add_column(column, justify="right")
    for shape in SHAPES:
        for events in (10, 20, 50):
            shares, share_with_interval = covered(shape, events, options.trials, options.seed)
            table.add_row(
                shape,
                str(events),
                f"{100 * share_with_interval:.0f}",
                *[f"{100 * shares[each]:.1f}" for each in METHODS],
            )
    Console().print(table)
    null = Table(title="Verdicts on models that do not differ, %")
    null.add_column("events")
    null.add_column("verdicts", justify="right")
    for events in (2, 6, 9, 10, 15, 20, 50):
        null.add_row(str(events), f"{100 * false_verdicts(events, options.trials, options.seed):.1f}")
    Console().print(null)


if __name__ == "__main__":
    main()
