"""The one record of the crawler: an article, each of its fields specified once, and what reads one from a row.

The exception tree::

    NewsmillError            a user-facing error whose message is one line: where, what, on what, what to do
    └── RecordError          a row that is no article; carries `reason`, the name under which it is counted
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.dates import date_in_link, parse_date
from crawler.newspapers import NEWSPAPERS, Newspaper, newspaper_name
from crawler.wire_copy import WireCopy, read_wire_copy, with_signature

__all__ = [
    "NEWSPAPERS",
    "Article",
    "NewsmillError",
    "Newspaper",
    "RecordError",
    "article_from_record",
    "canonical_link",
    "clean_text",
    "content_hash",
    "is_loopback",
    "newspaper_name",
    "newspaper_of",
    "parse_date",
    "site_of",
]


class NewsmillError(Exception):
    """An error a person can act on. Its message is the one line that is shown."""


class RecordError(NewsmillError):
    """A row that cannot become an article.

    Attributes:
        reason: the name it is counted under, e.g. ``no_link``.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(slots=True)
class Article:
    """One article of one newspaper, as stored in the collection `articles`."""

    #: canonical address: https, lower-case host, no query, no fragment, no /amp/. The unique key.
    link: str
    #: headline as shown, without the site's suffix.
    title: str
    #: lead or subtitle as shown below the headline; "" where the page has none.
    description: str = ""
    #: body paragraphs joined by one blank line; white space folded, NFC; sub-headings are paragraphs.
    content: str = ""
    #: names in the visible byline, in order; [] where unsigned.
    authors: list[str] = field(default_factory=list)
    #: instant of first publication (aware); falls back to the date in the link at local midnight.
    date: datetime | None = None
    #: instant of the last change (aware); None where the page does not say.
    date_modified: datetime | None = None
    #: dateline city or location stamp ("Hà Nội", "ROMA"); "" where there is none.
    location: str = ""
    #: name of the section as shown; "" where unknown.
    section: str = ""
    #: topic tags as shown, without the site's service tags.
    tags: list[str] = field(default_factory=list)
    #: `Ansa`, `IlPost`, `Open`, `VnExpress`, or the host of an imported article.
    source_site: str = ""
    #: ISO 639-1 code of the newspaper's language.
    language: str = ""
    #: `article`, or what else a page was when it was stored all the same.
    kind: str = "article"
    #: `free`, or `teaser` where only the beginning can be read.
    access: str = "free"
    #: {robots, opt_out, evidence, checked_at}: what the site permits; opt_out None where nobody looked.
    permission: dict[str, Any] = field(default_factory=dict)
    #: sha256 of title and content, see `content_hash`.
    content_hash: str = ""
    #: instant at which the page was fetched (aware).
    crawled_at: datetime | None = None
    #: 0 for the first text seen under this link, one more for each change.
    revision: int = 0

    def document(self) -> dict[str, Any]:
        """The row of `articles`, instants in UTC."""
        row = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("date", "date_modified", "crawled_at"):
            if row[name] is not None:
                row[name] = row[name].astimezone(UTC)
        return row


_AMP = re.compile(r"^/amp(?=/)|(?<=/)amp/?$")
_ARCHIVED = re.compile(r"^https?://web\.archive\.org/web/\d{4,14}[a-z_]*/(?=https?:/)")
_DAY_PATH = re.compile(r"^/\d{4}/\d{2}/\d{2}/[^/]+$")
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0\u2007\u202f]+")
_BREAK = re.compile(r"\n[ \t\r\f\v\u00a0]*\n\s*")


_NAMES = {host: name for name, newspaper in NEWSPAPERS.items() for host in (newspaper.host, *newspaper.hosts)}
# The bare and the www form of a newspaper's host are one newspaper; links keep the form the site itself uses.
_HOME_HOSTS = {
    alias: host for host in _NAMES for alias in (host.removeprefix("www."), "www." + host.removeprefix("www."))
}
_SLASHED_HOSTS = {host for host, name in _NAMES.items() if NEWSPAPERS[name].slash}


