"""What a filter speaks of, and what is wrong with it: found before the server reads it, or said by the server."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import may_only_read
from synth.samples.schema import COLLECTIONS, dotted, fields_of, known_fields

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: collection -> what is meant where neither the filter nor --all says otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "samples": {"superseded": {"$ne": True}},
    "articles": {},
    "clusters": {"current": True},
    "fragments": {},
}
#: They run code on the server, or write; none of them names documents.
REFUSED = frozenset(("$where", "$function", "$accumulator", "$out", "$merge"))
_LOGICAL = ("$and", "$or", "$nor")
OPERATORS = frozenset(
    "$and $or $nor $not $expr $comment $jsonSchema $text $sampleRate $eq $ne $gt $gte $lt $lte $in $nin $exists $type "
    "$mod $regex $options $all $elemMatch $size $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $geoWithin "
    "$geoIntersects $near $nearSphere $maxDistance $minDistance $search $caseSensitive $diacriticSensitive $ref $id "
    "$alwaysTrue $alwaysFalse".split()
)
#: What people write who know SQL or another language.
_MEANT = {
    ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte", "=": "$eq", "==": "$eq", "!=": "$ne", "<>": "$ne",
    "greater": "$gt", "less": "$lt", "ge": "$gte", "le": "$lte", "min": "$gte", "max": "$lte", "from": "$gte",
    "until": "$lte", "equals": "$eq", "is": "$eq", "like": "$regex", "contains": "$regex", "match": "$regex",
    "any": "$elemMatch", "notin": "$nin", "length": "$size", "between": "$gte", "exist": "$exists",
}  # fmt: skip
#: Operators whose operand is compared with the field's own value, by MongoDB only within one type.
_COMPARE = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")
_COMPARE_LIST = ("$in", "$nin", "$all")

#: What a filter's value is compared with: type of a field -> its name in messages.
_KIND_NAMES = {
    "timestamp": "instant", "float64": "number", "int64": "number", "string": "text", "bool": "truth value",
}  # fmt: skip


def check_filter(query: Mapping[str, Any], database: Store | None = None, collection: str = "samples") -> None:
    """
    Raises:
        NewsmillError: the filter runs code or, with `database`, has operators or fields that there are not.
    """
    refuse_code(query)
    if database is not None and collection in COLLECTIONS and (problems := mistakes(database, collection, query)):
        raise NewsmillError(f"bad filter: {'; '.join(problems)}")


def review(
    database: Store, collection: str, query: Mapping[str, Any], more_fields: Iterable[str] = (), force: bool = False
) -> list[str]:
    """What is probably not meant, a line each; with `force` also what cannot be meant.

    Raises:
        NewsmillError: the filter runs code or, without `force`, has operators or fields that there are not.
    """
    refuse_code(query)
    problems = mistakes(database, collection, query, more_fields)
    if problems and not force:
        raise NewsmillError("bad filter: " + "; ".join(problems) + " (--force runs it all the same)")
    return [*problems, *warnings(query)]


@contextmanager
def filter_errors() -> Iterator[None]:
    """What the server says of a filter, as the user's mistake.

    Raises:
        NewsmillError: the server refused the filter, e.g. for an operator that there is not.
    """
    from pymongo.errors import ExecutionTimeout, OperationFailure

    try:
        yield
    except OperationFailure as error:
        if may_only_read(error) or isinstance(error, ExecutionTimeout):
            raise  # Not the filter is refused but the user, or it took too long.
        raise NewsmillError(f"bad filter: {(error.details or {}).get('errmsg', error)}") from error


# ---- what a filter speaks of


@functools.cache
def _kinds() -> dict[str, str]:
    """Field -> kind of its values, of every collection: no name means two kinds."""
    rows = [row for collection in COLLECTIONS for row in dotted(fields_of(collection))]
    return {name: _KIND_NAMES[field.type] for name, field in rows if field.type in _KIND_NAMES}


@functools.cache
def _instants() -> frozenset[str]:
    """Last parts of the names of instants: a field of another version is known by them, too."""
    return frozenset(name.rpartition(".")[2] for name, kind in _kinds().items() if kind == "instant")


@functools.cache
def _values() -> dict[str, tuple[str, ...]]:
    """Field -> every value that it may have, where they are known."""
    rows = [row for collection in COLLECTIONS for row in dotted(fields_of(collection))]
    return {name: field.values for name, field in rows if field.values}


def conditions(query: Any, field: str = "") -> Iterator[tuple[str, str, Any]]:
    """(field, operator, operand) of a filter, however deep; names without positions: `sources.0.title` is
    `sources.title`. What stands alone is under `$eq`.
    """
    if not isinstance(query, Mapping):
        return
    for name, value in query.items():
        if name in _LOGICAL and isinstance(value, list):
            for part in value:
                yield from conditions(part, field)
        elif name.startswith("$"):
            yield field, name, value
            if name in ("$not", "$elemMatch"):
                yield from conditions(value, field)
            elif name == "$all" and isinstance(value, list):
                for part in value:
                    yield from conditions(part, field)
        else:
            path = ".".join(part for part in f"{field}.{name}".split(".") if part and not part.isdecimal())
            if isinstance(value, Mapping) and any(str(inner).startswith("$") for inner in value):
                yield path, "", value
                yield from conditions({key: inner for key, inner in value.items() if key.startswith("$")}, path)
            else:
                yield path, "$eq", value


def named_fields(query: Any) -> Iterator[str]:
    """Names of fields in a filter, in their order, those in `$expr` included; one may come again."""
    for field, operator, value in conditions(query):
        if operator in ("", "$eq") and field:
            yield field
        elif operator == "$expr":
            yield from _paths(value)


def _paths(expression: Any) -> Iterator[str]:
    """Fields in an aggregation expression: "$name", but no "$$variable" and nothing under $literal."""
    if isinstance(expression, str):
        if re.fullmatch(r"\$[^$].*", expression):
            yield expression[1:]
    elif isinstance(expression, Mapping):
        for name, value in expression.items():
            if name != "$literal":
                yield from _paths(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _paths(value)


def implied_filter(collection: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """What is meant besides the filter: current documents, unless the filter itself speaks of that."""
    names = set(named_fields(query))
    return {name: value for name, value in DEFAULTS[collection].items() if name not in names}


def conjuncts(query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a filter that must all hold: its fields, and those of its `$and`."""
    parts: list[dict[str, Any]] = []
    for name, value in query.items():
        if name == "$and" and isinstance(value, list):
            for part in value:
                parts.extend(conjuncts(part))
        else:
            parts.append({name: value})
    return parts


