"""What of an article is text: no captions, no markup, none of what stands under every article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.export.articles.article_text import article_text, body_paragraphs, is_caption, plain, repeated_paragraphs

BODY = "Il consiglio comunale ha approvato ieri sera il bilancio, con diciotto voti a favore e nove contrari."


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (f"<p>{BODY}</p><p>Lo <b>stesso</b> giorno &egrave; stato fermato un uomo.</p>",
         [BODY, "Lo stesso giorno è stato fermato un uomo."]),
        (f"{BODY}<script>var a = '<p>x</p>';</script>", [BODY]),
        (f"<figure><img src='a.jpg'><figcaption>La sala</figcaption></figure>{BODY}", [BODY]),
        (f"{BODY}\n\nIl [testo](https://a.it/b) della legge è lungo.",
         [BODY, "Il testo della legge è lungo."]),
        (f"&lt;p&gt;{BODY}&lt;/p&gt;", [BODY]),
        (f"Caricamento player{BODY}", [BODY]),
        (f"{BODY}\n\nFoto di copertina: ANSA/Banca d'Italia", [BODY]),
        (f"{BODY}\n\nLeggi anche:\n\nhttps://www.a.it/altro.html\n\n***", [BODY]),
        ("Se a < b e c > d, la somma è minore: lo dice il manuale.",
         ["Se a < b e c > d, la somma è minore: lo dice il manuale."]),
        ("Una riga.\n\n \n\nUn'altra\u200b riga.", ["Una riga.", "Un'altra riga."]),
        ("", []),
    ],
)  # fmt: skip
def test_the_paragraphs_of_a_body(content: str, texts: list[str]) -> None:
    assert list(body_paragraphs({"content": content, "language": "it"})) == texts


@pytest.mark.parametrize(
    ("paragraph", "language", "expected"),
    [
        ("Ảnh: Quang Minh", "vi", True),
        ("Photo: Anna Smith", "xx", True),
        ("Riproduzione riservata © Copyright Agenzia", "it", True),
        ("La fonte: «non abbiamo altro da dire, " + "e non lo diremo nemmeno domani » " * 4, "it", False),
        ("Ieri il ministro ha presentato il piano.", "it", False),
        ("Sottotitolo senza punto", "it", False),
    ],
)  # fmt: skip
def test_captions(paragraph: str, language: str, expected: bool) -> None:
    assert is_caption(paragraph, language) is expected


def test_a_short_paragraph_of_many_articles_is_none_of_theirs() -> None:
    articles = [
        {"title": f"Titolo {number}", "content": f"{BODY} Numero {number}.\n\nIncorpora il filmato", "source_site": "A"}
        for number in range(3)
    ]
    other = {"title": "Titolo", "content": f"{BODY}\n\nIncorpora il filmato", "source_site": "B"}
    repeated = repeated_paragraphs([*articles, other])
    assert article_text(articles[0], repeated) == f"Titolo 0\n\n{BODY} Numero 0."
    assert article_text(other, repeated).endswith("Incorpora il filmato")
    assert article_text({"title": "T", "content": "Incorpora il filmato", "source_site": "A"}, repeated) == ""


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Cn", "Co")), max_size=200).filter(
    lambda text: not set("<>&[]") & set(text)))  # fmt: skip
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.text(max_size=300))
def test_whatever_comes_is_text(text: str) -> None:
    for paragraph in body_paragraphs({"content": text, "language": "it"}):
        assert paragraph == paragraph.strip()
        assert "\n" not in paragraph
        paragraph.encode()
