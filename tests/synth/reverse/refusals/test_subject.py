from __future__ import annotations

import pytest

from synth.reverse.refusals.subject import is_unanswerable

MATCH = "L'Aurora ha vinto per 3-1 a Montebello. Due gol di Piero Landi. La vacanza natalizia comincia venerdì."
RICE = "Ba nghiệp đoàn yêu cầu tăng lương. Giá lúa ở Việt Trì là 5.600 đồng một kg, theo ông Lê Văn Ba."


@pytest.mark.parametrize(
    ("text", "fragment", "language"),
    [
        ("Perché l'Aurora ha vinto a Montebello?", MATCH, "it"),
        ("Racconta la partita dell'Aurora a un bambino di 8 anni in 40 parole.", MATCH, "it"),
        ("Quando comincia la vacanza di Natale?", MATCH, "it"),
        ("Scrivi un articolo dal titolo «La serata perfetta degli azzurri» sulla vittoria dell'Aurora.", MATCH, "it"),
        ("Giá lúa ở Việt Nam hiện bao nhiêu?", RICE, "vi"),
        ("Nêu hai lý do khiến nghiệp đoàn đòi tăng lương.", RICE, "vi"),
    ],
)
def test_what_the_fragment_states_is_answerable(text: str, fragment: str, language: str) -> None:
    assert not is_unanswerable(text, fragment, language)


@pytest.mark.parametrize(
    ("text", "fragment", "language"),
    [
        ("Racconta la vittoria per 4-0 dell'Aurora.", MATCH, "it"),
        ("Che ruolo ha avuto Gino Farina nella vittoria dell'Aurora?", MATCH, "it"),
        ("Quanto costa il biglietto per la partita dell'Aurora?", MATCH, "it"),
        ("Spiega la riproduzione delle tartarughe marine.", MATCH, "it"),
        ("Commenta la frase «siamo stati derubati dall'arbitro» detta da Landi.", MATCH, "it"),
        ("Vì sao năm nghiệp đoàn đòi tăng lương?", RICE, "vi"),
        ("Bà Trần Thu Hà nói gì về giá lúa?", RICE, "vi"),
        ("Các nghiệp đoàn họp khi nào?", "Các nghiệp đoàn yêu cầu tăng lương.", "vi"),
    ],
)
def test_what_it_lacks_is_not(text: str, fragment: str, language: str) -> None:
    assert is_unanswerable(text, fragment, language)
