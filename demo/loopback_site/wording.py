"""How newspapers write: slugs, printed dates, entities, emphasis. Never changes what a reader reads."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime
from email.utils import format_datetime
from html.entities import codepoint2name
from typing import Any

from markupsafe import Markup, escape

_MONTHS = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()
_DAYS_IT = "Lunedì Martedì Mercoledì Giovedì Venerdì Sabato Domenica".split()
_DAYS_VI = ["Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật"]
# What WordPress writes as numbers ("texturize").
_WORDPRESS = dict.fromkeys(map(ord, "‘’“”–—…"))
_TYPOGRAPHIC = {code: f"&#{code};" for code in _WORDPRESS}
_LETTERS = {code: f"&{name};" for code, name in codepoint2name.items() if code >= 160}


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, as all four newspapers build their addresses."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    ascii_only = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def ansa_date(when: datetime) -> str:
    """07 luglio 2026, 20:26"""
    return f"{when.day:02d} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"


def ilpost_date(when: datetime) -> str:
    """Martedì 30 giugno 2026"""
    return f"{_DAYS_IT[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def open_date(when: datetime) -> str:
    """30 Giugno 2026 - 21:16"""
    return f"{when.day} {_MONTHS[when.month - 1].capitalize()} {when.year} - {when:%H:%M}"


def vnexpress_date(when: datetime) -> str:
    """Thứ hai, 8/9/2025, 18:22 (GMT+7)"""
    return f"{_DAYS_VI[when.weekday()]}, {when.day}/{when.month}/{when.year}, {when:%H:%M} (GMT+7)"


def iso(when: datetime) -> str:
    """2025-09-08T18:22:53+07:00"""
    return when.isoformat(timespec="seconds")


def iso_plain(when: datetime) -> str:
    """ANSA's form, the offset without a colon: 2026-07-07T20:26:00+0200"""
    return when.strftime("%Y-%m-%dT%H:%M:%S%z")


def as_json(value: Any) -> Markup:
    """JSON for a script element: no character of it can end the element."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("</", "<\\/"))


def as_script(value: Any) -> Markup:
    """JSON for a script that runs: no "<" at all, so that no markup in a text can change how the script is read."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))


def typographic(text: str) -> Markup:
    """Typographic marks as numbers, as WordPress writes them (&#8217;)."""
    return Markup(str(escape(text)).translate(_TYPOGRAPHIC))


def named_entities(text: str) -> Markup:
    """Accented letters as named entities, as ANSA's editor leaves them (&agrave;)."""
    return Markup(str(escape(text)).translate(_LETTERS))


def twice(text: str) -> Markup:
    """Escaped, then escaped again: VnExpress's meta description (&amp;quot;)."""
    return Markup(escape(str(escape(text)).replace("&#34;", "&quot;").replace("&#39;", "'")))


def emphasise(text: str, tag: str, start: int, link: str = "") -> Markup:
    """Two words from the `start`-th on set in an inline element; the text stays the same."""
    words = text.split(" ")
    if len(words) < start + 4:
        return escape(text)
    before, inside, after = words[:start], words[start : start + 2], words[start + 2 :]
    attribute = Markup(' href="{}"').format(link) if link else Markup("")
    middle = Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), attribute, " ".join(inside))
    return Markup(" ").join([escape(word) for word in before] + [middle] + [escape(word) for word in after])


FILTERS = {
    "slug": slug,
    "ansa_date": ansa_date,
    "ilpost_date": ilpost_date,
    "open_date": open_date,
    "vnexpress_date": vnexpress_date,
    "iso": iso,
    "iso_plain": iso_plain,
    "rfc822": format_datetime,
    "json": as_json,
    "js": as_script,
    "typographic": typographic,
    "named": named_entities,
    "twice": twice,
}
