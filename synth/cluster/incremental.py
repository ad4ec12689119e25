"""The events of a language brought up to date: only what new, changed or gone articles can touch is worked again.

With a window an article meets only those of the days around it, and a cluster never leaves its component of the graph
"distance < threshold". So the articles of the new ones' windows and all that hangs together with these, or with what is
gone, are read and clustered; components elsewhere stay as they are. The partition is the one that clustering all
articles afresh with the same statistics finds.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.cluster import assignments as placements
from synth.cluster.assignments import ALONE, Key, Placement, State
from synth.cluster.stream import agglomerate_stream, agglomerate_whole
from synth.embed import Embedder, TfidfEmbedder, article_text, load_embedder, refuse_language
from synth.embed import document_frequencies as statistics
from synth.embed.cache import StoredEmbedder
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Articles whose texts are held at once.
_PORTION = 4096
#: Statistics are counted again by themselves when the archive is this many times as large: rare words are then others.
_GROWN = 2
#: Days by which windows are taken wider, so that rounding leaves out nothing.
_SLACK = 1e-6
#: Events that change in one transaction: more than 50,000 did not fit a server with a cache of 256 MB.
_TOGETHER = 2_000
_TEXT = {"title": 1, "description": 1, "content": 1}


#: Thresholds of TF-IDF rows, average linkage. Few articles tell little of which words are rare, and what they share by
#: chance weighs more: of 20 random Italian articles .80 joins two, .75 none. How they were chosen: docs/clustering.md.
_FEW, _FEW_THRESHOLD, _THRESHOLD = 100, 0.75, 0.80


@dataclass(frozen=True)
class Settings:
    """What the partition depends on besides the articles."""

    embedder: str = "tfidf"
    #: Cosine distance; None: what was measured for the embedder, by the number of texts that its statistics know.
    threshold: float | None = None
    linkage: str = "average"
    #: Days between two reports of one event; follow-ups chain beyond it through the articles between.
    window: float | None = 3.0
    #: Of the body, beside title and lead; None: all. What comes late in a long article is background that others share.
    sentences: int | None = 10
    force_language: bool = False

    def with_threshold(self, texts: int) -> Settings:
        """These settings with the threshold for an archive of so many texts.

        Raises:
            NewsmillError: none was measured for the embedder.
        """
        if self.threshold is not None:
            return self
        if self.embedder.partition(":")[0] in ("use", "st"):
            raise NewsmillError(
                f"cluster: no threshold was measured for embedder {self.embedder}: give --threshold "
                "(docs/clustering.md tells how to choose one)"
            )
        return replace(self, threshold=_FEW_THRESHOLD if texts < _FEW else _THRESHOLD)


@dataclass
class Vectors:
    """How the texts of a language become rows."""

    #: changes whenever the rows of the same texts could.
    fingerprint: str
    #: makes the embedder; heavy, so only where there is something to embed.
    load: Callable[[], Embedder]
    refitted: bool = False
    #: number of texts that the statistics were counted from; 0 where there are none.
    texts: int = 0


def cluster_articles(
    database: Store, run: str, language: str | None, settings: Settings, wanted: Mapping[str, Any], refit: bool = False
) -> Counter[str]:
    """Cluster the articles of one language and make the result current; the same articles and settings change nothing.

    Events are clusters of two articles or more; what stands alone is counted as `alone`, what was read as `read`.
    """
    keys = placements.keys_of(database, wanted, language)
    vectors = vectors_of(database, language, settings, keys, refit)
    settings = settings.with_threshold(vectors.texts)
    digest = settings_digest(settings, vectors)
    state = placements.read_state(database, language, digest)
    affected, gone = _affected(keys, state, settings.window)
    work = _Work(database, f"{run}:{language}", language, settings, digest, keys, state)
    counts = Counter(articles=len(keys), statistics_renewed=int(vectors.refitted))
    if affected or gone or state.settings != digest:
        counts += work.renew(affected, gone, vectors)
    events, members = _current(database, language)
    counts.update(events=events, in_events=members, alone=len(keys) - members, unchanged=events - counts["changed"])
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


def settings_digest(settings: Settings, vectors: Vectors) -> str:
    told = json.dumps({**asdict(settings), "vectors": vectors.fingerprint}, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def statistics_key(language: str | None, settings: Settings) -> str:
    return f"{settings.embedder}:{language}:{settings.sentences or 'all'}"


def vectors_of(
    database: Store, language: str | None, settings: Settings, keys: Sequence[Key], refit: bool = False
) -> Vectors:
    """The embedder of a language; TF-IDF with the archive's stored statistics, which are counted where they lack.

    Raises:
        NewsmillError: no such embedder, or it was not made for the language.
    """
    name = settings.embedder
    if name.partition(":")[0] != "tfidf":
        refuse_language(name, language, settings.force_language)
        stored = StoredEmbedder(database, name, lambda: load_embedder(name, language=language, force=True))
        return Vectors(stored.key, lambda: stored)
    bits = getattr(load_embedder(name), "bits", None)
    key = statistics_key(language, settings)
    head = database.statistics.find_one({"_id": key}) or {"texts": 0, "fingerprint": ""}
    renew = bool(keys) and (refit or len(keys) >= _GROWN * head["texts"])
    if renew:
        counted = statistics.count(texts_of(database, keys, settings.sentences), bits)
        statistics.save(database, key, counted)
        head = {"texts": counted.texts, "fingerprint": counted.fingerprint}
    return _tfidf_vectors(database, key, bits, head["fingerprint"], renew, head["texts"])


def stored_vectors(database: Store, language: str | None, settings: Settings) -> Vectors:
    """The same as the last run had them: statistics are not counted again."""
    name = settings.embedder
    if name.partition(":")[0] != "tfidf":
        return vectors_of(database, language, settings, [])
    key = statistics_key(language, settings)
    return _tfidf_vectors(database, key, getattr(load_embedder(name), "bits", None), "", False)


def _tfidf_vectors(
    database: Store, key: str, bits: int | None, fingerprint: str, renewed: bool, texts: int = 0
) -> Vectors:
    def load() -> Embedder:
        found = statistics.load(database, key)
        if found is None:
            raise NewsmillError(f"cluster: the statistics {key} are incomplete: run synth cluster --refit")
        return TfidfEmbedder(bits, found)

    return Vectors(fingerprint, load, renewed, texts)


def texts_of(database: Store, keys: Sequence[Key], sentences: int | None) -> Iterator[str]:
    """The texts to embed, in the order of the keys; "" for an article that is gone in the meantime."""
    for start in range(0, len(keys), _PORTION):
        part = [key.id for key in keys[start : start + _PORTION]]
        rows = {row["_id"]: row for row in database.articles.find({"_id": {"$in": part}}, _TEXT)}
        for article in part:
            yield article_text(rows[article], sentences) if article in rows else ""


def _affected(keys: Sequence[Key], state: State, window: float | None) -> tuple[list[Key], set[Any]]:
    """(articles to be worked again, in order; _ids of those that are gone)."""
    known = state.placements
    new = [key for key in keys if key.id not in known or known[key.id].digest != key.digest]
    gone = known.keys() - {key.id for key in keys}
    fresh = {key.id for key in new}
    near = _in_windows(keys, new, window) if new else []
    touched = {known[key.id].component for key in near if key.id in known}
    touched |= {known[article].component for article in gone | (fresh & known.keys())}
    return [key for key in keys if key.id in fresh or known[key.id].component in touched], gone


def _in_windows(keys: Sequence[Key], new: Sequence[Key], window: float | None) -> list[Key]:
    """The articles that a new one can be near to."""
    import numpy as np

    if window is None:
        return list(keys)
    # Sorted: those without a date come first, and are near to none.
    dated = [key for key in keys if key.day is not None]
    days = np.array([key.day for key in dated], dtype=float)
    centres = np.array([key.day for key in new if key.day is not None], dtype=float)
    edges = np.zeros(len(days) + 1, dtype=np.int64)
    np.add.at(edges, np.searchsorted(days, centres - window - _SLACK, side="left"), 1)
    np.add.at(edges, np.searchsorted(days, centres + window + _SLACK, side="right"), -1)
    return [dated[i] for i in np.flatnonzero(np.cumsum(edges[:-1]) > 0)]


class _Work:
    """One language brought up to date by one run."""

    def __init__(
        self, database: Store, run: str, language: str | None, settings: Settings, digest: str,
        keys: Sequence[Key], state: State,
    ) -> None:  # fmt: skip
        self.database, self.run, self.language, self.settings = database, run, language, settings
        self.digest, self.keys, self.state = digest, keys, state

    def renew(self, affected: Sequence[Key], gone: set[Any], vectors: Vectors) -> Counter[str]:
        """Cluster these articles, and write what became of them and of those that are gone."""
        labels, components = self._clustered(affected, vectors)
        events: dict[int, list[Key]] = {}
        for key, label in zip(affected, labels, strict=True):
            events.setdefault(label, []).append(key)
        found = [self._document(members) for members in events.values() if len(members) > 1]
        old = self._earlier(affected, gone)
        new = _numbered(found, old, self._next_number())
        kept = {row["_id"] for row in new if "_id" in row}
        fresh, retired = [row for row in new if "_id" not in row], [row for row in old if row["_id"] not in kept]
        self._write(fresh, retired, self._placed(affected, components, new), gone)
        read = sum(1 for key in affected if key.day is not None or not self.settings.window)
        return Counter(read=read, changed=len(new) - len(kept))

    def _clustered(self, affected: Sequence[Key], vectors: Vectors) -> tuple[list[int], list[int]]:
        """([n] labels, [n] components); an article without a date is alone where there is a window."""
        settings = self.settings
        first = 0
        if settings.window is not None:
            first = sum(key.day is None for key in affected)
        dated = affected[first:]
        labels, components = list(range(-first, len(dated))), list(range(-first, len(dated)))
        options: dict[str, Any] = {
            "distance_threshold": settings.threshold, "linkage": settings.linkage, "window": settings.window,
        }  # fmt: skip
        streams = settings.window is not None and (settings.threshold or 0) <= 1
        with progress_bar(f"cluster {self.language}", len(dated)) as advance:
            portions = self._portions(dated, vectors, advance)
            for closed in (agglomerate_stream if streams else agglomerate_whole)(portions, **options):
                for i, label, component in zip(*(part.tolist() for part in closed), strict=True):
                    labels[first + i], components[first + i] = label, component
        base = self.state.next_component + first
        self.state.next_component = base + len(dated)
        return labels, [base + component for component in components]

    def _portions(
        self, keys: Sequence[Key], vectors: Vectors, advance: Callable[[int], None]
    ) -> Iterator[tuple[Any, np.ndarray]]:
        import numpy as np

        embedder = vectors.load() if keys else None
        for start in range(0, len(keys), _PORTION):
            part = keys[start : start + _PORTION]
            rows = embedder.encode(list(texts_of(self.database, part, self.settings.sentences))) if embedder else None
            # Without a window some have no day, and none is looked at.
            yield rows, np.array([key.day or 0.0 for key in part])
            advance(len(part))

    def _document(self, members: Sequence[Key]) -> dict[str, Any]:
        """What `clusters` says of an event, but for run and number."""
        links = sorted(key.link for key in members)
        dates = [key.date for key in members if key.date]
        return {
            "event": event_key(links), "texts": texts_key(members), "articles": [key.id for key in members],
            "links": links, "size": len(members), "language": self.language,
            "first_date": min(dates, default=None), "last_date": max(dates, default=None),
            "embedder": self.settings.embedder, "linkage": self.settings.linkage,
            "threshold": self.settings.threshold, "window": self.settings.window,
        }  # fmt: skip

    def _earlier(self, affected: Sequence[Key], gone: set[Any]) -> list[dict[str, Any]]:
        """Current events that have one of these articles."""
        wanted: dict[str, Any] = {"current": True, "language": self.language}
        if not self.state.settings or len(affected) > len(self.keys) / 4:
            touched = {key.id for key in affected} | gone if self.state.settings else None
            rows = self.database.clusters.find(wanted)
            return [row for row in rows if touched is None or not touched.isdisjoint(row["articles"])]
        found: dict[Any, dict[str, Any]] = {}
        ids = [*(key.id for key in affected), *gone]
        for start in range(0, len(ids), 10_000):
            part = {"articles": {"$in": ids[start : start + 10_000]}}
            found |= {row["_id"]: row for row in self.database.clusters.find(wanted | part)}
        return list(found.values())

    def _next_number(self) -> int:
        last = self.database.clusters.find_one(
            {"language": self.language, "number": {"$exists": True}}, {"number": 1}, sort=[("number", -1)]
        )
        return int(last["number"]) + 1 if last else 0

    def _placed(
        self, affected: Sequence[Key], components: Sequence[int], events: Iterable[Mapping[str, Any]]
    ) -> dict[Any, Placement]:
        numbers = {article: row["number"] for row in events for article in row["articles"]}
        return {
            key.id: Placement(key.digest, component, numbers.get(key.id, ALONE))
            for key, component in zip(affected, components, strict=True)
        }

    def _write(
        self, new: list[dict[str, Any]], retired: list[dict[str, Any]], placed: dict[Any, Placement], gone: set[Any]
    ) -> None:
        """Make the new events current. Killed on the way, the next run clusters the language afresh."""
        clusters = self.database.clusters
        stamp = {"run": self.run, "created_at": datetime.now(UTC), "current": False, "pending": True}
        placements.claim(self.database, self.language, self.run)
        # What a killed run left.
        clusters.delete_many({"language": self.language, "pending": True})
        rows = [row | stamp for row in new]
        for start in range(0, len(rows), 1000):
            clusters.insert_many(rows[start : start + 1000])
        placements.write(self.database, self.language, self._dirty(placed, gone))
        *swaps, last = _swaps(rows, retired)
        for swap in swaps:
            self._swap(*swap)
        told = {
            "settings": self.digest,
            "configuration": asdict(self.settings),
            "next_component": self.state.next_component,
        }
        self._swap(*last, told)

    def _swap(self, new: Sequence[Any], retired: Sequence[Any], told: Mapping[str, Any] | None = None) -> None:
        """Retire events and make others current in one transaction: who reads sees the ones or the others."""
        clusters = self.database.clusters

        def swap(session: Any) -> None:
            clusters.update_many({"_id": {"$in": retired}}, {"$set": {"current": False}}, session=session)
            clusters.update_many(
                {"_id": {"$in": new}}, {"$set": {"current": True}, "$unset": {"pending": ""}}, session=session
            )
            placements.hold(self.database, self.language, self.run, told, session)

        if "setName" not in self.database.client.admin.command("hello"):
            # A standalone server has no transactions; a kill between the lines is mended by the next run.
            swap(None)
            return
        with self.database.client.start_session() as session:
            session.with_transaction(swap)

    def _dirty(self, placed: dict[Any, Placement], gone: set[Any]) -> dict[str, list[tuple[Any, Placement]]]:
        """The documents of placements that change, with all their articles."""
        known, dirty = self.state.placements, set()
        if not self.state.settings:
            # Nothing is known of what lies there: all of it is written anew.
            self.database.placements.delete_many({"language": self.language, "articles": {"$exists": True}})
        dirty |= {known[article].home for article in gone}
        placed_in: dict[str, list[tuple[Any, Placement]]] = {}
        for key, home in placements.homes(self.keys, self.language):
            earlier = known.get(key.id)
            placement = placed.get(key.id) or earlier
            if placement is None:
                continue
            if key.id in placed or (earlier and earlier.home != home):
                dirty |= {home} | ({earlier.home} if earlier else set())
            placed_in.setdefault(home, []).append((key.id, placement))
        return {home: placed_in.get(home, []) for home in dirty}


def _numbered(found: list[dict[str, Any]], old: list[dict[str, Any]], following: int) -> list[dict[str, Any]]:
    """The events with numbers; those that are stored just so already are given as they are stored, with their `_id`.

    An event keeps the number of the earlier one that it shares most articles with, more than half of the smaller of
    the two; where several could have a number, the one that shares most has it. New ones count on.
    """
    home = {article: i for i, row in enumerate(old) for article in row["articles"]}
    shared = [Counter(home[article] for article in row["articles"] if article in home) for row in found]
    claims = sorted(
        (-both, old[j]["number"], i, j)
        for i, several in enumerate(shared)
        for j, both in several.items()
        if 2 * both > min(found[i]["size"], old[j]["size"])
    )
    taken: set[int] = set()
    numbers: dict[int, int] = {}
    for _, _, i, j in claims:
        if i not in numbers and j not in taken:
            taken.add(j)
            numbers[i] = j
    rows = []
    for i, row in enumerate(found):
        earlier = old[numbers[i]] if i in numbers else None
        if earlier is not None and all(earlier.get(name) == value for name, value in row.items()):
            rows.append(earlier)
            continue
        rows.append(row | {"number": earlier["number"] if earlier is not None else following})
        following += earlier is None
    return rows


def _swaps(new: Sequence[Mapping[str, Any]], retired: Sequence[Mapping[str, Any]]) -> list[tuple[list[Any], list[Any]]]:
    """(_ids of new events, _ids of retired ones) for each transaction; one is enough for a day, never none.

    A server can hold but so much of a transaction in memory. Events that share an article change in the same one: at no
    moment is an article in two of them.
    """
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = [*new, *retired]
    if len(rows) <= _TOGETHER:
        return [([row["_id"] for row in new], [row["_id"] for row in retired])]
    home = {article: i for i, row in enumerate(retired, len(new)) for article in row["articles"]}
    edges = [(i, home[article]) for i, row in enumerate(new) for article in row["articles"] if article in home]
    left, right = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(left), dtype=bool), (left, right)), shape=(len(rows), len(rows)))
    _, parts = connected_components(graph, directed=False)
    swaps: list[tuple[list[Any], list[Any]]] = [([], [])]
    before = -1
    for i in np.argsort(parts, kind="stable").tolist():
        if parts[i] != before and len(swaps[-1][0]) + len(swaps[-1][1]) >= _TOGETHER:
            swaps.append(([], []))
        before = parts[i]
        swaps[-1][i >= len(new)].append(rows[i]["_id"])
    return swaps


def event_key(links: Iterable[str]) -> str:
    """sha256 (hex) of the members' links: an event is the set of its articles."""
    return hashlib.sha256("\n".join(sorted(links)).encode()).hexdigest()


def texts_key(members: Iterable[Key]) -> str:
    """sha256 (hex) of the members' links and content hashes: changes when one of the texts does."""
    told = sorted(f"{key.link}\0{key.content_hash}" for key in members)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
