"""What an agency puts around its texts: mark, city, day and signature, in pages and in rows of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import article_from_record
from crawler.wire_copy import WireCopy, read_wire_copy, with_signature

TEXT = "La biblioteca di Vallescura riapre dopo due anni di lavori."


@pytest.mark.parametrize(
    ("paragraphs", "expected"),
    [
        ([TEXT], WireCopy([TEXT], "", [])),
        ([f"(di Anna Neri) {TEXT}"], WireCopy([TEXT], "", ["Anna Neri"])),
        (["(di Anna Neri)", TEXT], WireCopy([TEXT], "", ["Anna Neri"])),
        ([f"(di Anna Neri e Ugo de' Bianchi) - {TEXT}"], WireCopy([TEXT], "", ["Anna Neri", "Ugo de' Bianchi"])),
        ([f"(dell'inviata Anna Neri) {TEXT}"], WireCopy([TEXT], "", ["Anna Neri"])),
        ([f"(ANSA) - ROMA, 28 LUG - {TEXT} (ANSA)."], WireCopy([TEXT], "ROMA", [])),
        ([f"(ANSA-AFP) - SAN MARINO, 1 GEN - (di Anna Neri) {TEXT}"], WireCopy([TEXT], "SAN MARINO", ["Anna Neri"])),
        ([f"(ANSAmed) - TUNISI, 12 GEN - {TEXT}", "(di Anna Neri)"], WireCopy([TEXT], "TUNISI", ["Anna Neri"])),
        (["(ANSA)"], WireCopy([], "", [])),
        ([], WireCopy([], "", [])),
    ],
)
def test_marks_and_signatures_are_no_text(paragraphs: list[str], expected: WireCopy) -> None:
    assert read_wire_copy(paragraphs) == expected


@pytest.mark.parametrize(
    "text",
    ["(di solito riapre a marzo) La biblioteca.", f"{TEXT} (di Anna Neri) Il sindaco.", "(Anna Neri) La biblioteca."],
)
def test_other_brackets_are_text(text: str) -> None:
    assert read_wire_copy([text]) == WireCopy([text], "", [])


@given(st.lists(st.text(max_size=80), max_size=4))
def test_any_text_is_read(paragraphs: list[str]) -> None:
    copy = read_wire_copy(paragraphs)
    assert all(copy.paragraphs)
    assert len("".join(copy.paragraphs)) <= len("".join(paragraphs))


def test_who_signed_stands_instead_of_the_desk() -> None:
    assert with_signature(["Redazione ANSA", "Ugo Verdi"], ["Anna Neri", "Ugo Verdi"]) == ["Ugo Verdi", "Anna Neri"]
    assert with_signature(["Redazione ANSA"], []) == ["Redazione ANSA"]


def row(host: str, content: str, **more: str) -> dict[str, str]:
    link = f"https://{host}/2026/05/04/biblioteca.html"
    return {"link": link, "title": "La biblioteca", "date": "2026-05-04", "content": content, **more}


def test_a_row_of_an_agency_is_read_as_its_page_is() -> None:
    article = article_from_record(
        row("www.ansa.it", f"(ANSA) - ROMA, 4 MAG - (di Anna Neri)\r\n   {TEXT}\n\nDue piani. (ANSA).",
            authors="Redazione ANSA")
    )  # fmt: skip
    assert article.content == f"{TEXT}\n\nDue piani."
    assert (article.authors, article.location) == (["Anna Neri"], "ROMA")
    plain = article_from_record(row("www.ansa.it", f"{TEXT}\n\nDue piani."))
    assert plain.content_hash == article.content_hash
    assert (plain.authors, plain.location) == ([], "")


def test_a_row_says_its_city_before_the_dateline_does() -> None:
    text = f"(ANSA) - ROMA, 4 MAG - {TEXT}"
    assert article_from_record(row("www.ansa.it", text, location="Vallescura")).location == "Vallescura"


@pytest.mark.parametrize("host", ["www.ilpost.it", "www.example.org"])
def test_other_newspapers_keep_their_brackets(host: str) -> None:
    text = f"(di Anna Neri) {TEXT} (ANSA)"
    article = article_from_record(row(host, text))
    assert (article.content, article.authors) == (text, [])
