"""`synth import`: articles into `articles`, rows of instruction sets into `samples`; what is refused has a reason."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError, RecordError
from crawler.mongo import connect, run_of
from synth.command_line import language_code
from synth.importing import COMMAND
from synth.importing.articles import Reading, names_of
from synth.importing.formats import formats
from synth.importing.importer import USED, Importer
from synth.importing.recognition import ARTICLES, check_format
from synth.importing.shapes import Profile
from synth.importing.sources import check_source, read_rows, size_of
from synth.importing.summaries import NO_ARTICLES
from synth.importing.values import language
from synth.stages.progress import print_counts, progress_bar

if TYPE_CHECKING:
    from pymongo.collection import Collection

#: Cells of rows of any format that are no text of it.
_OF_ALL_FORMATS = ("language", "license", "model")

_AFTER_SAMPLES = "synth score"
#: What to do about summaries without articles.
_ARTICLES_MISSING = (
    "import: the articles of {:,} summaries are not in the store: --articles FILE names the file that holds them"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = """Read articles, and rows of instruction sets, into the store: JSON, JSON lines, CSV, TSV,
Parquet, mongodump's BSON, texts; packed with gzip, zstd, bzip2, xz or zip; folders of them; Hugging Face data sets,
saved or by name."""
    parser.epilog = f"""examples:
  synth import articles.jsonl
  synth import archive.csv.gz --map content=testo --map link=indirizzo
  synth import texts/ --language it
  synth import alpaca.json sharegpt.jsonl
  synth import hf:ORG/NAME --map question=prompt_text
  synth import refs.jsonl --format summaries --articles docs.jsonl --map date=time

An article needs link, title, content and date. Rows of an instruction set become samples of the task import; their
format is told from the first rows and shown with how many of them have it. Formats: {", ".join(formats())}.
A row that is none is named with its line and its reason, all others are stored."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, a folder or hf:ORG/NAME; - reads stdin")
    parser.add_argument("--format", metavar="NAME", help=f"what the rows are: {ARTICLES} or one of those below")
    parser.add_argument(
        "--articles", action="append", default=[], metavar="FILE",
        help="articles that rows of summaries refer to, by group, link or id; they are imported as well",
    )  # fmt: skip
    parser.add_argument(
        "--language", type=language_code, help="ISO 639-1 code for rows that name none and no known newspaper"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="OURS=THEIRS",
        help="the file's name of a field: content=testo, link=meta.url, answer=reply; may be given several times",
    )  # fmt: skip
    parser.add_argument("--encoding", metavar="NAME", help="of texts and tables, e.g. windows-1252 (told by the file)")


def check(options: argparse.Namespace) -> Reading:
    """How the files are read.

    Raises:
        NewsmillError: there is no such file, field, language, format or encoding.
    """
    for path in (*options.articles, *options.files):
        check_source(str(path), options.encoding)
    check_format(options.format)
    try:
        code = language("--language", options.language)
    except RecordError as error:
        raise NewsmillError(str(error)) from error
    known = [*_OF_ALL_FORMATS, *(name for form in formats().values() for name in form.fields)]
    return Reading(code, names_of(options.map, known), options.encoding)


def main(options: argparse.Namespace) -> int:
    """Store the articles or samples of each file; 1 where one gave none, or could not be read to its end."""
    reading = check(options)
    database = connect(options.uri)
    status = 0
    with run_of(database, "import", {"files": options.files, "format": options.format}) as run:
        importer = Importer(database, reading, run.id, options.format)
        run.counts, run.notes["samples"] = importer.counts.all, importer.counts.samples
        for path in options.articles:
            status = max(status, _import_path(importer, str(path), ARTICLES))
        for path in options.files:
            status = max(status, _import_path(importer, str(path)))
        importer.finish()
    print_counts("import", run.counts, options.json, _next(run.counts))
    if run.counts[NO_ARTICLES] and not options.articles:
        print(_ARTICLES_MISSING.format(run.counts[NO_ARTICLES]), file=sys.stderr)
    return status if any(run.counts[name] for name in USED) else 1


def _import_path(importer: Importer, path: str, format_name: str | None = None) -> int:
    """Read one path; 1 where it gave nothing, or could not be read to its end."""
    importer.profile, before = Profile(), Counter(importer.counts.all)
    waiting = importer.waiting
    with progress_bar(f"import {Path(path).name}", size_of(path)) as advance:
        importer.read(path, read_rows(path, advance, importer.reading.encoding), format_name)
    counts = importer.counts.all - before
    if not any(counts[name] for name in USED) and importer.waiting == waiting and not counts["repeated"]:
        print(f"import: {importer.profile.explain(path, counts)}", file=sys.stderr)
        return 1
    return int(bool(counts["damaged_file"] or counts["too_large_unpacked"]))


def _next(counts: Counter[str]) -> str:
    """What to run now."""
    if any(counts[name] for name in USED if not name.startswith("samples_")):
        return COMMAND.following
    # Samples need no events and no summaries.
    return _AFTER_SAMPLES if any(counts[name] for name in USED) else ""


def import_file(articles: Collection[dict[str, Any]], path: str | Path, reading: Reading | None = None) -> Counter[str]:
    """Upsert a file's rows, articles by link and samples by key, in batches; counts by outcome, or why not.

    A link that comes again with another text replaces the earlier one: the last row wins. Every row is counted once,
    `repeated` included. What was read before a file turns out to be damaged is stored.
    """
    reading = reading or Reading()
    importer = Importer(articles.database, reading)
    importer.read(str(path), read_rows(str(path), encoding=reading.encoding))
    importer.finish()
    return importer.counts.all
