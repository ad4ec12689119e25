"""CSS selectors on one page: its elements are read once, into an index by class; each selector is compiled once.

A page is asked for some thirty selectors. XPath, which CSS is commonly translated to, walks the whole tree and builds
strings for each of them; here the walk happens once, and a selector looks only at the elements of its last class, id or
tag. Selectors that this cannot do (`:first-child` and the like) are left to XPath.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import cssselect
from cssselect.parser import Attrib, Class, CombinedSelector, Element, Hash, Negation
from lxml import etree

Test = Callable[["etree._Element"], bool]  # noqa: SLF001 - lxml has no other name for it
Seeds = Callable[["Elements"], "list[etree._Element]"]  # noqa: SLF001
#: how far a combinator looks up, or back along the siblings: bounds the time on pages nested without end.
REACH = 128

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, value: have == value,
    "~=": lambda have, value: value in have.split(),
    "|=": lambda have, value: have == value or have.startswith(f"{value}-"),
    "^=": lambda have, value: bool(value) and have.startswith(value),
    "$=": lambda have, value: bool(value) and have.endswith(value),
    "*=": lambda have, value: bool(value) and value in have,
}
_IDENTIFIED = etree.XPath("descendant-or-self::*[@id]")


class Elements:
    """The elements at or below one, by what selectors ask for. It does not see later changes of the tree."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        #: each class attribute that occurs -> its elements
        self.by_class: dict[str, list[etree._Element]] = {}
        #: each class -> the class attributes that name it
        self.spellings: dict[str, list[str]] = {}
        self._selected: dict[str, list[etree._Element]] = {}
        self._by_id: dict[str, list[etree._Element]] | None = None
        self._order: dict[etree._Element, int] | None = None
        self._index()
        #: all class attributes in one text: most pieces that selectors ask for are in none of them
        self.classes = "\0".join(self.by_class)

    def _index(self) -> None:
        by_class, spellings = self.by_class, self.spellings
        for node in self.root.iter():
            if name := node.get("class"):
                if name in by_class:
                    by_class[name].append(node)
                else:
                    by_class[name] = [node]
        for attribute in by_class:
            for name in attribute.split():
                if name in spellings:
                    spellings[name].append(attribute)
                else:
                    spellings[name] = [attribute]

    def select(self, selector: str) -> list[etree._Element]:
        """The elements a selector names, in document order; [] for the empty selector."""
        if selector not in self._selected:
            self._selected[selector] = self._select(selector) if selector else []
        return self._selected[selector]

    def first(self, selector: str) -> etree._Element | None:
        """The first of them; None where there is none."""
        nodes = self.select(selector)
        return nodes[0] if nodes else None

    def _select(self, selector: str) -> list[etree._Element]:
        alternatives, xpath = compiled(selector)
        if xpath is not None:
            return list(xpath(self.root))  # type: ignore[arg-type]
        nodes = self._unordered(alternatives)
        return nodes if len(nodes) < 2 else self.in_order(nodes)

    def _unordered(self, alternatives: tuple[Alternative, ...]) -> list[etree._Element]:
        nodes: list[etree._Element] = []
        for seeds, test in alternatives:
            if test is None:
                nodes.extend(seeds(self))
            elif candidates := seeds(self):
                nodes += [node for node in candidates if test(node)]
        return nodes

    def any_of(self, selector: str) -> set[etree._Element]:
        """The elements a selector names, for asking whether one is among them."""
        if not selector:
            return set()
        alternatives, xpath = compiled(selector)
        return set(self.select(selector) if xpath is not None else self._unordered(alternatives))

    @property
    def by_id(self) -> dict[str, list[etree._Element]]:
        """Each id -> its elements: one, on a page as it should be."""
        if self._by_id is None:
            self._by_id = {}
            nodes: list[etree._Element] = _IDENTIFIED(self.root)  # type: ignore[assignment]
            for node in nodes:
                self._by_id.setdefault(node.get("id") or "", []).append(node)
        return self._by_id

    def in_order(self, nodes: list[etree._Element]) -> list[etree._Element]:
        """Each element once, in document order."""
        nodes = list(dict.fromkeys(nodes))
        if len(nodes) < 2:
            return nodes
        if self._order is None:
            self._order = {node: number for number, node in enumerate(self.root.iter("*"))}
        return sorted(nodes, key=self._order.__getitem__)


class Alternative(NamedTuple):
    """One of the selectors that commas separate: where to look, and what has to hold there (None: nothing more)."""

    seeds: Seeds
    test: Test | None


@functools.cache
def compiled(selector: str) -> tuple[tuple[Alternative, ...], etree.XPath | None]:
    """The alternatives of a selector, or an XPath where one of them asks for what they cannot do."""
    trees = [part.parsed_tree for part in cssselect.parse(selector)]
    try:
        return tuple(_alternative(tree) for tree in trees), None
    except NotImplementedError:
        return (), etree.XPath(cssselect.HTMLTranslator().css_to_xpath(selector))


