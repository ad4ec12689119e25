"""A draw of fragments, spread over newspapers, sections, events, kinds and lengths; the same for a seed and a store.

articles that may be used -> in turns over newspapers and their sections, first of each event before second
-> of each what is lacking most (kind, length) -> none that is a near copy of one drawn before
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.mongo import taken_down
from synth.filters.check import named_fields
from synth.near_duplicates.bottom_k import Copies
from synth.reverse.fragments.candidates import Candidate, candidates
from synth.reverse.fragments.genres import genre_of
from synth.reverse.task_prompts import number_of

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]
    Row = dict[str, Any]

#: Articles that may be used at all: rights to text and data mining are not reserved.
USABLE: dict[str, Any] = {"permission.opt_out": {"$ne": True}}
#: Fields that a fragment has from its article, under the same names.
OF_ARTICLE = ("link", "title", "source_site", "section", "date", "tags", "language")
#: Articles whose texts are read at once.
_BATCH = 200
#: How many of a kind are drawn for one of another: leads need nothing before them, most paragraphs do.
_SHARES = {"article": 1, "lead": 2, "paragraph": 1}
#: Words from which a fragment is of the next length.
_LENGTHS = (50, 90, 140)


class Draw:
    """One draw: what was drawn before counts as drawn."""

    def __init__(self, database: Store, where: Mapping[str, Any], language: str, seed: int, per_article: int) -> None:
        self.database, self.where, self.seed, self.per_article = database, dict(where), seed, per_article
        self.language = {"language": language} if language else {}
        self.balance: Counter[tuple[str, Any]] = Counter()
        self.copies = Copies()
        self.names: set[str] = set()
        self.articles: Counter[str] = Counter()
        self.ids: set[str] = set()

    def count_drawn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Fragments that are drawn already."""
        for row in rows:
            self._count(row["article"], row["kind"], row["words"], row["fragment"])
            self.names.add(self.copies.name(row["text"]))

    def rows(self, number: int | None) -> list[Row]:
        """That many fragments, fewer where there are no more; None: all."""
        return list(itertools.islice(self._matching(), number))

    def _matching(self) -> Iterator[Row]:
        """The fragments that the filter names, in the order of the draw."""
        if not self.where or self._concerns_articles():
            yield from self._drawn()
            return
        fragments = self._drawn()
        while batch := list(itertools.islice(fragments, _BATCH)):
            yield from _filtered(self.database, batch, self.where)

    def _concerns_articles(self) -> bool:
        """Whether the filter names only what fragments have from their articles: then fewer articles are read."""
        return {name.partition(".")[0] for name in named_fields(self.where)} <= {*OF_ARTICLE}

    def _drawn(self) -> Iterator[Row]:
        events = _events(self.database)
        order = self._order(self._heads(), events)
        while part := list(itertools.islice(order, _BATCH)):
            for article in self._whole(part):
                for candidate in self._chosen(article):
                    yield fragment_of(article, candidate, events.get(article["_id"], ""))

    def _heads(self) -> list[Row]:
        where = self.where if self._concerns_articles() else {}
        query = {"$and": [USABLE, self.language, where, {"content": {"$gt": ""}}]}
        fields = {"link": 1, "source_site": 1, "section": 1, "tags": {"$slice": 1}}
        return list(self.database.articles.find(query, fields).sort("link", 1))

    def _order(self, heads: Sequence[Row], events: Mapping[Any, str]) -> Iterator[Any]:
        """Ids of articles, in turns over newspapers, and over the sections of each."""
        ranks: Counter[str] = Counter()
        groups: dict[str, dict[str, list[tuple[int, int, Any]]]] = defaultdict(lambda: defaultdict(list))
        for head in sorted(heads, key=lambda head: number_of(self.seed, head["link"])):
            event = events.get(head["_id"], "")
            rank = ranks[event] if event else 0
            ranks[event] += 1
            section = str(head.get("section") or next(iter(head.get("tags") or []), ""))
            groups[str(head.get("source_site"))][section].append((rank, len(groups), head["_id"]))
        return self._turns([self._turns([_by_rank(rows) for _, rows in sorted(sections.items())])
                            for _, sections in sorted(groups.items())])  # fmt: skip

    def _turns(self, queues: Sequence[Iterable[Any]]) -> Iterator[Any]:
        """One of each in turn, as long as there are any."""
        waiting = [iter(queue) for queue in queues]
        while waiting:
            remaining = []
            for queue in waiting:
                if (item := next(queue, None)) is not None:
                    yield item
                    remaining.append(queue)
            waiting = remaining

    def _whole(self, keys: Sequence[Any]) -> Iterator[Row]:
        rows = {row["_id"]: row for row in self.database.articles.find({"_id": {"$in": list(keys)}})}
        removed = taken_down(self.database, [row["link"] for row in rows.values()])
        return (rows[key] for key in keys if key in rows and rows[key]["link"] not in removed)

    def _chosen(self, article: Row) -> Iterator[Candidate]:
        """What is drawn of an article: parts that do not overlap, the kind and length that are lacking most first."""
        key = str(article["_id"])
        chosen: list[Candidate] = []
        for candidate in sorted(candidates(article), key=self._need):
            if self.articles[key] >= self.per_article:
                return
            text = article["content"][candidate.start : candidate.end]
            fragment = fragment_id(article["link"], candidate, text)
            name = self.copies.name(text)
            overlaps = any(candidate.start < earlier.end and earlier.start < candidate.end for earlier in chosen)
            if overlaps or fragment in self.ids or (name and name in self.names):
                continue
            self.names.add(name)
            self._count(key, candidate.kind, candidate.words, fragment)
            chosen.append(candidate)
            yield candidate

    def _need(self, candidate: Candidate) -> tuple[float, int, int]:
        share = self.balance["kind", candidate.kind] / _SHARES[candidate.kind]
        return (share, self.balance["length", _length(candidate.words)], candidate.start)

    def _count(self, article: str, kind: str, words: int, fragment: str) -> None:
        self.articles[str(article)] += 1
        self.balance["kind", kind] += 1
        self.balance["length", _length(words)] += 1
        self.ids.add(fragment)


