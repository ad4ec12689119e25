"""From the tree of a page to its text: paragraphs as a reader sees them, JSON-LD, names in bylines.

Nothing here knows a newspaper. Everything here meets hostile input: loops instead of recursion, bounds on the work.
"""

from __future__ import annotations

import functools
import json
import logging
import re
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from cssselect import HTMLTranslator
from lxml import etree

from crawler.bylines import tidy
from crawler.page.parser import parse

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
# A page of an article has 3,000 elements and 1 MB; trafilatura takes 5 s for 20,000 of lists, minutes for 100,000.
_GUESS_MAX = 1_500_000
_GUESS_ELEMENTS = 5_000
# The same words alone: the heading of a list of links.
_POINTER_ALONE = re.compile(r"\W*(?:leggi anche|xem thêm|đọc thêm|tin liên quan)\W*", re.IGNORECASE)
# Longer than any list of links; searching 20 MB for a word takes half a second.
_POINTER_MAX = 5000
# A headline ends without a full stop; a sentence that happens to be one link does not.
_SENTENCE_END = re.compile(r"[.…][»”\"')]*\s*$")
_LETTER = re.compile(r"[^\W_]")
# Stands for <br> until a paragraph is complete; folded like any white space afterwards.
_BREAK = "\v"
# A last paragraph that holds nothing but these names the owner of the rights.
_RIGHTS = re.compile(
    r"(?=.*(?:riservat|copyright|©))\W*(?:(?:riproduzione(?: anche parziale)? riservata|(?:tutti i )?diritti riservati"
    r"|copyright|(?:agenzia )?ansa|il post|open|adnkronos|agi|lapresse|c|\d{4})\b\W*)+",
    re.IGNORECASE,
)
# Longer than any such line.
_RIGHTS_MAX = 120
# What old pages wrap scripts in.
_OPENED = re.compile(r"\s*(?:/[/*]\s*)?(?:<!\[CDATA\[|<!--)(?:\s*\*/)?")
_BLANK_LINE = re.compile(r"\v(?: ?\v)+")
_INSIDE_LINE = re.compile(r"[^\S\v]+")


@functools.cache
def _compiled(selector: str) -> etree.XPath:
    return etree.XPath(HTMLTranslator().css_to_xpath(selector))


def select(node: etree._Element, selector: str) -> list[etree._Element]:
    """Elements at or below `node` that a CSS selector names, in document order; [] for the empty selector."""
    if not selector:
        return []
    elements: list[etree._Element] = _compiled(selector)(node)  # type: ignore[assignment]
    return elements


def first(node: etree._Element, selector: str) -> etree._Element | None:
    """The first element that a CSS selector names; None where there is none."""
    elements = select(node, selector)
    return elements[0] if elements else None


def text_of(node: etree._Element | None, leave_out: str = "") -> str:
    """What is read in an element, on one line; without the parts a selector names."""
    if node is None:
        return ""
    if not len(node):
        return tidy(node.text or "")
    return " ".join(blocks(node, set(select(node, leave_out)), pointers=True))


def blocks(
    root: etree._Element, leave_out: Collection[etree._Element] = (), breaks: bool = False, pointers: bool = False
) -> Iterator[str]:
    """The paragraphs below an element, white space folded.

    Args:
        root: their element.
        leave_out: elements whose inside is skipped; what follows them is kept.
        breaks: one <br> ends a paragraph; otherwise it takes two.
        pointers: keep paragraphs that only send the reader elsewhere: those that are one link (">> …"), and
            "Leggi anche: <link>".
    """
    for _, text in passages(root, leave_out, breaks, pointers):
        yield text


def passages(
    root: etree._Element, leave_out: Collection[etree._Element] = (), breaks: bool = False, pointers: bool = False
) -> Iterator[tuple[etree._Element | None, str]]:
    """The paragraphs of `blocks`, each with the child of `root` it is in; None for text outside its blocks."""
    block = _Block(breaks, pointers)
    block.enter(root.tag, root.text)
    for child in root:
        tag = child.tag
        own = tag in BLOCKS
        if block.parts and (own or tag in _STANDALONE):
            for text in block.flush():
                yield None, text
        if tag in UNREAD or child in leave_out:
            pass
        elif own and not len(child) and not block.links:
            # One run of text, as most paragraphs are.
            if text := block.alone(child.text):
                yield child, text
        else:
            for text in _inside(child, leave_out, block):
                yield (child if own else None), text
            if own:
                for text in block.flush():
                    yield child, text
            elif tag == "a":
                block.links -= 1
        if tail := child.tail:
            block.add(tail)
    for text in block.flush():
        yield None, text


