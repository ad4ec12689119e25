"""An article from a row of any file: its fields found under their names, checked one by one, and what can be stored."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crawler.items import Article, NewsmillError, RecordError, article_from_record
from synth.importing.values import READERS, is_null

#: What an article needs; each may have another name.
NEEDED = ("link", "title", "content", "date")
#: MongoDB's bound on a document, less room for what is added to one later.
_MAX_DOCUMENT = (16 << 20) - (64 << 10)


@dataclass(frozen=True)
class Reading:
    """How rows are read.

    language: ISO 639-1 code of articles that name none. names: our field -> the file's. encoding: of text files;
    None: told by their first bytes.
    """

    language: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None


def names_of(pairs: Iterable[str], known: Collection[str] = ()) -> dict[str, str]:
    """Field -> the file's name for it, of `--map content=testo`; `known`: fields that there are besides an article's.

    Raises:
        NewsmillError: there is no such field.
    """
    names: dict[str, str] = {}
    fields = list(dict.fromkeys([*READERS, *known]))
    for pair in pairs:
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs:
            raise NewsmillError(f"--map {pair}: write OURS=THEIRS, such as content=testo")
        if ours not in fields:
            near = difflib.get_close_matches(ours, fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(fields)}"
            turned = f"did you mean {theirs}={ours}?" if theirs in fields else hint
            raise NewsmillError(f"--map {pair}: nothing that is read has a field {ours!r}: {turned}")
        names[ours] = theirs
    return names


def read_article(row: Mapping[str, Any], reading: Reading) -> Article:
    """The article of a row; its language is what the row or the newspaper says, else the reading's, else what is
    detected in the text, "" where nothing is.

    Raises:
        RecordError: why the row is no article, or cannot be stored.
    """
    values = {name: READERS[name](name, value) for name, value in _fields(row, reading.names)}
    article = article_from_record(values)
    article.language = article.language or reading.language or _detected(article)
    # What a site permits was learnt when the page was crawled: a row that carries it keeps it.
    if values.get("permission"):
        article.permission = values["permission"]
    if values.get("access") in ("free", "teaser"):
        article.access = values["access"]
    _check_stored(article)
    return article


def _fields(row: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[tuple[str, Any]]:
    """(our name, value) of the fields that a row has; `Title` is title where no other field is."""
    lower = {str(name).strip().lower(): name for name in row}
    # What was mapped goes before another name of the same field: `content=testo` before `text`.
    mapped = {_ALIASES.get(ours, ours) for ours in names}
    for ours in READERS:
        if ours in names:
            yield ours, field_at(row, names[ours])
        elif ours in lower and _ALIASES.get(ours, ours) not in mapped:
            yield ours, row.get(ours, row[lower[ours]])


#: Other names of fields -> ours.
_ALIASES = {"url": "link", "text": "content", "body": "content", "lead": "description"}


def field_at(row: Mapping[str, Any], path: str) -> Any:
    """The value under a name, or under the parts of `a.b`."""
    value: Any = row
    if path in row:
        return row[path]
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _detected(article: Article) -> str:
    from synth.language import UNKNOWN, detect

    code, _ = detect(f"{article.title}\n{article.content}")
    return "" if code == UNKNOWN else code


def _check_stored(article: Article) -> None:
    """
    Raises:
        RecordError: `too_large`, or `unstorable` for what MongoDB has no type for.
    """
    from bson import encode
    from bson.errors import BSONError

    try:
        size = len(encode(article.document()))
    except (BSONError, OverflowError, ValueError, TypeError) as error:
        raise RecordError("unstorable", f"{article.link}: {' '.join(str(error).split())[:150]}") from error
    if size > _MAX_DOCUMENT:
        raise RecordError("too_large", f"{article.link}: {size:,} bytes; MongoDB stores 16 MB")


def has_value(row: Mapping[str, Any], name: str, names: Mapping[str, str]) -> bool:
    """Whether a row says something under one of our names."""
    return any(ours in (name, *(each for each, other in _ALIASES.items() if other == name)) and not is_null(value)
               for ours, value in _fields(row, names))  # fmt: skip
