"""What a site permits, written into each of its articles with the evidence."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy.spidermiddlewares.base import BaseSpiderMiddleware

from crawler.downloadermiddlewares.robots import RobotsMiddleware
from crawler.items import Article

if TYPE_CHECKING:
    from scrapy.http import Response


class PermissionMiddleware(BaseSpiderMiddleware):
    """Writes into each article what its site permits, and the evidence."""

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        if isinstance(item, Article) and response is not None:
            self.record(item, response)
        return item

    def record(self, article: Article, response: Response) -> None:
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        rules = robots.rules_at_hand(response.url) if robots else None
        reservations = rules.opt_outs(response.url) if rules and robots else []
        # None: the crawl does not ask. Else it was allowed, or it would not be here.
        record_permission(article, response, True if rules else None, reservations, datetime.now(UTC))


def record_permission(
    article: Article, response: Response, robots: bool | None, reservations: list[str], when: datetime
) -> None:
    """Write into an article what robots.txt says of it, and all reservations: the page's, its headers', the site's.

    Args:
        article: it holds the page's own.
        response: where it came from.
        robots: whether robots.txt allows it; None where that is not known.
        reservations: the site's.
        when: the instant at which all this was so.
    """
    evidence = [*article.permission.get("evidence", []), *header_reservations(response), *reservations]
    article.permission = {"robots": robots, "opt_out": bool(evidence), "evidence": evidence, "checked_at": when}


def header_reservations(response: Response) -> list[str]:
    """Reservations in the headers of a response, as evidence."""
    evidence = []
    if (response.headers.get("tdm-reservation") or b"").strip() == b"1":
        evidence.append("header tdm-reservation: 1")
    for value in response.headers.getlist("X-Robots-Tag"):
        if re.search(rb"\bnoai\b", value, re.IGNORECASE):
            evidence.append("header X-Robots-Tag: noai")
    return evidence
