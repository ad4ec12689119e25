"""`synth cluster`: which articles tell the same event. The method is in `linkage` and `incremental`."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.cluster import COMMAND
from synth.cluster.explain import print_explanation
from synth.cluster.incremental import cluster_articles
from synth.cluster.linkage import LINKAGES
from synth.cluster.settings import Settings, default_sentences
from synth.cluster.sweep import print_sweep
from synth.command_line import language_code
from synth.embed import check_embedder
from synth.filters.check import filter_errors
from synth.filters.read import read_filter
from synth.stages.options import add_filter, natural
from synth.stages.progress import has_nothing_to_read, print_counts

if TYPE_CHECKING:
    from pymongo.database import Database


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.epilog = "example: synth cluster --threshold 0.7 --window 3 --language it"
    parser.add_argument(
        "--embedder", default=Settings.embedder,
        help="news, tfidf (the default until November 2026), news:BITS, tfidf:BITS, use or st:MODEL (news)",
    )  # fmt: skip
    parser.add_argument(
        "--threshold", type=float,
        help="cosine distance, 0 to 2 (news: 0.75; tfidf: 0.80, below 100 articles of a language 0.75; use: 0.375; "
        "others: none)",
    )  # fmt: skip
    parser.add_argument("--linkage", choices=LINKAGES, default="average")
    parser.add_argument(
        "--spread", type=float, metavar="DISTANCE",
        help="a second look: split events until no two articles of one are farther apart (off; 0.82 was measured)",
    )  # fmt: skip
    parser.add_argument("--window", type=float, default=Settings.window, help="days; 0: no window (3)")
    parser.add_argument(
        "--sentences", type=natural, metavar="N",
        help="sentences of the body to compare; 0: all (news: all; others: 10)",
    )  # fmt: skip
    parser.add_argument(
        "--language", type=language_code, help="only this language (ISO 639-1); the others keep their events"
    )
    add_filter(
        parser,
        "events of only the articles that this MongoDB filter (extended JSON, or @FILE) names, in their languages",
    )
    parser.add_argument("--refit", action="store_true", help="count again, from all articles, how many have each word")
    parser.add_argument(
        "--force-language", action="store_true", help="let an embedder work on a language that it was not made for"
    )
    parser.add_argument(
        "--explain", metavar="ARTICLE", help="show why an article (link or _id) is in its event; changes nothing"
    )
    parser.add_argument(
        "--sweep",
        action="store_true",
        help="show the events of five thresholds and what joins between; changes nothing",
    )
    parser.add_argument("--dry-run", action="store_true", help="count the articles, change nothing")


def main(options: argparse.Namespace) -> int:
    """Cluster the articles of each language, or explain one article."""
    if options.explain is not None:
        return print_explanation(connect(options.uri), options.explain, options.json)
    settings = check(options)
    check_embedder(options.embedder)
    database = connect(options.uri)
    condition = read_filter(options.where, database, "articles")
    if options.language:
        condition = {"$and": [condition, {"language": options.language}]}
    with filter_errors():
        matches = database.articles.count_documents(condition)
    languages: set[Any] = set()
    if options.sweep and matches:
        languages = set(database.articles.distinct("language", condition))
        return print_sweep(database, sorted(languages, key=str), settings, condition, options.json)
    if options.dry_run or options.sweep:
        counts = Counter(articles=matches)
    else:
        with run_of(database, "cluster", asdict(settings)) as run:
            languages = set(database.articles.distinct("language", condition))
            if not condition:
                # A language whose articles are all gone has no events any more.
                languages |= set(database.clusters.distinct("language", {"current": True}))
            for language in sorted(languages, key=str):
                run.counts += cluster_articles(database, run.id, language, settings, condition, options.refit)
            counts = run.counts
    if not languages and has_nothing_to_read(database, "cluster", "articles", options, counts):
        return 1
    print_counts("cluster", counts, options.json, COMMAND.following)
    return 0


def check(options: argparse.Namespace) -> Settings:
    """What to cluster by.

    Raises:
        NewsmillError: a number makes no sense.
    """
    if options.threshold is not None and not 0 <= options.threshold <= 2:
        raise NewsmillError(f"--threshold {options.threshold} is no cosine distance: 0 to 2")
    if options.spread is not None and not 0 <= options.spread <= 2:
        raise NewsmillError(f"--spread {options.spread} is no cosine distance: 0 to 2")
    if not options.window >= 0:
        raise NewsmillError(f"--window {options.window} is no number of days: 0 (no window) or more")
    sentences = default_sentences(options.embedder) if options.sentences is None else options.sentences or None
    return Settings(
        options.embedder, options.threshold, options.linkage, options.window or None, sentences,
        options.force_language, options.spread,
    )  # fmt: skip


def pending(database: Database[dict[str, Any]], _options: argparse.Namespace) -> int:
    """Articles that came after the last clustering: they are in no event yet."""
    last = database.runs.find_one({"stage": "cluster", "outcome": "done"}, sort=[("started_at", -1)])
    return int(database.articles.count_documents({"crawled_at": {"$gt": last["started_at"]}} if last else {}))
