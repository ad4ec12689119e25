"""What one addition touches: a newspaper. One file in a copy of the spiders' folder, and everything knows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from crawler.newspapers import FOLDER, NEWSPAPERS, Newspaper, metas, newspaper_name
from tests.crawler.loopback import serving

SPIDER = '''"""La Gazzetta: one list, one article."""

import re
from datetime import date

from crawler.newspapers import Newspaper
from crawler.page import ArticlePage
from crawler.spiders.newspaper import Chain, NewspaperSpider

NEWSPAPER = Newspaper(
    source_site="LaGazzetta",
    title="La Gazzetta",  # (as it writes it)
    host="www.gazzetta.example",

    language="it",
    zone="Europe/Rome",
    collection="/tutte/",
)


class GazzettaPage(ArticlePage):
    newspaper = "gazzetta"
    ARTICLE = re.compile(r"^/.+/[^/]+\\.html$")
    TITLE = "h1"
    BODY = ".testo"
    DATE = "time"


class Gazzetta(NewspaperSpider):
    name = "gazzetta"
    page_class = GazzettaPage
    SECTIONS = {"cronaca": "cronaca"}
    FIRST_DAY = date(2020, 1, 1)
    ITEMS = "li"
    ITEM_LINK = "a[href]"
    PAGE_SIZE = 10

    def newest(self):
        yield Chain("https://www.gazzetta.example/cronaca/", follow=False)
'''
PAGE = """<html lang="it"><head><title>t</title></head><body>
<h1>Riapre il ponte</h1><time>10 marzo 2026, ore 06:40</time>
<div class="testo">
<p>Dopo quattordici mesi di lavori tornano i pedoni sul ponte, che era chiuso per il cantiere.</p></div>
</body></html>"""
PATH = "/cronaca/ponte.html"
LIST = f'<html><body><ul><li><a href="/tutte/ponte.html">p</a></li><li><a href="{PATH}">p</a></li></ul></body></html>'


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = {PATH: PAGE, "/tutte/ponte.html": PAGE, "/cronaca/": LIST}.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((body or "").encode())


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the crawler with one file more."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(root / "crawler", folder / "crawler", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "scrapy.cfg", folder)
    (folder / "crawler/spiders/gazzetta.py").write_text(SPIDER, encoding="utf-8")
    (folder / "page.html").write_text(PAGE, encoding="utf-8")
    yield folder
    others = {path.relative_to(folder): path.read_bytes() for path in (folder / "crawler").rglob("*.py")}
    del others[Path("crawler/spiders/gazzetta.py")]
    assert others == {path.relative_to(root): path.read_bytes() for path in (root / "crawler").rglob("*.py")}


def run(project: Path, *words: str, **environment: str) -> str:
    env = {key: value for key, value in os.environ.items() if not key.startswith("SCRAPY_")}
    env |= {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run([sys.executable, *words], cwd=project, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_scrapy_lists_it(project: Path) -> None:
    assert run(project, "-m", "scrapy", "list").split() == sorted([*NEWSPAPERS, "gazzetta"])


def test_the_registry_knows_it_without_scrapy_or_lxml(project: Path) -> None:
    code = (
        "import json, sys; from crawler.items import *; "
        "print(json.dumps([newspaper_of('http://gazzetta.example/x'), site_of('https://www.gazzetta.example/x'), "
        "newspaper_name('LaGazzetta'), sorted({'scrapy', 'lxml', 'twisted'} & set(sys.modules))]))"
    )
    assert json.loads(run(project, "-c", code)) == ["gazzetta", "LaGazzetta", "La Gazzetta", []]


def test_the_page_command_reads_it(project: Path) -> None:
    words = ["-m", "crawler.page", "--newspaper", "gazzetta", "--url", "https://gazzetta.example" + PATH, "page.html"]
    article = json.loads(run(project, *words))
    assert (article["title"], article["source_site"], article["date"]) == (
        "Riapre il ponte", "LaGazzetta", "2026-03-10T06:40:00+01:00",
    )  # fmt: skip


def test_the_store_takes_its_articles(project: Path, database: Any, database_uri: str) -> None:
    with serving(Site) as origin:
        run(project, "-m", "scrapy", "crawl", "gazzetta", "-a", f"origin={origin}", MONGODB_URI=database_uri)
    (row,) = database.articles.find()
    assert (row["link"], row["language"]) == ("https://www.gazzetta.example" + PATH, "it")
    # Its collecting page gave way to the section's.
    assert row["also_at"] == ["https://www.gazzetta.example/tutte/ponte.html"]


def test_what_is_read_is_what_the_files_declare() -> None:
    import importlib

    for name, newspaper in metas(FOLDER):
        assert importlib.import_module(f"crawler.spiders.{name}").NEWSPAPER == newspaper == NEWSPAPERS[name]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('Newspaper("Ansa")', "need their names"),
        ("Newspaper(source_site=HOME)", "malformed"),
        ('Newspaper(sitename="x")', "sitename"),
        ("Newspaper(", "never closed"),
        ('Newspaper(source_site="x")', "required"),
    ],
)
def test_a_declaration_that_cannot_be_read_names_its_file(tmp_path: Path, source: str, message: str) -> None:
    (tmp_path / "x.py").write_text(f"NEWSPAPER = {source}\n")
    with pytest.raises(ValueError, match=message) as caught:
        list(metas(tmp_path))
    assert str(tmp_path / "x.py") in str(caught.value)


def test_files_without_a_declaration_are_no_newspapers(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text('"""See NEWSPAPER = Newspaper()."""\n')
    meta = 'Newspaper(source_site="X", host="x.example", language="it", zone="Europe/Rome", slash=True)'
    (tmp_path / "x.py").write_text(f"NEWSPAPER = {meta}\nHOME = 1\n")
    assert dict(metas(tmp_path)) == {
        "x": Newspaper(source_site="X", host="x.example", language="it", zone="Europe/Rome", slash=True)
    }


def test_other_sites_keep_their_names() -> None:
    assert [newspaper_name(site) for site in ("Ansa", "IlPost", "Open", "example.org")] == [
        "ANSA", "Il Post", "Open", "example.org",
    ]  # fmt: skip
