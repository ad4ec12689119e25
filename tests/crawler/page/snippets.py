"""Addresses and the least markup of each newspaper's page, for tests."""

from __future__ import annotations

UUID = "f5d56e6f-93f7-4fa1-a3df-83d51d188dd3"
URLS = {
    "vnexpress": "https://vnexpress.net/thu-vien-4936253.html",
    "ansa": f"https://www.ansa.it/sito/notizie/cronaca/2026/07/07/biblioteca_{UUID}.html",
    "ilpost": "https://www.ilpost.it/2026/06/30/biblioteca/",
    "open": "https://www.open.online/2026/06/30/biblioteca/",
}
BODIES = {
    "vnexpress": "<meta name=pubdate content=2026-07-01><h1 class=title-detail>T</h1>"
    "<article class=fck_detail>{}</article>",
    "ansa": "<h1 class=post-single-title>T</h1><div class=x><div itemprop=articleBody>{}</div></div>",
    "ilpost": "<article><h1>T</h1><div id=singleBody>{}</div></article>",
    "open": "<article><h1>T</h1><div class=container-main-content>{}</div></article>",
}
LD = '<script type="application/ld+json">%s</script>'
DATED = '<meta property="article:published_time" content="2026-06-30T08:00:00+02:00">'
SENTENCE = "Una frase di prova abbastanza lunga per essere un articolo vero e proprio."
P = f"<p>{SENTENCE}</p>"
