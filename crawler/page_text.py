"""From the bytes of a page to its text: decoding, parsing, JSON-LD, paragraphs as a reader sees them, names in bylines.

Nothing here knows a newspaper. Everything here meets hostile input: loops instead of recursion, no trust in what a
page declares about itself.
"""

from __future__ import annotations

import codecs
import functools
import json
import logging
import re
from collections.abc import Collection, Iterator
from typing import Any

from cssselect import HTMLTranslator
from lxml import etree

from crawler.items import clean_text

#: elements whose text no reader reads as part of an article.
UNREAD = frozenset(
    "script style noscript template iframe object embed video audio svg math form button select textarea input nav "
    "aside figure figcaption picture".split()
)
#: elements that begin and end a paragraph.
BLOCKS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table thead tbody tr td th section article header footer "
    "main center hr address details summary".split()
)
# Not read, and not inside a line either.
_STANDALONE = frozenset({"figure", "aside", "nav"})
_POINTER = re.compile(
    r"\W*(?:leggi anche|leggi pure|guarda anche|ascolta anche|vedi anche|approfondisci|per approfondire:|"
    r"continua a leggere|xem thêm|đọc thêm|tin liên quan|>>)",
    re.IGNORECASE,
)
_ROLE = re.compile(r"[(\[][^()\[\]]*[)\]]")
_BY = re.compile(
    r"^(?:(?:(?:testo|articolo) )?di|a cura di|by|dal(?:la)? (?:nostr[oa] )?(?:inviat[oa]|corrispondente)(?: di)?"
    r"|dell['’](?:inviat[oa])|(?:bài|tin|nội dung)(?: và ảnh|, ảnh)? ?:)(?:\s+|$)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"@|https?:|\d|^(?:theo|nguồn|ảnh|video|đồ họa|foto|fonte)\b", re.IGNORECASE)
# Above this, trafilatura's guess takes minutes.
_GUESS_MAX = 3_000_000
# The same words alone: the heading of a list of links.
_POINTER_ALONE = re.compile(r"\W*(?:leggi anche|xem thêm|đọc thêm|tin liên quan)\W*", re.IGNORECASE)
# A headline ends without a full stop; a sentence that happens to be one link does not.
_SENTENCE_END = re.compile(r"[.…][»”\"')]*\s*$")
# Breaks of words and marks of direction: never seen, and in the way of every search. (The joiner U+200D stays: emoji.)
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_WHITE = re.compile(r"\s+")
# &#146; and the like: browsers read them as Windows-1252, libxml2 as control characters.
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0) if code != 0x85}
# A page in a wrong charset has a few bytes per hundred out of place; noise has more than every fourth.
_MAX_UNDECODABLE = 0.05
# Binary content (images, compressed streams) has one control character in ten; pages have none.
_MAX_CONTROL = 0.01
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Stands for <br> until a paragraph is complete; folded like any white space afterwards.
_BREAK = "\v"
# What old pages wrap scripts in.
_OPENED = re.compile(r"\s*(?:/[/*]\s*)?(?:<!\[CDATA\[|<!--)(?:\s*\*/)?")
_BLANK_LINE = re.compile(r"\v(?: ?\v)+")
_INSIDE_LINE = re.compile(r"[^\S\v]+")


class GarbageError(ValueError):
    """Bytes that hold no text."""


def tidy(text: str) -> str:
    """Text as it is read: NFC, one space where there was any white space, nothing invisible."""
    return clean_text(_WHITE.sub(" ", _INVISIBLE.sub("", text).translate(_WINDOWS)))


def decode(page: bytes | str) -> str:
    """The text of a page, by its byte-order mark, as UTF-8, else by what it declares, else as the nearest guess.

    Raises:
        GarbageError: the bytes are noise.
    """
    text = page if isinstance(page, str) else _decoded(page)
    head = text[:100_000]
    if len(_CONTROL.findall(head)) > _MAX_CONTROL * len(head):
        raise GarbageError("control characters: binary content")
    return text.replace("\x00", "")


def _decoded(page: bytes) -> str:
    for mark, encoding in _BOMS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    try:
        # Not final: a transfer that was cut may end inside a letter.
        return codecs.utf_8_decode(page, "strict", False)[0]
    except UnicodeDecodeError:
        pass
    declared = _declared(page)
    if declared:
        try:
            return page.decode(declared)
        except UnicodeDecodeError:
            pass
    text = page.decode("utf-8", "replace")
    if text.count("\ufffd") > _MAX_UNDECODABLE * len(text):
        raise GarbageError("undecodable bytes")
    # No letter of the page is valid UTF-8 beyond ASCII: it is a one-byte charset that calls itself UTF-8.
    return page.decode("cp1252", "replace") if page.decode("utf-8", "ignore").isascii() else text


def _declared(page: bytes) -> str | None:
    match = _DECLARED.search(page[:4096])
    if not match:
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except LookupError:
        return None
    return None if name.startswith("utf-8") else name


def parse(text: str) -> etree._Element:
    """The tree of a page, comments left out.

    Raises:
        GarbageError: there is no element in it.
    """
    # A transfer that was cut may end inside a tag, which would be read as text.
    if (cut := text.rfind("<")) > text.rfind(">"):
        text = text[:cut]
    # huge_tree lifts the limits on depth and on the length of one node: a page that breaks them is still one page.
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        tree = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise GarbageError(str(error)) from error
    if tree is None:
        raise GarbageError("no element of a page")
    return tree


@functools.cache
def _compiled(selector: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(selector))


