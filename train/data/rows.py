"""The border that every row crosses before Chat, Pairs, evaluate or generate: what is null, a text, a role, learnt.

Sets come from pandas, spreadsheets and other people's scripts: null is NaN, an answer is a number, a file begins with a
byte order mark, half of an emoji was cut off. Here each of these becomes what it means, or a named refusal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

#: Names of speakers -> ours. OpenAI's newer models call the system prompt developer's.
ROLES = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "model": "assistant",
}  # fmt: skip
_HALF = re.compile("[\ud800-\udfff]")
_MARK = "\ufeff"


class RowError(ValueError):
    """Why a row cannot be learnt from."""


def checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with null for NaN and without byte order marks, all the way down.

    Raises:
        RowError: a text holds half of a character (a lone surrogate), which no tokenizer takes.
    """
    return {_value(str(key)): _value(value) for key, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        if _HALF.search(value):
            raise RowError("a text holds half of a character (a lone surrogate)")
        return value.removeprefix(_MARK)
    if isinstance(value, Mapping):
        return checked(value)
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    return None if is_null(value) else value


def is_null(value: Any) -> bool:
    """Whether a value is none: null, NaN or pandas' NaT, which alone are not equal to themselves."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ == "NaTType"


def text_of(value: Any) -> str:
    """A value as text; "" where it is null. Dates are ISO."""
    if is_null(value):
        return ""
    return value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)


def is_text(value: Any) -> bool:
    """Whether a value can stand for a text: a text, or a number, as answers to sums are."""
    return isinstance(value, str | int | float) and not is_null(value)


def is_learnt(turn: Mapping[str, Any]) -> bool:
    """Whether a turn is to be learnt: OpenAI's `weight` of a message is 0 where it is not.

    Raises:
        RowError: the weight is neither 0 nor 1, which cannot be obeyed.
    """
    weight = turn.get("weight")
    if is_null(weight):
        return True
    try:
        number = float(weight)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if number not in (0, 1):
        raise RowError("a turn's weight is neither 0 nor 1")
    return bool(number)
