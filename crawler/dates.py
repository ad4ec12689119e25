"""Instants as newspapers print them: ISO with all its accidents, RFC 822, Italian, Vietnamese, English words, digits.

Of a text that holds a day, what is left is searched for a time and a zone. A time that stands there and cannot be read
makes the whole text unreadable: half a date would be stored as midnight. Other languages are left to dateparser, whose
answer counts only where every part of it stands in the text (it reads "5 sett 2026" as five weeks from now).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from crawler.language import MONTHS

#: Longer than any printed date with what stands around it; a text is searched no further.
_MAX_CHARACTERS = 400
#: Vietnamese months in words, each after "tháng"; the longer of two that begin alike comes first.
_VIETNAMESE_MONTHS = {
    "mười hai": 12, "mười một": 11, "mười": 10, "chạp": 12, "giêng": 1, "một": 1, "hai": 2, "ba": 3, "tư": 4, "bốn": 4,
    "năm": 5, "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip
_ENGLISH_MONTHS = "january february march april may june july august september october november december".split()
#: Abbreviations of zones, in hours from UTC; others that look like one make a time unreadable.
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
          "ICT": 7, "JST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
          "PDT": -7}  # fmt: skip

#: A number that is not the end of a longer one, or of a range ("5-7 maggio").
_ALONE = r"(?<!\d)(?<!\d[-–/.:])"
_DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        _ALONE + r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d|[-/.]\d)",
        _ALONE + r"(?P<d>\d{1,2})\s?(?P<mark>[-/.])\s?(?P<m>\d{1,2})\s?(?P=mark)\s?(?P<y>\d{4})(?!\d|[-/.]\d)",
        _ALONE + r"(?P<d>\d{1,2})\s*,?\s+tháng\s+(?P<m>\d{1,2})\s*[,/-]?\s*(?:năm\s+)?(?P<y>\d{4})(?!\d)",
        _ALONE + r"(?P<d>\d{1,2})\s*,?\s+tháng\s+(?P<vietnamese>" + "|".join(_VIETNAMESE_MONTHS) + r")(?!\w)"
        r"\s*,?\s*(?:năm\s+)?(?P<y>\d{4})(?!\d)",
        _ALONE + r"(?P<d>\d{1,2})(?:[°º.]|st|nd|rd|th)?[\s-]+(?:(?:di|of)\s+)?(?P<word>[a-z]{3,9})\.?,?[\s-]+"
        r"(?:del\s+)?(?P<y>\d{4})(?!\d)",
        r"\b(?P<word>[a-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})(?!\d)",
    )
)
_HALF = r"(?:\s*(?P<half>[ap]\.?\s?m\b\.?|(?:sa|ch|sáng|trưa|chiều|tối|đêm)(?!\w)))?"
_CLOCK = re.compile(
    r"(?<![\d.,:])(?P<H>\d{1,2})(?:\s?[:.hg]\s?|\s?giờ\s?)(?P<M>\d{2})(?!\d|[.,]\d{3})"
    r"(?:\s?[:.]\s?(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?(?!\d))?(?:\s?(?:phút|['’]))?" + _HALF,
    re.IGNORECASE,
)
_HOUR = re.compile(
    r"(?:\b(?:ore|alle|h|at|lúc)\.?\s+(?P<H>\d{1,2})(?!\d|[:.,/h]\d)" + _HALF.replace("half", "half1")
    + r"|(?<![\d.,:])(?P<H2>\d{1,2})\s?(?:giờ|h)(?!\w)(?:\s?(?P<M>\d{1,2})\s?phút)?" + _HALF.replace("half", "half2")
    + r"|(?<![\d.,:])(?P<H3>\d{1,2})\s?(?P<half3>[ap]\.?m\b\.?))",
    re.IGNORECASE,
)  # fmt: skip
#: Word of a half of the day -> the first hour that it moves to the afternoon: "2 giờ đêm" is night, "10 giờ đêm" 22:00.
_AFTERNOON_FROM = {"pm": 1, "ch": 1, "chiều": 1, "tối": 1, "trưa": 1, "đêm": 6}
#: What follows these words is when the text changed.
_CHANGED = re.compile(r"\b(?:aggiornat|modificat|ultim[oa] (?:aggiornament|modific)|updated|cập nhật)", re.IGNORECASE)
#: What speaks of a time, where none was read.
_TIME_LIKE = re.compile(
    r"\d\s?[:h]\s?\d|\d\s?(?:giờ|phút)|\b(?:ore|alle|lúc|h\.?)\s+\d|\balle\s+ore\s|\d\s?[ap]\.?m\b",
    re.IGNORECASE,
)
#: A bare number right behind the day: an hour, or who knows; not the minutes that the reading takes.
_BARE_NUMBER = re.compile(r"^[\s,;|·•–—-]*\d{1,2}(?![\w°]|\s*(?:min|phút|commenti|bình luận|foto|ảnh))", re.IGNORECASE)
#: "+02", "+0200", "+ 02:00", "GMT+2"; a dash between spaces is none, nor is what no zone has ("15:04-16:30").
_OFFSET = re.compile(
    r"^\s*[(\[]?\s*(?:(?:GMT|UTC)\s*(?=[+−-])|(?=[+−-]\d\d|\+ \d\d:))(?P<sign>[+−-])\s*"
    r"(?P<h>0\d|1[0-4]|\d(?!\d))(?::?(?P<m>[0-5]\d))?(?![\d:])",
    re.IGNORECASE,
)
#: Wherever it stands: "GMT+7" is nothing else.
_NAMED_OFFSET = re.compile(
    r"\b(?:GMT|UTC)\s*(?P<sign>[+−-])\s*(?P<h>\d{1,2})(?!\d{3})(?::?(?P<m>\d{2}))?(?!\d)", re.IGNORECASE
)
_ZONE_NAME = re.compile(r"^\s*[(\[]?\s*(?P<name>[A-Z]{1,5})(?![\w/])")
_LINK_DATE = re.compile(r"/(?P<y>(?:19|20)\d{2})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?=/|$)")
#: ISO's other forms, and with them what only looks like one: at least eight digits, or a T.
_COMPACT_ISO = re.compile(r"\d{8}(?:T\d{2,6}(?:[.,]\d+)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?|\d{4}-\d{2}-\d{2}T\d{2}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def parse_date(value: Any, zone: str) -> datetime | None:
    """The instant a newspaper wrote, aware; None where the text holds none, or a part of it cannot be read.

    Args:
        value: a datetime, unix seconds or milliseconds, or text: ISO 8601 (offset with or without a colon, or none),
            RFC 822, "ROMA, 06 gennaio 2024, 18:54", "5 mag 2026 alle ore 15:04", "Thứ hai, 8/9/2025, 18:22 (GMT+7)",
            "ngày 5 tháng mười một năm 2026", 14 digits.
        zone: IANA name of the zone that a text without an offset is meant in.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_seconds(float(value))
    if not isinstance(value, str):
        return None
    text = " ".join(value[: 4 * _MAX_CHARACTERS].split())[:_MAX_CHARACTERS]
    try:
        return _from_text(text, ZoneInfo(zone))
    except (ValueError, OverflowError):
        # "31 febbraio", month 13, an offset of 99 hours: printed, but no instant.
        return None