def select(node: etree._Element, selector: str) -> list[etree._Element]:
    """Elements at or below `node` that a CSS selector names, in document order; [] for the empty selector."""
    if not selector:
        return []
    found: list[etree._Element] = _compiled(selector)(node)  # type: ignore[assignment]
    return found


def first(node: etree._Element, selector: str) -> etree._Element | None:
    found = select(node, selector)
    return found[0] if found else None


def text_of(node: etree._Element | None, leave_out: str = "") -> str:
    """What is read in an element, on one line; without the parts a selector names."""
    if node is None:
        return ""
    return " ".join(blocks(node, set(select(node, leave_out)), pointers=True))


def blocks(
    root: etree._Element, leave_out: Collection[etree._Element] = (), breaks: bool = False, pointers: bool = False
) -> Iterator[str]:
    """The paragraphs below an element, white space folded.

    Args:
        leave_out: elements whose inside is skipped; what follows them is kept.
        breaks: one <br> ends a paragraph; otherwise it takes two.
        pointers: keep paragraphs that only send the reader elsewhere: those that are one link (">> …"), and
            "Leggi anche: <link>".
    """
    out: list[str] = []
    block = _Block(breaks, pointers)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        skipped = node is not root and (tag in UNREAD or node in leave_out)
        if tag in BLOCKS or tag in _STANDALONE:
            block.flush(out)
        if event == "start":
            if skipped:
                walk.skip_subtree()
                continue
            block.enter(tag)
            block.add(node.text)
        else:
            if tag == "a" and not skipped:
                block.links -= 1
            if node is not root:
                block.add(node.tail)
        if out:
            yield from out
            out.clear()
    block.flush(out)
    yield from out


class _Block:
    """The paragraph that is being read."""

    def __init__(self, breaks: bool, pointers: bool) -> None:
        self.split = re.compile(_BREAK) if breaks else _BLANK_LINE
        self.pointers = pointers
        self.parts: list[str] = []
        self.links = 0
        self.linked = False
        self.plain = False

    def enter(self, tag: Any) -> None:
        if tag == "a":
            self.links += 1
        elif tag == "br":
            self.parts.append(_BREAK)

    def add(self, text: str | None) -> None:
        if not text:
            return
        self.parts.append(text)
        if self.links:
            self.linked = True
        elif not self.plain:
            self.plain = any(map(str.isalnum, text))

    def flush(self, out: list[str]) -> None:
        if self.parts:
            text = _INSIDE_LINE.sub(" ", "".join(self.parts))
            if self.pointers or not self.leads_elsewhere(text):
                pieces = (tidy(piece) for piece in self.split.split(text))
                out.extend(piece for piece in pieces if piece)
        self.parts.clear()
        self.linked = self.plain = False

    def leads_elsewhere(self, text: str) -> bool:
        if not self.linked:
            return bool(_POINTER_ALONE.fullmatch(text))
        return bool(_POINTER.match(text)) or not (self.plain or _SENTENCE_END.search(text))


def json_objects(text: str) -> Iterator[Any]:
    """The JSON values in a script: one, or several set one after the other without a separator (Open's video posts)."""
    decoder = json.JSONDecoder(strict=False)
    opened = _OPENED.match(text)
    position = opened.end() if opened else 0
    while True:
        while position < len(text) and text[position] in " \t\r\n;,\ufeff":
            position += 1
        if position >= len(text):
            return
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield value


def linked_data(tree: etree._Element) -> list[dict[str, Any]]:
    """Every JSON-LD object of a page, members of @graph and of lists included, in document order."""
    found: list[dict[str, Any]] = []
    for script in select(tree, 'script[type*="ld+json"]'):
        waiting = list(json_objects(script.text or ""))[::-1]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(reversed(value))
            elif isinstance(value, dict):
                found.append(value)
                graph = value.get("@graph")
                if isinstance(graph, list):
                    waiting.extend(reversed(graph))
    return found


def names_of(byline: str) -> list[str]:
    """The names in a byline: "di Anna Verdi e Ugo Neri", "Võ Hải - Sơn Hà", "Hà Thu (tổng hợp)".

    Left out: roles, addresses, credits of pictures and of agencies ("Theo Reuters").
    """
    text = _BY.sub("", tidy(_ROLE.sub(" ", tidy(byline))))
    # "Redazione Cultura e Spettacoli" is one desk, not two people.
    joint = r" ?[,;|/•·] ?| [-–—] " + ("" if text.startswith("Redazione") else "| (?:e|và|&) ")
    parts = [part.strip(" .:-–—") for part in re.split(joint, text)]
    names = [name for name in parts if name and not _NO_NAME.search(name)]
    # "inviata a Kiev" after a name is no name; one word in small letters alone is a pen name.
    return [name for name in names if not name[0].islower() or len(names) == 1]


def guess(tree: etree._Element) -> list[str]:
    """Trafilatura's reading of a page, walls and menus removed first; the last resort. [] for a huge page."""
    import trafilatura

    page = etree.tostring(tree, encoding="unicode", method="html")
    if len(page) > _GUESS_MAX:
        return []
    copy = parse(page)
    for node in select(copy, ".prompt-to-accept, .bt-Subscribe, nav, header, footer, aside"):
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)
    # It warns of every page it finds nothing on; that is an answer here.
    logging.getLogger("trafilatura").setLevel(logging.ERROR)
    text = trafilatura.extract(
        etree.tostring(copy, encoding="unicode", method="html"),
        favor_precision=True,
        include_comments=False,
        include_tables=False,
    )
    return [part for part in map(tidy, (text or "").split("\n")) if part]
