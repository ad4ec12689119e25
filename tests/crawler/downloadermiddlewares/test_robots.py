"""robots.txt, Crawl-delay and reservations: as they are written, and where they cannot be had."""

from __future__ import annotations

import pytest

from crawler.downloadermiddlewares.robots import Rules, matches, parse_robots

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
