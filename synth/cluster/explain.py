"""`synth cluster --explain ARTICLE`: why an article is in its event, or in none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError, canonical_link
from synth.cluster import assignments
from synth.cluster.assignments import ArticleRef
from synth.cluster.settings import Settings
from synth.cluster.vectors import stored_vectors, texts_of
from synth.neighbors.cosine_graph import CosineGraph

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Articles that are shown.
_NEAREST = 10
_EVENT_FIELDS = ("number", "size", "first_date", "last_date", "event")
_ARTICLE_FIELDS = {"link": 1, "title": 1, "source_site": 1, "date": 1, "language": 1}


def explain(database: Store, name: str) -> dict[str, Any]:
    """What decided where an article is: its event, its nearest articles, its distances to events.

    Args:
        name: the article's link or _id.

    Returns:
        article, event (None where it is alone), settings, current (False where the article has changed since the last
        run), compared (number of articles in its window), own_distance (linkage distance to the other articles of its
        event, None where it is alone), nearest_other {number, distance, size, title} of the nearest other event or lone
        article, nearest [{distance, days, source_site, title, link, number, same_event}].

    Raises:
        NewsmillError: no such article, or its language has not been clustered.
    """
    article = _article(database, name)
    settings = _settings(database, article)
    refs = assignments.article_refs(database, _around(article, settings), article.get("language"))
    own = next(ref for ref in refs if ref.id == article["_id"])
    candidates = [ref for ref in refs if ref.id != own.id and (settings.window is None or ref.day is not None)]
    if settings.window is not None and own.day is None:
        candidates = []
    distances = _distances(database, own, candidates, settings, article.get("language"))
    events = _events(database, article.get("language"), [own.id, *(ref.id for ref in candidates)])
    mine = events.get(own.id)
    return {
        "article": {name: article.get(name) for name in ("_id", *_ARTICLE_FIELDS)},
        "event": {name: mine[name] for name in _EVENT_FIELDS} if mine else None,
        "settings": asdict(settings),
        "current": assignments.is_up_to_date(database, article.get("language"), own),
        "compared": len(candidates),
        **_to_events(own, candidates, distances, events, settings),
        "nearest": _nearest(database, own, candidates, distances, events),
    }  # fmt: skip


def _article(database: Store, name: str) -> dict[str, Any]:
    from bson import ObjectId

    ids: list[Any] = [name]
    if ObjectId.is_valid(name):
        ids.append(ObjectId(name))
    filters = [{"_id": {"$in": ids}}, {"link": name}, {"also_at": name}]
    if "://" in name:
        filters.append({"link": canonical_link(name)})
    for condition in filters:
        row = database.articles.find_one(condition, _ARTICLE_FIELDS)
        if row is not None:
            return row
    raise NewsmillError(f"cluster: no article {name!r}: give a link or an _id (synth query --collection articles)")


def _settings(database: Store, article: Mapping[str, Any]) -> Settings:
    head = database.placements.find_one({"_id": str(article.get("language"))})
    if not head or not head.get("configuration"):
        raise NewsmillError(
            f"cluster: the articles in {article.get('language')!r} have no events yet: run synth cluster"
        )
    return Settings(**head["configuration"])


def _around(article: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    date = article.get("date")
    if settings.window is None or not isinstance(date, datetime):
        return {"_id": article["_id"]} if settings.window is not None else {}
    # A minute more: the days themselves are compared later, to the last bit.
    reach = timedelta(days=settings.window, minutes=1)
    return {"date": {"$gte": date - reach, "$lte": date + reach}}


def _distances(
    database: Store, own: ArticleRef, candidates: Sequence[ArticleRef], settings: Settings, language: str | None
) -> np.ndarray:
    """[others] cosine distances to the article, the window applied."""
    import numpy as np

    if not candidates:
        return np.zeros(0)
    embedder = stored_vectors(database, language, settings).load()
    rows = embedder.encode(list(texts_of(database, [own, *candidates], settings.sentences)))
    days = np.array([ref.day or 0.0 for ref in (own, *candidates)])
    graph = CosineGraph(rows, days if settings.window is not None else None, settings.window)
    targets = np.arange(1, len(candidates) + 1)
    return graph.pair_distances(np.zeros_like(targets), targets)


def _events(database: Store, language: str | None, articles: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """_id of article -> current event."""
    by_article: dict[Any, dict[str, Any]] = {}
    for start in range(0, len(articles), 10_000):
        part = {"current": True, "language": language, "articles": {"$in": list(articles[start : start + 10_000])}}
        for row in database.clusters.find(part):
            by_article |= dict.fromkeys(row["articles"], row)
    return by_article


def _to_events(
    own: ArticleRef,
    candidates: Sequence[ArticleRef],
    distances: np.ndarray,
    events: Mapping[Any, dict[str, Any]],
    settings: Settings,
) -> dict[str, Any]:
    """Linkage distances to the own event and to the nearest other one."""
    members: dict[Any, list[tuple[float, ArticleRef]]] = {}
    for ref, distance in zip(candidates, distances.tolist(), strict=True):
        members.setdefault(events[ref.id]["_id"] if ref.id in events else ref.id, []).append((distance, ref))
    rows = {row["_id"]: row for row in events.values()}
    mine = events.get(own.id, {}).get("_id")
    by_event = {}
    for name, pairs in members.items():
        size = rows[name]["size"] - (name == mine) if name in rows else 1
        # What is not here lies outside the window: at distance 1.
        inside = [distance for distance, _ in pairs]
        by_event[name] = _linkage_distance(inside + [1.0] * (size - len(pairs)), settings.linkage)
    if mine is not None and mine not in by_event:
        by_event[mine] = 1.0
    nearest = min((name for name in by_event if name != mine), key=lambda name: by_event[name], default=None)
    nearest_other = None
    if nearest is not None:
        link = min(members[nearest], key=lambda pair: pair[0])[1].link
        row = rows.get(nearest, {"number": None, "size": 1})
        nearest_other = {"number": row["number"], "size": row["size"], "distance": by_event[nearest], "link": link}
    return {"own_distance": by_event[mine] if mine is not None else None, "nearest_other": nearest_other}


def _linkage_distance(distances: Sequence[float], linkage: str) -> float:
    """Linkage distance of one article to the members of an event."""
    if linkage == "single":
        return min(distances)
    return max(distances) if linkage == "complete" else sum(distances) / len(distances)


def _nearest(
    database: Store,
    own: ArticleRef,
    candidates: Sequence[ArticleRef],
    distances: np.ndarray,
    events: Mapping[Any, dict[str, Any]],
) -> list[dict[str, Any]]:
    import numpy as np

    order = np.argsort(distances, kind="stable")[:_NEAREST].tolist()
    ids = [candidates[i].id for i in order]
    rows = {row["_id"]: row for row in database.articles.find({"_id": {"$in": ids}}, _ARTICLE_FIELDS)}
    mine = events.get(own.id, {}).get("_id")
    return [
        {
            "distance": float(distances[i]),
            "days": (candidates[i].day or 0.0) - (own.day or 0.0) if candidates[i].day and own.day else None,
            "source_site": rows.get(candidates[i].id, {}).get("source_site"),
            "title": rows.get(candidates[i].id, {}).get("title"),
            "link": candidates[i].link,
            "number": events.get(candidates[i].id, {}).get("number"),
            "same_event": mine is not None and events.get(candidates[i].id, {}).get("_id") == mine,
        }
        for i in order
    ]


def print_explanation(database: Store, name: str, as_json: bool) -> int:
    """Explain an article on stdout; the exit status."""
    explanation = explain(database, name)
    if as_json:
        print(json.dumps(explanation | {"verdict": verdict(explanation)}, default=str, ensure_ascii=False))
    else:
        _show(explanation)
    return 0


def verdict(explanation: Mapping[str, Any]) -> str:
    """In one or two sentences: why it is where it is."""
    settings, nearest = explanation["settings"], explanation["nearest_other"]
    threshold, linkage = settings["threshold"], settings["linkage"]
    if explanation["event"]:
        reason = (
            f"In event {explanation['event']['number']} of {explanation['event']['size']} articles: "
            f"{linkage} distance to the others {explanation['own_distance']:.3f} (threshold {threshold:g})."
        )
    else:
        reason = (
            f"Alone: no event's {linkage} distance lies below {threshold:g} when clusters merge, nearest pairs first."
        )
    if nearest is None:
        return f"{reason} No other article lies in its window."
    what = f"event {nearest['number']} of {nearest['size']}" if nearest["number"] is not None else "a lone article"
    return f"{reason} Nearest other: {what}, at {nearest['distance']:.3f}."


def _show(explanation: Mapping[str, Any]) -> None:
    """A table on stdout."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console, article, settings = Console(), explanation["article"], explanation["settings"]
    window = f"window {settings['window']:g} days" if settings["window"] is not None else "no window"
    console.print(f"[bold]{escape(str(article['title'] or ''))}[/]  {article['source_site'] or ''}", highlight=False)
    console.print(article["link"], highlight=False, soft_wrap=True)
    console.print(verdict(explanation), highlight=False)
    if not explanation["current"]:
        console.print("The article is new or has changed since synth cluster last ran.", highlight=False)
    console.print(f"{settings['embedder']}, {window}, {explanation['compared']:,} articles compared", highlight=False)
    if not explanation["nearest"]:
        return
    table = Table()
    for column, side in (("distance", "right"), ("days", "right"), ("newspaper", "left"), ("title", "left"),
                         ("event", "right"), ("same", "left")):  # fmt: skip
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for row in explanation["nearest"]:
        below = "bold" if row["distance"] < settings["threshold"] else ""
        table.add_row(
            f"{row['distance']:.3f}", "" if row["days"] is None else f"{row['days']:+.1f}", row["source_site"] or "",
            escape(row["title"] or row["link"]), "alone" if row["number"] is None else str(row["number"]),
            "yes" if row["same_event"] else "", style=below,
        )  # fmt: skip
    console.print(table)
