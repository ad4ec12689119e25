"""People's texts of an export: behind the prompts where it has them, else of the same newspaper and month."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train.blind.texts.human import (
    Article,
    Articles,
    Prompt,
    articles_in,
    draw_articles,
    gives_away,
    read_articles,
    request_shown,
)
from train.errors import TrainError

LONG = "La diga sul torrente è stata chiusa per lavori che dureranno due anni, ha detto la provincia. " * 4
ARCHIVE = "https://web.archive.org/web/2024/"
LABELS = {
    "it": ("Titolo", "Fonte", "Testo"),
    "vi": ("Tiêu đề", "Nguồn", "Nội dung"),
    "es": ("Título", "Fuente", "Texto"),
}


def request(language: str, *texts: str, source: bool = True) -> str:
    """As `synth summarize` writes it."""
    title, newspaper, content = LABELS[language]
    parts = [
        f"- {title}: Notizia {number}\n" + (f"  {newspaper}: ANSA, 8 gennaio 2024\n\n" if source else "")
        + f"  {content}: {text}\n"
        for number, text in enumerate(texts)
    ]  # fmt: skip
    return "Riassumi.\n\n" + "\n".join(parts)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize("source", [True, False])
def test_a_request_holds_its_articles(language: str, source: bool) -> None:
    texts = ["Primo paragrafo.\n\nSecondo: con due punti.\n- una voce", "Altro testo\n\n- Nota: e una lista", "Terzo."]
    found = list(articles_in(request(language, *texts, source=source)))
    assert [article.text for article in found] == texts
    assert [article.title for article in found] == ["Notizia 0", "Notizia 1", "Notizia 2"]
    assert {article.newspaper for article in found} == {"ansa" if source else ""}
    assert {article.month for article in found} == {"2024-01" if source else ""}


def test_a_request_without_articles_has_none() -> None:
    assert list(articles_in("Scrivi un articolo sulla diga.\n- breve\n- chiaro")) == []


def test_an_export_is_read_with_its_links(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    asked = request("it", LONG, "Corto.")
    sources = [{"title": "Notizia 0", "link": "https://www.ansa.it/a/2024/01/06/x.html", "source_site": "Ansa"}]
    write(
        folder / "train.jsonl", {"key": "k1", "language": "it", "question": asked, "answer": "S.", "sources": sources}
    )
    write(folder / "val.jsonl", {"instruction": "Riassumi.", "input": asked[11:], "output": "S."})
    articles = read_articles(folder)
    assert len(articles.all) == 4
    first = articles.all[0]
    assert (first.text, first.newspaper, first.month, first.language) == (LONG.strip(), "ansa", "2024-01", "it")
    by_id, by_request, by_link = Prompt("k1", "?"), Prompt("?", asked), Prompt("?", "?", "", (first.link,))
    assert [len(articles.of(prompt)) for prompt in (by_id, by_request, by_link)] == [2, 2, 1]


def test_files_of_articles_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "articles.jsonl",
        {
            "title": "A",
            "content": LONG,
            "link": "https://web.archive.org/web/2024/https://www.ilpost.it/a",
            "date": "20240109082917",
        },
        {"title": "B", "content": LONG, "link": "https://vnexpress.net/b", "date": "23/10/2013 11:39"},
        {"title": "C", "content": LONG, "date": "TARVISIO,\n   06 gennaio 2024, 18:54", "source_site": "Il Post"},
        {"title": "D", "content": LONG, "date": "2024-03-05T10:00:00Z"},
    )
    found = [(article.newspaper, article.month) for article in read_articles(path).all]
    assert found == [("ilpost", "2024-01"), ("vnexpress", "2013-10"), ("ilpost", "2024-01"), ("", "2024-03")]


def test_a_file_without_articles_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "alpaca.jsonl", {"instruction": "Somma 2 e 2.", "output": "4"})
    with pytest.raises(TrainError, match="holds no articles"):
        read_articles(path)


def article(number: int, newspaper: str = "ansa", month: str = "2024-01", language: str = "it") -> Article:
    return Article(f"{number} {LONG}", f"N{number}", newspaper, month, language, f"https://{newspaper}.it/{number}")


def test_own_articles_first_then_newspaper_and_month() -> None:
    articles = Articles()
    articles.add([article(0)], "p0")
    articles.add([article(1), article(2, month="2024-02"), article(3, "open"), article(4, "tuoitre", language="vi")])
    prompts = [
        Prompt("p0", "?", "it"),
        Prompt("p1", "?", "it", ("https://www.ansa.it/2024/01/05/x.html",)),
        Prompt("p2", "?", "it", ("https://www.ansa.it/2024/01/07/y.html",)),
        Prompt("p3", "?", "it", ("https://www.quotidiano.it/2024/01/07/y.html",)),
        Prompt("p4", "?", "it"),
    ]
    found = draw_articles(articles, prompts, 0)
    assert {name: (how, each.title) for name, (how, each) in found.items()} == {
        "p0": ("matched", "N0"), "p1": ("same_newspaper_and_month", "N1"), "p2": ("same_newspaper", "N2"),
        "p3": ("same_language", "N3"),
    }  # fmt: skip
    assert draw_articles(articles, prompts, 0) == found


def test_no_article_stands_for_two_prompts_and_none_is_a_snippet() -> None:
    articles = Articles()
    articles.add([article(0), Article("Troppo corto.", "x")], "p0")
    articles.add([article(0)], "p1")
    assert set(draw_articles(articles, [Prompt("p0", "?"), Prompt("p1", "?")], 0)) == {"p0"}


def test_a_request_beside_one_of_its_articles_shows_headlines_alone() -> None:
    asked = request("vi", LONG, LONG + "Fine.")
    assert request_shown(asked, [LONG]) == "Notizia 0\nNotizia 1"
    assert request_shown("Scrivi della diga.", [LONG]) == "Scrivi della diga."
    assert request_shown(f"Continua: {LONG}", [LONG]) == ""


def test_words_in_a_row_give_a_text_away() -> None:
    assert gives_away(f"prima {LONG}", f"dopo {LONG.upper()}")
    assert not gives_away("La diga è chiusa", LONG)
