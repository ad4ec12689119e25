"""What the rows of a file are, told from the first thousand: articles, or a format of instruction sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.items import NewsmillError
from synth.importing.articles import field_at, has_value
from synth.importing.formats import formats

#: The format of articles, which are not samples.
ARTICLES = "articles"
#: Rows by which a file is judged.
LOOK = 1000


@dataclass(frozen=True)
class Recognition:
    """The format of most rows that were looked at, and how many rows have which ("" for none)."""

    format: str
    counts: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Rows that were looked at."""
        return sum(self.counts.values())

    def line(self) -> str:
        """`format: alpaca (998 of 1,000 rows)`, with what the others are where they are of another format."""
        text = f"format: {self.format} ({self.counts.get(self.format, 0):,} of {self.rows:,} rows)"
        rest = [f"{count:,} {name}" for name, count in self.mixture]
        return text + (f"; a mixed file: {', '.join(rest)} rows are not read" if rest else "")

    @property
    def mixture(self) -> list[tuple[str, int]]:
        """(format, rows) of the other formats in the file, most first."""
        rest = {name: count for name, count in self.counts.items() if name and name != self.format}
        return sorted(rest.items(), key=lambda item: (-item[1], item[0]))


def format_of(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of the format that a row fits, the most special first; "" for none.

    names: our field -> the file's, of `--map`.
    """
    if not row:
        return ""
    if _is_article(row, names):
        return ARTICLES
    mapped = renamed(row, names)
    return next((format.name for format in formats().values() if format.fits(mapped)), "")


def _is_article(row: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    return has_value(row, "link", names) and any(has_value(row, name, names) for name in ("title", "content"))


def recognise(rows: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> Recognition:
    """The format of the most rows; where several have as many, the most special."""
    counts = Counter(format_of(row, names) for row in rows)
    order = [ARTICLES, *formats()]
    fitting = [name for name in order if counts[name]]
    best = max(fitting, key=lambda name: (counts[name], -order.index(name)), default="")
    return Recognition(best, counts)


def renamed(row: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """A row with its cells under our names."""
    values = {ours: value for ours, theirs in names.items() if (value := field_at(row, theirs)) is not None}
    if not values:
        return row
    replaced = {names[ours] for ours in values}
    return {name: value for name, value in row.items() if name not in replaced} | values


def check_format(name: str | None) -> None:
    """
    Raises:
        NewsmillError: there is no such format.
    """
    import difflib

    names: Sequence[str] = [ARTICLES, *formats()]
    if name is not None and name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise NewsmillError(f"--format {name}: no such format: {hint}")
