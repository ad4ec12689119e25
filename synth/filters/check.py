"""What is wrong with a filter, found before the server reads it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.items import NEWSPAPERS, Article, NewsmillError
from synth.samples.sample import STATUSES, TASKS, known_fields

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]
#: Those whose fields are known.
COLLECTIONS = ("articles", "clusters", "samples")
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

_DATES = {"date", "date_modified", "crawled_at", "created_at", "checked_at", "first_date", "last_date"}
_FLAGS = {"superseded", "toxicity_calibrated", "current", "permission.opt_out"}
_NUMBERS = {
    "similarity", "min_similarity", "mean_similarity", "similarity_std", "language_confidence", "min_support",
    "sentence_support", "toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat",
    "sexual_explicit", "accuracy", "helpfulness", "duplicate_score", "question_tokens", "cluster_size", "size",
    "number", "threshold", "revision", "contaminated.overlap", "judge.repeats", "judge.unread",
}  # fmt: skip
_TEXTS = {
    "key", "task", "question", "answer", "system", "instruction", "language", "status", "event", "detected_language",
    "similarity_embedder", "toxicity_model", "acc_explanation", "help_explanation", "duplicate_of", "duplicate_kind",
    "superseded_by", "tags", "link", "title", "content", "description", "source_site", "unsupported",
    "unsupported_kinds", "sources.title", "sources.link", "sources.content", "sources.source_site", "sources.tags",
    "provenance.run", "provenance.prompt", "provenance.model",
}  # fmt: skip
_SITES = tuple(sorted(paper.source_site for paper in NEWSPAPERS.values()))
#: Fields of which every value is known.
_VALUES = {
    "task": TASKS, "status": STATUSES, "duplicate_kind": ("exact", "near", "semantic"),
    "sources.source_site": _SITES, "source_site": _SITES, "access": ("free", "teaser"),
    "personal_data.kind": ("email", "telephone", "iban", "tax_code", "identity_number"),
    "unsupported_kinds": ("number", "date", "percent", "money", "quantity", "name", "quote"),
}  # fmt: skip

_CLUSTER_FIELDS = (
    "_id run number event articles texts links size first_date last_date language embedder linkage threshold window "
    "fingerprint created_at current pending"
).split()
_ARTICLE_FIELDS = "_id also_at permission.robots permission.opt_out permission.evidence permission.checked_at".split()


def check_filter(wanted: Mapping[str, Any], database: Store | None = None, collection: str = "samples") -> None:
    """
    Raises:
        NewsmillError: the filter runs code or, with `database`, has operators or fields that there are not.
    """
    refuse_code(wanted)
    if database is not None and collection in COLLECTIONS and (problems := mistakes(database, collection, wanted)):
        raise NewsmillError(f"bad filter: {'; '.join(problems)}")


# ---- what a filter speaks of


def fields_of(collection: str) -> set[str]:
    """Names that documents of a collection may have."""
    if collection == "samples":
        return known_fields()
    if collection == "clusters":
        return set(_CLUSTER_FIELDS)
    return {item.name for item in fields(Article)} | set(_ARTICLE_FIELDS)


def conditions(wanted: Any, field: str = "") -> Iterator[tuple[str, str, Any]]:
    """(field, operator, operand) of a filter, however deep; names without positions: `sources.0.title` is
    `sources.title`. What stands alone is under `$eq`."""
    if not isinstance(wanted, Mapping):
        return
    for name, value in wanted.items():
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


def named_fields(wanted: Any) -> Iterator[str]:
    """Names of fields in a filter, in their order, those in `$expr` included; one may come again."""
    for field, operator, value in conditions(wanted):
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


def conjuncts(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a filter that must all hold: its fields, and those of its `$and`."""
    parts: list[dict[str, Any]] = []
    for name, value in wanted.items():
        if name == "$and" and isinstance(value, list):
            for part in value:
                parts.extend(conjuncts(part))
        else:
            parts.append({name: value})
    return parts


# ---- what is wrong with it


