"""Cluster assignments: which text of which article clustering has read, and in which event it put it.

`placements` holds one document a day of news and language (more for days of more than 50,000 articles), with arrays
of ids, digests, components and numbers: a million articles are 1,100 documents, read in a second. One document a
language, `_id` "LANGUAGE", says by which settings, and whether a run was killed while it wrote: then nothing counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError, content_hash

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Articles in one document.
PARTITION_ARTICLES = 50_000
#: Number of an article that is in no event.
NOISE = -1


@dataclass(slots=True)
class ArticleRef:
    """An article as clustering knows it before it reads its text."""

    id: Any
    link: str
    #: days since 1970; None without a date.
    day: float | None
    date: datetime | None
    content_hash: str
    #: of all that an article is embedded by, and its date.
    digest: bytes


@dataclass(slots=True)
class Assignment:
    """Where the last run put an article."""

    digest: bytes
    #: part of the graph "distance < threshold" that it hangs together with.
    component: int
    #: of its event, or NOISE.
    number: int
    #: document of `placements` that holds it.
    partition: str = ""


@dataclass
class State:
    """What the store says of a language."""

    settings: str = ""
    #: where it holds: _id of article -> assignment.
    assignments: dict[Any, Assignment] = field(default_factory=dict)
    next_component: int = 0


def article_refs(database: Store, condition: Mapping[str, Any], language: str | None) -> list[ArticleRef]:
    """The articles in order of date and link; their texts stay in the store unless they have no hash."""
    # Row numbers, and with them ties, do not hang on the order of crawling.
    rows = database.articles.aggregate(
        [
            {"$match": {"$and": [dict(condition), {"language": language}]}},
            {"$project": {
                "link": 1, "date": 1, "content_hash": 1, "description": 1,
                "text": {"$cond": [{"$gt": ["$content_hash", ""]}, None, ["$title", "$content"]]},
            }},
        ]
    )  # fmt: skip
    return sorted((_article_ref(row) for row in rows), key=lambda ref: (ref.day is not None, ref.day or 0.0, ref.link))


def _article_ref(row: Mapping[str, Any]) -> ArticleRef:
    date = row.get("date")
    date = date if isinstance(date, datetime) else None
    text_hash = row.get("content_hash") or content_hash(*(str(part or "") for part in row["text"]))
    link, lead = str(row.get("link") or ""), str(row.get("description") or "")
    digest = hashlib.blake2b(f"{text_hash}\0{lead}\0{date}\0{link}".encode(errors="surrogatepass"), digest_size=16)
    return ArticleRef(row["_id"], link, date.timestamp() / 86400 if date else None, date, text_hash, digest.digest())


def read_state(database: Store, language: str | None, settings: str) -> State:
    """What an earlier run with the same settings left; empty where there was none, or it was killed while it wrote."""
    head = database.placements.find_one({"_id": _head_id(language)})
    if head is None:
        return State()
    state = State(head["settings"], {}, head.get("next_component", 0))
    if head["settings"] != settings or head["writing"] or head["events"] != _current(database, language):
        return State(next_component=state.next_component)
    for row in database.placements.find({"language": language, "articles": {"$exists": True}}):
        digests = bytes(row["digests"])
        for i, (article, component, number) in enumerate(
            zip(row["articles"], row["components"], row["numbers"], strict=True)
        ):
            state.assignments[article] = Assignment(digests[16 * i : 16 * i + 16], component, number, row["_id"])
    return state


def configuration(database: Store, language: str | None) -> dict[str, Any] | None:
    """The settings of the last run that was whole; None before the first."""
    head = database.placements.find_one({"_id": _head_id(language)}, {"configuration": 1}) or {}
    return head.get("configuration")


def lock(database: Store, language: str | None, run: str) -> None:
    """From here on what is written counts for nothing, until `commit` says that it is whole."""
    database.placements.update_one(
        {"_id": _head_id(language)},
        {"$set": {"writing": run}, "$setOnInsert": {"settings": "", "events": -1}},
        upsert=True,
    )


def write(database: Store, language: str | None, rows: Mapping[str, list[tuple[Any, Assignment]]]) -> None:
    """Replace partitions: _id -> articles; those without articles are deleted."""
    from bson import Binary
    from pymongo import DeleteOne, ReplaceOne

    writes: list[Any] = []
    for partition, members in rows.items():
        if not members:
            writes.append(DeleteOne({"_id": partition}))
            continue
        document = {
            "language": language,
            "articles": [article for article, _ in members],
            "digests": Binary(b"".join(assignment.digest for _, assignment in members)),
            "components": [assignment.component for _, assignment in members],
            "numbers": [assignment.number for _, assignment in members],
        }
        writes.append(ReplaceOne({"_id": partition}, document, upsert=True))
    for start in range(0, len(writes), 200):
        database.placements.bulk_write(writes[start : start + 200], ordered=False)


def commit(database: Store, language: str | None, run: str, outcome: Mapping[str, Any] | None, session: Any) -> None:
    """Make sure that the language is still this run's; with `outcome`, say that all it wrote is whole and release
    the language.

    Called in the transaction that makes events current.

    Args:
        outcome: settings (their digest), configuration and next_component.

    Raises:
        NewsmillError: another run of the language has begun to write in the meantime.
    """
    change: dict[str, Any] = {"writing": run}
    if outcome is not None:
        change = {**outcome, "events": _current(database, language, session), "writing": None}
    own = {"_id": _head_id(language), "writing": run}
    if not database.placements.update_one(own, {"$set": change}, session=session).matched_count:
        raise NewsmillError(f"cluster: another synth cluster works on {language!r}: wait for it, then run again")


def is_up_to_date(database: Store, language: str | None, ref: ArticleRef) -> bool:
    """Whether the last run saw the article as it is."""
    for _, partition in partitions([ref], language):
        start = partition.rpartition("/")[0] + "/"
        for row in database.placements.find({"_id": {"$gte": start, "$lt": start[:-1] + "0"}, "articles": ref.id}):
            at = 16 * row["articles"].index(ref.id)
            return bytes(row["digests"])[at : at + 16] == ref.digest
    return False


def partitions(refs: Iterable[ArticleRef], language: str | None) -> Iterator[tuple[ArticleRef, str]]:
    """Each article with the document of `placements` that it belongs into."""
    counts: dict[str, int] = {}
    for ref in refs:
        day = "undated" if ref.day is None else str(int(ref.day // 1))
        position = counts[day] = counts.get(day, -1) + 1
        yield ref, f"{_head_id(language)}/{day}/{position // PARTITION_ARTICLES}"


def _head_id(language: str | None) -> str:
    return str(language)


def _current(database: Store, language: str | None, session: Any = None) -> int:
    return int(database.clusters.count_documents({"current": True, "language": language}, session=session))
