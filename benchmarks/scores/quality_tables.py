"""The weights of `quality`: fitted where people judged, and what it is worth on documents that no weight was fitted on.

Content: REALSumm (LitePyramid recall). Truth: QAGS (share of votes that the article supports a summary's sentences). On
each set the parts are fitted to people's score with no weight below 0 (NNLS); the weights are the mean of the three,
REALSumm twice, so that content and truth count alike. Ten parts by document; `synth.scorers.quality.WEIGHTS` rounds
the weights of all. Run: python benchmarks/scores/quality_tables.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synth.embed import load_embedder
from synth.faithful import faithfulness
from synth.scorers.coverage.content import coverages
from synth.scorers.quality import FULL_LENGTH, WEIGHTS
from synth.scorers.similarity import batch_similarities

ROOT = Path(__file__).resolve().parents[2]
PARTS = 10
DRAWS = 1000
#: How often a set counts.
SETS = {"REALSumm": 2, "QAGS CNN/DM": 1, "QAGS XSum": 1}


class Rows(NamedTuple):
    """[rows] set and document, people's score; [rows, WEIGHTS] the parts."""

    sets: np.ndarray
    documents: np.ndarray
    scores: np.ndarray
    parts: np.ndarray


def _texts(shared: Path) -> Iterator[tuple[str, str, str, float]]:
    """(set, source, summary, people's score)."""
    for row in map(json.loads, (shared / "data/summary_scores/realsumm_30.jsonl").open(encoding="utf-8")):
        yield "REALSumm", row["source"], row["summary"], row["litepyramid_recall"]
    for name, file in (("QAGS CNN/DM", "cnndm"), ("QAGS XSum", "xsum")):
        for row in map(json.loads, (shared / f"data/faithful/qags_{file}.jsonl").open(encoding="utf-8")):
            votes = [[vote["response"] == "yes" for vote in each["responses"]] for each in row["summary_sentences"]]
            summary = " ".join(each["sentence"] for each in row["summary_sentences"])
            yield name, row["article"], summary, float(np.mean([np.mean(each) for each in votes]))


def read(shared: Path) -> Rows:
    texts = list(_texts(shared))
    embedder = load_embedder("tfidf")
    embedder.fit(dict.fromkeys(source for _, source, _, _ in texts))  # type: ignore[attr-defined]
    near = batch_similarities([(summary, [source]) for _, source, summary, _ in texts], embedder)
    parts = [
        (coverages(summary, [source])[0], faithfulness(summary, [source], "en"), max(0.0, value),
         min(1.0, len(summary) / FULL_LENGTH))
        for (_, source, summary, _), (value,) in zip(texts, near, strict=True)
    ]  # fmt: skip
    sets, documents, _, scores = (np.array(column) for column in zip(*texts, strict=True))
    return Rows(sets, documents, scores, np.array(parts))


def fit(rows: Rows, mask: np.ndarray) -> np.ndarray:
    """[parts] weights, none below 0, that sum to 1."""
    from scipy.optimize import nnls

    total = np.zeros(rows.parts.shape[1])
    for name, times in SETS.items():
        chosen = mask & (rows.sets == name)
        parts = rows.parts[chosen] - rows.parts[chosen].mean(axis=0)
        scores = rows.scores[chosen] - rows.scores[chosen].mean()
        total += times * nnls(parts, scores / scores.std())[0]
    return total / total.sum()


def cross_validated(rows: Rows) -> np.ndarray:
    names = np.unique(rows.documents)
    result = np.zeros(len(rows.scores))
    for part in range(PARTS):
        held = np.isin(rows.documents, names[part::PARTS])
        result[held] = rows.parts[held] @ fit(rows, ~held)
    return result


def other_forms(parts: np.ndarray) -> dict[str, np.ndarray]:
    """What has no weight to fit: products and means of coverage and faithfulness."""
    coverage, faithful = parts[:, 0], parts[:, 1]
    return {
        "mean of coverage and faithfulness": (coverage + faithful) / 2,
        "geometric mean of the two": np.sqrt(coverage * faithful),
        "harmonic mean of the two": 2 * coverage * faithful / np.maximum(coverage + faithful, 1e-9),
        "the lower of the two": np.minimum(coverage, faithful),
    }


def correlations(column: np.ndarray, rows: Rows) -> list[float]:
    """With people, on each set."""
    own = [rows.sets == name for name in SETS]
    return [float(np.corrcoef(column[mask], rows.scores[mask])[0, 1]) for mask in own]


def beyond(column: np.ndarray, other: np.ndarray, rows: Rows) -> tuple[float, float]:
    """95 % interval of how much higher the mean over the sets is than another's, by bootstrap over documents."""
    chance = np.random.default_rng(0)
    groups = {name: [np.flatnonzero((rows.sets == name) & (rows.documents == each))
                     for each in np.unique(rows.documents[rows.sets == name])] for name in SETS}  # fmt: skip
    gains = []
    for _ in range(DRAWS):
        drawn = np.concatenate([own[at] for own in groups.values() for at in chance.integers(len(own), size=len(own))])
        sample = Rows(*(values[drawn] for values in rows))
        gains.append(np.mean(correlations(column[drawn], sample)) - np.mean(correlations(other[drawn], sample)))
    low, high = np.percentile(gains, (2.5, 97.5))
    return float(low), float(high)


def tables(shared: Path) -> Iterator[str]:
    rows = read(shared)
    weights = fit(rows, np.ones(len(rows.scores), dtype=bool))
    parts = dict(zip(WEIGHTS, rows.parts.T, strict=True))
    joined = cross_validated(rows)
    values = parts | {"quality, cross-validated": joined} | other_forms(rows.parts)
    lines = [
        f"| Pearson over all with people | {' | '.join(SETS)} | mean | weight fitted | published |",
        "|---|" + "---:|" * 6,
    ]
    for number, (name, column) in enumerate(values.items()):
        each = correlations(column, rows)
        shown = (f"{weights[number]:.3f}", f"{WEIGHTS[name]:.2f}") if name in WEIGHTS else ("", "")
        figures = " | ".join(f"{value:.3f}" for value in (*each, float(np.mean(each))))
        lines.append(f"| {name} | {figures} | {' | '.join(shown)} |")
    yield "\n".join(lines)
    intervals = ((name, *beyond(joined, column, rows)) for name, column in parts.items())
    told = ", ".join(f"{name} [{low:+.3f}, {high:+.3f}]" for name, low, high in intervals)
    yield f"Mean over the sets of quality, cross-validated, less that of: {told}."


if __name__ == "__main__":
    print(*tables(ROOT / "../shared"), sep="\n\n")
