"""ANSA: sections with index_N.shtml, regions and channels, RSS, sitemaps from robots.txt, the consent wall."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import partial

from demo.loopback_site.newspaper import Block, MissingPage, NewspaperPages, Page, Story, number_of, pages_of, slice_of
from demo.loopback_site.wording import emphasise, named_entities

#: what the menu names, by the folder of its listing
SECTIONS = {
    "/sito/notizie/topnews": "Top News",
    "/sito/notizie/cronaca": "Cronaca",
    "/sito/notizie/politica": "Politica",
    "/sito/notizie/economia": "Economia",
    "/sito/notizie/mondo": "Mondo",
    "/sito/notizie/cultura": "Cultura",
    "/sito/notizie/tecnologia": "Tecnologia",
    "/sito/notizie/sport": "Sport",
    "/sito/notizie/sport/calcio": "Calcio",
}
REGIONS = (
    "abruzzo basilicata calabria campania emiliaromagna friuliveneziagiulia lazio liguria lombardia marche molise "
    "piemonte puglia sardegna sicilia toscana trentino umbria valledaosta veneto"
).split()
CHANNELS = "tecnologia scienza saluteebenessere lifestyle motori viaggi terraegusto legalita_scuola".split()
#: folders that have an index of their own, with or without articles today
INDEXED = {
    *SECTIONS,
    *(f"/{region}/notizie" for region in REGIONS),
    *(f"/canale_{channel}/notizie" for channel in CHANNELS),
    *("/europa/notizie", "/nuova_europa/it/notizie", "/ansamed/it/notizie", "/ansa2030/notizie"),
    "/osservatorio_intelligenza_artificiale/notizie",
}
CATCH_ALL = "/sito/notizie/topnews"
_FOLDER = re.compile(r"^(?P<folder>/.+?)/(?:null/)?\d{4}/\d{2}/\d{2}/[^/]+$")
_CHANNEL = re.compile(r"^/canale_([a-z_]+)/")
_EDITORIAL = re.compile(r"^/(canale_|sito/notizie/(magazine|speciali)/|ansacom/)")
# The width at which the agency's system breaks lines, inside sentences too.
WIRE_COLUMNS = 64


class Ansa(NewspaperPages):
    """ANSA's pages, agency wire and editorial ones."""

    name = "ansa"
    routes = (
        (r"/|/sito/", "home"),
        (r"/robots\.txt", "robots"),
        (r"/ricerca/ansait/search\.shtml", "search"),
        (r"(?P<folder>/.+)/index(?:_(?P<page>\d+))?\.shtml", "listing"),
        (r"(?P<folder>/.+)/(?P<name>[a-z_]+)\.shtml", "front"),
        (r"/sito/ansait_rss\.xml", "newest_feed"),
        (r"(?P<folder>/.+)/[a-z_]+_rss\.xml", "feed"),
        (r"/sito/sitemaps/(?P<kind>sito|canali)_sitemap_index\.xml", "index"),
        (r"/sito/sitemaps/sito_sitemap_media_index\.xml", "media_index"),
        (r"/sito/sitemaps/ansait-news-sitemap\.xml", "news_sitemap"),
        (r"/sito/sitemaps/sitemap_media\.xml", "media"),
        (r"/sito/sitemaps/(?P<kind>sito|canali)_sitemap_(?P<shard>[a-z0-9_-]+?)(?:\.(?P<part>\d+))?\.xml", "shard"),
        (r"/sito/(?:photo|video)gallery/.+\.html", "gallery"),
        (r"/sito/static/ansa_rss\.html", "feeds"),
    )

    def __init__(self, stories: Iterable[Story], javascript: bool = False) -> None:
        super().__init__(stories, javascript)
        self.shards = {kind: self.group(partial(self.shard_of, kind)) for kind in ("sito", "canali")}

    @staticmethod
    def folder_of(story: Story) -> str:
        match = _FOLDER.match(story.path)
        return match["folder"] if match else CATCH_ALL

    def sections_of(self, story: Story) -> Iterable[str]:
        """The folder of the address and the ones above it; where the menu knows none of them, the top news too."""
        parts = self.folder_of(story).split("/")
        folders = ["/".join(parts[:end]) for end in range(3, len(parts) + 1)]
        if not self.in_menu(folders):
            folders.append(CATCH_ALL)
        return dict.fromkeys(folder for folder in folders if folder != "/sito/notizie")

    @staticmethod
    def in_menu(folders: Iterable[str]) -> bool:
        return any(folder in SECTIONS or folder.split("/")[1] in REGIONS for folder in folders)

    def shard_of(self, kind: str, story: Story) -> list[str]:
        """The name of the sitemap an address is in: /sito and the regions, or a channel."""
        parts = self.folder_of(story).strip("/").split("/")
        on_site = parts[0] == "sito" or parts[0] in REGIONS
        if on_site != (kind == "sito"):
            return []
        name = parts[2] if parts[0] == "sito" and len(parts) > 2 else parts[0]
        return [re.sub(r"[^a-z0-9_-]", "", name.lower()) or "altro"]

    def find(self, path: str) -> Story | None:
        """Copies for mobile readers (/amp/…) show the page itself; its canonical link names the true address."""
        return self.by_path.get(path)

    def answer(self, path: str) -> Page:
        copied = self.by_path.get(path.removeprefix("/amp")) if path.startswith("/amp/") else None
        return self.article(copied) if copied else super().answer(path)

    def article(self, story: Story) -> Page:
        folder = self.folder_of(story)
        editorial = bool(_EDITORIAL.match(story.path)) or story.pick("editorial", 4) == 0
        lead = " ".join(story.paragraphs[0].split()[:24]) if story.paragraphs else story.article.title
        return self.draw(
            "article.html",
            story=story,
            article=story.article,
            folder=folder,
            section=story.article.section or name_of(folder),
            front=f"{folder}/{folder.rsplit('/', 1)[-1]}.shtml",
            channel=channel[1] if (channel := _CHANNEL.match(folder)) else "",
            editorial=editorial,
            blocks=self.editorial(story) if editorial else self.wire(story),
            lead=f"{lead} (ANSA)",
            walled=not re.match(r"^/(english|china)/", story.path),
            related=self.neighbours(story, 2),
            menu=SECTIONS,
        )

    @staticmethod
    def wire(story: Story) -> list[Block]:
        """Agency text: lines broken by the agency's system; only their paragraphs mean anything."""
        return [Block("wire", named_entities("\n".join(lines_of(text)))) for text in story.paragraphs]

    @staticmethod
    def editorial(story: Story) -> list[Block]:
        """One <p> a paragraph, but for the second: it follows the first one's <br />."""
        blocks: list[Block] = []
        for index, text in enumerate(story.paragraphs):
            heading = story.is_heading(index)
            blocks.append(
                Block("heading", text) if heading else Block("text", emphasise(text, "strong", 3 + index % 4))
            )
        return blocks

    def listing(self, folder: str, page: str | None) -> Page:
        """All news of a folder, newest first; the first page is index.shtml, the next index_2.shtml."""
        stories = self.of_folder(folder)
        number = number_of(page)
        last = max(1, pages_of(stories, self.page_size))
        if number > last or page == "1":
            raise MissingPage
        batch = slice_of(stories, number, self.page_size)
        return self.page_of(name_of(folder), folder, batch, number, last)

    def of_folder(self, folder: str) -> Sequence[Story]:
        if folder not in self.sections and folder not in INDEXED:
            raise MissingPage
        return self.sections.get(folder, [])

    def page_of(self, title: str, folder: str, stories: Sequence[Story], number: int, last: int) -> Page:
        return self.draw(
            "listing.html", title=title, folder=folder, stories=stories, number=number, last=last, menu=SECTIONS
        )

    def front(self, folder: str, name: str) -> Page:
        """The front ("Primo Piano"): /sito/notizie/cronaca/cronaca.shtml, /lombardia/lombardia.shtml."""
        if folder.rsplit("/", 1)[-1] != name:
            raise MissingPage
        where = f"{folder}/notizie" if folder.strip("/") in REGIONS else folder
        return self.page_of(name_of(folder), where, self.of_folder(where)[:8], 1, 1)

    def home(self) -> Page:
        return self.page_of("Ultime notizie", CATCH_ALL, self.stories[: self.page_size], 1, 1)

    def newest_feed(self) -> Page:
        return self.draw("feed.xml", title="ANSA.it", stories=self.stories[:30])

    def feed(self, folder: str) -> Page:
        stories = self.of_folder(folder)
        return self.draw("feed.xml", title=f"RSS di {name_of(folder)} - ANSA.it", stories=stories[:30])

    def index(self, kind: str) -> Page:
        """The index of a kind; a shard of more than `sitemap_size` addresses goes on in NAME.1.xml, NAME.2.xml …"""
        shards = []
        for name, stories in sorted(self.shards[kind].items()):
            for part in range(pages_of(stories, self.sitemap_size)):
                tail = f".{part}" if part else ""
                url = f"{self.host}/sito/sitemaps/{kind}_sitemap_{name}{tail}.xml"
                shards.append((url, slice_of(stories, part + 1, self.sitemap_size)))
        return self.sitemap_index(shards)

    def shard(self, kind: str, shard: str, part: str | None) -> Page:
        stories = slice_of(self.shards[kind].get(shard, []), int(part or 0) + 1, self.sitemap_size)
        if not stories:
            raise MissingPage
        return self.url_set(stories)

    def media_index(self) -> Page:
        return self.sitemap_index([(f"{self.host}/sito/sitemaps/sitemap_media.xml", self.stories[:1])])

    def media(self) -> Page:
        return self.draw("media.xml", stories=self.stories[:5])

    def search(self) -> Page:
        """Works, but robots.txt asks programs to stay away: who fetches it shows in the request log."""
        return self.page_of("Ricerca", CATCH_ALL, self.stories[:12], 1, 1)

    def gallery(self) -> Page:
        return self.draw("gallery.html", menu=SECTIONS)

    def feeds(self) -> Page:
        return self.draw("feeds.html", menu=SECTIONS, regions=REGIONS)


def lines_of(text: str) -> list[str]:
    """A paragraph broken where the agency's system breaks it."""
    return textwrap.wrap(text, WIRE_COLUMNS, break_long_words=False, break_on_hyphens=False) or [""]


def name_of(folder: str) -> str:
    """The shown name of a folder: the menu's, else its last part in words."""
    words = folder.removesuffix("/notizie").rsplit("/", 1)[-1].removeprefix("canale_").replace("_", " ")
    return SECTIONS.get(folder) or words.replace("-", " ").title()
