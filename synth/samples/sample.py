"""The dataset row. Its fields are flat and keep the names of the dataset it descends from, so its queries work."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import may_only_read
from synth.samples.documents import NewSample

if TYPE_CHECKING:
    from pymongo.database import Database

#: The samples that count: not replaced by a newer one of the same event, not rejected by a person.
CURRENT: dict[str, Any] = {"superseded": {"$ne": True}, "status": {"$ne": "rejected"}}


#: What wrote an answer that people wrote, in `provenance.model`.
PEOPLE = "people"


def event_key(links: Iterable[str]) -> str:
    """sha256 (hex) of the members' links: an event is the set of its articles."""
    return hashlib.sha256("\n".join(sorted(links)).encode()).hexdigest()


#: What a person has decided on stays, whatever a model writes later.
CURATED = ("accepted", "edited")


def sample_key(task: str, event: str, prompt: str, model: str, texts: str = "") -> str:
    """sha256 (hex) of what a sample is made from: the same work has the same key, whenever it is done.

    `texts`: sha256 of the event's texts ("" where the event was stored without): an event is known by its links, under
    which a newspaper may print another text.
    """
    parts = (task, event, prompt, model, texts) if texts else (task, event, prompt, model)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def supersession(superseded: bool, by: str | None = None) -> dict[str, Any]:
    """The update that takes a sample out of those that count, or brings it back; `by`: key of what took its place."""
    if by:
        return {"$set": {"superseded": superseded, "superseded_by": by}}
    return {"$set": {"superseded": superseded}, "$unset": {"superseded_by": ""}}


class Sample(NewSample):
    """One training sample, as stored in the collection `samples`, without what scoring adds."""

    __slots__ = ()

    def document(self) -> dict[str, Any]:
        """The row of `samples`."""
        row = {item.name: getattr(self, item.name) for item in fields(self)}
        row["created_at"] = self.created_at or datetime.now(UTC)
        row["answer_length"] = len(self.answer)
        # Few have one, and a filter asks whether it is there.
        return row if row["conversation"] else {name: value for name, value in row.items() if name != "conversation"}


#: Samples whose answers are counted in a moment.
_FEW = 10_000


def ensure_lengths(database: Database[dict[str, Any]]) -> int:
    """Store `answer_length` where it is missing: in samples of an earlier version, or of another program; how many.

    Killed in between, it leaves a part of them; the next call counts the rest.

    Raises:
        NewsmillError: some lack it, and the user may only read.
    """
    from pymongo.errors import OperationFailure

    pending = {"answer_length": {"$exists": False}}
    if database.samples.find_one(pending, {"_id": 1}) is None:
        return 0
    if (total := database.samples.estimated_document_count()) > _FEW:
        print(f"samples: counting the characters of answers (once; {total:,} samples)", file=sys.stderr)
    text = {"$cond": [{"$eq": [{"$type": "$answer"}, "string"]}, "$answer", ""]}
    try:
        return database.samples.update_many(pending, [{"$set": {"answer_length": {"$strLenCP": text}}}]).modified_count
    except OperationFailure as error:
        if not may_only_read(error):
            raise
        raise NewsmillError(
            "some samples have no answer_length yet, and you may only read: whoever may write runs "
            "`synth query :long-answers --count` once"
        ) from error


def source_of(article: Mapping[str, Any]) -> dict[str, Any]:
    """An article as a sample carries it."""
    return {
        "title": article["title"], "link": article["link"], "date": article.get("date"),
        "content": article["content"], "tags": list(article.get("tags") or []),
        "source_site": article.get("source_site", ""), "id": str(article["_id"]),
    }  # fmt: skip
