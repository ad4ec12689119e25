"""Reading a page: addresses, fallbacks, hostile input. Covers page/article_page.py."""

from __future__ import annotations

import gzip
import json
import random
import time

import pytest

from crawler.items import Article, NewsmillError
from crawler.page import ArticlePage, NotAnArticle, extract, versions_of
from tests.crawler.page.snippets import BODIES, DATED, LD, SENTENCE, URLS, UUID, P


def read(body: str, newspaper: str = "ilpost", head: str = "") -> Article:
    return extract(head + BODIES[newspaper].format(body), URLS[newspaper], newspaper)


def reason_of(page: bytes | str, newspaper: str = "ilpost", url: str = "") -> str:
    with pytest.raises(NotAnArticle) as refused:
        extract(page, url or URLS[newspaper], newspaper)
    return refused.value.reason


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("newspaper", "url", "reason"),
    [
        ("ansa", f"https://www.ansa.it/sito/photogallery/calcio/2024/01/14/a_{UUID}.html", "gallery"),
        ("ansa", f"https://www.ansa.it/sito/videogallery/italia/2024/01/14/a_{UUID}.html", "video_without_text"),
        ("ansa", f"https://www.ansa.it/sito/podcast/voice/2023/12/27/a_{UUID}.html", "podcast"),
        ("ansa", f"https://www.ansa.it/english/news/2024/01/08/a_{UUID}.html", "other_edition"),
        ("ansa", f"https://www.ansa.it/ansacom/notizie/2024/01/08/a_{UUID}.html", "sponsored"),
        ("ansa", "https://teleborsa.ansa.it/x.html", "sponsored"),
        ("ansa", "https://www.ansa.it/sito/notizie/cronaca/index.shtml", "listing_page"),
        ("ansa", "https://www.ansa.it/", "listing_page"),
        ("ilpost", "https://www.ilpost.it/live/elezioni/", "live_blog"),
        ("ilpost", "https://www.ilpost.it/2024/01/08/", "listing_page"),
        ("ilpost", "https://abbonati.ilpost.it/2024/01/08/a/", "not_an_article_url"),
        ("open", "https://www.open.online/c/sport/page/2/", "listing_page"),
        ("open", "https://www.open.online/crossroads/", "not_an_article_url"),
        ("vnexpress", "https://e.vnexpress.net/news/a-4936253.html", "other_edition"),
        ("vnexpress", "https://video.vnexpress.net/a-4936253.html", "video_without_text"),
        ("vnexpress", "https://vnexpress.net/anh/a-4936253.html", "gallery"),
        ("vnexpress", "https://vnexpress.net/kinh-doanh/quoc-te-p2", "listing_page"),
        ("vnexpress", "https://vnexpress.net/interactive/2026/bau-cu/index.html", "not_an_article_url"),
        ("ilpost", "https://www.ilpost.it/italia/page/2/", "listing_page"),
        ("ilpost", "https://www.ilpost.it/flashes/una-notizia/", "not_an_article_url"),
        ("vnexpress", URLS["open"], "not_an_article_url"),
        ("open", "ftp://www.open.online/2026/06/30/a/", "not_an_article_url"),
        ("open", "nonsense", "not_an_article_url"),
        ("open", "http://[", "not_an_article_url"),
    ],
)
def test_an_address_may_say_that_there_is_no_article(newspaper: str, url: str, reason: str) -> None:
    assert reason_of(BODIES[newspaper].format(P), newspaper, url) == reason


