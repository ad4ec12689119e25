"""Replies that got stuck, and texts that repeat what news repeats."""

from __future__ import annotations

import time

import pytest

from synth.replies.looping import is_looping

SENTENCE = "Il museo di Vallescura riapre sabato con una mostra sui pescatori del lago. "


@pytest.mark.parametrize(
    "text",
    [
        "molto " * 20,
        SENTENCE * 4,
        SENTENCE + "il museo, il lago, " * 8,
        # Cut off in the middle of a unit.
        SENTENCE * 5 + "Il museo di Vall",
        # A loop that was left again.
        SENTENCE * 9 + "La mostra resta aperta fino a maggio e costa otto euro, ridotto cinque.",
        # Units that differ by a number that counts on.
        " ".join(f"Punto {number}: la mostra sui pescatori del lago riapre sabato al museo." for number in range(40)),
        "Riapre" + "!" * 150,
        "ahahah" * 40,
        "Bảo tàng mở cửa trở lại vào thứ bảy. " * 6,
    ],
)
def test_loops(text: str) -> None:
    assert is_looping(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "No, no, no.", SENTENCE, SENTENCE * 2,
        "Risultati: Inter - Milan 2-1, Roma - Lazio 0-0, Napoli - Torino 3-1, Genoa - Pisa 1-1, Como - Lecce 2-0.",
        "Uno, due, tre, quattro, cinque, sei, sette, otto, nove, dieci, undici, dodici, tredici, quattordici.",
        "«Mai, mai, mai e poi mai», ha ripetuto la sindaca. " + SENTENCE,
        "_" * 60 + SENTENCE,
    ],
)  # fmt: skip
def test_no_loops(text: str) -> None:
    assert not is_looping(text)


def test_a_long_text_takes_no_time() -> None:
    words = [f"parola{number % 977}" for number in range(20_000)]
    began = time.process_time()
    is_looping(" ".join(words))
    assert time.process_time() - began < 5
