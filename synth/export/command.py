"""`synth export`: training sets from the samples that a filter names, or from articles (`--format text`).

    DIR/alpaca.jsonl, DIR/litgpt/, …    the rows in every format asked for (`formats`), split by event and date
    DIR/text/                           articles as plain texts, the last days held out (`articles`)
    DIR/huggingface/README.md           a dataset card (`dataset_card`)
    DIR/sources.jsonl                   {key, links}: the articles that each sample is made from
    DIR/manifest.json                   filter, counts, what was left out and why, and the sha256 of each file

The same samples give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.command_line import keep_reading
from synth.export.articles.article_writer import export_articles
from synth.export.formats import DEFAULT, SHARD_ROWS, check_formats, default_formats, formats, reads_articles
from synth.export.manifest import TITLE, VAL_FRACTION, Settings, report_line, warnings
from synth.export.writer import export
from synth.filters.check import warnings as filter_warnings
from synth.filters.read import read_filter
from synth.stages.options import natural, positive

#: Whether articles are exported -> what the set is called where nobody says.
TITLES = {False: TITLE, True: "News articles"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.epilog = """examples:
  synth export --out export
  synth export --filter '{"language": "vi", "min_similarity": {"$gt": 0.3}}' --out export-vi
  synth export --format openai --format openai-parquet --out export-chat
  synth export --format huggingface --test-fraction 0.1 --title 'Italian news' --out export-hf
  synth export --format text --filter '{"language": "it"}' --out export-text

--format text is of articles, for continued pretraining: its --filter is one of articles (language, date, section …),
and the last days are held out. Interrupted, the same command begins again; what was there stays until then.
What each format looks like and what loads it: docs/exports.md"""
    parser.add_argument("--out", type=Path, default=Path("export"), metavar="DIR", help="folder to write (export)")
    choice = parser.add_argument(
        "--filter", default="", metavar="FILTER",
        help="MongoDB filter of samples, with --format text of articles: extended JSON, @FILE, or :NAME of the "
        "cookbook or a saved one (all)",
    )  # fmt: skip
    keep_reading(parser, choice, "--where")
    parser.add_argument(
        "--format", action="append", choices=list(formats()), metavar="NAME",
        help=f"{', '.join(formats())}; may be given several times ({', '.join(DEFAULT)})",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, metavar="N", help="rows at most, a sample of all (all)")
    parser.add_argument("--dry-run", action="store_true", help="count what would be written, write nothing")
    _configure_splits(parser.add_argument_group("splits"))
    _configure_choice(parser.add_argument_group("what is left out"))
    group = parser.add_argument_group("huggingface")
    group.add_argument(
        "--shard-rows", type=positive, default=SHARD_ROWS, metavar="N", help=f"rows a file ({SHARD_ROWS})"
    )
    group.add_argument("--title", metavar="TEXT", help=f"name of the set on its card ({TITLE})")
    group.add_argument(
        "--license", default="other", metavar="ID",
        help="licence of what was added to the articles, as the hub calls it, e.g. cc-by-4.0 (other: none is given)",
    )  # fmt: skip


def _configure_splits(group: Any) -> None:
    group.add_argument(
        "--val-fraction", type=float, default=VAL_FRACTION, metavar="X",
        help=f"share of rows for validation ({VAL_FRACTION})",
    )  # fmt: skip
    group.add_argument(
        "--test-fraction",
        type=float,
        default=0.0,
        metavar="X",
        help="share of rows for a test set of later events (0: none)",
    )
    group.add_argument("--seed", type=natural, default=0, metavar="N", help="decides among the events of one day (0)")


def _configure_choice(group: Any) -> None:
    group.add_argument(
        "--include-opted-out",
        action="store_true",
        help="keep articles, and samples from them, whose site reserved its rights",
    )
    group.add_argument(
        "--include-duplicates",
        action="store_true",
        help="keep samples that `synth dedupe` marked as duplicates; with --format text articles that repeat another",
    )


def check(options: argparse.Namespace) -> Settings:
    """What the options ask for.

    Raises:
        NewsmillError: a share is none, or a format needs a library that is not there.
    """
    val, test = options.val_fraction, options.test_fraction
    if not 0 < val < 1:
        raise NewsmillError(f"--val-fraction {val} is no share: more than 0, less than 1")
    if not 0 <= test < 1 or val + test >= 1:
        raise NewsmillError(f"--test-fraction {test} is no share: 0 or more, less than 1 together with --val-fraction")
    names = tuple(name for name in formats() if name in (options.format or default_formats()))
    check_formats(names)
    return Settings(
        options.filter, names, val, test, options.seed, options.include_opted_out, options.include_duplicates,
        options.shard_rows, TITLES[reads_articles(names)] if options.title is None else options.title, options.license,
        options.limit,
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Run the command; its exit status."""
    settings = check(options)
    database = connect(options.uri)
    query = read_filter(settings.filter, database, "articles" if settings.of_articles else "samples")
    write = export_articles if settings.of_articles else export
    if options.dry_run:
        manifest = write(database, options.out, settings, query, dry_run=True)
        print(
            json.dumps(manifest, ensure_ascii=False)
            if options.json
            else f"dry run, {report_line(options.out, manifest)}"
        )
        return 0
    # Absolute: `synth takedown` has to find it from anywhere.
    configuration = {"out": str(options.out.resolve()), **vars(settings), "formats": list(settings.formats)}
    with run_of(database, "export", configuration) as run:
        manifest = write(database, options.out, settings, query)
        run.counts.update({"exported": manifest["counts"]["rows"], **manifest["left_out"]})
    left: list[str] = [] if options.format else [name for name in DEFAULT if name not in settings.formats]
    missing = [f"not written: {name}: it needs pip install 'newsmill[export]'" for name in left]
    for line in [*filter_warnings(query), *missing, *warnings(manifest)]:
        print(f"export: warning: {line}", file=sys.stderr)
    print(json.dumps(manifest, ensure_ascii=False) if options.json else report_line(options.out, manifest))
    return 0
