"""The ways to an article: days, sections, sitemaps, feeds, and what is in their way."""

from __future__ import annotations

import http.client
import re
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from lxml import etree

from demo.loopback_site.server import LoopbackSite
from demo.loopback_site.vnexpress import CATEGORIES
from tests.demo.loopback_site.helpers import RECORDS, fetch, hrefs, links_of, page, record, walk


def test_vnexpress_days_hold_every_article(site: LoopbackSite) -> None:
    found: Counter[str] = Counter()
    first, last = (datetime.fromisoformat(day + "T00:00:00+07:00") for day in site.spans["vnexpress"])
    for number, _ in CATEGORIES.values():
        days = f"fromdate/{first.timestamp():.0f}/todate/{last.timestamp() + 86400:.0f}"
        url = f"/category/day/cateid/{number}/{days}/allcate/{number}"
        found.update(walk(site, "vnexpress", url + "/page/1", url + "/page/{}", ".list-news-subfolder .title-news a"))
    assert set(found) == set(links_of("vnexpress"))


def test_a_vnexpress_day_holds_that_day_only(site: LoopbackSite) -> None:
    midnight = int(datetime.fromisoformat("2026-05-06T00:00:00+07:00").timestamp())
    url = f"/category/day/cateid/1001005/fromdate/{midnight}/todate/{midnight + 86399}/allcate/1001005/page/1"
    tree = page(site, "vnexpress", url)
    times = [int(item.get("data-publishtime")) for item in tree.cssselect("article[data-publishtime]")]
    assert times
    assert all(midnight <= when < midnight + 86400 for when in times)
    assert not page(site, "vnexpress", url.replace("page/1", "page/9")).cssselect("article[data-publishtime]")


def test_vnexpress_sections_and_newest_go_on_page_by_page(site: LoopbackSite) -> None:
    newest = walk(site, "vnexpress", "/tin-tuc-24h", "/tin-tuc-24h-p{}", ".list-news-subfolder .title-news a")
    assert sorted(newest) == sorted(links_of("vnexpress"))
    section = walk(site, "vnexpress", "/giao-duc", "/giao-duc-p{}", "article.item-news .title-news a")
    assert set(section) == {row["link"] for row in RECORDS if row["section"] == "Giáo dục"}


def test_vnexpress_soft_404_and_outdated_slug(site: LoopbackSite) -> None:
    tree = page(site, "vnexpress", "/khong-co-bai-nay-4999999.html")
    assert tree.xpath("string(//meta[@name='tt_page_type']/@content)") == "other"
    assert tree.xpath("string(//link[@rel='canonical']/@href)") == "https://vnexpress.net"
    assert not tree.cssselect("h1.title-detail, .fck_detail")
    connection = http.client.HTTPConnection(urlsplit(site.origins["vnexpress"]).netloc)
    connection.request("GET", "/tua-de-cu-4900003.html")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, links_of("vnexpress")[3])


def sitemap(site: LoopbackSite, newspaper: str, path: str) -> list[str]:
    """The article addresses of a sitemap or of the sitemaps of an index."""
    tree = etree.fromstring(fetch(site, newspaper, path)[1])
    places = [str(place.text) for place in tree.iterfind(".//{*}loc")]
    if tree.tag.endswith("sitemapindex"):
        return [link for place in places for link in sitemap(site, newspaper, place)]
    assert all(place.text for place in tree.iterfind(".//{*}lastmod"))
    return places


@pytest.mark.parametrize("newspaper", ["vnexpress", "ansa", "open"])
def test_the_sitemaps_that_robots_announces_hold_every_article(site: LoopbackSite, newspaper: str) -> None:
    robots = fetch(site, newspaper, "/robots.txt")[1].decode()
    announced = re.findall(r"^Sitemap: (\S+)$", robots, re.MULTILINE)
    assert set(links_of(newspaper)) <= {link for url in announced for link in sitemap(site, newspaper, url)}


def test_a_large_sitemap_is_cut_into_numbered_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.loopback_site.newspaper.NewspaperPages.sitemap_size", 10)
    with LoopbackSite(RECORDS) as site:
        assert b"post-sitemap5.xml" in fetch(site, "open", "/sitemap_index.xml")[1]
        assert set(links_of("open")) <= set(sitemap(site, "open", "/sitemap_index.xml"))
        assert b"sito_sitemap_sport.1.xml" in fetch(site, "ansa", "/sito/sitemaps/sito_sitemap_index.xml")[1]


def test_robots_of_ansa_closes_the_search(site: LoopbackSite) -> None:
    assert b"Disallow: /ricerca/" in fetch(site, "ansa", "/robots.txt")[1]
    assert fetch(site, "ansa", "/ricerca/ansait/search.shtml?any=x&start=0")[0] == 200


