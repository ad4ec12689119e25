"""Lines of code without a fence."""

import pytest

from synth.translation.code_lines import code_line_spans, is_code


@pytest.mark.parametrize(
    "line",
    [
        "def raddoppia(n):", "return n * 2", "for i in range(3):", "if n == 0:", "else:", "import numpy as np",
        "from math import sqrt", "total = a + b", "print(total)", "int main() {", "}", "let x = 3;", ">>> f(1)",
        "SELECT nome FROM clienti WHERE eta > 3;", "const f = (a) =>", ".titolo {", "color: red;", "#include <stdio.h>",
        "public static void main(String[] args) {",
    ],
)  # fmt: skip
def test_a_line_of_a_program_is_code(line: str) -> None:
    assert list(code_line_spans(f"  {line}")) == [(2, 2 + len(line))]


@pytest.mark.parametrize(
    "line",
    [
        "If you like this:", "return the list to me.", "from Rome with love", "import tax is high", "Class is over.",
        "Per esempio (come ieri), piove.", "Se a = 6 allora la risposta è sì, altrimenti no.", "# Titolo di una pagina",
        "Nota: il treno parte alle 8;", "Thành phố Hồ Chí Minh (TP HCM) có mưa.",
    ],
)  # fmt: skip
def test_a_line_of_prose_is_none(line: str) -> None:
    assert list(code_line_spans(line)) == []


def test_a_comment_after_code_is_prose() -> None:
    text = "x = f(1)  # somma tutti i valori"
    assert [text[start:end] for start, end in code_line_spans(text)] == ["x = f(1)"]


def test_a_fence_is_code_by_its_language_or_by_its_lines() -> None:
    assert is_code("qualunque cosa", "python")
    assert is_code("x = f(1)\nprint(x)")
    assert not is_code("Caro signore,\nle scrivo da Roma.")
    assert not is_code("Caro signore", "text")