@pytest.mark.parametrize(
    ("newspaper", "url", "link"),
    [
        ("vnexpress", "http://VnExpress.net/a-4936253.html?a=1#b", "https://vnexpress.net/a-4936253.html"),
        ("vnexpress", "https://vnexpress.net/tin-tuc/thoi-su/a-3397777.html", None),
        ("vnexpress", "https://vnexpress.net/gl/xa-hoi/2008/01/3b9fe6ff/", None),
        ("ansa", URLS["ansa"].replace(".it/", ".it/amp/"), URLS["ansa"]),
        ("ansa", "https://web.archive.org/web/20260708120000/" + URLS["ansa"], URLS["ansa"]),
        ("ansa", "https://www.ansa.it/lombardia/notizie/2024/01/08/a_1.html", None),
        ("ilpost", "https://www.ilpost.it/anna-verdi/2014/01/08/a", "https://www.ilpost.it/anna-verdi/2014/01/08/a"),
        ("open", "http://open.online/2026/06/30/a?x=1", "https://www.open.online/2026/06/30/a/"),
    ],
)
def test_the_address_becomes_the_link(newspaper: str, url: str, link: str | None) -> None:
    assert extract(BODIES[newspaper].format(P) + '<link rel="canonical">', url, newspaper).link == (link or url)


def test_a_page_may_name_its_own_address() -> None:
    own = "https://www.ilpost.it/2026/06/30/vero/"
    assert read(P, head='<link rel="canonical" href="/2026/06/30/vero?x=1">').link == own
    assert read(P, head=f'<meta property="og:url" content="{own}">').link == own
    for other in ("https://example.org/2026/06/30/x/", "javascript:void(0)", "http://["):
        assert (
            read(
                P,
                head=f'{DATED}<link rel="canonical" href="{other}">',
            ).link
            == URLS["ilpost"]
        )


def test_a_page_that_calls_itself_something_else_is_that() -> None:
    canonical = '<link rel="canonical" href="https://www.ilpost.it{}"><article><h1>T</h1>' + P
    assert reason_of(canonical.format("/")) == "soft_404"
    assert reason_of(canonical.format("/live/x/")) == "live_blog"
    assert reason_of(canonical.format("/tag/x/") + '<div id="singleBody">' + P * 3) == "listing_page"
    dated = '<meta property="article:published_time" content="2026-06-30">'
    assert (
        reason_of(BODIES["ansa"].format(P) + f'{dated}<link rel="canonical" href="{URLS["ansa"]}">')
        == "not_an_article_url"
    )


# --- what is missing is found elsewhere -------------------------------------------------------------------------------


def test_a_template_nobody_has_seen_is_read_by_its_metas() -> None:
    told = {"@type": "NewsArticle", "headline": "Il &#8220;titolo&#8221;", "datePublished": "2026-06-30T08:00:00Z"}
    body = "Un primo capoverso che basta a farne un articolo, si spera.\n\nUn secondo&nbsp;capoverso."
    found = extract(
        '<script type="application/ld+json; charset=utf-8">//<![CDATA[\n'
        + json.dumps({"@graph": [{"@type": "WebPage"}, told | {"articleBody": body, "articleSection": ["Cultura"]}]})
        + "\n//]]></script>",
        URLS["ilpost"],
        "ilpost",
    )
    assert (found.title, found.section) == ("Il “titolo”", "Cultura")
    assert found.content.split("\n\n") == [
        "Un primo capoverso che basta a farne un articolo, si spera.",
        "Un secondo capoverso.",
    ]
    assert found.date is not None
    assert found.date.isoformat() == "2026-06-30T08:00:00+00:00"


def test_a_template_without_json_ld_is_guessed() -> None:
    head = f"<title>La biblioteca - Open</title>{DATED}"
    menu = "<nav><a href=/>Home page di tutte le notizie del giorno e della notte</a></nav>"
    text = [f"Capoverso numero {number} della biblioteca, che riapre dopo anni di lavori." for number in range(6)]
    whole = "".join(f"<p>{part}</p>" for part in text)
    page = f"<html><head>{head}</head><body>{menu}<div><h1>La biblioteca</h1>{whole}</div>"
    found = extract(page, URLS["open"], "open")
    assert found.title == "La biblioteca"
    assert found.content == "\n\n".join(text)