# ---- what is wrong with it


def refuse_code(query: Any) -> None:
    """Raises NewsmillError where a filter would run code on the server or write, in any depth."""
    if isinstance(query, Mapping):
        for name, value in query.items():
            if name in REFUSED:
                raise NewsmillError(f"bad filter: {name} is refused: a query runs no code and writes nothing")
            refuse_code(value)
    elif isinstance(query, list | tuple):
        for value in query:
            refuse_code(value)
    elif type(query).__name__ == "Code":
        raise NewsmillError("bad filter: $code is refused: a query runs no code and writes nothing")


def mistakes(database: Store, collection: str, query: Mapping[str, Any], more_fields: Iterable[str] = ()) -> list[str]:
    """What cannot be meant: operators that there are not, and names that no document and no version has.

    A filter with a misspelt name matches nothing, or, negated, everything, without a word from the server.
    """
    problems = list(wrong_operators(collection, query))
    names = known_fields(collection)
    for name in dict.fromkeys([*named_fields(query), *(name for name in more_fields if name)]):
        # A later version, or a person, may have added fields of their own.
        plain = ".".join(part for part in name.split(".") if not part.isdecimal())
        if plain in names or _in_store(database, collection, name):
            continue
        word = plain.lstrip("$")
        near = [word] if word in names else difflib.get_close_matches(word, sorted(names), n=1, cutoff=0.5)
        problems.append(f"no field {name!r} in {collection}" + (f": did you mean {near[0]!r}?" if near else ""))
    return problems


