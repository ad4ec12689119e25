"""Which samples an export takes, and why it leaves out the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.mongo import taken_down
from synth.export.preferences import Preferences, preferences_of
from synth.export.split import Row
from synth.filters.check import filter_errors
from synth.near_duplicates.bottom_k import Copies
from synth.samples.sample import CURRENT
from synth.samples.turns import TOOL

if TYPE_CHECKING:
    from pymongo.database import Database

CHUNK = 1000


@dataclass
class Selection:
    """What will be exported, sorted by key, and what will not."""

    rows: list[Row] = field(default_factory=list)
    #: key -> what the row has that some formats have no place for (`synth.export.formats.LACKS`), if anything.
    needs: dict[str, frozenset[str]] = field(default_factory=dict)
    #: whether a message of one of the rows has a weight.
    weighted: bool = False
    #: reason -> samples that the filter names and no file gets.
    left_out: Counter[str] = field(default_factory=Counter)
    #: key -> key of the sample that `synth dedupe` keeps instead.
    duplicate_of: dict[str, str] = field(default_factory=dict)
    #: key -> key of the sample that it was translated from.
    translated_from: dict[str, str] = field(default_factory=dict)
    #: what makes pairs, where a format asks for them.
    preferences: Preferences | None = None
    permission: dict[str, Any] = field(default_factory=dict)
    #: link -> {robots, opt_out}.
    permission_of: dict[str, dict[str, Any]] = field(default_factory=dict)

    def cut(self, limit: int) -> None:
        """Only the first rows stay; a key is a hash, so they are a sample of all."""
        self.rows = self.rows[:limit]
        keys = {row.key for row in self.rows}
        self.needs = {key: needs for key, needs in self.needs.items() if key in keys}
        self.permission = permission_summary(self.rows, self.permission_of)


def select(
    database: Database[dict[str, Any]],
    query: Mapping[str, Any],
    *,
    lacks: frozenset[str] = frozenset(),
    include_opted_out: bool = False,
    include_duplicates: bool = False,
    pairs: bool = False,
) -> Selection:
    """The samples that the filter names, less those that cannot or should not be learnt from.

    lacks: what none of the formats has a place for. pairs: whether one of them is of preferences.

    A sample with several reasons counts under the first of superseded, rejected, empty, those of `lacks`,
    broken_history, taken_down, opted_out, duplicate.

    Raises:
        NewsmillError: the server refuses the filter.
    """
    selection = Selection()
    with filter_errors():
        selection.preferences = _preferences(database, query, include_opted_out=include_opted_out) if pairs else None
        selection.left_out.update(_replaced(database, query))
        for row in _light(database, query):
            _sort(selection, row, lacks)
    links = {link for row in selection.rows for link in row.links}
    # `synth takedown` removes such samples; one that came back with a backup or an import stays in.
    removed = {link for part in _parts(links) for link in taken_down(database, part)}
    _keep(selection, [row for row in selection.rows if removed.isdisjoint(row.links)], "taken_down")
    permission_of = permissions(database, links)
    if not include_opted_out:
        reserved = {link for link, permission in permission_of.items() if permission["opt_out"]}
        _keep(selection, [row for row in selection.rows if reserved.isdisjoint(row.links)], "opted_out")
    if not include_duplicates:
        _keep(selection, without_duplicates(selection.rows, selection.duplicate_of), "duplicate")
    keys = {row.key for row in selection.rows}
    selection.needs = {key: needs for key, needs in selection.needs.items() if key in keys}
    selection.left_out = Counter({reason: count for reason, count in sorted(selection.left_out.items()) if count})
    selection.permission_of = permission_of
    selection.permission = permission_summary(selection.rows, permission_of)
    return selection


def _preferences(
    database: Database[dict[str, Any]], query: Mapping[str, Any], *, include_opted_out: bool
) -> Preferences:
    """The preferences, without rejected answers from articles that may not be used."""
    preferences = preferences_of(database, query)
    links = preferences.links()
    preferences.without({link for part in _parts(links) for link in taken_down(database, part)})
    if not include_opted_out:
        permission_of = permissions(database, links)
        preferences.without({link for link, permission in permission_of.items() if permission["opt_out"]})
    return preferences


def _replaced(database: Database[dict[str, Any]], query: Mapping[str, Any]) -> dict[str, int]:
    rejected = {"superseded": {"$ne": True}, "status": "rejected"}
    return {
        "superseded": database.samples.count_documents({"$and": [dict(query), {"superseded": True}]}),
        "rejected": database.samples.count_documents({"$and": [dict(query), rejected]}),
    }


def _keep(selection: Selection, rows: list[Row], reason: str) -> None:
    selection.left_out[reason] += len(selection.rows) - len(rows)
    selection.rows = rows


def _sort(selection: Selection, row: Mapping[str, Any], lacks: frozenset[str]) -> None:
    """Take a row, or count why not."""
    roles, needs = row["roles"], needs_of(row)
    if selection.preferences and (problem := selection.preferences.problem(row["key"])):
        needs.insert(0, problem)
    if row["empty"]:
        selection.left_out["empty"] += 1
    elif lacking := [need for need in needs if need in lacks]:
        # An Alpaca row holds one request and one answer: without its history the answer answers nothing.
        selection.left_out[lacking[0]] += 1
    elif not are_turns(roles):
        selection.left_out["broken_history"] += 1
    else:
        links = [link for link in row.get("links") or [] if isinstance(link, str)]
        date = row["date"] if isinstance(row.get("date"), datetime) else None
        selection.rows.append(Row(row["key"], row.get("event") or row["key"], row.get("language") or "", date, links))
        weights = (row.get("conversation") or {}).get("weights") or []
        selection.weighted = selection.weighted or any(weight is not None for weight in weights)
        if needs:
            selection.needs[row["key"]] = frozenset(needs)
        if isinstance(original := row.get("duplicate_of"), str):
            selection.duplicate_of[row["key"]] = original
        if isinstance(source := row.get("translated_from"), str):
            selection.translated_from[row["key"]] = source


def needs_of(row: Mapping[str, Any]) -> list[str]:
    """What a row has that not every format has a place for, in the order of LACKS."""
    conversation = row.get("conversation") or {}
    has = {
        "several_turns": bool(row["roles"]),
        "tool_calls": not {*TOOL}.isdisjoint(conversation.get("roles") or []) or bool(conversation.get("calls")),
        "not_to_be_learnt": (conversation.get("weights") or [None])[-1] == 0,
    }
    return [name for name, is_there in has.items() if is_there]


def are_turns(roles: Sequence[str | None]) -> bool:
    """Whether earlier turns can stand before a question: user and assistant alternating, after at most one system
    message. Trainers throw other rows away, or learn the user's words as the model's.
    """
    turns = roles[1:] if roles and roles[0] == "system" else roles
    return len(turns) % 2 == 0 and all(role == ("user", "assistant")[i % 2] for i, role in enumerate(turns))


def _light(database: Database[dict[str, Any]], query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Current samples that the filter names, without their texts, sorted by key."""
    # The role of a turn that says something, null for any other.
    role = {"$cond": [_blank("$$turn.content"), None, "$$turn.role"]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"$and": [dict(query), CURRENT]}},
        {"$project": {
            "_id": 0, "key": 1, "event": 1, "language": 1, "date": 1, "links": "$sources.link", "duplicate_of": 1,
            "translated_from": "$provenance.translated_from", "roles": {"$cond": [
                {"$isArray": ["$history"]}, {"$map": {"input": "$history", "as": "turn", "in": role}}, []
            ]},
            "conversation.roles": 1, "conversation.weights": 1, "conversation.calls": 1,
            "empty": {"$or": [_blank("$answer"), _blank("$question")]},
        }},
        {"$sort": {"key": 1}},
    ]  # fmt: skip
    return iter(database.samples.aggregate(pipeline, allowDiskUse=True))


