"""Lines of code without a fence."""

import pytest

from synth.translation.code_lines import code_line_spans, is_code, is_commented_program


@pytest.mark.parametrize(
    "line",
    [
        "def raddoppia(n):", "return n * 2", "for i in range(3):", "if n == 0:", "else:", "import numpy as np",
        "from math import sqrt", "total = a + b", "print(total)", "int main() {", "}", "let x = 3;", ">>> f(1)",
        "SELECT nome FROM clienti WHERE eta > 3;", "const f = (a) =>", ".titolo {", "color: red;", "#include <stdio.h>",
        "public static void main(String[] args) {", "fun doppio(n: Int): Int {", "func doppio(n: Int) -> Int {",
        "fn doppio(n: i32) -> i32 {", "sub doppio {", "return a[0] if a in b else None", "return not a or b[0]",
    ],
)  # fmt: skip
def test_a_line_of_a_program_is_code(line: str) -> None:
    assert list(code_line_spans(f"  {line}")) == [(2, 2 + len(line))]


@pytest.mark.parametrize(
    "line",
    [
        "If you like this:", "return the list to me.", "from Rome with love", "import tax is high", "Class is over.",
        "Per esempio (come ieri), piove.", "Se a = 6 allora la risposta è sì, altrimenti no.", "# Titolo di una pagina",
        "return 'a' since 'b' is the best one", "print the name (in capitals) if you can;",
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


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("# Conta i gatti di una via.\ndef conta(via):", True),
        ('def conta(via):\n    """Conta i gatti di una via.\n    """', True),
        ("def conta(via):\n    '''Conta i gatti.\n    '''", True),
        ("// Conta i gatti di una via.\nfunc conta(via int) int {", True),
        ("def conta(via):", False),
        ("Che cosa fa questa funzione di Python?\ndef conta(via):", False),
        ("# Titolo di una pagina\nUn testo che racconta di gatti.", False),
    ],
)
def test_a_program_whose_prose_is_in_its_comments(text: str, answer: bool) -> None:
    code = text
    for start, end in reversed(list(code_line_spans(text))):
        code = code[:start] + code[end:]
    assert is_commented_program(text, code) is answer