@pytest.mark.parametrize(
    ("newspaper", "title"),
    [
        ("open", "Riapre la biblioteca - Open"),
        ("ilpost", "Riapre la biblioteca - Il Post"),
        ("ansa", "Riapre la biblioteca - Notizie - Ansa.it"),
        ("ansa", "Riapre la biblioteca - Calcio - ANSA"),
        ("vnexpress", "Riapre la biblioteca - Báo VnExpress Thể thao"),
        ("vnexpress", "Riapre la biblioteca - VnExpress"),
    ],
)
@pytest.mark.parametrize(
    "head",
    ["<title>{}</title>", '<meta property="og:title" content="{}">', LD % '{{"@type":"Article","headline":"{}"}}'],
)
def test_the_site_s_name_is_no_part_of_a_title_without_a_heading(newspaper: str, title: str, head: str) -> None:
    page = BODIES[newspaper].replace("<h1>T</h1>", "").replace("<h1 class=title-detail>T</h1>", "")
    page = page.replace("<h1 class=post-single-title>T</h1>", "").format(P)
    assert extract(head.format(title) + page, URLS[newspaper], newspaper).title == "Riapre la biblioteca"


def test_the_date_falls_back_to_what_is_printed_and_to_the_link() -> None:
    printed = '<li class="_breadcrumbs__time_1">Lunedì 29 giugno 2026</li>'
    never = '<meta property="article:published_time" content="1970-01-01T00:00:00Z">'
    for head, expected in ((printed, "2026-06-29T00:00:00+02:00"), (never, "2026-06-30T00:00:00+02:00")):
        date = read(P, head=head).date
        assert date is not None
        assert date.isoformat() == expected
    assert reason_of(BODIES["vnexpress"].format(P).replace("2026-07-01", "boh"), "vnexpress") == "no_date"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ('<html lang="en">' + BODIES["ilpost"].format(P), "wrong_language"),
        ('<h1>404</h1><p>Pagina non trovata, torna alla home page oppure cerca qualcosa.</p>', "soft_404"),
        (BODIES["ilpost"].format("<p>Breve.</p>"), "too_short"),
        (BODIES["ilpost"].format(""), "empty_body"),
        (BODIES["ilpost"].format("<figure><img></figure>" * 3), "gallery"),
        (BODIES["ilpost"].format("<video></video>"), "video_without_text"),
        (BODIES["ilpost"].format("<audio></audio>"), "podcast"),
        (LD % '{"@type":"Article","isAccessibleForFree":false}' + BODIES["ilpost"].format(""), "teaser"),
        (LD % '{"@type":["LiveBlogPosting"]}' + BODIES["ilpost"].format(P), "live_blog"),
        (BODIES["ilpost"].format(P).replace("<h1>T</h1>", ""), "no_title"),
    ],
)  # fmt: skip
def test_what_is_no_article_has_a_name(page: str, reason: str) -> None:
    assert reason_of(page) == reason


def test_opt_outs_of_mining_are_kept_as_evidence() -> None:
    found = read(P, head='<meta name="tdm-reservation" content="1"><meta name="robots" content="index, NoAI">')
    assert found.permission["opt_out"] is True
    assert found.permission["evidence"] == ["meta tdm-reservation: 1", "meta robots: noai"]
    assert read(P).permission["opt_out"] is None


@pytest.mark.parametrize(
    ("body", "paragraphs"),
    [
        ("<p>Uno<br>e due.</p><p>Tre.<br><br>Quattro.</p>", ["Uno e due.", "Tre.", "Quattro."]),
        ("<p>a&nbsp;b\u2009c\u200bd e\u0301 &#146; &amp;</p>", ["a b cd é ’ &"]),
        ("<ul><li>Uno</li><li><b>D</b>ue</li></ul>", ["Uno", "Due"]),
        ("<p>Vedi <a href=x>qui</a>.</p>", ["Vedi qui."]),
        ("<p><a href=x>Un titolo</a></p><p><a href=x>È tutto un link.</a></p>", ["È tutto un link."]),
        ("<h3>Leggi anche</h3><ul><li><a href=x>Altro</a></li></ul>", []),
        ("<p>– <b>Leggi anche:</b> <a href=x>Altro</a></p>", []),
        ("<blockquote class=twitter-tweet><p>Cip</p></blockquote><blockquote><p>«Oh»</p></blockquote>", ["«Oh»"]),
        ("<p>Testo <script>x()</script><style>p{}</style>intero</p><noscript>no</noscript>", ["Testo intero"]),
        ("<p>Prima <ins>aggiunta</ins></p><ins class=adsbygoogle>Compra</ins>", ["Prima aggiunta"]),
        ("<div><div><p>In un riquadro.</p></div></div>", []),
    ],
)  # fmt: skip
def test_paragraphs_are_what_a_reader_reads(body: str, paragraphs: list[str]) -> None:
    assert read(P + body).content.split("\n\n") == [SENTENCE, *paragraphs]


