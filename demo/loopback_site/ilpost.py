"""Il Post: day archives of 20, sections, feeds; the body in #singleBody among players, boxes and other articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import ClassVar

from markupsafe import Markup

from demo.loopback_site.newspaper import Block, Page, Story
from demo.loopback_site.wording import emphasise, slug, typographic
from demo.loopback_site.wordpress import DAY, WordPress


class IlPost(WordPress):
    """Il Post's pages."""

    name = "ilpost"
    catch_all = "italia"
    menu: ClassVar[dict[str, str]] = {
        "italia": "Italia",
        "mondo": "Mondo",
        "politica": "Politica",
        "economia": "Economia",
        "europa": "Europa",
        "internet": "Internet",
        "scienza": "Scienza",
        "cultura": "Cultura",
        "sport": "Sport",
        "tecnologia": "Tecnologia",
        "libri": "Libri",
        "media": "Media",
        "tv": "TV",
    }
    routes = (
        (r"/", "home"),
        (r"/robots\.txt", "robots"),
        (DAY, "archive"),
        (r"/feed/", "newest_feed"),
        (r"/(?P<name>[a-z0-9-]+)/feed/", "feed"),
        (r"/(?P<name>[a-z0-9-]+)/(?:page/(?P<page>\d+)/)?", "section"),
    )

    def article(self, story: Story) -> Page:
        section, name = self.section_of(story)
        return self.draw(
            "article.html",
            story=story,
            article=story.article,
            section=section,
            section_name=name,
            blocks=self.blocks(story),
            tags=[(slug(tag), tag) for tag in story.article.tags],
            changed=story.changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.397467"),
            by=by_line(story.article.authors),
            advised=self.neighbours(story, 3),
        )

    def home(self) -> Page:
        return self.front("Il Post")

    def section(self, name: str, page: str | None) -> Page:
        return self.listing(self.title_of(name), f"/{name}/", self.section_named(name), page)

    def newest_feed(self) -> Page:
        return self.rss("Il Post", "/feed/", self.stories)

    def feed(self, name: str) -> Page:
        return self.rss(f"{self.title_of(name)} - Il Post", f"/{name}/feed/", self.section_named(name))

    def blocks(self, story: Story) -> list[Block]:
        """The body as WordPress stores it: paragraphs, sub-headings, captions, embeds, "Leggi anche"."""
        blocks: list[Block] = []
        neighbours = self.neighbours(story, 5)
        for index, text in enumerate(story.paragraphs):
            blocks.append(self.paragraph(story, index, text, neighbours))
            if index == 0:
                blocks.append(Block("caption", f"Un’immagine d’archivio ({story.article.section or 'Il Post'})"))
            if index == 1:
                blocks.append(
                    Block("tweet", "Una dichiarazione pubblicata<br />\nsui social network e incorporata qui.")
                )
            if index == 2:
                blocks.append(Block("frame"))
            if index % 3 == 1 and neighbours:
                blocks.append(Block("also", neighbours[index % len(neighbours)]))
        return blocks

    @staticmethod
    def paragraph(story: Story, index: int, text: str, neighbours: Sequence[Story]) -> Block:
        if story.is_heading(index):
            return Block("heading", typographic(text))
        if text.startswith("«") and text.endswith("»") and index:
            return Block("quote", typographic(text))
        if index % 2 == 0 and neighbours:
            return Block("text", emphasise(text, "a", 5, neighbours[-1].article.link))
        return Block("text", typographic(text) if index % 4 == 3 else emphasise(text, "em", 2))


def by_line(authors: Sequence[str]) -> Markup:
    """The by-line as Il Post marks it up: di <!-- -->Anna Verdi e Ugo Neri"""
    names = " e ".join([", ".join(authors[:-1]), authors[-1]] if len(authors) > 1 else authors)
    return Markup("di <!-- -->") + names if names else Markup("")
