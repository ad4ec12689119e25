"""Which language a text is in, and when it does not say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.language import detect


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Una scossa di terremoto è stata registrata nelle Marche, nessun ferito.", "it"),
        ("Hàng nghìn người dân được sơ tán khỏi vùng lũ trong đêm qua.", "vi"),
        ("The government said on Monday that it would review the decision.", "en"),
        ("Die Regierung hat am Montag angekündigt, die Entscheidung zu prüfen.", "de"),
    ],
)
def test_prose(text: str, code: str) -> None:
    found, confidence = detect(text)
    assert found == code
    assert 0.7 < confidence <= 1


@pytest.mark.parametrize(
    "text",
    ["", "   \n", "12345 6789", "!!! ??? …", "Ok", "M . U", "asdf qwer zxcv hjkl", "aaaaaaaaaaaaaaaaaa", "https://"],
)
def test_what_does_not_say(text: str) -> None:
    assert detect(text) == ("unknown", 0.0)


def test_code_is_no_language() -> None:
    assert detect("def main():\n    import sys\n    return print(sys.argv);\nfor (x) { run(x); }\n")[0] == "unknown"
    assert detect("```python\nprint('una frase italiana nel codice')\n```") == ("unknown", 0.0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "/**\n * Restituisci la somma dei numeri pari.\n * >>> pari([1, 2])\n * 2\n */\nfunction pari(v) {\n",
            "it",
        ),
        ("# Hàm này trả về số lớn nhất trong danh sách.\ndef lon_nhat(v):\n    return max(v)\n", "vi"),
        ("<p>Il sindaco ha riaperto il ponte sul fiume.</p>", "it"),
        ("For example:\nthe bridge was opened again;\nthe river rose twice.", "en"),
        ("Cho tập hợp các số sau, hãy tính giá trị trung bình của chúng: {4, 8, 15, 16}", "vi"),
        ("    return release, version, machine\n    global _cache\n", "unknown"),
        ("            raise ValueError(name)\n        yield top, dirs, names\n", "unknown"),
        ('words("One, two, three, four") == ["One", "two", "three", "four"]', "unknown"),
    ],
)
def test_comments_are_prose_and_statements_are_not(text: str, code: str) -> None:
    assert detect(text)[0] == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("We lost the game.", "en"), ("Ho perso il treno.", "it"), ("Xin chào", "vi"), ("Je suis là", "fr"),
        ("Dov'è finito il gatto?", "it"), ("See you soon!", "en"), ("Anh ấy đi rồi.", "vi"),
    ],
)  # fmt: skip
def test_a_few_words_are_enough(text: str, code: str) -> None:
    assert detect(text)[0] == code


def test_lingua_is_asked_only_where_it_may_change_something(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("crawler.language._large_scores", lambda text: asked.append(text) or {})
    assert [detect(text)[0] for text in (IT, EN, VI)] == ["it", "en", "vi"]
    assert asked == []
    detect("Yay, la la", precise=False)
    assert asked == []
    detect("Yay, la la")
    assert asked


def test_prose_around_code_is_what_counts() -> None:
    text = "Ecco la funzione che calcola la media di una lista di numeri:\n```\ndef mean(x): return sum(x)/len(x)\n```"
    assert detect(text)[0] == "it"


IT = "Il governo ha annunciato lunedì che rivedrà la decisione dopo un lungo dibattito in parlamento."
EN = "The government said on Monday that it would review the decision after a long debate in parliament."
VI = "Chính phủ cho biết hôm thứ Hai rằng họ sẽ xem xét lại quyết định sau một cuộc tranh luận dài."


@pytest.mark.parametrize(("one", "other"), [(IT, EN), (EN, VI), (VI, IT), (EN, IT)])
def test_a_text_in_two_languages_is_in_none(one: str, other: str) -> None:
    assert detect(f"{one}\n\n{other}") == ("unknown", 0.0)
    assert detect(f"{one} {other} {one}") == ("unknown", 0.0)


def test_a_short_quotation_changes_nothing() -> None:
    assert detect(" ".join([IT] * 6) + f" «{EN}»")[0] == "it"
    assert detect(f"{VI} {VI}\n\n{VI} (The New York Times)")[0] == "vi"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Three common web browsers are Google Chrome, Mozilla Firefox, and Microsoft Edge.", "en"),
        ("Alla scoperta di The Haunting of Bly Manor e di Still: la storia di Michael J. Fox", "it"),
        ("Các quận của Ireland là: Antrim, Armagh, Carlow, Cavan, Clare, Cork, Derry, Donegal, Down", "vi"),
        ("Tìm từ đồng nghĩa với từ sau :: Chiến thắng", "vi"),
        ("Leggi qui https://www.example.com/the-government-said-on-monday-that-it-would cosa ha deciso", "it"),
    ],
)
def test_names_and_addresses_mislead_nobody(text: str, code: str) -> None:
    assert detect(text)[0] == code


@pytest.mark.parametrize(
    "text",
    [
        "https://www.example.it/notizie/incendio-in-un-palazzo-di-roma", "@mario @anna #calcio #ultimora",
        "SELECT name, price FROM products WHERE price > 3;", "public static void main(String[] args) { run(); }",
        "x = [i for i in range(10)]\nprint(x)", "<div class='box'><p>Testo</p></div>", "mario.rossi@example.com",
    ],
)  # fmt: skip
def test_what_is_written_for_machines(text: str) -> None:
    assert detect(text) == ("unknown", 0.0)


def test_real_titles_and_answers(shared: Path) -> None:
    """Half of 3,400 real short texts, the half that nothing was chosen by: at most 1 % get a wrong language."""
    found: Counter[str] = Counter()
    for name, field, code in (
        ("it_news_2024/articles.jsonl", "title", "it"), ("vi_vnmds/docs.jsonl", "title", "vi"),
        ("alpaca_en_1000.jsonl", "output", "en"), ("alpaca_vi_1000.jsonl", "prompt", "vi"),
    ):  # fmt: skip
        rows = [json.loads(line) for line in (shared / "data" / name).open(encoding="utf-8")]
        for row in rows[::2]:
            if "/english/" not in row.get("link", "") and sum(map(str.isalpha, row[field] or "")) >= 12:
                told = detect(row[field])[0]
                found["right" if told == code else told if told == "unknown" else "wrong"] += 1
    assert found.total() > 1500
    assert found["wrong"] <= 0.01 * found.total()
    assert found["unknown"] <= 0.025 * found.total()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    code, confidence = detect(text)
    assert code == "unknown" or len(code) == 2
    assert 0 <= confidence <= 1


def test_the_sample_articles(sample_records: list[dict[str, Any]]) -> None:
    wrong = [row["title"] for row in sample_records if detect(row["content"])[0] != row["language"]]
    assert wrong == []
