"""One crawl's part in the drift alarm: its articles are counted, and at its end it is compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scrapy import signals

from crawler.discovery.failures import content_type_of
from crawler.extensions.drift.comparison import ANY_REASON, Finding, compare
from crawler.extensions.drift.coverage import EXAMPLES, FieldCoverage
from crawler.extensions.drift.history import accept, earlier, good
from crawler.items import Article
from crawler.mongo.seen_links import database_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.spiders.newspaper import NewspaperSpider

#: Outcomes that say nothing of what a page is.
_NO_VERDICT = frozenset(
    "fetched stored updated unchanged also_at outside_dates opted_out store_lost unreachable banned endless_redirects"
    " moved robots_forbidden robots_unreachable crawl_delay dropped_by_pipeline pipeline_failed"
    " no_item unstorable".split()
)


def judge(coverage: FieldCoverage, note: Mapping[str, Any], rows: list[dict[str, Any]]) -> list[Finding]:
    """What got worse since the good ones of these rows, with examples. Links of refused pages are not known here."""
    before = good(rows, note["month"])
    findings = compare(note, [row["fields"] for row in before])
    for finding in findings:
        when: datetime = before[0]["started_at"]
        finding.last_good = when.isoformat(timespec="seconds")
        finding.p = float(f"{finding.p:.2g}")
        finding.links = coverage.links(finding.what, finding.field, finding.now > finding.was)
    return findings


class DriftMonitor:
    """One crawl's part in all this: sees its articles, and at its end compares it."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.scraped, signals.item_scraped)
        crawler.signals.connect(self.dropped, signals.item_dropped)

    def open(self, spider: NewspaperSpider) -> None:
        """Begin to count."""
        self._began = datetime.now(UTC)
        self._coverage = FieldCoverage(spider.name, self.crawler.settings.getfloat("DRIFT_SAMPLE", 0.1))
        self._refusals = self._stored_refusals(spider)

    def scraped(self, item: Any, response: Response | None) -> None:
        """Count an article."""
        if isinstance(item, Article):
            page, header = (response.body, content_type_of(response)) if response is not None else (None, "")
            self._coverage.add(item, page, header)

    def dropped(self, item: Any, response: Response | None, exception: BaseException) -> None:
        """A text stored under another link was read as well as any."""
        if getattr(exception, "reason", "") == "also_at":
            self.scraped(item, response)

    def close(self, spider: NewspaperSpider, counts: Mapping[str, int]) -> dict[str, Any]:
        """`fields`, `drift` and `accepted` of the crawl: for its row in `runs`.

        Args:
            spider: it is over.
            counts: outcome -> pages.

        Raises:
            PyMongoError: the store does not answer.
        """
        self._coverage.close()
        like = {
            "section": spider.section or None,
            "javascript": spider.javascript,
            "warc": bool(spider.warc),
            "origin": bool(spider.origin),
        }
        note = self._coverage.note(like, *self._judged(spider, counts))
        database = database_of(self.crawler)
        rows, accepting = earlier(database, spider.name, like), self.crawler.settings.getbool("ACCEPT_DRIFT")
        if accepting and accept(database, rows):
            rows = earlier(database, spider.name, like)
        findings = judge(self._coverage, note, rows)
        for finding in findings:
            if finding.what == "refused":
                finding.links = self._refused_links(spider, finding.field)
        return {
            "fields": note,
            "drift": [asdict(finding) for finding in findings],
            "accepted": accepting and bool(findings),
        }

    def _judged(self, spider: NewspaperSpider, counts: Mapping[str, int]) -> tuple[int, dict[str, int]]:
        """(pages, reason -> how many of them were refused).

        Pages that were refused before do not count: fetched again after a week, they are all that a crawl of the
        same days fetches.
        """
        verdicts = {name: count for name, count in counts.items() if is_verdict(name)}
        refused = dict(verdicts)
        if spider.seen_links is not None:
            after = self._stored_refusals(spider)
            # What is never stored (broken transfers) is fetched by each crawl.
            new = {name: after[name] - self._refusals[name] if after[name] else verdicts[name] for name in verdicts}
            refused = {name: min(count, new[name]) for name, count in verdicts.items() if new[name] > 0}
        # Articles of other days, and those that opted out, were read as well.
        unstored = counts.get("outside_dates", 0) + counts.get("opted_out", 0)
        return self._coverage.articles + unstored + sum(refused.values()), refused

    def _stored_refusals(self, spider: NewspaperSpider) -> Counter[str]:
        """Reason -> links of this newspaper that are known to be refused for it."""
        groups: list[dict[str, Any]] = [
            {"$match": {"newspaper": spider.name}},
            {"$group": {"_id": "$reason", "count": {"$sum": 1}}},
        ]
        rows = database_of(self.crawler).refusals.aggregate(groups)
        return Counter({row["_id"]: row["count"] for row in rows})

    def _refused_links(self, spider: NewspaperSpider, reason: str) -> list[str]:
        query = {"newspaper": spider.name, "checked_at": {"$gte": self._began}}
        if reason != ANY_REASON:
            query["reason"] = reason
        rows = database_of(self.crawler).refusals.find(query).limit(10 * EXAMPLES)
        return [row["link"] for row in rows if is_verdict(row["reason"])][:EXAMPLES]


def is_verdict(outcome: str) -> bool:
    """Whether an outcome of a crawl says what a page is, rather than how its transfer went or what was asked for."""
    return outcome in ("http_404", "http_410") or not (outcome in _NO_VERDICT or outcome.startswith("http_"))