def test_ansa_indexes_hold_every_article(site: LoopbackSite) -> None:
    found: set[str] = set()
    for folder in ("sito/notizie/cronaca", "lombardia/notizie", "sito/notizie/topnews", "sito/notizie/sport"):
        selector = ".article-teaser:not(.ansa-c):not(.is-gallery) .title > a"
        found.update(walk(site, "ansa", f"/{folder}/index.shtml", f"/{folder}/index_{{}}.shtml", selector))
    assert {"https://www.ansa.it" + link for link in found} == set(links_of("ansa"))
    assert fetch(site, "ansa", "/sito/notizie/cronaca/index_9.shtml")[0] == 404


def test_ansa_listings_carry_what_no_article_is(site: LoopbackSite) -> None:
    tree = page(site, "ansa", "/sito/notizie/topnews/index.shtml")
    assert tree.cssselect("div.article-teaser.ansa-c[data-track=inEvidenzaSponsorizzato]")
    (gallery,) = hrefs(tree, ".is-gallery .title > a")
    assert not page(site, "ansa", gallery).cssselect("[itemprop=articleBody]")


def test_ilpost_days_hold_every_article_twenty_a_page(site: LoopbackSite) -> None:
    days = [f"/2026/05/{day:02d}/" for day in range(4, 17)]
    found = [
        link for day in days for link in walk(site, "ilpost", day, day + "page/{}/", "main#main-content article a")
    ]
    assert sorted(found) == sorted(links_of("ilpost"))
    assert fetch(site, "ilpost", "/2026/05/30/")[0] == 404
    assert fetch(site, "ilpost", "/2026/13/40/")[0] == 404
    busy = [record("ilpost", 0, link=f"https://www.ilpost.it/2026/05/04/nota-{index}/") for index in range(41)]
    with LoopbackSite(busy) as full:
        sizes = [
            len(hrefs(page(full, "ilpost", f"/2026/05/04/{tail}"), "main article a"))
            for tail in ("", "page/2/", "page/3/")
        ]
        assert sizes == [20, 20, 1]
        assert fetch(full, "ilpost", "/2026/05/04/page/4/")[0] == 404


def test_open_sections_hold_every_article_twelve_a_page(site: LoopbackSite) -> None:
    names = ["attualita", "cultura-e-spettacolo", "sport"]
    card = ".card-news-vertical-content h2 a"
    found = [link for name in names for link in walk(site, "open", f"/c/{name}/", f"/c/{name}/page/{{}}/", card)]
    assert sorted(found) == sorted(links_of("open"))
    assert len(hrefs(page(site, "open", "/ultime-notizie/page/2/"), card)) == 12
    assert fetch(site, "open", "/c/salute/")[0] == 200, "a section the menu does not name has its page too"


def test_what_the_menu_names_is_there_even_when_empty(site: LoopbackSite) -> None:
    for newspaper, path in (
        ("ansa", "/canale_motori/notizie/index.shtml"),
        ("ilpost", "/tv/"),
        ("open", "/c/scienze/"),
    ):
        assert fetch(site, newspaper, path)[0] == 200
    for newspaper, path in (("ansa", "/niente/notizie/index.shtml"), ("ilpost", "/tv/page/2/"), ("open", "/c/niente/")):
        assert fetch(site, newspaper, path)[0] == 404


@pytest.mark.parametrize(
    ("newspaper", "path", "count"),
    [
        ("vnexpress", "/rss/tin-moi-nhat.rss", 45),
        ("vnexpress", "/rss/giao-duc.rss", 11),
        ("ansa", "/sito/ansait_rss.xml", 30),
        ("ansa", "/sito/notizie/sport/calcio/calcio_rss.xml", 11),
        ("ansa", "/lombardia/notizie/lombardia_rss.xml", 11),
        ("ilpost", "/feed/", 20),
        ("ilpost", "/cultura/feed/", 11),
        ("open", "/feed/", 20),
        ("open", "/c/sport/feed/", 11),
    ],
)
def test_feeds_are_well_formed(site: LoopbackSite, newspaper: str, path: str, count: int) -> None:
    items = etree.fromstring(fetch(site, newspaper, path)[1]).findall(".//item")
    assert len(items) == count
    assert {str(item.findtext("link")).split("?")[0] for item in items} <= set(links_of(newspaper))
    assert all(re.match(r"\w{3}, \d\d \w{3} 2026 .* \+0[27]00$", str(item.findtext("pubDate"))) for item in items)
