"""VnExpress: numbered articles, day listings by unix seconds, sections with -pN, RSS, monthly sitemaps, soft 404s."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from demo.loopback_site.newspaper import Block, MissingPage, NewspaperPages, Page, Story, number_of, pages_of, slice_of
from demo.loopback_site.wording import emphasise, slug

#: slug -> (cateid, name): what menus and the calendar of section pages know (MARKUP 1, listing pages).
CATEGORIES: dict[str, tuple[int, str]] = {
    "thoi-su": (1001005, "Thời sự"),
    "the-gioi": (1001002, "Thế giới"),
    "kinh-doanh": (1003159, "Kinh doanh"),
    "khoa-hoc-cong-nghe": (1006219, "Khoa học công nghệ"),
    "goc-nhin": (1003450, "Góc nhìn"),
    "bat-dong-san": (1005628, "Bất động sản"),
    "suc-khoe": (1003750, "Sức khỏe"),
    "the-thao": (1002565, "Thể thao"),
    "giai-tri": (1002691, "Giải trí"),
    "phap-luat": (1001007, "Pháp luật"),
    "giao-duc": (1003497, "Giáo dục"),
    "doi-song": (1002966, "Đời sống"),
    "oto-xe-may": (1001006, "Xe"),
    "du-lich": (1003231, "Du lịch"),
    "y-kien": (1001012, "Ý kiến"),
    "tam-su": (1001014, "Tâm sự"),
    "khoa-hoc": (1001009, "Khoa học"),
    "so-hoa": (1002592, "Số hóa"),
}
#: other names of a section, and the older ones that were merged into it in 2025 and still answer.
ALIASES = {"xe": "oto-xe-may", "gia-dinh": "doi-song", "khoa-hoc-va-cong-nghe": "khoa-hoc-cong-nghe"}
MERGED = {"khoa-hoc-cong-nghe": ("khoa-hoc",), "khoa-hoc": ("khoa-hoc-cong-nghe",), "so-hoa": ("khoa-hoc-cong-nghe",)}
CATCH_ALL = "thoi-su"
#: cateid of the whole site
EVERYTHING = 1000000
FEED_SIZE = 51
BY_DATE = (
    r"/category/day/cateid/(?P<cate>\d+)/fromdate/(?P<since>\d+)/todate/(?P<until>\d+)"
    r"/allcate/\d+(?:/page/(?P<page>\d+))?/?"
)
_NUMBER = re.compile(r"-(\d+)\.html$")


class VnExpress(NewspaperPages):
    """VnExpress's pages."""

    name = "vnexpress"
    page_size = 30
    routes = (
        (r"/", "home"),
        (r"/robots\.txt", "robots"),
        (BY_DATE, "by_date"),
        (r"/tin-tuc-24h(?:-p(?P<page>\d+))?/?", "newest"),
        (r"/rss/(?P<section>[a-z0-9-]+)\.rss", "feed"),
        (r"/sitemap\.xml", "index"),
        (r"/sitemap-(?P<month>\d{4}-\d{2})\.xml", "month"),
        (r"/google-news-sitemap\.xml", "news_sitemap"),
        (r"/(?P<section>[a-z0-9-]+?)(?:-p(?P<page>\d+))?/?", "section"),
    )

    def __init__(self, stories: Iterable[Story], javascript: bool = False) -> None:
        super().__init__(stories, javascript)
        self.by_number = {self.id_of(story): story for story in reversed(self.stories)}
        self.by_category = {number: name for name, (number, _) in CATEGORIES.items()}
        self.months = self.group(lambda story: [f"{story.when:%Y-%m}"])

    def sections_of(self, story: Story) -> Iterable[str]:
        category = self.category_of(story)
        return (category, *MERGED.get(category, ()))

    @staticmethod
    def category_of(story: Story) -> str:
        """The menu section of a story: by its shown section, else the first folder of its address."""
        for name in (slug(story.article.section), story.path.split("/")[1]):
            name = ALIASES.get(name, name)
            if name in CATEGORIES:
                return name
        return CATCH_ALL

    @staticmethod
    def id_of(story: Story) -> int:
        match = _NUMBER.search(story.path)
        return int(match[1]) if match else story.number

    def find(self, path: str) -> Story | None:
        """By path, else by the number at its end: VnExpress sends readers of an outdated slug on."""
        match = _NUMBER.search(path)
        return self.by_path.get(path) or (self.by_number.get(int(match[1])) if match else None)

    def article(self, story: Story) -> Page:
        category = self.category_of(story)
        number, name = CATEGORIES[category]
        section = story.article.section or name
        return self.draw(
            "article.html",
            story=story,
            article=story.article,
            id=self.id_of(story),
            blocks=self.blocks(story),
            category={"slug": category, "number": number, "name": section},
            tags=tags_of(story),
            stamped=f"{story.article.location}- " if story.article.location else "",
            menu=CATEGORIES,
        )

    def missing_page(self, path: str) -> Page:
        """The shell page. For an article number nobody knows it comes with status 200."""
        return self.draw("missing.html", status=200 if _NUMBER.search(path) else 404)

    def listing(self, title: str, url: str, stories: Sequence[Story], page: str | None, folder: int) -> Page:
        number = number_of(page)
        return self.draw(
            "listing.html",
            title=title,
            url=url,
            folder=folder,
            number=number,
            last=pages_of(stories, self.page_size),
            stories=slice_of(stories, number, self.page_size),
            aside=self.stories[3::7][:5],
            menu=CATEGORIES,
        )

    def home(self) -> Page:
        return self.listing("Báo VnExpress", "/", self.stories, None, EVERYTHING)

    def newest(self, page: str | None) -> Page:
        return self.listing("Tin tức 24h", "/tin-tuc-24h", self.stories, page, EVERYTHING)

    def section(self, section: str, page: str | None) -> Page:
        name = ALIASES.get(section, section)
        if name not in CATEGORIES:
            raise MissingPage
        number, title = CATEGORIES[name]
        return self.listing(title, f"/{section}", self.sections.get(name, []), page, number)

    def by_date(self, cate: str, since: str, until: str, page: str | None) -> Page:
        """Publication from `since` to `until` (unix seconds); a span without length means the day it begins."""
        number = int(cate)
        if number != EVERYTHING and number not in self.by_category:
            raise MissingPage
        first, last = int(since), int(until)
        last = first + int(timedelta(days=1).total_seconds()) - 1 if last == first else last
        stories = self.stories if number == EVERYTHING else self.sections.get(self.by_category[number], [])
        inside = [story for story in stories if first <= story.when.timestamp() <= last]
        url = f"/category/day/cateid/{cate}/fromdate/{since}/todate/{until}/allcate/{cate}"
        return self.listing("Xem theo ngày", url, inside, page, number)

    def feed(self, section: str) -> Page:
        if section in ("tin-moi-nhat", "tin-noi-bat", "tin-xem-nhieu"):
            title, stories = "Tin mới nhất", self.stories
        else:
            name = ALIASES.get(section, section)
            if name not in CATEGORIES:
                raise MissingPage
            title, stories = CATEGORIES[name][1], self.sections.get(name, [])
        now = self.stories[0].when if self.stories else datetime.now(self.zone)
        return self.draw("feed.xml", title=title, section=section, stories=stories[:FEED_SIZE], now=now)

    def index(self) -> Page:
        return self.sitemap_index((f"{self.host}/sitemap-{month}.xml", all_) for month, all_ in self.months.items())

    def month(self, month: str) -> Page:
        if month not in self.months:
            raise MissingPage
        return self.url_set(self.months[month])

    def blocks(self, story: Story) -> list[Block]:
        """The body as VnExpress's editor leaves it: text between figures, boxes, scripts and links."""
        blocks: list[Block] = []
        neighbours = self.neighbours(story, 4)
        for index, text in enumerate(story.paragraphs):
            blocks.append(self.paragraph(story, index, text, neighbours))
            if index == 0 and neighbours:
                blocks.append(Block("arrow", neighbours[0]))
            if index == 0 or (index % 4 == 3 and story.pick(f"figure {index}", 2)):
                blocks.append(Block("figure", "Hình minh họa." if index else story.article.title))
            if index == 1 and len(neighbours) > 1:
                blocks.append(Block("related", neighbours[1:3]))
        return blocks

    def paragraph(self, story: Story, index: int, text: str, neighbours: Sequence[Story]) -> Block:
        if story.is_heading(index):
            return Block("heading", text)
        if index == len(story.paragraphs) - 1:
            return Block("scripted", text)
        link = neighbours[-1].article.link if neighbours and index % 3 == 1 else ""
        return Block("text", emphasise(text, "a" if link else "em", 4, link) if index % 3 != 2 else Markup.escape(text))


def tags_of(story: Story) -> list[str]:
    """The article's tags and, on every other page, the service tag that carries no meaning."""
    return [*story.article.tags, *(["Tin nóng"] if story.pick("hot", 2) == 0 else [])]
