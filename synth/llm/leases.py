"""Leases: who asks for a reply at the moment, so that two processes never pay for the same one.

A lease belongs to one owner until an instant on the server's own clock ($$NOW): clocks of machines differ. Its owner
renews it while the call lasts; one that was killed loses it, on the same machine at once, else when it has run out.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.outages import DUPLICATE

if TYPE_CHECKING:
    from pymongo.collection import Collection

#: Seconds that a lease lasts, and after which it is renewed.
LEASE, RENEWAL = 60.0, 15.0


class Leases:
    """The leases of one owner in a collection whose `_id` is what is leased."""

    def __init__(self, collection: Collection[dict[str, Any]], seconds: float = LEASE) -> None:
        from pymongo import WriteConcern

        self.collection = collection.with_options(write_concern=WriteConcern("majority", j=True))
        self.seconds = seconds
        self.owner = owner_name()
        self.held: set[str] = set()

    def claim(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that are this owner's now; the others belong to somebody who is at work on them."""
        from pymongo import UpdateOne
        from pymongo.errors import BulkWriteError

        if not keys:
            return set()
        change = self._change([self.owner, *self._dead_owners(keys)])
        try:
            self.collection.bulk_write([UpdateOne({"_id": key}, change, upsert=True) for key in keys], ordered=False)
        except BulkWriteError as error:
            # Two began the same lease at the same instant: one of them has it.
            if any(row["code"] != DUPLICATE for row in (error.details or {}).get("writeErrors", [])):
                raise
        rows = self.collection.find({"_id": {"$in": list(keys)}, "owner": self.owner}, {"_id": 1})
        claimed = {str(row["_id"]) for row in rows}
        self.held |= claimed
        return claimed

    def renew(self) -> None:
        """Let all that this owner holds last as long again."""
        until = {"$add": ["$$NOW", int(self.seconds * 1000)]}
        self.collection.update_many(
            {"_id": {"$in": list(self.held)}, "owner": self.owner}, [{"$set": {"until": until}}]
        )

    def release(self, keys: Iterable[str]) -> None:
        """Give leases back."""
        released = list(keys)
        self.held -= set(released)
        self.collection.delete_many({"_id": {"$in": released}, "owner": self.owner})

    def _change(self, owners: list[str]) -> list[dict[str, Any]]:
        """The update that takes a lease which is free, has run out or belongs to one of the owners."""
        lasting = {"$gt": [{"$ifNull": ["$until", None]}, "$$NOW"]}
        others = {"$and": [lasting, {"$not": [{"$in": ["$owner", owners]}]}]}
        until = {"$add": ["$$NOW", int(self.seconds * 1000)]}
        return [
            {
                "$set": {
                    "owner": {"$cond": [others, "$owner", self.owner]},
                    "until": {"$cond": [others, "$until", until]},
                }
            }
        ]

    def _dead_owners(self, keys: Sequence[str]) -> list[str]:
        """Owners among those of the keys that ran on this machine and are gone."""
        rows = self.collection.find({"_id": {"$in": list(keys)}}, {"owner": 1})
        return [owner for owner in {str(row.get("owner")) for row in rows} if has_ended(owner)]


def owner_name() -> str:
    """A name for this process, from which others on this machine can tell whether it still runs (`has_ended`)."""
    return f"{_machine()}|{os.getpid()}|{_started(os.getpid())}|{uuid.uuid4().hex}"


def _machine() -> str:
    """Where a process number means this process: the machine and its namespace of process numbers."""
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        namespace = ""
    return f"{socket.gethostname()}/{namespace}"


def _started(process: int) -> str:
    """When a process began, as Linux counts it: numbers are given again. "" where it cannot be read."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def has_ended(owner: str) -> bool:
    """Whether the process of this name ran on this machine and does no more."""
    machine, _, rest = owner.partition("|")
    process, _, rest = rest.partition("|")
    if machine != _machine() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    started = rest.partition("|")[0]
    return started != _started(int(process))
