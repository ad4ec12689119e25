"""Covers synth.reverse.refusals.table."""

from __future__ import annotations

import pytest

from synth.reverse.refusals.request import is_in_another_language, is_request, without_names
from synth.reverse.refusals.table import instruction_table, instruction_tables, pattern


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sei un giornalista sportivo: scrivi la cronaca della gara.", "it"),
        ("In due frasi, spiega la riforma.", "it"),
        ("Potresti raccontare la riforma a un ragazzo", "it"),
        ("Vorrei un articolo sulla riforma.", "it"),
        ("Bạn là phóng viên. Hãy tường thuật trận đấu.", "vi"),
        ("Vì sao giá lúa giảm", "vi"),
    ],
)
def test_a_request_is_one_wherever_its_verb_stands(text: str, language: str) -> None:
    assert is_request(text, instruction_table(language))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("La riforma entra in vigore a maggio.", "it"),
        ("Ecco la richiesta: spiega la riforma.", "it"),
        ("Mi dispiace, ma non posso aiutarti con questa richiesta.", "it"),
        ("Nhà máy Sao Mai đóng cửa.", "vi"),
        ("Đây là câu hỏi cho đoạn văn của bạn: Vì sao giá lúa giảm?", "vi"),
    ],
)
def test_statements_and_replies_are_none(text: str, language: str) -> None:
    assert not is_request(text, instruction_table(language))


def test_names_hold_no_question_words() -> None:
    assert without_names("Nhà máy Sao Mai đóng cửa").split() == "Nhà máy … đóng cửa".split()


def test_short_texts_are_told_by_their_small_words() -> None:
    assert is_in_another_language("Ai là người thắng?", "it")
    assert is_in_another_language("Chi è che ha vinto?", "vi")
    assert not is_in_another_language("Chi ha vinto la Bundesliga?", "it")
    assert not is_in_another_language("whatever it says", "xx")


def test_every_pattern_of_every_table_compiles() -> None:
    for table in instruction_tables().values():
        for value in vars(table).values():
            texts = value.values() if hasattr(value, "values") else [value]
            assert all(pattern(text).flags for text in texts if isinstance(text, str))


def test_a_language_without_a_table_finds_nothing() -> None:
    table = instruction_table("xx")
    assert is_request("whatever", table)
    assert not pattern(table.pointers).search("the text above")
