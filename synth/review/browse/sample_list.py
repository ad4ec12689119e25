"""A page of samples: filtered, searched, sorted by any score, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from crawler.items import NewsmillError
from synth.display.sample_card import number, record, records
from synth.filters.check import filter_errors, implied_filter, mistakes, refuse_code
from synth.filters.check import warnings as doubtful
from synth.filters.read import parse_filter
from synth.ratings.calibration import judge_name
from synth.review.browse.counts import CAP, Count, Counts
from synth.review.browse.order import Order, Place, scores
from synth.review.browse.word_index import Matches, WordIndex

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Rows of a page.
ROWS = 25
#: Milliseconds that the server may take for a page.
TIMEOUT = 10_000
#: Characters of a text in a row.
_SHOWN = 320
#: Of so many samples that a search found all are sorted; of more, samples are taken in their order and looked up.
_FEW = 1_500
#: Samples that are looked up at once, and for one page.
_STEP, _MOST = 250, 10_000
#: What a row does not show, and what may be large.
_HIDDEN = {"sources.content": 0, "conversation": 0, "history": 0, "sentence_support": 0} | dict.fromkeys(
    ("judge.accuracy", "judge.helpfulness", "judge.calls"), 0
)


@dataclass(frozen=True)
class Choice:
    """What a reader asked for; all of it stands in the address.

    Attributes:
        filter: as `synth query` takes it.
        search: words and phrases.
        sort: name of a score or `date`, with - for the largest first.
        after, before: places from which on, or before which, the page is.
        everything: also superseded samples.
        counted: whether the reader asked how many there are.
    """

    filter: str = ""
    search: str = ""
    sort: str = ""
    after: str = ""
    before: str = ""
    everything: bool = False
    with_count: bool = False

    def address(self, **changes: Any) -> str:
        """The query of the address of this choice with changes; a change of anything else begins at the first page."""
        fresh: dict[str, Any] = {"after": "", "before": "", "with_count": False}
        changed = replace(self, **(fresh | changes))
        names = {"filter": changed.filter, "q": changed.search, "sort": changed.sort, "after": changed.after,
                 "before": changed.before, "all": "1" * changed.everything,
                 "count": "1" * changed.with_count}  # fmt: skip
        return urlencode({name: value for name, value in names.items() if value})


@dataclass(frozen=True)
class Page:
    """Rows of a choice.

    Attributes:
        before, after: places of the previous and the next page; "" where there is none.
        warnings: what the filter probably does not mean.
        reading: samples whose words are known so far, while the index of words is made; None when it is complete.
        partly: whether the search gave up before the page was full: `after` goes on.
    """

    rows: list[dict[str, Any]]
    order: Order
    count: Count
    before: str = ""
    after: str = ""
    warnings: list[str] = field(default_factory=list)
    reading: int | None = None
    partly: bool = False


@dataclass(frozen=True)
class _Walk:
    """Rows in the order of the walk; where a search gave up; how many match from there on, where that is known."""

    rows: list[dict[str, Any]]
    stop: Place | None = None
    total: int | None = None


class SampleList:
    """The lists of samples of one store."""

    def __init__(self, database: Store, counts: Counts | None = None, words: WordIndex | None = None) -> None:
        self._database = database
        self._counts = counts or Counts(database)
        self.words = words or WordIndex(database)

    def page(self, choice: Choice) -> Page:
        """
        Raises:
            NewsmillError: the filter is none, has names that nothing has, or runs code; there is no such field to sort
                by, or no such place; nothing of the search is a word.
        """
        order = Order.of(choice.sort, {"date": None, **scores()}, "-date")
        query = parse_filter(choice.filter, self._database, files=False)
        warnings = self._checked(query)
        implied = {} if choice.everything else implied_filter("samples", query)
        parts = [part for part in (implied, query, order.condition) if part]
        ids = self._found(choice.search)
        with filter_errors():
            walk = self._rows(parts, order, choice, ids)
            page = _page(walk.rows, order, choice)
            if walk.stop is not None:
                end: dict[str, Any] = {"before" if choice.before else "after": walk.stop.text}
                page = replace(page, partly=True, **end)
            whole = walk.total is not None and not (choice.before or choice.after)
            count = Count(walk.total) if whole else self._count(parts, choice, page, ids)
        reading = None if ids is None or self.words.complete else self.words.read_count
        return replace(page, count=count, warnings=warnings, reading=reading)

    def _checked(self, query: Mapping[str, Any]) -> list[str]:
        """What the filter probably does not mean."""
        refuse_code(query)
        if problems := mistakes(self._database, "samples", query):
            raise NewsmillError("bad filter: " + "; ".join(problems))
        return doubtful(query)

    def _found(self, search: str) -> Matches | None:
        """The samples with the words; None where nothing is searched."""
        if not search.strip():
            return None
        ids = self.words.matches(search)
        if ids is None:
            raise NewsmillError(f"nothing to search for in {search[:80]!r}: write a word")
        return ids

    def _rows(self, parts: Sequence[Mapping[str, Any]], order: Order, choice: Choice, ids: Matches | None) -> _Walk:
        """The rows of a page, and one more where there are more."""
        position = choice.before or choice.after
        parts = [*parts, *([order.beyond(Place.read(position), bool(choice.before))] if position else [])]
        keys = order.keys(bool(choice.before))
        if ids is not None and len(ids) > _FEW:
            return self._walked(parts, order, keys, ids)
        if ids is not None:
            return self._sorted([*parts, {"_id": {"$in": ids.ids}}], order, keys)
        parts = [*order.bound, *parts]
        return _Walk(list(self._find({"$and": parts} if parts else {}, keys, ROWS + 1, _HIDDEN)))

    def _sorted(self, parts: Sequence[Mapping[str, Any]], order: Order, keys: Any) -> _Walk:
        """The first of all that a search found: sorting whole documents, and counting them again, costs three times."""
        # By their _ids: to try the index of the order as well would read as many samples again.
        rows = list(self._find({"$and": [*parts]}, keys, 0, {order.field: 1}, "_id_"))
        return _Walk(self._whole(rows[: ROWS + 1]), total=len(rows))

    def _find(
        self, query: Mapping[str, Any], keys: Any, limit: int, fields: Mapping[str, Any], hint: str | None = None
    ) -> Iterator[Any]:
        samples = self._database.samples
        # Without a size the second batch would be all that the limit allows.
        cursor = samples.find(query, fields, limit=limit, max_time_ms=TIMEOUT, allow_disk_use=True, batch_size=_STEP)
        yield from (cursor.hint(hint) if hint else cursor).sort(keys)

    def _walked(self, parts: Sequence[Mapping[str, Any]], order: Order, keys: Any, ids: Matches) -> _Walk:
        """The first rows of an order that are among many that a search found."""
        rows: list[dict[str, Any]] = []
        query = {"$and": [*parts]} if parts else {}
        for number_of_row, row in enumerate(self._find(query, keys, _MOST, {order.field: 1}), 1):
            if row["_id"] in ids:
                rows.append(row)
                if len(rows) > ROWS:
                    break
            if number_of_row == _MOST:
                return _Walk(self._whole(rows), Place.of(row, order))
        return _Walk(self._whole(rows))

    def _whole(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The documents of these rows, in their order; one that was removed meanwhile is left out."""
        own = [row["_id"] for row in rows]
        documents = {row["_id"]: row for row in self._database.samples.find({"_id": {"$in": own}}, _HIDDEN)}
        return [documents[row] for row in own if row in documents]

    def _count(self, parts: Sequence[Mapping[str, Any]], choice: Choice, page: Page, ids: Matches | None) -> Count:
        if not (page.before or page.after or page.partly):
            return Count(len(page.rows))
        if ids is not None and len(ids) > _FEW:
            # Filters may leave out some of them.
            return Count(min(len(ids), CAP), exact=False)
        matches = [{"_id": {"$in": sorted(ids.ids, key=str)}}] if ids is not None else []
        parts = [*parts, *matches]
        query = dict(parts[0]) if len(parts) == 1 else {"$and": parts} if parts else {}
        return self._counts.of(query, choice.with_count, "_id_" if ids is not None else None)


