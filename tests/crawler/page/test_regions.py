"""Title, lead, byline, location and body of a page are disjoint, wherever its template sets them.

Covers crawler.page.kinds.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from crawler.items import Article
from crawler.page import extract
from crawler.page.article_page import TEMPLATES, ArticlePage
from crawler.page.regions import Regions, outermost
from tests.crawler.page.snippets import DATED, LD, SENTENCE, URLS, P

#: newspaper -> the element of the text, and those of the other fields as the newest template has them
MARKUP: dict[str, tuple[str, dict[str, str]]] = {
    "vnexpress": ('<article class="fck_detail ">{}</article>', {
        "title": '<h1 class="title-detail mt20">{}</h1>',
        "lead": '<p class="description"><span class="location-stamp">{location}</span>{}</p>',
        "byline": '<p class="Normal" style="text-align:right;"><strong>{}</strong></p>',
    }),
    "ansa": ('<div class="news-txt" itemprop="articleBody">{}</div>', {
        "title": '<h1 class="post-single-title">{}</h1>',
        "lead": '<div class="post-single-summary">{}</div>',
        "byline": '<div class="post-single-meta"><p class="author">{}</p>'
                  '<p class="details"><strong>{location}</strong>, 07 luglio 2026, 20:26</p></div>',
    }),
    "ilpost": ('<div id="singleBody">{}</div>', {
        "title": "<h1>{}</h1>",
        "lead": "<h2>{}</h2>",
        "byline": '<h2 class="index_author__x">di <!-- -->{}</h2>',
    }),
    "open": ('<div class="container-main-content">{}</div>', {
        "title": '<header class="entry-header"><h1>{}</h1></header>',
        "lead": '<div class="post-excerpt">{}</div>',
        "byline": '<div class="container-meta-info"><p>di <a href="/author/x/">{}</a></p>30 Giugno 2026 - 21:16</div>',
    }),
}  # fmt: skip
WORDS = {"title": "Titolando", "lead": "Sommariando", "byline": "Firmando Nominando", "location": "Localando"}


def page_of(newspaper: str, order: list[str], inside: list[bool]) -> str:
    """A page on which each field stands in the body or before it, in some order."""
    body, fields = MARKUP[newspaper]
    parts = {name: fields[name].format(WORDS[name], location=WORDS["location"]) for name in fields}
    parts["text"] = P
    within = "".join(parts[name] for name, place in zip(order, inside, strict=True) if place or name == "text")
    before = "".join(parts[name] for name, place in zip(order, inside, strict=True) if not place and name != "text")
    meta = '<meta name="pubdate" content="2026-07-07T20:00:00+07:00">' if newspaper == "vnexpress" else ""
    return f"{DATED}{meta}<article>{before}{body.format(within)}</article>"


def fields_of(article: Article) -> dict[str, str]:
    return {
        "title": article.title, "lead": article.description, "byline": " ".join(article.authors),
        "location": article.location, "body": article.content,
    }  # fmt: skip


@pytest.mark.parametrize("newspaper", MARKUP)
@given(
    order=st.permutations(["title", "lead", "byline", "text"]), inside=st.lists(st.booleans(), min_size=4, max_size=4)
)
def test_no_word_of_a_page_is_in_two_fields(newspaper: str, order: list[str], inside: list[bool]) -> None:
    # VnExpress's is the last line of the text, wherever else names stand.
    inside = [
        place or (newspaper == "vnexpress" and name == "byline") for name, place in zip(order, inside, strict=True)
    ]
    article = extract(page_of(newspaper, order, inside), URLS[newspaper], newspaper)
    fields = fields_of(article)
    words = Counter(word for text in fields.values() for word in set(text.split()))
    assert not {word for word, count in words.items() if count > 1}
    # A heading in the text before any title is Il Post's sub-heading; all other places are the fields' own.
    if newspaper != "ilpost":
        expected = {name: word for name, word in WORDS.items() if name != "location" or newspaper != "open"}
        assert fields == {"location": "", **expected, "body": SENTENCE}
    assert SENTENCE in article.content
    assert article.title == WORDS["title"]


class Gazette(ArticlePage):
    """A page class that says nothing of what lies where."""

    newspaper = "open"
    TITLE, LEAD, LOCATION, BYLINE, DATE = ".t", ".l", ".place", ".by", "time"
    BODY = ".part"


# It reads no page of Open's.
TEMPLATES["open"].remove(Gazette)


def gazette(page: str) -> Gazette:
    tree = html.document_fromstring(page)
    return Gazette(tree, URLS["open"])


def test_fields_may_lie_in_one_another() -> None:
    page = gazette(
        "<div class=l>Sommario <b class=place>Roma</b> <i class=by>Anna Neri</i> <u class=t>Titolo</u></div>"
    )
    assert (page.description(), page.location(), page.authors(), page.title()) == (
        "Sommario", "Roma", ["Anna Neri"], "Titolo",
    )  # fmt: skip


def test_an_element_that_two_selectors_name_is_the_first_one_s() -> None:
    page = gazette(f"<div class=part><p class='t l'>Titolo</p><p class=l>Sommario</p>{P}</div>")
    assert (page.title(), page.description(), page.text) == ("Titolo", "Sommario", [SENTENCE])


def test_a_lead_around_the_body_is_the_lead_alone() -> None:
    page = gazette(f"<div class=l>Sommario<div class=part>{P}</div></div>")
    assert (page.description(), page.text) == ("Sommario", [SENTENCE])


def test_what_the_body_repeats_at_its_head_is_no_text() -> None:
    repeated = "<p>Titolo</p><p>Roma Sommario</p>"
    page = gazette(
        f"<h1 class=t>Titolo</h1><p class=l><b class=place>Roma</b>Sommario</p><div class=part>{repeated}{P}</div>"
    )
    assert page.text == [SENTENCE]
    later = gazette(f"<h1 class=t>Titolo</h1><div class=part>{P}<p>Titolo</p></div>")
    assert later.text == [SENTENCE, "Titolo"]


def test_a_lead_of_the_metas_that_begins_the_text_is_none() -> None:
    meta = '<meta name="description" content="{}">'
    body = f"<div class=part>{P}</div>"
    assert gazette(meta.format(SENTENCE[:30] + "…") + body).description() == ""
    assert gazette(meta.format("Un sommario.") + body).description() == "Un sommario."


def test_a_line_of_names_goes_as_a_whole_and_a_name_in_a_sentence_stays() -> None:
    line = "<p>testo di <a class=by>Anna Neri</a> e <a class=by>Ugo Verdi</a></p>"
    page = gazette(f"<div class=part>{line}{P}</div>")
    assert (page.authors(), page.text) == (["Anna Neri", "Ugo Verdi"], [SENTENCE])
    sentence = "<p>Lo ha scritto <a class=by>Anna Neri</a> nel suo ultimo libro, uscito ieri.</p>"
    page = gazette(f"<div class=part>{P}{sentence}</div>")
    assert page.authors() == []
    assert page.text == [SENTENCE, "Lo ha scritto Anna Neri nel suo ultimo libro, uscito ieri."]


def test_a_date_in_a_line_of_its_own_is_no_text() -> None:
    page = gazette(f"<div class=part><p>Pubblicato il <time>7 luglio 2026</time></p>{P}</div>")
    assert page.text == [SENTENCE]
    page = gazette(f"<div class=part>{P}<p>Riapre <time>il 7 luglio</time>, dopo quattordici mesi di lavori.</p></div>")
    assert page.text[1] == "Riapre il 7 luglio, dopo quattordici mesi di lavori."


def test_a_second_date_belongs_to_the_text() -> None:
    dates = "<p>Pubblicato il <time>7 luglio 2026</time></p>{}<p>Riapre il <time>9 luglio</time></p>"
    assert gazette(f"<div class=part>{dates.format(P)}</div>").text == [SENTENCE, "Riapre il 9 luglio"]


def test_a_name_in_the_bare_text_of_a_body_or_outside_of_it_takes_nothing_along() -> None:
    page = gazette(f"<div class=part><a class=by>Anna Neri</a><br><br>{SENTENCE}</div>")
    assert (page.authors(), page.text) == (["Anna Neri"], [SENTENCE])
    page = gazette(f"<div>di <a class=by>Anna Neri</a><div class=part>{P}</div></div>")
    assert (page.authors(), page.text) == (["Anna Neri"], [SENTENCE])


def test_a_body_may_be_several_elements() -> None:
    page = gazette(f"<article><div class=part>{P}</div><aside>Altro</aside><div class=part><div class=part><p>Due.</p>"
                   "</div></div></article><article><div class=part><p>Altro articolo.</p></div></article>")  # fmt: skip
    assert page.text == [SENTENCE, "Due."]
    page = gazette(f"<h1 class=t>T</h1><div class=part>{P}</div><h1 class=t>Altro</h1><div class=part><p>No.</p></div>")
    assert page.text == [SENTENCE]


def test_outermost_elements() -> None:
    tree = html.fragment_fromstring("<div><p><b><i></i></b></p><b></b></div>")
    paragraph, bold, italic, other = (node for node in tree.iter() if node is not tree)
    assert outermost([paragraph, bold, italic, other]) == [paragraph, other]
    assert outermost([italic]) == [italic]


def test_an_element_has_one_owner() -> None:
    tree = html.fragment_fromstring("<div><p>Uno</p><p> </p><p>Due</p></div>")
    one, empty, two = tree
    regions = Regions([tree])
    assert regions.own("title", [empty, one, two]) == [one]
    assert regions.own("lead", [one, two]) == [two]
    assert (regions.text("title"), regions.text("lead"), regions.text("byline")) == ("Uno", "Due", "")
    assert regions.others("body") == {one, two}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("VideoObject", "video_without_text"), ("PodcastEpisode", "podcast"), ("WebPage", "empty_body")],
)
def test_a_script_s_player_is_known_by_json_ld(kind: str, reason: str) -> None:
    page = gazette(LD % f'{{"@type":"{kind}"}}' + DATED + "<h1 class=t>T</h1>")
    assert page.page_kind(0) == reason
