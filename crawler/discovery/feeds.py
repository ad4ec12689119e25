"""Feeds and sitemaps: XML as newspapers serve it."""

from __future__ import annotations

import gzip
from contextlib import suppress

from lxml import etree

#: tag of the root where there is nothing to read
NOTHING = "nothing"


def root_of(body: bytes) -> etree._Element:
    """The root of a feed or sitemap, gzipped or not; an empty element where there is nothing to read."""
    if body[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError):
            body = gzip.decompress(body)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body.strip(), parser)
    except etree.XMLSyntaxError:
        root = None
    return root if root is not None else etree.Element(NOTHING)


def text_in(node: etree._Element, name: str) -> str:
    """The text of the first descendant of that local name."""
    found = next(node.iter("{*}" + name), None)
    return (found.text or "").strip() if found is not None else ""
