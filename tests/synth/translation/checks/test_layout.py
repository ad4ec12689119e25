"""Items, paragraphs and quotes."""

import pytest

from synth.translate import doubts


@pytest.mark.parametrize(
    ("source", "translation", "name"),
    [
        ("1. Wash it\n2. Cut it\n3. Eat it", "1. Lavalo\n2. Taglialo", "items_changed"),
        ("- salt\n- oil\n- bread", "- sel\n- huile", "items_changed"),
        ("(1) red, (2) green, (3) blue", "(1) rosso, (2) verde", "items_changed"),
        ("Apples, pears, plums.", "Táo, lê.", "items_changed"),
        ("One text.\n\nThe next.", "Un testo. Il seguente.", "paragraphs_changed"),
        ('Use the word "tree" once.', "Usa la parola albero una volta.", "quotes_changed"),
    ],
)
def test_what_is_missing_is_doubted(source: str, translation: str, name: str) -> None:
    assert name in doubts({"output": source}, {"output": translation}, "en", "it")


@pytest.mark.parametrize(
    ("source", "translation", "language"),
    [
        ("1. Wash it\n2. Cut it", "1) Lavalo\n2) Taglialo", "it"),
        ("* salt\n* oil", "- muối\n- dầu", "vi"),
        ('He said "I am here" and "I stay".', "Ha detto «Sono qui» e «Resto».", "it"),
        ('He said "I am here" and "I stay".', "Er sagte „Ich bin hier“ und „Ich bleibe“.", "de"),
        ("“Come in,” he said. “Sit.”", "— Entrez, dit-il. — Asseyez-vous.", "fr"),
        ("# Adds two.\n# Gives one.\n\n# >>> f(1)\ndef f(a)", "# Somma due. Ne dà uno.\n#\n# >>> f(1)\ndef f(a)", "it"),
        (
            'def f(a):\n    """Adds two.\n    >>> f(1)\n    """',
            'def f(a):\n    """Somma due.\n\n    >>> f(1)\n    """',
            "it",
        ),
        ("/**\n * Where:\n * * a is one\n */", "/**\n * Dove:\n *     * a è uno\n */", "it"),
        ("/**\n * * Adds two.\n * >>> f(1)\n */", "/**\n * *\n * Somma due.\n * >>> f(1)\n */", "it"),
    ],
)
def test_the_same_in_another_form_is_no_doubt(source: str, translation: str, language: str) -> None:
    assert doubts({"output": source}, {"output": translation}, "en", language) == []
