"""ANSA's own ways: the agency's mark at both ends of a text, datelines, sections."""

from __future__ import annotations

import pytest

from crawler.items import Article
from crawler.page import extract
from crawler.spiders.ansa import section_in

URL = "https://www.ansa.it/sito/notizie/cronaca/2026/07/07/a_f5d56e6f-93f7-4fa1-a3df-83d51d188dd3.html"
TEXT = "Una frase di prova abbastanza lunga per essere un articolo vero e proprio."


def read(text: str, meta: str = "") -> Article:
    page = f"<h1 class=post-single-title>T</h1>{meta}<div itemprop=articleBody><p>{text}</p></div>"
    return extract(page, URL, "ansa")


@pytest.mark.parametrize(
    ("start", "city"),
    [
        ("(ANSA) - ROMA, 28 LUG - ", "ROMA"),
        ("(ANSA) - REGGIO CALABRIA, 1 GEN - ", "REGGIO CALABRIA"),
        ("(ANSA) - L'AQUILA, 28 LUG - ", "L'AQUILA"),
        ("(ANSA-AFP) - PARIGI, 03 DIC. – ", "PARIGI"),
        ("(ANSA) ", ""),
        ("(ANSA) - ", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("end", ["", " (ANSA).", " (ANSA)", "(ANSA)."])
def test_the_agency_s_mark_is_no_text(start: str, city: str, end: str) -> None:
    found = read(start + TEXT + end)
    assert (found.content, found.location) == (TEXT, city)


def test_the_agency_in_a_sentence_stays() -> None:
    text = f"{TEXT} Lo ha detto (ANSA, 7 luglio) il sindaco a Roma, 28 anni."
    assert read(text).content == text


def test_the_printed_dateline_comes_first() -> None:
    meta = "<div class=post-single-meta><p class=details><strong>ANCONA</strong>, 07 luglio 2026, 20:26</p></div>"
    found = read("(ANSA) - ROMA, 7 LUG - " + TEXT, meta)
    assert found.location == "ANCONA"
    assert str(found.date) == "2026-07-07 20:26:00+02:00"
    assert read(TEXT, meta.replace("<strong>ANCONA</strong>", "ANCONA")).location == "ANCONA"
    assert read(TEXT, meta.replace("<strong>ANCONA</strong>,", "")).location == ""


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/sito/notizie/cronaca/2026/07/07/a.html", "Cronaca"),
        ("/sito/notizie/sport/calcio/2026/07/07/a.html", "Sport"),
        ("/canale_viaggi/notizie/news/2026/07/07/a.html", "Viaggi"),
        ("/lombardia/notizie/2026/07/07/a.html", "Lombardia"),
        ("/nuova_europa/it/notizie/2026/07/07/a.html", "Nuova Europa"),
        ("/a.html", ""),
    ],
)
def test_the_folder_names_the_section(path: str, section: str) -> None:
    assert section_in(path) == section
