"""`synth import`: article files into `articles`, each refused row under a named reason."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import Article, NewsmillError, RecordError
from crawler.mongo import connect, run_of
from synth.command_line import language_code
from synth.importing import COMMAND
from synth.importing.articles import Reading, names_of, read_article
from synth.importing.rows import Row
from synth.importing.shapes import Profile
from synth.importing.sources import check_source, read_rows, size_of
from synth.importing.store import store
from synth.importing.unpack import FileError
from synth.importing.values import language
from synth.stages.progress import print_counts, progress_bar

if TYPE_CHECKING:
    from pymongo.collection import Collection

#: Articles written together: so many, or so many characters of text.
_BATCH, _CHARACTERS = 500, 16_000_000
#: Refused rows shown on stderr before the rest is only counted.
_SHOWN = 5
#: Outcomes of a row that is an article.
_ARTICLES = ("stored", "updated", "unchanged", "taken_down")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = """Read articles into the store: JSON, JSON lines, CSV, TSV, Parquet, mongodump's BSON,
texts; packed with gzip, zstd, bzip2, xz or zip; folders of them; Hugging Face data sets, saved or by name."""
    parser.epilog = """examples:
  synth import articles.jsonl
  synth import archive.csv.gz --map content=testo --map link=indirizzo
  synth import texts/ --language it
  synth import hf:ORG/NAME --map content=article

An article needs link, title, content and date. A row that is none is named with its line and its reason, all others
are stored."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder or hf:ORG/NAME; - reads stdin")
    parser.add_argument(
        "--language", type=language_code, help="ISO 639-1 code for rows that name none and no known newspaper"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="OURS=THEIRS",
        help="the file's name of a field: content=testo, link=meta.url; may be given several times",
    )  # fmt: skip
    parser.add_argument("--encoding", metavar="NAME", help="of texts and tables, e.g. windows-1252 (told by the file)")


def check(options: argparse.Namespace) -> Reading:
    """How the files are read.

    Raises:
        NewsmillError: there is no such file, field, language or encoding.
    """
    for path in options.files:
        check_source(str(path), options.encoding)
    try:
        code = language("--language", options.language)
    except RecordError as error:
        raise NewsmillError(str(error)) from error
    return Reading(code, names_of(options.map), options.encoding)


def main(options: argparse.Namespace) -> int:
    """Store the articles of each file; 1 where one gave none, or could not be read to its end."""
    reading = check(options)
    database = connect(options.uri)
    status = 0
    with run_of(database, "import", {"files": options.files}) as run:
        for path in options.files:
            profile = Profile()
            counts = import_file(database.articles, path, reading, profile)
            run.counts.update(counts)
            articles = sum(counts[name] for name in _ARTICLES)
            if not articles:
                print(f"import: {profile.explain(path, counts)}", file=sys.stderr)
            status = 1 if not articles or counts["damaged_file"] or counts["too_large_unpacked"] else status
    stored = sum(run.counts[name] for name in _ARTICLES)
    print_counts("import", run.counts, options.json, COMMAND.following if stored else "")
    return status


def import_file(
    articles: Collection[dict[str, Any]], path: str | Path, reading: Reading | None = None,
    profile: Profile | None = None,
) -> Counter[str]:  # fmt: skip
    """Upsert a file's articles by link, in batches; counts by outcome: stored, updated, unchanged, or why not.

    A link that comes again with another text replaces the earlier one: the last row wins. Every row is counted once,
    `repeated` included. What was read before a file turns out to be damaged is stored.
    """
    importer = _Importer(articles, reading or Reading(), profile or Profile())
    with progress_bar(f"import {Path(path).name}", size_of(str(path))) as advance:
        try:
            for name, row in read_rows(str(path), advance, importer.reading.encoding):
                importer.add(name, row)
        except FileError as error:
            importer.counts[error.reason] += 1
            print(f"import: {path}: {error}; what came before it is stored", file=sys.stderr)
        importer.flush()
    return importer.counts


class _Importer:
    """Articles on their way into the store, some at a time."""

    def __init__(self, articles: Collection[dict[str, Any]], reading: Reading, profile: Profile) -> None:
        self.articles, self.reading, self.profile = articles, reading, profile
        self.counts: Counter[str] = Counter()
        self.batch: dict[str, Article] = {}
        self.characters = 0

    def add(self, name: str, row: Row) -> None:
        """Take a row, or say why not."""
        self.profile.add(row.fields, self.reading.names)
        try:
            if row.error is not None:
                raise row.error
            article = read_article(row.fields, self.reading)
        except RecordError as error:
            self.counts[error.reason] += 1
            self._refuse(f"{name}:{row.place.removeprefix('row ')}", error)
            return
        self.counts["repeated"] += article.link in self.batch
        self.batch[article.link] = article
        self.characters += len(article.content)
        if len(self.batch) >= _BATCH or self.characters >= _CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        self.counts += store(self.articles, self.batch)
        self.batch, self.characters = {}, 0

    def _refuse(self, place: str, error: RecordError) -> None:
        # Empty bodies are a fact of news sites and come in hundreds; anything else is the file's fault.
        count = self.counts[error.reason]
        if error.reason == "empty_body" or count > _SHOWN:
            return
        more = f" (more such rows: only counted as {error.reason})" if count == _SHOWN else ""
        print(f"import: {place}: {error}{more}".encode(errors="backslashreplace").decode(), file=sys.stderr)
