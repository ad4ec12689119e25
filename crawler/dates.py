"""Instants as newspapers print them: ISO with all its accidents, RFC 822, Italian and Vietnamese words, digits."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from crawler.language import MONTHS

_ISO = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"(?:[T ](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?P<f>[.,]\d+)?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|UTC)?"
)
_ITALIAN = re.compile(
    r"(?P<d>\d{1,2})[°º]?\s+(?P<month>[a-z]{3,9})\.?\s+(?P<y>\d{4})(?:\D{1,9}?(?P<H>\d{1,2})[:.](?P<M>\d{2}))?",
    re.IGNORECASE,
)
_NUMERIC = re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})(?:\D{1,9}?(?P<H>\d{1,2})[:hg](?P<M>\d{2}))?")
_CLOCK_FIRST = re.compile(r"(?P<H>\d{1,2})[:hg](?P<M>\d{2})\D{1,9}?(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})")
_VIETNAMESE = re.compile(r"ngày\s+(?P<d>\d{1,2})\s+tháng\s+(?P<m>\d{1,2}),?\s+(?:năm\s+)?(?P<y>\d{4})", re.IGNORECASE)
_GMT = re.compile(r"\b(?:GMT|UTC)\s*(?P<sign>[+-])\s*(?P<h>\d{1,2})(?::?(?P<m>\d{2}))?")
_LINK_DATE = re.compile(r"/(?P<y>(?:19|20)\d{2})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?=/|$)")
_RFC822 = re.compile(r"^\s*(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{1,2}:\d{2}")


def parse_date(value: Any, zone: str) -> datetime | None:
    """The instant a newspaper wrote, aware; None where the text holds none.

    Args:
        value: a datetime, unix seconds, or text: ISO 8601 (offset with or without a colon, or none), RFC 822,
            "ROMA, 06 gennaio 2024, 18:54", "30 Giugno 2026 - 21:16", "Thứ hai, 8/9/2025, 18:22 (GMT+7)", 14 digits.
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
    text = " ".join(value.split())
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
    # 1990-2100: anything else is an identifier, not an instant.
    return datetime.fromtimestamp(seconds, tz=UTC) if 631152000 <= seconds <= 4102444800 else None


def _from_text(text: str, zone: ZoneInfo) -> datetime | None:
    if re.fullmatch(r"\d{14}", text):
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=zone)
    if re.fullmatch(r"\d{9,10}", text):
        return _from_seconds(float(text))
    if match := _ISO.search(text):
        return _iso(match, zone)
    if _RFC822.match(text):
        instant = parsedate_to_datetime(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=zone)
    for pattern in (_CLOCK_FIRST, _NUMERIC, _VIETNAMESE):
        if match := pattern.search(text):
            return _parts(match, int(match["m"]), text, zone)
    if match := _ITALIAN.search(text):
        month = _italian_month(match["month"])
        return _parts(match, month, text, zone) if month else None
    return None


def _italian_month(word: str) -> int | None:
    word = word.lower()
    return next((number for number, name in enumerate(MONTHS["it"], 1) if name == word or name[:3] == word), None)


def _parts(match: re.Match[str], month: int, text: str, zone: ZoneInfo) -> datetime:
    groups = match.groupdict()
    hour, minute = int(groups.get("H") or 0), int(groups.get("M") or 0)
    offset = _GMT.search(text)
    naive = datetime(int(match["y"]), month, int(match["d"]), hour, minute)
    if offset:
        return datetime.fromisoformat(
            f"{naive.isoformat()}{offset['sign']}{int(offset['h']):02d}:{int(offset['m'] or 0):02d}"
        )
    return naive.replace(tzinfo=zone)


def _iso(match: re.Match[str], zone: ZoneInfo) -> datetime:
    micro = int((match["f"][1:] + "000000")[:6]) if match["f"] else 0
    hour, minute, second = (int(match[name] or 0) for name in ("H", "M", "S"))
    naive = datetime(int(match["y"]), int(match["m"]), int(match["d"]), hour, minute, second, micro)
    offset = match["zone"]
    if not offset:
        return naive.replace(tzinfo=zone)
    if offset in ("Z", "UTC"):
        return naive.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{naive.isoformat()}{offset[:3]}:{offset[-2:]}")