def _page(rows: list[dict[str, Any]], order: Order, choice: Choice) -> Page:
    """The rows that are shown, and where the pages before and after them begin."""
    more, displayed = len(rows) > ROWS, rows[:ROWS]
    if choice.before:
        displayed.reverse()
    first, last = (Place.of(displayed[0], order).text, Place.of(displayed[-1], order).text) if displayed else ("", "")
    has_before = more if choice.before else bool(choice.after)
    has_after = bool(choice.before) or more
    return Page(
        [row_of(row, order) for row in displayed], order, Count(None),
        before=first if has_before else "", after=last if has_after else "",
    )  # fmt: skip


def row_of(sample: Mapping[str, Any], order: Order) -> dict[str, Any]:
    """What a list shows of a sample; documents of older versions may lack any field."""
    sources = records(sample.get("sources"))
    request = sample.get("instruction") if sources else sample.get("question")
    value = record(sample.get("provenance")).get(order.field.rpartition(".")[2]) if "." in order.field else None
    value = sample.get(order.field) if "." not in order.field else value
    return {
        "key": str(sample.get("key") or ""), "language": text(sample.get("language"), 20),
        "task": text(sample.get("task"), 60), "status": text(sample.get("status"), 20),
        "date": sample.get("date"), "superseded": sample.get("superseded") is True,
        "title": text(next((row.get("title") for row in sources if row.get("title")), "") or request or "", 200),
        "answer": text(sample.get("answer"), _SHOWN), "sources": len(sources),
        "sites": sorted({text(row.get("source_site"), 60) for row in sources if row.get("source_site")})[:4],
        "unsupported": len(sample["unsupported"]) if isinstance(sample.get("unsupported"), list) else None,
        "doubts": len(sample["doubts"]) if isinstance(sample.get("doubts"), list) else 0,
        "duplicate": isinstance(sample.get("duplicate_of"), str), "value": number(value),
        "judge": judge_name(sample.get("judge")),
    }  # fmt: skip


def text(value: Any, length: int) -> str:
    """A stored text in one line, cut; "" for what is none."""
    if not isinstance(value, str):
        return "" if value is None else str(value)[:length]
    line = " ".join(value[: 4 * length].split())
    if len(line) <= length:
        return line
    words = line[: length - 1].rpartition(" ")[0]
    # Thai or Chinese has no spaces, an address neither: what lies before the only one would be no excerpt.
    return f"{words} …" if len(words) > length // 2 else f"{line[: length - 1]}…"
