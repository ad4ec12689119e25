"""Documents for a terminal: a table of one line each, or cards that show their texts.

A terminal gets a rich table, and cards with marked labels; a file or pipe gets the same lines as plain text. What rich
does not do here, and by which figure:

- widths of columns: its own differ in 9 of the 39 lines of tests/synth/samples/golden/query_tables.txt;
- the plain table: 10,000 rows of 160 columns take it 6.3 s, us .3 s, with every line the same;
- wrapping on cards: it folds or cuts words that are too long, and of the demo's 148 links 136 are longer than a line of
  an 80-column card.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.filters.extended_json import dumps
from synth.samples.field import Field, Heading
from synth.samples.schema import fields_of
from synth.scorers.similarity import name_of_similarity

if TYPE_CHECKING:
    from rich.console import Console

#: Characters of a text on a card.
_TEXT = 600
_LABEL = 12
#: Columns where the output is no terminal, and the least that shows anything.
_WIDTH, _NARROWEST = 100, 40


def terminal_width() -> int:
    """Columns of the terminal, within what a card needs."""
    return max(_NARROWEST, shutil.get_terminal_size((_WIDTH, 24)).columns)


def card(document: Mapping[str, Any], collection: str, full: bool = False) -> str:
    """A document for a terminal, one field a paragraph; fields that it lacks are left out.

    A projected sample shows what it has; whatever the card of its collection does not name follows in short.
    """
    return "\n".join(label + text for label, text in _card_lines(document, collection, full))


def print_card(document: Mapping[str, Any], collection: str, full: bool = False) -> None:
    """A card on stdout, its labels bold on a terminal."""
    if not sys.stdout.isatty():
        print(card(document, collection, full), flush=True)
        return
    from rich.text import Text

    console = _console()
    for label, text in _card_lines(document, collection, full):
        # Soft: the terminal itself breaks a link, which can then still be clicked and copied.
        console.print(Text.assemble((label, "bold"), text), soft_wrap=True)


def _console(width: int | None = None) -> Console:
    from rich.console import Console

    return Console(width=width, highlight=False)


def _card_lines(document: Mapping[str, Any], collection: str, full: bool) -> Iterator[tuple[str, str]]:
    """(label with what follows it up to the text, text) of each line."""
    from rich.cells import cell_len

    width = min(_WIDTH, terminal_width())
    head = " ".join(str(document[name]) for name in _names(collection, "head") if document.get(name))
    title = _clean(f"── {head} ") if head else ""
    yield title, "─" * (width - cell_len(title))
    for label, text in _rows(document, collection):
        yield from _paragraph(label, text if full else _shortened(text), width)


def _names(collection: str, *cards: str) -> tuple[str, ...]:
    """Fields that a card shows in these ways, in the order of the schema."""
    return tuple(field.name for field in fields_of(collection) if field.card in cards)


def _rows(document: Mapping[str, Any], collection: str) -> Iterator[tuple[str, str]]:
    """(label, text) of a card."""
    listed = _names(collection, "first")
    for name in listed:
        if document.get(name) not in (None, "", []):
            yield name, _value(document[name])
    if collection == "samples":
        yield from _sample_rows(document)
    # What --fields asked for, or a later version added, is shown even where no card foresees it.
    elsewhere = ("first", "head", "merged", "hidden") if "_id" in document else ("first", "head", "merged")
    hidden = {*_names(collection, *elsewhere), "_id"}
    for name, value in document.items():
        if name not in hidden and value not in (None, "", [], {}):
            yield name, _value(value)


def _sample_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    numbers = [f"{name} {document[f'{name}_similarity']:.3f}" for name in ("min", "mean") if _number(document, name)]
    if each := [f"{value:.3f}" for value in document.get("similarity") or []]:
        numbers.append(f"({', '.join(each)})")
    if numbers:
        embedder = name_of_similarity(document)
        yield "similarity", " ".join(numbers) + (f" by {embedder}" if embedder else "")
    if detected := document.get("detected_language"):
        sure = document.get("language_confidence")
        yield "found", f"{detected} {sure:.2f}" if isinstance(sure, int | float) else detected
    if facts := document.get("unsupported"):
        kinds = [*(document.get("unsupported_kinds") or []), *[""] * len(facts)]
        pairs = zip(facts, kinds, strict=False)
        yield "unsupported", ", ".join(f"{fact} ({kind})" if kind else str(fact) for fact, kind in pairs)
    if document.get("superseded"):
        yield "superseded", str(document.get("superseded_by") or "yes")
    for source in document.get("sources") or []:
        parts = [str(source[name]) for name in ("source_site", "title", "link") if source.get(name)]
        if parts:
            yield "source", "  ".join(parts)


def _number(document: Mapping[str, Any], name: str) -> bool:
    return isinstance(document.get(f"{name}_similarity"), int | float)


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ("\n" if any("://" in item for item in value) else ", ").join(value)
    if isinstance(value, Mapping | list):
        return dumps(value)
    return str(value)


# Crawled text may hold sequences that drive a terminal; line breaks are ours to make.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _shortened(text: str) -> str:
    if len(text) <= _TEXT:
        return text
    return text[:_TEXT].rsplit(" ", 1)[0] + f" … ({len(text):,} characters)"


def _paragraph(label: str, text: str, width: int) -> Iterator[tuple[str, str]]:
    """A label and its text, wrapped behind it."""
    lines = [line for part in _clean(text).splitlines() for line in _wrapped(part, max(20, width - _LABEL))]
    for i, line in enumerate(lines):
        yield f"{'' if i else label:<{_LABEL - 1}} ", line


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of so many columns, as a terminal counts them; words are never broken, so that links stay whole."""
    from rich.cells import cell_len

    lines: list[str] = []
    for word in re.findall(" *[^ ]+", text):
        if lines and cell_len(lines[-1]) + cell_len(word) <= width:
            lines[-1] += word
        else:
            indented = not lines and cell_len(word) <= width
            lines.append(word if indented else word.lstrip(" "))
    return lines


