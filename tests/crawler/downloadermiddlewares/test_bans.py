"""Being turned away is recognised, and an article about captchas is still an article."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from crawler.downloadermiddlewares.bans import ban_of

URL = "https://www.ansa.it/x.html"


def page(body: str, status: int = 200) -> HtmlResponse:
    return HtmlResponse(URL, status=status, body=body.encode())


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (403, "<html>Forbidden</html>", "403"),
        (451, "", "451"),
        (200, "<html><head><title>Just a moment...</title></head></html>", "just a moment"),
        (503, '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/x"></script>', "orchestrate"),
        (200, "<TITLE>Attention Required! | Cloudflare</TITLE>", "attention required!"),
        (200, '<form><div class="g-recaptcha"></div></form>', "captcha"),
        (200, "<script src='https://geo.captcha-delivery.com/c.js'></script>", "captcha-delivery"),
    ],
)
def test_walls_are_recognised(status: int, body: str, word: str) -> None:
    assert word in ban_of(page(body, status))


def test_a_script_that_cloudflare_sets_into_ordinary_pages_is_no_wall() -> None:
    script = "<script>d.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'</script>"
    assert ban_of(page(f"<title>Politica</title>{script}", 200)) == ""


def test_an_article_is_none_whatever_it_embeds() -> None:
    article = '<meta property="article:published_time" content="2026-05-01"><div class="g-recaptcha"></div>'
    assert ban_of(page(article, 200)) == ""
    assert ban_of(page(article, 403)) == "status 403"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html><article><h1>I captcha non servono più</h1><p>reCAPTCHA, hcaptcha.com</p></article></html>"),
        (404, "<html><title>Pagina non trovata</title></html>"),
        (503, "<html><title>Service unavailable</title></html>"),
        (429, "slow down"),
        (200, ""),
        (200, "<html>" + "x" * 200_000 + '<div class="g-recaptcha"></div></html>'),
    ],
)
def test_other_answers_are_no_bans(status: int, body: str) -> None:
    assert ban_of(page(body, status)) == ""


def test_real_pages_are_no_bans(shared: Path) -> None:
    pages = list((shared / "newspapers").rglob("*.html"))
    assert pages
    for path in pages:
        assert ban_of(HtmlResponse(URL, body=path.read_bytes())) == "", path
