"""What is known of a model: how much it takes and writes, and what that costs."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.llm.completion import LLMError

_TABLE = Path(__file__).parent / "model_cards.yaml"
#: A date or a version at the end of a model's name: the same price as without it.
_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{3,8}|latest)$")
_COUNTS, _PRICES = ("context", "max_output"), ("input", "output")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model's size and price; None is unknown, not nothing."""

    name: str
    #: tokens of prompt and reply together.
    context: int | None = None
    #: tokens of the longest reply.
    max_output: int | None = None
    #: US dollars per million tokens.
    input_price: float | None = None
    output_price: float | None = None

    def cost(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """US dollars of one call; None where a price or a count is unknown."""
        if self.input_price is None or self.output_price is None or prompt_tokens is None or completion_tokens is None:
            return None
        return (prompt_tokens * self.input_price + completion_tokens * self.output_price) / 1e6


def is_extractive(name: str) -> bool:
    """Whether a model's name is that of the offline summariser, which asks nobody; its version may follow."""
    return name.partition("/")[0] == "extractive"


def model_card(name: str, table: str | Path | None = None) -> ModelCard:
    """The card of `openai:MODEL` or MODEL; one without any knowledge where no table has it.

    Args:
        table: a YAML file whose rows come before the project's own, field by field; default: $NEWSMILL_MODELS.

    Raises:
        LLMError: the table cannot be read or says something senseless.
    """
    if is_extractive(name):
        return ModelCard(name, input_price=0.0, output_price=0.0)
    model = name.removeprefix("openai:")
    own_table = str(table or os.environ.get("NEWSMILL_MODELS") or "")
    row = dict(_find(_read(str(_TABLE)), model))
    if own_table:
        row |= _find(_read(own_table), model)
    return ModelCard(name, row.get("context"), row.get("max_output"), row.get("input"), row.get("output"))


def _find(rows: Mapping[str, Mapping[str, Any]], model: str) -> Mapping[str, Any]:
    return rows.get(model) or rows.get(_VERSION.sub("", model)) or {}


@functools.cache
def _read(path: str) -> dict[str, dict[str, Any]]:
    import yaml

    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise LLMError(
            "bad_models", f"cannot read the table of models {path}: {' '.join(str(error).split())}"
        ) from error
    rows = document.get("models") if isinstance(document, dict) else None
    if not isinstance(rows, dict):
        raise LLMError("bad_models", f"{path}: a table of models is `models:` with one row a name")
    return {str(name): _checked(path, name, row) for name, row in rows.items()}


def _checked(path: str, name: Any, row: Any) -> dict[str, Any]:
    """One row, whose fields are numbers that a size or a price can have."""
    if not isinstance(row, dict) or not set(row) <= {*_COUNTS, *_PRICES}:
        raise LLMError("bad_models", f"{path}: {name}: a row has context, max_output, input and output, no other field")
    for field, value in row.items():
        number = isinstance(value, int if field in _COUNTS else int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < (1 if field in _COUNTS else 0):
            raise LLMError("bad_models", f"{path}: {name}: {field}: {value!r} is none")
    return dict(row)
