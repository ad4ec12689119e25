"""The real pages beside the project, read field by field; without them there is nothing to check."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.helpers.truth import body_at, lead_at
from crawler.page import NotAnArticle, extract, versions_of

UUID = "f5d56e6f-93f7-4fa1-a3df-83d51d188dd3"
WIRE = (
    "https://www.ansa.it/sito/notizie/cronaca/2026/07/07/"
    f"botte-ad-alunni-minorenni-arrestato-insegnante-di-un-centro-islamico_{UUID}.html"
)
#: what each page says, read off by eye; of leads and bodies only where they stand, their ends and their hash
FACTS: dict[str, dict[str, Any]] = {
    fact["page"]: fact
    for fact in json.loads((Path(__file__).resolve().parents[2] / "pages/real.json").read_text(encoding="utf-8"))
}


def url_of(name: str) -> str:
    url: str = FACTS[name]["url"]
    return url


def told(shared: Path, name: str) -> dict[str, Any]:
    """What the command prints for a page."""
    command = [sys.executable, "-m", "crawler.page", "--newspaper", name.partition("/")[0], "--url", url_of(name)]
    done = subprocess.run([*command, str(shared / "newspapers" / name)], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("name", FACTS)
def test_a_real_page_says_what_it_says(shared: Path, name: str, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.chdir(root)
    found, body = told(shared, name), FACTS[name]["body"]
    expected = FACTS[name]["expected"]
    assert {field: found[field] for field in expected} == expected
    lead = FACTS[name]["lead"]
    assert found["description"] == lead_at((shared / "newspapers" / name).read_bytes(), lead["xpath"])
    assert hashlib.sha256(found["description"].encode()).hexdigest() == lead["sha256"]
    paragraphs = found["content"].split("\n\n")
    assert len(paragraphs) == body["paragraphs"]
    assert paragraphs[0].startswith(body["first"])
    assert paragraphs[-1].endswith(body["last"])
    assert hashlib.sha256(found["content"].encode()).hexdigest() == body["sha256"]


@pytest.mark.parametrize("name", FACTS)
def test_a_real_body_is_the_one_a_plain_xpath_finds(shared: Path, name: str) -> None:
    text = body_at((shared / "newspapers" / name).read_bytes(), FACTS[name]["body"]["xpath"])
    assert hashlib.sha256(text.encode()).hexdigest() == FACTS[name]["body"]["sha256"]


def test_the_text_is_the_one_other_people_read_off_the_page(shared: Path) -> None:
    """The answers that came with a page of 2025-10; they count the picture's caption as a paragraph, we do not."""
    name = "vnexpress/article-2025-10-22.html"
    found = extract((shared / "newspapers" / name).read_bytes(), url_of(name), "vnexpress")
    truth = json.loads((shared / "newspapers/vnexpress/article-2025-10-22.truth.json").read_text(encoding="utf-8"))[
        "V1"
    ]
    (section,) = truth["body"]["sections"]
    assert found.content.split("\n\n") == [text for text in section["paragraphs"] if "Ảnh:" not in text]
    assert [found.description] == truth["body"]["summary"]
    assert (found.title, found.authors, found.tags) == (truth["title"], truth["authors"], truth["topics"])
    assert str(found.date) == truth["publishing_date"]


def test_an_editorial_body_has_its_paragraphs(shared: Path) -> None:
    body = (shared / "newspapers/ansa/article-editorial-2026-07-07.excerpt.html").read_text(encoding="utf-8")
    found = extract(f"<h1 class=post-single-title>Layla</h1>{body}", WIRE, "ansa")
    starts = ["Compie 90 anni", "Il francobollo della serie", 'La "New Layla 2.0"']
    assert [text.startswith(start) for text, start in zip(found.content.split("\n\n"), starts, strict=True)] == [
        True
    ] * 3
    with pytest.raises(NotAnArticle, match="no_title"):
        extract(body, WIRE, "ansa")


@pytest.mark.parametrize("url", ["https://vnexpress.net/kinh-doanh", "https://vnexpress.net/a-4936632.html"])
def test_a_section_page_is_no_article(shared: Path, url: str) -> None:
    page = (shared / "newspapers/vnexpress/section-kinh-doanh-2026-03-08.html").read_bytes()
    with pytest.raises(NotAnArticle) as refused:
        extract(page, url, "vnexpress")
    assert refused.value.reason in ("listing_page", "not_an_article_url")


@pytest.mark.parametrize("name", FACTS)
def test_a_cut_real_page_is_an_article_or_has_a_reason(shared: Path, name: str) -> None:
    page = (shared / "newspapers" / name).read_bytes()
    newspaper = name.partition("/")[0]
    whole = extract(page, url_of(name), newspaper)
    for cut in range(0, len(page), len(page) // 25):
        try:
            text = extract(page[:cut], url_of(name), newspaper).content
        except NotAnArticle as refused:
            text = "" if refused.reason != "unreadable" else "unreadable"
        # A cut may fall into a byline or a caption, whose end says what it is.
        assert whole.content.startswith(text[: len(text) - 120])


@pytest.mark.parametrize(("newspaper", "share"), [("ansa", 0.75), ("ilpost", 1.0), ("open", 0.9)])
def test_most_addresses_of_a_month_are_articles(shared: Path, newspaper: str, share: float) -> None:
    text = (shared / f"newspapers/{newspaper}/urls_2024-01.txt").read_text(encoding="utf-8")
    urls = re.findall(r"https?://\S+", text)
    reasons = [versions_of(newspaper)[0].refusal(url) for url in urls]
    assert reasons.count(None) >= share * len(urls)
    assert set(reasons) <= {
        *(None, "sponsored", "gallery", "podcast", "listing_page", "other_edition", "not_an_article_url"),
        *("video_without_text", "live_blog"),
    }
