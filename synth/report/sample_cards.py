"""Samples to look at: the worst, with the reasons why, and some drawn by the seed; each beside its sources."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.display.sample_card import TRACED, sample_card
from synth.ratings.calibration import Calibration
from synth.report.worst_samples import reasons
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Samples drawn at random.
DRAWN = 10

Row = Mapping[str, Any]


def collect_cards(
    database: Database[dict[str, Any]], seed: int, worst: Sequence[Row], calibration: Calibration | None = None
) -> dict[str, list[dict[str, Any]]]:
    """{worst, random}: no sample twice; in a small store there are fewer random ones.

    Args:
        worst: rows of `synth.report.worst_samples.facet`.
        calibration: what is known of the judges whose scores are shown; None: nothing.
    """
    points_of = {row["key"]: row["points"] for row in worst}
    random_keys = _drawn(database, set(points_of), seed)
    cards = {card["key"]: card for card in _cards(database, [*points_of, *random_keys], points_of, calibration)}
    return {
        "worst": [cards[key] for key in points_of if key in cards],
        "random": [cards[key] for key in random_keys if key in cards],
    }


def _drawn(database: Database[dict[str, Any]], excluded: set[str], seed: int) -> list[str]:
    """Keys drawn from all current samples but the shown; the same store and seed draw the same."""
    total = database.samples.count_documents(CURRENT)
    # More places than cards, since some may be shown already.
    places = random.Random(seed).sample(range(total), min(total, DRAWN + len(excluded)))
    positions = set(places)
    key_at: dict[int, str] = {}
    # One walk over the keys: a query with `skip` for each place would be as many walks.
    for i, row in enumerate(database.samples.find(CURRENT, {"_id": 0, "key": 1}).sort("key", 1)):
        if i in positions:
            key_at[i] = row["key"]
            if len(key_at) == len(positions):
                break
    return [key_at[i] for i in places if i in key_at and key_at[i] not in excluded][:DRAWN]


def _cards(
    database: Database[dict[str, Any]],
    keys: Sequence[str],
    points_of: Mapping[str, Mapping[str, float]],
    calibration: Calibration | None,
) -> Iterator[dict[str, Any]]:
    sources = {"$cond": [{"$isArray": ["$sources"]}, "$sources", []]}
    fields = {"sources": {"$slice": [sources, TRACED]}, "source_count": {"$size": sources}}
    pipeline: list[dict[str, Any]] = [{"$match": {"key": {"$in": list(keys)}}}, {"$set": fields}]
    for sample in database.samples.aggregate(pipeline):
        why = points_of.get(sample["key"])
        card = sample_card(sample, calibration=calibration)
        yield {**card, "why": reasons(sample, why, card["accuracy_note"]) if why else [],
               "points": round(sum(why.values()), 3) if why else None}  # fmt: skip
