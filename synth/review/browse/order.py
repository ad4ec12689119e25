"""In which order samples and events stand, and where a page of them begins.

A page begins after a row and not at a number: rows that are added or removed meanwhile shift nothing, and page 200
costs as much as the first. The row's place (its value and its _id) is a text in the address.
"""

from __future__ import annotations

import base64
import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import ordered_by
from synth.samples.field import Field
from synth.samples.schema import sample_fields

if TYPE_CHECKING:
    from pymongo.database import Database

#: NaN, which a broken model may have written, is no number here.
_NUMBER = {"$gte": -math.inf}
#: The longest text of an _id that an address holds.
_LONGEST = 200


@functools.cache
def scores() -> dict[str, Field]:
    """Name -> field of every number of a sample that has a unit: what samples can be sorted by, besides the date."""
    fields = {field.name: field for field in sample_fields()}
    inner = {f"provenance.{field.name}": field for field in fields["provenance"].fields}
    return {name: field for name, field in (fields | inner).items() if _is_score(field)}


def _is_score(field: Field) -> bool:
    return field.type in ("float64", "int64") and not field.many and bool(field.unit)


def is_ordered(database: Database[dict[str, Any]]) -> bool:
    """Whether the store has the indexes by which samples are sorted."""
    return database.samples.index_information().keys() >= {ordered_by(name)[1]["name"] for name in scores()}


def ensure_order_indexes(database: Database[dict[str, Any]]) -> None:
    """Create the indexes by which samples are sorted; a user who may only read gets them sorted without."""
    from pymongo import IndexModel
    from pymongo.errors import OperationFailure

    from crawler.mongo import may_only_read

    try:
        database.samples.create_indexes([IndexModel(keys, **options) for keys, options in map(ordered_by, scores())])
    except OperationFailure as error:
        if not may_only_read(error):
            raise


@dataclass(frozen=True)
class Order:
    """By which field, and whether the largest or newest come first."""

    field: str = "date"
    descending: bool = True

    @classmethod
    def of(cls, text: str, names: Mapping[str, Any], default: str) -> Order:
        """`-date` -> by date, the newest first.

        Raises:
            NewsmillError: the name is none of `names`.
        """
        text = text or default
        name = text.removeprefix("-")
        if name not in names:
            raise NewsmillError(f"cannot sort by {name[:80]!r}: there are {', '.join(names)}")
        return cls(name, text.startswith("-"))

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"{'-' * self.descending}{self.field}"

    @property
    def by_score(self) -> bool:
        """Whether rows without a number are left out: the index knows only the others."""
        return self.field in scores()

    @property
    def condition(self) -> dict[str, Any]:
        """What all rows of this order meet."""
        return {self.field: _NUMBER} if self.by_score else {}

    @property
    def bound(self) -> list[dict[str, Any]]:
        """A bound that each row meets, without which MongoDB uses no further key of the index (synth.query.results)."""
        from bson import MinKey

        return [] if self.by_score else [{self.field: {"$gte": MinKey()}}]

    def keys(self, reverse: bool = False) -> list[tuple[str, int]]:
        """Sort keys, those of an index: dates have theirs from the newest on, equal ones by _id."""
        direction = -1 if self.descending != reverse else 1
        return [(self.field, direction), ("_id", direction if self.by_score else -direction)]

    def beyond(self, position: Place, reverse: bool = False) -> dict[str, Any]:
        """The rows after a place, or before it."""
        (field, direction), (_, tie) = self.keys(reverse)
        same = {field: position.value, "_id": {"$gt" if tie == 1 else "$lt": position.id}}
        return {"$or": [same, *self._further(position.value, "$gt" if direction == 1 else "$lt")]}

    def _further(self, value: Any, operator: str) -> list[dict[str, Any]]:
        """Rows of other values. MongoDB compares within one type only; rows without a date are before all dates."""
        if value is None:
            return [{self.field: {"$type": "date"}}] if operator == "$gt" else []
        undated = [{self.field: None}] if operator == "$lt" and not self.by_score else []
        return [{self.field: {operator: value}}, *undated]


@dataclass(frozen=True)
class Place:
    """A row in an order: its value there, and its _id."""

    value: float | datetime | None
    id: Any

    @classmethod
    def of(cls, row: Mapping[str, Any], order: Order) -> Place:
        """The place of a stored row."""
        value: Any = row
        for name in order.field.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return cls(value if isinstance(value, datetime | float | int) else None, row["_id"])

    @property
    def text(self) -> str:
        """As it stands in an address: of digits and letters."""
        from bson import ObjectId

        value = {"date": self.value.timestamp()} if isinstance(self.value, datetime) else self.value
        own = {"oid": str(self.id)} if isinstance(self.id, ObjectId) else self.id
        return base64.urlsafe_b64encode(json.dumps([value, own], separators=(",", ":")).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Place:
        """
        Raises:
            NewsmillError: the text is no place.
        """
        try:
            value, own = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
            return cls(_value(value), _id(own))
        except (ValueError, TypeError, OverflowError, OSError, RecursionError) as error:
            raise NewsmillError("the address names no place in the list: begin at its first page") from error


def _value(value: Any) -> float | datetime | None:
    """Raises ValueError for what no place has: nothing that comes from an address becomes an operator."""
    if isinstance(value, dict) and set(value) == {"date"} and isinstance(value["date"], int | float):
        return datetime.fromtimestamp(value["date"], UTC)
    if value is None or isinstance(value, float) or _is_whole(value):
        return value  # type: ignore[no-any-return]
    raise ValueError


def _is_whole(value: Any) -> bool:
    """Whether MongoDB can hold it."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _id(value: Any) -> Any:
    from bson import ObjectId

    if isinstance(value, dict) and set(value) == {"oid"} and ObjectId.is_valid(value["oid"]):
        return ObjectId(value["oid"])
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value
    if _is_whole(value):
        return value
    raise ValueError
