"""Feeds and sitemaps: XML as newspapers serve it, unpacked and read within bounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

#: Bytes that a document may unpack to where nobody says otherwise (the setting DOWNLOAD_MAXSIZE does); the protocol of
#: sitemaps allows 50 MB.
UNPACKED_MAX = 64 * 1024 * 1024
#: Elements and attributes of a document: each takes up to 220 bytes of memory. A full sitemap (50,000 addresses with
#: their dates, frequencies and priorities) has 250,000.
_MARKS_MAX = 600_000
_GZIP = b"\x1f\x8b"
_PIECE = 1 << 16
#: tag of the root of a document in which there is nothing to read
_EMPTY = "empty"


class TooLargeError(ValueError):
    """A document that is longer than the limit, packed or not: nothing of it is read."""


def pieces_of(body: bytes, limit: int = UNPACKED_MAX) -> Iterator[bytes]:
    """The bytes of a document, unpacked where it is gzipped, in pieces of at most 64 kB: never more than the limit.

    Raises:
        TooLargeError: there are more.
        EOFError: the document is torn off, or damaged.
    """
    total = 0
    for piece in _unpacked(body) if body.startswith(_GZIP) else _cut(body):
        total += len(piece)
        if total > limit:
            raise TooLargeError(f"more than {limit:,} bytes")
        yield piece


def _cut(body: bytes) -> Iterator[bytes]:
    for begin in range(0, len(body), _PIECE):
        yield body[begin : begin + _PIECE]


def _unpacked(body: bytes) -> Iterator[bytes]:
    """Every gzip member of a body, one behind the other."""
    rest = memoryview(body)
    while rest[:2] == _GZIP:
        decoder = zlib.decompressobj(zlib.MAX_WBITS + 16)
        while rest and not decoder.eof:
            chunk, rest = rest[:_PIECE], rest[_PIECE:]
            waiting: bytes | memoryview = chunk
            while waiting and not decoder.eof:
                try:
                    piece = decoder.decompress(waiting, _PIECE)
                except zlib.error as error:
                    raise EOFError(str(error)) from None
                waiting = decoder.unconsumed_tail
                yield piece
            if decoder.unused_data:
                rest = memoryview(body)[len(body) - len(rest) - len(decoder.unused_data) :]
        if not decoder.eof:
            raise EOFError("torn off")


def root_of(body: bytes, limit: int = UNPACKED_MAX) -> etree._Element:
    """The root of a feed or sitemap, gzipped or not; an empty document's where there is nothing to read.

    Raises:
        TooLargeError: it unpacks to more bytes than the limit, or to more elements than any sitemap has.
    """
    parser = etree.XMLPullParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    marks, begun = 0, False
    with suppress(etree.XMLSyntaxError, EOFError):
        for piece in pieces_of(body, limit):
            marks += piece.count(b"<") - piece.count(b"</") + piece.count(b"=")
            if marks > _MARKS_MAX:
                raise TooLargeError(f"more than {_MARKS_MAX:,} elements and attributes")
            # White space before the declaration is an error to XML.
            data = piece if begun else piece.lstrip()
            begun = begun or bool(data)
            parser.feed(data)
        root = parser.close() if begun else None
        return root if root is not None else etree.Element(_EMPTY)
    return etree.Element(_EMPTY)


def is_empty_document(root: etree._Element) -> bool:
    """Whether there was nothing to read."""
    return bool(root.tag == _EMPTY)


def text_in(node: etree._Element, name: str) -> str:
    """The text of the first descendant of that local name."""
    descendant = next(node.iter("{*}" + name), None)
    return (descendant.text or "").strip() if descendant is not None else ""
