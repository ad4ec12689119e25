"""What is stated of a field of a stored document, once: everything that shows, checks or exports it reads this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

#: The types of a field, and how people read of them; "record" has inner fields, "any" is not checked.
TYPE_NAMES = {
    "string": "text", "float64": "number", "int64": "whole number", "bool": "yes or no", "timestamp": "instant",
    "record": "record", "any": "any",
}  # fmt: skip


class Heading(NamedTuple):
    """A column of `synth query`'s table; columns stand in the order of their positions."""

    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document.

    Attributes:
        name: as stored; of an inner field the last part.
        type: a name of TYPE_NAMES; with `many` that of each member of a list.
        description: what it holds, in a few words.
        unit: what a number counts or its range; "" where the description says it.
        values: every value that it may have; () where they cannot be listed.
        fields: inner fields of a record.
        record: name of a record's type (`synth.samples.documents`).
        optional: whether None is stored where nothing is known.
        required: place among the fields that a new sample must state; 0: it has a default.
        group: heading of the data model and of the dataset's columns under which it stands.
        column: name of the exported column; True: its own; False: not exported. An inner field of a record that is not
            exported is one only under a name of its own.
        stored: False for a column that is computed from other fields.
        card: where `synth query` shows it on a card: "head", "first", "merged" (in one line with others), "rest" (after
            those), or "hidden".
        table: its column of `synth query`'s table.
        distribution: place among the scores of which the dataset card gives a distribution; 0: none.
    """

    name: str
    type: str
    description: str
    many: bool = False
    unit: str = ""
    values: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    record: str = ""
    optional: bool = False
    required: int = 0
    group: str = ""
    column: bool | str = True
    stored: bool = True
    card: str = "rest"
    table: Heading | None = None
    distribution: int = 0

    @property
    def column_name(self) -> str:
        """Name of the exported column, "" for none."""
        return self.name if self.column is True else self.column or ""


def dotted(fields: Sequence[Field], before: str = "") -> Iterator[tuple[str, Field]]:
    """(full name, field) of every stored field, inner ones after their record: `sources`, `sources.title`, …"""
    for field in fields:
        if field.stored:
            yield before + field.name, field
            yield from dotted(field.fields, f"{before}{field.name}.")
