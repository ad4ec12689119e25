"""Samples a second of `synth score`, part by part, beside its floor: reading and writing the same documents.

Samples are the 224 summaries of Italian articles and the 199 of Vietnamese events in ../shared/data, with their
articles as sources, again and again until there are enough: each time with the sentences of the sources in another
order and other numbers, so that nothing that was read of the last ones helps. SHARING samples in a row have the same
sources, as an event's summaries and their translations have; each of them lacks another sentence of the answer.

Of each part the processor's seconds count (this process; with workers: the wall's), of the whole both. Every scorer is
run alone over all samples, its readings of sources forgotten before; together they are faster than their sum.
Run: python benchmarks/scores/bench_score.py [--samples 1000 20000] [--sharing 1] [--workers 2]
With --joining alone what `quality` costs at the end of each run, its parts drawn by chance.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from crawler.mongo import connect, with_database
from synth.__main__ import main as synth
from synth.batched import batched
from synth.score.stage import Scoring, fitted, versions
from synth.scorers import Batch, Context, scorers
from synth.scorers.quality import join_scores
from synth.scorers.readings import READINGS

ROOT = Path(__file__).resolve().parents[2]
SHARING = 2
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
Document = dict[str, Any]


def rows_of(path: Path) -> list[Document]:
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def real_samples(data: Path) -> list[Document]:
    """{answer, question, language, sources}."""
    articles = rows_of(data / "it_news_2024/articles.jsonl")
    samples = []
    for row in rows_of(data / "it_news_2024/reference_samples.jsonl"):
        sources = [source(articles[at]["title"], articles[at]["content"], "Open") for at in row["sources"][:4]]
        samples.append({"answer": row["answer"], "question": row["question"], "language": "it", "sources": sources})
    events: dict[str, list[Document]] = defaultdict(list)
    for row in rows_of(data / "vi_vnmds/docs.jsonl"):
        events[row["cluster"]].append(source(row["title"], row["text"], "VnExpress"))
    for row in rows_of(data / "vi_vnmds/refs.jsonl"):
        samples.append({"answer": row["ref1"], "question": row["label"], "language": "vi",
                        "sources": events[row["cluster"]]})  # fmt: skip
    random.Random(0).shuffle(samples)
    return samples


def source(title: str, content: str | None, site: str) -> Document:
    return {"title": title, "content": content or "", "tags": [], "source_site": site}


def varied(samples: list[Document], count: int, sharing: int) -> Iterator[Document]:
    """So many samples; `sharing` in a row have the same sources."""
    for number in range(count):
        event, copy = divmod(number, sharing)
        row, chance = samples[event % len(samples)], random.Random(event)
        sources = [
            {**each, "content": shuffled(each["content"], chance), "link": f"https://x.example/{event}/{at}"}
            for at, each in enumerate(row["sources"])
        ]
        sentences = _SENTENCE.split(row["answer"])
        answer = " ".join(sentences[:copy] + sentences[copy + 1 :]) if len(sentences) > copy + 1 else row["answer"]
        yield {**row, "key": f"{number:08}", "answer": answer, "sources": sources, "task": "news_summary"}


def shuffled(text: str, chance: random.Random) -> str:
    sentences = _SENTENCE.split(text)
    chance.shuffle(sentences)
    return re.sub(r"\b\d{2,3}\b", lambda digits: str(int(digits[0]) + chance.randrange(9)), " ".join(sentences))


def fill(database: Any, samples: list[Document], count: int, sharing: int) -> None:
    for part in batched(varied(samples, count, sharing), 1000):
        database.samples.insert_many(part)
        database.articles.insert_many(
            {"link": each["link"], "title": each["title"], "content": each["content"]}
            for each in {each["link"]: each for row in part for each in row["sources"]}.values()
            if database.articles.find_one({"link": each["link"]}, {"_id": 1}) is None
        )


def spent(work: Callable[[], Any]) -> tuple[float, float]:
    """(seconds of the processor, of the wall)."""
    READINGS.clear()
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - processor, time.perf_counter() - wall


def read_and_write(database: Any) -> None:
    """What a stage does besides its work: the same documents, in batches of as many, and fields of the same size."""
    from pymongo import UpdateOne

    keys = [row["_id"] for row in database.samples.find({}, {"_id": 1}).sort("_id", 1)]
    for part in batched(keys, 100):
        rows = list(database.samples.find({"_id": {"$in": part}}, {"question": 1, "answer": 1, "sources": 1}))
        database.samples.bulk_write(
            [UpdateOne({"_id": row["_id"]}, {"$set": {"floor": [0.5] * 30}}) for row in rows], ordered=False
        )


def run_scorer(name: str, database: Any, context: Context) -> None:
    score = scorers()[name].score
    for part in batched(database.samples.find({}), 100):
        if score:
            score(Batch(part, context))


def score_all(uri: str, *words: str) -> None:
    with redirect_stdout(StringIO()):
        synth(["score", "--uri", uri, *words])


def report(database: Any, uri: str, count: int, workers: int) -> None:
    context = Context(partial(fitted, database, "tfidf"))
    for name, work in parts(database, uri, context, workers):
        processor, wall = spent(work)
        rates = f"{1000 * processor / count:.2f} | {count / processor:,.0f} | {count / wall:,.0f}"
        print(f"| {count:,} | {name} | {rates} |", flush=True)


def parts(database: Any, uri: str, context: Context, workers: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(name, its work), after what is loaded once is loaded."""
    yield "reading and writing", partial(read_and_write, database)
    yield "weights of the archive (once)", lambda: context.embedder
    Scoring(context, again=True).scores(list(database.samples.find().limit(4)))
    for name in versions():
        yield f"{name} alone", partial(run_scorer, name, database, context)
    yield "the whole, synth score", partial(score_all, uri)
    yield f"again with --workers {workers}", partial(score_all, uri, "--again", "--workers", str(workers))


