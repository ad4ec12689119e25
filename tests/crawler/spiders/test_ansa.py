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


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        ("(di Anna Neri) ", ["Anna Neri"]),
        ("(di Anna Neri)<br><br>&nbsp;&nbsp; ", ["Anna Neri"]),
        ("(di Anna Neri e Ugo De' Bianchi) ", ["Anna Neri", "Ugo De' Bianchi"]),
        ("(dell'inviata Anna Neri) - ", ["Anna Neri"]),
        ("(dall’inviata) ", None),
        ("(ANSA) - PARMA, 28 LUG - (di Anna Neri) ", ["Anna Neri"]),
        ("(di Anna Neri) (ANSA) - PARMA, 28 LUG - ", ["Anna Neri"]),
        ("(di nuovo aperta) ", None),
        ("(di Parma) ", None),
    ],
)
def test_who_signs_in_the_text_is_its_author(head: str, authors: list[str] | None) -> None:
    found = read(head + TEXT)
    assert found.authors == (authors or [])
    assert (found.content == TEXT) == (authors is not None)


def test_a_signature_goes_before_the_desk_and_beside_a_person() -> None:
    meta = "<div class=post-single-meta><p class=author>{}</p></div>"
    assert read("(di Anna Neri) " + TEXT, meta.format("Redazione ANSA")).authors == ["Anna Neri"]
    assert read("(di Anna Neri) " + TEXT, meta.format("di Ugo Bianchi")).authors == ["Ugo Bianchi", "Anna Neri"]
    assert read("(di Anna Neri) " + TEXT, meta.format("di Anna Neri")).authors == ["Anna Neri"]
    assert read(TEXT, meta.format("Redazione ANSA")).authors == ["Redazione ANSA"]
    last = read(TEXT + "<br>(di Anna Neri)")
    assert (last.content, last.authors) == (TEXT, ["Anna Neri"])


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("&gt;&gt;&gt;ANSA/ Riapre il ponte", "Riapre il ponte"),
        ("&gt;ANSA-FOCUS/Riapre il ponte", "Riapre il ponte"),
        ("ANSA-IL PUNTO/ Riapre il ponte", "Riapre il ponte"),
        ("++ Riapre il ponte ++", "Riapre il ponte"),
        ("L'ANSA compie gli anni", "L'ANSA compie gli anni"),
        ("ANSA, ottant'anni di notizie", "ANSA, ottant'anni di notizie"),
    ],
)
def test_marks_of_the_newsroom_are_no_title(printed: str, title: str) -> None:
    page = f"<h1 class=post-single-title>{printed}</h1><div itemprop=articleBody><p>{TEXT}</p></div>"
    assert extract(page, URL, "ansa").title == title
    page = f'<meta property="og:title" content="{printed}"><div itemprop=articleBody><p>{TEXT}</p></div>'
    assert extract(page, URL, "ansa").title == title


@pytest.mark.parametrize(
    ("script", "tags"),
    [
        ('displayTags("Calcio", "all-tags");', ["Calcio"]),
        ('displayTags("Calcio,Anna Neri", "all-tags");displayTags("Parma Calcio & C.,Calcio");',
         ["Calcio", "Anna Neri", "Parma Calcio & C."]),
        ("displayTags('Tutela dell\\'acqua , Anna Neri', 'all-tags')", ["Tutela dell'acqua", "Anna Neri"]),
        ('displayTags("", "all-tags")', []),
    ],
)  # fmt: skip
def test_scripts_hold_lists_of_tags(script: str, tags: list[str]) -> None:
    assert read(TEXT, f"<div class=article-tags><script>{script}</script></div>").tags == tags


@pytest.mark.parametrize(
    ("crumb", "section"),
    [
        ('<li class="is-channel"><a><img src="x.svg"> <span>Terra &amp; Gusto</span></a></li><li><a>Vino</a></li>',
         "Terra & Gusto"),
        ('<li class="is-channel"><a><img alt="Motori" src="x.svg"></a></li>', "Motori"),
        ('<li class="is-section"><a>Sport</a></li><li><a>Calcio</a></li>', "Sport"),
        ("", "Cronaca"),
    ],
)  # fmt: skip
def test_a_channel_s_name_is_beside_its_logo(crumb: str, section: str) -> None:
    assert read(TEXT, f'<div class="crumbs"><ul>{crumb}</ul></div>').section == section