def _in_store(database: Store, collection: str, name: str) -> bool:
    from pymongo.errors import ExecutionTimeout, OperationFailure

    try:
        query = {name: {"$exists": True}}
        return database[collection].find_one(query, {"_id": 1}, max_time_ms=10_000) is not None
    except ExecutionTimeout:
        # Nobody knows; a large store is no reason to refuse.
        return True
    except OperationFailure:
        return False


def wrong_operators(collection: str, query: Mapping[str, Any]) -> Iterator[str]:
    """A line for each operator of a filter that MongoDB has not, or that lacks its $."""
    for field, operator, value in conditions(query):
        if operator.startswith("$") and operator not in OPERATORS:
            if not field and operator[1:].strip() in known_fields(collection):
                yield f"{operator!r} is no operator: did you mean the field {operator[1:].strip()!r}?"
            else:
                yield f"no operator {operator!r}" + _operator_meant(operator)
        if operator in ("", "$eq") and isinstance(value, Mapping) and field in _kinds():
            # {"accuracy": {"gte": 4}} asks for a document, never for a comparison.
            for name in (str(name) for name in value if not str(name).startswith("$")):
                yield f"{field} holds no document with {name!r}" + _operator_meant(name)


def _operator_meant(name: str) -> str:
    word = name.strip().lstrip("$").strip()
    if word in _MEANT:
        return f": did you mean {_MEANT[word]!r}?"
    lower = {operator.lower(): operator for operator in sorted(OPERATORS)}
    near = difflib.get_close_matches(f"${word.lower()}", lower, n=1, cutoff=0.6)
    return f": did you mean {lower[near[0]]!r}?" if near else ""


def warnings(query: Mapping[str, Any]) -> list[str]:
    """What is probably not meant: values of another type than the field's, or that it never has; any for all."""
    lines: dict[str, None] = {}
    for field, operator, value in conditions(query):
        operands = value if operator in _COMPARE_LIST and isinstance(value, list) else [value]
        if operator in _COMPARE or operator in _COMPARE_LIST:
            lines |= dict.fromkeys(line for operand in operands for line in _odd_value(field, operator, operand))
        if field == "similarity" and _lower_bound(operator, value):
            lines["similarity: this holds where *any* source is so near; for all of them: min_similarity"] = None
    return list(lines)


def _lower_bound(operator: str, value: Any) -> bool:
    return operator in ("$gt", "$gte") and isinstance(value, int | float)


def _odd_value(field: str, operator: str, value: Any) -> Iterator[str]:
    if value is None or isinstance(value, Mapping | list):
        return
    kind = _kind_of(field)
    if kind == "instant":
        if not isinstance(value, datetime):
            yield f'{field} is an instant, never equal to {_told(value)}: write {{"$date": "2026-05-01"}}'
    elif kind and not _is_of(kind, value):
        yield f"{field} holds {kind}s, never equal to {_told(value)}"
    elif isinstance(value, str) and operator in ("$eq", "$in", "$all") and value not in _values().get(field, (value,)):
        values = _values()[field]
        near = difflib.get_close_matches(value.lower(), [name.lower() for name in values], n=1, cutoff=0.5)
        similar = next((name for name in values if near and name.lower() == near[0]), None)
        yield f"{field} is never {value!r}" + (f": did you mean {similar!r}?" if similar else f": {', '.join(values)}")


def _told(value: Any) -> str:
    return f"the {'text' if isinstance(value, str) else type(value).__name__} {value!r}"


def _kind_of(field: str) -> str:
    return "instant" if field.rpartition(".")[2] in _instants() else _kinds().get(field, "")


def _is_of(kind: str, value: Any) -> bool:
    from bson import Decimal128, Int64, Regex

    if kind == "truth value":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float | Int64 | Decimal128) and not isinstance(value, bool)
    return isinstance(value, str | Regex | re.Pattern)
