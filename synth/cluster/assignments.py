"""How far clustering is: which text of which article it has seen, and in what it put it.

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

#: Articles in one document.
_PIECE = 50_000
#: Number of an article that is in no event.
ALONE = -1


@dataclass(slots=True)
class Key:
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
class Placement:
    digest: bytes
    #: part of the graph "distance < threshold" that it hangs together with.
    component: int
    #: of its event, or ALONE.
    number: int
    #: document that holds it.
    home: str = ""


@dataclass
class State:
    """What the store says of a language."""

    settings: str = ""
    #: where it holds: _id of article -> placement.
    placements: dict[Any, Placement] = field(default_factory=dict)
    next_component: int = 0


def keys_of(database: Database[dict[str, Any]], wanted: Mapping[str, Any], language: str | None) -> list[Key]:
    """The articles in order of date and link; their texts stay in the store unless they have no hash."""
    # Row numbers, and with them ties, do not hang on the order of crawling.
    found = database.articles.aggregate(
        [
            {"$match": {"$and": [dict(wanted), {"language": language}]}},
            {"$project": {
                "link": 1, "date": 1, "content_hash": 1, "description": 1,
                "text": {"$cond": [{"$gt": ["$content_hash", ""]}, None, ["$title", "$content"]]},
            }},
        ]
    )  # fmt: skip
    return sorted((_key(row) for row in found), key=lambda key: (key.day is not None, key.day or 0.0, key.link))


def _key(row: Mapping[str, Any]) -> Key:
    date = row.get("date")
    date = date if isinstance(date, datetime) else None
    hashed = row.get("content_hash") or content_hash(*(str(part or "") for part in row["text"]))
    link, told = str(row.get("link") or ""), str(row.get("description") or "")
    digest = hashlib.blake2b(f"{hashed}\0{told}\0{date}\0{link}".encode(errors="surrogatepass"), digest_size=16)
    return Key(row["_id"], link, date.timestamp() / 86400 if date else None, date, hashed, digest.digest())


def read_state(database: Database[dict[str, Any]], language: str | None, settings: str) -> State:
    """What an earlier run with the same settings left; empty where there was none, or it was killed while it wrote."""
    head = database.placements.find_one({"_id": _head(language)})
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
            state.placements[article] = Placement(digests[16 * i : 16 * i + 16], component, number, row["_id"])
    return state


def claim(database: Database[dict[str, Any]], language: str | None, run: str) -> None:
    """From here on what is written counts for nothing, until `hold` says that it is whole."""
    database.placements.update_one(
        {"_id": _head(language)},
        {"$set": {"writing": run}, "$setOnInsert": {"settings": "", "events": -1}},
        upsert=True,
    )


def write(
    database: Database[dict[str, Any]], language: str | None, rows: Mapping[str, list[tuple[Any, Placement]]]
) -> None:
    """Replace documents of placements: home -> articles; those without articles go."""
    from bson import Binary
    from pymongo import DeleteOne, ReplaceOne

    writes: list[Any] = []
    for home, members in rows.items():
        if not members:
            writes.append(DeleteOne({"_id": home}))
            continue
        document = {
            "language": language,
            "articles": [article for article, _ in members],
            "digests": Binary(b"".join(placement.digest for _, placement in members)),
            "components": [placement.component for _, placement in members],
            "numbers": [placement.number for _, placement in members],
        }
        writes.append(ReplaceOne({"_id": home}, document, upsert=True))
    for start in range(0, len(writes), 200):
        database.placements.bulk_write(writes[start : start + 200], ordered=False)


def hold(
    database: Database[dict[str, Any]], language: str | None, run: str, told: Mapping[str, Any] | None, session: Any
) -> None:
    """Make sure that the language is still this run's; with `told`, say that all it wrote is whole and let it go.

    Called in the transaction that makes events current.

    Args:
        told: settings (their digest), configuration and next_component.
    Raises:
        NewsmillError: another run of the language has begun to write in the meantime.
    """
    change: dict[str, Any] = {"writing": run}
    if told is not None:
        change = {**told, "events": _current(database, language, session), "writing": None}
    answer = database.placements.update_one({"_id": _head(language), "writing": run}, {"$set": change}, session=session)
    if not answer.matched_count:
        raise NewsmillError(f"cluster: another synth cluster works on {language!r}: wait for it, then run again")


def is_placed(database: Database[dict[str, Any]], language: str | None, key: Key) -> bool:
    """Whether the last run saw the article as it is."""
    for _, home in homes([key], language):
        start = home.rpartition("/")[0] + "/"
        for row in database.placements.find({"_id": {"$gte": start, "$lt": start[:-1] + "0"}, "articles": key.id}):
            at = 16 * row["articles"].index(key.id)
            return bytes(row["digests"])[at : at + 16] == key.digest
    return False


def homes(keys: Iterable[Key], language: str | None) -> Iterator[tuple[Key, str]]:
    """Each article with the document that it belongs into."""
    seen: dict[str, int] = {}
    for key in keys:
        day = "undated" if key.day is None else str(int(key.day // 1))
        place = seen[day] = seen.get(day, -1) + 1
        yield key, f"{_head(language)}/{day}/{place // _PIECE}"


def _head(language: str | None) -> str:
    return str(language)


def _current(database: Database[dict[str, Any]], language: str | None, session: Any = None) -> int:
    return int(database.clusters.count_documents({"current": True, "language": language}, session=session))
