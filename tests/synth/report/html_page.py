"""Elements of the page of `synth report`, and whether it is whole, safe and self-contained."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class Page(HTMLParser):
    """Elements of a page, and whether each end tag ends the element that was opened last."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.faults.append(f"</{tag}> at {self.getpos()} within {self.open[-3:]}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def assert_sound(page: Page) -> None:
    """Well-formed, self-contained, every anchor there once, every chart with a name."""
    assert not page.faults
    ids = page.values("id")
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    targets = [link.removeprefix("#") for link in page.values("href") if link.startswith("#")]
    assert {*targets, *page.values("xlink:href")} - {"", *ids} <= {f"#{name}" for name in ids}
    assert all(set(name.split()) <= set(ids) for name in page.values("aria-labelledby"))
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.values("src") == page.values("srcset") == []
    outside = [(tag, link) for tag, attributes in page.elements if (link := attributes.get("href")) and link[0] != "#"]
    assert {tag for tag, link in outside if link != "data:,"} <= {"a"}
    assert all(re.match(r"https?://", link) for tag, link in outside if tag == "a")
    styles = "".join(page.texts) + "".join(page.values("style"))
    assert not re.search(r"@import|url\((?!#)", styles)


def heading_levels(page: Page) -> list[int]:
    return [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
