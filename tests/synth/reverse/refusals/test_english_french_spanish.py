"""The seam in the languages whose instructions are written first or by translation."""

from __future__ import annotations

import subprocess
import sys

import pytest

from synth.reverse import refusals

FRAGMENTS = {
    "en": (
        "The council of Millbrook approved a new bus lane on Friday. It will cost 1.2 million euros and open in May, "
        "said the mayor, Helen Marsh."
    ),
    "fr": (
        "Le conseil municipal de Valbonne a adopté vendredi une piste cyclable. Elle coûtera 1,2 million d'euros et "
        "ouvrira en mai, a indiqué la maire, Hélène Morel."
    ),
    "es": (
        "El ayuntamiento de Valdemora aprobó el viernes un carril bici. Costará 1,2 millones de euros y abrirá en "
        "mayo, según la alcaldesa, Elena Moreno."
    ),
}


@pytest.mark.parametrize(
    ("language", "instruction"),
    [
        ("en", "Write a news article about the new bus lane in Millbrook."),
        ("en", "How much will the bus lane cost and when will it open?"),
        ("en", "You are a local reporter. Explain to a child of ten years what the council decided."),
        ("fr", "Rédigez une dépêche sur la piste cyclable de Valbonne."),
        ("fr", "Combien coûtera la piste cyclable et quand ouvrira-t-elle ?"),
        ("es", "Escribe una noticia sobre el carril bici de Valdemora."),
        ("es", "¿Cuánto costará el carril bici y cuándo abrirá?"),
    ],
)
def test_sound(language: str, instruction: str) -> None:
    assert refusals(instruction, FRAGMENTS[language], language) == []


@pytest.mark.parametrize(
    ("name", "language", "instruction"),
    [
        ("dangling", "en", "Summarize the passage above."),
        ("dangling", "en", "What does the author say about the bus lane?"),
        ("dangling", "en", "According to the article, what will the bus lane cost?"),
        ("dangling", "en", "Explain the given definition."),
        ("dangling", "en", "Describe what happens in the following scenario."),
        ("dangling", "fr", "Résumez le texte ci-dessus."),
        ("dangling", "fr", "Selon l'article, combien coûtera la piste cyclable ?"),
        ("dangling", "es", "Resume el siguiente texto."),
        ("dangling", "es", "Según el artículo, ¿cuánto costará el carril bici?"),
        ("unanswerable", "en", "Explain why the bus lane will cost 9 million euros."),
        ("unanswerable", "fr", "Que pense le préfet Bernard Lacroix de la piste cyclable ?"),
        ("unanswerable", "es", "Explica por qué el carril bici abrirá el 3 de agosto."),
        ("wrong_genre", "en", "Write a short poem about a bus lane."),
        ("wrong_genre", "en", "Write the news of the bus lane in bullet points."),
        ("wrong_genre", "en", "Create a Python function that opens a bus lane."),
        ("wrong_genre", "fr", "Écrivez une lettre à la maire sur la piste cyclable."),
        ("wrong_genre", "fr", "Écris une courte poésie sur la piste cyclable."),
        ("wrong_genre", "es", "Escribe una receta inspirada en el carril bici."),
        ("wrong_genre", "es", "Redacta una entrevista con la alcaldesa."),
        ("not_an_instruction", "en", "The council approved a bus lane."),
        ("not_an_instruction", "en", "Sure, here is an instruction: Describe the new bus lane."),
        ("not_an_instruction", "fr", "Voici la consigne : décrivez la piste cyclable."),
        ("not_an_instruction", "es", "El carril bici abrirá en mayo."),
        ("wrong_language", "en", "Scrivi una notizia sulla nuova corsia degli autobus."),
        ("wrong_language", "fr", "Write a news article about the new cycle lane."),
        ("leaked", "en", "Say the council of Millbrook approved a new bus lane on Friday and its cost."),
    ],
)
def test_unsound(name: str, language: str, instruction: str) -> None:
    assert name in refusals(instruction, FRAGMENTS[language], language)


@pytest.mark.parametrize(
    "line",
    [
        "from synth.reverse import refusals; refusals('', '', 'it')",
        "import synth.reverse; synth.reverse.refusals('', '', 'it')",
        "from synth.reverse.refusals import Repeats; import synth.reverse; synth.reverse.refusals('', '', 'it')",
        "import synth.reverse.refusals.leak; from synth.reverse import refusals; refusals('', '', 'it')",
    ],
)
def test_the_seam_is_called_however_it_was_imported(line: str) -> None:
    subprocess.run([sys.executable, "-c", line], check=True, timeout=120)
