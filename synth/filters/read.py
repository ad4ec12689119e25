"""From the text of a filter to the filter: the only way in for every command.

A filter is extended JSON, `@FILE`, or names: `:NAME` of the cookbook (`synth query --cookbook`) or of one that was
saved (`synth query FILTER --save NAME`). Several names, and a JSON object after them, must all hold.
"""

from __future__ import annotations

import re
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.filters.check import check_filter, named_fields
from synth.filters.cookbook import named_text
from synth.filters.extended_json import loads
from synth.samples.sample import ensure_lengths

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: The name of a filter.
NAME = re.compile(r"[a-z][a-z0-9_-]*")
#: `:NAME`, `:NAME=VALUE`, `:NAME="A VALUE"`.
_REFERENCE = re.compile(rf":({NAME.pattern})(?:=(?:\"([^\"]*)\"|(\S*)))?(?=\s|\{{|\Z)")


def read_filter(
    text: str | None, database: Store | None = None, collection: str = "samples", files: bool = True
) -> dict[str, Any]:
    """A filter for a command that works on the documents that it names: `parse_filter`, checked.

    Raises:
        NewsmillError: as `parse_filter`, and where the filter runs code or, with `database`, has names that nothing
            has: a misspelt name would leave out, or let in, what nobody meant.
    """
    document = parse_filter(text, database, collection, files)
    check_filter(document, database, collection)
    return document


def parse_filter(
    text: str | None, database: Store | None = None, collection: str = "samples", files: bool = True
) -> dict[str, Any]:
    """The filter that a text stands for; whether its names make sense is not asked.

    The first that names `answer_length` stores those of samples of an earlier version.

    Args:
        text: extended JSON, @FILE, or names; None or nothing: every document.
        database: where filters are saved; None: only those of the cookbook are known.
        collection: what the filter is for.
        files: whether @FILE may be read: not where the text comes from a page.

    Raises:
        NewsmillError: there is no filter of that name, it is of another collection, the file cannot be read, or the
            text is no filter.
    """
    references, rest = _split(text or "")
    if rest.startswith("@") and not files:
        raise NewsmillError("bad filter: a page reads no files; paste what is in the file")
    source, json_text = _contents(rest)
    texts = [named_text(name, value, database, collection) for name, value in references]
    if rest:
        texts.append((json_text, source))
    parts = list(starmap(loads, texts))
    document = {"$and": [part for part in parts if part]} if len(parts) > 1 else parts[0] if parts else {}
    if database is not None and collection == "samples" and "answer_length" in named_fields(document):
        ensure_lengths(database)
    return document


def is_named(text: str) -> bool:
    """Whether a filter is given by name."""
    return text.lstrip().startswith(":")


def _split(text: str) -> tuple[list[tuple[str, str | None]], str]:
    """([(name, value or None)], the text after the names)."""
    references, text = [], text.strip()
    while text.startswith(":"):
        match = _REFERENCE.match(text)
        if match is None:
            raise NewsmillError(f"bad filter {text[:80]}: a name is :NAME or :NAME=VALUE, in small letters")
        references.append((match[1], match[2] if match[2] is not None else match[3]))
        text = text[match.end() :].strip()
    return references, text


def _contents(text: str) -> tuple[str, str]:
    """(how a message names a filter, its JSON): `@FILE` is read."""
    if not text.startswith("@"):
        return (text if len(text) <= 200 else text[:200] + "…"), text
    try:
        return f"in {text[1:]}", Path(text[1:]).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NewsmillError(
            f"cannot read the filter {text[1:]}: {getattr(error, 'strerror', None) or error}"
        ) from error