def date_in_link(link: str, zone: str) -> datetime | None:
    """Local midnight of the /YYYY/MM/DD/ in an address; None where there is none."""
    match = _LINK_DATE.search(link)
    if not match:
        return None
    try:
        return datetime(int(match["y"]), int(match["m"]), int(match["d"]), tzinfo=ZoneInfo(zone))
    except ValueError:
        return None


def local_day(instant: datetime, zone: str) -> date:
    """The calendar day of an instant where the newspaper is printed."""
    return instant.astimezone(ZoneInfo(zone)).date()


def _from_seconds(seconds: float) -> datetime | None:
    # 1990-2100, in seconds or milliseconds: anything else is an identifier, not an instant.
    for unit in (1, 1000):
        if 631152000 <= seconds / unit <= 4102444800:
            return datetime.fromtimestamp(seconds / unit, tz=UTC)
    return None


def _from_text(text: str, zone: ZoneInfo) -> datetime | None:
    if re.fullmatch(r"\d{14}", text):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    if re.fullmatch(r"\d{9,10}|\d{13}", text):
        return _from_seconds(float(text))
    if _COMPACT_ISO.fullmatch(text):
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=zone)
    for match, month in _days_in(text):
        day = datetime(int(match["y"]), month, int(match["d"]))
        return _with_time(day, text[: match.start()], text[match.end() :], zone)
    return _by_dateparser(text, zone)


