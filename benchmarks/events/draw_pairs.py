"""Pairs of articles to be read and labelled: the same event, or not? The rule is in `labels/README.md`.

Equally many of each band of TF-IDF distance, at most 7 days apart, in random order. A line out is {"a": link, "b":
link, "same": null, "titles": [both]}; put true or false for null and give the file to `bench_events.py --pairs`.
Distances are not shown: who labels must not see them. One language a file.
Run: python benchmarks/events/draw_pairs.py ARTICLES [--pairs 100] [--seed 4] > pairs.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.corpora import Corpus, articles_of
from synth.embed import article_text, load_embedder

#: Below are copies, above hardly anything is the same event.
BANDS = np.arange(0.3, 0.951, 0.05)
DAYS = 7


def draw(corpus: Corpus, count: int, seed: int) -> list[tuple[int, int]]:
    """Pairs of rows, as many of each band as there are, up to its share of `wanted`."""
    vectors: Any = load_embedder("tfidf").encode([article_text(row) for row in corpus.rows])
    first, second = np.triu_indices(len(corpus.rows), 1)
    near = np.abs(corpus.days[first] - corpus.days[second]) <= DAYS
    first, second = first[near], second[near]
    distances = 1.0 - np.asarray((vectors @ vectors.T).todense())[first, second]
    bands = np.digitize(distances, BANDS)
    chance = random.Random(seed)
    pairs: list[tuple[int, int]] = []
    # From the scarcest band on: what it lacks goes to the others.
    members = sorted((np.flatnonzero(bands == band).tolist() for band in range(1, len(BANDS))), key=len)
    for number, band in enumerate(members):
        share = -(-(count - len(pairs)) // (len(members) - number))
        pairs += [(int(first[at]), int(second[at])) for at in chance.sample(band, min(share, len(band)))]
    chance.shuffle(pairs)
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("articles", type=Path, help="JSON lines: our fields, or title, link, date, content")
    parser.add_argument("--pairs", type=int, default=100, help="how many (100)")
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    corpus = articles_of(options.articles)
    for first, second in draw(corpus, options.pairs, options.seed):
        article_a, article_b = sorted((corpus.rows[first], corpus.rows[second]), key=lambda row: row["link"])
        line = {
            "a": article_a["link"],
            "b": article_b["link"],
            "same": None,
            "titles": [article_a["title"], article_b["title"]],
        }
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