# ---- tables

Row = Mapping[str, Any]
#: (heading, what stands in it), the most telling of a row last.
Column = tuple[str, Callable[[Row], str]]
#: A text gets at least so many columns before others give way to it.
_READABLE = 30
_GAP = "  "
#: On a terminal: what names a row steps back, what speaks against it stands out.
_STYLES = {"key": "dim", "marks": "yellow"}


def table(rows: Sequence[Row], collection: str, fields: Sequence[str] = (), width: int | None = None) -> list[str]:
    """Heading and rows, one line each, as wide as the terminal.

    A column that says nothing on this page, or the same of all its rows where that is the rule, is left out.
    """
    cells = _cells(rows, collection, fields)
    widths = _widths(cells, width or terminal_width(), () if fields else _GIVE_WAY)
    lines = [[_sized(title, size) for title, size in widths.items()]]
    lines += [[_sized(cells[title][i], size) for title, size in widths.items()] for i in range(len(rows))]
    return [_GAP.join(line).rstrip() for line in lines]


def print_table(rows: Sequence[Row], collection: str, fields: Sequence[str] = ()) -> None:
    """The table on stdout: on a terminal a rich table of the same lines."""
    if not sys.stdout.isatty():
        print("\n".join(table(rows, collection, fields)), flush=True)
        return
    from rich.table import Table
    from rich.text import Text

    cells = _cells(rows, collection, fields)
    widths = _widths(cells, terminal_width(), () if fields else _GIVE_WAY)
    grid = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for title, size in widths.items():
        grid.add_column(Text(title), width=size, no_wrap=True, style=_STYLES.get(title, ""))
    for i in range(len(rows)):
        grid.add_row(*(Text(cells[title][i]) for title in widths))
    # Columns of more fields than the terminal has room for keep their least width.
    _console(max(terminal_width(), sum(widths.values()) + len(_GAP) * (len(widths) - 1))).print(grid)


def _cells(rows: Sequence[Row], collection: str, fields: Sequence[str]) -> dict[str, list[str]]:
    """Heading -> what stands below it."""
    columns: list[Column] = [(name, _cell_of(name)) for name in fields] or _columns(collection)
    cells = {title: [_line(cell(row)) for row in rows] for title, cell in columns}
    return cells if fields else {title: texts for title, texts in cells.items() if not _says_nothing(title, texts)}


def _says_nothing(title: str, texts: Sequence[str]) -> bool:
    return not any(texts) or (title in ("task", "status") and len(set(texts)) == 1)


