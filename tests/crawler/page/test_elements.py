"""Selectors on an indexed page find what XPath finds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from crawler.page import versions_of
from crawler.page.article_page import FOREIGN
from crawler.page.elements import Elements, compiled
from crawler.page.parser import parse
from crawler.page.text import select

relaxed = settings(deadline=None, max_examples=60)
SELECTORS = (
    *("*", "p", ".a", "p.a", ".a.b", "#x", "p#x", "[class]", "[class*=a]", "p[class*=b]", "[id^=x]", "[title$=y]"),
    *("[title='x y']", "[title~=y]", "[title|=x]", ".a p", ".a > p", "div .a b", "p + p", "h1 ~ p:not([class])"),
    *("p, .a, #x", "b, p", ".a .b, .b .a", "div > .a > b", ":not(.a)", "p:first-child", "#x p", "DIV P"),
    "ul.a li, [class*=b] p, #x > b",
)
NODES = st.recursive(
    st.sampled_from(["<b>t</b>", "<p>t</p>", '<p class="a b">t</p>', "<br>", '<li title="x y">t</li>', "t"]),
    lambda inner: st.builds(
        "<{0}{1}>{2}</{0}>".format,
        st.sampled_from(["div", "p", "ul", "h1", "b", "section"]),
        st.sampled_from(["", ' class="a"', ' class="b c"', ' id="x"', ' class=" ab  c " id="xy"', ' title="x-y"']),
        st.lists(inner, max_size=4).map("".join),
    ),
    max_leaves=25,
)


@relaxed
@given(NODES)
def test_what_xpath_finds_is_found(markup: str) -> None:
    tree = parse(f"<div>{markup}</div>")
    elements = Elements(tree)
    for selector in SELECTORS:
        assert elements.select(selector) == select(tree, selector), selector


def test_the_newspapers_selectors_need_no_xpath() -> None:
    for newspaper in ("vnexpress", "ansa", "ilpost", "open"):
        for page in versions_of(newspaper):
            names = "TEMPLATE TITLE LEAD LOCATION BYLINE SECTION TAGS DATE BODY WRAPPERS DROP"
            for selector in (*(getattr(page, name) for name in names.split()), *page.SIGNS, FOREIGN):
                assert not selector or compiled(selector)[1] is None, selector


def test_below_an_element_only_its_own_are_found() -> None:
    tree = parse('<div class="a"><p>1</p></div><div class="a" id="x"><p>2</p></div>')
    (_, second) = select(tree, "div")
    elements = Elements(second)
    assert [node.text for node in elements.select(".a p")] == ["2"]
    assert elements.first("#x") is second
    assert elements.first("h1") is None
    assert elements.select("") == []


@pytest.mark.parametrize("selector", ["div div", ".a .a", ".a b", "b ~ b", "[class*=a] > b"])
def test_nesting_without_end_costs_no_time_without_end(selector: str) -> None:
    root = node = etree.Element("div", {"class": "a"})
    for _ in range(3000):
        node = etree.SubElement(node, "div", {"class": "a"})
        for _ in range(3):
            etree.SubElement(node, "b")
    for _ in range(20_000):
        etree.SubElement(root, "b")
    began = time.process_time()
    assert Elements(root).select(selector)
    assert time.process_time() - began < 5
