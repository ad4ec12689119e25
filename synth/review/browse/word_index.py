"""The words of samples, in an index of this process: which samples have all the words and phrases of a search.

SQLite's FTS5 holds it, in a file without a name that ends with the process. MongoDB's text index was tried first
(benchmarks/review/bench_review.py --writes): each stored sample has the price of it, "duong" does not find "đường", a
text in decomposed Unicode finds nothing, several words mean any of them, and no order but that of relevance comes
without reading all that match.

A word that is typed without accents is found with any; one that is typed with some is found as it was typed: `ha noi`
finds Hà Nội, `hà nội` does not find "hạ nồi". A text in quotation marks is found as a phrase. Nothing is an operator.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.batched import batched

if TYPE_CHECKING:
    from pymongo.change_stream import CollectionChangeStream
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Samples that are read at once, in some 10 ms of a processor for which a request may wait; characters of one text.
_BATCH, _LONGEST = 25, 100_000
#: Up to so many samples, the index is made while the reader waits.
_AT_ONCE = 2_000
#: Words and phrases of a search that count; answers that are kept.
_TERMS, _KEPT = 20, 16
FIELDS = ("question", "answer", "instruction", "sources")
_PROJECTION = {"question": 1, "answer": 1, "instruction": 1, "sources.title": 1, "sources.link": 1}
#: Letters that have no accent to take off and are typed without their stroke.
_STROKES = str.maketrans("đĐłŁøØ", "dDlLoO")
_MARKS = re.compile("[\u0300-\u036f]+")
_TERM = re.compile(r'"([^"]*)"|(\S+)')
_QUOTES = str.maketrans("“”„«»", '"""""')


@dataclass(frozen=True)
class Matches:
    """The samples of a search: rows of the index, so that half a million of them are a set of small numbers."""

    rows: frozenset[int]
    #: of the index, which goes on to change them: _id of each row, and the newest row of each _id.
    ids_by_row: Sequence[Any]
    row_by_id: Mapping[Any, int]

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, own: Any) -> bool:
        return self.row_by_id.get(own) in self.rows

    @property
    def ids(self) -> list[Any]:
        """_ids of the samples."""
        names = [self.ids_by_row[row] for row in self.rows]
        return [own for own in names if own in self]


