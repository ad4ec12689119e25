"""robots.txt, Crawl-delay and reservations: as they are written, and where they cannot be had."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.settings import Settings

from crawler.downloadermiddlewares.pauses import InterruptedPause
from crawler.downloadermiddlewares.robots import (
    Forbidden,
    RobotsMiddleware,
    Rules,
    agent_of,
    matches,
    parse_robots,
    reservations_in,
)

AGENT = "Newsmill"
PAGE = "https://www.ansa.it/sito/notizie/cronaca/2026/05/01/x.html"


def test_what_is_disallowed_is_forbidden_and_nothing_else() -> None:
    rules = parse_robots("User-agent: *\nDisallow: /ricerca/\n")
    assert rules.allowed(PAGE, AGENT)
    assert not rules.allowed("https://www.ansa.it/ricerca/ansait/search.shtml?any=x", AGENT)


def test_a_site_without_robots_is_open_and_one_that_cannot_be_asked_is_closed() -> None:
    assert Rules().allowed(PAGE, AGENT)
    assert not Rules(closed="status 503").allowed(PAGE, AGENT)


def test_crawl_delay_is_ours_or_everybodys() -> None:
    assert parse_robots("User-agent: *\nCrawl-delay: 7\n").crawl_delay(AGENT) == 7
    assert (
        parse_robots("User-agent: newsmill\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 7\n").crawl_delay(AGENT) == 3
    )
    assert Rules().crawl_delay(AGENT) == 0


def test_rules_for_ai_crawlers_are_evidence_but_do_not_forbid() -> None:
    rules = parse_robots("User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n")
    assert rules.allowed(PAGE, AGENT)
    assert rules.opt_outs(PAGE) == ["robots.txt: GPTBot, CCBot disallowed"]
    assert parse_robots("User-agent: *\nAllow: /\n").opt_outs(PAGE) == []


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/anything", True),
        ("/sito/", "/sito/x", True),
        ("/sito/", "/altro", False),
        ("/*.html$", "/a/b.html", True),
        ("/*.html$", "/a/b.html?x", False),
        ("/a+b", "/aab", False),
    ],
)
def test_reservations_match_like_robots(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_the_first_matching_reservation_counts() -> None:
    rules = Rules(reservations=[("/sito/foto/", False), ("/sito/", True)])
    assert rules.opt_outs("https://www.ansa.it/sito/foto/x") == []
    assert rules.opt_outs(PAGE) == ["tdmrep.json: tdm-reservation 1"]


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        ("Request-rate: 2/10s", 5.0),
        ("Request-rate: 1/1m\nCrawl-delay: 7", 60.0),
        ("Request-rate: 1/3\nCrawl-delay: 7", 7.0),
        ("Crawl-delay: 0.4", 0.4),
        ("Crawl-delay: nan", 0.0),
        ("Crawl-delay: -3", 0.0),
        ("Disallow: /x", 0.0),
    ],
)
def test_the_longer_of_delay_and_rate_is_kept(rule: str, seconds: float) -> None:
    assert parse_robots(f"User-agent: *\n{rule}\n").crawl_delay(AGENT) == seconds


def test_a_rate_of_no_requests_asks_for_no_delay() -> None:
    assert parse_robots("User-agent: *\nRequest-rate: 0/10s\nCrawl-delay: 2\n").crawl_delay(AGENT) == 2


@pytest.mark.parametrize(
    ("body", "reservations"),
    [
        (b'[{"location": "/sito/", "tdm-reservation": 1}, {"location": "/"}]', [("/sito/", True), ("/", False)]),
        (b'[{"location": "/", "tdm-reservation": "0"}]', [("/", False)]),
        (b'[{"tdm-reservation": 1}]', []),
        (b"<html>not found</html>", []),
        (b"[1, 2]", []),
        (b"7", []),
        (b"[" * 200_000, []),
    ],
    ids=["two", "none", "no_location", "page", "numbers", "number", "deep"],
)
def test_only_a_list_of_reservations_says_something(body: bytes, reservations: list[tuple[str, bool]]) -> None:
    assert reservations_in(body) == reservations


def test_a_reservation_is_looked_up_by_the_readable_path() -> None:
    rules = Rules(reservations=[("/città/", True)])
    assert rules.opt_outs("https://www.ansa.it/citt%C3%A0/x.html") == ["tdmrep.json: tdm-reservation 1"]


@pytest.mark.parametrize(
    ("settings", "agent"),
    [
        ({"USER_AGENT": "Newsmill/1.0 (+https://example.org)"}, "Newsmill"),
        ({"USER_AGENT": "Newsmill/1.0", "ROBOTSTXT_USER_AGENT": "Lettore"}, "Lettore"),
        ({"USER_AGENT": "1.0"}, "*"),
    ],
)
def test_rules_are_for_the_product(settings: dict[str, Any], agent: str) -> None:
    assert agent_of(Settings(settings)) == agent


# --- the middleware: a site's answers stand in for the network --------------------------------------------------------

HOME = "https://www.ansa.it"
ROBOTS, TDMREP = f"{HOME}/robots.txt", f"{HOME}/.well-known/tdmrep.json"
OPEN = b"User-agent: *\nDisallow: /ricerca/\n"


class Site:
    """Answers of a network, and as much of Scrapy's crawler as the middleware uses."""

    def __init__(self, answers: dict[str, Any], **settings: Any) -> None:
        self.answers, self.asked, self.closings = answers, list[Request](), list[str]()
        self.stats: dict[str, Any] = {}
        self.slot = SimpleNamespace(delay=1.0, jitter=0.5, concurrency=8)
        downloader = SimpleNamespace(get_slot_key=lambda _: "www.ansa.it", per_slot_settings={}, slots={})
        self.delays: dict[str, Any] = downloader.per_slot_settings
        self.slots: dict[str, Any] = downloader.slots
        engine = SimpleNamespace(download_async=self.download, close_spider_async=self.close, downloader=downloader)
        crawler: Any = SimpleNamespace(
            settings=Settings(
                {"ROBOTSTXT_OBEY": True, "CRAWL_DELAY_MAX": 60, "USER_AGENT": "Newsmill/1.0", **settings}
            ),
            stats=SimpleNamespace(set_value=self.stats.__setitem__), spider=SimpleNamespace(name="ansa"), engine=engine,
        )  # fmt: skip
        self.crawler = crawler
        self.middleware = RobotsMiddleware.from_crawler(crawler)

    async def download(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        answer = self.answers.get(request.url, (404, b""))
        if isinstance(answer, BaseException):
            raise answer
        return Response(request.url, status=answer[0], body=answer[1])

    async def close(self, *, reason: str) -> None:
        self.closings.append(reason)

    def urls(self) -> list[str]:
        return [request.url for request in self.asked]

    def fetch(self, *requests: str | Request) -> list[str]:
        """What becomes of requests: "" where they may be sent, else the reason."""

        async def one(request: str | Request) -> str:
            try:
                await self.middleware.process_request(Request(request) if isinstance(request, str) else request)
            except Forbidden as forbidden:
                return forbidden.reason
            return ""

        async def every() -> list[str]:
            outcomes = await asyncio.gather(*(one(request) for request in requests))
            await asyncio.sleep(0)
            return outcomes

        return asyncio.run(every())


def test_a_crawl_that_obeys_no_robots_has_no_middleware() -> None:
    with pytest.raises(NotConfigured):
        Site({}, ROBOTSTXT_OBEY=False)


def test_a_host_is_asked_once_before_its_pages() -> None:
    site = Site({ROBOTS: (200, OPEN)})
    assert site.fetch(PAGE, f"{HOME}/ricerca/x", f"{HOME}/sito/") == ["", "robots_forbidden", ""]
    assert site.urls() == [ROBOTS, TDMREP]
    for request in site.asked:
        assert request.meta["dont_obey_robotstxt"] is True
        assert request.meta["allow_offsite"] is True
        assert (request.priority, request.callback) == (1000, NO_CALLBACK)
    assert site.stats == {}
    assert site.delays == {}


@pytest.mark.parametrize(
    "request_", [Request(PAGE, meta={"dont_obey_robotstxt": True}), Request("file:///a.html"), Request("data:,x")]
)
def test_what_is_no_page_of_a_site_is_not_held(request_: Request) -> None:
    site = Site({ROBOTS: (503, b"")})
    assert site.fetch(request_) == [""]
    assert site.asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b""), "status 500"),
        ((503, b""), "status 503"),
        ((429, b""), "status 429"),
        (OSError("no route to host\nand more"), "no route to host"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_robots_txt_that_cannot_be_had_closes_the_site_and_says_so(answer: Any, why: str) -> None:
    site = Site({ROBOTS: answer})
    assert site.fetch(PAGE, PAGE) == ["robots_unreachable"] * 2
    assert site.urls() == [ROBOTS]
    what = f"{ROBOTS} cannot be read ({why})"
    assert site.stats == {"newsmill/closed": f"{what}: nothing is fetched without it; try again later"}


def test_a_refusal_says_what_it_is_about() -> None:
    forbidden = Forbidden("robots_forbidden", f"robots.txt forbids {PAGE}")
    assert (forbidden.reason, str(forbidden)) == ("robots_forbidden", f"robots.txt forbids {PAGE}")


def test_another_host_that_cannot_be_asked_is_not_the_newspaper() -> None:
    site = Site({"https://example.org/robots.txt": (503, b"")})
    assert site.fetch("https://example.org/x", PAGE) == ["robots_unreachable", ""]
    assert site.stats == {}


def test_in_a_shell_without_spider_or_stats_a_closed_site_is_a_refusal_as_well() -> None:
    site = Site({ROBOTS: (503, b"")})
    site.crawler.spider = None
    assert site.fetch(PAGE) == ["robots_unreachable"]
    site = Site({ROBOTS: (503, b"")})
    site.crawler.stats = None
    assert site.fetch(PAGE) == ["robots_unreachable"]


@pytest.mark.parametrize("status", [300, 301, 403, 404, 410])
def test_a_site_without_robots_txt_is_open_whatever_its_error_page_says(status: int) -> None:
    site = Site({ROBOTS: (status, b"User-agent: *\nDisallow: /\n")})
    assert site.fetch(PAGE) == [""]


@pytest.mark.parametrize(
    ("answer", "evidence"),
    [
        ((200, b'[{"location": "/", "tdm-reservation": 1}]'), ["tdmrep.json: tdm-reservation 1"]),
        ((404, b'[{"location": "/", "tdm-reservation": 1}]'), []),
        (OSError("reset"), []),
    ],
)
def test_reservations_are_at_hand_once_they_were_asked_for(answer: Any, evidence: list[str]) -> None:
    site = Site({ROBOTS: (200, OPEN), TDMREP: answer})
    assert site.middleware.rules_at_hand(PAGE) is None
    assert site.fetch(PAGE) == [""]
    rules = site.middleware.rules_at_hand(f"{HOME}/other")
    assert rules is not None
    assert rules.opt_outs(PAGE) == evidence
    assert site.middleware.rules_at_hand("http://www.ansa.it/other") is None


def test_rules_are_not_at_hand_while_they_are_asked_for() -> None:
    site = Site({ROBOTS: (200, OPEN)})

    async def ask() -> None:
        waiting = asyncio.ensure_future(site.middleware.rules_of(PAGE))
        await asyncio.sleep(0)
        assert site.middleware.rules_at_hand(PAGE) is None
        rules = await waiting
        assert site.middleware.rules_at_hand(PAGE) is rules
        # The second page of a host waits for nothing.
        assert await site.middleware.rules_of(f"{HOME}/sito/") is rules

    asyncio.run(ask())


@pytest.mark.parametrize("url", [ROBOTS, TDMREP])
def test_a_crawl_that_is_asked_to_stop_takes_no_site_for_closed(url: str) -> None:
    site = Site({ROBOTS: (200, OPEN), url: InterruptedPause()})
    with pytest.raises(InterruptedPause):
        site.fetch(PAGE)
    assert site.stats == {}
    assert site.middleware.rules_at_hand(PAGE) is None


def test_a_crawl_delay_is_the_pace_of_its_host(caplog: pytest.LogCaptureFixture) -> None:
    site = Site({ROBOTS: (200, b"User-agent: *\nCrawl-delay: 5\n")})
    site.slots["www.ansa.it"] = site.slot
    first, second = Request(PAGE), Request(f"{HOME}/sito/")
    with caplog.at_level(logging.WARNING):
        assert site.fetch(first, second) == ["", ""]
    assert site.delays == {"www.ansa.it": {"delay": 5.0, "jitter": 0.0, "concurrency": 1}}
    assert vars(site.slot) == {"delay": 5.0, "jitter": 0.0, "concurrency": 1}
    assert first.meta["autothrottle_dont_adjust_delay"] is True
    # Said once.
    assert [record.getMessage() for record in caplog.records] == [
        "www.ansa.it asks for 5 s between requests (robots.txt): they are kept"
    ]


def test_a_short_delay_is_kept_without_a_word_and_makes_no_host_faster(caplog: pytest.LogCaptureFixture) -> None:
    site = Site({ROBOTS: (200, b"User-agent: *\nCrawl-delay: 4.5\n")})
    site.slot.delay = 12.0
    site.slots["www.ansa.it"] = site.slot
    assert site.fetch(PAGE) == [""]
    assert (site.slot.delay, site.slot.concurrency) == (12.0, 1)
    assert caplog.records == []


def test_a_delay_as_long_as_the_cap_is_kept() -> None:
    site = Site({ROBOTS: (200, b"User-agent: *\nCrawl-delay: 60\n")})
    assert site.fetch(PAGE) == [""]
    assert site.closings == []


def test_a_delay_of_a_day_ends_the_crawl_once() -> None:
    site = Site({ROBOTS: (200, b"User-agent: *\nCrawl-delay: 86400\n")})
    assert site.fetch(PAGE, f"{HOME}/sito/") == ["crawl_delay"] * 2
    assert site.closings == ["told_to_wait"]
    assert site.stats["newsmill/closed"].startswith("www.ansa.it asks for 86,400 s between requests (robots.txt), more")
    assert site.delays == {}


def test_a_delay_of_a_foreign_host_does_not_end_the_crawl() -> None:
    site = Site({"https://example.org/robots.txt": (200, b"User-agent: *\nCrawl-delay: 86400\n")})
    assert site.fetch("https://example.org/x") == ["crawl_delay"]
    assert (site.closings, site.stats) == ([], {})
