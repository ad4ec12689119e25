"""Events and articles: lists of events, an event with the distances of its articles, an article with its revisions."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.items import NewsmillError
from synth.display.sample_card import number, record, values
from synth.embed import article_text
from synth.embed.archive import stored_embedder
from synth.review.browse.order import Order, Place
from synth.review.browse.sample_list import text

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

Row = Mapping[str, Any]
#: Rows of a page, and milliseconds that the server may take for it.
ROWS, TIMEOUT = 25, 10_000
#: Articles of which an event's page shows the distances, and samples of an event or article that are listed.
MATRIX, SAMPLES = 30, 100
SORTS = ("last_date", "size", "newspapers")
#: Seconds for which the number of newspapers of every event is kept: counting 100,000 takes a second.
_LASTING = 120.0
_EVENT = {"event": 1, "size": 1, "language": 1, "first_date": 1, "last_date": 1, "number": 1, "links": 1, "articles": 1}


@dataclass(frozen=True)
class EventPage:
    """Rows of the current events: {id, size, language, first_date, last_date, newspapers, title}."""

    rows: list[dict[str, Any]]
    order: Order
    before: str = ""
    after: str = ""


class EventList:
    """The lists of the current events of one store."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._newspapers: tuple[float, list[tuple[int, str, Any]]] = (-math.inf, [])

    def page(self, sort: str = "", language: str = "", after: str = "", before: str = "") -> EventPage:
        """
        Raises:
            NewsmillError: there is no such field to sort by, or no such place.
        """
        order = Order.of(sort, dict.fromkeys(SORTS), "-last_date")
        position, backward = before or after, bool(before)
        if order.field == "newspapers":
            ids = self._by_newspapers(order, Place.read(position) if position else None, backward)
            rows = self._in_order(ids, language)
        else:
            parts: list[Row] = [{"current": True}, *([{"language": language}] if language else [])]
            parts += [order.beyond(Place.read(position), backward)] if position else []
            cursor = self._database.clusters.find({"$and": parts}, _EVENT, limit=ROWS + 1, max_time_ms=TIMEOUT)
            rows = list(cursor.sort(order.keys(backward)))
        return self._page(rows, order, before, after)

    def _page(self, rows: list[dict[str, Any]], order: Order, before: str, after: str) -> EventPage:
        more, displayed = len(rows) > ROWS, rows[:ROWS]
        if before:
            displayed.reverse()
        titles = self._titles(displayed)
        for row in displayed:
            row["newspapers"] = len(sites(row))
        ends = [Place.of(row, order).text for row in (displayed[0], displayed[-1])] if displayed else ["", ""]
        has_before, has_after = (more, True) if before else (bool(after), more)
        return EventPage(
            [event_row(row, titles) for row in displayed], order,
            before=ends[0] if has_before else "", after=ends[1] if has_after else "",
        )  # fmt: skip

    def _titles(self, rows: Sequence[Row]) -> dict[Any, tuple[str, str]]:
        """_id of the first article of each event -> (title, language)."""
        firsts = [articles[0] for row in rows if (articles := values(row.get("articles")))]
        documents = self._database.articles.find({"_id": {"$in": firsts}}, {"title": 1, "language": 1})
        return {row["_id"]: (text(row.get("title"), 200), text(row.get("language"), 20)) for row in documents}

    def _by_newspapers(self, order: Order, position: Place | None, backward: bool) -> Iterator[Any]:
        """_ids of all events from a place on; equal numbers in the order of their _ids as texts."""
        rows, downward = self._numbered(), order.descending != backward
        if position is not None and not isinstance(position.value, int):
            raise NewsmillError("the address names no place in the list: begin at its first page")
        position_key = (position.value, str(position.id)) if position else None
        if position_key is None:
            positions = range(len(rows) - 1, -1, -1) if downward else range(len(rows))
        elif downward:
            positions = range(bisect.bisect_left(rows, position_key, key=_place) - 1, -1, -1)
        else:
            positions = range(bisect.bisect_right(rows, position_key, key=_place), len(rows))
        return (rows[i][2] for i in positions)

    def _numbered(self) -> list[tuple[int, str, Any]]:
        """(newspapers, _id as text, _id) of all current events; older numbers do until new ones are there."""
        with self._lock:
            at, rows = self._newspapers
            if time.monotonic() - at < _LASTING:
                return rows
            if rows:
                self._newspapers = (time.monotonic(), rows)
                threading.Thread(target=self._number_behind, daemon=True, name="newspapers of events").start()
                return rows
        return self._number()

    def _number_behind(self) -> None:
        """Those of before do where the store is away."""
        from pymongo.errors import PyMongoError

        with contextlib.suppress(PyMongoError):
            self._number()

    def _number(self) -> list[tuple[int, str, Any]]:
        documents = self._database.clusters.find({"current": True}, {"links": 1})
        rows = sorted(((len(sites(row)), str(row["_id"]), row["_id"]) for row in documents), key=_place)
        with self._lock:
            self._newspapers = (time.monotonic(), rows)
        return rows

    def _in_order(self, ids: Iterator[Any], language: str) -> list[dict[str, Any]]:
        """The first events of these _ids in a language: one more than a page has, where there are more."""
        rows: list[dict[str, Any]] = []
        while len(rows) <= ROWS and (part := list(itertools.islice(ids, 2 * ROWS))):
            query = {"_id": {"$in": part}, "current": True, **({"language": language} if language else {})}
            documents = {row["_id"]: row for row in self._database.clusters.find(query, _EVENT)}
            rows += [documents[own] for own in part if own in documents]
        for row in rows:
            row["newspapers"] = len(sites(row))
        return rows[: ROWS + 1]


