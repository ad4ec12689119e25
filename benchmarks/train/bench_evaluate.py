"""What copies from a large training set cost to find: time and memory of `train evaluate`'s exact index.

Rows of words drawn as often as in a language (Zipf), with runs of known length copied into the answers: every length
that the index reports is compared with what was planted.

    python benchmarks/train/bench_evaluate.py [--rows 100000] [--words 1600] [--answers 1000]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from train.metrics.copying import Corpus

LENGTH = 150


def row_words(row: int, words: int, names: np.ndarray, chances: np.ndarray) -> list[str]:
    """The words of a row. chances: cumulated."""
    return list(names[np.searchsorted(chances, np.random.default_rng(row).random(words))])


def texts(rows: int, words: int, names: np.ndarray, chances: np.ndarray) -> Iterator[str]:
    """Rows one by one: all of them together would take ten times the index's memory."""
    for row in range(rows):
        yield " ".join(row_words(row, words, names, chances))


def answers(
    count: int, rows: int, words: int, names: np.ndarray, chances: np.ndarray
) -> tuple[list[list[str]], list[int]]:
    """Answers of new words, with a run of 0 to 100 words copied from some row, and the lengths of these."""
    generator = np.random.default_rng(10**9)
    word_lists, planted = [], []
    for number in range(count):
        own = [f"new{number}x{position}" for position in range(LENGTH)]
        length = int(generator.integers(0, 101))
        row = int(generator.integers(rows))
        source = row_words(row, words, names, chances)
        start = int(generator.integers(0, words - length + 1))
        own[20 : 20 + length] = source[start : start + length]
        word_lists.append(own)
        planted.append(length)
    return word_lists, planted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=1600, help="words of a row")
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--vocabulary", type=int, default=300_000)
    options = parser.parse_args()
    names = np.array([f"w{number}" for number in range(options.vocabulary)], dtype=object)
    chances = np.cumsum(1 / np.arange(1, options.vocabulary + 1))
    chances /= chances[-1]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    some = sum(1 for _ in texts(options.rows // 20 or 1, options.words, names, chances))
    drawing = (time.process_time() - began) / some * options.rows
    began = time.process_time()
    corpus = Corpus(texts(options.rows, options.words, names, chances))
    index_seconds = time.process_time() - began - drawing
    word_lists, planted = answers(options.answers, options.rows, options.words, names, chances)
    began = time.process_time()
    copied = corpus.copied(word_lists)
    search_seconds = time.process_time() - began
    exact = sum(answer.longest == length for answer, length in zip(copied, planted, strict=True))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    table = Table(title="Copies of training rows")
    for column in ("rows", "words", "answers", "index, CPU s", "search, CPU s", "memory, MB", "exact"):
        table.add_column(column, justify="right")
    table.add_row(
        f"{corpus.texts:,}", f"{corpus.words:,}", f"{len(word_lists):,}", f"{index_seconds:.1f}",
        f"{search_seconds:.1f}", f"{memory:,.0f}", f"{exact:,}",
    )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
