"""`synth dedupe`: mark samples that repeat another sample, and samples that repeat rows of evaluation sets.

Compared are answers, which are what a model learns; a short one ("Sì.") together with its question. Of duplicates the
sample is kept that a person accepted or edited, then the one of higher accuracy, then of higher mean_similarity, then
the older one, then the one whose key comes first. The others get `duplicate_of`, `duplicate_kind`, `duplicate_score`;
nothing is deleted, and every run marks again: where a kept sample is gone, rejected, superseded or changed, its
duplicates are free again. Samples without mark: synth query '{"duplicate_of": null}'.

A row in several languages is no duplicate: such samples share a `translation_group`, by their provenance, or by what
imported rows have in common (numbers, names, addresses, code). `synth export` keeps them on one side of its split.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.command_line import keep_reading
from synth.dedupe.comparison import Settings, count_marks, find_duplicates, print_outcome, show
from synth.dedupe.contamination import checker_of
from synth.dedupe.store import write_marks
from synth.dedupe.translation_groups import write_translation_groups
from synth.filters.read import read_filter
from synth.stages.options import add_filter, positive
from synth.stages.progress import has_nothing_to_read


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = __doc__
    parser.epilog = """examples:
  synth dedupe --dry-run
  synth dedupe --semantic st:intfloat/multilingual-e5-small --semantic-similarity 0.95
  synth dedupe --against evaluation.jsonl mmlu_it.csv

There is no --limit: whether a sample is a duplicate hangs on all the others. With --filter those that it does not name
are not compared, and keep their marks, unless what they were marked for is no longer kept."""
    group = parser.add_argument_group("duplicates")
    similarity = group.add_argument(
        "--similarity", dest="threshold", type=float, default=Settings.threshold, metavar="J",
        help="Jaccard similarity of the runs of words from which two texts are near (0.7)",
    )  # fmt: skip
    keep_reading(group, similarity, "--threshold")
    group.add_argument("--shingle", type=positive, default=Settings.shingle, metavar="N", help="words of a run (3)")
    group.add_argument(
        "--by", choices=("answer", "both"), default=Settings.by, help="compare answers, or questions with answers"
    )
    group.add_argument("--semantic", metavar="EMBEDDER", help="also by meaning: tfidf, use or st:MODEL (off)")
    cosine = group.add_argument(
        "--semantic-similarity", dest="semantic_threshold", type=float, metavar="C",
        help="cosine from which two texts mean the same; embedders differ: look at a --dry-run first",
    )  # fmt: skip
    keep_reading(group, cosine, "--semantic-threshold")
    group = parser.add_argument_group("evaluation sets")
    group.add_argument(
        "--against", nargs="+", type=Path, metavar="FILE",
        help="sets whose rows no sample should repeat: .jsonl, .json, .csv, .tsv, or text, a row a line",
    )  # fmt: skip
    group.add_argument("--against-fields", metavar="NAMES", help="their fields, where they are not recognised: a,b")
    group.add_argument(
        "--ngram", type=positive, metavar="N",
        help="words in a row that a repeated row shares (the 5th percentile of a set's lengths, 8 to 13, as for GPT-3)",
    )  # fmt: skip
    group = parser.add_argument_group("stage")
    add_filter(group, "only samples that this MongoDB filter (extended JSON, or @FILE) names")
    group.add_argument("--dry-run", action="store_true", help="show what would be marked, change nothing")


def check(options: argparse.Namespace) -> Settings:
    """What counts as a duplicate.

    Raises:
        NewsmillError: a number makes no sense, or a file is not there.
    """
    if not 0.2 <= options.threshold <= 1:
        raise NewsmillError(f"--threshold {options.threshold} is no Jaccard similarity to tell copies by: 0.2 to 1")
    if options.semantic and options.semantic_threshold is None:
        raise NewsmillError(f"no threshold was measured for embedder {options.semantic}: give --semantic-similarity")
    if options.semantic_threshold is not None and not 0.1 <= options.semantic_threshold <= 1:
        raise NewsmillError(f"--semantic-similarity {options.semantic_threshold} is no cosine to go by: 0.1 to 1")
    if options.against_fields and not options.against:
        raise NewsmillError("--against-fields names fields of the files of --against: give some")
    for path in options.against or ():
        if not path.is_file():
            raise NewsmillError(f"cannot read {path}: no such file")
    return Settings(
        options.threshold, options.shingle, options.by, options.semantic or None, options.semantic_threshold
    )


def main(options: argparse.Namespace) -> int:
    """Mark duplicates, and what evaluation sets have as well."""
    settings = check(options)
    checker = checker_of(options.against, options.against_fields, options.ngram)
    database = connect(options.uri)
    where = read_filter(options.where, database)
    if options.dry_run:
        return show(database, settings, where, checker, options.json)
    settings_row = asdict(settings) | {"where": options.where, "against": [str(path) for path in options.against or ()]}
    with run_of(database, "dedupe", settings_row) as run:
        samples, marks = find_duplicates(database, settings, where)
        run.counts.update(count_marks(samples, marks))
        run.counts.update(write_marks(database, samples, marks))
        run.counts.update(+Counter(in_several_languages=write_translation_groups(database)))
        if checker:
            run.counts.update(checker.mark(database, where))
            run.notes["sets"] = checker.set_counts
    if has_nothing_to_read(database, "dedupe", "samples", options, run.counts):
        return 1
    print_outcome(run.counts, checker, options.json)
    return 0