@pytest.mark.parametrize("newspaper", ["ansa", "ilpost", "open"])
@pytest.mark.parametrize(
    "line",
    [
        "Riproduzione riservata © Copyright ANSA",
        "© RIPRODUZIONE RISERVATA",
        "RIPRODUZIONE RISERVATA © Copyright 2026 ANSA.",
        "(Riproduzione riservata)",
        "© Copyright ANSA - Tutti i diritti riservati",
    ],
)
@pytest.mark.parametrize("element", ["<p>{}</p>", "<p class=x><b>{}</b></p>", "<h4>{}</h4>", "<ul><li>{}</li></ul>"])
def test_the_owner_of_the_rights_is_no_text(newspaper: str, line: str, element: str) -> None:
    last = element.format(line)
    assert read(P + last, newspaper).content == SENTENCE
    assert read(P + last + last, newspaper).content == SENTENCE
    # Only at the end, and only alone.
    assert line in read(P + last + P, newspaper).content
    assert read(P + element.format(f"{line}: lo dice la legge"), newspaper).content != SENTENCE


def test_what_a_pointer_announces_is_links_only() -> None:
    titles = "<a href=1>Chi ha vinto.</a><a href=2>«Era ora»</a><br><br><a href=3>Perché?</a>"
    for pointer in ("<p>Leggi anche:</p>", "<p><b>– Leggi anche</b></p>", "<h3>LEGGI ANCHE</h3>"):
        assert read(P + pointer + f"<p>{titles}</p>", "open").content == SENTENCE
        assert read(P + pointer + f"<ul><li>{titles}</li></ul><p>Fine.</p>", "open").content.endswith("\n\nFine.")
        # Not by guess: words outside the links make it a paragraph.
        assert read(P + pointer + "<p>Vedi <a href=1>chi ha vinto.</a></p>", "open").content.endswith("chi ha vinto.")
    assert read(P + "<p><a href=1>Chi ha vinto.</a></p>", "open").content.endswith("\n\nChi ha vinto.")


def test_a_body_in_a_wrapper_of_its_own_is_read_all_the_same() -> None:
    for body in (f"<div><div>{P}{P}</div></div>", SENTENCE + "<br><br>" + SENTENCE, f"<section>{P}{P}</section>"):
        assert read(body).content == f"{SENTENCE}\n\n{SENTENCE}"


# --- hostile input ----------------------------------------------------------------------------------------------------


def hostile(name: str, page: str) -> bytes:
    """What a page can become on its way."""
    whole = page.format(P + "<p>perché</p>")
    return {
        "empty": b"",
        "blank": b" \n\t",
        "zeros": b"\0" * 500,
        "noise": random.Random(1).randbytes(5000),
        "compressed": gzip.compress(whole.encode()),
        "picture": b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(500),
        "comment": b"<!-- x -->",
        "utf-16 without a mark": whole.encode("utf-16-le"),
    }[name]


@pytest.mark.parametrize("newspaper", URLS)
@pytest.mark.parametrize(
    "name", ["empty", "blank", "zeros", "noise", "compressed", "picture", "comment", "utf-16 without a mark"]
)
def test_garbage_is_called_garbage(name: str, newspaper: str) -> None:
    assert reason_of(hostile(name, BODIES[newspaper]), newspaper) == "garbage"


