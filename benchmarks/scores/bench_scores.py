"""Scores of a summary beside what people say of it: Pearson within documents, and over all, with 95 % intervals.

REALSumm (30 documents of CNN/DailyMail, 25 systems, people's LitePyramid recall: what of the content is told). Within:
the mean over documents of the correlation over a document's systems, which is what a filter among summaries of one
event needs; abstractive systems alone, too. Intervals by bootstrap over documents.

Coverage by cross-validation: the documents in ten parts, the constants of each part's scores chosen on the other nine,
by the correlation within documents. The others have no constants.

Another set: `--set NAME=FILE`, rows of JSON {doc, source, summary, score}; nothing was chosen on it.
Modules of this folder called NAME_tables.py print their tables after these, by `tables(shared)`.
Run: python benchmarks/scores/bench_scores.py [--set NAME=FILE …] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import pkgutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.rouge import rouge
from synth.embed import load_embedder
from synth.language.segmentation import words
from synth.scorers.coverage import content
from synth.scorers.coverage.content import coverages
from synth.scorers.readings import READINGS
from synth.scorers.similarity import batch_similarities

ROOT = Path(__file__).resolve().parents[2]
PARTS, RESAMPLES = 10, 2000
#: What is chosen among: the share of words in the score, and the words that a summary can take.
GRID = list(itertools.product((0.6, 0.7, 0.8, 1.0), (30, 40, 60)))
USED = (content.WORDS_SHARE, content.BEST)


class Judged(NamedTuple):
    """Summaries, what people gave them, and the document of each."""

    name: str
    sources: list[str]
    summaries: list[str]
    scores: np.ndarray
    documents: np.ndarray
    abstractive: np.ndarray


def read(name: str, path: Path, score: str) -> Judged:
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    return Judged(
        name, [row["source"] for row in rows], [row["summary"] for row in rows],
        np.array([row[score] for row in rows], dtype=float), np.array([str(row["doc"]) for row in rows]),
        np.array([row.get("kind", "abs") == "abs" for row in rows]),
    )  # fmt: skip


# ---- correlations


def pearson(first: np.ndarray, second: np.ndarray) -> float:
    """NaN where either does not vary."""
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / size if size > 1e-12 else float("nan")


def by_document(judged: Judged, values: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """[documents] the correlation over each document's summaries."""
    chosen = np.ones(len(values), dtype=bool) if mask is None else mask
    each = [np.flatnonzero((judged.documents == name) & chosen) for name in np.unique(judged.documents)]
    return np.array([pearson(values[rows], judged.scores[rows]) if len(rows) > 2 else np.nan for rows in each])


def mean_interval(values: np.ndarray) -> str:
    values = values[~np.isnan(values)]
    draws = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"


def over_all(judged: Judged, values: np.ndarray) -> str:
    rows_of = [np.flatnonzero(judged.documents == name) for name in np.unique(judged.documents)]
    random = np.random.default_rng(0)
    draws = []
    for _ in range(RESAMPLES // 4):
        rows = np.concatenate([rows_of[number] for number in random.integers(0, len(rows_of), len(rows_of))])
        draws.append(pearson(values[rows], judged.scores[rows]))
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return f"{pearson(values, judged.scores):.3f} [{low:.3f}, {high:.3f}]"


# ---- what is measured


def coverage(judged: Judged, constants: tuple[float, int] = USED) -> np.ndarray:
    READINGS.clear()
    with mock.patch.multiple(content, WORDS_SHARE=constants[0], BEST=constants[1]):
        pairs = zip(judged.summaries, judged.sources, strict=True)
        values = np.array([coverages(summary, [source])[0] for summary, source in pairs])
    READINGS.clear()
    return values


def cross_validated(judged: Judged) -> np.ndarray:
    """Coverage with constants that were chosen on other documents; each part standardised by those others."""
    values = {constants: coverage(judged, constants) for constants in GRID}
    names = np.unique(judged.documents)
    result = np.zeros(len(judged.scores))
    for part in range(PARTS):
        held = np.isin(judged.documents, names[part::PARTS])
        correlation = {key: np.nanmean(by_document(judged, row, ~held)) for key, row in values.items()}
        best = values[max(correlation, key=lambda key: correlation[key])]
        result[held] = (best[held] - best[~held].mean()) / best[~held].std()
    return result


def similarity(judged: Judged) -> np.ndarray:
    embedder = load_embedder("tfidf")
    embedder.fit(dict.fromkeys(judged.sources))  # type: ignore[attr-defined]
    pairs = [(summary, [source]) for summary, source in zip(judged.summaries, judged.sources, strict=True)]
    return np.array([row[0] for row in batch_similarities(pairs, embedder)])


def rouge_1(judged: Judged) -> np.ndarray:
    pairs = zip(judged.summaries, judged.sources, strict=True)
    return np.array([rouge(summary, [source])[0] for summary, source in pairs])


def length(judged: Judged) -> np.ndarray:
    return np.array([len(words(summary)) for summary in judged.summaries], dtype=float)


def measures(judged: Judged, chosen_here: bool) -> Iterator[tuple[str, np.ndarray, float]]:
    """(name, values, processor seconds of it)."""
    functions = {
        "coverage": coverage, "similarity": similarity, "ROUGE-1 against the source": rouge_1,
        "number of words": length,
    }  # fmt: skip
    if chosen_here:
        functions = {"coverage, cross-validated": cross_validated, **functions}
    for name, function in functions.items():
        start = time.process_time()
        yield name, function(judged), time.process_time() - start


def print_set(judged: Judged, chosen_here: bool) -> None:
    print(f"\n{judged.name}: {len(judged.scores)} summaries of {len(np.unique(judged.documents))} documents\n")
    print("| score | within documents | abstractive alone | over all | ms a summary |\n|---|---|---|---|---:|")
    for name, values, seconds in measures(judged, chosen_here):
        within = mean_interval(by_document(judged, values))
        abstractive = mean_interval(by_document(judged, values, judged.abstractive))
        pace = "" if "cross" in name else f"{1000 * seconds / len(values):.2f}"
        print(f"| {name} | {within} | {abstractive} | {over_all(judged, values)} | {pace} |", flush=True)


def print_other_tables(shared: Path) -> None:
    """Those of the modules beside this one that have any."""
    for row in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if row.name.endswith("_tables"):
            for text in importlib.import_module(f"benchmarks.scores.{row.name}").tables(shared):
                print(f"\n{text}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FILE", dest="sets")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args(arguments)
    path = options.shared / "data/summary_scores/realsumm_30.jsonl"
    if not path.exists():
        print(f"skipped: no {path}", file=sys.stderr)
        return 0
    print_set(read("REALSumm", path, "litepyramid_recall"), chosen_here=True)
    for name, _, file in (text.partition("=") for text in options.sets):
        print_set(read(name, Path(file), "score"), chosen_here=False)
    print_other_tables(options.shared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
