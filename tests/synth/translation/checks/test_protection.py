"""What a translation changed though it must stay."""

import pytest

from synth.translate import doubts

CHANGED = [
    ("Run it:\n```python\nitem_count = 3\n```", "Eseguilo:\n```python\nnumero_elementi = 3\n```", "code_changed"),
    ("Say `git pull` first.", "Đầu tiên hãy chạy `git kéo`.", "code_changed"),
    ("def add(a):\n    return a + 1", "def aggiungi(a):\n    return a + 1", "code_changed"),
    ("def f(a):\n    return a[0] + 1", "def f(a):\n    restituisci a[0] + 1", "code_changed"),
    ("The variable max_value is big.", "La variabile valore_massimo è grande.", "identifier_changed"),
    ("Call sortItems() twice.", "Gọi sapXep() hai lần.", "identifier_changed"),
    ("Its battery holds 5200 mAh.", "La batteria ha 5 200 mOra.", "identifier_changed"),
    ("It draws 3kWh a day.", "Consuma 3 kOre al giorno.", "identifier_changed"),
    ("Fill rainType; rainType is a word.", "Compila rainType; raintipo è una parola.", "identifier_changed"),
    ("See https://example.com/help now.", "Vedi https://example.com/aiuto ora.", "address_changed"),
    ("Write to ada@example.com now.", "Scrivi a Ada ora.", "address_changed"),
    ("Solve $x^2 = 4$ for me.", "Risolvi $x^3 = 4$ per me.", "formula_changed"),
    ("Dear {first_name}, hello.", "Caro {nome}, ciao.", "placeholder_changed"),
    ("Dear [NAME], hello.", "Kính gửi [TÊN], xin chào.", "placeholder_changed"),
    ("Use a placeholder like [address].", "Usa un segnaposto come indirizzo.", "placeholder_changed"),
    ("A <b>bold</b> word.", "Una parola in grassetto.", "tag_changed"),
    ('{"name": "Rome", "size": 3}', '{"nome": "Roma", "size": 3}', "key_changed"),
    ("Which?\nA) red\nB) blue", "Quale?\nA) rosso\nC) blu", "choice_changed"),
    ("| a | b |\n|---|---|\n| one | two |", "| a | b |\n|---|---|\n| uno |", "table_changed"),
]  # fmt: skip
SAME = [
    ("Run it:\n```python\nn = 3  # how many there are\n```", "Eseguilo:\n```python\nn = 3  # quanti sono\n```"),
    ('print("Hello, dear world")', 'print("Ciao, caro mondo")'),
    ("Use a placeholder like [address].", "Usa un segnaposto come [indirizzo]."),
    ("A title like <<title>>.", "Un titolo come <<titolo>>."),
    ("The value of $3.5x$ is big.", "Il valore di $3,5x$ è grande."),
    ('<img src="a.png" alt="A red cat">', '<img src="a.png" alt="Un gatto rosso">'),
    ("@user12 how are you?", "@utente12 come stai?"),
    ("Call max_value twice: max_value.", "Chiama max_value due volte."),
    ("The class className: className is short.", "Le classi con className sono brevi."),
    ("# Gives a[0] twice.\n# return a[0] + 1\ndef f(a)", "# Dà due volte a[0].\n# restituisce a[0] + 1\ndef f(a)"),
    ("Two iPhones lay there.", "C'erano due iPhone."),
    (
        "/**\n * Give the name\n * return 'Boat.Sail' since 'Sail' is the best one\n */\nfunction best(a) {",
        "/**\n * Dai il nome:\n * restituisci 'Boat.Sail' poiché 'Sail' è il migliore\n */\nfunction best(a) {",
    ),
]


@pytest.mark.parametrize(("source", "translation", "name"), CHANGED)
def test_a_change_is_doubted_by_name(source: str, translation: str, name: str) -> None:
    assert name in doubts({"instruction": source}, {"instruction": translation}, "en", "it")


@pytest.mark.parametrize(("source", "translation"), SAME)
def test_what_a_translator_may_change_is_no_doubt(source: str, translation: str) -> None:
    assert doubts({"instruction": source}, {"instruction": translation}, "en", "it") == []
