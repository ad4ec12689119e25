"""The events of a language brought up to date: only what new, changed or gone articles can touch is worked again.

With a window an article meets only those of the days around it, and a cluster never leaves its component of the graph
"distance < threshold". So the articles of the new ones' windows and all that hangs together with these, or with what is
gone, are read and clustered; components elsewhere stay as they are. The partition is the one that clustering all
articles afresh with the same statistics finds.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synth.cluster import assignments
from synth.cluster.assignments import NOISE, ArticleRef, Assignment, State
from synth.cluster.events import event_key, numbered, texts_key, transactions
from synth.cluster.settings import Settings, change
from synth.cluster.stream import agglomerate_stream, agglomerate_whole
from synth.cluster.vectors import Vectors, portions, settings_digest, vectors_of
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Days by which windows are taken wider, so that rounding leaves out nothing.
_SLACK = 1e-6


def cluster_articles(
    database: Store,
    run: str,
    language: str | None,
    settings: Settings,
    condition: Mapping[str, Any],
    refit: bool = False,
) -> Counter[str]:
    """Cluster the articles of one language and make the result current; the same articles and settings change nothing.

    Events are clusters of two articles or more; what stands alone is counted as `alone`, what was read as `read`.
    """
    refs = assignments.article_refs(database, condition, language)
    vectors = vectors_of(database, language, settings, refs, refit)
    settings = settings.with_threshold(vectors.texts)
    digest = settings_digest(settings, vectors)
    state = assignments.read_state(database, language, digest)
    if message := change(assignments.configuration(database, language), settings):
        print(f"cluster: {language}: {message}", file=sys.stderr)
    affected, removed = _affected(refs, state, settings.window)
    update = LanguageUpdate(database, f"{run}:{language}", language, settings, digest, refs, state)
    counts = Counter(articles=len(refs), statistics_renewed=int(vectors.refitted))
    if affected or removed or state.settings != digest:
        counts += update.recluster(affected, removed, vectors)
    events, members = _current(database, language)
    counts.update(events=events, in_events=members, alone=len(refs) - members, unchanged=events - counts["changed"])
    return counts


def _current(database: Store, language: str | None) -> tuple[int, int]:
    """(number of current events, number of articles in them)."""
    rows = database.clusters.aggregate(
        [
            {"$match": {"current": True, "language": language}},
            {"$group": {"_id": None, "events": {"$sum": 1}, "articles": {"$sum": "$size"}}},
        ]
    )
    return next(((row["events"], row["articles"]) for row in rows), (0, 0))


def _affected(refs: Sequence[ArticleRef], state: State, window: float | None) -> tuple[list[ArticleRef], set[Any]]:
    """(articles to be worked again, in order; _ids of those that are gone)."""
    earlier = state.assignments
    new = [ref for ref in refs if ref.id not in earlier or earlier[ref.id].digest != ref.digest]
    removed = earlier.keys() - {ref.id for ref in refs}
    fresh = {ref.id for ref in new}
    near = _in_windows(refs, new, window) if new else []
    touched = {earlier[ref.id].component for ref in near if ref.id in earlier}
    touched |= {earlier[article].component for article in removed | (fresh & earlier.keys())}
    return [ref for ref in refs if ref.id in fresh or earlier[ref.id].component in touched], removed


def _in_windows(refs: Sequence[ArticleRef], new: Sequence[ArticleRef], window: float | None) -> list[ArticleRef]:
    """The articles that a new one can be near to."""
    import numpy as np

    if window is None:
        return list(refs)
    # Sorted: those without a date come first, and are near to none.
    dated = [ref for ref in refs if ref.day is not None]
    days = np.array([ref.day for ref in dated], dtype=float)
    centres = np.array([ref.day for ref in new if ref.day is not None], dtype=float)
    edges = np.zeros(len(days) + 1, dtype=np.int64)
    np.add.at(edges, np.searchsorted(days, centres - window - _SLACK, side="left"), 1)
    np.add.at(edges, np.searchsorted(days, centres + window + _SLACK, side="right"), -1)
    return [dated[i] for i in np.flatnonzero(np.cumsum(edges[:-1]) > 0)]


class LanguageUpdate:
    """One language brought up to date by one run."""

    def __init__(
        self, database: Store, run: str, language: str | None, settings: Settings, digest: str,
        refs: Sequence[ArticleRef], state: State,
    ) -> None:  # fmt: skip
        self.database, self.run, self.language, self.settings = database, run, language, settings
        self.digest, self.refs, self.state = digest, refs, state

    def recluster(self, affected: Sequence[ArticleRef], removed: set[Any], vectors: Vectors) -> Counter[str]:
        """Cluster these articles, and write what became of them and of those that are gone."""
        labels, components = self._clustered(affected, vectors)
        events: dict[int, list[ArticleRef]] = {}
        for ref, label in zip(affected, labels, strict=True):
            events.setdefault(label, []).append(ref)
        rows = [self._document(members) for members in events.values() if len(members) > 1]
        old = self._earlier(affected, removed)
        new = numbered(rows, old, self._next_number())
        unchanged = {row["_id"] for row in new if "_id" in row}
        fresh, retired = [row for row in new if "_id" not in row], [row for row in old if row["_id"] not in unchanged]
        self._write(fresh, retired, self._assigned(affected, components, new), removed)
        compared = sum(1 for ref in affected if ref.day is not None or not self.settings.window)
        return Counter(read=compared, changed=len(new) - len(unchanged))

    def _clustered(self, affected: Sequence[ArticleRef], vectors: Vectors) -> tuple[list[int], list[int]]:
        """([n] labels, [n] components); an article without a date is alone where there is a window."""
        settings = self.settings
        first = 0
        if settings.window is not None:
            first = sum(ref.day is None for ref in affected)
        dated = affected[first:]
        labels, components = list(range(-first, len(dated))), list(range(-first, len(dated)))
        options: dict[str, Any] = {
            "distance_threshold": settings.threshold, "linkage": settings.linkage, "window": settings.window,
            "spread": settings.spread,
        }  # fmt: skip
        streams = settings.window is not None and (settings.threshold or 0) <= 1
        with progress_bar(f"cluster {self.language}", len(dated)) as advance:
            parts = portions(self.database, dated, vectors, settings.sentences, advance)
            for closed in (agglomerate_stream if streams else agglomerate_whole)(parts, **options):
                for i, label, component in zip(*(part.tolist() for part in closed), strict=True):
                    labels[first + i], components[first + i] = label, component
        base = self.state.next_component + first
        self.state.next_component = base + len(dated)
        return labels, [base + component for component in components]

    def _document(self, members: Sequence[ArticleRef]) -> dict[str, Any]:
        """What `clusters` says of an event, but for run and number."""
        links = sorted(ref.link for ref in members)
        dates = [ref.date for ref in members if ref.date]
        return {
            "event": event_key(links), "texts": texts_key(members), "articles": [ref.id for ref in members],
            "links": links, "size": len(members), "language": self.language,
            "first_date": min(dates, default=None), "last_date": max(dates, default=None),
            "embedder": self.settings.embedder, "linkage": self.settings.linkage,
            "threshold": self.settings.threshold, "window": self.settings.window,
        }  # fmt: skip

    def _earlier(self, affected: Sequence[ArticleRef], removed: set[Any]) -> list[dict[str, Any]]:
        """Current events that have one of these articles."""
        condition: dict[str, Any] = {"current": True, "language": self.language}
        if not self.state.settings or len(affected) > len(self.refs) / 4:
            touched = {ref.id for ref in affected} | removed if self.state.settings else None
            rows = self.database.clusters.find(condition)
            return [row for row in rows if touched is None or not touched.isdisjoint(row["articles"])]
        by_id: dict[Any, dict[str, Any]] = {}
        ids = [*(ref.id for ref in affected), *removed]
        for start in range(0, len(ids), 10_000):
            part = {"articles": {"$in": ids[start : start + 10_000]}}
            by_id |= {row["_id"]: row for row in self.database.clusters.find(condition | part)}
        return list(by_id.values())

    def _next_number(self) -> int:
        last = self.database.clusters.find_one(
            {"language": self.language, "number": {"$exists": True}}, {"number": 1}, sort=[("number", -1)]
        )
        return int(last["number"]) + 1 if last else 0

    def _assigned(
        self, affected: Sequence[ArticleRef], components: Sequence[int], events: Iterable[Mapping[str, Any]]
    ) -> dict[Any, Assignment]:
        numbers = {article: row["number"] for row in events for article in row["articles"]}
        return {
            ref.id: Assignment(ref.digest, component, numbers.get(ref.id, NOISE))
            for ref, component in zip(affected, components, strict=True)
        }

    def _write(
        self,
        new: list[dict[str, Any]],
        retired: list[dict[str, Any]],
        assigned: dict[Any, Assignment],
        removed: set[Any],
    ) -> None:
        """Make the new events current. Killed on the way, the next run clusters the language afresh."""
        clusters = self.database.clusters
        stamp = {"run": self.run, "created_at": datetime.now(UTC), "current": False, "pending": True}
        assignments.lock(self.database, self.language, self.run)
        # What a killed run left.
        clusters.delete_many({"language": self.language, "pending": True})
        rows = [row | stamp for row in new]
        for start in range(0, len(rows), 1000):
            clusters.insert_many(rows[start : start + 1000])
        assignments.write(self.database, self.language, self._dirty(assigned, removed))
        *batches, last = transactions(rows, retired)
        for batch in batches:
            self.swap(*batch)
        outcome = {
            "settings": self.digest,
            "configuration": asdict(self.settings),
            "next_component": self.state.next_component,
        }
        self.swap(*last, outcome)

    def swap(self, new: Sequence[Any], retired: Sequence[Any], outcome: Mapping[str, Any] | None = None) -> None:
        """Retire events and make others current in one transaction: who reads sees the ones or the others."""
        clusters = self.database.clusters

        def write(session: Any) -> None:
            clusters.update_many({"_id": {"$in": retired}}, {"$set": {"current": False}}, session=session)
            clusters.update_many(
                {"_id": {"$in": new}}, {"$set": {"current": True}, "$unset": {"pending": ""}}, session=session
            )
            assignments.commit(self.database, self.language, self.run, outcome, session)

        if "setName" not in self.database.client.admin.command("hello"):
            # A standalone server has no transactions; after a kill between the lines the next run clusters afresh.
            write(None)
            return
        with self.database.client.start_session() as session:
            session.with_transaction(write)

    def _dirty(self, assigned: dict[Any, Assignment], removed: set[Any]) -> dict[str, list[tuple[Any, Assignment]]]:
        """The partitions that change, with all their articles."""
        before, dirty = self.state.assignments, set()
        if not self.state.settings:
            # Nothing is known of what lies there: all of it is written again.
            self.database.placements.delete_many({"language": self.language, "articles": {"$exists": True}})
        dirty |= {before[article].partition for article in removed}
        by_partition: dict[str, list[tuple[Any, Assignment]]] = {}
        for ref, partition in assignments.partitions(self.refs, self.language):
            earlier = before.get(ref.id)
            assignment = assigned.get(ref.id) or earlier
            if assignment is None:
                continue
            if ref.id in assigned or (earlier and earlier.partition != partition):
                dirty |= {partition} | ({earlier.partition} if earlier else set())
            by_partition.setdefault(partition, []).append((ref.id, assignment))
        return {partition: by_partition.get(partition, []) for partition in dirty}
