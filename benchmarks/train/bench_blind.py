"""The statistics of `train blind`: equal to other packages, intervals that cover, power that comes true.

1. Krippendorff's alpha and Bradley and Terry's strengths on PandaLM's real comparisons (500 pairs of texts by five
   models, three raters, ties) and on made-up marks with gaps, beside the packages krippendorff and evalica, in an
   environment of their own (benchmarks/helpers/rating_peers.py says how to make it): the first is GPL.
2. How often intervals hold the truth. Marks from 1 to 5, choices and guesses of people who differ, with variances as in
   published ratings: ours, the two-way bootstrap alone, and Student's t over prompts, which does not know that raters
   differ. The interval's degrees of freedom were chosen on normal marks with other seeds and variances.
3. Power as `--plan` says it, beside whole simulations of rounded marks that `--read` judges.
4. Time of `train blind --read`, with its page.

    python benchmarks/train/bench_blind.py [--peers-python PEERS/bin/python] [--shared ../shared] [--trials 200]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from train.blind.agreement import alpha
from train.blind.marks import Preference, TextMark
from train.blind.report import render
from train.blind.results import read_sheets
from train.blind.statistics.bradley_terry import Comparisons, fit
from train.blind.statistics.guesses import guess_results
from train.blind.statistics.means import difference, share_of
from train.blind.statistics.power import POINTS, power
from train.blind.statistics.preferences import strength_results
from train.blind.statistics.two_way import DRAWS, Components, estimate

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


def pandalm(shared: Path) -> list[Row]:
    rows: list[Row] = json.loads((shared / "data/pairs/pandalm/first500.json").read_text(encoding="utf-8"))
    return rows


def outcomes(row: Row) -> list[int]:
    """0: the first is preferred, 1: neither, 2: the second, by each rater."""
    return [{1: 0, 0: 1, 2: 2}[row[f"annotator{rater}"]] for rater in (1, 2, 3)]


def tasks(rows: list[Row], seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    marks = np.clip(np.round(generator.normal(3, 1, (1, 400)) + generator.normal(0, 0.7, (6, 400))), 1, 5)
    gaps = [[int(mark) if generator.random() < 0.6 else None for mark in row] for row in marks.tolist()]
    choices = [list(row) for row in zip(*map(outcomes, rows), strict=True)]
    return {
        "alpha": {
            "PandaLM, nominal": {"level": "nominal", "ratings": choices},
            "PandaLM, ordinal": {"level": "ordinal", "ratings": choices},
            "made up with gaps, ordinal": {"level": "ordinal", "ratings": gaps},
        },
        "strengths": {"PandaLM": [[*row["cmp_key"].split("_"), each] for row in rows for each in outcomes(row)]},
    }


def our_alpha(task: Row) -> float:
    items = [[mark for mark in column if mark is not None] for column in zip(*task["ratings"], strict=True)]
    return alpha(items, ordinal=task["level"] == "ordinal") or float("nan")


def our_strengths(rows: list[tuple[str, str, int]]) -> dict[str, float]:
    names = sorted({name for row in rows for name in row[:2]})
    weights = np.eye(3)[[row[2] for row in rows]]
    first, second = (np.array([names.index(row[place]) for row in rows]) for place in (0, 1))
    result = fit(Comparisons(first, second, weights, np.zeros((len(rows), 0))).halved(), len(names))
    assert result is not None
    return dict(zip(names, result.strengths.tolist(), strict=True))


def oracles(rows: list[Row], python: str | None, seed: int) -> Table:
    work = tasks(rows, seed)
    theirs: Row = {}
    if python:
        script = str(ROOT / "benchmarks/helpers/rating_peers.py")
        done = subprocess.run([python, script], input=json.dumps(work), capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout)
    table = Table(title="Beside krippendorff 0.9.0 and evalica 0.4.2")
    for column in ("what", "ours", "theirs", "largest difference", "ms, ours", "ms, theirs"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for kind, function in (("alpha", our_alpha), ("strengths", our_strengths)):
        for name, task in work[kind].items():
            began = time.perf_counter()
            ours = function(task)  # type: ignore[operator]
            spent = 1000 * (time.perf_counter() - began)
            table.add_row(f"{kind}: {name}", *compared(ours, theirs.get(name), spent))
    return table


def compared(ours: Any, theirs: Row | None, spent: float) -> list[str]:
    def words(value: Any) -> str:
        return ", ".join(f"{each:.3f}" for each in value.values()) if isinstance(value, dict) else f"{value:.6f}"

    if theirs is None:
        return [words(ours), "-", "-", f"{spent:.1f}", "-"]
    value = theirs["value"]
    apart = max(abs(ours[name] - value[name]) for name in ours) if isinstance(ours, dict) else abs(ours - value)
    ordered = {name: value[name] for name in ours} if isinstance(ours, dict) else value
    return [words(ours), words(ordered), f"{apart:.0e}", f"{spent:.1f}", f"{theirs['ms']:.1f}"]


def marks(
    generator: np.random.Generator, prompts: int, raters: int, parts: Components, effect: float
) -> tuple[np.ndarray, np.ndarray]:
    """Two authors' marks from 1 to 5 [prompts, raters], whose differences vary by these parts before rounding."""
    level = 3.2 + generator.normal(0, 0.6, (prompts, 1)) + generator.normal(0, 0.4, (1, raters))
    half = (parts.rest / 2) ** 0.5
    apart = effect + generator.normal(0, parts.prompt**0.5, (prompts, 1))
    apart = apart + generator.normal(0, parts.rater**0.5, (1, raters))
    first = level - apart / 2 + generator.normal(0, half, (prompts, raters))
    second = level + apart / 2 + generator.normal(0, half, (prompts, raters))
    return np.clip(np.round(first), 1, 5), np.clip(np.round(second), 1, 5)


