"""Filters that a user saved under a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.filters.cookbook import recipes
from synth.filters.extended_json import dumps
from synth.filters.read import NAME

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]


def saved_filters(database: Store) -> list[dict[str, Any]]:
    """Rows of `filters`, by name."""
    return list(database.filters.find({}, {"_id": 0}).sort("name", 1))


def save_filter(
    database: Store, name: str, document: Mapping[str, Any], collection: str, replace: bool = False
) -> bool:
    """Store a filter under a name, as the JSON that it is now; False where it was there already, the same.

    Raises:
        NewsmillError: the name is none, is the cookbook's, or another filter has it.
    """
    if not NAME.fullmatch(name):
        raise NewsmillError(f"bad name {name!r}: small letters, digits, - and _, a letter first")
    if name in recipes():
        raise NewsmillError(f"the cookbook has a filter :{name}: choose another name")
    row = {"filter": dumps(document), "collection": collection}
    before = database.filters.find_one({"name": name})
    if before and {key: before[key] for key in row} == row:
        return False
    if before and not replace:
        raise NewsmillError(f"another filter is saved as :{name}, {before['filter'][:200]}: --force replaces it")
    database.filters.update_one({"name": name}, {"$set": row | {"created_at": datetime.now(UTC)}}, upsert=True)
    return True


def delete_filter(database: Store, name: str) -> None:
    """Remove a saved filter.

    Raises:
        NewsmillError: there is none.
    """
    if not database.filters.delete_one({"name": name.removeprefix(":")}).deleted_count:
        raise NewsmillError(f"no filter is saved as :{name.removeprefix(':')}: synth query --saved lists them")
