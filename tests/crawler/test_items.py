"""The record: canonical links, rows of any origin, dates as newspapers print them (more in test_dates.py)."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dates import date_in_link, local_day, parse_date
from crawler.items import RecordError, article_from_record, canonical_link, content_hash, newspaper_of, site_of
from crawler.newspapers import metas

ROME = ZoneInfo("Europe/Rome")
HANOI = timezone(timedelta(hours=7))
UUID = "f5d56e6f-93f7-4fa1-a3df-83d51d188dd3"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("http://ANSA.it:80/sito/a_1.html?x=1#y", "https://www.ansa.it/sito/a_1.html"),
        ("https://www.ansa.it/amp/sito/a_1.html", "https://www.ansa.it/sito/a_1.html"),
        ("https://www.ilpost.it/2024/01/12/caso", "https://www.ilpost.it/2024/01/12/caso/"),
        ("https://www.ilpost.it/2024/01/12/caso/amp/", "https://www.ilpost.it/2024/01/12/caso/"),
        ("https://vnexpress.net/tin-4936632.html#box_comment_vne", "https://vnexpress.net/tin-4936632.html"),
        ("https://www.vnexpress.net/tin-4936632.html", "https://vnexpress.net/tin-4936632.html"),
        (
            "https://web.archive.org/web/20240115232213/https://www.ilpost.it/2024/01/12/caso/",
            "https://www.ilpost.it/2024/01/12/caso/",
        ),
        ("https://example.org/2024/01/12/caso", "https://example.org/2024/01/12/caso"),
    ],
)
def test_a_link_has_one_form(url: str, link: str) -> None:
    assert canonical_link(url) == link
    assert canonical_link(link) == link


@pytest.mark.parametrize("url", ["", "ftp://a/b", "javascript:void(0)", "https://", "http://[::1", "no link"])
def test_what_is_no_link_is_named(url: str) -> None:
    with pytest.raises(RecordError) as caught:
        canonical_link(url)
    assert caught.value.reason == "no_link"


@given(st.text())
def test_no_text_breaks_the_link_reader(text: str) -> None:
    try:
        link = canonical_link(text)
    except RecordError:
        return
    assert canonical_link(link) == link


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-07-07T20:26:00+0200", "UTC", datetime(2026, 7, 7, 18, 26, tzinfo=UTC)),
        ("2026-06-30T13:35:03+02:00", "UTC", datetime(2026, 6, 30, 11, 35, 3, tzinfo=UTC)),
        ("2020-07-28T10:43", "Europe/Rome", datetime(2020, 7, 28, 10, 43, tzinfo=ROME)),
        ("2026-06-30T12:52:44.397467", "UTC", datetime(2026, 6, 30, 12, 52, 44, 397467, tzinfo=UTC)),
        ("2026-06-30", "Europe/Rome", datetime(2026, 6, 30, tzinfo=ROME)),
        ("TARVISIO,\n    06 gennaio 2024, 18:54", "Europe/Rome", datetime(2024, 1, 6, 18, 54, tzinfo=ROME)),
        ("Martedì 30 giugno 2026", "Europe/Rome", datetime(2026, 6, 30, tzinfo=ROME)),
        ("30 Giugno 2026 - 21:16", "Europe/Rome", datetime(2026, 6, 30, 21, 16, tzinfo=ROME)),
        ("1° Maggio 2026", "Europe/Rome", datetime(2026, 5, 1, tzinfo=ROME)),
        ("Thứ hai, 8/9/2025, 18:22 (GMT+7)", "Europe/Rome", datetime(2025, 9, 8, 18, 22, tzinfo=HANOI)),
        ("23/10/2013 11:39", "Asia/Ho_Chi_Minh", datetime(2013, 10, 23, 11, 39, tzinfo=HANOI)),
        ("ngày 5 tháng 9 năm 2025", "Asia/Ho_Chi_Minh", datetime(2025, 9, 5, tzinfo=HANOI)),
        ("Sun, 07 Sep 2025 22:34:21 +0700", "UTC", datetime(2025, 9, 7, 22, 34, 21, tzinfo=HANOI)),
        ("20240115232213", "UTC", datetime(2024, 1, 15, 23, 22, 13, tzinfo=UTC)),
        ("1757330573", "Europe/Rome", datetime(2025, 9, 8, 11, 22, 53, tzinfo=UTC)),
        (1757330573, "Europe/Rome", datetime(2025, 9, 8, 11, 22, 53, tzinfo=UTC)),
    ],
)
def test_a_printed_date_is_an_instant(text: object, zone: str, instant: datetime) -> None:
    assert parse_date(text, zone) == instant


@pytest.mark.parametrize("text", ["", "ieri", "31 febbraio 2024", "2024-13-40", None, True, 12, "99/99/2024", [1]])
def test_what_is_no_date_is_none(text: object) -> None:
    assert parse_date(text, "Europe/Rome") is None


@given(st.text() | st.from_regex(r"\d{1,4}[-/ ]\d{1,4}[-/ ]\d{1,6}.{0,12}"))
def test_no_text_breaks_the_date_reader(text: str) -> None:
    instant = parse_date(text, "Europe/Rome")
    assert instant is None or instant.tzinfo is not None


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_iso_instants_survive(instant: datetime) -> None:
    assert parse_date(instant.isoformat(), "Europe/Rome") == instant


def test_the_day_is_the_newspapers_own() -> None:
    late = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
    assert str(local_day(late, "Europe/Rome")) == "2026-05-05"
    assert str(date_in_link("https://x/2026/05/04/a/", "Europe/Rome").date()) == "2026-05-04"  # type: ignore[union-attr]


def test_a_foreign_row_becomes_an_article() -> None:
    row = {
        "title": "Titolo\u00a0di  prova",
        "link": f"https://www.ansa.it/lazio/notizie/2024/01/06/prova_{UUID}.html",
        "date": "TARVISIO,\n   06 gennaio 2024, 18:54",
        "content": "Una riga\r\nspezzata.\r\n   \r\n\t\t Secondo capoverso.",
        "tags": "Ultima ora, Neve",
    }
    article = article_from_record(row)
    assert article.title == "Titolo di prova"
    assert article.content == "Una riga spezzata.\n\nSecondo capoverso."
    assert article.location == "TARVISIO"
    assert article.date == datetime(2024, 1, 6, 18, 54, tzinfo=ROME)
    assert article.tags == ["Ultima ora", "Neve"]
    assert (article.source_site, article.language) == ("Ansa", "it")
    assert article.content_hash == content_hash(article.title, article.content)


def test_the_capture_stamp_of_an_archive_is_not_the_day_of_publication() -> None:
    link = "https://web.archive.org/web/20240115232213/https://www.ilpost.it/2024/01/12/caso/"
    article = article_from_record({"title": "t", "link": link, "date": "20240115232213", "content": "c"})
    assert str(article.date) == "2024-01-12 00:00:00+01:00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"link": None}, "no_link"),
        ({"content": " \n "}, "empty_body"),
        ({"content": None, "title": None}, "empty_body"),
        ({"title": ""}, "no_title"),
        ({"date": "boh"}, "no_date"),
    ],
)
def test_a_row_that_is_no_article_says_why(change: dict[str, object], reason: str) -> None:
    row = {"title": "t", "link": "https://example.org/a", "date": "2024-01-01", "content": "c"} | change
    with pytest.raises(RecordError) as caught:
        article_from_record(row)
    assert caught.value.reason == reason


def test_newspapers_are_known_by_their_hosts() -> None:
    assert newspaper_of("https://ilpost.it/2024/") == "ilpost"
    assert newspaper_of("https://e.vnexpress.net/x") is None
    assert site_of("https://www.open.online/x") == "Open"


def test_a_newspaper_may_have_several_hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    declaration = (
        'NEWSPAPER = Newspaper(source_site="Gazzetta", host="www.gazzetta.example", '
        'hosts=("milano.gazzetta.example", "www.bologna.example"), language="it", zone="Europe/Rome", slash=True)\n'
    )
    (tmp_path / "gazzetta.py").write_text(declaration)
    monkeypatch.setattr("crawler.newspapers.NEWSPAPERS", dict(metas(tmp_path)))
    spec = importlib.util.find_spec("crawler.items")
    assert spec is not None
    assert spec.loader is not None
    items = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "crawler.items", items)
    spec.loader.exec_module(items)
    for host in ("www.gazzetta.example", "gazzetta.example", "milano.gazzetta.example", "bologna.example"):
        assert items.newspaper_of(f"https://{host}/2026/05/01/a/") == "gazzetta", host
    assert items.newspaper_of("https://roma.gazzetta.example/2026/05/01/a/") is None
    # Each keeps its own host, and all their articles end in a slash.
    link = "https://milano.gazzetta.example/2026/05/01/a"
    assert items.canonical_link(link) == link + "/"
    assert items.canonical_link("http://bologna.example/2026/05/01/a") == "https://www.bologna.example/2026/05/01/a/"


def test_every_real_row_is_an_article_or_has_an_empty_body(shared: Path) -> None:
    counts: Counter[str] = Counter()
    with (shared / "data/it_news_2024/articles.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            try:
                counts[article_from_record(json.loads(line)).source_site] += 1
            except RecordError as error:
                counts[error.reason] += 1
    assert counts == {"Ansa": 533, "Open": 117, "IlPost": 59, "empty_body": 149}
