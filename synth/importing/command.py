"""`synth import`: article files into `articles`, each refused row under a named reason."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import Article, NewsmillError, RecordError, article_from_record
from crawler.mongo import connect, keep_revisions, revision_of, run_of, taken_down
from synth.stages.progress import print_counts, progress_bar

if TYPE_CHECKING:
    from pymongo.collection import Collection

_BATCH = 500
#: Refused lines shown on stderr before the rest is only counted.
_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.epilog = "example: synth import articles.jsonl"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON lines of articles; - reads stdin")
    parser.add_argument("--language", help="ISO 639-1 code for rows that name none and no known newspaper")


def check(options: argparse.Namespace) -> None:
    """Raises NewsmillError where there is no such file."""
    for path in options.files:
        if str(path) != "-" and not path.is_file():
            raise NewsmillError(f"cannot read {path}: no such file")


def main(options: argparse.Namespace) -> int:
    """Store the articles of each file."""
    check(options)
    database = connect(options.uri)
    names = [str(path) for path in options.files]
    with run_of(database, "import", {"files": names}) as run:
        for path in options.files:
            run.counts.update(import_file(database.articles, path, options.language))
    print_counts("import", run.counts, options.json, "synth cluster")
    return 0


def import_file(articles: Collection[dict[str, Any]], path: Path, language: str | None = None) -> Counter[str]:
    """Upsert a file's articles by link, in batches; counts by outcome: stored, updated, unchanged, or why not.

    A link that comes again with another text replaces the earlier one: the last row wins. Every line that is not blank
    is counted once, `repeated` included.
    """
    counts: Counter[str] = Counter()
    batch: dict[str, Article] = {}
    size = path.stat().st_size if path.is_file() else 0
    with progress_bar(f"import {path.name}", size) as advance:
        for number, line in _lines(path):
            advance(len(line))
            if not line.strip():
                continue
            try:
                article = read_line(line, language)
            except RecordError as error:
                counts[error.reason] += 1
                _tell(path, number, error, counts)
                continue
            counts["repeated"] += article.link in batch
            batch[article.link] = article
            if len(batch) >= _BATCH:
                counts += store(articles, batch)
                batch = {}
        counts += store(articles, batch)
    return counts


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    source = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    with source:
        for number, line in enumerate(source, 1):
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def read_line(line: bytes, language: str | None = None) -> Article:
    """An article from one line of JSON; its language is what the row or the newspaper says, else `language`, else
    what is detected in the text, "" where nothing is.

    Raises:
        RecordError: `not_utf8`, `no_json`, or why the row is no article.
    """
    row = _row(line)
    article = article_from_record(row)
    article.language = article.language or language or _detected(article)
    # What a site permits was learnt when the page was crawled: a row that carries it keeps it.
    if isinstance(row.get("permission"), dict):
        article.permission = row["permission"]
    if row.get("access") in ("free", "teaser"):
        article.access = row["access"]
    return article


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RecordError("not_utf8", f"byte {error.start + 1} of the line") from error
    except (ValueError, RecursionError) as error:
        raise RecordError("no_json", str(error)) from error
    if not isinstance(row, dict):
        raise RecordError("no_json", f"a {type(row).__name__}, not an object")
    return row


def _detected(article: Article) -> str:
    from synth.language import UNKNOWN, detect

    code, _ = detect(f"{article.title}\n{article.content}")
    return "" if code == UNKNOWN else code


def _tell(path: Path, number: int, error: RecordError, counts: Counter[str]) -> None:
    # Empty bodies are a fact of news sites and come in hundreds; anything else is the file's fault.
    if error.reason == "empty_body" or counts[error.reason] > _SHOWN:
        return
    more = f" (more such lines: only counted as {error.reason})" if counts[error.reason] == _SHOWN else ""
    print(f"import: {path}:{number}: {error}{more}", file=sys.stderr)


def store(articles: Collection[dict[str, Any]], batch: Mapping[str, Article]) -> Counter[str]:
    """Upsert one batch; an article with the same text is left alone, one with a new text counts one revision more.

    What a new text replaces goes into `revisions`, and a field that the new row lacks keeps its old value: a foreign
    row that says nothing of permission does not take it back.
    """
    from pymongo import UpdateOne

    counts: Counter[str] = Counter()
    now = datetime.now(UTC)
    stored = _known(articles, list(batch))
    removed = taken_down(articles.database, batch, [article.content_hash for article in batch.values()])
    writes: list[Any] = []
    replaced: list[dict[str, Any]] = []
    for link, article in batch.items():
        if not removed.isdisjoint((link, article.content_hash)):
            counts["taken_down"] += 1
            continue
        row = article.document()
        row["crawled_at"] = row["crawled_at"] or now
        before = stored.get(link)
        if before is None or (before["link"] != link and before.get("content_hash") != row["content_hash"]):
            # Not an insert: another import may be at the same article just now.
            writes.append(UpdateOne({"link": link}, {"$setOnInsert": row}, upsert=True))
            counts["stored"] += 1
        elif before.get("content_hash") != row["content_hash"]:
            replaced.append(before)
            values = {name: value for name, value in row.items() if value not in ("", [], {}, None)}
            writes.append(UpdateOne({"link": link}, {"$set": values | {"revision": revision_of(before) + 1}}))
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    keep_revisions(articles.database, replaced)
    if writes:
        articles.bulk_write(writes, ordered=False)
    return counts


def _known(articles: Collection[dict[str, Any]], links: list[str]) -> dict[str, dict[str, Any]]:
    """Stored articles by each of their links: a newspaper may publish one text under several."""
    rows = list(articles.find({"$or": [{"link": {"$in": links}}, {"also_at": {"$in": links}}]})) if links else []
    by_alias = {link: row for row in rows for link in row.get("also_at") or []}
    return by_alias | {row["link"]: row for row in rows}