def canonical_link(url: str) -> str:
    """The one address of an article: https, lower-case host, no query, fragment, port or /amp/.

    A link into a web archive stands for the page that was archived.

    Raises:
        RecordError: `no_link` when the text is no http(s) address.
    """
    try:
        parts = urlsplit(_ARCHIVED.sub("", str(url).strip()))
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise RecordError("no_link", f"{url!r}: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise RecordError("no_link", repr(url))
    if host in _HOME_HOSTS:
        host = _HOME_HOSTS[host]
    path = _AMP.sub("", parts.path) or "/"
    slash = "/" if host in _SLASHED_HOSTS and _DAY_PATH.match(path) else ""
    return f"https://{host}{path}{slash}"


def newspaper_of(link: str) -> str | None:
    """The spider name of the newspaper a link belongs to; None for another host."""
    try:
        host = (urlsplit(link).hostname or "").lower()
    except ValueError:
        return None
    return _NAMES.get(_HOME_HOSTS.get(host, ""))


def site_of(link: str) -> str | None:
    """The `source_site` a link belongs to; None for another host."""
    name = newspaper_of(link)
    return NEWSPAPERS[name].source_site if name else None


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's."""
    host = (urlsplit(address).hostname or "").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    number = getattr(number, "ipv4_mapped", None) or number
    # 0.0.0.0 is what servers print that listen everywhere; who connects to it reaches this machine.
    return number.is_loopback or number.is_unspecified


def clean_text(text: str) -> str:
    """NFC, every run of white space one space, no space at either end."""
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()


def paragraphs(text: str) -> str:
    """A body in our form: paragraphs (split at blank lines) folded and joined by one blank line."""
    parts = (clean_text(part) for part in _BREAK.split(text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n\n".join(part for part in parts if part)


def content_hash(title: str, content: str) -> str:
    """sha256 (hex) of what a reader reads; equal texts under two links have equal hashes."""
    return hashlib.sha256(f"{clean_text(title)}\n{paragraphs(content)}".encode()).hexdigest()


def _names(value: Any) -> list[str]:
    """A list of names from a list or from one text separated by commas."""
    if value is None:
        return []
    parts = value.split(",") if isinstance(value, str) else list(value)
    return [name for name in (clean_text(str(part)) for part in parts) if name]


def _text(record: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = record.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _zone(link: str) -> str:
    name = newspaper_of(link)
    return NEWSPAPERS[name].zone if name else "UTC"


def _language(link: str) -> str:
    """The language of a link's newspaper; "" where it is another's, or one of its other editions."""
    newspaper = NEWSPAPERS.get(newspaper_of(link) or "")
    if newspaper is None:
        return ""
    pattern = newspaper.other_editions
    is_other = pattern and re.search(pattern, urlsplit(link).path)
    return "" if is_other else newspaper.language


def article_from_record(record: Mapping[str, Any]) -> Article:
    """An article from any row that holds one: ours, or a foreign one with other names and printed dates.

    Understood besides our own names: `url` for link, `text` or `body` for content, `lead` for description,
    `tags` and `authors` as one text separated by commas, dates as printed ("ROMA, 06 gennaio 2024, 18:54"), and,
    where no date can be read, the date in the link. An agency's marks and signature are no text: "(ANSA) - ROMA,
    28 LUG - (di Anna Neri) …".

    Raises:
        RecordError: `no_link`, `empty_body`, `no_title` or `no_date`.
    """
    link = canonical_link(_text(record, "link", "url"))
    title = clean_text(_text(record, "title"))
    wire = _wire_copy(link, paragraphs(_text(record, "content", "text", "body")))
    content = "\n\n".join(wire.paragraphs)
    if not content:
        raise RecordError("empty_body", link)
    if not title:
        raise RecordError("no_title", link)
    date, location = read_date(record.get("date"), link)
    if date is None:
        raise RecordError("no_date", f"{link}: {record.get('date')!r}")
    return Article(
        link=link,
        title=title,
        description=clean_text(_text(record, "description", "lead")),
        content=content,
        authors=with_signature(_names(record.get("authors")), wire.names),
        date=date,
        date_modified=parse_date(record.get("date_modified"), _zone(link)),
        location=clean_text(_text(record, "location")) or location or wire.city,
        section=clean_text(_text(record, "section")),
        tags=_names(record.get("tags")),
        source_site=_text(record, "source_site") or site_of(link) or urlsplit(link).netloc,
        language=_text(record, "language") or _language(link),
        content_hash=content_hash(title, content),
        crawled_at=parse_date(record.get("crawled_at"), "UTC"),
    )


def _wire_copy(link: str, content: str) -> WireCopy:
    """A body's paragraphs, of an agency's without its marks and signature."""
    newspaper = NEWSPAPERS.get(newspaper_of(link) or "")
    parts = content.split("\n\n") if content else []
    return read_wire_copy(parts) if newspaper and newspaper.wire else WireCopy(parts, "", [])


def read_date(value: Any, link: str) -> tuple[datetime | None, str]:
    """(instant, dateline city) of a printed date, the date in the link where there is none."""
    zone = _zone(link)
    city = ""
    if isinstance(value, str):
        match = re.match(r"\s*([^\d,][^,]*?)\s*,\s*(?=\d)", value)
        city = clean_text(match.group(1)) if match else ""
    printed = parse_date(value, zone)
    # 14 digits are the moment an archive captured the page: the address knows the day of publication better.
    captured = isinstance(value, str) and re.fullmatch(r"\s*\d{14}\s*", value)
    in_link = date_in_link(unquote(link), zone) if captured or printed is None else None
    return in_link or printed, city
