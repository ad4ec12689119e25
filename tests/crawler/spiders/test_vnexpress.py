"""VnExpress's own ways: the byline is the last line of the body, tags come with service tags."""

from __future__ import annotations

import pytest

from crawler.items import Article
from crawler.page import NotAnArticle, extract
from crawler.spiders.vnexpress import VnExpressPage, without_source

URL = "https://vnexpress.net/thu-vien-4936253.html"
TEXT = "Sáng nay, thư viện tỉnh mở cửa trở lại với phòng đọc rộng gấp đôi trước đây."
RIGHT = 'class="Normal" style="text-align:right;"'


def read(body: str, head: str = "") -> Article:
    page = (
        f'<html lang="vi"><meta name="pubdate" content="2025-09-08T18:22:53+07:00">{head}'
        f'<h1 class="title-detail">T</h1><article class="fck_detail "><p class="Normal">{TEXT}</p>{body}</article>'
    )
    return extract(page, URL, "vnexpress")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (f"<p {RIGHT}><strong>Thanh Lam</strong></p>", ["Thanh Lam"]),
        ('<p style="text-align: right"><b>Thanh Lam</b></p>', ["Thanh Lam"]),
        ('<p align="right">Thanh Lam</p>', ["Thanh Lam"]),
        ('<p class="author_mail"><strong>Võ Hải - Sơn Hà</strong></p>', ["Võ Hải", "Sơn Hà"]),
        (f"<p {RIGHT}><strong>Hà Thu</strong> (Theo <em>Reuters</em>)</p>", ["Hà Thu"]),
        (f"<p {RIGHT}><strong>Hà Thu</strong><br>Theo <em>Reuters</em></p>", ["Hà Thu"]),
        (f"<p {RIGHT}>Theo Reuters</p>", []),
        (f"<p {RIGHT}>Hà Thu - Theo AFP, Reuters</p>", ["Hà Thu"]),
        (f"<p {RIGHT}><strong>Hà Thu</strong> theo <em>Nikkei, Guardian</em></p>", ["Hà Thu"]),
        (f"<p {RIGHT}>Theo Hà Nội Mới - Hà Thu</p>", ["Hà Thu"]),
        (f"<p {RIGHT}>Theo Nguyễn - Hà Thu</p>", ["Theo Nguyễn", "Hà Thu"]),
        (f"<p {RIGHT}>Hà Thu</p><p class='Normal'>* Tên nhân vật đã được thay đổi.</p>", ["Hà Thu"]),
    ],
)
def test_the_byline_is_no_paragraph(line: str, names: list[str]) -> None:
    found = read(line)
    assert found.authors == names
    assert found.content.split("\n\n")[0] == TEXT
    assert "Thu" not in found.content
    assert "Lam" not in found.content


def test_a_right_aligned_text_is_text() -> None:
    verse = "Sách là bạn hiền, đọc để biết mình và biết người, " * 3
    assert read(f"<p {RIGHT}>{verse}</p>").content.split("\n\n") == [TEXT, verse.strip()]
    early = f"<p {RIGHT}>Câu đề từ</p>" + "<p class='Normal'>Một đoạn khác.</p>" * 5
    assert read(early).authors == []


def test_a_person_in_json_ld_signs_where_no_byline_does() -> None:
    ld = '<script type="application/ld+json">{"@type":"NewsArticle","author":{"@type":"%s","name":"An Bình"}}</script>'
    assert read("", ld % "Person").authors == ["An Bình"]
    assert read("", ld % "Organization").authors == []
    assert read(f"<p {RIGHT}>Hà Thu</p>", ld % "Person").authors == ["Hà Thu"]


def test_a_preview_is_a_teaser() -> None:
    found = read('<p class="paywall-preview">Đọc tiếp dành cho</p><a class="paywall-readmore" href="/x">Xem tiếp</a>')
    assert found.access == "teaser"
    assert "Xem tiếp" not in found.content
    assert read("").access == "free"


def test_a_live_page_is_no_article() -> None:
    page = f'<section class="section page-detail detail-live"><article class="fck_detail"><p>{TEXT}</p></article>'
    with pytest.raises(NotAnArticle, match="live_blog"):
        extract(page, URL, "vnexpress")


