from __future__ import annotations

from synth.reverse.refusals.repeats import Repeats, instruction_key, repeats_itself


def test_forms_of_one_instruction_have_one_key() -> None:
    forms = ("Viết bản tin về vụ cháy.", "viết bản tin về vụ cháy", "Hãy viết bản tin về vụ cháy!")
    assert len({instruction_key(form) for form in forms}) == 1
    assert instruction_key(forms[0]) != instruction_key("Viết bản tin về vụ chảy.")


def test_what_was_added_is_there_again() -> None:
    repeats = Repeats()
    texts = ("Spiega la legge.", "Spiega il voto.", "SPIEGA LA LEGGE")
    assert [repeats.add(text) for text in texts] == [False, False, True]
    assert "spiega la legge!" in repeats
    assert "spiega la norma" not in repeats


def test_an_instruction_of_courtesies_alone_is_itself() -> None:
    assert instruction_key("Per favore") != instruction_key("Please")


def test_short_sentences_may_be_said_twice() -> None:
    assert not repeats_itself("Perché? Che cosa cambia? Perché?")
    assert repeats_itself("Spiega la nuova legge. Poi spiega il voto. Spiega la nuova legge.")
