"""Made-up articles of each newspaper, and readers of the pages the loopback site makes of them."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lxml import html

from crawler.items import newspaper_of
from demo.loopback_site.server import LoopbackSite

UUID = "0a1b2c3d-0000-4000-8000-0000000000"
BODY_IT = (
    "La biblioteca comunale di Borgo ha riaperto lunedì dopo due anni di lavori, con un’aula studio più grande.\n\n"
    "Il cantiere, costato 1,2 milioni di euro, ha riguardato il tetto e gli impianti: «Era ora», dicono i lettori.\n\n"
    "I nuovi orari\n\n"
    "La sala è aperta dalle 9 alle 19 & il sabato fino alle 13. Il prestito resta gratuito per tutti i residenti.\n\n"
    "«Ci aspettiamo duecento lettori al giorno, il doppio di prima»\n\n"
    "Il sindaco ha ringraziato i volontari che hanno spostato quarantamila volumi in undici giorni."
)
BODY_VI = (
    "Thư viện tỉnh mở cửa trở lại sáng 4/5 sau hai năm sửa chữa, với phòng đọc rộng gấp đôi trước đây.\n\n"
    'Công trình tốn 12 tỷ đồng, gồm mái, hệ thống điện & kho sách. "Chúng tôi chờ đã lâu", một bạn đọc nói.\n\n'
    "Giờ mở cửa mới\n\n"
    "Phòng đọc mở từ 7h30 đến 19h, cuối tuần đến 11h30. Bạn đọc mượn sách không mất phí.\n\n"
    "Ban giám đốc dự kiến đón 300 lượt người mỗi ngày, tăng hơn 50% so với năm 2023."
)


TAGS = {"vi": ["thư viện", "Hà Nội"], "it": ["biblioteche", "libri"]}
NAMES = ("vnexpress", "ansa", "ilpost", "open")
BODIES = {
    "vnexpress": "article.fck_detail",
    "ansa": "[itemprop=articleBody]",
    "ilpost": "#singleBody",
    "open": ".container-main-content",
}


def record(newspaper: str, index: int, **changes: Any) -> dict[str, Any]:
    """A whole article of a newspaper; every sixth hour another one from 4 May 2026 on."""
    when = datetime.fromisoformat("2026-05-04T06:15:00+02:00") + timedelta(hours=6 * index)
    day, vietnamese = f"{when:%Y/%m/%d}", newspaper == "vnexpress"
    folder = ["sito/notizie/cronaca", "lombardia/notizie", "canale_viaggi/notizie/news", "sito/notizie/sport/calcio"][
        index % 4
    ]
    links = {
        "vnexpress": f"https://vnexpress.net/thu-vien-tinh-mo-cua-{4900000 + index}.html",
        "ansa": f"https://www.ansa.it/{folder}/{day}/la-biblioteca-riapre-{index}_{UUID}{index:02d}.html",
        "ilpost": f"https://www.ilpost.it/{day}/biblioteca-riapre-{index}/",
        "open": f"https://www.open.online/{day}/biblioteca-riapre-{index}/",
    }
    sections = {
        "vnexpress": ["Thời sự", "Giáo dục", "Khoa học công nghệ", "Chuyện lạ"],
        "ansa": ["Cronaca", "Lombardia", "Viaggi", "Calcio"],
        "ilpost": ["Italia", "Cultura", "Libri", "Bits"],
        "open": ["Attualità", "Cultura e Spettacolo", "Salute", "Sport"],
    }
    row = {
        "link": links[newspaper],
        "title": f'Thư viện tỉnh "mở cửa" lần {index}' if vietnamese else f"La biblioteca riapre, c’è l’aula {index}",
        "description": "Sau hai năm sửa chữa." if vietnamese else "Dopo due anni di lavori: «Era ora».",
        "content": BODY_VI if vietnamese else BODY_IT,
        "authors": ["Minh Châu"] if vietnamese else ["Redazione ANSA" if newspaper == "ansa" else "Anna Verdi"],
        "date": when.isoformat(),
        "date_modified": (when + timedelta(minutes=50)).isoformat(),
        "location": {"vnexpress": "Hà Nội", "ansa": "MILANO"}.get(newspaper, ""),
        "section": sections[newspaper][index % 4],
        "tags": [] if newspaper == "ansa" and index % 2 else TAGS["vi" if vietnamese else "it"],
        "language": "vi" if vietnamese else "it",
    }  # fmt: skip
    return row | changes


RECORDS = [record(name, index) for name in NAMES for index in range(45)]


def fetch(site: LoopbackSite, newspaper: str, path: str) -> tuple[int, bytes]:
    """(status, body); `path` may be the canonical link."""
    parts = urlsplit(path)
    url = site.origins[newspaper] + parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def page(site: LoopbackSite, newspaper: str, path: str) -> html.HtmlElement:
    status, body = fetch(site, newspaper, path)
    assert status == 200, path
    return html.fromstring(body.decode())


def links_of(newspaper: str) -> list[str]:
    return [row["link"] for row in RECORDS if newspaper_of(row["link"]) == newspaper]


def hrefs(tree: html.HtmlElement, selector: str) -> list[str]:
    return [found.get("href").split("#")[0].split("?")[0] for found in tree.cssselect(selector)]


def walk(site: LoopbackSite, newspaper: str, first: str, following: str, selector: str) -> list[str]:
    """The links of a listing over all its pages, until one is missing or adds nothing."""
    found: list[str] = []
    for number in range(1, 50):
        status, body = fetch(site, newspaper, first if number == 1 else following.format(number))
        links = hrefs(html.fromstring(body.decode()), selector) if status == 200 else []
        if not links:
            return found
        found += links
    raise AssertionError("a listing without end")
