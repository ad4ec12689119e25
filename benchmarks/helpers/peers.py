"""One extractor, alone in a process of its own: pages in, what it reads and how long it takes out.

    python benchmarks/helpers/peers.py TOOL [--repeat N] < pages.jsonl > answers.jsonl

A line in is {"page": path of an HTML file, "url", "newspaper", "language"}; a line out is {"ms": median milliseconds,
"fields": {title, description, authors, date, content, tags}} or {"ms", "fields": null, "error": …}.

It needs nothing but the tool it runs, so that each peer can live in an environment with the versions it asks for::

    python -m venv PEERS
    PEERS/bin/pip install "lxml<6.1" newspaper4k news-please fundus lxml_html_clean "curl_cffi<0.14"
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

Fields = dict[str, Any]
Reader = Callable[[dict[str, str], bytes], Fields | None]


def ours() -> Reader:
    from crawler.page import NotAnArticle, extract

    def read_page(page: dict[str, str], html: bytes) -> Fields | None:
        try:
            article = extract(html, page["url"], page["newspaper"])
        except NotAnArticle:
            return None
        names = "link title description authors date content tags section location date_modified access".split()
        return {name: getattr(article, name) for name in names}

    return read_page


def bare() -> Reader:
    """lxml's parse of the same bytes and nothing else: the limit for whatever stands on lxml."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8")

    def read_page(_page: dict[str, str], html: bytes) -> Fields | None:
        etree.fromstring(html, parser)
        return None

    return read_page


def trafilatura() -> Reader:
    from trafilatura import bare_extraction

    def read_page(page: dict[str, str], html: bytes) -> Fields | None:
        article: Any = bare_extraction(html, url=page["url"], with_metadata=True, include_comments=False)
        if article is None:
            return None
        return {
            "title": article.title,
            "description": article.description,
            "authors": (article.author or "").split("; "),
            "date": article.date,
            "content": article.text,
            "tags": article.tags,
        }

    return read_page


def newspaper4k() -> Reader:
    import newspaper

    def read_page(page: dict[str, str], html: bytes) -> Fields | None:
        article = newspaper.Article(page["url"], language=page["language"], fetch_images=False)
        article.download(input_html=html.decode("utf-8", "replace"))
        article.parse()
        return {
            "title": article.title,
            "description": article.meta_description,
            "authors": article.authors,
            "date": article.publish_date,
            "content": article.text,
            "tags": list(article.tags or ()),
        }

    return read_page


def news_please() -> Reader:
    from newsplease import NewsPlease

    def read_page(page: dict[str, str], html: bytes) -> Fields | None:
        article = NewsPlease.from_html(html.decode("utf-8", "replace"), url=page["url"], fetch_images=False)
        return {
            "title": article.title,
            "description": article.description,
            "authors": article.authors,
            "date": article.date_publish,
            "content": article.maintext,
        }

    return read_page


def fundus() -> Reader:
    from fundus import PublisherCollection

    parser = PublisherCollection.vn.VnExpress.parser()

    def read_page(page: dict[str, str], html: bytes) -> Fields | None:
        if page["newspaper"] != "vnexpress":
            return None
        article = parser.parse(html.decode("utf-8", "replace"), "suppress")
        body = article.get("body")
        sections = body.sections if body else []
        parts = [part for section in sections for part in (*section.headline, *section.paragraphs)]
        return {
            "title": article.get("title"),
            "description": " ".join(body.summary) if body else "",
            "authors": article.get("authors"),
            "date": article.get("publishing_date"),
            "content": "\n\n".join(parts),
            "tags": article.get("topics"),
        }

    return read_page


TOOLS: dict[str, Callable[[], Reader]] = {
    "newsmill": ours,
    "lxml": bare,
    "trafilatura": trafilatura,
    "newspaper4k": newspaper4k,
    "news-please": news_please,
    "fundus": fundus,
}


def answer(read_page: Reader, page: dict[str, str], repeat: int, beside: Reader | None = None) -> dict[str, Any]:
    html = Path(page["page"]).read_bytes()
    times: list[float] = []
    limits: list[float] = []
    fields: Fields | None = None
    error = ""
    for _ in range(repeat):
        # Processor time: others may share the machine. In turns, so that both meet the same moments.
        if beside:
            began = time.process_time()
            beside(page, html)
            limits.append((time.process_time() - began) * 1000)
        began = time.process_time()
        try:
            fields = read_page(page, html)
        except Exception as failure:  # noqa: BLE001
            # What a peer raises on a page is its answer to that page.
            error = f"{type(failure).__name__}: {failure}"[:200]
        times.append((time.process_time() - began) * 1000)
    limit = statistics.median(limits) if limits else None
    return {"ms": statistics.median(times), "beside_ms": limit, "fields": fields, "error": error}


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tool", choices=TOOLS)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--beside", choices=TOOLS, help="a tool that takes turns, for its time: beside_ms")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    pages = [json.loads(line) for line in sys.stdin]
    # Some peers print progress and warnings to standard output, where the answers go.
    with contextlib.redirect_stdout(sys.stderr):
        read_page = TOOLS[options.tool]()
        beside = TOOLS[options.beside]() if options.beside else None
        if pages:
            # Imports, caches and compiled patterns are paid once.
            answer(read_page, pages[0], 3)
        answers = [answer(read_page, page, options.repeat, beside) for page in pages]
    for line in answers:
        print(json.dumps(line, ensure_ascii=False, default=_plain))


if __name__ == "__main__":
    # The folder of this file has modules of ours that shadow a peer's.
    sys.path[0] = str(Path.cwd())
    main()
