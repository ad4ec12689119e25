"""The edges of what a page offers: dates, lengths, several bodies, whose address it is. Covers page/article_page.py."""

from __future__ import annotations

import json

import pytest
from lxml import html

from crawler.items import content_hash
from crawler.page import ArticlePage, NotAnArticle, versions_of
from crawler.page.article_page import MIN_CHARACTERS, paragraph_hash
from tests.crawler.page.snippets import BODIES, DATED, LD, SENTENCE, URLS, P


def page_of(body: str, newspaper: str = "open", head: str = "") -> ArticlePage:
    """The page as its newest template reads it."""
    return versions_of(newspaper)[0](html.document_fromstring(f"<html>{head}{body}"), URLS[newspaper])


def declared(**fields: object) -> str:
    return LD % json.dumps({"@type": "NewsArticle", **fields})


def test_the_hash_is_that_of_the_store() -> None:
    article = page_of(BODIES["open"].format(P)).article()
    assert article.content_hash == paragraph_hash("T", SENTENCE) == content_hash("T", SENTENCE)


@pytest.mark.parametrize(("year", "is_read"), [(1989, False), (1990, True)])
def test_a_date_before_there_were_pages_was_never_set(year: int, is_read: bool) -> None:
    page = page_of("", head=f'<meta property="article:modified_time" content="{year}-07-01T10:00:00Z">')
    assert (page.modified() is not None) is is_read


def test_instants_are_of_whole_seconds_and_the_next_candidate_is_tried() -> None:
    page = page_of("")
    moment = page.instant("", None, "boh", "2026-06-30T12:52:44.397467", "2026-07-01", zone="UTC")
    assert moment is not None
    assert moment.isoformat() == "2026-06-30T12:52:44+00:00"


@pytest.mark.parametrize(
    ("second", "texts"),
    [
        ("<div class=container-main-content><p>Due.</p></div></article>", [SENTENCE, "Due."]),
        ("</article><article><div class=container-main-content><p>Due.</p></div></article>", [SENTENCE]),
        ("<h1>Altro</h1><div class=container-main-content><p>Due.</p></div></article>", [SENTENCE]),
    ],
    ids=["same_article", "next_article", "next_title"],
)
def test_the_elements_of_a_text_are_those_of_one_article(second: str, texts: list[str]) -> None:
    first = f"<article><h1>T</h1><div class=container-main-content>{P}</div>"
    page = page_of(first + second)
    assert page.text == texts
    assert page.body() is page.bodies()[0]


def test_a_page_without_a_body_has_no_text() -> None:
    page = page_of("<h1>T</h1>")
    assert (page.body(), page.bodies(), page.text) == (None, [], [])


def test_just_long_enough_is_an_article_and_a_letter_less_is_none() -> None:
    body = BODIES["open"]
    assert page_of(body.format(f"<p>{'a' * MIN_CHARACTERS}</p>")).content() == ["a" * MIN_CHARACTERS]
    with pytest.raises(NotAnArticle) as refused:
        page_of(body.format(f"<p>{'a' * (MIN_CHARACTERS - 1)}</p>")).content()
    assert (refused.value.reason, MIN_CHARACTERS) == ("too_short", 60)


def test_a_body_that_a_script_fills_is_read_from_the_metas() -> None:
    page = page_of(BODIES["open"].format("<p>Carica…</p>"), head=declared(articleBody=f"{SENTENCE}\r\nFine."))
    assert page.content() == [SENTENCE, "Fine."]
    # What stands there is not replaced.
    page = page_of(BODIES["open"].format(P), head=declared(articleBody=f"{SENTENCE}\nFine."))
    assert page.content() == [SENTENCE]


@pytest.mark.parametrize(("length", "is_read"), [(99, False), (100, True)])
def test_a_guess_has_to_be_longer_than_a_lead(monkeypatch: pytest.MonkeyPatch, length: int, is_read: bool) -> None:
    parts = ["a" * length, "b" * 100]
    monkeypatch.setattr("crawler.page.article_page.guess", lambda _: ["T", *parts])
    assert page_of("<h1>T</h1>", head=DATED).elsewhere() == (parts if is_read else [])
    # Listings and errors are not dated: nothing is guessed there.
    assert page_of("<h1>T</h1>").elsewhere() == []