@pytest.mark.parametrize(
    ("keywords", "own", "tags"),
    [
        ("thư viện, Hà Nội, Tin nóng", "thư viện, hà nội", ["thư viện", "Hà Nội"]),
        ("thư viện,Tin nóng", "", ["thư viện"]),
        ("", "", []),
    ],
)
def test_service_tags_are_left_out(keywords: str, own: str, tags: list[str]) -> None:
    assert read("", f'<meta name="keywords" content="{keywords}"><meta name="its_tag" content="{own}">').tags == tags


@pytest.mark.parametrize("line", [
    "Theo Nguyễn", "Theo Lê Minh, Hà Thu", "Hà Thu - Theo Trần", "Theo Đỗ và Hà Thu", "Thuỳ Theo",
])  # fmt: skip
def test_theo_before_a_family_name_is_a_first_name(line: str) -> None:
    assert without_source(line) == line


@pytest.mark.parametrize(("line", "left"), [
    ("Theo Reuters", ""), ("Theo Lý luận Chính trị", ""), ("THEO BBC, CNN", ""), ("Hà Thu, theo Xinhua", "Hà Thu"),
    ("Theo Bloomberg - Hà Thu", " - Hà Thu"),
])  # fmt: skip
def test_theo_before_anything_else_names_a_source(line: str, left: str) -> None:
    assert without_source(line) == left


#: As the style sheets of pages of 2025 know it; the caption is there twice, once over the picture.
SLIDE = """<div class="item_slide_show clearfix"><div class="block_thumb_slide_show"><picture><img data-src="a.jpg">
</picture><div class="desc_cation"><p class="Normal">{0}</p></div></div>
<div class="desc_cation"><p class="Normal">{0}</p></div></div>"""


@pytest.mark.parametrize("count", [1, 8])
def test_a_photo_essay_is_a_gallery(count: int) -> None:
    slides = SLIDE.format(TEXT) * count
    page = (
        '<html lang="vi"><meta name="tt_page_type" content="article"><meta name="pubdate" content="2025-09-08">'
        '<section class="section page-detail detail-photo"><h1 class="title-detail">T</h1><p class="description">L</p>'
        f'<article class="fck_detail ">{slides}<p {RIGHT}>Thanh Lam</p></article></section>'
    )
    with pytest.raises(NotAnArticle) as refused:
        extract(page, URL, "vnexpress")
    assert refused.value.reason == "gallery"


def test_an_article_with_slides_between_its_paragraphs_is_one() -> None:
    assert read(SLIDE.format("Chú thích ảnh.") * 3).content == TEXT


def test_title_stamp_and_lead_inside_the_body_s_element_are_no_text() -> None:
    page = (
        '<html lang="vi"><meta name="pubdate" content="2026-07-19T18:22:53+07:00"><div class="topbar-sticky">'
        '<h2 class="title"><span>T</span></h2></div><article class="fck_detail "><h1 class="title-detail mt20">T</h1>'
        '<p class="description"><span class="location-stamp">Huế</span>Sapo.</p><div style="text-align:center">'
        f'<div class="parser_title">T</div></div><p class="Normal">{TEXT}</p><p {RIGHT}><strong>Hà Thu</strong></p>'
    )
    found = extract(page, URL, "vnexpress")
    assert (found.title, found.location, found.description, found.authors) == ("T", "Huế", "Sapo.", ["Hà Thu"])
    assert found.content == TEXT


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('<body class="page-short"><main></main>', "video_without_text"),
        ('<section class="section_podcast_detail_newver"><h1 class="title-news">T</h1></section>', "podcast"),
    ],
)
def test_vne_go_is_no_article(body: str, reason: str) -> None:
    with pytest.raises(NotAnArticle) as refused:
        extract(f'<html lang="vi"><meta name="pubdate" content="2026-07-20 06:03 + 07:00">{body}', URL, "vnexpress")
    assert refused.value.reason == reason


@pytest.mark.parametrize("tail", ["", "-tong-thuat", "-p2", "-truc-tiep"])
def test_a_match_report_is_an_article(tail: str) -> None:
    assert VnExpressPage.refusal(f"https://vnexpress.net/a-b-4936253{tail}.html") is None
    assert VnExpressPage.refusal(f"https://vnexpress.net/a-b-4936{tail}.html") == "not_an_article_url"
