"""Which elements of a page each field is read from: no element is in two of them, and none's text is in two.

Templates move: VnExpress set title and lead beside the body in March 2026 and inside its element in July. So no field's
selector says what another one has to leave out; whatever one field is read from, every other one leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, pairwise

from lxml import etree

from crawler.page.elements import REACH
from crawler.page.text import BLOCKS, blocks, text_of

#: Characters of "testo di … e …", "Pubblicato il …": a line that holds more besides is a sentence.
_LINE_WORDS = 25


class Regions:
    """The elements of each field; who comes first owns an element."""

    def __init__(self, bodies: Iterable[etree._Element] = ()) -> None:
        self.owned: dict[str, list[etree._Element]] = {"body": list(bodies)}
        #: paragraphs of the body that hold a name or a date and next to nothing else
        self.lines: set[etree._Element] = set()

    def own(self, name: str, candidates: Iterable[etree._Element], several: bool = False) -> list[etree._Element]:
        """Give a field those of the candidates (the first of them, or all) that hold text and are no other field's."""
        taken = self.others(name)
        free = (node for node in candidates if node not in taken and text_of(node))
        self.owned[name] = list(free) if several else list(islice(free, 1))
        return self.owned[name]

    def own_lines(self, name: str, candidates: Iterable[etree._Element], several: bool = False) -> None:
        """The same for what stands in a line of its own: what is part of a sentence of the body belongs to it."""
        nodes = outermost([node for node in candidates if text_of(node)])
        lines = {node: self._line_of(node) for node in nodes}
        marks = {*nodes, *self.others(name)}
        alone = [node for node, line in lines.items() if line is None or len(_text(line, marks)) <= _LINE_WORDS]
        # "di" and the comma go with the names.
        self.lines |= {line for node in self.own(name, alone, several) if (line := lines[node]) is not None}

    def others(self, name: str) -> set[etree._Element]:
        """What a field's text leaves out: the elements of every other one."""
        nodes = {node for owner, nodes in self.owned.items() if owner != name for node in nodes}
        return nodes | self.lines if name == "body" else nodes

    def texts(self, name: str) -> list[str]:
        """The texts of a field's elements."""
        others = self.others(name)
        return [_text(node, others) for node in self.owned.get(name, ())]

    def text(self, name: str) -> str:
        """The text of a field's first element; "" where it has none."""
        return next(iter(self.texts(name)), "")

    def _line_of(self, node: etree._Element) -> etree._Element | None:
        """The paragraph of a body that an element is a part of; None where it is one itself, or in none."""
        bodies = self.owned["body"]
        if node.tag in BLOCKS:
            return None
        around = list(islice(node.iterancestors(), REACH))
        line = next((each for each in around if each.tag in BLOCKS), None)
        inside = line is not None and line not in bodies and any(each in bodies for each in around)
        return line if inside else None


def _text(node: etree._Element, others: set[etree._Element]) -> str:
    return " ".join(blocks(node, others, pointers=True))


def outermost(nodes: list[etree._Element]) -> list[etree._Element]:
    """Elements in document order without those that are inside another one of them."""
    inner = set()
    around: set[etree._Element] = set()
    for node, following in pairwise(nodes):
        # In document order, an element that is around others is around the next one.
        around.add(node)
        if not around.isdisjoint(islice(following.iterancestors(), REACH)):
            inner.add(following)
    return [node for node in nodes if node not in inner]
