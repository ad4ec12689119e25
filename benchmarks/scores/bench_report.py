"""The report from many samples: seconds, peak memory, size of the page. Goals: under 5 MB, and memory that stays flat.

The samples are made up, two to six sources of some 1,500 characters each, with every score, one in 25 a copy, and three
calls of the ledger for each. Run: python benchmarks/scores/bench_report.py [--samples 100000] [--keep DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from crawler.mongo import connect, run_of, with_database
from crawler.mongo.server import lease

ROOT = Path(__file__).resolve().parents[2]
GOAL = 5_000_000
_BATCH = 1000
_SITES = {"it": ("Ansa", "IlPost", "Open"), "vi": ("VnExpress",)}
_MODELS = ("openai:gpt-4o-mini", "openai:mistral-small-2506", "openai:qwen3-14b", "extractive/2")
_TOXICITIES = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
_KINDS = ("number", "date", "percent", "money", "quantity", "name", "quote")
_START = datetime(2021, 1, 1, tzinfo=UTC)


class Maker:
    """Samples with their articles, events and calls, drawn by a seed."""

    def __init__(self, seed: int = 0) -> None:
        self.random = random.Random(seed)
        letters = "aeioulrnstcdmpvg"
        self.words = ["".join(self.random.choices(letters, k=self.random.randint(2, 9))) for _ in range(4000)]

    def text(self, words: int) -> str:
        tokens = self.random.choices(self.words, k=words)
        cuts = [" ".join(tokens[start : start + 18]).capitalize() + "." for start in range(0, words, 18)]
        return "\n\n".join(" ".join(cuts[start : start + 4]) for start in range(0, len(cuts), 4))

    def sample(self, number: int) -> dict[str, Any]:
        draw = self.random
        language = "it" if draw.random() < 0.65 else "vi"
        date = _START + timedelta(minutes=20 * number)
        sources = [self._source(number, position, language, date) for position in range(draw.randint(2, 6))]
        facts = draw.choice((0, 0, 0, 0, 0, 0, 1, 1, 2, 4))
        answer = " ".join(source["content"].partition("\n")[0] for source in sources) + " 73" * facts
        return {
            "key": _hash(f"sample {number}"), "task": "news_summary", "question": "Riassumi.\n\n" + answer,
            "instruction": "Riassumi.", "answer": answer, "language": language, "date": date, "tags": [],
            "sources": sources, "event": _hash(f"event {number}"), "cluster_size": len(sources), "status": "new",
            "superseded": False, "created_at": date, "unsupported": ["73"] * facts,
            "unsupported_kinds": draw.choices(_KINDS, k=facts), "min_support": draw.betavariate(6, 2),
            "detected_language": language, "language_confidence": 0.99,
            "provenance": {"model": draw.choice(_MODELS), "prompt": f"news_summary.{language}/2",
                           "calls": [_hash(f"call {number} 0")]},
            **self._scores(number, language, len(sources)),
        }  # fmt: skip

    def _source(self, number: int, position: int, language: str, date: datetime) -> dict[str, Any]:
        return {
            "title": " ".join(self.random.choices(self.words, k=9)).capitalize(), "date": date,
            "link": f"https://www.ansa.it/{number}-{position}.html", "content": self.text(230), "tags": [],
            "source_site": self.random.choice(_SITES[language]), "id": f"{number}-{position}",
        }  # fmt: skip

    def _scores(self, number: int, language: str, sources: int) -> dict[str, Any]:
        draw = self.random
        near = [round(draw.betavariate(5, 4), 6) for _ in range(sources)]
        mean = sum(near) / sources
        accuracy = None if draw.random() < 0.02 else draw.choice((1, 2, 3, 3.5, 4, 4, 4.5, 5, 5, 5))
        return {
            "similarity": near, "min_similarity": min(near), "mean_similarity": mean, "similarity_embedder": "tfidf",
            "similarity_std": (sum((value - mean) ** 2 for value in near) / sources) ** 0.5,
            **{name: draw.lognormvariate(-6, 1) for name in _TOXICITIES}, "toxicity_model": "multilingual",
            "toxicity_calibrated": language == "it", "accuracy": accuracy, "acc_explanation": "It says so.",
            "helpfulness": accuracy, "help_explanation": "It helps.",
            "judge": {"model": _MODELS[0], "prompt": "judge/1", "repeats": 2, "accuracy": [accuracy, accuracy],
                      "helpfulness": [accuracy, accuracy], "unread": 0,
                      "calls": [_hash(f"call {number} {position}") for position in (1, 2)]},
            "contaminated": [{"set": "mmlu", "row": 1, "overlap": 0.4}] if number % 500 == 0 else [],
            "personal_data": [{"kind": "email", "field": "answer", "start": 0, "end": 1}] if number % 90 == 0 else [],
            **({"duplicate_of": _hash("kept"), "duplicate_kind": "near", "duplicate_score": 0.9} if number % 25 == 0
               else {}),
        }  # fmt: skip


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _calls(samples: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        judge, provenance = sample["judge"], sample["provenance"]
        for position, key in enumerate((*provenance["calls"], *judge["calls"])):
            model = judge["model"] if position else provenance["model"]
            yield {"hash": key, "llm": model, "model": model, "text": "…", "prompt_tokens": 1800,
                   "completion_tokens": 250, "cost": None if "qwen" in model else 0.0004, "asked_at": _START,
                   "finish_reason": "stop"}  # fmt: skip


def fill(uri: str, count: int) -> None:
    """Samples, their articles, events and calls, and the runs that a real store has."""
    database, maker = connect(uri), Maker()
    for start in range(0, count, _BATCH):
        samples = [maker.sample(number) for number in range(start, min(count, start + _BATCH))]
        articles = [
            {**source, "language": sample["language"], "permission": {"opt_out": False}}
            for sample in samples for source in sample["sources"]
        ]  # fmt: skip
        database.samples.insert_many(samples, ordered=False)
        database.llm_calls.insert_many(_calls(samples), ordered=False)
        database.articles.insert_many(articles, ordered=False)
        database.clusters.insert_many(
            [{"current": True, "run": "r", "number": start + offset, "event": sample["event"],
              "size": sample["cluster_size"], "language": sample["language"],
              "articles": [source["id"] for source in sample["sources"]]} for offset, sample in enumerate(samples)],
            ordered=False,
        )  # fmt: skip
    for stage in ("cluster", "summarize", "score", "judge", "dedupe"):
        with run_of(database, stage, {}) as run:
            run.counts["done"] = count
    database.client.close()


def measure(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """(seconds, peak MB resident) of a command."""
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss / 1e6)
        except psutil.Error:
            break
        time.sleep(0.02)
    if process.wait():
        raise SystemExit(f"bench_report: {' '.join(command)} failed")
    return time.perf_counter() - began, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000, help="(100,000)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="put report.html here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        uri = with_database(os.environ.get("MONGODB_URI") or lease(Path(name) / "mongo"), "bench_report")
        database = connect(uri)
        try:
            fill(uri, options.samples)
            page = (options.keep or Path(name)).resolve() / "report.html"
            command = [sys.executable, "-m", "synth", "report", "--out", str(page)]
            seconds, peak = measure(command, os.environ | {"MONGODB_URI": uri})
            size = page.stat().st_size
        finally:
            database.client.drop_database("bench_report")
            database.client.close()
    table = Table(title=f"`synth report` from {options.samples:,} samples with every score")
    for column in ("", "measured", "goal"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("seconds", f"{seconds:.1f}", "-")
    table.add_row("peak memory (MB)", f"{peak:.0f}", "-")
    table.add_row("size of the page (MB)", f"{size / 1e6:.2f}", f"< {GOAL / 1e6:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
