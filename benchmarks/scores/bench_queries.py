"""Filters of the cookbook on many samples: milliseconds to the first page of 20 and to the count, and by which index.

Both are what `synth query` asks: the page is sorted, newest first, and read whole. Each repetition takes other values
(another day, tag, run, threshold). The goal, a 95th percentile under 20 ms, is that of first pages found by an index; a
count reads all that match, and takes as long as there are many; an estimate (`--about`) takes its longest time here.
Samples are short (2.6 kB), so that a million fit a disk.

Run: python benchmarks/scores/bench_queries.py [--samples 1000000] [--repeats 30]; --writes: what the indexes cost
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crawler.mongo import INDEXES, connect, with_database
from synth.filters.check import implied_filter
from synth.filters.cookbook import Recipe, recipes
from synth.query.counting import estimate
from synth.query.results import order, page_filter

GOAL = 20.0
FIRST, DAYS = datetime(2023, 1, 1, tzinfo=UTC), 1200
WORDS = (
    "governo legge Milano Roma partita squadra incendio sindaco elezioni euro miliardi decreto ministro ospedale "
    "chính phủ thành phố Hà Nội công an học sinh bệnh viện giá vàng bóng đá trận đấu người dân tỷ đồng xe máy"
).split()
SITES = ("Ansa", "IlPost", "Open", "VnExpress")
RUNS, TAGS, BATCH = 100, 5000, 5000


def text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS, k=words)).capitalize() + "."


def key_of(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def run_name(number: int) -> str:
    return hashlib.md5(str(number).encode()).hexdigest()


def tag(chance: random.Random) -> str:
    """By Zipf's law: a few are in many samples, most in a handful."""
    return f"tag{int(math.exp(chance.random() * math.log(TAGS)))}"


