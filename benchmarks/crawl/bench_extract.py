"""Time to read one page, by size, beside four other extractors and lxml's bare parse of the same bytes (the limit).

Each tool runs in a process of its own, one after the other on the same pages (`peers.py`); ours in turns with the bare
parse. Processor time; the median of the runs over a page, then over the pages of a size. "x parse": beside that parse.
Run: python benchmarks/crawl/bench_extract.py [--repeat 30] [--shared ../shared] [--peers-python PEERS/bin/python]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# The loopback site belongs to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.truth import ROOT, Case, loopback_cases, real_cases

MINE = ("newsmill", "trafilatura")
PEERS = ("newspaper4k", "news-please", "fundus")
#: upper bounds in kB, with the name of what is below
SIZES = ((20, "< 20 kB"), (100, "20-100 kB"), (10_000, "250 kB"))
#: of the loopback site's pages, which are alike
EVERY = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=30, help="runs over each page")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real pages")
    parser.add_argument("--peers-python", help="interpreter that has newspaper4k, news-please and fundus")
    options = parser.parse_args()
    cases = loopback_cases()[::EVERY]
    if (options.shared / "newspapers").is_dir():
        cases += real_cases(options.shared)
    else:
        print(f"no real pages: {options.shared}/newspapers is not there; give --shared", file=sys.stderr)
    tools = dict.fromkeys(MINE, sys.executable) | dict.fromkeys(PEERS, options.peers_python)
    if not options.peers_python:
        print("no --peers-python: newspaper4k, news-please and Fundus are left out", file=sys.stderr)
    answers = {tool: answers_of(tool, python, cases, options.repeat) for tool, python in tools.items() if python}
    limit = [each["beside_ms"] for each in answers["newsmill"]]
    times = {"lxml, bare parse": limit, **{tool: [each["ms"] for each in pages] for tool, pages in answers.items()}}
    print("| pages | extractor | ms a page | x parse |\n|---|---|---:|---:|")
    low = 0
    for high, name in SIZES:
        indices = [index for index, case in enumerate(cases) if low <= len(case.html) / 1000 < high]
        low = high
        for tool, milliseconds in times.items():
            mine = [index for index in indices if tool != "fundus" or cases[index].newspaper == "vnexpress"]
            if mine:
                median, least = (statistics.median(each[index] for index in mine) for each in (milliseconds, limit))
                print(f"| {name} ({len(mine)}) | {tool} | {median:.2f} | {median / least:.1f} |")


def answers_of(tool: str, python: str, cases: list[Case], repeat: int) -> list[dict[str, Any]]:
    """What `peers.py` says of each page; of ours, with the bare parse in turns."""
    turns = ["--beside", "lxml"] if tool == "newsmill" else []
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(json.dumps(case.write(Path(folder), number)) + "\n" for number, case in enumerate(cases))
        command = [python, str(ROOT / "benchmarks/helpers/peers.py"), tool, "--repeat", str(repeat), *turns]
        process = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT)
    if process.returncode:
        raise SystemExit(f"{tool}: {process.stderr.strip().splitlines()[-1]}")
    return [json.loads(line) for line in process.stdout.splitlines()]


if __name__ == "__main__":
    main()
