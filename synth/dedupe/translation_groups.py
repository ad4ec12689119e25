"""The same row in several languages: `translation_group`, the same for a sample and its translations.

Certain where the provenance says so (translated from; one fragment of an article in several languages); of imported
rows by their content (parallel_texts.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from synth.batched import batched
from synth.dedupe.parallel_texts import parallel
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

_WRITE = 1_000
_FIELDS = {
    "key": 1, "language": 1, "translation_group": 1, "provenance.translated_from": 1, "provenance.fragment": 1,
}  # fmt: skip


def write_translation_groups(database: Database[dict[str, Any]]) -> int:
    """Make the store's groups those of its current samples; how many samples have one."""
    from pymongo import UpdateOne

    rows = [*database.samples.find(CURRENT, _FIELDS).sort("key", 1)]
    groups = groups_of(rows, [*_imported_pairs(database)])
    writes = []
    for row in rows:
        group = groups.get(row["key"])
        if row.get("translation_group") != group:
            change = {"$set": {"translation_group": group}} if group else {"$unset": {"translation_group": ""}}
            writes.append(UpdateOne({"key": row["key"]}, change))
    for batch in batched(writes, _WRITE):
        database.samples.bulk_write(batch, ordered=True)
    return len(groups)


def groups_of(rows: Sequence[Mapping[str, Any]], pairs: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """key -> smallest key of its group, of groups in two languages at least."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (above := parent.setdefault(name, name)) != name:
            parent[name] = parent[above]
            name = above
        return name

    for first, second in [*_provenance_pairs(rows), *pairs]:
        parent[root(first)] = root(second)
    members: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        members[root(row["key"])].append(row)
    return {
        row["key"]: min(other["key"] for other in group)
        for group in members.values()
        if len({row.get("language") for row in group}) > 1
        for row in group
    }


def _provenance_pairs(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        provenance = row.get("provenance")
        if isinstance(provenance, dict):
            if isinstance(source := provenance.get("translated_from"), str):
                yield row["key"], source
            if isinstance(fragment := provenance.get("fragment"), str) and fragment:
                yield row["key"], f"fragment {fragment}"


def _imported_pairs(database: Database[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Imported rows of two languages that are translations of each other by their content."""
    imported = {"$and": [CURRENT, {"task": "import"}]}
    languages = [code for code in database.samples.distinct("language", imported) if isinstance(code, str) and code]
    if len(languages) < 2:
        return
    texts: dict[str, dict[str, str]] = {code: {} for code in sorted(languages)}
    for row in database.samples.find(imported, {"key": 1, "language": 1, "question": 1, "answer": 1}).sort("key", 1):
        if row.get("language") in texts:
            texts[row["language"]][row["key"]] = f"{row.get('question') or ''}\n{row.get('answer') or ''}"
    for first, second in combinations(texts.values(), 2):
        keys = [*first], [*second]
        for one, other in parallel([*first.values()], [*second.values()]):
            yield keys[0][one], keys[1][other]
