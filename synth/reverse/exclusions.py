"""Fragments that may not be used any longer: their articles were taken down, reserve their rights, or have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.mongo import taken_down

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]


def articles_of(database: Store, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Any of its links -> the article, of those that fragments come from."""
    links = sorted({row["link"] for row in rows})
    stored = database.articles.find({"$or": [{"link": {"$in": links}}, {"also_at": {"$in": links}}]})
    return {link: article for article in stored for link in (article["link"], *(article.get("also_at") or []))}


def exclusions(
    database: Store, rows: Sequence[Mapping[str, Any]], articles: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """key -> why a fragment may not be used.

    Args:
        articles: as `articles_of` has them.
    """
    removed = taken_down(database, {row["link"] for row in rows})
    reasons = {row["key"]: _reason(row, removed, articles.get(row["link"])) for row in rows}
    return {key: reason for key, reason in reasons.items() if reason}


def _reason(row: Mapping[str, Any], removed: set[str], article: Mapping[str, Any] | None) -> str:
    if row["link"] in removed:
        return "taken_down"
    if article is None:
        return "article_gone"
    if (article.get("permission") or {}).get("opt_out"):
        return "opted_out"
    return "" if row["text"] in article["content"] else "text_changed"
