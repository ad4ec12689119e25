"""From the bytes of a page to its tree: size, charset, parsing.

Everything here meets hostile input: no trust in what a page declares about itself, bounds on what it may make us do.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections import Counter

from lxml import etree
from w3lib.encoding import html_body_declared_encoding, html_to_unicode, http_content_type_encoding, to_unicode

# A page in a wrong charset has a few bytes per hundred out of place; noise has more than every fourth.
_MAX_UNDECODABLE = 0.05
# Binary content (images, compressed streams) has one control character in ten; pages have none.
_MAX_CONTROL = 0.01
_CONTROL = bytes([*range(9), 0x0B, *range(0x0E, 0x20)])
# A page of an article has 5,000 tags and 1 MB at most; these are what a second of work is enough for.
_MAX_BYTES = 32_000_000
_MAX_TAGS = 200_000
# libxml2 takes quadratic time over the attributes of one element: 0.2 s for these, 87 s for 200,000.
_MAX_ATTRIBUTES = 10_000
_LONG_TAG = 4 * _MAX_ATTRIBUTES
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_STYLE = re.compile(rb'<style(?:\s+[\w-]+(?:="[^"<>]*")?)*\s*>')
# Up to here a second parse, for the few pages that are not in UTF-8, costs less than decoding all pages first.
_SMALL = 1_000_000
# How much of a page is looked at to distinguish text from binary content.
_HEAD = 8192
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Elements whose end nobody may leave out: where one stays open, something is missing.
_PAIRED = re.compile(rb"<(/?)(div|article|main|section|script|style|table)(?=[\s>/])", re.IGNORECASE)
#: 16-bit text without a mark at its beginning: only what announced it can tell.
_WIDE = ("utf-16", "utf-32")


class GarbageError(ValueError):
    """Bytes that hold no text."""


class TooLargeError(ValueError):
    """A page that would take longer than any article does."""


def is_cut(page: bytes, counted: bool = False) -> bool:
    """Whether a page ends before its end: a connection that broke, behind a server that did not count bytes.

    HTML may end without `</html>`, and with any number of comments behind it: a page is cut that has none, and ends in
    the middle of its text or leaves an element open.

    Args:
        page: its bytes.
        counted: its length was announced, or its last chunk marked: it came whole.
    """
    if counted or b"</html" in page[-4096:].lower() or b"</html" in page.lower():
        return False
    if not page.rstrip().endswith(b">"):
        return True
    open_elements: Counter[bytes] = Counter()
    for match in _PAIRED.finditer(page):
        open_elements[match[2].lower()] += -1 if match[1] else 1
    return any(count > 0 for count in open_elements.values())


def parse_page(page: bytes | str, content_type: str = "") -> etree._Element:
    """The tree of a page as it came, comments left out; `content_type` is the header that came with it.

    Raises:
        GarbageError: there is no text in it, or no element.
        TooLargeError: it is no page of a newspaper.
    """
    check_size(page)
    if isinstance(page, bytes) and len(page) < _SMALL and _is_plain(page):
        tree, exact = _parse(page)
        # What is UTF-8 from the first byte to the last need not be decoded to be parsed; nearly all pages are.
        if exact:
            return tree
    return parse(decode(page, content_type))


def check_size(page: bytes | str) -> None:
    """Look for what takes a parser or us more than a second.

    Raises:
        TooLargeError: it would.
    """
    if len(page) > _MAX_BYTES:
        raise TooLargeError(f"{len(page)} bytes")
    data = page if isinstance(page, bytes) else page.encode("utf-8", "replace")
    # The shortest page of so many tags.
    if len(data) > 3 * _MAX_TAGS and (tags := data.count(b"<")) > _MAX_TAGS:
        raise TooLargeError(f"{tags} tags")
    position = 0
    while position + _LONG_TAG < len(data):
        end = data.rfind(b">", position, position + _LONG_TAG)
        if end < 0:
            end = data.find(b">", position + _LONG_TAG)
            end = len(data) if end < 0 else end
            if (begin := data.rfind(b"<", position, end)) >= 0:
                _check_tag(data[begin:end])
        position = end + 1


def _check_tag(tag: bytes) -> None:
    """Look for attributes without end in what may be a tag, or a script."""
    # Words in quotes are one attribute; few long stretches have so many words that it matters.
    if tag[1:2].isalpha() and _is_wordy(tag) and _is_wordy(_QUOTED.sub(b"", tag, _MAX_ATTRIBUTES)):
        raise TooLargeError("attributes without end")


def _is_wordy(tag: bytes) -> bool:
    return len(tag) > _LONG_TAG and len(tag.split(None, _MAX_ATTRIBUTES)) > _MAX_ATTRIBUTES


def _is_plain(page: bytes) -> bool:
    """Whether a page can be given to the parser as it is: no byte-order mark, nothing binary."""
    return not page.startswith(tuple(mark for mark, _ in _BOMS)) and b"\0" not in page and not _is_binary(page[:_HEAD])


def _is_binary(head: bytes) -> bool:
    return len(head) - len(head.translate(None, _CONTROL)) > _MAX_CONTROL * len(head)


def decode(page: bytes | str, content_type: str = "") -> str:
    """The text of a page: by its byte-order mark, as UTF-8, by the header that came with it, by its own declaration.

    What is UTF-8 from the first letter to the last is UTF-8, whatever anybody says of it; the rest is w3lib's.

    Args:
        page: as it came.
        content_type: the HTTP header of that name; "" where there was none.

    Raises:
        GarbageError: the bytes are noise.
    """
    text = page if isinstance(page, str) else _decoded(page, content_type)
    if _is_binary(text[:100_000].encode("utf-8", "replace")):
        raise GarbageError("control characters: binary content")
    return text.replace("\x00", "")


def _decoded(page: bytes, content_type: str) -> str:
    for mark, encoding in _BOMS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    announced = http_content_type_encoding(content_type)
    if announced and announced.startswith(_WIDE) and b"\0" in page[:_HEAD]:
        return html_to_unicode(content_type, page)[1]
    try:
        # Not final: a transfer that was cut may end inside a letter.
        return codecs.utf_8_decode(page, "strict", False)[0]
    except UnicodeDecodeError:
        pass
    for name in (announced, html_body_declared_encoding(page)):
        if name and name != "utf-8" and not name.startswith(_WIDE):
            text = to_unicode(page, name)
            if not _is_undecodable(text):
                return text
    return _guessed(page)


def _guessed(page: bytes) -> str:
    text = page.decode("utf-8", "replace")
    if _is_undecodable(text):
        raise GarbageError("undecodable bytes")
    # No letter of the page is valid UTF-8 beyond ASCII: it is a one-byte charset that calls itself UTF-8.
    return page.decode("cp1252", "replace") if page.decode("utf-8", "ignore").isascii() else text


def _is_undecodable(text: str) -> bool:
    return text.count("\ufffd") > _MAX_UNDECODABLE * len(text)


def parse(text: str) -> etree._Element:
    """The tree of a page, comments left out.

    Raises:
        GarbageError: there is no element in it.
    """
    return _parse(text.encode("utf-8", "replace"))[0]


def without_styles(page: bytes) -> bytes:
    """A page with its style sheets emptied: two thirds of a real page, and nobody reads them."""
    parts, position = [], 0
    while (start := page.find(b"<style", position)) >= 0:
        opened = _STYLE.match(page, start)
        # Only where nothing but its own end follows, so that a mention of a style sheet can never swallow the page.
        closed = page.find(b"<", opened.end()) if opened else -1
        end = opened.end() if opened and page.startswith(b"</style>", closed) else start + 1
        parts.append(page[position:end])
        position = closed if end > start + 1 else end
    return b"".join((*parts, page[position:]))


_local = threading.local()


def _parse(page: bytes) -> tuple[etree._Element, bool]:
    """The tree of a page in UTF-8, and whether every byte of it was.

    Raises:
        GarbageError: there is no element in it.
    """
    # A transfer that was cut may end inside a tag, which would be read as text.
    if (cut := page.rfind(b"<")) > page.rfind(b">"):
        page = page[:cut]
    parser = _parser()
    try:
        tree = etree.fromstring(without_styles(page), parser)
    except (etree.LxmlError, ValueError) as error:
        raise GarbageError(str(error)) from error
    if tree is None:
        raise GarbageError("no element of a page")
    invalid = etree.ErrorTypes.ERR_INVALID_ENCODING
    return tree, not any(entry.type == invalid for entry in parser.error_log)


def _parser() -> etree.HTMLParser:
    """The thread's parser: making one costs as much as a page of 200 kB does."""
    if not hasattr(_local, "parser"):
        # huge_tree lifts the limits on depth and on the length of one node: a page that breaks them is still one page.
        _local.parser = etree.HTMLParser(
            encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, collect_ids=False
        )
    parser: etree.HTMLParser = _local.parser
    return parser
