"""Open: WordPress with Yoast sitemaps, /c/<section>/ pages of 12, link-tag chips, a most-read aside."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar

from demo.loopback_site.newspaper import Block, MissingPage, Page, Story, pages_of, slice_of
from demo.loopback_site.wording import emphasise, slug, typographic
from demo.loopback_site.wordpress import DAY, WordPress


class Open(WordPress):
    """Open's pages."""

    name = "open"
    page_size = 12
    catch_all = "attualita"
    menu: ClassVar[dict[str, str]] = {
        "attualita": "Attualità",
        "politica": "Politica",
        "mondo": "Mondo",
        "economia-e-lavoro": "Economia e Lavoro",
        "cultura-e-spettacolo": "Cultura e Spettacolo",
        "scienze": "Scienze",
        "tecnologia": "Tecnologia",
        "ambiente": "Ambiente",
        "sport": "Sport",
        "fact-checking": "Fact-checking",
    }
    routes = (
        (r"/", "home"),
        (r"/robots\.txt", "robots"),
        (r"/ultime-notizie/(?:page/(?P<page>\d+)/)?", "newest"),
        (r"/c/(?P<name>[a-z0-9-]+)/(?:page/(?P<page>\d+)/)?", "section"),
        (r"/feed/", "newest_feed"),
        (r"/c/(?P<name>[a-z0-9-]+)/feed/", "feed"),
        (r"/temi/(?P<tag>[a-z0-9-]+)/(?:page/(?P<page>\d+)/)?", "topic"),
        (r"/sitemap_index\.xml", "index"),
        (r"/post-sitemap(?P<part>\d*)\.xml", "posts"),
        (r"/category-sitemap\.xml", "categories"),
        (DAY, "archive"),
    )

    @cached_property
    def topics(self) -> dict[str, list[Story]]:
        def slugs(story: Story) -> Iterable[str]:
            return dict.fromkeys(slug(tag) for tag in story.article.tags)

        return self.group(slugs)

    @cached_property
    def by_change(self) -> list[Story]:
        """Yoast's order: the one that changed first comes first."""
        return sorted(self.stories, key=lambda story: (story.changed, story.path))

    def article(self, story: Story) -> Page:
        section, name = self.section_of(story)
        return self.draw(
            "article.html",
            story=story,
            article=story.article,
            section=section,
            section_name=name,
            video="video" in story.path or story.pick("video", 3) == 0,
            blocks=self.blocks(story),
            tags=[(slug(tag), tag) for tag in story.article.tags],
            most_read=self.neighbours(story, 4),
        )

    def home(self) -> Page:
        return self.front("Open")

    def newest(self, page: str | None) -> Page:
        return self.listing("Ultime notizie", "/ultime-notizie/", self.stories, page)

    def section(self, name: str, page: str | None) -> Page:
        return self.listing(self.title_of(name), f"/c/{name}/", self.section_named(name), page)

    def topic(self, tag: str, page: str | None) -> Page:
        return self.listing(tag, f"/temi/{tag}/", self.topics.get(tag, []), page)

    def newest_feed(self) -> Page:
        return self.rss("Open", "/feed/", self.stories)

    def feed(self, name: str) -> Page:
        return self.rss(f"{self.title_of(name)} Archivi - Open", f"/c/{name}/feed/", self.section_named(name))

    def index(self) -> Page:
        size = self.sitemap_size
        parts = range(1, pages_of(self.by_change, size) + 1)
        shards = [
            (f"{self.host}/post-sitemap{part if part > 1 else ''}.xml", slice_of(self.by_change, part, size))
            for part in parts
        ]
        return self.sitemap_index([*shards, (f"{self.host}/category-sitemap.xml", self.stories[:1])])

    def posts(self, part: str) -> Page:
        stories = slice_of(self.by_change, int(part or 1), self.sitemap_size) if part not in ("0", "1") else []
        if not stories:
            raise MissingPage
        return self.url_set(stories)

    def categories(self) -> Page:
        return self.draw("categories.xml", menu=self.menu)

    def blocks(self, story: Story) -> list[Block]:
        """The body as the block editor leaves it: no wrapper, an advert and an embedded tweet between the text."""
        blocks: list[Block] = []
        for index, text in enumerate(story.paragraphs):
            blocks.append(self.paragraph(story, index, text))
            if index == 0:
                blocks.append(Block("advert"))
            if index == 1:
                blocks.append(Block("tweet", f"{story.when:%B} {story.when.day}, {story.when.year}"))
            if index == 2:
                blocks.append(Block("figure", "Una foto d’archivio"))
        return blocks

    @staticmethod
    def paragraph(story: Story, index: int, text: str) -> Block:
        if story.is_heading(index):
            return Block("heading", (slug(text), typographic(text)))
        if text.startswith("«") and text.endswith("»") and index:
            return Block("quote", typographic(text))
        return Block("text", emphasise(text, "strong", 4) if index % 2 == 0 else typographic(text))