def _place(row: tuple[int, str, Any]) -> tuple[int, str]:
    return row[:2]


def event_row(row: Row, titles: Mapping[Any, tuple[str, str]]) -> dict[str, Any]:
    """What a list shows of an event."""
    articles = values(row.get("articles"))
    title, language = titles.get(articles[0], ("", "")) if articles else ("", "")
    own = row.get("event")
    return {
        "id": own if isinstance(own, str) and own else str(row["_id"]),
        "size": number(row.get("size")) or len(articles),
        "language": text(row.get("language"), 20), "first_date": _moment(row.get("first_date")),
        "last_date": _moment(row.get("last_date")), "sites": sites(row), "title": title,
        "title_language": language or text(row.get("language"), 20),
    }  # fmt: skip


def sites(event: Row) -> list[str]:
    """Hosts of the event's articles, each once: as many newspapers reported it."""
    return sorted({_host(link) for link in values(event.get("links"))} - {""})


def _host(link: Any) -> str:
    try:
        return (urlsplit(str(link)).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


# ---- one event


def find_event(database: Store, name: str) -> dict[str, Any] | None:
    """The event of a key or an _id: the current one, else the newest of older runs."""
    from bson import ObjectId

    own: list[Any] = [name, *([ObjectId(name)] if ObjectId.is_valid(name) else [])]
    for query in ({"event": name}, {"_id": {"$in": own}}):
        row = database.clusters.find_one(query, sort=[("current", -1), ("created_at", -1)])
        if row is not None:
            return row
    return None


def event_details(database: Store, event: Row) -> dict[str, Any]:
    """{row, articles, distances, unknown, samples, settings, current}.

    `distances` [articles][articles] are cosine distances of the first MATRIX articles in the order of the list, by the
    embedder that the run used; None where they are not known, and `unknown` says why.
    """
    ids = values(event.get("articles"))
    documents = {row["_id"]: row for row in database.articles.find({"_id": {"$in": ids}})}
    articles = [documents[own] for own in ids if own in documents]
    articles.sort(key=lambda row: (str(row.get("date") or ""), str(row["_id"])))
    distances, unknown = _distances(database, event, articles[:MATRIX])
    titles = {row["_id"]: (text(row.get("title"), 200), text(row.get("language"), 20)) for row in articles}
    names = ("embedder", "linkage", "threshold", "window", "run", "number")
    return {
        "row": event_row(event, titles), "articles": [article_row(row) for row in articles],
        "gone": len(ids) - len(articles), "distances": distances, "unknown": unknown,
        "settings": {name: event[name] for name in names if event.get(name) is not None},
        "current": event.get("current") is True, "samples": samples_of(database, _made_of(event)),
    }  # fmt: skip


def _distances(database: Store, event: Row, articles: Sequence[Row]) -> tuple[list[list[float]] | None, str]:
    """([articles][articles] cosine distances or None, why there are none)."""
    if len(articles) < 2:
        return None, ""
    name, language = str(event.get("embedder") or ""), event.get("language")
    head = database.placements.find_one({"_id": str(language)}, {"configuration": 1}) or {}
    configuration = record(head.get("configuration"))
    if configuration.get("embedder") != name:
        return None, "its articles were compared in a run whose settings the store has no longer"
    try:
        embedder = stored_embedder(database, name, language, configuration.get("sentences"))
        rows = embedder.encode([article_text(row, configuration.get("sentences")) for row in articles])
    except NewsmillError as error:
        return None, str(error)
    return _cosine_distances(rows), ""


def _cosine_distances(rows: Any) -> list[list[float]]:
    import numpy as np

    products = rows @ rows.T
    near = np.asarray(products.todense()) if hasattr(products, "todense") else np.asarray(products)
    return [[round(min(2.0, max(0.0, 1.0 - float(value))), 4) for value in row] for row in near]


def article_row(article: Row) -> dict[str, Any]:
    """What a list shows of an article."""
    names = ("link", "title", "source_site", "language", "section")
    return {name: text(article.get(name), 2000) for name in names} | {"date": _moment(article.get("date"))}


def _made_of(event: Row) -> Row:
    """Samples of the event, and those of which an article of it is a source."""
    links = [link for link in values(event.get("links")) if isinstance(link, str)]
    parts: list[Row] = [{"sources.link": {"$in": links}}] if links else []
    own = event.get("event")
    return {"$or": [*parts, *([{"event": own}] if isinstance(own, str) and own else [])]}


def samples_of(database: Store, query: Row) -> list[dict[str, Any]]:
    """Samples of an event or article: {key, task, language, status, superseded, answer}."""
    if not all(query.values()):
        return []
    fields = {"key": 1, "task": 1, "language": 1, "status": 1, "superseded": 1, "answer": 1}
    rows = database.samples.find(query, fields, max_time_ms=TIMEOUT).limit(SAMPLES)
    return [
        {name: text(row.get(name), 200) for name in ("key", "task", "language", "status", "answer")}
        | {"superseded": row.get("superseded") is True}
        for row in rows
    ]


# ---- one article


def find_article(database: Store, link: str) -> dict[str, Any] | None:
    """The article at an address, or at one of its other addresses."""
    for query in ({"link": link}, {"also_at": link}):
        row = database.articles.find_one(query)
        if row is not None:
            return row
    return None


def article_details(database: Store, article: Row) -> dict[str, Any]:
    """{article, revisions, events, samples, fragments}: texts of earlier revisions newest first."""
    link = article.get("link")
    older = database.revisions.find({"link": link}).sort("revision", -1).limit(SAMPLES)
    events = database.clusters.find({"articles": article["_id"]}, _EVENT | {"current": 1}).limit(SAMPLES)
    return {
        "article": _article(article), "revisions": [_article(row) for row in older],
        "events": [event_row(row, {}) | {"current": row.get("current") is True} for row in events],
        "samples": samples_of(database, {"sources.link": link}),
        "fragments": database.fragments.count_documents({"link": link}),
    }  # fmt: skip


def _article(row: Row) -> dict[str, Any]:
    names = ("title", "description", "content", "access", "kind")
    permission = record(row.get("permission"))
    return {
        **article_row(row), **{name: str(row.get(name) or "") for name in names},
        "authors": [text(name, 100) for name in values(row.get("authors"))],
        "tags": [text(name, 100) for name in values(row.get("tags"))],
        "date_modified": _moment(row.get("date_modified")), "crawled_at": _moment(row.get("crawled_at")),
        "revision": number(row.get("revision")) or 0, "opted_out": permission.get("opt_out") is True,
    }  # fmt: skip
