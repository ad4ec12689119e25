"""Doubts about translations: how many of people's translations are doubted, and how many corrupted ones are found.

The texts are the human translations of ../shared/data/pairs (wmt24pp, marco_mif, humaneval_xl) and lists made of
wmt24pp; each is corrupted as careless models corrupt (benchmarks/helpers/translations.py, seeded). A corrupted pair is
found where any doubt is raised; pairs that a tool doubts as they are do not count for it there. Thresholds were chosen
on the odd rows, the even ones are reported; Wilson's intervals at 95 %. marco_mif en-es "localised" is about other
things than its source ("before and after" of an adaptation): it is told apart, and so is the machine translation that
it began with.

Beside them pofilter (translate-toolkit, GPL) with its default checks, in an environment of its own under --peers, which
the script makes with pip; without network, or with --no-peer, its columns stay empty.

Run: python benchmarks/translation/bench_translate.py [--half report|tuning] [--no-peer] [--shared FOLDER]
                                                      [--peers FOLDER]
"""

from __future__ import annotations

import argparse
import math
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.translations import CORRUPTIONS, Pair, answers, corrupted, read_lists, read_pairs
from synth.translate import doubts

ROOT = Path(__file__).resolve().parents[2]
#: Which rows: the remainder of their number by two.
HALVES = {"report": 0, "tuning": 1}
#: The sets of prose that people translated, as they are.
PROSE = frozenset({"wmt24pp en-fr", "wmt24pp en-es", "marco_mif en-fr"})
PEER = "translate-toolkit==3.20.4"


class Case(NamedTuple):
    """A pair, and the row of the table that it counts in."""

    row: str
    pair: Pair


def cases(pairs: Sequence[Pair]) -> Iterator[Case]:
    """Every pair as it is, and as each corruption leaves it."""
    for pair in pairs:
        yield Case(f"as it is: {pair.name}", pair)
    for name, corrupt in CORRUPTIONS.items():
        for pair in pairs:
            target = corrupt(pair, random.Random(f"{name}{pair.name}{pair.number}"))
            if target is not None and target != pair.target:
                yield Case(name, corrupted(pair, target))
    for pair, target in answers(pairs, random.Random(1)):
        yield Case("answered", corrupted(pair, target))


def rows_of(selection: Sequence[Case]) -> dict[str, list[int]]:
    """The rows of the table, each with the places of its cases; one sums up what people translated and is prose."""
    rows: dict[str, list[int]] = {"as it is: people's prose (wmt24pp, marco_mif en-fr)": []}
    for place, (row, pair) in enumerate(selection):
        rows.setdefault(row, []).append(place)
        if row.startswith("as it is") and pair.name in PROSE:
            rows[next(iter(rows))].append(place)
    return rows


def counted(selection: Sequence[Case], places: Sequence[int], hits: Sequence[bool]) -> list[bool]:
    """A tool's hits that count: of a corrupted pair, where it does not doubt the pair as it is."""
    if not hits:
        return []
    originals = zip(selection, hits, strict=True)
    doubted = {key_of(case) for case, hit in originals if hit and case.row.startswith("as it is")}
    clean = [selection[place].row.startswith("as it is") or key_of(selection[place]) not in doubted for place in places]
    return [hits[place] for place, counts in zip(places, clean, strict=True) if counts]


def key_of(case: Case) -> tuple[str, int]:
    """Which pair it is, corrupted or not."""
    return case.pair.name, case.pair.number


def found_by_us(selection: Sequence[Case]) -> list[bool]:
    """Whether `synth.translate.doubts` doubts each."""
    return [
        bool(doubts({"instruction": pair.source}, {"instruction": pair.target}, "en", pair.language))
        for _, pair in selection
    ]


def found_by_pofilter(selection: Sequence[Case], environment: Path) -> list[bool]:
    """Whether pofilter does: it writes the entries that fail any of its checks."""
    program = environment / "bin/pofilter"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([environment / "bin/pip", "install", "--quiet", PEER], check=True)
    with tempfile.TemporaryDirectory() as folder:
        given, written = Path(folder) / "in.po", Path(folder) / "out.po"
        entries = [
            f'msgctxt "{number}"\nmsgid {_quoted(pair.source)}\nmsgstr {_quoted(pair.target)}\n'
            for number, (_, pair) in enumerate(selection)
        ]
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
        given.write_text("\n".join([head, *entries]), encoding="utf-8")
        subprocess.run([program, "--progress=none", given, written], check=True, capture_output=True)
        text = written.read_text(encoding="utf-8") if written.exists() else ""
    failed = {int(number) for number in re.findall(r'^msgctxt "(\d+)"', text, re.MULTILINE)}
    return [number in failed for number in range(len(selection))]


def _quoted(text: str) -> str:
    """A text as PO files have it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "")
    return f'"{escaped}"'


def share(hits: Sequence[bool]) -> str:
    """A share with Wilson's interval at 95 %."""
    if not hits:
        return "-"
    n, z = len(hits), 1.96
    p = sum(hits) / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{p:.3f} ({max(middle - half, 0):.3f}-{min(middle + half, 1):.3f})"


def rows_a_second(pairs: Sequence[Pair]) -> float:
    """Rows that the checks read in a second of processor time, once everything is loaded."""
    selection = [Case("", pair) for pair in pairs if "lists" not in pair.name]
    found_by_us(selection[:: max(1, len(selection) // 50)])
    start = time.process_time()
    found_by_us(selection)
    return len(selection) / (time.process_time() - start)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, default="report", help="rows to report (default: %(default)s)")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/pairs")
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers", help="where pofilter's environment is")
    parser.add_argument("--no-peer", action="store_true", help="leave pofilter out")
    options = parser.parse_args()
    folder = options.shared / "data/pairs"
    if not folder.is_dir():
        print(f"bench_translate: {folder} is not there: nothing to measure", file=sys.stderr)
        return 0
    remainder = HALVES[options.half]
    pairs = [pair for pair in [*read_pairs(folder), *read_lists(folder)] if pair.number % 2 == remainder]
    selection = list(cases(pairs))
    ours = found_by_us(selection)
    theirs = [] if options.no_peer else peer(selection, options.peers / "translate-toolkit")
    print(f"\n{options.half} half, {len(pairs)} pairs, {rows_a_second(pairs):.0f} rows a second of one core\n")
    print("| what | rows | doubted by us | by pofilter |\n|---|---:|---|---|")
    for row, places in rows_of(selection).items():
        columns = [share(counted(selection, places, hits)) for hits in (ours, theirs)]
        print(f"| {row} | {len(places)} | {columns[0]} | {columns[1]} |")
    return 0


def peer(selection: Sequence[Case], environment: Path) -> list[bool]:
    """pofilter's answers; none where it cannot be installed."""
    try:
        return found_by_pofilter(selection, environment)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"bench_translate: pofilter is left out: {error}", file=sys.stderr)
        return []


if __name__ == "__main__":
    sys.exit(main())
