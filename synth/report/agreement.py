"""How the judge agrees with people, where people rated the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database


def collect_agreement(database: Database[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Rows of `ratings.agreement.agreement_of`, by dimension and language; None where nobody rated what was judged."""
    if database.ratings.find_one({}, {"_id": 1}) is None:
        return None
    from synth.ratings.agreement import agreement_of

    return [row for row in agreement_of(database) if row["n"]] or None
