"""What extractors read off the same pages: each field right or wrong, the body's words found and invented.

Ours beside trafilatura and, in an environment of their own, newspaper4k, news-please and Fundus (VnExpress only).
Run: python benchmarks/crawl/bench_fields.py [--shared ../shared] [--peers-python PEERS/bin/python]

A field counts where it is equal: text with white space folded, authors and tags as lists, the date as an instant (one
without an offset may be meant in UTC or where the newspaper is printed). "body =" counts pages whose paragraphs are
equal to the letter, white space folded. Precision and recall are over the words of all pages, as multisets.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The loopback site belongs to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.truth import ROOT, Case, loopback_cases, real_cases
from crawler.items import NEWSPAPERS, clean_text, parse_date

MINE = ("newsmill", "trafilatura")
PEERS = ("newspaper4k", "news-please", "fundus")
FIELDS = ("title", "description", "authors", "date", "content")
#: what only ours reads
MORE = ("link", "date_modified", "location", "section", "tags", "access")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real pages")
    parser.add_argument("--peers-python", help="interpreter that has newspaper4k, news-please and fundus")
    options = parser.parse_args()
    cases = loopback_cases()
    if (options.shared / "newspapers").is_dir():
        cases = [*real_cases(options.shared), *cases]
    else:
        print(f"no real pages: {options.shared}/newspapers is not there; give --shared", file=sys.stderr)
    tools = dict.fromkeys(MINE, sys.executable) | dict.fromkeys(PEERS, options.peers_python)
    if not options.peers_python:
        print("no --peers-python: newspaper4k, news-please and Fundus are left out", file=sys.stderr)
    answers = {tool: answers_of(tool, python, cases) for tool, python in tools.items() if python}
    print("| pages | extractor | read | title | lead | authors | instant | body = | precision | recall | F1 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for title, indices in groups(cases):
        for tool, tool_answers in answers.items():
            pairs = [(cases[index], tool_answers[index]) for index in indices]
            if tool != "fundus" or cases[indices[0]].newspaper == "vnexpress":
                print(f"| {title} ({len(indices)}) | {tool} | {' | '.join(row(pairs))} |")
    report_ours(cases, answers["newsmill"])


def groups(cases: list[Case]) -> Iterator[tuple[str, list[int]]]:
    """(name, positions of its cases): each newspaper's real pages, then its loopback pages."""
    for real in (True, False):
        for name, newspaper in NEWSPAPERS.items():
            indices = [index for index, case in enumerate(cases) if case.real is real and case.newspaper == name]
            if indices:
                yield f"{newspaper.source_site}, {'real' if real else 'loopback'}", indices


def answers_of(tool: str, python: str, cases: list[Case]) -> list[dict[str, Any]]:
    """What a tool reads off each page; {} where it reads nothing."""
    with tempfile.TemporaryDirectory() as folder:
        lines = "".join(json.dumps(case.write(Path(folder), number)) + "\n" for number, case in enumerate(cases))
        command = [python, str(ROOT / "benchmarks/helpers/peers.py"), tool]
        process = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT)
    if process.returncode:
        raise SystemExit(f"{tool}: {process.stderr.strip().splitlines()[-1]}")
    return [json.loads(line)["fields"] or {} for line in process.stdout.splitlines()]


def row(pairs: list[tuple[Case, dict[str, Any]]]) -> list[str]:
    with_text = sum(bool(answer.get("content")) for _, answer in pairs)
    counts = [sum(is_right(field, case, answer) for case, answer in pairs) for field in FIELDS]
    common = retrieved = relevant = 0
    for case, answer in pairs:
        expected, actual = words(case.fields["content"]), words(answer.get("content"))
        common += (expected & actual).total()
        retrieved, relevant = retrieved + actual.total(), relevant + expected.total()
    precision, recall = common / retrieved if retrieved else 0.0, common / relevant
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return [str(with_text), *map(str, counts), *(f"{value:.4f}" for value in (precision, recall, f1))]


def is_right(field: str, case: Case, answer: dict[str, Any]) -> bool:
    expected, actual = case.fields[field], answer.get(field)
    if field in ("date", "date_modified"):
        zones = (NEWSPAPERS[case.newspaper].zone, "UTC")
        return any(parse_date(actual, zone) == parse_date(expected, "UTC") for zone in zones)
    if isinstance(expected, list):
        return [clean_text(str(name)) for name in actual or () if name] == expected
    if field == "content":
        return folded(str(actual or "")) == folded(expected)
    return clean_text(str(actual or "")) == expected


def folded(text: str) -> list[str]:
    """The lines of a text, white space folded: one newline or two between paragraphs are the same to us."""
    return [line for line in map(clean_text, text.split("\n")) if line]


def words(text: str | None) -> Counter[str]:
    return Counter((text or "").split())


def report_ours(cases: list[Case], answers: list[dict[str, Any]]) -> None:
    """The other fields, and every page on which one of ours is not what the page says."""
    names = (*FIELDS, *MORE)
    wrong = [
        (case.url, name)
        for case, fields in zip(cases, answers, strict=True)
        for name in names
        if name in case.fields and not is_right(name, case, fields)
    ]
    fields = sum(name in case.fields for case in cases for name in names)
    print(f"\nnewsmill, all fields ({', '.join(names)}): {fields - len(wrong)} of {fields} exact on {len(cases)} pages")
    for url, name in wrong:
        print(f"- {name}: {url}")


if __name__ == "__main__":
    main()