def _widths(cells: Mapping[str, Sequence[str]], width: int, give_way: Sequence[str]) -> dict[str, int]:
    """Heading -> columns; first some headings give way to the last one's text, then the widest columns shrink."""
    from rich.cells import cell_len

    sizes = {title: max(map(cell_len, [title, *texts])) for title, texts in cells.items()}
    last = list(sizes)[-1] if sizes else ""
    for title in give_way:
        rest = width - sum(size + len(_GAP) for name, size in sizes.items() if name != last)
        if rest >= min(_READABLE, sizes[last]):
            break
        if title != last:
            sizes.pop(title, None)
    while sizes and sum(sizes.values()) + len(_GAP) * (len(sizes) - 1) > width and max(sizes.values()) > 4:
        widest = max(sizes, key=lambda title: sizes[title])
        sizes[widest] -= 1
    return sizes


def _sized(text: str, size: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return set_cell_size(text, size) if cell_len(text) <= size else set_cell_size(text, size - 1) + "…"


def _line(text: str) -> str:
    return " ".join(_clean(text).split())


def _cell_of(name: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        values = [item for value in _values(row, name.split(".")) for item in (value if _is_plain(value) else [value])]
        texts = [_in_table(value) for value in values if value is not None]
        # Newspapers and tags come again and again; numbers that are equal are still several.
        return ", ".join(dict.fromkeys(texts) if _is_texts(values) else texts)

    return cell


def _is_plain(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, Mapping | list) for item in value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _in_table(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.4g}" if isinstance(value, float) else _value(value)


def _values(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """What stands at a dotted path, of every member of a list on the way."""
    if isinstance(value, list) and path and not path[0].isdecimal():
        for member in value:
            yield from _values(member, path)
    elif not path:
        yield value
    elif isinstance(value, list):
        yield from _values(value[int(path[0])], path[1:]) if int(path[0]) < len(value) else ()
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _share(name: str) -> Callable[[Row], str]:
    """A number of two digits; nothing where there is none."""
    return lambda row: f"{row[name]:.2f}" if isinstance(row.get(name), int | float) else ""


def _text(name: str, longest: int | None = None) -> Callable[[Row], str]:
    return lambda row: str(row.get(name) or "")[:longest]


def _day(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name]:%Y-%m-%d}" if isinstance(row.get(name), datetime) else ""


def _sites(row: Row) -> str:
    return " ".join(dict.fromkeys(str(source.get("source_site") or "?") for source in row.get("sources") or []))


def _marks(row: Row) -> str:
    """What speaks against a sample, in words."""
    marks = {
        "superseded": row.get("superseded"), "duplicate": row.get("duplicate_of"),
        "contaminated": row.get("contaminated"), "personal": row.get("personal_data"),
        "language": row.get("detected_language") not in (None, "unknown", row.get("language")),
    }  # fmt: skip
    return " ".join(name for name, holds in marks.items() if holds)


def _count(name: str) -> Callable[[Row], str]:
    return lambda row: str(len(row[name])) if isinstance(row.get(name), list) else ""


#: Columns that no single field makes.
_COMPUTED: dict[str, list[tuple[Heading, Callable[[Row], str]]]] = {
    "samples": [(Heading(60, "newspapers"), _sites), (Heading(120, "marks"), _marks)],
    "articles": [],
    "clusters": [],
    "fragments": [],
}
#: Fields whose text is cut, or shown whole, in another way than their type says.
_SPECIAL: dict[str, Callable[[Row], str]] = {
    "key": _text("key", 8), "answer": _text("answer", 400), "links": lambda row: " ".join(row.get("links") or []),
}  # fmt: skip


def _columns(collection: str) -> list[Column]:
    cells = [(field.table, _cell_by_type(field)) for field in fields_of(collection) if field.table]
    ordered = sorted([*cells, *_COMPUTED[collection]], key=lambda cell: cell[0].position)
    return [(heading.text, cell) for heading, cell in ordered]


def _cell_by_type(field: Field) -> Callable[[Row], str]:
    if field.name in _SPECIAL:
        return _SPECIAL[field.name]
    if field.many:
        return _count(field.name)
    types = {"float64": _share, "timestamp": _day}
    return types.get(field.type, _text)(field.name)


#: What a narrow terminal does without, the first first.
_GIVE_WAY = ("newspapers", "tox", "section", "status", "task", "acc", "src", "key")