def _blank(value: str) -> dict[str, Any]:
    """An expression: the value is no text, or one without a letter or sign."""
    text = {"$cond": [{"$eq": [{"$type": value}, "string"]}, value, ""]}
    return {"$not": [{"$regexMatch": {"input": text, "regex": r"\S"}}]}


def without_duplicates(rows: Sequence[Row], duplicate_of: Mapping[str, str]) -> list[Row]:
    """One row of each set of duplicates: the one that `synth dedupe` keeps, or the first where that one is not here."""
    keys = {row.key for row in rows}
    unique: list[Row] = []
    stands_for: set[str] = set()
    for row in rows:
        original = original_of(row.key, duplicate_of)
        if original != row.key and (original in keys or original in stands_for):
            continue
        stands_for.add(original)
        unique.append(row)
    return unique


def original_of(key: str, duplicate_of: Mapping[str, str]) -> str:
    """The sample at the end of "is a duplicate of"; of a circle, its smallest key."""
    path = [key]
    while (following := duplicate_of.get(path[-1])) is not None:
        if following in path:
            return min(path[path.index(following) :])
        path.append(following)
    return path[-1]


def permissions(database: Database[dict[str, Any]], links: set[str]) -> dict[str, dict[str, Any]]:
    """Link -> {robots, opt_out} of those of `links` that are in the store, by any of an article's addresses.

    Where one address leads to several articles, a right that one of them reserves is reserved.
    """
    permission_of: dict[str, dict[str, Any]] = {}
    for part in _parts(links):
        query = {"$or": [{"link": {"$in": part}}, {"also_at": {"$in": part}}]}
        for article in database.articles.find(query, {"link": 1, "also_at": 1, "permission": 1}):
            stored = article.get("permission") or {}
            permission = {"robots": stored.get("robots"), "opt_out": stored.get("opt_out")}
            for link in {article["link"], *(article.get("also_at") or [])} & links:
                if not permission_of.get(link, {}).get("opt_out"):
                    permission_of[link] = permission
    return permission_of


