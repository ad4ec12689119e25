"""`synth import` of 52,000 Alpaca rows: rows a second and memory, beside datasets' load_dataset, which stores nothing.

The rows are those of alpaca_en_1000.jsonl, each with its number, so that no two are the same. Detecting languages costs
most; `--language` names it. Each line is a process of its own, its start (imports, connecting) measured apart.
Run: python benchmarks/importing/bench_import.py [--rows 52000] [--detected 2000] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Runs a command, then prints its peak of memory in MB as the last line of stderr.
_MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""
_LOAD = """
import sys
import datasets
rows = datasets.load_dataset("json", data_files=sys.argv[1], split="train", cache_dir=sys.argv[2])
assert sum(1 for row in rows) == len(rows)
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=52_000)
    parser.add_argument("--detected", type=int, default=2_000, help="rows whose language is detected")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        whole = write_rows(place / "alpaca.jsonl", options.shared, options.rows)
        part = write_rows(place / "part.jsonl", options.shared, options.detected)
        environment = os.environ | {"NEWSMILL_HOME": str(place / "home"), "PYTHONPATH": str(ROOT)}
        empty = write_rows(place / "one.jsonl", options.shared, 1)
        command = [sys.executable, "-m", "synth", "import"]
        start, _ = measure([*command, str(empty), "--language", "en"], environment)
        print(f"start (one row, server included): {start:.1f} s\n")
        print("| what | rows | seconds | rows a second | peak MB |\n|---|---:|---:|---:|---:|")
        loading = [sys.executable, "-c", _LOAD, str(whole), str(place / "cache")]
        line("datasets.load_dataset, read once", options.rows, *measure(loading, environment))
        line(
            "synth import --language en",
            options.rows,
            *measure([*command, str(whole), "--language", "en"], environment),
        )
        line(
            "the same again (unchanged)",
            options.rows,
            *measure([*command, str(whole), "--language", "en"], environment),
        )
        line("synth import, language detected", options.detected, *measure([*command, str(part)], environment))


def write_rows(path: Path, shared: Path, number: int) -> Path:
    """A file of so many different rows; its name makes them others than those of another file."""
    with (shared / "data/alpaca_en_1000.jsonl").open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["output"].strip()]
    with path.open("w", encoding="utf-8") as file:
        for count in range(number):
            row = rows[count % len(rows)]
            row = {**row, "output": f"{row['output']} ({path.stem} {count})"}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def measure(command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    """(seconds, peak memory in MB) of a command."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return time.monotonic() - began, int(done.stderr.split()[-1])


def line(name: str, rows: int, seconds: float, memory: int) -> None:
    """A line of the table."""
    print(f"| {name} | {rows:,} | {seconds:.1f} | {rows / seconds:,.0f} | {memory:,} |", flush=True)


if __name__ == "__main__":
    main()
