"""Extractive summaries beside human ones: ours, beginnings of the articles, and sumy's LexRank and TextRank.

vi_vnmds: 199 events with two human summaries each, which are made of the articles' sentences too. All have the same
room, the words of the median source but at most 180. Whatever was tuned was tuned on every other event; the others are
reported. Differences to ours with 95 % intervals (events drawn again and again, pairs kept).
Run: python benchmarks/llm/bench_summaries.py [--half report|tuning|all] [--peers-python PYTHON] [--shared FOLDER]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.rouge import NAMES, rouge
from synth.language.segmentation import sentences, words
from synth.llm.extractive.summarizer import Document, default_length, summarize

ROOT = Path(__file__).resolve().parents[2]
LANGUAGE = "vi"
HALVES = {"tuning": slice(0, None, 2), "report": slice(1, None, 2), "all": slice(None)}


class Event(NamedTuple):
    """Articles by time, and what people made of them."""

    documents: list[Document]
    references: tuple[str, str]

    @property
    def room(self) -> int:
        """Words that a summary may have."""
        return default_length(self.documents)


def events_of(folder: Path) -> list[Event]:
    """All events of vi_vnmds, by name."""
    articles: dict[str, list[Document]] = defaultdict(list)
    for line in (folder / "docs.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        date = datetime.strptime(row["time"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
        articles[row["cluster"]].append(Document(row["title"], row["text"], date))
    human = {row["cluster"]: row for row in map(json.loads, (folder / "refs.jsonl").open(encoding="utf-8"))}
    return [
        Event(
            sorted(articles[name], key=lambda each: (each.date, each.title)), (human[name]["ref1"], human[name]["ref2"])
        )
        for name in sorted(articles)
    ]


# ---- the baselines


def article_sentences(event: Event) -> Iterator[list[str]]:
    """The sentences of each article, oldest first."""
    for document in event.documents:
        yield sentences(document.content, LANGUAGE)


def fill(texts: Sequence[str], room: int) -> str:
    """In order the sentences that still fit, so that short and long summaries are not compared."""
    fitting, total = [], 0
    for text in texts:
        length = len(words(text))
        if total + length <= room:
            fitting.append(text)
            total += length
    return " ".join(fitting)


def beginning(event: Event) -> str:
    """The oldest article from its first sentence on."""
    return fill(next(article_sentences(event)), event.room)


def newest(event: Event) -> str:
    """The newest article from its first sentence on."""
    return fill(list(article_sentences(event))[-1], event.room)


def lead_2(event: Event) -> str:
    """The first two sentences of each article, oldest first."""
    return fill([text for article in article_sentences(event) for text in article[:2]], event.room)


def leads(event: Event) -> str:
    """The first sentences of all, then the second ones, and so on while they fit."""
    articles = list(article_sentences(event))
    longest = max(map(len, articles))
    turns = [article[at] for at in range(longest) for article in articles if at < len(article)]
    return fill(turns, event.room)


def ours(event: Event) -> str:
    return summarize(event.documents, LANGUAGE)


BASELINES: dict[str, Callable[[Event], str]] = {
    "ours": ours, "lead: the oldest article's beginning": beginning, "the newest article's beginning": newest,
    "lead-2 of each article": lead_2, "leads in turns": leads,
}  # fmt: skip


def peer(tool: str, python: str, events: Sequence[Event]) -> list[str]:
    """sumy's summaries of all sentences of each event, by the interpreter that has it."""
    requests = [
        {"sentences": [text for article in article_sentences(event) for text in article], "words": event.room}
        for event in events
    ]
    process = subprocess.run(
        [python, str(ROOT / "benchmarks/helpers/summary_peers.py"), tool], capture_output=True, text=True, cwd=ROOT,
        input="".join(json.dumps(each) + "\n" for each in requests),
    )  # fmt: skip
    if process.returncode:
        raise SystemExit(f"{tool}: {process.stderr.strip().splitlines()[-1]}")
    return [json.loads(line)["summary"] for line in process.stdout.splitlines()]


# ---- scores


def rouge_scores(texts: Sequence[str], events: Sequence[Event]) -> np.ndarray:
    """[events, 3] ROUGE-1, ROUGE-2, ROUGE-L."""
    return np.array([rouge(text, event.references) for text, event in zip(texts, events, strict=True)])


def interval(differences: np.ndarray, rounds: int = 5000, seed: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """95 % of the mean of each column, events drawn again and again (bootstrap)."""
    rows = np.random.default_rng(seed).integers(len(differences), size=(rounds, len(differences)))
    low, high = np.percentile(differences[rows].mean(axis=1), [2.5, 97.5], axis=0)
    return low, high


def print_table(results: dict[str, tuple[list[str], np.ndarray]]) -> None:
    mine = results["ours"][1]
    print(f"| summary | words | {' | '.join(NAMES)} | ours less it, 95 % ({', '.join(NAMES)}) |")
    print("|---|---:|---:|---:|---:|---|")
    for name, (texts, values) in results.items():
        length = np.mean([len(words(text)) for text in texts])
        low, high = interval(mine - values)
        gaps = ", ".join(f"{a:+.3f} to {b:+.3f}" for a, b in zip(low, high, strict=True)) if name != "ours" else "-"
        print(f"| {name} | {length:.0f} | {' | '.join(f'{value:.3f}' for value in values.mean(axis=0))} | {gaps} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--half", choices=HALVES, default="report", help="which events (report)")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real articles")
    parser.add_argument("--peers-python", help="interpreter that has sumy")
    options = parser.parse_args()
    folder = options.shared / "data/vi_vnmds"
    if not folder.is_dir():
        print(f"no events: {folder} is not there; give --shared", file=sys.stderr)
        return
    events = events_of(folder)[HALVES[options.half]]
    texts = {name: [summarise(event) for event in events] for name, summarise in BASELINES.items()}
    if options.peers_python:
        for tool, name in (("lexrank", "LexRank (sumy)"), ("textrank", "TextRank (sumy)")):
            texts[name] = peer(tool, options.peers_python, events)
    else:
        print("no --peers-python: sumy is left out", file=sys.stderr)
    results = {name: (summaries, rouge_scores(summaries, events)) for name, summaries in texts.items()}
    human = [event.references[0] for event in events]
    swapped = [event._replace(references=(event.references[1], event.references[1])) for event in events]
    results["one person's, by the other's"] = human, rouge_scores(human, swapped)
    print(f"{len(events)} events, half: {options.half}\n")
    print_table(results)


if __name__ == "__main__":
    main()
