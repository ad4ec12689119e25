"""Texts that people wrote, for a sheet: articles behind the rows of an export, or of a file of articles.

An export's rows carry their articles inside the request ("- Titolo: … Fonte: … Testo: …"), whatever the language of
the labels; in a dataset folder the column `sources` has their links, dates and newspapers.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from train.blind.languages import months
from train.data.conversations import conversation_of, find_files, rows_in
from train.data.rows import RowError, checked, text_of
from train.errors import TrainError

#: Words that an article has at least, to stand beside others.
SHORTEST = 40
#: How a prompt came to its article, best first.
MATCHES = ("matched", "same_newspaper_and_month", "same_newspaper", "same_language")
#: "- Titolo: …", then perhaps "  Fonte: …", then "  Testo: …": the layout of synth's requests in every language.
_ARTICLE = re.compile(
    r"^- (?P<label>[^:\n]{2,24}): (?P<title>[^\n]*)\n+"
    r"(?:  [^:\n]{2,24}: (?P<source>[^\n]*)\n\s*?\n?)?  (?P<content>[^:\n]{2,24}): ?(?=\S)",
    re.MULTILINE,
)
_MARKS = re.compile(r"</?quote-[0-9a-f]{10}>")


@dataclass(frozen=True)
class Article:
    """A printed text. newspaper: in small letters, such as `ansa`, "" unknown; month: `2024-01`, "" unknown."""

    text: str
    title: str = ""
    newspaper: str = ""
    month: str = ""
    language: str = ""
    link: str = ""


@dataclass(frozen=True)
class Prompt:
    """What was asked. sources: links of the articles behind it, where they are source_article."""

    id: str
    request: str
    language: str = ""
    sources: tuple[str, ...] = ()


@dataclass
class Articles:
    """Articles, and what they belong to: prompts by id and by request, links."""

    all: list[Article] = field(default_factory=list)
    by_prompt: dict[str, list[Article]] = field(default_factory=dict)
    by_link: dict[str, list[Article]] = field(default_factory=lambda: defaultdict(list))

    def add(self, articles: Sequence[Article], *names: str) -> None:
        """Keep articles, under the names of their prompt where they have one."""
        self.all += articles
        for article in articles:
            if article.link:
                self.by_link[article.link].append(article)
        for name in filter(None, names):
            self.by_prompt.setdefault(name, list(articles))

    def of(self, prompt: Prompt) -> list[Article]:
        """The articles behind a prompt; of its own text too, where the export is not that of the prompts."""
        linked = [article for link in prompt.sources for article in self.by_link.get(link, [])]
        return self.by_prompt.get(prompt.id) or self.by_prompt.get(_same(prompt.request)) or linked


def read_articles(path: Path) -> Articles:
    """The articles of an export's folder, or of a file of its rows or of articles.

    Raises:
        TrainError: it cannot be read, or holds no article; says what was looked for.
    """
    articles = Articles()
    for file in _files(path):
        for row in rows_in(file):
            _add_row(articles, row)
    if not articles.all:
        raise TrainError(
            f"{path} holds no articles: --human takes the folder of a `synth export` of summaries, or a file of "
            "articles with `content`"
        )
    return articles


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for files in find_files(path).values() for file in files]
    return find_files(path)["train"]


def _add_row(articles: Articles, row: Mapping[str, Any]) -> None:
    """An article, a row with its sources' texts, or a request that holds them; anything else has no article."""
    if isinstance(row.get("content"), str) and (row.get("title") or row.get("link")):
        articles.add([_article(row)])
        return
    sources = [source for source in row.get("sources") or [] if isinstance(source, Mapping)]
    names = [text_of(row.get("key")) or text_of(row.get("id"))]
    try:
        chat = conversation_of(checked(row))
    except RowError:
        printed = []
    else:
        request = next(turn["content"] for turn in reversed(chat.messages) if turn["role"] == "user")
        names += [chat.id, _same(request)]
        printed = list(articles_in(request))
    language = text_of(row.get("language"))
    full = [_article({"language": language, **source}) for source in sources if text_of(source.get("content")).strip()]
    articles.add(full or [_sourced(article, sources, language) for article in printed], *names)


def articles_in(request: str) -> Iterator[Article]:
    """The articles that a request of synth holds, without their links."""
    request = _MARKS.sub("", request)
    matches = list(_ARTICLE.finditer(request))
    # The label of the first headline is that of all: a list inside an article has others.
    matches = [match for match in matches if match["label"] == matches[0]["label"]]
    starts = [*(match.start() for match in matches), len(request)]
    for number, match in enumerate(matches, 1):
        newspaper, _, day = (match["source"] or "").partition(",")
        text = request[match.end() : starts[number]].strip()
        if text:
            yield Article(text, match["title"].strip(), _newspaper(newspaper, ""), _month(day, ""))


def request_shown(request: str, texts: Sequence[str]) -> str:
    """A request as a rater may see it beside one of its articles: of articles their headlines alone.

    What stands in one of the texts word for word would tell it from the others: such a headline, or such a request,
    is not shown.
    """
    titles = list(dict.fromkeys(article.title for article in articles_in(request) if article.title))
    return "\n".join(part for part in titles or [request] if not any(gives_away(part, text) for text in texts))


