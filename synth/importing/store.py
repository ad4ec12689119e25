"""Writing articles into the store: by link, a changed text as a revision, nothing that was known is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import Article
from crawler.mongo import keep_revisions, revision_of, taken_down

if TYPE_CHECKING:
    from pymongo.collection import Collection


def store(articles: Collection[dict[str, Any]], batch: Mapping[str, Article]) -> Counter[str]:
    """Upsert one batch; an article with the same text is left alone, one with a new text counts one revision more.

    What a new text replaces goes into `revisions`, and a field that the new row lacks keeps its old value: a foreign
    row that says nothing of permission does not take it back.
    """
    from pymongo import UpdateOne

    counts: Counter[str] = Counter()
    now = datetime.now(UTC)
    stored = _known(articles, list(batch))
    removed = taken_down(articles.database, batch, [article.content_hash for article in batch.values()])
    writes: list[Any] = []
    replaced: list[dict[str, Any]] = []
    for link, article in batch.items():
        if not removed.isdisjoint((link, article.content_hash)):
            counts["taken_down"] += 1
            continue
        row = article.document()
        row["crawled_at"] = row["crawled_at"] or now
        before = stored.get(link)
        if before is None or (before["link"] != link and before.get("content_hash") != row["content_hash"]):
            # Not an insert: another import may be at the same article just now.
            writes.append(UpdateOne({"link": link}, {"$setOnInsert": row}, upsert=True))
            counts["stored"] += 1
        elif before.get("content_hash") != row["content_hash"]:
            replaced.append(before)
            values = {name: value for name, value in row.items() if value not in ("", [], {}, None)}
            writes.append(UpdateOne({"link": link}, {"$set": values | {"revision": revision_of(before) + 1}}))
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    keep_revisions(articles.database, replaced)
    if writes:
        articles.bulk_write(writes, ordered=False)
    return counts


def _known(articles: Collection[dict[str, Any]], links: list[str]) -> dict[str, dict[str, Any]]:
    """Stored articles by each of their links: a newspaper may publish one text under several."""
    rows = list(articles.find({"$or": [{"link": {"$in": links}}, {"also_at": {"$in": links}}]})) if links else []
    by_alias = {link: row for row in rows for link in row.get("also_at") or []}
    return by_alias | {row["link"]: row for row in rows}
