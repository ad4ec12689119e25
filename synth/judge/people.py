"""The judge beside people: their ratings are stored, and the agreement with them is shown."""

from __future__ import annotations

import argparse
import json

from crawler.mongo import connect, run_of
from synth.filters.read import read_filter
from synth.ratings.agreement import AGREED, REPEATED, agreement_of, repeatability_of, table
from synth.stages.progress import print_counts


def store_ratings(options: argparse.Namespace) -> int:
    """Store the ratings of a file (`--ratings`); the exit status."""
    from synth.ratings.importing import import_ratings

    database = connect(options.uri)
    with run_of(database, "ratings", {"file": str(options.ratings)}) as run:
        run.counts.update(import_ratings(database, options.ratings))
    print_counts("judge", run.counts, options.json, "synth judge --agreement")
    return 0


def print_agreement(options: argparse.Namespace) -> int:
    """Print the agreement with people, or that of the repeats of a question; the exit status."""
    database = connect(options.uri)
    where = read_filter(options.where, database)
    columns = AGREED if options.agreement else REPEATED
    rows = agreement_of(database, where) if options.agreement else repeatability_of(database, where)
    reason = "no sample has both a judgement and a rating" if options.agreement else "no sample was judged twice"
    hint = "synth judge --ratings FILE" if options.agreement else "synth judge --repeats 3"
    if options.json:
        print(json.dumps(rows))
    else:
        print(table(rows, columns) if rows else f"judge: {reason}; next: {hint}")
    return 0
