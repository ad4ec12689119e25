"""What Il Post and Open share: dated permalinks, day archives, sections with page/N/, feeds, real 404s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import ClassVar

from demo.loopback_site.newspaper import MissingPage, NewspaperPages, Page, Story, number_of, pages_of, slice_of
from demo.loopback_site.wording import slug

DAY = r"/(?P<year>\d{4})/(?P<month>\d{2})/(?P<day>\d{2})/(?:page/(?P<page>\d+)/)?"


class WordPress(NewspaperPages):
    """Pages of a newspaper that WordPress serves; a subclass adds its menu, routes and body."""

    #: slug -> name of the sections in the menu
    menu: ClassVar[dict[str, str]]
    #: the section of stories whose own the menu does not know
    catch_all: ClassVar[str]
    feed_size: ClassVar[int] = 20

    def sections_of(self, story: Story) -> Iterable[str]:
        own = slug(story.article.section)
        return [own] if own in self.menu else [self.catch_all, *([own] if own else [])]

    def section_of(self, story: Story) -> tuple[str, str]:
        """(slug, name) as the article's own page shows it."""
        own = slug(story.article.section)
        return (own, story.article.section) if own else (self.catch_all, self.menu[self.catch_all])

    def find(self, path: str) -> Story | None:
        """WordPress sends readers of an address without its last slash on."""
        return self.by_path.get(path) or self.by_path.get(path + "/")

    def answer(self, path: str) -> Page:
        if path.endswith("/page/1/"):
            return Page(b"", 301, location=self.host + path.removesuffix("page/1/"))
        return super().answer(path)

    def archive(self, year: str, month: str, day: str, page: str | None) -> Page:
        """The posts of a day. A day without posts is a 404, as is a page past the last one."""
        try:
            when = date(int(year), int(month), int(day))
        except ValueError:
            raise MissingPage from None
        return self.listing(f"{day}/{month}/{year}", f"/{year}/{month}/{day}/", self.days.get(when, []), page)

    def section_named(self, name: str) -> Sequence[Story]:
        if name not in self.menu and name not in self.sections:
            raise MissingPage
        return self.sections.get(name, [])

    def title_of(self, name: str) -> str:
        stories = self.sections.get(name)
        return self.menu.get(name) or (stories[0].article.section if stories else name)

    def listing(self, title: str, url: str, stories: Sequence[Story], page: str | None) -> Page:
        number = number_of(page)
        batch = slice_of(stories, number, self.page_size)
        # WordPress knows an empty section, but no empty day and no page past the last one.
        if not batch and (number > 1 or url.removeprefix("/c").strip("/") not in self.menu):
            raise MissingPage
        last = max(1, pages_of(stories, self.page_size))
        return self.draw(
            "listing.html", title=title, url=url, stories=batch, number=number, last=last, aside=self.stories[1::5][:5]
        )

    def front(self, title: str) -> Page:
        """The home page: the newest posts, also where there are none."""
        batch = self.stories[: self.page_size]
        return self.draw("listing.html", title=title, url="/", stories=batch, number=1, last=1, aside=[])

    def rss(self, title: str, url: str, stories: Sequence[Story]) -> Page:
        now = stories[0].changed if stories else datetime.now(self.zone)
        return self.draw("feed.xml", title=title, url=url, stories=stories[: self.feed_size], now=now)
