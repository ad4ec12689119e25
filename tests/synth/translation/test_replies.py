"""Replies of translators: what stands around a translation goes, what the source has stays, what is none is named."""

from __future__ import annotations

import pytest

from synth.llm import Completion
from synth.translation.replies import translation_of

MARKS = ("<quote-0a1b2c3d4e>", "</quote-0a1b2c3d4e>")
SOURCE = "Name three towns by the sea."
ANSWER = "Nomina tre città di mare."


def read(text: str, source: str = SOURCE, finish: str = "stop") -> tuple[str, str]:
    return tuple(translation_of(Completion(text, "m", finish), source, MARKS))  # type: ignore[return-value]


@pytest.mark.parametrize(
    "reply",
    [
        ANSWER,
        f"{MARKS[0]}\n{ANSWER}\n{MARKS[1]}",
        f"Certo! Ecco la traduzione:\n\n{ANSWER}",
        f"Here is the translation: {ANSWER}",
        f"Sure! Here's the translation:\n{MARKS[0]}\n{ANSWER}\n{MARKS[1]}\nLet me know if you need anything else.",
        f"{ANSWER}\n{MARKS[1]}\n\nNota: ho tradotto.",
        f"**Traduzione:**\n\n{ANSWER}",
        f'"{ANSWER}"',
        f"«{ANSWER}»",
        f"```\n{ANSWER}\n```",
        f"<think>three towns, so tre città</think>{ANSWER}",
        f"{ANSWER}<|im_end|>",
        f"{ANSWER}\n\nFammi sapere se hai bisogno di altro!",
        f'{{"translation": "{ANSWER}"}}',
    ],
)
def test_what_the_model_put_around_it_goes(reply: str) -> None:
    assert read(reply) == (ANSWER, "")


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        ('"Go away!"', "«Vai via!»"),
        ("Sure! Here is the summary:\n\nThe bridge is open.", "Certo! Ecco il riassunto:\n\nIl ponte è aperto."),
        ("```\nprose in a fence\n```", "```\nprosa recintata\n```"),
        ('{"summary": "It rains."}', '{"summary": "Piove."}'),
        ("I'm sorry, but I cannot help with that.", "Mi dispiace, ma non posso aiutarti."),
        ("Let me know if you need anything else!", "Fammi sapere se ti serve altro!"),
    ],
)
def test_what_the_source_has_stays(source: str, reply: str) -> None:
    assert read(reply, source) == (reply, "")


@pytest.mark.parametrize(
    ("reply", "finish", "reason"),
    [
        ("Nomina tre", "length", "truncated"),
        (ANSWER, "content_filter", "refused"),
        ("", "stop", "empty"),
        ("  \n", "stop", "empty"),
        ("I'm sorry, but I can't translate this text.", "stop", "refusal"),
        ("Mi dispiace, ma non posso tradurre questo testo.", "stop", "refusal"),
        ("<think>three towns, hmm", "stop", "thinking"),
        ("tre città " * 60, "stop", "looping"),
    ],
)
def test_what_is_no_translation_is_named(reply: str, finish: str, reason: str) -> None:
    assert read(reply, finish=finish) == ("", reason)
