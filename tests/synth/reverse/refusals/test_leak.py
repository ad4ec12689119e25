from __future__ import annotations

from synth.reverse.refusals.leak import is_leaked, longest_run, trigram_share


def test_the_longest_run_is_found_whatever_its_accents_and_capitals() -> None:
    assert longest_run("dice che La città è aperta".split(), "oggi la citta E aperta a tutti".split()) == [
        "La", "città", "è", "aperta",
    ]  # fmt: skip
    assert longest_run("a b".split(), []) == []


def test_the_share_is_of_the_answers_trigrams() -> None:
    assert trigram_share("x a b c d y".split(), "a b c d e f".split()) == (0.5, 2)


def test_a_long_name_in_common_gives_nothing_away() -> None:
    office = "Autorità Nazionale Indipendente Garante Della Concorrenza E Del Mercato Italiano"
    answer = (
        f"L'{office} ha multato ieri un gruppo di tre imprese. La decisione potrà essere impugnata entro due mesi. "
    )
    assert not is_leaked(f"Che cosa ha deciso l'{office}?", answer + "Si tratta del terzo caso simile in pochi anni.")


def test_a_short_answer_that_stands_in_the_instruction_is_leaked() -> None:
    assert is_leaked("Scrivi un titolo come: Riaperto il ponte dei pellegrini", "Riaperto il ponte dei pellegrini")
    assert not is_leaked("Scrivi un titolo sulla riapertura del ponte", "Riaperto il ponte dei pellegrini")