def sample(number: int) -> dict[str, Any]:
    """One sample with all scores; of 100 some 2 are not scored, 70 not judged, 8 superseded."""
    chance = random.Random(number)
    language = chance.choices(("it", "vi", "en"), (55, 40, 5))[0]
    date = FIRST + timedelta(days=chance.random() * DAYS)
    sites = ["VnExpress"] if language == "vi" else chance.sample(SITES[:3], chance.choice((1, 1, 2, 3)))
    answer = text(chance, int(chance.lognormvariate(3.7, 0.6)))
    row: dict[str, Any] = {
        "key": key_of(number), "task": "news_summary", "question": text(chance, 40), "answer": answer,
        "answer_length": len(answer), "language": language, "system": "", "history": [],
        "instruction": text(chance, 6), "date": date,
        "question_tokens": int(chance.lognormvariate(7.3, 0.6)), "tags": sorted({tag(chance) for _ in range(3)}),
        "event": key_of(-number), "cluster_size": 2 + int(chance.expovariate(0.4)),
        "status": chance.choices(("new", "accepted", "edited", "rejected"), (982, 10, 3, 5))[0],
        "superseded": chance.random() < 0.08, "created_at": date,
    }  # fmt: skip
    row["sources"] = [source(chance, number, i, sites, date) for i in range(2 + int(chance.expovariate(0.8)))]
    model = chance.choices(("extractive", "openai:gpt-4o-mini"), (1, 4))[0]
    row["provenance"] = {
        "run": run_name(number * RUNS // 1_000_000 % RUNS), "model": model, "prompt": f"news_summary.{language}/1",
        "calls": [key_of(number)], "articles": [article["id"] for article in row["sources"]], "left_out": [],
    }  # fmt: skip
    return row | (scores(chance, row) if chance.random() < 0.98 else {})


def source(chance: random.Random, number: int, i: int, sites: list[str], date: datetime) -> dict[str, Any]:
    site = chance.choice(sites)
    return {
        "title": text(chance, 7), "link": f"https://{site.lower()}.example/{number}/{i}.html", "date": date,
        "content": text(chance, 12), "tags": [], "source_site": site, "id": f"{number}-{i}",
    }  # fmt: skip


def scores(chance: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    near = [round(chance.betavariate(6, 3), 6) for _ in row["sources"]]
    invented = chance.random() < 0.25
    toxicity = chance.uniform(0.5, 1) if chance.random() < 0.005 else chance.betavariate(1, 40)
    personal = [{"kind": "email", "field": "answer", "start": 0, "end": 9}] if chance.random() < 0.007 else []
    fields: dict[str, Any] = {
        "similarity": near, "min_similarity": min(near), "mean_similarity": statistics.fmean(near),
        "similarity_std": statistics.pstdev(near), "similarity_embedder": "tfidf", "language_confidence": 0.98,
        "detected_language": chance.choices((row["language"], "unknown", "fr"), (980, 10, 10))[0],
        "unsupported": [chance.choice(WORDS)] if invented else [],
        "unsupported_kinds": [chance.choice(("name", "number", "date"))] if invented else [],
        "min_support": chance.random(), "toxicity": toxicity, "severe_toxicity": toxicity / 9, "obscene": toxicity / 5,
        "identity_attack": toxicity / 7, "insult": toxicity / 2, "threat": toxicity / 8, "sexual_explicit": 0.001,
        "toxicity_model": "multilingual", "toxicity_calibrated": row["language"] != "vi",
        "contaminated": [{"set": "xlsum", "row": 1, "overlap": 0.8}] if chance.random() < 0.002 else [],
        "personal_data": personal,
    }  # fmt: skip
    if chance.random() < 0.3:
        fields |= {"accuracy": chance.choice((3.0, 4.0, 4.5, 5.0)), "judge": {"model": "m", "repeats": 1, "calls": []}}
    if chance.random() < 0.04:
        fields |= {"duplicate_of": key_of(chance.randrange(10**6)), "duplicate_kind": "near", "duplicate_score": 0.9}
    return fields


def fill(database: Any, samples: int) -> float:
    """Seconds to write what lacks."""
    began, stored_count = time.perf_counter(), database.samples.estimated_document_count()
    for start in range(stored_count, samples, BATCH):
        rows = [sample(number) for number in range(start, min(start + BATCH, samples))]
        database.samples.insert_many(rows, ordered=False)
        if sys.stderr.isatty():
            print(f"\r{start + len(rows):,} samples", end="", file=sys.stderr)
    return time.perf_counter() - began


#: recipe -> other values for each repetition; the others have none, or stay as they are.
VALUES: dict[str, Callable[[random.Random, int], str]] = {
    "near-every-source": lambda chance, _: f"{chance.uniform(0.5, 0.95):.3f}",
    "near-every-source-by-list": lambda chance, _: f"{chance.uniform(0.5, 0.95):.3f}",
    "near-any-source": lambda chance, _: f"{chance.uniform(0.5, 0.95):.3f}",
    "toxic": lambda chance, _: f"{chance.uniform(0.5, 0.9):.3f}",
    "newspaper": lambda chance, _: chance.choice(SITES),
    "only-newspaper": lambda chance, _: chance.choice(SITES),
    "between": lambda chance, _: _week(chance),
    "language": lambda chance, _: chance.choice(("it", "vi", "en")),
    "tag": lambda chance, _: tag(chance),
    "made-by": lambda chance, _: f"news_summary.{chance.choice(('it', 'vi'))}/1,extractive",
    "run": lambda chance, samples: run_name(chance.randrange(samples) * RUNS // 1_000_000),
    "key": lambda chance, samples: key_of(chance.randrange(samples))[:8],
    "article": lambda chance, samples: sample(chance.randrange(samples))["sources"][0]["link"],
    "ready": lambda chance, _: f"{chance.uniform(0.3, 0.6):.3f}",
    "long-answers": lambda chance, _: str(chance.randrange(300, 2000)),
    "short-answers": lambda chance, _: str(chance.randrange(30, 300)),
}


def _week(chance: random.Random) -> str:
    day = FIRST + timedelta(days=chance.randrange(DAYS - 7))
    return f"{day:%Y-%m-%d}..{day + timedelta(days=7):%Y-%m-%d}"


def filters_of(recipe: Recipe, samples: int, repeats: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(recipe.name)
    for _ in range(repeats):
        value = VALUES[recipe.name](chance, samples) if recipe.name in VALUES else None
        condition = recipe.with_values(value)
        yield {"$and": [implied_filter("samples", condition), condition]}


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def index_of(plan: Any) -> str:
    """The name of the index of a plan, or how else it finds."""
    if isinstance(plan, list):
        return next((name for stage in plan if (name := index_of(stage))), "")
    if not isinstance(plan, dict):
        return ""
    if "indexName" in plan:
        return f"IXSCAN {plan['indexName']}"
    return index_of(list(plan.values())) or ("COLLSCAN" if plan.get("stage") == "COLLSCAN" else "")


def explain(database: Any, condition: dict[str, Any]) -> tuple[str, int]:
    """(index, documents read) of a first page."""
    keys = order("samples", None)
    page = {"find": "samples", "filter": page_filter("samples", condition, keys), "sort": dict(keys), "limit": 20}
    explanation = database.command("explain", page, verbosity="executionStats")
    return index_of(explanation["queryPlanner"]["winningPlan"]), explanation["executionStats"]["totalDocsExamined"]


def first_page(database: Any, condition: dict[str, Any]) -> list[dict[str, Any]]:
    keys = order("samples", None)
    return list(database.samples.find(page_filter("samples", condition, keys)).sort(keys).limit(20))


def append_count(numbers: list[int], database: Any, condition: dict[str, Any]) -> None:
    numbers.append(database.samples.count_documents(condition))


def measure(database: Any, recipe: Recipe, samples: int, repeats: int, counts: int) -> dict[str, Any]:
    conditions = list(filters_of(recipe, samples, repeats))
    pages = [timed(partial(first_page, database, condition)) for condition in conditions]
    numbers: list[int] = []
    count_times = [timed(partial(append_count, numbers, database, condition)) for condition in conditions[:counts]]
    about = [timed(partial(estimate, database.samples, condition, 60_000)) for condition in conditions[:counts]]
    plans = [explain(database, condition) for condition in conditions[:3]]
    return {
        "matches": statistics.median(numbers), "page": pages, "count": count_times, "about": about,
        "plan": plans[0][0], "read": max(documents for _, documents in plans),
    }  # fmt: skip


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def report(database: Any, options: argparse.Namespace) -> bool:
    """The table; whether all first pages that a recipe's index finds keep to the goal."""
    table = Table(title=f"{options.samples:,} samples, {options.repeats} repetitions (counts: {options.counts})")
    left = ("filter", "page found by", "goal")
    for name in ("filter", "matches", "page ms", "p95", "count ms", "about ms", "documents read", *left[1:]):
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    within_goal = True
    for recipe in recipes().values():
        if recipe.collection != "samples":
            continue
        figures = measure(database, recipe, options.samples, options.repeats, options.counts)
        median, slow = statistics.median(figures["page"]), percentile(figures["page"], 0.95)
        fine = slow < GOAL
        within_goal &= fine or not recipe.index
        table.add_row(
            f":{recipe.name}", f"{figures['matches']:,.0f}", f"{median:.1f}", f"{slow:.1f}",
            f"{statistics.median(figures['count']):.0f}", f"{max(figures['about']):.0f}",
            f"{figures['read']:,}", figures["plan"],
            ("kept" if fine else "MISSED") if recipe.index else ("under it" if fine else "no index"),
        )  # fmt: skip
    Console(width=160).print(table)
    return within_goal


def writes(uri: str, samples: int) -> None:
    """What the indexes cost: samples a second with those of INDEXES, and with the unique key alone."""
    table = Table(title=f"Writing and scoring {samples:,} samples")
    for name in ("indexes", "number", "insert/s", "score/s", "index MB", "data MB"):
        table.add_column(name, justify="left" if name == "indexes" else "right")
    rows = [sample(number) for number in range(samples)]
    for title in ("key alone", "INDEXES", "and sources.link") * 2:
        database = connect(with_database(uri, "bench_queries_writes"))
        if title == "key alone":
            for name in set(database.samples.index_information()) - {"_id_", "key_1"}:
                database.samples.drop_index(name)
        elif title != "INDEXES":
            database.samples.create_index("sources.link")
        fresh = [{name: value for name, value in row.items() if name not in ("_id", *SCORES)} for row in rows]
        insert = timed(partial(_insert, database, fresh)) / 1000
        score = timed(partial(_update_scores, database, rows)) / 1000
        sizes = database.command("collStats", "samples")
        table.add_row(
            title, str(sizes["nindexes"]), f"{samples / insert:,.0f}", f"{samples / score:,.0f}",
            f"{sizes['totalIndexSize'] / 1e6:.1f}", f"{sizes['size'] / 1e6:.1f}",
        )  # fmt: skip
        database.client.drop_database(database.name)
    Console().print(table)


SCORES = tuple(scores(random.Random(0), {"sources": [1], "language": "it"}))


def _insert(database: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1000):
        database.samples.insert_many(rows[start : start + 1000], ordered=False)


def _update_scores(database: Any, rows: list[dict[str, Any]]) -> None:
    from pymongo import UpdateOne

    for start in range(0, len(rows), 1000):
        part = rows[start : start + 1000]
        updates = [{name: row[name] for name in SCORES if name in row} or {"min_support": None} for row in part]
        database.samples.bulk_write(
            [UpdateOne({"key": row["key"]}, {"$set": update}) for row, update in zip(part, updates, strict=True)],
            ordered=False,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=30, help="first pages of each filter (30)")
    parser.add_argument("--counts", type=int, default=5, help="counts of each filter (5)")
    parser.add_argument("--writes", action="store_true", help="measure what the indexes cost instead")
    parser.add_argument("--home", type=Path, help="keep the store in this folder and use it again (a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from crawler.mongo.server import lease

        uri = os.environ.get("MONGODB_URI") or lease((options.home or Path(folder)) / "mongo")
        if options.writes:
            writes(uri, options.samples)
            return 0
        database = connect(with_database(uri, f"bench_queries_{options.samples}"))
        seconds = fill(database, options.samples)
        sizes = database.command("collStats", "samples")
        print(
            f"written in {seconds:.0f} s; {sizes['size'] / 1e6:,.0f} MB ({sizes['storageSize'] / 1e6:,.0f} on disk), "
            f"{len(INDEXES['samples']) + 1} indexes of {sizes['totalIndexSize'] / 1e6:,.0f} MB"
        )
        within_goal = report(database, options)
        if not options.home:
            database.client.drop_database(database.name)
    print(f"first pages by an index under {GOAL:.0f} ms: {'all' if within_goal else 'NOT all'}")
    return 0 if within_goal else 1


if __name__ == "__main__":
    sys.exit(main())
