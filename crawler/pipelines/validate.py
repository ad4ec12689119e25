"""Validation: is an article one that can be stored?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.items import NEWSPAPERS, Article, newspaper_of
from crawler.pipelines import Pipeline

#: Clocks of newspapers run a little ahead; more is a misread date.
_CLOCK_SKEW = timedelta(days=1)


class ValidatePipeline(Pipeline):
    """An article has an address of its newspaper, a title, a text and a possible date."""

    async def process_item(self, item: Any) -> Any:
        """Let through what can be stored."""
        if reason := invalid(self.article(item), datetime.now(UTC)):
            raise await self.drop(item, reason)
        return item


def invalid(article: Article, now: datetime) -> str:
    """Why an article cannot be one; "" where it can."""
    name = newspaper_of(article.link)
    if name is None or NEWSPAPERS[name].source_site != article.source_site:
        return "foreign_link"
    if not article.title:
        return "no_title"
    if not article.content:
        return "empty_body"
    if not isinstance(article.date, datetime) or article.date.tzinfo is None:
        return "no_date"
    return "date_in_the_future" if article.date > now + _CLOCK_SKEW else ""
