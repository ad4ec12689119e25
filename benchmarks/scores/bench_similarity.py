"""Similarity of summaries to their sources: does a source's length alone lower it, and do its own score above others?

Summaries of it_news_2024 (Mixtral's, their sources as given to it, some of other events) and vi_vnmds (people's).
Sources are made 2, 4 and 8 times as long by sentences of other events; the change is of the score of the source as it
was. AUC: own sources against as many of other events. Beside it the cosine of whole texts.
Run: python benchmarks/scores/bench_similarity.py [--embedder tfidf] [--limit N] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.scores.bench_faithful import Case, italian, vietnamese
from synth.embed import article_text, load_embedder
from synth.language.segmentation import sentences
from synth.scorers.similarity import similarities

ROOT = Path(__file__).resolve().parents[2]
TIMES = (2, 4, 8)
Measure = Callable[[str, Sequence[str], Any], list[float]]


def whole_texts(answer: str, sources: Sequence[str], embedder: Any) -> list[float]:
    """Cosines of the texts as they are."""
    rows = embedder.encode([answer, *sources])
    product = rows[1:] @ rows[:1].T
    return list(np.asarray(product.toarray() if hasattr(product, "toarray") else product).ravel())


MEASURES: dict[str, Measure] = {"nearest passage": similarities, "whole texts": whole_texts}


def pad(text: str, other_texts: Sequence[str], times: int, rng: random.Random) -> str:
    """The text somewhere among sentences of the others, so many times as many words as before."""
    pool = [sentence for source in other_texts for sentence in sentences(source)]
    rng.shuffle(pool)
    shortfall, filler = (times - 1) * len(text.split()), []
    while shortfall > 0 and pool:
        filler.append(pool.pop())
        shortfall -= len(filler[-1].split())
    position = rng.randrange(len(filler) + 1)
    return "\n\n".join([" ".join(filler[:position]), text, " ".join(filler[position:])])


def compare(cases: Sequence[Case], embedder: Any, measure: Measure, seed: int = 2) -> dict[str, float]:
    """Means, AUC and changes of one measure; the same sentences for every measure."""
    from sklearn.metrics import roc_auc_score

    rng = random.Random(seed)
    own_scores: list[float] = []
    other_scores: list[float] = []
    changes: dict[int, list[float]] = {times: [] for times in TIMES}
    took = 0.0
    for case in cases:
        sources = [article_text(each) for each in case.sources if each["content"]]
        strangers = [
            article_text(each) for neighbour in rng.sample(cases, min(40, len(cases))) for each in neighbour.sources
        ]
        strangers = [text for text in strangers if text not in sources]
        longer = {times: [pad(text, strangers, times, rng) for text in sources[:2]] for times in TIMES}
        started = time.perf_counter()
        mine = measure(case.answer, sources, embedder)
        took += time.perf_counter() - started
        own_scores += mine
        other_scores += measure(case.answer, strangers[: len(sources)], embedder)
        for times, texts in longer.items():
            changes[times] += list(np.array(measure(case.answer, texts, embedder)) - np.array(mine[:2]))
    figures = {"own sources": float(np.mean(own_scores)), "others": float(np.mean(other_scores))}
    figures["AUC"] = float(roc_auc_score([1] * len(own_scores) + [0] * len(other_scores), own_scores + other_scores))
    for times, values in changes.items():
        figures[f"x{times}: mean change"] = float(np.mean(values))
        figures[f"x{times}: largest fall"] = float(np.min(values))
        figures[f"x{times}: moved by more than .05"] = float(np.mean(np.abs(values) > 0.05))
    return figures | {"ms a summary": 1000 * took / max(1, len(cases))}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--embedder", default="tfidf", help="tfidf, use or st:MODEL (tfidf)")
    parser.add_argument("--limit", type=int, default=100, help="summaries of each set, at most (100)")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real articles")
    options = parser.parse_args()
    if not (options.shared / "data").is_dir():
        print(f"no data: {options.shared / 'data'} is not there; give --shared", file=sys.stderr)
        return
    sets = {"it_news_2024": italian(options.shared / "data/it_news_2024"),
            "vi_vnmds": vietnamese(options.shared / "data/vi_vnmds")}  # fmt: skip
    for name, stream in sets.items():
        cases = [case for case in stream if any(each["content"] for each in case.sources)]
        cases = random.Random(1).sample(cases, min(options.limit or len(cases), len(cases)))
        embedder: Any = load_embedder(options.embedder)
        if hasattr(embedder, "fit"):
            embedder.fit(list(dict.fromkeys(article_text(each) for case in cases for each in case.sources)))
        results = {label: compare(cases, embedder, measure) for label, measure in MEASURES.items()}
        print(f"\n{name}, {options.embedder}: {len(cases)} summaries\n\n| | {' | '.join(results)} |")
        print("|---|" + "---:|" * len(results))
        for row in results["whole texts"]:
            print(f"| {row} | {' | '.join(f'{values[row]:.3f}' for values in results.values())} |")


if __name__ == "__main__":
    main()
