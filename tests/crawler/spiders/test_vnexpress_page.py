"""VnExpress's own ways: the byline is the last line of the body, tags come with service tags."""

from __future__ import annotations

import pytest

from crawler.items import Article
from crawler.page import NotAnArticle, extract

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
