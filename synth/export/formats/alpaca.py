"""alpaca.jsonl, alpaca.parquet: {instruction, input, output}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.formats import ONE_TURN, row_formats
from synth.export.formats.openai import text_of


def alpaca_row(sample: Mapping[str, Any]) -> dict[str, str]:
    """{instruction, input, output}: the short request and what it is about where the sample states both.

    Joined by a blank line, instruction and input are the sample's question. A system message goes before the request:
    an Alpaca row has no other place for it.
    """
    question, instruction = text_of(sample, "question"), text_of(sample, "instruction")
    text = question.removeprefix(instruction) if question.startswith(f"{instruction}\n") else ""
    # An imported text is its row's own, white space and all.
    text = text.removeprefix("\n\n") if sample.get("task") == "import" else text.strip()
    if not instruction or not text:
        instruction, text = question, ""
    if system := text_of(sample, "system"):
        instruction = f"{system}\n\n{instruction}"
    return {"instruction": instruction, "input": text, "output": text_of(sample, "answer")}


FORMATS = row_formats(
    "alpaca", alpaca_row, {"instruction": "string", "input": "string", "output": "string"}, 10, ONE_TURN
)
