"""Which language a text is in, and when it does not say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.language import detect


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


def test_prose_around_code_is_what_counts() -> None:
    text = "Ecco la funzione che calcola la media di una lista di numeri:\n```\ndef mean(x): return sum(x)/len(x)\n```"
    assert detect(text)[0] == "it"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    code, confidence = detect(text)
    assert code == "unknown" or len(code) == 2
    assert 0 <= confidence <= 1


def test_the_sample_articles(sample_records: list[dict[str, Any]]) -> None:
    wrong = [row["title"] for row in sample_records if detect(row["content"])[0] != row["language"]]
    assert wrong == []
