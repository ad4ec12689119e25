"""`synth cluster`: which articles tell the same event. The method is in `synth.linkage`."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.embed import article_text, load_embedder
from synth.linkage import LINKAGES, agglomerate
from synth.stage import filter_errors, positive, print_counts, progress_bar, read_filter

if TYPE_CHECKING:
    from pymongo.database import Database

__all__ = ["Settings", "agglomerate", "cluster_articles", "configure", "event_key", "main"]

#: Chosen on vi_vnmds (gold events, Vietnamese); BCubed F falls on both sides of it. Distances of TF-IDF rows.
DEFAULT_THRESHOLD = 0.75
#: Days between two reports of one event; follow-ups chain beyond it through the articles between.
DEFAULT_WINDOW = 3.0


@dataclass(frozen=True)
class Settings:
    """What the partition depends on besides the articles."""

    embedder: str = "tfidf"
    threshold: float = DEFAULT_THRESHOLD
    linkage: str = "average"
    window: float | None = DEFAULT_WINDOW
    sentences: int | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: synth cluster --threshold 0.7 --window 3 --language it"
    parser.add_argument("--embedder", default="tfidf", help="tfidf, use or st:MODEL (tfidf)")
    parser.add_argument("--threshold", type=float, default=DEFAULT_THRESHOLD, help="cosine distance, 0 to 2 (0.75)")
    parser.add_argument("--linkage", choices=LINKAGES, default="average")
    parser.add_argument("--window", type=float, default=DEFAULT_WINDOW, help="days; 0: no window (3)")
    parser.add_argument(
        "--sentences", type=positive, metavar="N", help="sentences of the body to compare (default: all)"
    )
    parser.add_argument("--language", help="only this language (ISO 639-1); the others keep their events")
    parser.add_argument(
        "--where", metavar="FILTER",
        help="events of only the articles that this MongoDB filter (extended JSON, or @FILE) names, in their languages",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="count the articles, change nothing")


def main(options: argparse.Namespace) -> int:
    if not 0 <= options.threshold <= 2:
        raise NewsmillError(f"--threshold {options.threshold} is no cosine distance: 0 to 2")
    if not options.window >= 0:
        raise NewsmillError(f"--window {options.window} is no number of days: 0 (no window) or more")
    settings = Settings(options.embedder, options.threshold, options.linkage, options.window or None, options.sentences)
    wanted = read_filter(options.where)
    if options.language:
        wanted = {"$and": [wanted, {"language": options.language}]}
    database = connect(options.uri)
    with filter_errors():
        found = database.articles.count_documents(wanted)
    if options.dry_run:
        counts = Counter(articles=found)
    else:
        with run_of(database, "cluster", asdict(settings)) as run:
            languages = set(database.articles.distinct("language", wanted))
            if not wanted:
                # A language whose articles are all gone has no events any more.
                languages |= set(database.clusters.distinct("language", {"current": True}))
            for language in sorted(languages, key=str):
                run.counts += cluster_articles(database, run.id, language, settings, wanted)
            counts = run.counts
    print_counts("cluster", counts, options.json, "synth summarize")
    return 0


def cluster_articles(
    database: Database[dict[str, Any]], run: str, language: str, settings: Settings, wanted: Mapping[str, Any]
) -> Counter[str]:
    """Cluster the articles of one language and make the result current; the same articles and settings change nothing.

    Events are clusters of two articles or more; what stands alone is counted as `alone`.
    """
    # Sorted by day and link: row numbers, and with them ties, do not hang on the order of crawling.
    rows = list(
        database.articles.find(
            {"$and": [dict(wanted), {"language": language}]},
            {"link": 1, "title": 1, "description": 1, "content": 1, "date": 1},
        ).sort([("date", 1), ("link", 1)])
    )
    fingerprint = _fingerprint(rows, settings)
    clusters = list(_clusters(rows, settings, language))
    counts = Counter(
        articles=len(rows), events=len(clusters), in_events=sum(len(cluster["links"]) for cluster in clusters)
    )
    counts["alone"] = counts["articles"] - counts["in_events"]
    if _is_current(database, language, fingerprint, clusters):
        counts["unchanged"] += len(clusters)
        return counts
    stamp = {
        "run": f"{run}:{language}",
        "fingerprint": fingerprint,
        "language": language,
        "created_at": datetime.now(UTC),
    }
    _make_current(database, language, [cluster | stamp | {"current": True} for cluster in clusters])
    return counts


def _clusters(rows: list[dict[str, Any]], settings: Settings, language: str) -> Iterator[dict[str, Any]]:
    """Documents of `clusters`, without the run, numbered in the order of their first articles."""
    if not rows:
        return
    groups: dict[int, list[dict[str, Any]]] = {}
    with progress_bar(f"cluster {language}", len(rows)) as advance:
        embedder = load_embedder(settings.embedder, language=language)
        vectors = embedder.encode([article_text(row, settings.sentences) for row in rows])
        labels = agglomerate(
            vectors, distance_threshold=settings.threshold, linkage=settings.linkage,
            days=_days(rows) if settings.window else None, window=settings.window, advance=advance,
        )  # fmt: skip
    for row, label in zip(rows, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(row)
    events = [members for members in groups.values() if len(members) > 1]
    for number, members in enumerate(events):
        links = sorted(row["link"] for row in members)
        dates = [row["date"] for row in members if row.get("date")]
        yield {
            "number": number, "event": event_key(links), "articles": [row["_id"] for row in members], "links": links,
            "size": len(members), "first_date": min(dates, default=None), "last_date": max(dates, default=None),
            "embedder": settings.embedder, "linkage": settings.linkage, "threshold": settings.threshold,
            "window": settings.window,
        }  # fmt: skip


def event_key(links: Iterable[str]) -> str:
    """sha256 (hex) of the members' links: an event is the set of its articles."""
    return hashlib.sha256("\n".join(sorted(links)).encode()).hexdigest()


def _days(rows: list[dict[str, Any]]) -> list[float]:
    """Days since 1970 of each row; a row without a date is far from all others."""
    return [row["date"].timestamp() / 86400 if row.get("date") else 1e9 + 1e4 * i for i, row in enumerate(rows)]


def _fingerprint(rows: list[dict[str, Any]], settings: Settings) -> str:
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for row in rows:
        digest.update(f"{row['link']}\0{row.get('date')}\0{article_text(row)}\0".encode())
    return digest.hexdigest()


def _is_current(
    database: Database[dict[str, Any]], language: str, fingerprint: str, clusters: list[dict[str, Any]]
) -> bool:
    stored = list(database.clusters.find({"current": True, "language": language}, {"event": 1, "fingerprint": 1}))
    return (
        bool(stored)
        and all(row.get("fingerprint") == fingerprint for row in stored)
        and sorted(row["event"] for row in stored) == sorted(cluster["event"] for cluster in clusters)
    )


def _make_current(database: Database[dict[str, Any]], language: str, documents: list[dict[str, Any]]) -> None:
    """Swap the events of a language in one transaction: who reads sees the old ones or the new, whatever is killed."""

    def swap(session: Any) -> None:
        old = {"language": language, "current": True}
        database.clusters.update_many(old, {"$set": {"current": False}}, session=session)
        if documents:
            database.clusters.insert_many(documents, session=session)

    if "setName" not in database.client.admin.command("hello"):
        # A standalone server has no transactions; a kill between the two lines is mended by the next run.
        swap(None)
        return
    with database.client.start_session() as session:
        session.with_transaction(swap)
