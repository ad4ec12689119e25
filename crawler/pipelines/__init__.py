"""validate -> permission -> language -> store. Whatever does not come through has a named reason, and is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem

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
    """The base of the steps between spider and store: what one drops is counted by name, and not fetched again."""

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