def gives_away(request: str, text: str, run: int = 16) -> bool:
    """Whether the request holds `run` words of the text in a row: the rater would know it by them."""
    request_words, text_words = _words(request), _words(text)
    runs = {tuple(request_words[at : at + run]) for at in range(len(request_words) - run + 1)}
    return any(tuple(text_words[at : at + run]) in runs for at in range(len(text_words) - run + 1))


def draw_articles(articles: Articles, prompts: Sequence[Prompt], seed: int) -> dict[str, tuple[str, Article]]:
    """Prompt's id -> (one of MATCHES, its article).

    A prompt whose own articles are not there gets one of the same newspaper and month, else of the newspaper, else of
    its language; no article is taken twice, and a prompt for which none is left is missing.
    """
    generator = random.Random(f"{seed} articles")
    selection: dict[str, tuple[str, Article]] = {}
    used: set[str] = set()
    for prompt in prompts:
        fresh = [article for article in _long_enough(articles.of(prompt)) if article.text not in used]
        if fresh:
            selection[prompt.id] = MATCHES[0], generator.choice(fresh)
            used.add(selection[prompt.id][1].text)
    spare = _Spare([article for article in _long_enough(articles.all) if article.text not in used], generator)
    for prompt in prompts:
        if prompt.id not in selection and (match := spare.take(articles.of(prompt), prompt)):
            selection[prompt.id] = match
    return selection


class _Spare:
    """Articles to draw from, by how near they are to what is wanted."""

    def __init__(self, articles: Sequence[Article], generator: random.Random) -> None:
        unique = list({article.text: article for article in articles}.values())
        generator.shuffle(unique)
        self.free = dict.fromkeys(unique)

    def take(self, own: Sequence[Article], prompt: Prompt) -> tuple[str, Article] | None:
        """(one of MATCHES, an article that is from now on taken); None where none of the language is left."""
        places = {(each.newspaper, each.month) for each in own} | {
            (_newspaper("", link), _month("", link)) for link in prompt.sources
        }
        tests = (
            lambda article: article.month and (article.newspaper, article.month) in places,
            lambda article: article.newspaper and article.newspaper in {newspaper for newspaper, _ in places},
            lambda article: not (article.language and prompt.language) or article.language == prompt.language,
        )
        for name, test in zip(MATCHES[1:], tests, strict=True):
            if article := next(filter(test, self.free), None):
                del self.free[article]
                return name, article
        return None


def _long_enough(articles: Sequence[Article]) -> list[Article]:
    return [article for article in articles if len(article.text.split()) >= SHORTEST]


def _article(row: Mapping[str, Any]) -> Article:
    link = text_of(row.get("link")) or text_of(row.get("url"))
    return Article(
        text_of(row.get("content")), text_of(row.get("title")), _newspaper(text_of(row.get("source_site")), link),
        _month(text_of(row.get("date")), link), text_of(row.get("language")), link,
    )  # fmt: skip


def _sourced(article: Article, sources: Sequence[Mapping[str, Any]], language: str) -> Article:
    """The article with what the column `sources` says of the one of its headline."""
    for source in sources:
        if text_of(source.get("title")).strip() == article.title:
            column = _article({**source, "language": language})
            newspaper, month = column.newspaper or article.newspaper, column.month or article.month
            return Article(article.text, article.title, newspaper, month, language, column.link)
    return Article(article.text, article.title, article.newspaper, article.month, language)


def _newspaper(name: str, link: str) -> str:
    """`ansa` of "Ansa" as of www.ansa.it; of an archived page the newspaper's."""
    if not name and link:
        link = re.sub(r"^https?://web\.archive\.org/web/[^/]*/", "", link)
        name = (urlsplit(link).hostname or "").removeprefix("www.").partition(".")[0]
    return re.sub(r"\W", "", name.lower())


def _month(date: str, link: str) -> str:
    """`2024-01` of a date in digits or words, or of the date in a link."""
    for text, patterns in ((date, _DATES), (link, _DATES[:1])):
        for pattern in patterns:
            if (match := pattern.search(text.lower())) and (number := _number(match["month"])):
                return f"{match['year']}-{number:02d}"
    return ""


_DATES = (
    re.compile(r"(?P<year>(?:19|20)\d\d)[-/]?(?P<month>[01]\d)(?:[-/]?[0-3]\d|\b)"),
    re.compile(r"\b[0-3]?\d[/.-](?P<month>[01]?\d)[/.-](?P<year>(?:19|20)\d\d)"),
    re.compile(r"(?P<month>[^\W\d_]{3,10})\.?,? (?:\d{1,2}, )?(?P<year>(?:19|20)\d\d)"),
)


def _number(month: str) -> int:
    number = int(month) if month.isdecimal() else months().get(month, 0)
    return number if 1 <= number <= 12 else 0


def _same(request: str) -> str:
    """The request by its words: white space and marks of quotation apart."""
    return " ".join(_MARKS.sub("", request).split())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