def refuse_code(wanted: Any) -> None:
    """Raises NewsmillError where a filter would run code on the server or write, in any depth."""
    if isinstance(wanted, Mapping):
        for name, value in wanted.items():
            if name in REFUSED:
                raise NewsmillError(f"bad filter: {name} is refused: a query runs no code and writes nothing")
            refuse_code(value)
    elif isinstance(wanted, list | tuple):
        for value in wanted:
            refuse_code(value)
    elif type(wanted).__name__ == "Code":
        raise NewsmillError("bad filter: $code is refused: a query runs no code and writes nothing")


def mistakes(database: Store, collection: str, wanted: Mapping[str, Any], others: Iterable[str] = ()) -> list[str]:
    """What cannot be meant: operators that there are not, and names that no document and no version has.

    A filter with a misspelt name matches nothing, or, negated, everything, without a word from the server.
    """
    found = list(_wrong_operators(collection, wanted))
    known = fields_of(collection)
    for name in dict.fromkeys([*named_fields(wanted), *(other for other in others if other)]):
        # A later version, or a person, may have added fields of their own.
        plain = ".".join(part for part in name.split(".") if not part.isdecimal())
        if plain in known or _in_store(database, collection, name):
            continue
        word = plain.lstrip("$")
        near = [word] if word in known else difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
        found.append(f"no field {name!r} in {collection}" + (f": did you mean {near[0]!r}?" if near else ""))
    return found


def _in_store(database: Store, collection: str, name: str) -> bool:
    from pymongo.errors import ExecutionTimeout, OperationFailure

    try:
        wanted = {name: {"$exists": True}}
        return database[collection].find_one(wanted, {"_id": 1}, max_time_ms=10_000) is not None
    except ExecutionTimeout:
        # Nobody knows; a large store is no reason to refuse.
        return True
    except OperationFailure:
        return False


def _wrong_operators(collection: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    for field, operator, value in conditions(wanted):
        if operator.startswith("$") and operator not in OPERATORS:
            if not field and operator[1:].strip() in fields_of(collection):
                yield f"{operator!r} is no operator: did you mean the field {operator[1:].strip()!r}?"
            else:
                yield f"no operator {operator!r}" + _operator_meant(operator)
        if operator in ("", "$eq") and isinstance(value, Mapping) and field in _DATES | _NUMBERS | _TEXTS | _FLAGS:
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


def warnings(wanted: Mapping[str, Any]) -> list[str]:
    """What is probably not meant: values of another type than the field's, or that it never has; any for all."""
    found: dict[str, None] = {}
    for field, operator, value in conditions(wanted):
        given = value if operator in _COMPARE_LIST and isinstance(value, list) else [value]
        if operator in _COMPARE or operator in _COMPARE_LIST:
            found |= dict.fromkeys(line for one in given for line in _odd_value(field, operator, one))
        if field == "similarity" and _lower_bound(operator, value):
            found["similarity: this holds where *any* source is so near; for all of them: min_similarity"] = None
    return list(found)


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
    elif (
        field in _VALUES
        and isinstance(value, str)
        and operator in ("$eq", "$in", "$all")
        and value not in _VALUES[field]
    ):
        near = difflib.get_close_matches(value.lower(), [one.lower() for one in _VALUES[field]], n=1, cutoff=0.5)
        meant = next((one for one in _VALUES[field] if near and one.lower() == near[0]), None)
        yield f"{field} is never {value!r}" + (
            f": did you mean {meant!r}?" if meant else f": {', '.join(_VALUES[field])}"
        )


def _told(value: Any) -> str:
    return f"the {'text' if isinstance(value, str) else type(value).__name__} {value!r}"


def _kind_of(field: str) -> str:
    if field.rpartition(".")[2] in _DATES:
        return "instant"
    kinds = {"number": _NUMBERS, "text": _TEXTS, "truth value": _FLAGS}
    return next((kind for kind, names in kinds.items() if field in names), "")


def _is_of(kind: str, value: Any) -> bool:
    from bson import Decimal128, Int64, Regex

    if kind == "truth value":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float | Int64 | Decimal128) and not isinstance(value, bool)
    return isinstance(value, str | Regex | re.Pattern)