def _alternative(tree: Any) -> Alternative:
    """Where a selector's elements can be: by class or id if it names one, else below its left part, else by tag."""
    last = tree.subselector if isinstance(tree, CombinedSelector) else tree
    if narrow := _narrow(last):
        seeds, part = narrow
        return Alternative(seeds, _test(tree, part))
    while not isinstance(last, Element):
        last = last.selector
    tag = last.element.lower() if last.element else "*"
    if isinstance(tree, CombinedSelector) and tree.combinator in (" ", ">") and _narrow(tree.selector):
        outer = _alternative(tree.selector).seeds
        return Alternative(functools.partial(_below, outer, tag), _test(tree, last))
    return Alternative(functools.partial(_of_tag, tag), _test(tree, last))


def _narrow(part: Any) -> tuple[Seeds, Any] | None:
    """The elements of the id, class or piece of either that a selector's last part asks for, and that part; or None."""
    part = part.subselector if isinstance(part, CombinedSelector) else part
    while not isinstance(part, Element):
        if isinstance(part, Class):
            return functools.partial(_of_class, part.class_name), part
        if isinstance(part, Hash):
            return functools.partial(_of_id, part.id), part
        if isinstance(part, Attrib) and part.operator == "*=" and part.attrib.lower() == "class" and _value(part):
            return functools.partial(_of_piece, _value(part)), part
        if isinstance(part, Attrib) and part.operator == "^=" and part.attrib.lower() == "id" and _value(part):
            return functools.partial(_of_id_start, _value(part)), part
        part = part.selector
    return None


def _below(seeds: Seeds, tag: str, elements: Elements) -> list[etree._Element]:
    nodes: list[etree._Element] = []
    around: set[etree._Element] = set()
    for node in seeds(elements):
        # What is inside another one has been walked with it.
        if not around or around.isdisjoint(islice(node.iterancestors(), REACH)):
            nodes.extend(node.iterdescendants(tag))
        around.add(node)
    return nodes


def _of_tag(tag: str, elements: Elements) -> list[etree._Element]:
    return list(elements.root.iter(tag))


def _of_class(name: str, elements: Elements) -> list[etree._Element]:
    return [node for attribute in elements.spellings.get(name, ()) for node in elements.by_class[attribute]]


def _of_id(name: str, elements: Elements) -> list[etree._Element]:
    return elements.by_id.get(name, [])


def _of_id_start(start: str, elements: Elements) -> list[etree._Element]:
    return [node for name, nodes in elements.by_id.items() if name.startswith(start) for node in nodes]


def _of_piece(piece: str, elements: Elements) -> list[etree._Element]:
    if piece not in elements.classes:
        return []
    return [node for attribute, nodes in elements.by_class.items() if piece in attribute for node in nodes]


def _test(tree: Any, seed: Any = None) -> Test | None:
    """What an element has to be for a parsed selector; None where it may be any.

    Args:
        tree: the parsed selector.
        seed: the part of it by which the elements were taken: they fulfil it.

    Raises:
        NotImplementedError: the selector asks for something else than tags, classes, ids, attributes, `:not`.
    """
    if isinstance(tree, CombinedSelector):
        return _combined(tree.combinator, _test(tree.selector), _test(tree.subselector, seed))
    if isinstance(tree, Element):
        tag = tree.element.lower() if tree.element and tree is not seed else None
        return (lambda node: node.tag == tag) if tag else None
    own = _own_test(tree)
    rest = _test(tree.selector, seed)
    if tree is seed or rest is None:
        return rest if tree is seed else own
    return lambda node: rest(node) and own(node)


def _own_test(tree: Any) -> Test:
    """The test of a selector's outermost part alone."""
    if isinstance(tree, Class):
        return functools.partial(_has, "class", _OPERATORS["~="], tree.class_name)
    if isinstance(tree, Hash):
        return functools.partial(_has, "id", _OPERATORS["="], tree.id)
    if isinstance(tree, Attrib) and tree.namespace is None:
        return _attribute(tree)
    if isinstance(tree, Negation):
        refused = _test(tree.subselector)
        return lambda node: refused is not None and not refused(node)
    raise NotImplementedError(type(tree).__name__)


def _attribute(tree: Attrib) -> Test:
    name = tree.attrib.lower()
    if tree.operator == "exists":
        return lambda node: node.get(name) is not None
    if tree.operator == "!=":
        raise NotImplementedError(tree.operator)
    return functools.partial(_has, name, _OPERATORS[tree.operator], _value(tree))


def _value(tree: Attrib) -> str:
    return (tree.value.value if tree.value else None) or ""


def _has(name: str, compare: Callable[[str, str], bool], value: str, node: etree._Element) -> bool:
    have = node.get(name)
    return have is not None and compare(have, value)


def _combined(combinator: str, context: Test | None, subject: Test | None) -> Test:
    before: Callable[[etree._Element], Iterable[etree._Element]]
    if combinator == " ":
        before = lambda node: islice(node.iterancestors(), REACH)  # noqa: E731
    elif combinator == ">":
        before = lambda node: islice(node.iterancestors(), 1)  # noqa: E731
    elif combinator == "~":
        before = lambda node: islice(node.itersiblings(preceding=True), REACH)  # noqa: E731
    else:
        before = lambda node: islice(node.itersiblings(preceding=True), 1)  # noqa: E731
    return lambda node: (
        (subject is None or subject(node)) and any(context is None or context(relative) for relative in before(node))
    )