def _parts(links: set[str]) -> Iterator[list[str]]:
    ordered = sorted(links)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def permission_summary(rows: Iterable[Row], permission_of: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How many articles the rows are made from, and what robots.txt and machine-readable reservations said of them."""
    links = {link for row in rows for link in row.links}
    names = {True: "yes", False: "no", None: "unknown"}
    robots = Counter(names.get(permission_of.get(link, {}).get("robots"), "unknown") for link in links)
    reserved = Counter(names.get(permission_of.get(link, {}).get("opt_out"), "unknown") for link in links)
    return {
        "articles": len(links), "robots_allowed": dict(sorted(robots.items())),
        "rights_reserved": dict(sorted(reserved.items())),
    }  # fmt: skip


def with_copies(database: Database[dict[str, Any]], selection: Selection) -> Iterator[Row]:
    """The rows with the names of their texts: a copy under another link, in another event or language is the same."""
    copies = Copies()
    sources = {original_of(source, selection.translated_from) for source in selection.translated_from.values()}
    duplicates: dict[str, set[str]] = {}
    for key in selection.duplicate_of:
        original = original_of(key, selection.duplicate_of)
        duplicates[key] = duplicates[original] = {f"sample {original}"}
    name_of: dict[str, str] = {}
    for start in range(0, len(selection.rows), CHUNK):
        part = {row.key: row for row in selection.rows[start : start + CHUNK]}
        fields = {"key": 1, "answer": 1, "translation_group": 1, "sources.link": 1, "sources.content": 1}
        for sample in database.samples.find({"key": {"$in": list(part)}}, fields).sort("key", 1):
            # Duplicates of another wording, which --include-duplicates keeps, stay together as well.
            names = {copies.name(sample["answer"]), *duplicates.get(sample["key"], ())}
            # All languages of a row: what was translated to Vietnamese is no test of what was learnt in Italian.
            if (source := original_of(sample["key"], selection.translated_from)) in sources:
                names.add(f"source {source}")
            if isinstance(group := sample.get("translation_group"), str):
                names.add(f"translation {group}")
            if selection.preferences and (request := selection.preferences.requests.get(sample["key"])):
                names.add(f"request {request}")
            for source in sample.get("sources") or []:
                link, content = source.get("link") or "", source.get("content") or ""
                # Popular articles are in many samples; a link is one text.
                if link not in name_of or not link:
                    name_of[link] = copies.name(content)
                names.add(name_of[link])
            yield replace(part[sample["key"]], copies=sorted(names - {""}))


def full_samples(database: Database[dict[str, Any]], rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """The samples of `rows` as they are stored, but without their sources' texts, in the same order (by key)."""
    fields = {"_id": 0, "sources.content": 0, "sources.tags": 0}
    for start in range(0, len(rows), CHUNK):
        keys = [row.key for row in rows[start : start + CHUNK]]
        yield from database.samples.find({"key": {"$in": keys}}, fields).sort("key", 1)
