"""What a crawl reads of each field, as counts: how often it is there, how long, and whether its selector hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from crawler.extensions.drift.statistics import Blocks, bin_of, middle, quantiles, similarity
from crawler.items import Article
from crawler.page import versions_of
from crawler.page.parser import decode, parse
from crawler.page.text import first, guess

FIELDS = ("title", "description", "content", "authors", "date", "date_modified", "location", "section", "tags")
#: field -> how often an article of now must be the longer (or shorter) of two for a shift to count. Names of places
#: and sections are a handful of words whose mixture changes with the news.
LENGTHS = {"title": 0.7, "description": 0.7, "content": 0.7, "authors": 0.8, "tags": 0.8, "location": 0.9,
           "section": 0.9}  # fmt: skip
#: field -> the attribute of the page class that says where it is
SELECTORS = {"title": "TITLE", "description": "LEAD", "content": "BODY", "authors": "BYLINE", "location": "LOCATION",
             "section": "SECTION", "tags": "TAGS"}  # fmt: skip
#: Sampled are the first pages, then one in ten until there are enough, then one in a hundred.
FIRST_PAGES = 20
ENOUGH_PAGES = 50
#: Below this similarity (Dice, on the words) two readings of a page differ.
SAME = 0.8
_PAGE_MAX = 2_000_000
_WAITING_MAX = 16
#: Examples of a finding.
EXAMPLES = 3


class FieldCoverage:
    """Counts over the articles of one crawl, whatever their number."""

    def __init__(self, newspaper: str, sample: float = 0.1) -> None:
        """Begin to count.

        Args:
            newspaper: its name.
            sample: share of pages looked at closely; 0 = none, 1 = all.
        """
        self.newspaper = newspaper
        self.sample = sample
        self.articles = 0
        self.filled: Counter[str] = Counter()
        self.lengths: dict[str, Counter[int]] = {name: Counter() for name in LENGTHS}
        self.blocks = {key: Blocks() for key in (*(f"filled {name}" for name in FIELDS), *LENGTHS)}
        self.months: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}
        self._ends: dict[str, tuple[list[tuple[int, str]], list[tuple[int, str]]]] = {}
        # Written by the thread alone.
        self.selected: dict[str, list[int]] = {}
        self.compared = self.differ = 0
        self._sampled = 0
        self._waiting: list[Future[None]] = []
        self._thread = ThreadPoolExecutor(1, "drift")

    def add(self, article: Article, page: bytes | None = None, content_type: str = "") -> None:
        """Count an article, and look closely at its page (and its header) where the sample wants it."""
        self.articles += 1
        if article.date:
            self.months[article.date.strftime("%Y-%m")] += 1
        for name in FIELDS:
            value = getattr(article, name)
            self.blocks[f"filled {name}"].add(not value)
            if not value:
                self._example(f"filled {name}", article.link)
                continue
            self.filled[name] += 1
            if name in LENGTHS:
                self._measure(name, len(value if isinstance(value, str) else ", ".join(value)), article.link)
        if page is not None and len(page) <= _PAGE_MAX and self._is_sampled():
            self._sampled += 1
            self._waiting.append(self._thread.submit(self.look, article.link, article.content, page, content_type))

    def _measure(self, name: str, length: int, link: str) -> None:
        self.lengths[name][bin_of(length)] += 1
        self.blocks[name].add(bin_of(length))
        short, long = self._ends.setdefault(name, ([], []))
        for ends, key in ((short, length), (long, -length)):
            if len(ends) < EXAMPLES or key < ends[-1][0]:
                ends.append((key, link))
                ends.sort()
                del ends[EXAMPLES:]

    def _example(self, key: str, link: str) -> None:
        links = self.examples.setdefault(key, [])
        if len(links) < EXAMPLES:
            links.append(link)

    def _is_sampled(self) -> bool:
        if self.sample <= 0:
            return False
        self._waiting = [task for task in self._waiting if not task.done()]
        busy = len(self._waiting) >= _WAITING_MAX
        if self.sample >= 1:
            if busy:
                # All were asked for: the crawl waits, pages do not pile up.
                wait(self._waiting[:1])
            return True
        if self._sampled < FIRST_PAGES:
            return True
        # A crawl faster than the thread leaves pages out.
        thinned = self.sample / (10 if self._sampled >= ENOUGH_PAGES else 1)
        return not busy and self.articles % max(1, round(1 / thinned)) == 0

    def look(self, link: str, content: str, page: bytes, content_type: str = "") -> None:
        """In the thread: do the selectors still find their elements, does trafilatura read the same text?"""
        tree = parse(decode(page, content_type))
        versions = versions_of(self.newspaper)
        version = next(
            (page_class for page_class in versions if first(tree, page_class.TEMPLATE) is not None), versions[0]
        )
        for name, attribute in SELECTORS.items():
            if selector := getattr(version, attribute, ""):
                hit = first(tree, selector) is not None
                counts = self.selected.setdefault(name, [0, 0])
                counts[0] += hit
                counts[1] += 1
                if not hit:
                    self._example(f"found {name}", link)
        self.compared += 1
        if similarity(content, " ".join(guess(tree))) < SAME:
            self.differ += 1
            self._example("differs content", link)

    def wait(self) -> None:
        """Wait for the pages that are being looked at."""
        wait(self._waiting)

    def close(self) -> None:
        """Wait for the last pages, and end the thread."""
        self._thread.shutdown(wait=True)

    def links(self, what: str, name: str, longer: bool = False) -> list[str]:
        """Up to three articles that show a finding."""
        if what == "length":
            return [link for _, link in self._ends.get(name, ([], []))[longer]]
        return self.examples.get(f"{what} {name}", [])

    def note(self, like: Mapping[str, Any], pages: int, refused: Mapping[str, int]) -> dict[str, Any]:
        """What the row in `runs` keeps.

        Args:
            like: the settings that a crawl must share to be compared.
            pages: pages that were judged for the first time.
            refused: reason -> how many of them.
        """
        return {
            "like": dict(like),
            "articles": self.articles,
            "filled": {name: self.filled[name] for name in FIELDS},
            "lengths": {name: {"quantiles": quantiles(bins), "histogram": {str(key): bins[key] for key in sorted(bins)}}
                        for name, bins in self.lengths.items()},
            "blocks": {name: blocks.note() for name, blocks in self.blocks.items() if blocks.count},
            "found": {name: list(counts) for name, counts in sorted(self.selected.items())},
            "compared": self.compared,
            "differ": self.differ,
            "pages": pages,
            "refused": dict(refused),
            "month": middle(self.months),
        }  # fmt: skip
