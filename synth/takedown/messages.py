"""A takedown in words: what there is of an article, what was removed, what to do about the rest."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from synth.takedown.lineage import Lineage

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

_TRAIN_AGAIN = "delete it and what was made of it, and train again on a clean export"
#: Keys shown in a line before the rest is only counted.
_KEYS_SHOWN = 3


def describe(lineage: Lineage, removed: bool) -> list[str]:
    """An article's lineage, a line for each kind; kinds of which there is nothing are left out."""
    rows = [
        ("article", len(lineage.articles), _number(len(lineage.links), "address", "addresses")),
        ("revisions", lineage.revisions, "its earlier texts"),
        ("samples", len(lineage.samples), _keys(lineage.samples, len(lineage.superseded))),
        ("fragments", len(lineage.fragments), _keys(lineage.fragments) + ": for instructions of synth reverse"),
        ("left out of", len(lineage.left_out_of), f"{_keys(lineage.left_out_of)}: they stay, without its link"),
        ("events", len(lineage.events), ", ".join(lineage.events[:_KEYS_SHOWN])),
        ("old events", lineage.older_events, "versions of events that no longer count"),
        ("calls", len(lineage.calls), "replies in the ledger"),
        ("ratings", lineage.ratings, "what people said of these samples"),
        ("marks", lineage.marks, "of raters, the texts that they wrote included"),
        ("vectors", lineage.embeddings, "of its texts"),
    ]  # fmt: skip
    lines = [lineage.link + (f" (taken down {lineage.taken_down_at:%Y-%m-%d})" if lineage.taken_down_at else "")]
    lines += [f"  {name:<12}{count:>6,}  {note}".rstrip() for name, count, note in rows if count]
    if len(lines) == 1:
        lines.append("  nothing is in the store" + (": the link is remembered" if removed else ""))
    for export in lineage.exports:
        lines += [f"  export      {export.folder}: {export.advice()}"]
    for training in lineage.trainings:
        lines += [f"  training    {training.folder}: learnt from {training.data}: {_TRAIN_AGAIN}"]
    return lines


def _number(count: int, singular: str, plural: str) -> str:
    return f"{count:,} {singular if count == 1 else plural}"


def _keys(keys: Sequence[str], superseded: int = 0) -> str:
    text = " ".join(key[:8] for key in keys[:_KEYS_SHOWN]) + (" …" if len(keys) > _KEYS_SHOWN else "")
    return text + (f", {superseded} of them superseded" if superseded else "")


def next_steps(lineages: Sequence[Lineage], removed: bool) -> str:
    """What happened, and what is to be done."""
    total = sum((Counter(lineage.counts()) for lineage in lineages), Counter[str]())
    if not removed:
        what = "removes it all from the store, and keeps" if any(total.values()) else "keeps"
        return f"takedown: nothing is removed; --yes {what} the links from being crawled or imported again"
    removals = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in total.items() if count)
    line = f"takedown: {_number(len(lineages), 'article', 'articles')} will not be crawled or imported again; removed: "
    line += removals or "nothing, there was none in the store"
    if any(lineage.exports or lineage.trainings for lineage in lineages):
        line += "; the exports and trainings named above are left as they are"
    if archive := os.environ.get("NEWSMILL_WARC"):
        line += f"; pages as they were fetched are still in the archive {archive}"
    return line + ("; next: synth cluster && synth summarize" if total["events"] else "")


def print_takedowns(database: Store, as_json: bool) -> int:
    """List what was taken down so far; the exit status."""
    for row in database.takedowns.find({}, {"_id": 0}).sort("requested_at", 1):
        counts = sorted((row.get("removed") or {}).items())
        removed = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in counts if count)
        state = removed or "nothing was stored"
        if not row.get("finished_at"):
            state += "; interrupted: run it again with --yes"
        print(json.dumps(row, default=str) if as_json else f"{row['requested_at']:%Y-%m-%d}  {row['link']}  {state}")
    return 0