def report_joining(database: Any, count: int) -> None:
    """`join_scores` of all samples, of none and of a hundred, beside reading what it is made of, of all."""
    drawn = {name: {"$rand": {}} for name in ("mean_coverage", "faithfulness", "mean_similarity", "toxicity")}
    database.samples.update_many(
        {}, [{"$set": {**drawn, "detected_language": "$language", "toxicity_calibrated": True}}]
    )
    keys = [row["_id"] for row in database.samples.find({}, {"_id": 1}).limit(100)]
    for name, change in (("all are pending", None), ("none is", None), ("a hundred are", {"faithfulness": 0.5})):
        if change:
            database.samples.update_many({"_id": {"$in": keys}}, {"$set": change})
        joined: list[int] = []
        processor, wall = spent(lambda joined=joined: joined.append(join_scores(database)))  # type: ignore[misc]
        print(f"| {count:,} | quality, {name} | {joined[0]:,} | {processor:.3f} | {wall:.3f} |", flush=True)
    names = dict.fromkeys(("answer", "quality", "quality_parts", *drawn), 1)
    processor, wall = spent(lambda: list(database.samples.find({}, names)))
    print(f"| {count:,} | its parts of all samples read | {count:,} | {processor:.3f} | {wall:.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, nargs="+", default=[1_000, 20_000], metavar="N")
    parser.add_argument(
        "--sharing", type=int, default=SHARING, metavar="N", help=f"samples a set of sources ({SHARING})"
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes of the last row (2)")
    parser.add_argument("--joining", action="store_true", help="the cost of quality alone")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real texts")
    options = parser.parse_args()
    samples = real_samples(options.shared / "data")
    units = "samples read | seconds of this process" if options.joining else "ms of the processor each | a second of it"
    print(f"| samples | part | {units} | {'seconds' if options.joining else 'a second'} of the wall |")
    print("|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        from crawler.mongo.server import lease

        server = os.environ.get("MONGODB_URI") or lease(Path(folder) / "mongo")
        for count in options.samples:
            uri = with_database(server, f"bench_score_{count}")
            database = connect(uri)
            fill(database, samples, count, options.sharing)
            if options.joining:
                report_joining(database, count)
            else:
                report(database, uri, count, options.workers)
            database.client.drop_database(database.name)


if __name__ == "__main__":
    main()
