"""Dates as newspapers print them, read whole or not at all; what dateparser makes of the same texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.dates import date_in_link, parse_date
from crawler.language import MONTHS

ROME, HANOI = "Europe/Rome", "Asia/Ho_Chi_Minh"
#: text, zone, the instant it says
PRINTED = [
    ("9 mag 2025 17:08", ROME, "2025-05-09T17:08:00+02:00"),
    ("9 sett. 2025, 17:08", ROME, "2025-09-09T17:08:00+02:00"),
    ("Mar 9 dic. 2025 ore 17.08", ROME, "2025-12-09T17:08:00+01:00"),
    ("31.01.2023, 07:46", ROME, "2023-01-31T07:46:00+01:00"),
    ("03-02-2025 17:08", ROME, "2025-02-03T17:08:00+01:00"),
    ("2025/02/03 17:08", ROME, "2025-02-03T17:08:00+01:00"),
    ("9 maggio 2025 alle ore 17:08", ROME, "2025-05-09T17:08:00+02:00"),
    ("Pubblicato il 9 maggio 2025 da Anna Neri alle 17.08", ROME, "2025-05-09T17:08:00+02:00"),
    ("Ore 17:08 del 9 maggio 2025", ROME, "2025-05-09T17:08:00+02:00"),
    ("9 maggio 2025, h. 17", ROME, "2025-05-09T17:00:00+02:00"),
    ("9 maggio 2025 - 1 giugno 2025", ROME, "2025-05-09T00:00:00+02:00"),
    ("9 maggio 2025 17:08:33", ROME, "2025-05-09T17:08:33+02:00"),
    ("9 maggio 2025, 17:08 - Aggiornato il 10 maggio 2025 alle 9:00", ROME, "2025-05-09T17:08:00+02:00"),
    ("9 maggio 2025 (aggiornato alle 18:30)", ROME, "2025-05-09T00:00:00+02:00"),
    ("9 maggio 2025 · 3 min di lettura", ROME, "2025-05-09T00:00:00+02:00"),
    ("9 maggio 2025, 17:08 - 12 commenti", ROME, "2025-05-09T17:08:00+02:00"),
    ("FORLÌ, 09 maggio 2025, 17:08", ROME, "2025-05-09T17:08:00+02:00"),
    ("ngày 9 tháng 5 năm 2025, 17:08", HANOI, "2025-05-09T17:08:00+07:00"),
    ("lúc 17h08 ngày 9/5/2025", HANOI, "2025-05-09T17:08:00+07:00"),
    ("ngày mùng 9 tháng Giêng năm 2025", HANOI, "2025-01-09T00:00:00+07:00"),
    ("9/5/2025, 5 giờ 08 chiều", HANOI, "2025-05-09T17:08:00+07:00"),
    ("9/5/2025, 10 giờ đêm", HANOI, "2025-05-09T22:00:00+07:00"),
    ("9/5/2025, 2 giờ đêm", HANOI, "2025-05-09T02:00:00+07:00"),
    ("9/5/2025, 11 giờ trưa", HANOI, "2025-05-09T11:00:00+07:00"),
    ("Thứ sáu, 9/5/2025, 05:08 CH (GMT+7)", HANOI, "2025-05-09T17:08:00+07:00"),
    ("9/5/2025 5:08 PM", ROME, "2025-05-09T17:08:00+02:00"),
    ("9/5/2025 12:08 a.m.", ROME, "2025-05-09T00:08:00+02:00"),
    ("9/5/2025 12:08 p.m.", ROME, "2025-05-09T12:08:00+02:00"),
    ("9/5/2025 5pm", ROME, "2025-05-09T17:00:00+02:00"),
    ("May 9th, 2025 5:08 PM", ROME, "2025-05-09T17:08:00+02:00"),
    ("2025-05-09T17:08:00 GMT", ROME, "2025-05-09T17:08:00+00:00"),
    ("2025-05-09 17:08 UTC", ROME, "2025-05-09T17:08:00+00:00"),
    ("2025-05-09T17:08:00+02", HANOI, "2025-05-09T17:08:00+02:00"),
    ("2025-05-09T17:08:00-0330", HANOI, "2025-05-09T17:08:00-03:30"),
    ("2025-05-09 17:08 + 07:00", ROME, "2025-05-09T17:08:00+07:00"),
    ("20250509T170800Z", ROME, "2025-05-09T17:08:00+00:00"),
    ("2025-05-09T17", ROME, "2025-05-09T17:00:00+02:00"),
    ("2025-05-09T17:08:03.25Z", ROME, "2025-05-09T17:08:03.250000+00:00"),
    ("Fri, 09 May 2025 17:08:00 EST", ROME, "2025-05-09T17:08:00-05:00"),
    ("9 maggio 2025, 17:08 CEST", "UTC", "2025-05-09T17:08:00+02:00"),
    ("20250509", ROME, "2025-05-09T00:00:00+02:00"),
]
#: A part of each cannot be read, or says no day.
UNREAD = [
    "9 maggio 2025 ore 27:08", "9 maggio 2025, 17:75", "9 maggio 2025 alle ore diciassette", "9/5/2025 17",
    "9/5/2025 5:08 PKT", "5-9 maggio 2025", "9 maggio", "maggio 2025", "ieri, 17:08", "oggi alle 17.08", "5 sett",
    "tháng năm năm 2025", "9 tháng mười ba năm 2025", "venerdì", "30 febbraio 2025", "13/13/2025", "1/2", "2 ore fa",
    "9 maggio 2025 ore 17,08", "12345678901234567890",
]  # fmt: skip


@pytest.mark.parametrize(("text", "zone", "instant"), PRINTED)
def test_every_part_of_a_printed_date_is_read(text: str, zone: str, instant: str) -> None:
    read = parse_date(text, zone)
    assert read is not None
    assert read.isoformat() == instant


@pytest.mark.parametrize("text", UNREAD)
def test_half_a_date_is_none_and_not_midnight(text: str) -> None:
    assert parse_date(text, ROME) is None


@pytest.mark.parametrize("dot", ["", "."])
@pytest.mark.parametrize("length", [3, 4])
@pytest.mark.parametrize("month", range(1, 13))
def test_an_italian_month_may_be_shortened(month: int, length: int, dot: str) -> None:
    name = MONTHS["it"][month - 1][:length]
    for word in (name, name.upper(), name.capitalize()):
        read = parse_date(f"9 {word}{dot} 2025, 17:08", ROME)
        assert read is not None
        assert read.replace(tzinfo=None) == datetime(2025, month, 9, 17, 8)


@pytest.mark.parametrize("month", range(1, 13))
def test_a_vietnamese_month_may_be_in_words(month: int) -> None:
    words = "một hai ba tư năm sáu bảy tám chín mười|mười một|mười hai".replace(" ", "|").split("|")
    words = [*words[:10], "mười một", "mười hai"]
    for text in (f"ngày 9 tháng {words[month - 1]} năm 2025", f"9 tháng {words[month - 1]}, 2025"):
        read = parse_date(text, HANOI)
        assert read is not None
        assert (read.month, read.day) == (month, 9)


def test_an_instant_without_a_zone_is_the_newspaper_s() -> None:
    naive = datetime(2025, 5, 9, 17, 8)
    assert parse_date(naive, ROME) == naive.replace(tzinfo=ZoneInfo(ROME))
    aware = naive.replace(tzinfo=timezone(timedelta(hours=7)))
    assert parse_date(aware, ROME) is aware


def test_seconds_and_milliseconds_are_instants_and_identifiers_are_not() -> None:
    instant = datetime(2025, 5, 9, 15, 8, tzinfo=UTC)
    seconds = int(instant.timestamp())
    for value in (seconds, float(seconds), seconds * 1000, str(seconds), str(seconds * 1000)):
        assert parse_date(value, ROME) == instant
    assert (parse_date(631152000, ROME), parse_date(631151999, ROME)) == (datetime(1990, 1, 1, tzinfo=UTC), None)
    assert (parse_date(4102444800, ROME), parse_date(4102444801, ROME)) == (datetime(2100, 1, 1, tzinfo=UTC), None)
    for value in (float("nan"), float("inf"), 4936253, -1):
        assert parse_date(value, ROME) is None


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1)),
    st.sampled_from(["{d} {it} {y}{gap}{H}:{M:02}", "{d}/{m}/{y}{gap}{H}:{M:02}", "{d}.{m}.{y}{gap}{H}.{M:02}",
                     "ngày {d} tháng {m} năm {y}{gap}{H}:{M:02}", "{d}-{m}-{y}{gap}{H}h{M:02}"]),
    st.sampled_from([" ", ", ", " - ", " | ", " alle ", " alle ore ", ", ore ", " lúc ", " • "]),
)  # fmt: skip
def test_no_time_behind_a_day_is_lost(moment: datetime, form: str, gap: str) -> None:
    text = form.format(
        d=moment.day, m=moment.month, y=moment.year, it=MONTHS["it"][moment.month - 1], H=moment.hour, M=moment.minute,
        gap=gap,
    )  # fmt: skip
    assert parse_date(text, "UTC") == moment.replace(second=0, microsecond=0, tzinfo=UTC)


def test_other_languages_are_dateparser_s_where_it_made_nothing_up() -> None:
    for text in ("9 mai 2025 à 17:08", "9 de mayo de 2025 17:08", "9. Mai 2025, 17:08 Uhr"):
        read = parse_date(text, ROME)
        assert read is not None
        assert read.isoformat() == "2025-05-09T17:08:00+02:00", text
    assert parse_date("9 mai", ROME) is None


def test_dateparser_alone_reads_fewer_and_makes_some_up() -> None:
    """Why the patterns stay: half of these texts it does not read, or reads as another instant (20 of 40)."""
    import dateparser

    settings = {"DATE_ORDER": "DMY", "RETURN_AS_TIMEZONE_AWARE": True, "REQUIRE_PARTS": ["day", "month", "year"]}

    def read(text: str, zone: str) -> datetime | None:
        options = {**settings, "TIMEZONE": zone}
        return dateparser.parse(text, languages=["it", "vi", "en"], settings=options)  # type: ignore[arg-type]

    right = sum(read(text, zone) == datetime.fromisoformat(instant) for text, zone, instant in PRINTED)
    assert right <= 3 * len(PRINTED) // 4
    # "Yesterday" and "five weeks" are days of the reader's, not of the newspaper's.
    assert read("ieri, 17:08", ROME) is not None
    assert all(parse_date(text, zone) == datetime.fromisoformat(instant) for text, zone, instant in PRINTED)


@pytest.mark.parametrize(
    ("link", "day"),
    [
        ("https://x/2025/05/09/a/", "2025-05-09T00:00:00+02:00"),
        ("https://x/a/2025/5/9", "2025-05-09T00:00:00+02:00"),
        ("https://x/2025/13/09/a/", None),
        ("https://x/2025/05/091/a/", None),
        ("https://x/3025/05/09/a/", None),
        ("https://x/a-20250509.html", None),
    ],
)
def test_a_link_may_hold_the_day(link: str, day: str | None) -> None:
    read = date_in_link(link, ROME)
    assert (read and read.isoformat()) == day
