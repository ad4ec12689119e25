"""Whether answers keep what their instructions demand. Covers checks.py."""

from __future__ import annotations

import pytest

from synth.translation.language_bound.checks import holds
from synth.translation.language_bound.constraints import Constraint

CASES = [
    (Constraint("words", "most", 3), "Tre parole qui", "Una due tre quattro"),
    (Constraint("sentences", "exactly", 2), "Piove. Restiamo a casa.", "Piove."),
    (Constraint("paragraphs", "exactly", 2), "Uno.\n\nDue.", "Uno. Due."),
    (Constraint("bullets", "least", 2), "- uno\n- due", "- uno"),
    (Constraint("placeholders", "least", 1), "Caro [nome],", "Caro amico,"),
    (Constraint("keyword", "exactly", 2, "fiume"), "Il fiume e il Fiume.", "Il fiume e i fiumi."),
    (Constraint("keyword", "least", 1, "ponte,"), "Un ponte lungo.", "Un viadotto lungo."),
    (Constraint("forbidden", phrase="blu"), "Il mare è azzurro.", "Il mare è blu."),
    (Constraint("letter", "most", 0, "z"), "Una casa.", "Una piazza."),
    (Constraint("end", phrase="Buona notte."), "È tardi. Buona notte!", "Buona notte. È tardi."),
    (Constraint("start", phrase="Cara Anna"), "«Cara Anna», scrisse.", "Ciao, cara Anna"),
    (Constraint("lowercase"), "tutto piccolo.", "Tutto piccolo."),
    (Constraint("uppercase"), "TUTTO GRANDE.", "Tutto grande."),
    (Constraint("no_comma"), "Sale e pepe.", "Sale, pepe."),
    (Constraint("quotation"), "«Intero.»", "Non «intero»."),
    (Constraint("json"), '```json\n{"a": 1}\n```', "{a: 1}"),
    (Constraint("title"), "<<Il mare>>\nÈ grande.", "Il mare"),
    (Constraint("two_responses"), "Uno.\n******\nDue.", "Uno.\n******\nUno."),
    (Constraint("postscript"), "Ciao.\nP.S. Scrivi!", "Ciao."),
    (Constraint("repeat_prompt"), "Parla del mare con una poesia breve. Ecco.", "Ecco."),
]


@pytest.mark.parametrize(("constraint", "right", "wrong"), CASES)
def test_right_and_wrong_answers(constraint: Constraint, right: str, wrong: str) -> None:
    instruction = "Parla del mare con una poesia breve."
    assert holds(constraint, right, instruction, "it")
    assert not holds(constraint, wrong, instruction, "it")