def _inside(root: etree._Element, leave_out: Collection[etree._Element], block: _Block) -> Iterator[str]:
    """The paragraphs that end inside an element; what has begun there is left in `block`."""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, node in walk:
        tag = node.tag
        if node is root:
            if event == "start":
                block.enter(tag, node.text)
            continue
        if block.parts and (tag in BLOCKS or tag in _STANDALONE):
            yield from block.flush()
        skipped = tag in UNREAD or node in leave_out
        if event == "end":
            if tag == "a" and not skipped:
                block.links -= 1
            block.add(node.tail)
        elif skipped:
            walk.skip_subtree()
        else:
            block.enter(tag, node.text)


class _Block:
    """The paragraph that is being read."""

    def __init__(self, breaks: bool, pointers: bool) -> None:
        self.split = re.compile(_BREAK) if breaks else _BLANK_LINE
        self.pointers = pointers
        self.parts: list[str] = []
        self.links = 0
        self.linked = False
        self.plain = False
        #: "Leggi anche:" was read: links that follow are what it points at.
        self.pointed = False

    def enter(self, tag: Any, text: str | None) -> None:
        if tag == "a":
            self.links += 1
        elif tag == "br":
            self.parts.append(_BREAK)
        self.add(text)

    def add(self, text: str | None) -> None:
        if not text:
            return
        self.parts.append(text)
        if self.links:
            self.linked = True
        elif not self.plain:
            self.plain = len(text) > _POINTER_MAX or _LETTER.search(text) is not None

    def alone(self, text: str | None) -> str:
        """What `flush` would give for a paragraph without markup."""
        text = tidy(text or "")
        return "" if not text or (not self.pointers and self.leads_elsewhere(text)) else text

    def flush(self) -> list[str]:
        if not self.parts:
            return []
        text = "".join(self.parts)
        pieces = self.split.split(_INSIDE_LINE.sub(" ", text)) if _BREAK in text else [text]
        paragraphs = [piece for piece in map(tidy, pieces) if piece]
        if paragraphs and not self.pointers and self.leads_elsewhere(" ".join(paragraphs)):
            paragraphs = []
        self.parts.clear()
        self.linked = self.plain = False
        return paragraphs

    def leads_elsewhere(self, text: str) -> bool:
        pointed, self.pointed = self.pointed, False
        if len(text) > _POINTER_MAX:
            return False
        if not self.linked:
            self.pointed = _POINTER_ALONE.fullmatch(text) is not None
            return self.pointed
        if not self.plain:
            # Links only: the list that a pointer announces, or a headline.
            self.pointed = pointed
            return pointed or not _SENTENCE_END.search(text) or _POINTER.match(text) is not None
        return _POINTER.match(text) is not None


def without_rights(paragraphs: list[str]) -> list[str]:
    """Paragraphs without the last ones that only name the owner of the rights."""
    end = len(paragraphs)
    while end and len(paragraphs[end - 1]) <= _RIGHTS_MAX and _RIGHTS.fullmatch(paragraphs[end - 1]):
        end -= 1
    return paragraphs[:end]


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
    objects: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        waiting = list(json_objects(script.text or ""))[::-1]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(reversed(value))
            elif isinstance(value, dict):
                objects.append(value)
                graph = value.get("@graph")
                if isinstance(graph, list):
                    waiting.extend(reversed(graph))
    return objects


def guess(tree: etree._Element) -> list[str]:
    """Trafilatura's reading of a page, walls and menus removed first; the last resort. [] for a huge page."""
    import trafilatura

    if next(islice(tree.iter(), _GUESS_ELEMENTS, None), None) is not None:
        return []
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
