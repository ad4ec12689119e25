"""Events as `clusters` stores them: their keys, their numbers, and the transactions in which they change."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synth.cluster.assignments import ArticleRef
from synth.samples.sample import event_key as event_key

#: Events that change in one transaction: more than 50,000 did not fit a server with a cache of 256 MB.
EVENTS_AT_ONCE = 2_000


def texts_key(members: Iterable[ArticleRef]) -> str:
    """sha256 (hex) of the members' links and content hashes: changes when one of the texts does."""
    lines = sorted(f"{ref.link}\0{ref.content_hash}" for ref in members)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def numbered(events: list[dict[str, Any]], old: list[dict[str, Any]], next_number: int) -> list[dict[str, Any]]:
    """The events with numbers; those that are stored just so already are returned as they are stored, with their
    `_id`.

    An event keeps the number of the earlier one that it shares most articles with, more than half of the smaller of
    the two; where several could have a number, the one that shares most has it. New ones count on.
    """
    owner = {article: i for i, row in enumerate(old) for article in row["articles"]}
    shared = [Counter(owner[article] for article in row["articles"] if article in owner) for row in events]
    candidates = sorted(
        (-common, old[j]["number"], i, j)
        for i, overlaps in enumerate(shared)
        for j, common in overlaps.items()
        if 2 * common > min(events[i]["size"], old[j]["size"])
    )
    used_numbers: set[int] = set()
    numbers: dict[int, int] = {}
    for _, _, i, j in candidates:
        if i not in numbers and j not in used_numbers:
            used_numbers.add(j)
            numbers[i] = j
    rows = []
    for i, row in enumerate(events):
        earlier = old[numbers[i]] if i in numbers else None
        if earlier is not None and all(earlier.get(name) == value for name, value in row.items()):
            rows.append(earlier)
            continue
        rows.append(row | {"number": earlier["number"] if earlier is not None else next_number})
        next_number += earlier is None
    return rows


def transactions(
    new: Sequence[Mapping[str, Any]], retired: Sequence[Mapping[str, Any]]
) -> list[tuple[list[Any], list[Any]]]:
    """(_ids of new events, _ids of retired ones) for each transaction; one is enough for a day, never none.

    A server can hold but so much of a transaction in memory. Events that share an article change in the same one: at no
    moment is an article in two of them.
    """
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = [*new, *retired]
    if len(rows) <= EVENTS_AT_ONCE:
        return [([row["_id"] for row in new], [row["_id"] for row in retired])]
    owner = {article: i for i, row in enumerate(retired, len(new)) for article in row["articles"]}
    edges = [(i, owner[article]) for i, row in enumerate(new) for article in row["articles"] if article in owner]
    sources, targets = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(sources), dtype=bool), (sources, targets)), shape=(len(rows), len(rows)))
    _, parts = connected_components(graph, directed=False)
    batches: list[tuple[list[Any], list[Any]]] = [([], [])]
    before = -1
    for i in np.argsort(parts, kind="stable").tolist():
        if parts[i] != before and len(batches[-1][0]) + len(batches[-1][1]) >= EVENTS_AT_ONCE:
            batches.append(([], []))
        before = parts[i]
        batches[-1][i >= len(new)].append(rows[i]["_id"])
    return batches
