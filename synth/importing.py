"""`synth import`: article files into `articles`, each refused row under a named reason."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import Article, NewsmillError, RecordError, article_from_record
from crawler.mongo import connect, run_of
from synth.stage import print_counts, progress_bar

if TYPE_CHECKING:
    from pymongo.collection import Collection

_BATCH = 500
#: Refused lines shown on stderr before the rest is only counted.
_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: synth import articles.jsonl"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines of articles; - reads stdin")
    parser.add_argument("--language", help="ISO 639-1 code for rows that name none and no known newspaper")


def main(options: argparse.Namespace) -> int:
    for path in options.files:
        if str(path) != "-" and not path.is_file():
            raise NewsmillError(f"cannot read {path}: no such file")
    database = connect(options.uri)
    names = [str(path) for path in options.files]
    with run_of(database, "import", {"files": names}) as run:
        for path in options.files:
            run.counts.update(import_file(database.articles, path, options.language))
    print_counts("import", run.counts, options.json, "synth cluster")
    return 0


def import_file(articles: Collection[dict[str, Any]], path: Path, language: str | None = None) -> Counter[str]:
    """Upsert a file's articles by link, in batches; counts by outcome: stored, updated, unchanged, or why not.

    A link that comes again with another text replaces the earlier one within the file: the last row wins.
    """
    counts: Counter[str] = Counter()
    batch: dict[str, Article] = {}
    size = path.stat().st_size if path.is_file() else 0
    with progress_bar(f"import {path.name}", size) as advance:
        for number, line in _lines(path):
            advance(len(line.encode()))
            if not line.strip():
                continue
            try:
                article = article_from_record(_row(line))
            except RecordError as error:
                counts[error.reason] += 1
                _tell(path, number, error, counts)
                continue
            article.language = article.language or language or ""
            counts["repeated"] += article.link in batch
            batch[article.link] = article
            if len(batch) >= _BATCH:
                counts += store(articles, batch)
                batch = {}
        counts += store(articles, batch)
    return counts


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    source = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    with source:
        for number, line in enumerate(source, 1):
            yield number, line.decode("utf-8", errors="replace")


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError("no_json", str(error)) from error
    if not isinstance(row, dict):
        raise RecordError("no_json", f"a {type(row).__name__}, not an object")
    return row


def _tell(path: Path, number: int, error: RecordError, counts: Counter[str]) -> None:
    # Empty bodies are a fact of news sites and come in hundreds; a broken line is the file's fault.
    if error.reason == "no_json" and counts["no_json"] <= _SHOWN:
        print(f"import: {path}:{number}: {error}", file=sys.stderr)


def store(articles: Collection[dict[str, Any]], batch: dict[str, Article]) -> Counter[str]:
    """Upsert one batch; an article with the same text is left alone, one with a new text counts one revision more."""
    from pymongo import InsertOne, UpdateOne

    if not batch:
        return Counter()
    counts: Counter[str] = Counter()
    now = datetime.now(UTC)
    known = {
        row["link"]: row
        for row in articles.find({"link": {"$in": list(batch)}}, {"link": 1, "content_hash": 1, "revision": 1})
    }
    writes: list[Any] = []
    for link, article in batch.items():
        row = article.document()
        row["crawled_at"] = row["crawled_at"] or now
        before = known.get(link)
        if before is None:
            writes.append(InsertOne(row))
            counts["stored"] += 1
        elif before.get("content_hash") != row["content_hash"]:
            row["revision"] = int(before.get("revision") or 0) + 1
            writes.append(UpdateOne({"link": link}, {"$set": row}))
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    if writes:
        articles.bulk_write(writes, ordered=False)
    return counts
