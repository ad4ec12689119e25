"""An instruction is what remains of a reply without what models write around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.reverse.instruction_reply import instruction_of

IT = "Racconta che cosa è accaduto al porto di Ancona."
AROUND = [
    "{}", "Istruzione: {}", "**Istruzione:** {}", "Certo! Ecco l'istruzione:\n\n\"{}\"",
    "Ecco una possibile richiesta: «{}»",
    "Domanda: {}\n\nRisposta: Due traghetti si sono urtati.", "<instruction>{}</instruction>", "```\n{}\n```",
    '{{"instruction": "{}"}}', "1. {}", "Here's the instruction:\n\"{}\"", "Q: {}\nA: Two ferries.",
    "{}\n\n(Questa istruzione chiede tutto il testo.)", "{}\n\nNota: ho evitato di citare il testo.", "Chỉ dẫn: {}",
    "Chắc chắn rồi! Đây là câu hỏi:\n\"{}\"", "Voici l'instruction : « {} »", "Aquí tienes la instrucción:\n\n{}",
    "Instruction\n\n{}", "The instruction is: {}", "<think>A ferry, two ports.</think>{}",
]  # fmt: skip


@pytest.mark.parametrize("form", AROUND)
def test_what_stands_around_it_goes(form: str) -> None:
    assert instruction_of(form.format(IT)) == (IT, "")


@pytest.mark.parametrize(
    "text",
    [
        "Rispondi alla domanda: quanti traghetti si sono urtati ad Ancona?",
        "Una richiesta di aiuto è partita dal porto di Ancona: spiega perché.",
        "The question of the harbour of Ancona: explain it.",
        "Câu hỏi về giá lúa ở Cần Thơ: vì sao tăng?",
        "Gentile redazione,\nvorrei sapere che cosa è accaduto ad Ancona.\nGrazie",
        "Confronta i due porti:\n- Ancona\n- Bari",
    ],
)
def test_what_belongs_to_it_stays(text: str) -> None:
    assert instruction_of(text) == (text, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Mi dispiace, ma non posso aiutarti con questa richiesta.", "refusal"),
        ("1. Racconta il fatto di Ancona.\n2. Spiega l'urto dei traghetti.", "several"),
        ("<think>What could be asked", "thinking"),
    ],
)
def test_what_is_none_has_a_reason(text: str, reason: str) -> None:
    assert instruction_of(text) == ("", reason)


def test_one_that_was_cut_off_is_none() -> None:
    assert instruction_of("Racconta che cosa è", "length").refusal == "truncated"


@given(st.text(max_size=300))
def test_any_reply_is_read(text: str) -> None:
    cleaned = instruction_of(text)
    assert bool(cleaned.text) != bool(cleaned.refusal)
    assert cleaned.refusal or any(character.isalnum() or character == "_" for character in cleaned.text)
