"""Rows and their translations found by what they say alone: precision and recall, beside shared numbers and addresses.

Public human translations, shuffled: a third of each side has no partner. The thresholds were chosen on one shuffle of
these rows (seed 1) and other seeds are reported: the rows are not held out. Rarity is counted
in the set, so its size matters.
Run: python benchmarks/scores/bench_parallel_texts.py [--seeds 2 3 4] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from synth.dedupe.parallel_texts import parallel

ROOT = Path(__file__).resolve().parents[2]

Pairs = list[tuple[str, str]]
Linker = Callable[[Sequence[str], Sequence[str]], list[tuple[int, int]]]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    yield from map(json.loads, path.open(encoding="utf-8"))


def pair_sets(folder: Path) -> Iterator[tuple[str, Pairs]]:
    """(name, pairs of a text and its human or machine translation)."""
    for target in ("fr_FR", "es_MX"):
        rows = [row for row in _rows(folder / f"wmt24pp/en-{target}.jsonl") if not row["is_bad_source"]]
        yield f"WMT24++ en-{target[:2]}", [(row["source"], row["target"]) for row in rows]
    originals = {row["key"]: row["prompt"] for row in _rows(folder / "marco_mif/en.jsonl")}
    for name in ("es_mt", "es_local"):
        rows = list(_rows(folder / f"marco_mif/{name}.jsonl"))
        yield (
            f"Marco-MIF en-{name}",
            [(originals[row["key"]], row["prompt"]) for row in rows if row["key"] in originals],
        )


def shared_digits(texts: Sequence[str], translations: Sequence[str]) -> list[tuple[int, int]]:
    """The peer: the same numbers and addresses in both, and in no other text of either side."""
    sides = [[_digits(text) for text in side] for side in (texts, translations)]
    counts = [Counter(side) for side in sides]
    numbers = {key: number for number, key in enumerate(sides[1]) if key and counts[1][key] == 1}
    return [(number, numbers[key]) for number, key in enumerate(sides[0]) if key in numbers and counts[0][key] == 1]


def _digits(text: str) -> str:
    words = ("".join(filter(str.isdigit, word)) or (word if word.startswith("http") else "") for word in text.split())
    return " ".join(word for word in words if word)


def figures(pairs: Pairs, linker: Linker, seed: int) -> tuple[float, float, int]:
    """(precision, recall, number of links) where a third of each side has no partner."""
    generator = random.Random(seed)
    rows = generator.sample(range(len(pairs)), len(pairs))
    third = len(rows) // 3
    first, second = rows[: 2 * third], rows[third:]
    generator.shuffle(second)
    links = linker([pairs[row][0] for row in first], [pairs[row][1] for row in second])
    right = sum(first[left] == second[right] for left, right in links)
    return right / max(1, len(links)), right / len(set(first) & set(second)), len(links)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[2, 3, 4])
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    folder = options.shared / "data/pairs"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not here: --shared names the folder of the public pairs")
    table = Table("set", "rows a side", "way", "precision", "recall", "links", title="means over the seeds")
    linkers: dict[str, Linker] = {"ours": parallel, "the same numbers and addresses": shared_digits}
    for name, pairs in pair_sets(folder):
        for way, linker in linkers.items():
            precision, recall, links = np.mean([figures(pairs, linker, seed) for seed in options.seeds], axis=0)
            table.add_row(name, str(2 * (len(pairs) // 3)), way, f"{precision:.3f}", f"{recall:.3f}", f"{links:.0f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
