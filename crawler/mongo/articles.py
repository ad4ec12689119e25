"""Articles into MongoDB: one for each text, the old text kept when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crawler.items import NEWSPAPERS, Article, newspaper_of
from crawler.mongo import keep_revisions, revision_of, taken_down

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.database import Database


def preferred(links: Iterable[str]) -> str:
    """The link that stands for a text published under several: of a section rather than of a page that collects them.

    The same whatever order they arrive in, so that an interrupted crawl ends as an undisturbed one.
    """
    return min(links, key=lambda link: (_is_collected(link), link))


def _is_collected(link: str) -> bool:
    newspaper = NEWSPAPERS.get(newspaper_of(link) or "")
    return newspaper is not None and bool(newspaper.collection) and newspaper.collection in link


def write(database: Database[dict[str, Any]], batch: list[Article]) -> list[str]:
    """Store articles; what became of each: `stored`, `updated`, `unchanged`, `also_at` (a text we have), or
    `taken_down` (not stored).

    Written again after an interruption, a batch ends the same. Acknowledged by a majority, journal included.
    """
    from pymongo.errors import DuplicateKeyError

    removed = taken_down(database, [article.link for article in batch], [article.content_hash for article in batch])
    rows = _Rows(database.articles, batch)
    outcomes = []
    for article in batch:
        if not removed.isdisjoint((article.link, article.content_hash)):
            outcomes.append("taken_down")
            continue
        try:
            outcomes.append(_write(database, rows, article))
        except DuplicateKeyError:
            # Another crawl stored it between our look and our write: look again, with what waits to be inserted stored.
            rows.flush()
            rows = _Rows(database.articles, batch)
            outcomes.append(_write(database, rows, article))
    rows.flush()
    return outcomes


class _Rows:
    """The stored articles a batch has to do with, by link and by text; new ones are inserted together."""

    def __init__(self, articles: Collection[dict[str, Any]], batch: list[Article]) -> None:
        self.articles = articles
        self.by_link: dict[str, dict[str, Any]] = {}
        self.by_text: dict[tuple[str, str], dict[str, Any]] = {}
        self._new: list[dict[str, Any]] = []
        links = [article.link for article in batch]
        hashes = [article.content_hash for article in batch]
        fields = {"content": 0, "description": 0}
        for row in articles.find(
            {"$or": [{"link": {"$in": links}}, {"also_at": {"$in": links}}, {"content_hash": {"$in": hashes}}]}, fields
        ):
            self.index(row)

    def index(self, row: dict[str, Any]) -> None:
        for link in (row["link"], *row.get("also_at", [])):
            self.by_link[link] = row
        self.by_text[row["source_site"], row["content_hash"]] = row

    def insert(self, row: dict[str, Any]) -> None:
        self.index(row)
        self._new.append(row)

    def is_new(self, row: dict[str, Any]) -> bool:
        return any(row is new for new in self._new)

    def flush(self) -> None:
        from pymongo import UpdateOne

        if self._new:
            writes = [
                UpdateOne({"link": row["link"]}, {"$setOnInsert": _without_id(row)}, upsert=True) for row in self._new
            ]
            self.articles.bulk_write(writes, ordered=False)
        self._new = []


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "_id"}


def _write(database: Database[dict[str, Any]], rows: _Rows, article: Article) -> str:
    stored = rows.by_link.get(article.link)
    if stored is not None and stored["content_hash"] == article.content_hash:
        return "unchanged" if stored["link"] == article.link else "also_at"
    if stored is not None and stored["link"] == article.link:
        rows.flush()
        _revise(database, stored, article)
        rows.index(stored)
        return "updated"
    if stored is not None:
        # It was the same text as another's once, and is no more.
        rows.flush()
        database.articles.update_one({"link": stored["link"]}, {"$pull": {"also_at": article.link}})
        stored["also_at"].remove(article.link)
    twin = rows.by_text.get((article.source_site, article.content_hash))
    if twin is not None:
        _join(database, rows, twin, article)
        return "also_at"
    rows.insert(article.document())
    return "stored"


def _revise(database: Database[dict[str, Any]], stored: dict[str, Any], article: Article) -> None:
    """Keep the text as it was, then replace it; interrupted between the two, the next try does both again."""
    before = database.articles.find_one({"link": article.link})
    if before is None:
        return
    number = revision_of(before) + 1
    keep_revisions(database, [before])
    row = article.document() | {"revision": number}
    database.articles.update_one({"link": article.link}, {"$set": row})
    stored.update(content_hash=article.content_hash, revision=number)


def _join(database: Database[dict[str, Any]], rows: _Rows, twin: dict[str, Any], article: Article) -> None:
    """One more link for a text we have."""
    before = twin["link"]
    links = {before, *twin.get("also_at", []), article.link}
    link = preferred(links)
    aliases = sorted(links - {link})
    change: dict[str, Any] = {"link": link, "also_at": aliases}
    if link == article.link:
        # Section, tags and dates go with the link.
        change = _without_id(article.document()) | change
    is_new = rows.is_new(twin)
    twin.update(change)
    rows.index(twin)
    if not is_new:
        database.articles.update_one({"link": before}, {"$set": change})
