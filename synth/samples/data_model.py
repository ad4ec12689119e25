"""What is written from the table of fields: docs/data-model.md and the types of the stored documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from crawler.items import NewsmillError
from synth.atomic_files import write_whole
from synth.samples.field import TYPE_NAMES, Field, dotted

#: Collection -> rows of its documents.
Tables = Mapping[str, Sequence[Field]]

_TITLES = {
    "samples": ("Samples", "A row of the dataset: a question, its answer, and what is known of them."),
    "clusters": ("Events", "Articles about one event, in the collection `clusters`."),
    "fragments": ("Fragments", "Parts of articles that `synth reverse` drew, in the collection `fragments`."),
    "articles": ("Articles", "One article of one newspaper, as `crawler.items.Article` states it."),
}
_PYTHON = {
    "string": "str", "float64": "float", "int64": "int", "bool": "bool", "timestamp": "datetime", "any": "Any",
}  # fmt: skip


def write_both(root: Path, tables: Tables, new_sample: Sequence[Field]) -> None:
    """Write the page and the types in a checkout, each whole or not at all.

    Raises:
        NewsmillError: `root` is no checkout, or a file cannot be written.
    """
    texts = {"docs/data-model.md": page(tables), "synth/samples/documents.py": types(tables, new_sample)}
    for path in texts:
        if not (root / path).parent.is_dir():
            raise NewsmillError(f"{root} is no checkout: it has no folder for {path}")
    for path, text in texts.items():
        write_whole(root / path, text)


# ---- docs/data-model.md


def page(tables: Tables) -> str:
    """The data model as Markdown."""
    lines = [
        "# Data model",
        "",
        "Written by `python -m synth.samples.schema --write` from the tables of `synth/samples/schema.py`",
        "and of the scorers in `synth/scorers/`.",
        "",
        "*Column*: its name in exported Parquet files. Filters, `synth query`, exports, the dataset card and the",
        "report read the same tables. A field without a value is missing, or null where it says *or null*.",
    ]
    for collection, (title, summary) in _TITLES.items():
        lines += ["", f"## {title}", "", summary]
        for group, fields in _groups(tables[collection]):
            lines += ["", f"### {group.capitalize()}"] if group else []
            lines += ["", *_table(fields, collection == "samples")]
    return "\n".join(lines) + "\n"


def _groups(fields: Iterable[Field]) -> Iterator[tuple[str, list[Field]]]:
    groups: dict[str, list[Field]] = {}
    for field in fields:
        groups.setdefault(field.group, []).append(field)
    yield from groups.items()


def _table(fields: Sequence[Field], with_column: bool) -> Iterator[str]:
    exported = {field.name for field in fields if field.column}
    heading = ["field", "type", "unit", "holds", *(["column"] if with_column else [])]
    yield f"| {' | '.join(heading)} |"
    yield "|" + "---|" * len(heading)
    for name, field in dotted(fields):
        cells = [f"`{name}`", _type_name(field), field.unit, _description(field)]
        if with_column:
            cells.append(_column(field, name, exported))
        yield "| " + " | ".join(cells) + " |"


def _type_name(field: Field) -> str:
    name = f"list of {TYPE_NAMES[field.type]}" if field.many else TYPE_NAMES[field.type]
    return f"{name} or null" if field.optional else name


def _description(field: Field) -> str:
    values = f": {', '.join(f'`{value}`' for value in field.values)}" if field.values else ""
    return (field.description + values).replace("|", r"\|")


def _column(field: Field, name: str, exported: set[str]) -> str:
    if "." in name and field.column is True:
        # It is exported as a part of its record, where that one is.
        return "inside" if name.partition(".")[0] in exported else ""
    return f"`{field.column_name}`" if field.column_name else ""


# ---- synth/samples/documents.py


def types(tables: Tables, new_sample: Sequence[Field]) -> str:
    """The types of stored documents, as a Python module."""
    records: dict[str, str] = {}
    for name, collection in (
        ("Sample", "samples"),
        ("Cluster", "clusters"),
        ("Fragment", "fragments"),
        ("Article", "articles"),
    ):
        _add_type(records, f"{name}Document", [field for field in tables[collection] if field.stored])
    lines = [
        '"""Types of the stored documents; written by `python -m synth.samples.schema --write`, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Mapping, Sequence",
        "from dataclasses import dataclass, field",
        "from datetime import datetime",
        "from typing import Any, TypedDict",
        *records.values(),
        *_dataclass([field for field in new_sample if field.stored]),
    ]
    return "\n".join(lines) + "\n"


def _add_type(records: dict[str, str], name: str, fields: Sequence[Field]) -> None:
    """A TypedDict, those of its records before it."""
    for field in fields:
        if field.type == "record" and field.record not in records:
            _add_type(records, field.record, field.fields)
    lines = ["", "", f"class {name}(TypedDict, total=False):", f'    """{_summary(name)}"""', ""]
    lines += [f"    {field.name}: {_python(field)}" for field in fields]
    records[name] = "\n".join(lines)


def _summary(name: str) -> str:
    if name.endswith("Document"):
        return f"A document of `{name.removesuffix('Document').lower()}s`."
    return f"A record inside one: {name}."


def _python(field: Field) -> str:
    name = field.record if field.type == "record" else _PYTHON[field.type]
    name = f"list[{name}]" if field.many else name
    return f"{name} | None" if field.optional and name != "Any" else name


def _dataclass(fields: Sequence[Field]) -> Iterator[str]:
    yield from ("", "", "@dataclass(slots=True)", "class NewSample:")
    yield '    """What a new sample holds; a field without a default must be stated."""'
    yield ""
    required = sorted((field for field in fields if field.required), key=lambda field: field.required)
    for field in (*required, *(field for field in fields if not field.required)):
        default = "" if field.required else f" = {_default(field)}"
        yield f"    {field.name}: {_argument(field)}{default}"


def _argument(field: Field) -> str:
    """The type that a new sample takes: what reads articles has plain dictionaries."""
    if field.type != "record":
        return _python(field)
    return "Sequence[Mapping[str, Any]]" if field.many else "Mapping[str, Any]"


def _default(field: Field) -> str:
    if field.many:
        return "field(default_factory=list)"
    if field.type == "record":
        return "field(default_factory=dict)"
    if field.optional:
        return "None"
    if field.name == "status":
        return f'"{field.values[0]}"'
    return {"string": '""', "int64": "0", "float64": "0.0", "bool": "False"}[field.type]
