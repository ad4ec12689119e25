"""What a translation must leave as it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.translation.protected import KINDS, Span, prose, protected_spans, without


def _protected(text: str) -> list[tuple[str, str]]:
    return [(text[start:end], kind) for start, end, kind in protected_spans(text)]


CASES = [
    ("Vedi:\n```python\nx_y = 1\n```\nFine.", [("```python\nx_y = 1\n```", "fenced_code")]),
    ("Aperto:\n```js\nlet a = 1;", [("```js\nlet a = 1;", "fenced_code")]),
    ("Usa `pip install` o ``a`b``.", [("`pip install`", "inline_code")]),
    ("Costa $5 o 6$, ma $E=mc^2$ e \\(a+b\\).", [("$E=mc^2$", "latex"), ("\\(a+b\\)", "latex")]),
    ("La frazione \\frac{1}{2} di $$x$$", [("\\frac{1}{2}", "latex"), ("$$x$$", "latex")]),
    ('Un <b>testo</b> con <a href="http://a.b/c">qui</a>&nbsp;', [
        ("<b>", "html"), ("</b>", "html"), ('<a href="http://a.b/c">', "html"), ("</a>", "html"), ("&nbsp;", "html"),
    ]),
    ("Su https://esempio.it/a_(b), www.sito.vn. o esempio.org!", [
        ("https://esempio.it/a_(b)", "url"), ("www.sito.vn", "url"), ("esempio.org", "url"),
    ]),
    ("Scrivi a maria.neri@posta.it o @maria", [("maria.neri@posta.it", "email"), ("@maria", "handle")]),
    ("Caro [Nome], {cognome}, <CITTÀ>, <<titolo>>, %s, ${CASA}, {{ utente.nome }}: ____", [
        ("[Nome]", "placeholder"), ("{cognome}", "placeholder"), ("<CITTÀ>", "placeholder"),
        ("<<titolo>>", "placeholder"), ("%s", "placeholder"), ("${CASA}", "placeholder"),
        ("{{ utente.nome }}", "placeholder"), ("____", "placeholder"),
    ]),
    ("Disse [nota del redattore: era tardi.] e [12] volte; [leggi](http://a.it)", [("http://a.it", "url")]),
    ('{"nome": "Ada", "anni": 3}', [('"nome"', "json_key"), ('"anni"', "json_key")]),
    ("Chiama row_total, maxValue e np.mean(x) in main.py", [
        ("row_total", "identifier"), ("maxValue", "identifier"), ("np.mean(x)", "identifier"),
        ("main.py", "identifier"),
    ]),
    ("Le parole name(s), friend(ship), iPhone, e.g. e U.S.A. no", []),
    ("Count the odd numbers in the range(2, m), ends included; round to the nearest int(Floor) before.", []),
    ("Call the len(xs) function and the max() of it. Return sum(ys), range(1, k)", [
        ("len(xs)", "identifier"), ("max()", "identifier"), ("sum(ys)", "identifier"), ("range(1, k)", "identifier"),
    ]),
    ("Apri /etc/hosts/a con ./run.sh --no-cache e C:\\Users\\ada", [
        ("/etc/hosts/a", "identifier"), ("./run.sh", "identifier"), ("--no-cache", "identifier"),
        ("C:\\Users\\ada", "identifier"),
    ]),
    ("120 km/h e/o lui/lei", []),
    ("Quale?\nA) uno\nB) due", [("A)", "choice"), ("B)", "choice")]),
    ("Il vitamina A) solo", []),
    ("| a | b |\n|---|---|\n| 1 | 2 |", [
        ("|", "table"), ("|", "table"), ("|", "table"), ("|---|---|", "table"), ("|", "table"), ("|", "table"),
        ("|", "table"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_each_kind_is_protected_and_prose_is_not(text: str, expected: list[tuple[str, str]]) -> None:
    assert _protected(text) == expected


def test_a_fence_around_prose_protects_its_marks_only() -> None:
    text = "Traduci:\n```\nCaro signore, le scrivo da Roma.\n```"
    assert _protected(text) == [("```", "fenced_code"), ("```", "fenced_code")]


def test_prose_is_what_no_span_holds() -> None:
    assert prose("Vedi `x` su https://a.it e basta").split() == ["Vedi", "su", "e", "basta"]
    assert without("abcdef", [Span(1, 3, "url")], "#") == "a#def"


@given(st.text(alphabet="aB1_ \n`~$\\<>[]{}()\"'|/.:=@#-;%&,*"))
def test_spans_are_in_order_apart_and_of_a_known_kind(text: str) -> None:
    position = 0
    for start, end, kind in protected_spans(text):
        assert position <= start < end <= len(text)
        assert kind in KINDS
        position = end


@pytest.mark.parametrize(
    "unit", ["`", "[", "$a_", "<a ", "\\[", "{", '"a":', "a.", "((", "\n", "| a ", "http://a", "a = b "]
)
def test_cost_is_linear_in_what_is_never_closed(unit: str) -> None:
    text = unit * (40000 // len(unit))
    start = time.process_time()
    protected_spans(text)
    assert time.process_time() - start < 5
