"""From bytes to paragraphs and names, on anything a network can deliver. Covers page/parser.py and page/text.py.

Covers crawler.bylines, crawler.page.article_page, crawler.page.parser.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from crawler.bylines import names_of, tidy
from crawler.items import clean_text, content_hash
from crawler.page import NotAnArticle, extract
from crawler.page.article_page import paragraph_hash
from crawler.page.parser import GarbageError, decode, parse, without_styles
from crawler.page.text import blocks, json_objects, linked_data, select, text_of, without_rights

#: others share this machine: a slow moment is no finding.
relaxed = settings(deadline=None, max_examples=60)
#: pieces of markup, whole and broken, in any order
MARKUP = st.lists(
    st.sampled_from(
        "<p> </p> <div> </div> <br> <a href=x> </a> <b> </i> <ul><li> </ul> <script> </script> <!-- --> <table> <td> </"
        " & &amp; &nbsp; &#146; &#xD800; < > <p/> <figure> </figure> <h2> <blockquote> <svg> <style> ]]>".split(" ")
    )
    | st.text(max_size=12),
    max_size=40,
).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
#: a name as bylines have it: two words that begin with a capital, in either language
NAMES = st.sampled_from(
    ["Anna Verdi", "Ugo Neri", "Hà Thu", "Võ Hải", "Luigi Di Maio", "Đỗ Nguyên Bình", "Maria D’Amico", "Redazione"]
)


@relaxed
@given(st.binary(max_size=300))
def test_bytes_are_text_or_garbage(page: bytes) -> None:
    try:
        text = decode(page)
    except GarbageError:
        return
    assert "\x00" not in text


@relaxed
@given(st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=200))
def test_utf_8_and_utf_16_with_a_mark_are_decoded_exactly(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == text
    assert decode(text.encode("utf-16")) == text
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text


@relaxed
@given(MARKUP)
def test_any_markup_gives_clean_paragraphs(markup: str) -> None:
    try:
        tree = parse(decode(markup))
    except GarbageError:
        return
    for breaks in (False, True):
        found = list(blocks(tree, breaks=breaks))
        assert all(text and text == tidy(text) and "\n" not in text for text in found)
    kept = list(blocks(tree, pointers=True))
    assert len(kept) >= len(list(blocks(tree)))
    assert text_of(tree) == " ".join(kept)
    assert not list(blocks(tree, leave_out=set(tree)))


@relaxed
@given(MARKUP, st.sampled_from(["vnexpress", "ansa", "ilpost", "open"]))
def test_any_page_is_an_article_or_has_a_reason(markup: str, newspaper: str) -> None:
    urls = {
        "vnexpress": "https://vnexpress.net/a-1234567.html",
        "ansa": "https://www.ansa.it/sito/notizie/cronaca/2026/07/07/a_1.html",
        "ilpost": "https://www.ilpost.it/2026/06/30/a/",
        "open": "https://www.open.online/2026/06/30/a/",
    }
    container = "<h1 class='title-detail post-single-title'>T</h1><article class='fck_detail container-main-content'>"
    for page in (markup, f"{container}<div id=singleBody itemprop=articleBody>{markup}"):
        try:
            found = extract(page, urls[newspaper], newspaper)
            outcome = bool(found.title and found.content and found.date)
        except NotAnArticle as refused:
            outcome = refused.reason != "unreadable"
        assert outcome, page


@relaxed
@given(st.lists(st.text(alphabet="abcàế,.;:!? ", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=6))
def test_paragraphs_survive_the_way_through_markup(texts: list[str]) -> None:
    wanted = [clean_text(text) for text in texts]
    elements = parse("<div>" + "".join(f"<p>{text}</p>\n" for text in texts))
    assert list(blocks(elements)) == wanted
    wire = parse("<p>\n" + "".join(f"   {text}\n <br/>\n &nbsp;&nbsp;\n" for text in texts) + "</p>")
    assert list(blocks(wire, breaks=True)) == wanted


@relaxed
@given(st.text(max_size=80))
def test_tidying_twice_changes_nothing(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)
    assert not set(once) & set("\u200b\ufeff\u00ad\u00a0\u2028\n\t")


def test_what_a_reader_sees_is_kept() -> None:
    assert tidy("👩‍🚒 e\u0301\u00a0\u2009x\u200b") == "👩‍🚒 é x"
    assert tidy(unicodedata.normalize("NFD", "Nguyễn Thị Ngọc Ánh")) == "Nguyễn Thị Ngọc Ánh"


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


@relaxed
@given(st.lists(JSON, max_size=4), st.sampled_from(["", " ", "\n;\n", ","]))
def test_values_set_one_after_the_other_are_all_found(values: list[Any], between: str) -> None:
    # Numbers and words need something between them; objects do not.
    boxed = [{"v": value} for value in values]
    assert list(json_objects(between.join(map(json.dumps, boxed)))) == boxed


@relaxed
@given(st.text(max_size=80))
def test_any_script_is_read_without_an_error(text: str) -> None:
    list(json_objects(text))
    assert isinstance(linked_data(parse(f'<script type="application/ld+json">{text}</script><p>')), list)


@pytest.mark.parametrize(
    ("script", "kinds"),
    [
        ('{"@type":"A"}{"@type":"B"}', ["A", "B"]),
        ('[{"@type":"A"},{"@graph":[{"@type":"B"},{"@type":"C"}]}]', ["A", None, "B", "C"]),
        ('//<![CDATA[\n{"@type":"A"}\n//]]>', ["A"]),
        ('<!-- {"@type":"A"} -->', ["A"]),
        ('{"@type":"A","text":"line\nbreak"}', ["A"]),
        ('{"@type":"A"} nonsense {"@type":"B"}', ["A"]),
        ('{"@type":', []),
        ("", []),
    ],
)
def test_linked_data_in_the_forms_pages_have_it(script: str, kinds: list[str | None]) -> None:
    tree = parse(f'<script type="application/ld+json">{script}</script><p>x')
    assert [item.get("@type") for item in linked_data(tree)] == kinds


# --- bylines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("", []),
        ("di Anna Verdi e Ugo Neri", ["Anna Verdi", "Ugo Neri"]),
        ("Di Luigi Di Maio, Ugo Neri", ["Luigi Di Maio", "Ugo Neri"]),
        ("a cura di Anna Verdi", ["Anna Verdi"]),
        ("Dal nostro inviato Ugo Neri", ["Ugo Neri"]),
        ("Anna Verdi, inviata a Kiev", ["Anna Verdi"]),
        ("Anna Verdi (ha collaborato Ugo Neri)", ["Anna Verdi"]),
        ("Anna Verdi - anna@example.org", ["Anna Verdi"]),
        ("Redazione ANSA", ["Redazione ANSA"]),
        ("Redazione Cultura e Spettacoli", ["Redazione Cultura e Spettacoli"]),
        ("zerosei", ["zerosei"]),
        ("Thanh Lam", ["Thanh Lam"]),
        ("Hà Thu (tổng hợp)", ["Hà Thu"]),
        ("Hà Thu (Theo AFP, Reuters)", ["Hà Thu"]),
        ("Võ Hải - Sơn Hà", ["Võ Hải", "Sơn Hà"]),
        ("Võ Hải – Sơn Hà và An Bình", ["Võ Hải", "Sơn Hà", "An Bình"]),
        ("Bài và ảnh: An Bình", ["An Bình"]),
        ("An Bình - Ảnh: Hà Thu", ["An Bình"]),
        ("Nguồn: Reuters", []),
        ("di Theo Bianchi", ["Theo Bianchi"]),
    ],
)
def test_names_in_bylines(byline: str, names: list[str]) -> None:
    assert names_of(byline) == names


@relaxed
@given(st.lists(NAMES, max_size=4, unique=True), st.sampled_from([", ", " - ", " e ", " | ", " & ", "; "]))
def test_names_joined_in_any_way_come_apart(names: list[str], joint: str) -> None:
    # "Redazione" before " e " may be a desk's name.
    if names and names[0] == "Redazione":
        names = names[1:]
    assert names_of(joint.join(names)) == names
    assert names_of("di " + joint.join(names)) == names


@relaxed
@given(st.text(max_size=60))
def test_any_byline_gives_clean_names(byline: str) -> None:
    assert all(name and name == tidy(name) and "@" not in name for name in names_of(byline))


def test_selectors_look_at_the_element_itself_too() -> None:
    tree = parse("<div class=a><p class=a>x</p></div>")
    (box,) = select(tree, "div.a")
    assert [node.tag for node in select(box, ".a")] == ["div", "p"]
    assert select(box, "") == []


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<style>p{}</style><p>a", "<style></style><p>a"),
        ('<style type="text/css" media=x>p{}</style>', '<style type="text/css" media=x>p{}</style>'),
        ('<style type="text/css" data-x>p>b{}</style>', '<style type="text/css" data-x></style>'),
        # A mention of a style sheet must not swallow what follows.
        (
            "<script>x('<style>')</script><p>a</p><style>q</style>",
            "<script>x('<style>')</script><p>a</p><style></style>",
        ),
        ('<p title="<style>">a</p>', '<p title="<style>">a</p>'),
        ("<styled>a</styled>", "<styled>a</styled>"),
        ('<style title="a>b">p{}</style>', '<style title="a>b">p{}</style>'),
        ("<style>p{}", "<style>p{}"),
        ("<style", "<style"),
        ("<style><style>x</style>", "<style><style></style>"),
    ],
)
def test_style_sheets_are_emptied_and_nothing_else(page: str, kept: str) -> None:
    assert without_styles(page.encode()).decode() == kept


@relaxed
@given(
    st.lists(st.sampled_from(["<style>", "</style>", "<p>", "x", "<script>", "</script>", ' a="', '">']), max_size=12)
)
def test_emptied_style_sheets_change_no_text(pieces: list[str]) -> None:
    page = "".join(pieces).encode()
    whole, emptied = (
        etree.fromstring(b"<div>" + each, etree.HTMLParser(encoding="utf-8")) for each in (page, without_styles(page))
    )
    assert list(blocks(whole)) == list(blocks(emptied))


def test_the_owner_of_the_rights_is_named_in_the_last_lines_only() -> None:
    line = "© Riproduzione riservata"
    assert without_rights(["a", line, line]) == ["a"]
    assert without_rights([line, "a"]) == [line, "a"]
    assert without_rights(["Copyright è una parola."]) == ["Copyright è una parola."]
    assert without_rights([]) == []


@relaxed
@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=60).map(tidy).filter(bool), max_size=5))
def test_the_hash_is_the_one_of_the_record(title: str, paragraphs: list[str]) -> None:
    title, content = tidy(title), "\n\n".join(paragraphs)
    assert paragraph_hash(title, content) == content_hash(title, content)


VIETNAMESE = unicodedata.normalize("NFC", "Thư viện tỉnh mở cửa trở lại sau hai năm sửa chữa, bạn đọc đã đợi lâu.")


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("cp1258", "text/html; charset=windows-1258"),
        ("cp1258", 'text/html;charset="windows-1258"'),
        ("utf-8", "text/html; charset=windows-1258"),
        ("utf-8", "text/html"),
        ("utf-16-le", "text/html; charset=utf-16le"),
        ("utf-16-be", "text/html; charset=UTF-16BE"),
        ("utf-16", "text/html; charset=iso-8859-1"),
    ],
)
def test_the_header_names_the_charset(encoding: str, content_type: str) -> None:
    # Windows-1258 sets its five tones behind the letter.
    text = without_tones_apart(VIETNAMESE) if encoding == "cp1258" else VIETNAMESE
    page = f"<p>{text}</p>".encode(encoding)
    assert unicodedata.normalize("NFC", decode(page, content_type)) == f"<p>{VIETNAMESE}</p>"


def without_tones_apart(text: str) -> str:
    """Vietnamese as windows-1258 can write it: letters of the alphabet whole, tones apart."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    letters = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
        letters.append(base + "".join(part for part in parts if part in tones))
    return "".join(letters)


def test_the_header_goes_before_the_page_s_own_word_and_not_before_its_letters() -> None:
    page = "<meta charset=iso-8859-1><p>perché €</p>"
    assert decode(page.encode("cp1252"), "text/html; charset=windows-1252") == page
    # ISO 8859-1 is read as Windows-1252, as browsers do.
    assert decode(page.encode("cp1252")) == page
    assert decode(page.encode(), "text/html; charset=iso-8859-1") == page
    # An unknown name, or UTF-8 where no letter is: the page's own word.
    polish = "<meta charset=iso-8859-2><p>łódź</p>"
    for header in ("text/html; charset=utf-8", "text/html; charset=x-unknown", ""):
        assert decode(polish.encode("iso-8859-2"), header) == polish
    assert decode(polish.encode("iso-8859-2"), "text/html; charset=iso-8859-2") == polish


def test_a_charset_in_which_nothing_can_be_read_is_none() -> None:
    with pytest.raises(GarbageError):
        decode(bytes(range(0x80, 0x100)) * 20, "text/html; charset=euc-jp")
