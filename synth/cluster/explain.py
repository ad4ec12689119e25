"""`synth cluster --explain ARTICLE`: why an article is in its event, or in none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError, canonical_link
from synth.cluster import assignments as placements
from synth.cluster.assignments import Key
from synth.cluster.incremental import Settings, stored_vectors, texts_of
from synth.neighbors.cosine_graph import Space

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Articles that are shown.
_NEAREST = 10
_TOLD = ("number", "size", "first_date", "last_date", "event")
_SHOWN = {"link": 1, "title": 1, "source_site": 1, "date": 1, "language": 1}


def explain(database: Store, told: str) -> dict[str, Any]:
    """What decided where an article is: its event, its nearest articles, its distances to events.

    Args:
        told: the article's link or _id.
    Returns:
        article, event (None where it is alone), settings, current (False where the article has changed since the last
        run), compared (number of articles in its window), own_distance (linkage distance to the other articles of its
        event, None where it is alone), nearest_other {number, distance, size, title} of the nearest other event or lone
        article, nearest [{distance, days, source_site, title, link, number, same_event}].
    Raises:
        NewsmillError: no such article, or its language has not been clustered.
    """
    article = _found(database, told)
    settings = _settings(database, article)
    keys = placements.keys_of(database, _around(article, settings), article.get("language"))
    own = next(key for key in keys if key.id == article["_id"])
    others = [key for key in keys if key.id != own.id and (settings.window is None or key.day is not None)]
    if settings.window is not None and own.day is None:
        others = []
    distances = _distances(database, own, others, settings, article.get("language"))
    events = _events(database, article.get("language"), [own.id, *(key.id for key in others)])
    mine = events.get(own.id)
    return {
        "article": {name: article.get(name) for name in ("_id", *_SHOWN)},
        "event": {name: mine[name] for name in _TOLD} if mine else None,
        "settings": asdict(settings),
        "current": placements.is_placed(database, article.get("language"), own),
        "compared": len(others),
        **_to_events(own, others, distances, events, settings),
        "nearest": _nearest(database, own, others, distances, events),
    }  # fmt: skip


def _found(database: Store, told: str) -> dict[str, Any]:
    from bson import ObjectId

    named: list[Any] = [told]
    if ObjectId.is_valid(told):
        named.append(ObjectId(told))
    wanted = [{"_id": {"$in": named}}, {"link": told}, {"also_at": told}]
    if "://" in told:
        wanted.append({"link": canonical_link(told)})
    for one in wanted:
        row = database.articles.find_one(one, _SHOWN)
        if row is not None:
            return row
    raise NewsmillError(f"cluster: no article {told!r}: give a link or an _id (synth query --collection articles)")


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
    database: Store, own: Key, others: Sequence[Key], settings: Settings, language: str | None
) -> np.ndarray:
    """[others] cosine distances to the article, the window applied."""
    import numpy as np

    if not others:
        return np.zeros(0)
    embedder = stored_vectors(database, language, settings).load()
    rows = embedder.encode(list(texts_of(database, [own, *others], settings.sentences)))
    days = np.array([key.day or 0.0 for key in (own, *others)])
    space = Space(rows, days if settings.window is not None else None, settings.window)
    here = np.arange(1, len(others) + 1)
    return space.pair_distances(np.zeros_like(here), here)


def _events(database: Store, language: str | None, articles: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    """_id of article -> current event."""
    found: dict[Any, dict[str, Any]] = {}
    for start in range(0, len(articles), 10_000):
        part = {"current": True, "language": language, "articles": {"$in": list(articles[start : start + 10_000])}}
        for row in database.clusters.find(part):
            found |= dict.fromkeys(row["articles"], row)
    return found


def _to_events(
    own: Key, others: Sequence[Key], distances: np.ndarray, events: Mapping[Any, dict[str, Any]], settings: Settings
) -> dict[str, Any]:
    """Linkage distances to the own event and to the nearest other one."""
    members: dict[Any, list[tuple[float, Key]]] = {}
    for key, distance in zip(others, distances.tolist(), strict=True):
        members.setdefault(events[key.id]["_id"] if key.id in events else key.id, []).append((distance, key))
    of = {row["_id"]: row for row in events.values()}
    mine = events.get(own.id, {}).get("_id")
    linked = {}
    for name, found in members.items():
        size = of[name]["size"] - (name == mine) if name in of else 1
        # What is not here lies outside the window: at distance 1.
        linked[name] = _linked([distance for distance, _ in found] + [1.0] * (size - len(found)), settings.linkage)
    if mine is not None and mine not in linked:
        linked[mine] = 1.0
    nearest = min((name for name in linked if name != mine), key=lambda name: linked[name], default=None)
    other = None
    if nearest is not None:
        link = min(members[nearest], key=lambda pair: pair[0])[1].link
        row = of.get(nearest, {"number": None, "size": 1})
        other = {"number": row["number"], "size": row["size"], "distance": linked[nearest], "link": link}
    return {"own_distance": linked[mine] if mine is not None else None, "nearest_other": other}


def _linked(distances: Sequence[float], linkage: str) -> float:
    """Linkage distance of one article to the members of an event."""
    if linkage == "single":
        return min(distances)
    return max(distances) if linkage == "complete" else sum(distances) / len(distances)


def _nearest(
    database: Store, own: Key, others: Sequence[Key], distances: np.ndarray, events: Mapping[Any, dict[str, Any]]
) -> list[dict[str, Any]]:
    import numpy as np

    order = np.argsort(distances, kind="stable")[:_NEAREST].tolist()
    shown = {row["_id"]: row for row in database.articles.find({"_id": {"$in": [others[i].id for i in order]}}, _SHOWN)}
    mine = events.get(own.id, {}).get("_id")
    return [
        {
            "distance": float(distances[i]),
            "days": (others[i].day or 0.0) - (own.day or 0.0) if others[i].day and own.day else None,
            "source_site": shown.get(others[i].id, {}).get("source_site"),
            "title": shown.get(others[i].id, {}).get("title"),
            "link": others[i].link,
            "number": events.get(others[i].id, {}).get("number"),
            "same_event": mine is not None and events.get(others[i].id, {}).get("_id") == mine,
        }
        for i in order
    ]


def verdict(found: Mapping[str, Any]) -> str:
    """In one or two sentences: why it is where it is."""
    settings, other = found["settings"], found["nearest_other"]
    threshold, linkage = settings["threshold"], settings["linkage"]
    if found["event"]:
        told = (
            f"In event {found['event']['number']} of {found['event']['size']} articles: "
            f"{linkage} distance to the others {found['own_distance']:.3f} (threshold {threshold:g})."
        )
    else:
        told = (
            f"Alone: no event's {linkage} distance lies below {threshold:g} when clusters merge, nearest pairs first."
        )
    if other is None:
        return f"{told} No other article lies in its window."
    what = f"event {other['number']} of {other['size']}" if other["number"] is not None else "a lone article"
    return f"{told} Nearest other: {what}, at {other['distance']:.3f}."


def show(found: Mapping[str, Any]) -> None:
    """A table on stdout."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console, article, settings = Console(), found["article"], found["settings"]
    window = f"window {settings['window']:g} days" if settings["window"] is not None else "no window"
    console.print(f"[bold]{escape(str(article['title'] or ''))}[/]  {article['source_site'] or ''}", highlight=False)
    console.print(article["link"], highlight=False, soft_wrap=True)
    console.print(verdict(found), highlight=False)
    if not found["current"]:
        console.print("The article is new or has changed since synth cluster last ran.", highlight=False)
    console.print(f"{settings['embedder']}, {window}, {found['compared']:,} articles compared", highlight=False)
    if not found["nearest"]:
        return
    table = Table()
    for column, side in (("distance", "right"), ("days", "right"), ("newspaper", "left"), ("title", "left"),
                         ("event", "right"), ("same", "left")):  # fmt: skip
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for row in found["nearest"]:
        below = "bold" if row["distance"] < settings["threshold"] else ""
        table.add_row(
            f"{row['distance']:.3f}", "" if row["days"] is None else f"{row['days']:+.1f}", row["source_site"] or "",
            escape(row["title"] or row["link"]), "alone" if row["number"] is None else str(row["number"]),
            "yes" if row["same_event"] else "", style=below,
        )  # fmt: skip
    console.print(table)