class WordIndex:
    """The words of all samples of a store; made at the first search, and kept up to date from then on."""

    def __init__(self, database: Store) -> None:
        self._samples = database.samples
        self._lock = threading.Lock()
        self._rows: sqlite3.Connection | None = None
        self._ids: list[Any] = []
        self._place: dict[Any, int] = {}
        self._changes: CollectionChangeStream[dict[str, Any]] | None = None
        self._maker: threading.Thread | None = None
        self._answers: OrderedDict[str, Matches] = OrderedDict()
        #: called before each batch that nobody waits for; may wait until nobody waits for anything else.
        self.give_way: Callable[[], object] = _go_on
        #: whether all samples were read.
        self.complete = False

    @property
    def total(self) -> int:
        """Samples of the store."""
        return self._samples.estimated_document_count()

    @property
    def read_count(self) -> int:
        """Samples whose words are known."""
        return len(self._place)

    def matches(self, text: str) -> Matches | None:
        """The samples that have all words and phrases; None where the text has no word."""
        query = fts_query(text)
        if query is None:
            return None
        self.refresh()
        with self._lock:
            if query not in self._answers:
                self._answers[query] = Matches(frozenset(self._find(query)), self._ids, self._place)
                while len(self._answers) > _KEPT:
                    self._answers.popitem(last=False)
            return self._answers[query]

    def refresh(self) -> None:
        """Read what is new or changed; the first time all, in the background where they are many."""
        if self.complete:
            self._follow()
        elif self._maker is None or not self._maker.is_alive():
            at_once = self._samples.estimated_document_count() <= _AT_ONCE
            give_way = _go_on if at_once else self.give_way
            self._maker = threading.Thread(target=self._make, args=(give_way,), daemon=True, name="words of samples")
            self._maker.start()
            if at_once:
                self._maker.join()

    # ---- what is stored

    def _make(self, give_way: Callable[[], object]) -> None:
        """Read all samples; what changes meanwhile is read again by `_follow`."""
        from pymongo.errors import PyMongoError

        with self._lock:
            self._changes = self._watch()
            self._rows = sqlite3.connect("", check_same_thread=False)
            self._rows.execute(
                "CREATE VIRTUAL TABLE words USING fts5(exact, plain, content='', detail=full,"
                " tokenize='unicode61 remove_diacritics 0')"
            )
            self._ids, self._place = [], {}
            self._answers.clear()
        # Where the store goes away meanwhile, the next search begins anew.
        with contextlib.suppress(PyMongoError):
            samples = self._samples.find({}, _PROJECTION, batch_size=_BATCH).sort("_id", -1)
            for batch in batched(samples, _BATCH):
                self._add(batch)
                give_way()
            self.complete = True

    def _add(self, documents: Iterable[Mapping[str, Any]]) -> None:
        rows = [(document["_id"], normal(text_of(document))) for document in documents]
        texts = [(own, text, plain(text)) for own, text in rows]
        with self._lock:
            if self._rows is None:
                return
            first = len(self._ids)
            numbered = [(first + i, text, without) for i, (_, text, without) in enumerate(texts)]
            self._rows.executemany("INSERT INTO words(rowid, exact, plain) VALUES (?, ?, ?)", numbered)
            self._rows.commit()
            self._ids += [own for own, _, _ in texts]
            # The row of an earlier text stays and is nobody's.
            self._place |= {own: first + i for i, (own, _, _) in enumerate(texts)}
            self._answers.clear()

    def _find(self, query: str) -> Iterator[int]:
        rows = self._rows.execute("SELECT rowid FROM words WHERE words MATCH ?", (query,)) if self._rows else ()
        return (row for (row,) in rows)

    # ---- what changes

    def _watch(self) -> CollectionChangeStream[dict[str, Any]] | None:
        """A stream of changes to texts; None where the server has none, being no replica set."""
        from pymongo.errors import PyMongoError

        names = [f"updateDescription.updatedFields.{name}" for name in FIELDS]
        changed: list[dict[str, Any]] = [{name: {"$exists": True}} for name in names]
        kinds = {"operationType": {"$in": ["insert", "replace", "delete"]}}
        pipeline: list[dict[str, Any]] = [{"$match": {"$or": [kinds, *changed]}}, {"$project": {"documentKey": 1}}]
        try:
            return self._samples.watch(pipeline, max_await_time_ms=1)
        except PyMongoError:
            return None

    def _follow(self) -> None:
        """Read again what changed since the last look."""
        from pymongo.errors import PyMongoError

        with self._lock:
            try:
                ids = {change["documentKey"]["_id"]: None for change in _waiting(self._changes)}
            except PyMongoError:
                # The server's log does not reach back that far, or the stream broke: all over again.
                self._changes, self.complete = None, False
                return
        if self._changes is None and self._samples.estimated_document_count() != len(self._place):
            self.complete = False
            self.refresh()
        elif ids:
            documents = list(self._samples.find({"_id": {"$in": list(ids)}}, _PROJECTION))
            self._add(documents)
            with self._lock:
                for own in ids.keys() - {document["_id"] for document in documents}:
                    self._place.pop(own, None)
                self._answers.clear()


def _go_on() -> None:
    """Nobody waits."""


def _waiting(changes: CollectionChangeStream[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    while changes is not None and (change := changes.try_next()) is not None:
        yield change


# ---- texts


def text_of(sample: Mapping[str, Any]) -> str:
    """Question, answer and titles of a sample; of a question that carries its sources only the request."""
    sources = sample.get("sources")
    rows = [row for row in sources if isinstance(row, Mapping)] if isinstance(sources, list) else []
    request = sample.get("instruction") if rows else ""
    texts: Sequence[Any] = [
        sample.get("answer"),
        request or sample.get("question"),
        *(row.get("title") for row in rows),
    ]
    return "\n".join(text[:_LONGEST] for text in texts if isinstance(text, str))


def normal(text: str) -> str:
    """Composed, in small letters; SQLite ends a text at a NUL."""
    return unicodedata.normalize("NFC", text.replace("\0", " ").encode(errors="replace").decode()).lower()


def plain(text: str) -> str:
    """Without accents and strokes: "đường" -> "duong"."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text.translate(_STROKES))))


def fts_query(text: str) -> str | None:
    """The search as FTS5 reads it: every term a text in quotation marks, so that none is an operator; all must match.

    None where the text has no letter and no digit.
    """
    terms = []
    for phrase, word in _TERM.findall(normal(text).translate(_QUOTES)):
        term = " ".join(re.findall(r"\w+", phrase or word))
        if term.replace("_", ""):
            terms.append(f'{{{"plain" if plain(term) == term else "exact"}}} : "{term}"')
    return " AND ".join(dict.fromkeys(terms[:_TERMS])) or None