def laid_out(values: np.ndarray) -> list[tuple[str, str, float]]:
    return [(f"p{p:03d}", f"r{r}", float(values[p, r])) for p in range(len(values)) for r in range(values.shape[1])]


def ours(first: np.ndarray, second: np.ndarray, seed: int) -> tuple[float, float]:
    result = difference(laid_out(first), laid_out(second), seed)
    assert result is not None
    return (-np.inf, np.inf) if result.low is None or result.high is None else (result.low, result.high)


def bootstrap_alone(first: np.ndarray, second: np.ndarray, seed: int) -> tuple[float, float]:
    generator, values = np.random.default_rng(seed), second - first
    prompts, raters = values.shape
    rows = generator.multinomial(prompts, np.full(prompts, 1 / prompts), size=DRAWS) / prompts
    columns = generator.multinomial(raters, np.full(raters, 1 / raters), size=DRAWS) / raters
    low, high = np.quantile(((rows @ values) * columns).sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def over_prompts(first: np.ndarray, second: np.ndarray, _seed: int) -> tuple[float, float]:
    means = (second - first).mean(axis=1)
    reach = float(stats.t.ppf(0.975, len(means) - 1)) * means.std(ddof=1) / len(means) ** 0.5
    return float(means.mean() - reach), float(means.mean() + reach)


METHODS: dict[str, Callable[[np.ndarray, np.ndarray, int], tuple[float, float]]] = {
    "ours": ours, "two-way bootstrap alone": bootstrap_alone, "t over prompts": over_prompts,
}  # fmt: skip
#: Variances of differences: as published, raters who hardly differ, raters who differ much.
KINDS = {
    "as published": POINTS, "raters alike": Components(0.35, 0.0, 0.9), "raters differ": Components(0.35, 0.2, 0.5),
}  # fmt: skip


def truth_of(parts: Components, effect: float) -> float:
    """The difference after rounding, of very many prompts and raters."""
    first, second = marks(np.random.default_rng(99), 2500, 2500, parts, effect)
    return float((second - first).mean())


def coverage(trials: int, seed: int) -> Table:
    table = Table(title="Differences of means: truth inside the 95 % interval, % (mean width)")
    for column in ("variances", "prompts", "raters", *METHODS):
        table.add_column(column, justify="right")
    for kind, parts in KINDS.items():
        truth = truth_of(parts, 0.3)
        for prompts, raters in ((12, 3), (40, 3), (40, 5), (100, 3), (100, 8)):
            generator = np.random.default_rng([seed, prompts, raters, len(kind)])
            hits, widths = dict.fromkeys(METHODS, 0), dict.fromkeys(METHODS, 0.0)
            for trial in range(trials):
                pair = marks(generator, prompts, raters, parts, 0.3)
                for name, method in METHODS.items():
                    low, high = method(*pair, trial)
                    hits[name] += low <= truth <= high
                    widths[name] += high - low
            cells = [f"{100 * hits[name] / trials:.1f} ({widths[name] / trials:.2f})" for name in METHODS]
            table.add_row(kind, str(prompts), str(raters), *cells)
    return table


def preferences(generator: np.random.Generator, prompts: int, raters: int, gap: float) -> list[Preference]:
    """Choices between three authors by Davidson's model; prompts and raters shift each author's strength."""
    strengths = {"x": -gap, "y": 0.0, "z": gap}
    by_prompt = {name: generator.normal(0, 0.8, prompts) for name in strengths}
    by_rater = {name: generator.normal(0, 0.3, raters) for name in strengths}
    rows = []
    for x, y in (("x", "y"), ("x", "z"), ("y", "z")):
        lead = strengths[x] - strengths[y] + (by_prompt[x] - by_prompt[y])[:, None] + by_rater[x] - by_rater[y]
        weights = np.exp(np.stack([lead / 2, np.full_like(lead, -0.7), -lead / 2]))
        chances = (weights / weights.sum(axis=0)).cumsum(axis=0)
        outcome = (generator.random(lead.shape) > chances[:2]).sum(axis=0)
        rows += [
            Preference(f"r{r}", f"{x}{y}{p}", f"p{p}", (x, y), int(outcome[p, r]), 1 if (p + r) % 2 else -1, (9, 9))
            for p in range(prompts) for r in range(raters)
        ]  # fmt: skip
    return rows


def pair_figures(rows: list[Preference], seed: int) -> dict[str, tuple[float, float | None, float | None]]:
    apart = strength_results(rows, ["x", "y", "z"], seed)["differences"].get("z")
    points = [(each.prompt, each.rater, each.outcome / 2) for each in rows if each.authors == ("x", "z")]
    share = share_of(points, seed)
    figures: dict[str, tuple[float, float | None, float | None]] = {"share": (share.value, share.low, share.high)}
    if apart:
        figures["strength"] = apart["difference"], apart["low"], apart["high"]
    return figures


def guesses(generator: np.random.Generator, prompts: int, raters: int, skill: float) -> list[TextMark]:
    """Guesses by signal detection: texts look more or less like a machine's, raters are more or less able and wary."""
    able, wary = generator.normal(skill, 0.25, raters), generator.normal(0, 0.4, raters)
    look = generator.normal(0, 0.5, (2, prompts))
    rows = []
    for kind, author in enumerate(("people", "model")):
        signal = look[kind][:, None] + (kind - 0.5) * able + wary + generator.normal(0, 0.87, (prompts, raters))
        rows += [
            TextMark(f"r{r}", f"{author}{p}", f"p{p}", author, None, None, bool(signal[p, r] > 0), None)
            for p in range(prompts) for r in range(raters)
        ]  # fmt: skip
    return rows


def guess_figures(rows: list[TextMark], seed: int) -> dict[str, tuple[float, float | None, float | None]]:
    result = guess_results(rows, ("people", "model"), frozenset({"people"}), seed)
    assert result is not None
    row = result["all"]
    return {
        "d′": (row["d_prime"], row["low"], row["high"]),
        "accuracy": (row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
    }


def other_coverage(trials: int, seed: int) -> Table:
    table = Table(title="Shares, strengths, d′, accuracy: truth inside the 95 % interval, %")
    for column in ("prompts", "raters", "share", "strength", "d′", "accuracy"):
        table.add_column(column, justify="right")
    wide = np.random.default_rng(98)
    truths = {name: value for name, (value, _, _) in pair_figures(preferences(wide, 700, 120, 0.4), 0).items()}
    truths |= {name: value for name, (value, _, _) in guess_figures(guesses(wide, 900, 120, 0.8), 0).items()}
    for prompts, raters in ((20, 3), (60, 3), (60, 5)):
        generator = np.random.default_rng([seed, prompts, raters])
        hits, counts = dict.fromkeys(truths, 0), dict.fromkeys(truths, 0)
        for trial in range(trials):
            figures = pair_figures(preferences(generator, prompts, raters, 0.4), trial)
            figures |= guess_figures(guesses(generator, prompts, raters, 0.8), trial)
            for name, (_, low, high) in figures.items():
                if low is not None and high is not None:
                    counts[name] += 1
                    hits[name] += low <= truths[name] <= high
        table.add_row(str(prompts), str(raters), *[f"{100 * hits[name] / counts[name]:.1f}" for name in truths])
    return table


def planned(trials: int, seed: int) -> Table:
    """Effects after rounding, and variances of rounded marks: what `--from` would be given."""
    table = Table(title="Power, %: --plan and simulations of marks from 1 to 5")
    for column in ("variances", "effect", "prompts", "raters", "--plan", "simulated"):
        table.add_column(column, justify="right")
    for kind, parts in KINDS.items():
        first, second = marks(np.random.default_rng(97), 1500, 1500, parts, 0.5)
        apart = second - first
        rows, columns = apart.mean(axis=1), apart.mean(axis=0)
        rest = apart - rows[:, None] - columns + apart.mean()
        rounded = Components(float(rows.var()), float(columns.var()), float(rest.var()))
        effect = float(apart.mean())
        for prompts, raters in ((20, 3), (40, 3), (40, 5), (80, 5), (40, 8)):
            generator, seen = np.random.default_rng([seed, prompts, raters, 7]), 0
            for trial in range(trials):
                values = np.subtract(*marks(generator, prompts, raters, parts, 0.5)[::-1])
                seen += estimate(float(values.mean()), values - values.mean(), seed=trial).side_of(0) == 1
            plan = power(effect, rounded, prompts, raters)
            shares = [f"{100 * plan:.0f}", f"{100 * seen / trials:.0f}"]
            table.add_row(kind, f"{effect:.2f}", str(prompts), str(raters), *shares)
    return table


def write_pandalm(rows: list[Row], folder: Path) -> Path:
    """Sheets and key of the contract."""
    names = [f"P{number:03d}" for number in range(1, len(rows) + 1)]
    items = {
        name: {
            "id": hashlib.sha256((row["instruction"] + row["input"]).encode()).hexdigest()[:12],
            "authors": row["cmp_key"].split("_"),
            "words": [len(str(row[text]).split()) for text in ("response1", "response2")],
        }
        for name, row in zip(names, rows, strict=True)
    }
    sides = {str(rater): {name: ("xy", "yx")[(n + rater) % 2] for n, name in enumerate(names)} for rater in (1, 2, 3)}
    authors = sorted({author for item in items.values() for author in item["authors"]})
    key = {"version": 2, "kind": "pairs", "seed": 0, "raters": 3, "authors": authors, "human": [], "items": items}
    key["sides"] = sides
    (folder / "key.json").write_text(json.dumps(key))
    for rater in (1, 2, 3):
        with (folder / f"rater-{rater}.csv").open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(["rater", "item", "request", "text_a", "text_b", "choice", "seconds", "remark"])
            for name, row in zip(names, rows, strict=True):
                turned = sides[str(rater)][name] == "yx"
                texts = [row["response1"], row["response2"]][:: -1 if turned else 1]
                choice = ("a", "tie", "b")[outcomes(row)[rater - 1]]
                shown = {"a": "b", "b": "a"}.get(choice, choice) if turned else choice
                writer.writerow([rater, name, row["instruction"], *texts, shown, "", ""])
    return folder / "key.json"


def timed(rows: list[Row]) -> Table:
    table = Table(title="Time of --read with its page (best of 3)")
    for column in ("sheets", "choices", "seconds"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as name:
        key, times = write_pandalm(rows, Path(name)), []
        for _ in range(3):
            began = time.perf_counter()
            results = read_sheets([Path(name)], key)
            render(results)
            times.append(time.perf_counter() - began)
    table.add_row("3", str(results["comparisons"]), f"{min(times):.2f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers-python", help="interpreter that has krippendorff and evalica")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    console = Console(width=130)
    if (options.shared / "data").is_dir():
        rows = pandalm(options.shared)
        console.print(oracles(rows, options.peers_python, options.seed))
        console.print(timed(rows))
    else:
        console.print(f"no real ratings: no folder {options.shared}")
    console.print(coverage(options.trials, options.seed))
    console.print(other_coverage(options.trials, options.seed))
    console.print(planned(options.trials, options.seed))


if __name__ == "__main__":
    main()