def _days_in(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """The first day of a text in each of the forms, with its month."""
    for pattern in _DAYS:
        for match in pattern.finditer(text):
            if month := _month_of(match.groupdict()):
                yield match, month
                break


def _month_of(groups: dict[str, str | None]) -> int | None:
    if digits := groups.get("m"):
        return int(digits)
    if words := groups.get("vietnamese"):
        return _VIETNAMESE_MONTHS[" ".join(words.lower().split())]
    word = (groups.get("word") or "").lower()
    for names in (*MONTHS.values(), _ENGLISH_MONTHS):
        # Three letters name a month of either language; so does any longer beginning of its name ("sett").
        for number, name in enumerate(names, 1):
            if name.startswith(word):
                return number
    return None


def _with_time(day: datetime, before: str, after: str, zone: ZoneInfo) -> datetime | None:
    """The instant on a day whose time stands behind it, else before it; None where one stands there unread."""
    # ISO sets a T between the two.
    after = re.sub(r"^[tT](?=\d)", " ", after)
    if changed := _CHANGED.search(after):
        after = after[: changed.start()]
    if another := min((match.start() for match, _ in _days_in(after)), default=None):
        after = after[:another]
    named = _NAMED_OFFSET.search(after) or _NAMED_OFFSET.search(before)
    for side in (after, before):
        if clock := _CLOCK.search(side) or _HOUR.search(side):
            return (day + _since_midnight(clock)).replace(tzinfo=_zone_of(side[clock.end() :], named, zone))
        if _TIME_LIKE.search(side):
            return None
    if _BARE_NUMBER.match(after):
        return None
    return day.replace(tzinfo=_zone_of(after, named, zone))


def _since_midnight(clock: re.Match[str]) -> timedelta:
    """The time of a match of `_CLOCK` or `_HOUR`.

    Raises:
        ValueError: no clock shows it.
    """
    groups = clock.groupdict()
    hour, minute, second = (int(_first(groups, *names) or 0) for names in (("H", "H2", "H3"), ("M",), ("S",)))
    half = re.sub(r"[\s.]", "", _first(groups, "half", "half1", "half2", "half3")).lower()
    if hour < 12 and hour >= _AFTERNOON_FROM.get(half, 24) and not (half == "trưa" and hour > 9):
        hour += 12
    elif half in ("am", "sa", "sáng", "đêm") and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError(clock[0])
    micro = int((_first(groups, "f") + "000000")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59), microseconds=micro)


def _first(groups: dict[str, str | None], *names: str) -> str:
    return next((value for name in names if (value := groups.get(name))), "")


def _zone_of(rest: str, named: re.Match[str] | None, zone: ZoneInfo) -> tzinfo:
    """The zone that follows a time, else the newspaper's.

    Raises:
        ValueError: one follows that nobody knows.
    """
    if match := _OFFSET.match(rest) or named:
        minutes = 60 * int(match["h"]) + int(match["m"] or 0)
        return timezone(timedelta(minutes=minutes if match["sign"] == "+" else -minutes))
    if name := _ZONE_NAME.match(rest):
        if name["name"] in _ZONES:
            return timezone(timedelta(hours=_ZONES[name["name"]]))
        # Nearly all of them end so, and agencies' and cities' names do not.
        if len(name["name"]) > 2 and name["name"].endswith("T"):
            raise ValueError(name["name"])
    return zone


def _by_dateparser(text: str, zone: ZoneInfo) -> datetime | None:
    """Dateparser's reading of a day in another language, where it made nothing up; None otherwise."""
    year = _YEAR.search(text)
    if not year or len(text) > 60 or not re.search(r"[^\W\d_]{3}", text):
        return None
    import dateparser

    settings = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    naive = dateparser.parse(text, settings=settings)
    if naive is None:
        return None
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    printed = {naive.year, naive.day, *((naive.hour % 12, naive.minute) if naive.hour or naive.minute else ())}
    is_whole = printed <= numbers | {number % 12 for number in numbers}
    return (naive if naive.tzinfo else naive.replace(tzinfo=zone)) if is_whole and len(numbers) > 1 else None
