"""The columns of a dataset folder: one fixed schema, whatever of it a sample has; what it lacks is null."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.samples.field import TYPE_NAMES, Field
from synth.samples.schema import sample_fields

if TYPE_CHECKING:
    import pyarrow as pa

#: The type of a column: a name of READERS, [type] for a list, {name: type} for a record.
Type = str | list[Any] | dict[str, Any]


def column_type(field: Field) -> Type:
    """The type of a field's column; a record has those of its fields that are exported."""
    inner: Type = field.type
    if field.type == "record":
        inner = {part.name: column_type(part) for part in field.fields if part.column}
    return [inner] if field.many else inner


def _exported() -> Iterator[tuple[str, Field, tuple[str, ...]]]:
    """(column, field, where its value stands in a sample), in the order of the columns."""
    for field in sample_fields():
        if field.column_name:
            yield field.column_name, field, (field.name,)
        else:
            for part in field.fields:
                if isinstance(part.column, str):
                    yield part.column, part, (field.name, part.name)


#: column -> its type. No `prompt` or `completion`: trl would take the rows for pairs of these, not for messages.
COLUMNS: dict[str, Type] = {name: column_type(field) for name, field, _ in _exported()}
#: column -> what it holds, for the dataset card.
DESCRIPTIONS = {name: field.description for name, field, _ in _exported()}
_PATHS = {name: path for name, _, path in _exported()}


def column_row(sample: Mapping[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    """A sample as a row of COLUMNS; what is missing, or no value of the column's type, is None."""
    row = {**sample, "messages": messages}
    return {name: convert(COLUMNS[name], _value_at(row, path)) for name, path in _PATHS.items()}


def _value_at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def convert(kind: Type, value: Any) -> Any:
    """`value` as one of the type, None where it is none."""
    if isinstance(kind, str):
        return READERS[kind](value)
    if isinstance(kind, list):
        return [convert(kind[0], item) for item in value] if isinstance(value, list) else None
    return (
        {name: convert(inner, value.get(name)) for name, inner in kind.items()} if isinstance(value, Mapping) else None
    )


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _float64(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _int64(value: Any) -> int | None:
    number = _float64(value)
    return int(value) if number is not None and number.is_integer() and abs(number) < 2**63 else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _timestamp(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


READERS: dict[str, Callable[[Any], Any]] = {
    "string": _string, "float64": _float64, "int64": _int64, "bool": _bool, "timestamp": _timestamp,
}  # fmt: skip


def schema(types: Mapping[str, Type]) -> pa.Schema:
    """The Arrow schema of columns of these types."""
    import pyarrow as pa

    return pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])


def arrow_type(kind: Type) -> pa.DataType:
    """The Arrow type of a column."""
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, arrow_type(inner)) for name, inner in kind.items()])
    types: dict[str, pa.DataType] = {
        "string": pa.string(), "float64": pa.float64(), "int64": pa.int64(), "bool": pa.bool_(),
        "timestamp": pa.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    return types[kind]


def type_name(kind: Type) -> str:
    """How the dataset card names a type."""
    if isinstance(kind, list):
        return f"list of {type_name(kind[0])}"
    if isinstance(kind, dict):
        return "{" + ", ".join(kind) + "}"
    return TYPE_NAMES[kind]
