"""Near duplicates among short texts: seconds, peak memory, recall and precision, beside datasketch's usual loop.

The texts are made here: 20 to 60 words drawn by Zipf's law, and one in twenty a copy of an earlier one with some words
replaced. The truth is each copy's own Jaccard similarity to what it was made of, by sets of tuples of words. Recall: of
the copies at the threshold or above those found; precision: of the texts called duplicates those that are, by the same
sets, as near to the text they were found by. Every row is a process of its own; making the texts is not timed, and
their memory is not kept. The rows: our index alone, the same on as many texts as the peer, datasketch (MinHash and
MinHashLSH, which believe their estimate), and the whole command, reading from MongoDB and writing the marks included.

Run: python benchmarks/scores/bench_dedupe.py [--texts 1000000] [--peer-texts 50000] [--store 100000]
At 1/50: python benchmarks/scores/bench_dedupe.py --texts 20000 --peer-texts 2000 --store 2000
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import multiprocessing
import os
import random
import resource
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

SHINGLE, PERMUTATIONS = 3, 128
VOCABULARY = 200_000
PORTION = 5_000


@cache
def vocabulary() -> tuple[list[str], list[float]]:
    """(words, running sums of their frequencies, which fall as 1 / rank)."""
    heads = [c + v for c in ("b", "ch", "d", "f", "gi", "l", "m", "ng", "p", "r", "s", "th") for v in "aàeèiìoòuạậố"]
    words = ["".join(parts) for parts in itertools.product(heads, heads, heads[:12])]
    sums = list(itertools.accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    return words[:VOCABULARY], sums


class Corpus:
    """Numbered texts, each generated again whenever it is asked for."""

    def __init__(self, texts: int, share: float, seed: int) -> None:
        self.texts, self.share, self.seed = texts, share, seed

    def is_copy(self, number: int) -> bool:
        return number > 0 and self._draw(number, "kind").random() < self.share

    def _draw(self, number: int, what: str) -> random.Random:
        return random.Random(f"{self.seed}/{number}/{what}")

    def original(self, number: int) -> int:
        """What a copy was made of: an earlier text that is none."""
        draw = self._draw(number, "original")
        while self.is_copy(candidate := draw.randrange(number)):
            pass
        return candidate

    def words(self, number: int) -> list[str]:
        names, sums = vocabulary()
        draw = self._draw(number, "words")
        if not self.is_copy(number):
            return draw.choices(names, cum_weights=sums, k=draw.randrange(20, 61))
        copy = self.words(self.original(number))
        for _ in range(draw.randrange(0, 7)):
            copy[draw.randrange(len(copy))] = names[draw.randrange(VOCABULARY)]
        return copy

    def text(self, number: int) -> str:
        return " ".join(self.words(number))

    def portions(self) -> Iterator[list[str]]:
        for start in range(0, self.texts, PORTION):
            yield [self.text(number) for number in range(start, min(start + PORTION, self.texts))]


def shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}


def jaccard(corpus: Corpus, first: int, second: int) -> float:
    first_shingles, second_shingles = shingles(corpus.words(first)), shingles(corpus.words(second))
    return len(first_shingles & second_shingles) / len(first_shingles | second_shingles)


class Result(NamedTuple):
    seconds: float
    peak: float
    recall: float
    recall_above: float
    precision: float
    duplicates: int
    #: copies, and those of them at the threshold or above.
    copies: int
    near: int


def judge(corpus: Corpus, threshold: float, matches: dict[int, list[int]], seconds: float, peak: float) -> Result:
    """
    Args:
        found: text called a duplicate -> texts that it was found by.
    """
    planted = [number for number in range(corpus.texts) if corpus.is_copy(number)]
    truth = {number: jaccard(corpus, number, corpus.original(number)) for number in planted}
    at = [number for number in planted if truth[number] >= threshold]
    above = [number for number in planted if truth[number] >= threshold + 0.05]
    right = sum(
        any(jaccard(corpus, duplicate, original) >= threshold for original in originals)
        for duplicate, originals in matches.items()
    )
    return Result(
        seconds, peak, sum(number in matches for number in at) / max(1, len(at)),
        sum(number in matches for number in above) / max(1, len(above)), right / max(1, len(matches)), len(matches),
        len(planted), len(at),
    )  # fmt: skip


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(corpus: Corpus, threshold: float) -> Result:
    from synth.dedupe.greedy import duplicates
    from synth.near_duplicates.minhash import NearTexts

    near, seconds = NearTexts(threshold, SHINGLE), 0.0
    for portion in corpus.portions():
        began = time.perf_counter()
        near.add(portion)
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    marks = duplicates(near, np.arange(corpus.texts))
    seconds += time.perf_counter() - began
    peak = peak_mb()
    return judge(corpus, threshold, {number: [mark.of] for number, mark in marks.items()}, seconds, peak)


def datasketch(corpus: Corpus, threshold: float) -> Result:
    """As its documentation has it: a signature a text, ask the index, insert what is new."""
    from datasketch import MinHash, MinHashLSH

    from synth.language.segmentation import words

    index, matches, seconds = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS), dict[int, list[int]](), 0.0
    for first, portion in enumerate(corpus.portions()):
        began = time.perf_counter()
        for number, text in enumerate(portion, first * PORTION):
            signature = MinHash(num_perm=PERMUTATIONS)
            signature.update_batch([" ".join(run).encode() for run in shingles(words(text.casefold()))])
            if hits := index.query(signature):
                matches[number] = hits
            else:
                index.insert(number, signature)
        seconds += time.perf_counter() - began
    return judge(corpus, threshold, matches, seconds, peak_mb())


def command(corpus: Corpus, threshold: float) -> Result:
    """`synth dedupe` on that many samples in a fresh database of the store; dropped afterwards."""
    from crawler.mongo import connect, with_database
    from crawler.mongo.server import lease
    from synth.__main__ import main

    uri = with_database(os.environ.get("MONGODB_URI") or lease(), f"bench_dedupe_{time.time_ns()}")
    database = connect(uri)
    timestamp = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        for first, portion in enumerate(corpus.portions()):
            database.samples.insert_many(
                {
                    "key": f"{number:09}",
                    "question": "Riassumi.",
                    "answer": text,
                    "status": "new",
                    "created_at": timestamp,
                }
                for number, text in enumerate(portion, first * PORTION)
            )
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()) as output:
            main(["dedupe", "--uri", uri, "--threshold", str(threshold), "--json"])
        seconds, peak = time.perf_counter() - began, peak_mb()
        json.loads(output.getvalue())
        rows = database.samples.find({"duplicate_of": {"$ne": None}}, {"key": 1, "duplicate_of": 1})
        matches = {int(row["key"]): [int(row["duplicate_of"])] for row in rows}
    finally:
        database.client.drop_database(database.name)
    return judge(corpus, threshold, matches, seconds, peak)


def alone(work: Callable[[Corpus, float], Result], corpus: Corpus, threshold: float) -> Result:
    """The result from a process of its own: its peak is of nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (corpus, threshold))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=1_000_000, help="texts for us (1,000,000)")
    parser.add_argument("--peer-texts", type=int, default=50_000, help="texts for datasketch; 0: none (50,000)")
    parser.add_argument("--store", type=int, default=100_000, help="samples for the whole command; 0: none (100,000)")
    parser.add_argument("--share", type=float, default=0.05, help="share of copies (0.05)")
    parser.add_argument("--threshold", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows: list[tuple[str, Callable[[Corpus, float], Result], int]] = [
        ("newsmill", ours, options.texts),
        ("newsmill", ours, options.peer_texts),
        ("datasketch", datasketch, options.peer_texts),
        ("synth dedupe", command, options.store),
    ]
    table = Table(title=f"Near duplicates, Jaccard of word 3-grams >= {options.threshold}, {options.share:.0%} copies")
    above = f"recall {options.threshold + 0.05:.2f}"
    names = (
        "",
        "texts",
        "s",
        "texts/s",
        "peak MB",
        "copies",
        "near",
        "found",
        f"recall {options.threshold:.2f}",
        above,
        "precision",
    )
    for name in names:
        table.add_column(name, justify="right" if name else "left")
    for name, work, texts in rows:
        if texts:
            result = alone(work, Corpus(texts, options.share, options.seed), options.threshold)
            table.add_row(
                name, f"{texts:,}", f"{result.seconds:,.1f}", f"{texts / result.seconds:,.0f}", f"{result.peak:,.0f}",
                f"{result.copies:,}", f"{result.near:,}", f"{result.duplicates:,}", f"{result.recall:.4f}",
                f"{result.recall_above:.4f}", f"{result.precision:.4f}",
            )  # fmt: skip
    Console(width=max(120, Console().width)).print(table)


if __name__ == "__main__":
    main()