def _by_rank(rows: list[tuple[int, int, Any]]) -> list[Any]:
    """Ids: the first article of each event before the second; in the order that was drawn among equals."""
    return [key for _, _, key in sorted(rows, key=lambda row: row[0])]


def _length(words: int) -> int:
    return sum(words >= limit for limit in _LENGTHS)


def _events(database: Store) -> dict[Any, str]:
    """Article -> its current event."""
    rows = database.clusters.find({"current": True}, {"event": 1, "articles": 1})
    return {article: row["event"] for row in rows for article in row["articles"]}


def fragment_id(link: str, candidate: Candidate, text: str) -> str:
    """sha256 (hex) of where a fragment stands and what it says."""
    parts = (link, str(candidate.start), str(candidate.end), text)
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def fragment_of(article: Mapping[str, Any], candidate: Candidate, event: str) -> Row:
    """A fragment as it is stored, without what is made of it."""
    text = article["content"][candidate.start : candidate.end]
    return {
        "fragment": fragment_id(article["link"], candidate, text), "article": str(article["_id"]),
        **{name: article.get(name) for name in OF_ARTICLE}, "start": candidate.start, "end": candidate.end,
        "text": text, "kind": candidate.kind, "genre": genre_of(article), "words": candidate.words, "event": event,
    }  # fmt: skip


def _filtered(database: Store, rows: Sequence[Row], where: Mapping[str, Any]) -> list[Row]:
    """Those of some rows that are not stored which a filter names: the server decides, as it does of stored ones."""
    numbered = [{**row, "position": position} for position, row in enumerate(rows)]
    matches = database.aggregate([{"$documents": numbered}, {"$match": dict(where)}, {"$project": {"position": 1}}])
    positions = {row["position"] for row in matches}
    return [row for position, row in enumerate(rows) if position in positions]
