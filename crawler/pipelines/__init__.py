"""validate -> permission -> language -> store. Whatever does not come through has a named reason, and is counted."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

from crawler.items import Article, parse_date

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: What can become of an article that was read and not dropped.
OUTCOMES = ("fetched", "stored", "updated", "unchanged", "also_at")


class Dropped(DropItem):
    """An article that is not stored.

    Attributes:
        reason: the name it is counted under.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason, log_level="INFO")
        self.reason = reason


class Pipeline:
    """The base of the steps between spider and store: what one drops is counted by name, and not fetched again.

    A user's own steps may stand before, between and behind them, and hand on any kind of item.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def drop(self, item: Any, reason: str, detail: str = "") -> Dropped:
        """The exception to raise for an article that is not stored; counted and remembered."""
        refuse = getattr(self.crawler.spider, "refuse", None)
        if refuse is not None:
            await refuse(ItemAdapter(item)["link"], reason)
        return Dropped(reason, detail or ItemAdapter(item)["link"])

    def article(self, item: Any) -> Article:
        """The item as an article: itself where it is one.

        Raises:
            Dropped: it cannot be one; counted, and fetched again by the next crawl.
        """
        try:
            return article_of(item)
        except Dropped as dropped:
            if self.crawler.stats:
                self.crawler.stats.inc_value(f"newsmill/dropped/{dropped.reason}")
            raise


_TEXTS = ("link", "title", "description", "content", "location", "section", "source_site", "language")
_INSTANTS = ("date", "date_modified", "crawled_at")


def article_of(item: Any) -> Article:
    """The article in any kind of item that a pipeline may return; itself where it is one.

    Fields that an article does not have stay with the item; instants may be texts (ISO).

    Raises:
        Dropped: `no_item`: it is None, or no item; `unstorable`: a field is missing or of another type.
    """
    if not ItemAdapter.is_item(item):
        raise Dropped("no_item", f"a pipeline returned {type(item).__name__}, not the item")
    row = item if isinstance(item, Article) else _converted(ItemAdapter(item).asdict())
    for name in _TEXTS:
        if not isinstance(value := getattr(row, name), str):
            raise Dropped("unstorable", f"{row.link}: {name} is {type(value).__name__}, not a text")
    return row


def _converted(row: dict[str, Any]) -> Article:
    values = {field.name: row[field.name] for field in fields(Article) if field.name in row}
    for name in _INSTANTS:
        if isinstance(text := values.get(name), str):
            values[name] = parse_date(text, "UTC")
    try:
        return Article(**values)
    except TypeError:
        raise Dropped("unstorable", f"an item without link or title: {str(row)[:200]}") from None


def counts_of(stats: dict[str, Any]) -> dict[str, int]:
    """Outcome -> articles, from Scrapy's stats: what became of every page that was fetched, and what was refused."""
    counts = {}
    for name in OUTCOMES:
        if value := stats.get(f"newsmill/{name}"):
            counts[name] = int(value)
    for key, value in stats.items():
        if key.startswith("newsmill/dropped/"):
            counts[key.removeprefix("newsmill/dropped/")] = int(value)
    return counts
