"""Which articles an export of texts takes, and why it leaves out the others."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler.mongo import taken_down
from synth.batched import batched
from synth.export.articles.article_text import article_text, repeated_paragraphs
from synth.export.articles.held_out_days import sides_by_day
from synth.export.manifest import Settings
from synth.export.selection import CHUNK, Selection, permission_summary, permissions
from synth.export.split import Row
from synth.filters.check import filter_errors
from synth.near_duplicates.bottom_k import Copies
from synth.near_duplicates.shingles import normalised
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: What is read of an article beside its text.
FIELDS = dict.fromkeys(
    ("link", "also_at", "title", "content", "language", "date", "source_site", "access", "content_hash"), 1
)


@dataclass
class ArticleSelection(Selection):
    """What will be exported, sorted by key, and what will not."""

    #: key -> train, validation or test.
    sides: dict[str, str] = field(default_factory=dict)
    #: names of short paragraphs that many articles of a newspaper have.
    repeated: frozenset[int] = frozenset()


def link_digest(link: str) -> str:
    """sha256 (hex) of an article's link: sorted by it, the order of rows says nothing."""
    return hashlib.sha256(link.encode(errors="surrogatepass")).hexdigest()


def select_articles(database: Store, query: Mapping[str, Any], settings: Settings) -> ArticleSelection:
    """The articles that a filter names, less those that cannot or should not be learnt from.

    One with several reasons counts under the first of taken_down, opted_out, teaser, empty, duplicate, near_duplicate,
    over_limit, copy_in_training, event_in_training. Of near copies the one that was published first stays.

    Raises:
        NewsmillError: the server refuses the filter.
    """
    selection = ArticleSelection()
    with filter_errors():
        total = database.articles.count_documents(query)
    selection.repeated = repeated_paragraphs(stream(database, query, {"content": 1, "language": 1, "source_site": 1}))
    rows = list(_readable(database, query, settings, selection, total))
    rows.sort(key=lambda row: row.key)
    limit = settings.limit or len(rows)
    selection.left_out["over_limit"] = len(rows) - len(rows[:limit])
    sides, reasons = sides_by_day(rows[:limit], settings.val_fraction, settings.test_fraction, settings.seed)
    selection.sides = sides
    selection.left_out.update(reasons.values())
    selection.rows = [row for row in rows[:limit] if row.key in sides]
    selection.left_out = Counter({reason: count for reason, count in sorted(selection.left_out.items()) if count})
    links = {link for row in selection.rows for link in row.links[:1]}
    selection.permission = permission_summary(
        (Row(row.key, "", "", None, row.links[:1]) for row in selection.rows), permissions(database, links)
    )
    return selection


def stream(database: Store, query: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The articles that a filter names, those published first first."""
    with filter_errors():
        yield from database.articles.find(query, fields).sort([("date", 1), ("link", 1)]).allow_disk_use(True)


def _readable(
    database: Store, query: Mapping[str, Any], settings: Settings, selection: ArticleSelection, total: int
) -> Iterator[Row]:
    """The articles that may be read and say something new, counting the others."""
    events, texts = _events(database), Texts(settings.include_duplicates)
    with progress_bar("export", total) as advance:
        for batch in batched(stream(database, query, FIELDS), CHUNK):
            removed, reserved = _forbidden(database, batch, include_opted_out=settings.include_opted_out)
            for article in batch:
                text = article_text(article, selection.repeated)
                reason = (
                    "taken_down" if removed & _identities(article)
                    else "opted_out" if article["link"] in reserved
                    else "teaser" if article.get("access") == "teaser"
                    else "empty" if not text
                    else texts.problem(text)
                )  # fmt: skip
                if reason:
                    selection.left_out[reason] += 1
                else:
                    yield _row(article, events.get(article["_id"], ""), texts.names)
            advance(len(batch))


def _row(article: Mapping[str, Any], event: str, names: Sequence[str]) -> Row:
    links = [link for link in (article["link"], *(article.get("also_at") or [])) if isinstance(link, str)]
    return Row(link_digest(article["link"]), event, article.get("language") or "", article.get("date"), links, names)


def _identities(article: Mapping[str, Any]) -> set[str]:
    """What a takedown names an article by."""
    return {article["link"], *(article.get("also_at") or []), article.get("content_hash") or ""} - {""}


def _forbidden(
    database: Store, articles: Sequence[Mapping[str, Any]], *, include_opted_out: bool
) -> tuple[set[str], set[str]]:
    """(addresses and hashes that were taken down, links whose site reserved its rights) of some articles."""
    links = {link for article in articles for link in (article["link"], *(article.get("also_at") or []))}
    removed = taken_down(
        database, links, [article["content_hash"] for article in articles if article.get("content_hash")]
    )
    if include_opted_out:
        return removed, set()
    permission_of = permissions(database, {article["link"] for article in articles})
    return removed, {link for link, permission in permission_of.items() if permission["opt_out"]}


def _events(database: Store) -> dict[Any, str]:
    """Article -> its current event, of events with several articles."""
    rows = database.clusters.find({"current": True, "articles.1": {"$exists": True}}, {"event": 1, "articles": 1})
    return {article: str(row.get("event") or "") for row in rows for article in row["articles"]}


class Texts:
    """Tells which texts were there before, exactly or nearly. Some 700 bytes a text (`Copies`)."""

    def __init__(self, include_duplicates: bool) -> None:
        self.include_duplicates = include_duplicates
        self.copies = Copies()
        self.known_names: set[str] = set()
        #: of the text asked for last: the same for near copies.
        self.names: tuple[str, ...] = ()

    def problem(self, text: str) -> str:
        """duplicate, near_duplicate, or "" for a text that says something new."""
        # Of the body: agencies' texts come with a headline of each newspaper.
        body = normalised(text.partition("\n\n")[2] or text)
        digest = hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()
        name = self.copies.name(text)
        problem = "duplicate" if digest in self.known_names else "near_duplicate" if name in self.known_names else ""
        self.names = tuple(filter(None, (digest, name)))
        self.known_names.update(self.names)
        return "" if self.include_duplicates else problem


def full_articles(database: Store, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """The articles of `rows` in their order, without those that were removed or taken down meanwhile."""
    for part in batched(iter(rows), CHUNK):
        by_link = {row.links[0]: row.key for row in part}
        articles = {
            article["link"]: article for article in database.articles.find({"link": {"$in": list(by_link)}}, FIELDS)
        }
        removed, _ = _forbidden(database, list(articles.values()), include_opted_out=True)
        for link in by_link:
            if link in articles and not removed & _identities(articles[link]):
                yield {**articles[link], "key": by_link[link]}