@pytest.mark.parametrize("page", [b"<", b"{}", b"hello", b"<html>", b"<p>" * 3000, b"</div>" * 3000, b"&#xD800;"])
def test_next_to_nothing_is_an_empty_body(page: bytes) -> None:
    assert reason_of(page) in ("empty_body", "too_short", "garbage")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("iso-8859-1", "iso-8859-1"),
        ("utf-8", "cp1252"),
        ("x-none", "cp1252"),
        ("utf-8", "utf-16"),
        ("utf-8", "utf-8-sig"),
    ],
)
def test_a_charset_may_be_declared_wrongly(charset: str, encoding: str) -> None:
    page = f'<meta charset="{charset}">' + BODIES["open"].format(P + "<p>perché</p>")
    assert extract(page.encode(encoding), URLS["open"], "open").content == f"{SENTENCE}\n\nperché"


def test_a_cut_page_is_read_up_to_the_cut() -> None:
    page = BODIES["ansa"].format(P + "<p>Verrà").encode()
    for cut in range(len(page) - 12, len(page) - 90, -1):
        try:
            text = extract(page[:cut], URLS["ansa"], "ansa").content
        except NotAnArticle as refused:
            text = refused.reason
        assert f"{SENTENCE}\n\nVerrà".startswith(text) or text == "too_short"


@pytest.mark.parametrize("newspaper", URLS)
@pytest.mark.parametrize(
    "filler",
    [
        "<div>" * 50_000,
        "<b><i>" * 50_000,
        "<p>" + " " * 1_000_000,
        "<p>" + "&nbsp;<br>" * 30_000,
        "<p>" + "(" * 200_000,
        "<p><a href=x>y</a></p>" * 20_000,
        '<script type="application/ld+json">' + "[" * 200_000 + "</script>",
        '<p title="' + "x" * 3_000_000 + '">',
    ],
    ids=["deep", "deep inline", "spaces", "breaks", "brackets", "links", "nested json", "attribute"],
)
def test_no_page_takes_long_or_breaks_the_reader(filler: str, newspaper: str) -> None:
    began = time.process_time()
    found = extract(BODIES[newspaper].format(P + filler), URLS[newspaper], newspaper)
    assert found.content.startswith(SENTENCE)
    # A tenth of a second alone; the bound is for machines that many share. Quadratic time would take hours.
    assert time.process_time() - began < 20


def test_twenty_megabytes_are_read() -> None:
    for filler in ("parola ", "lỗi ", "()", "\n", "x", "  a"):
        began = time.process_time()
        found = read(P + "<p>" + filler * (20_000_000 // len(filler.encode())), "open")
        assert found.content.startswith(SENTENCE)
        assert time.process_time() - began < 15
    assert len(read(P + "<p>" + "parola " * 2_900_000, "open").content) > 20_000_000


@pytest.mark.parametrize(
    "filler",
    [
        "<p>parola</p>" * 200_000,
        "<p " + " ".join(f"a{number}=1" for number in range(20_000)) + ">",
        "x" * 33_000_000,
    ],
    ids=["tags", "attributes", "bytes"],
)
def test_what_no_newspaper_prints_is_too_large(filler: str) -> None:
    began = time.process_time()
    assert reason_of(BODIES["ilpost"].format(P + filler)) == "too_large"
    assert reason_of(BODIES["ilpost"].format(P + filler).encode()) == "too_large"
    assert time.process_time() - began < 5


def test_many_words_in_one_attribute_are_one_attribute() -> None:
    for quote in "\"'":
        assert read(P + f"<p data-x={quote}{'a=1 ' * 20_000}{quote}>Fine.</p>").content == f"{SENTENCE}\n\nFine."


def test_no_guess_takes_minutes() -> None:
    """trafilatura's time over lists grows with the square of their number."""
    page = f"<h1>T</h1>{DATED}" + "<ul><li>una frase</ul>" * 40_000
    began = time.process_time()
    assert reason_of(page) == "empty_body"
    assert time.process_time() - began < 10


def test_a_bug_in_a_page_class_does_not_end_a_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ArticlePage) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ArticlePage, "title", broken)
    assert reason_of(BODIES["open"].format(P), "open") == "unreadable"


def test_newspapers_are_known_by_name() -> None:
    assert versions_of("ansa")[0].__name__ == "AnsaPage"
    with pytest.raises(NewsmillError, match="choose one of ansa, ilpost"):
        versions_of("corriere")
