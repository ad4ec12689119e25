"""Any article file can be printed; what cannot is counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from crawler.items import NewsmillError, newspaper_of
from crawler.page import extract
from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import BODIES, NAMES, RECORDS, fetch, links_of, page, record


def test_foreign_rows_are_served_or_counted() -> None:
    ansa, ilpost = "https://www.ansa.it/sito/notizie/mondo/2024/01/08/a_1.html", "https://www.ilpost.it/2024/01/10/c"
    archived = "https://web.archive.org/web/20240115/https://www.open.online/2024/01/09/b/"
    text = {"title": "T", "content": "Uno.\r\n\r\nDue."}
    foreign: list[dict[str, Any]] = [
        text | {"link": ansa, "date": "ROMA,\n 08 gennaio 2024, 18:54"},
        text | {"link": archived, "date": "20240115232213"},
        text | {"link": ilpost + "/", "date": None, "content": ""},
        text | {"link": "https://www.example.org/2024/01/10/d/", "date": "2024-01-10"},
        text | {"link": "https://vnexpress.net/e-4700000.html", "date": "boh"},
        text,
        text | {"link": ilpost + "-altro/", "title": ""},
        text | {"link": ilpost + "?utm_source=x", "date": None, "content": "Più lungo."},
        text | {"link": ilpost + "/", "date": None, "content": "Corto."},
        text | {"link": ilpost + "-rotto/", "content": "Mezza coppia: \ud800."},
    ]
    with LoopbackSite(foreign) as site:
        assert site.skipped == Counter(unknown_host=1, no_date=1, no_link=1, no_title=1, repeated_link=2, not_unicode=1)
        assert site.spans == {"ansa": ("2024-01-08",) * 2, "ilpost": ("2024-01-10",) * 2, "open": ("2024-01-09",) * 2}
        assert "Più lungo." in fetch(site, "ilpost", "/2024/01/10/c/")[1].decode()
        assert "08 gennaio 2024, 18:54" in fetch(site, "ansa", ansa)[1].decode()


def test_a_page_without_text_keeps_its_container(tmp_path: Path) -> None:
    rows = [record(name, 1, content="") for name in NAMES]
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(["kein JSON", "", *map(json.dumps, rows)]), encoding="utf-8")
    with LoopbackSite(path) as site:
        assert site.skipped == Counter(not_json=1)
        for name, row in zip(NAMES, rows, strict=True):
            assert page(site, name, row["link"]).cssselect(BODIES[name])


def test_texts_of_any_length_are_printed() -> None:
    """One paragraph, two, a heading early: each newspaper's page gives them back."""
    texts = ["Una frase che da sola fa un articolo, e che basta a chi la legge di fretta."] * 4
    bodies = [texts[:1], texts[:2], [texts[0], "Un titoletto", texts[1]], texts]
    # Every index: another folder of ANSA, wire and editorial.
    rows = [
        record(
            name, index, content="\n\n".join(body), link=record(name, index)["link"].replace("-0000-", f"-000{size}-")
        )
        for name in NAMES
        for index in range(4 if name == "ansa" else 1)
        for size, body in enumerate(bodies[: 4 if name == "ansa" else 1])
    ]
    with LoopbackSite(rows) as site:
        for row in rows:
            newspaper = newspaper_of(row["link"]) or ""
            status, body = fetch(site, newspaper, row["link"])
            assert status == 200
            assert extract(body, row["link"], newspaper).content == row["content"]


def test_markup_in_a_text_stays_text() -> None:
    nasty = "Testo </script><script>alert(1)</script> <b>&amp; ]]> \x01 fine. " + "Parola " * 8
    changes: dict[str, Any] = {"title": nasty, "description": nasty, "content": f"{nasty}\n\n{nasty}", "tags": [nasty]}
    rows = [record(name, 2, **changes) for name in NAMES]
    feeds = ("/rss/tin-moi-nhat.rss", "/sito/ansait_rss.xml", "/feed/", "/feed/")
    for javascript in (False, True):
        with LoopbackSite(rows, javascript=javascript) as site:
            for name, row, feed in zip(NAMES, rows, feeds, strict=True):
                scripts = page(site, name, row["link"]).iter("script")
                assert "alert(1)" not in {(script.text or "").strip() for script in scripts}
                assert len(etree.fromstring(fetch(site, name, feed)[1]).findall(".//item")) == 1


def test_javascript_leaves_the_text_to_a_script() -> None:
    with LoopbackSite(RECORDS, javascript=True) as site:
        for name, selector in BODIES.items():
            tree = page(site, name, links_of(name)[4])
            assert not tree.cssselect(f"{selector} > p, {selector} > h3")
            scripts = "".join(script.text or "" for script in tree.iter("script"))
            assert "innerHTML" in scripts or "insertAdjacentHTML" in scripts
        assert len(page(site, "open", "/c/attualita/").cssselect(".card-news-vertical-content")) == 5


def test_every_file_error_is_one_line() -> None:
    with pytest.raises(NewsmillError, match="cannot read /nowhere"):
        LoopbackSite("/nowhere/articles.jsonl")
