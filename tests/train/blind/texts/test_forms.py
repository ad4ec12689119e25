"""What tells a newspaper's text or a model's from another is gone, and the text is still there.

Covers train.blind.languages, train.blind.texts.forms.
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.blind.languages import codes, tells, words
from train.blind.texts.forms import neutral, sentence_ends, sentences

BODY = {
    "it": "Il consiglio comunale ha approvato il bilancio con undici voti. La seduta è durata quattro ore.",
    "vi": "Hội đồng thành phố đã thông qua ngân sách với mười một phiếu. Cuộc họp kéo dài bốn giờ.",
    "en": "The town council passed the budget by eleven votes. The session lasted four hours.",
}


@pytest.mark.parametrize(
    "before",
    [
        "(ANSA) - PERUGIA, 3 MAG - ",
        "PERUGIA, 3 MAG - ",
        "Perugia, 3 maggio 2026 - ",
        "(AGI) - Perugia - ",
        "(di Livia Serra) ",
        "(Adnkronos) – ",
        "PERUGIA – ",
        "Ecco un articolo sul bilancio:\n\n",
        "**Titolo:** Bilancio\n\n",
        "Certo! Ecco l'articolo richiesto:\n",
        "# Approvato il bilancio\n\n",
        "Approvato il bilancio di Perugia\n\n",
        "Riassunto:\n\n",
        "Di seguito il riassunto dei due articoli:\n\n",
        "Titolo: Approvato il bilancio\nTesto: ",
        "3 maggio 2026, 18:40\n\n",
        "di Livia Serra\n",
        "Caricamento player",
        "Here is the article:\n\n",
        "\n\n\n\n",
        "<p>",
        "Foto di copertina: ANSA/Livia Serra\n",
        "APPROVATO IL BILANCIO DI PERUGIA\n\n",
        "Summary: ",
    ],
)
def test_what_stands_before_an_italian_text(before: str) -> None:
    assert neutral(before + BODY["it"], "it") == BODY["it"]


@pytest.mark.parametrize(
    "after",
    [
        "\n\n\nRiproduzione riservata © Copyright ANSA",
        " (ANSA).",
        "\n\nLeggi anche:\n\nIl bilancio spiegato bene",
        "\n" * 30,
        "\n\nFonte: ANSA",
        "\nLivia Serra",
        "\n\nSpero che l'articolo ti sia utile!",
        "\n\n3 maggio 2026",
        " E il sindaco ha",
        "\nhttps://www.esempio.it/notizie/bilancio-123.html",
        "</p>",
        "\n---\n",
        "\n\nFammi sapere se vuoi altre modifiche.",
        " 🎉",
        "\n\nTutto sul bilancio di Perugia – Il video",
        "\n```",
        " [Foto](https://esempio.it/a_(b).jpg)",
    ],
)
def test_what_stands_after_an_italian_text(after: str) -> None:
    found = neutral(BODY["it"] + after, "it")
    assert found.startswith(BODY["it"])
    assert len(found) <= len(BODY["it"]) + len(" foto")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TTO - ", " LAN ANH"),
        ("Hà Nội (TTXVN) - ", " Theo VnExpress."),
        ("VTC News - ", " (Theo Dân trí)"),
        ("(Dân trí) - ", " Theo Reuters"),
        ("VOV.VN - ", "./. Vũ Hà (TTXVN)"),
        ("(NLĐO) – ", ""),
        ("Hà Nội, 3/5 - ", ""),
        ("Dưới đây là bài viết:\n\n", "\n\nHy vọng bài viết này hữu ích!"),
        ("", "\nNguồn: VnExpress"),
        ("Chắc chắn rồi! Dưới đây là bản tóm tắt:\n", ""),
        ("Tiêu đề: Ngân sách\nNội dung: ", "\n\nTheo VnExpress"),
        ("**Tóm tắt:**\n\n", ""),
        ("Ảnh minh họa ", " Minh Hà (tổng hợp)"),
        ("Thành phố thông qua ngân sách\n\n", "\n\n\n"),
    ],
)
def test_what_stands_around_a_vietnamese_text(before: str, after: str) -> None:
    assert neutral(before + BODY["vi"] + after, "vi") == BODY["vi"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("WASHINGTON (AP) — ", ""),
        ("HANOI, May 3 (VNA) – ", " Let me know if you want any changes!"),
        ("LONDON (Reuters) - ", " (Reporting by Ann Lee; Editing by Bo Roe)"),
        ("Sure! Here's the article:\n\n", ""),
        ("By Ann Lee\n\n", "\n\nLet me know if you need changes."),
        ("Headline: Budget passed\n\n", "\n\nAll rights reserved."),
    ],
)
def test_what_stands_around_an_english_text(before: str, after: str) -> None:
    assert neutral(before + BODY["en"] + after, "en") == BODY["en"]


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Disse: “Va bene”. Poi «uscì» – senza l’ombrello…", 'Disse: "Va bene". Poi "uscì" - senza l\'ombrello...'),
        ("E' vero perche' piu' nessuno ha detto 'basta cosi''.", 'È vero perché più nessuno ha detto "basta così".'),
        ("L'uomo dell'Onu dice: 'è l'ora di agire' e parte.", "L'uomo dell'Onu dice: \"è l'ora di agire\" e parte."),
        ("Un po' di vino negli anni '60 e '70 bastava.", "Un po' di vino negli anni '60 e '70 bastava."),
        ("La **giunta** ha *deciso*: __basta__ &egrave; ora.", "La giunta ha deciso: basta è ora."),
        (
            "Le misure sono:\n- meno tasse\n- più scuole\n- nuovi treni\n\nSi parte lunedì.",
            "Le misure sono: meno tasse; più scuole; nuovi treni. Si parte lunedì.",
        ),
        ("1. Il treno parte.\n2. Il bus arriva.", "Il treno parte. Il bus arriva."),
        ("Il sindaco\r\nha parlato.", "Il sindaco ha parlato."),
        ("Parla il dott. Neri. La sig.ra A. Verdi no.", "Parla il dott. Neri. La sig.ra A. Verdi no."),
        ("Costa 3.500 euro ( circa ) , ha detto .", "Costa 3.500 euro (circa), ha detto."),
    ],
)
def test_signs_are_of_one_kind(written: str, printed: str) -> None:
    assert neutral(written, "it") == printed


def test_lines_broken_by_an_agency_are_whole_again() -> None:
    gap = "\n                  \n  \xa0\xa0\xa0\n\t\t"
    broken = (
        "La ferrovia tra le due valli\nriaprirà in autunno dopo undici anni di lavori, ha detto il\n"
        f"presidente della regione durante una visita al cantiere della\ngalleria più lunga.{gap}"
        "I treni saranno dodici al giorno."
    )
    assert neutral(broken, "it") == (
        "La ferrovia tra le due valli riaprirà in autunno dopo undici anni di lavori, ha detto il presidente della "
        "regione durante una visita al cantiere della galleria più lunga. I treni saranno dodici al giorno."
    )


def test_paragraphs_are_set_anew() -> None:
    sentence = "Questa frase ha esattamente dieci parole e poi finisce qui davvero."
    once, twice = neutral(f"{sentence}\n\n\n\n" * 20, "it"), neutral(f"{sentence} " * 20, "it")
    assert once == twice
    assert {len(part.split()) for part in once.split("\n\n")} <= set(range(30, 100))


def test_a_text_without_a_sentence_stays() -> None:
    assert neutral("Solo parole senza punto", "it") == "Solo parole senza punto"
    assert neutral("  \n ", "it") == ""


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=400), language=st.sampled_from([*codes(), "", "fr"]))
def test_any_text_gets_the_form(text: str, language: str) -> None:
    found = neutral(text, language)
    assert unicodedata.is_normalized("NFC", found)
    assert found == found.strip()
    assert not re.search(r"[“”«»‘’–—…\r\t]|\n{3}|  ", found)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Il treno parte.", "Arriva? ", "dott. Neri", " ", "S. Rossi! ", "3.5", "fine."]), max_size=12
    )
)
def test_sentences_lose_nothing(parts: list[str]) -> None:
    text = " ".join(parts)
    assert "".join("".join(sentences(text, "it")).split()) == "".join(text.split())
    assert sentence_ends(text, "it") == sorted(set(sentence_ends(text, "it")))


def test_every_language_has_the_same_words_and_patterns() -> None:
    assert set(codes()) == {"en", "it", "vi"}
    assert len({frozenset(words(code)) for code in codes()}) == 1
    for code in codes():
        assert all(words(code).values())
        assert {"{done}", "{all}"} <= set(re.findall(r"\{\w+\}", words(code)["progress"]))
        assert tells(code).abbreviations
    assert words("xx") == words("en")


def test_real_texts_keep_nearly_all_their_words(shared: Path) -> None:
    """Half of the articles; rules were written on the other half."""
    lines = (shared / "data/it_news_2024/articles.jsonl").read_text(encoding="utf-8").strip().split("\n")[1::2]
    texts = [text for line in lines if (text := json.loads(line)["content"]) and len(text.split()) > 60]
    kept = [len(neutral(text, "it").split()) / len(text.split()) for text in texts]
    assert len(texts) > 250
    assert sorted(kept)[len(kept) // 2] > 0.95
    assert not [text for text in texts if re.search(r"Riproduzione riservata|©|\n{3}|“|»", neutral(text, "it"))]


@pytest.mark.parametrize(
    "text",
    [
        "Il fiume scende piano\nVerso la città che dorme\nE porta via la luna\nSul ponte di ferro.",
        "def somma(a, b):\n    return a + b\n\nprint(somma(2, 3))",
        "Pane\nLatte\nUova\nFarina\nZucchero\nE un litro d'olio.",
    ],
)
def test_what_is_no_prose_keeps_its_lines(text: str) -> None:
    found = neutral(text, "it")
    assert text == found