def test_bare_text_is_the_body_where_boxes_hold_less_than_half() -> None:
    bare = "b" * 80
    half = page_of(BODIES["open"].format(f"<p>{'a' * 80}</p><div>{bare}</div>"))
    assert half.text == ["a" * 80]
    less = page_of(BODIES["open"].format(f"<p>{'a' * 79}</p><div>{bare}</div>"))
    assert less.text == ["a" * 79, bare]


def test_an_address_of_ones_own_comes_from_the_first_that_is_one() -> None:
    own = "https://www.open.online/2026/06/30/vero/"
    heads = (
        '<link rel="stylesheet" href="/a.css"><link rel="canonical" href="http://[">'
        f'<meta property="og:url" content=" {own} ">'
    )
    page = page_of("", head=heads)
    assert (page.own_address, page.link()) == (own, own)
    assert page_of("").own_address == ""
    assert page_of("").link() == URLS["open"]


def test_the_first_meta_that_says_something_counts() -> None:
    head = '<meta name="Robots" content=" "><meta name=robots content="index"><meta property=robots content="noai">'
    page = page_of("", head=head)
    assert page.meta("ROBOTS") == "index"
    assert page.meta("none") == ""
    assert page.opt_outs() == []
    page = page_of("", head='<meta name="ai-robots" content="NOAI"><meta name="tdm-reservation" content="0">')
    assert page.opt_outs() == ["meta ai-robots: noai"]


def test_structured_data_is_of_the_article_and_says_something() -> None:
    head = LD % json.dumps([{"@type": "WebPage", "headline": "Home"}, {"@type": "Article", "headline": ""}])
    page = page_of("", head=head + declared(headline="Citt&agrave;", dateModified=None))
    assert page.structured_text("headline") == "Città"
    assert page.structured("dateModified") is None
    assert page.structured_text("dateModified") == ""


@pytest.mark.parametrize(("free", "access"), [(False, "teaser"), ("False", "teaser"), (True, "free"), (None, "free")])
def test_access_is_free_unless_the_page_says_otherwise(free: object, access: str) -> None:
    assert page_of("", head=declared(isAccessibleForFree=free)).access() == access


def test_section_of_the_data_where_none_is_shown() -> None:
    meta = '<meta property="article:section" content="Mondo">'
    assert page_of("", head=meta + declared(articleSection=["Cronaca", "Sport"])).section() == "Cronaca"
    assert page_of("", head=meta + declared(articleSection=[])).section() == "Mondo"
    assert page_of("", head='<meta name="articleSection" content="Mondo">').section() == "Mondo"
    assert page_of("").section() == ""


def test_tags_are_kept_once_without_marks_and_service() -> None:
    assert page_of("", "vnexpress").without_service(["#Huế", "Huế ", "", "Tin nóng", "Lũ"]) == ["Huế", "Lũ"]


def test_what_a_page_without_text_is() -> None:
    assert page_of("<div class=prompt-to-accept>Accetta</div>").page_kind(0) == "consent_wall_only"
    assert page_of("<p>x").page_kind(0) == "empty_body"
    assert page_of("<p>x").page_kind(1) == "too_short"
    # A film beside the article is none of its own.
    assert page_of("<main><h1>T</h1></main><aside><video></video></aside>").page_kind(0) == "empty_body"
    assert page_of("<main><video></video></main>").page_kind(0) == "video_without_text"


def test_a_page_in_another_language_is_none() -> None:
    body = BODIES["open"].format(P)
    for language, reason in (("en", "wrong_language"), ("IT-it", ""), ("", "")):
        page = page_of(body, head=DATED)
        page.tree.set("lang", language)
        if reason:
            with pytest.raises(NotAnArticle, match="the page says en") as refused:
                page.article()
            assert refused.value.reason == reason
        else:
            assert page.article().title == "T"


def test_a_page_without_any_date_is_none() -> None:
    tree = html.document_fromstring(f"<html>{BODIES['ilpost'].format(P)}")
    page = versions_of("ilpost")[0](tree, "https://www.ilpost.it/caso/")
    with pytest.raises(NotAnArticle) as refused:
        page.article()
    assert refused.value.reason == "no_date"


def test_a_title_that_is_a_mark_alone_stays() -> None:
    page = page_of("")
    page.TITLE_SUFFIX, page.TITLE_MARK = r" [-|] Open$", r"^>+ANSA/ ?"
    assert page.without_marks(">>ANSA/ Il caso - Open") == "Il caso"
    assert page.without_marks(">>ANSA/") == ">>ANSA/"
