"""alpaca.jsonl, alpaca.parquet: {instruction, input, output}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.formats import row_formats


def alpaca_row(sample: Mapping[str, Any]) -> dict[str, str]:
    """{instruction, input, output}: the short request and what it is about where the sample states both.

    Joined by a blank line, instruction and input are the sample's question. A system message goes before the request:
    an Alpaca row has no other place for it.
    """
    question = sample["question"].strip()
    instruction = (sample.get("instruction") or "").strip()
    text = question.removeprefix(instruction).strip() if question.startswith(f"{instruction}\n") else ""
    if not instruction or not text:
        instruction, text = question, ""
    if system := (sample.get("system") or "").strip():
        instruction = f"{system}\n\n{instruction}"
    return {"instruction": instruction, "input": text, "output": sample["answer"].strip()}


FORMATS = row_formats(
    "alpaca", alpaca_row, {"instruction": "string", "input": "string", "output": "string"}, 10, one_turn=True
)
