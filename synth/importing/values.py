"""Values of a row's fields, each checked for its type: a wrong one refuses its row under a name, and no other row."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from crawler.items import RecordError
from synth.language.iso_639 import two_letters

#: Signs that no text has: they end strings in other programs, or come from a broken file.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
#: Digits of a whole number of (milli-, micro-, nano-)seconds since 1970, in this century -> its divisor.
_UNITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
#: The first newspapers are of 1605.
_YEARS = range(1605, 2101)
_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", bytes: "bytes"}


def kind(value: Any) -> str:
    """What people call the type of a value."""
    return _KINDS.get(type(value), "a record" if isinstance(value, Mapping) else f"a {type(value).__name__}")


def wrong(name: str, value: Any, wanted: str) -> RecordError:
    """The refusal of a value of another type."""
    return RecordError("wrong_type", f"{name}: {kind(value)}, not {wanted}")


def is_null(value: Any) -> bool:
    """Whether a value says nothing: None, or the NaN that tables have for it."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ == "NaTType"


def text(name: str, value: Any) -> str | None:
    """A text without signs that none has.

    Raises:
        RecordError: `wrong_type`, `lone_surrogate` or `control_character`.
    """
    if is_null(value):
        return None
    if not isinstance(value, str):
        raise wrong(name, value, "a text")
    if match := _SURROGATE.search(value):
        raise RecordError("lone_surrogate", f"{name}, character {match.start() + 1}: half of a sign")
    if match := _CONTROL.search(value):
        raise RecordError("control_character", f"{name}, character {match.start() + 1}: {match[0]!r}")
    return value


def body(name: str, value: Any) -> str | None:
    """A body: a text, or a list of paragraphs, each a text or a record with one.

    Raises:
        RecordError: as `text`.
    """
    if not isinstance(value, list | tuple):
        return text(name, value)
    inner = [item.get("text", item.get("content", item)) if isinstance(item, Mapping) else item for item in value]
    return "\n\n".join(part for item in inner if (part := text(f"a paragraph of {name}", item)))


def names(name: str, value: Any) -> list[str] | str | None:
    """A list of names: of texts, of records with a name, or one text separated by commas.

    Raises:
        RecordError: as `text`.
    """
    if is_null(value):
        return None
    if isinstance(value, str):
        listed = list_in(value)
        return text(name, value) if listed is None else names(name, listed)
    if not isinstance(value, list | tuple | set):
        raise wrong(name, value, "a list of texts")
    return [part for item in value if (part := _name(name, item))]


def _name(name: str, item: Any) -> str | None:
    if isinstance(item, Mapping):
        item = item.get("name", item)
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item)
    return text(f"one of {name}", item)


def list_in(value: str) -> Sequence[Any] | None:
    """The list that a cell of a table has as text: ["a", "b"] of JSON, ['a', 'b'] of Python."""
    if not (value.lstrip().startswith("[") and value.rstrip().endswith("]")):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            listed = read(value.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return listed if isinstance(listed, list) else None
    return None


def instant(name: str, value: Any) -> datetime | str | None:
    """An instant, or the text of one as newspapers print it; numbers are seconds since 1970, or parts of them.

    Raises:
        RecordError: `wrong_type`, or `impossible_date` for one that no newspaper has.
    """
    value = extended(name, value)
    if is_null(value) or value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        value = _from_digits(name, text(name, value) or "")
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = _from_number(name, float(value))
    elif type(value).__name__ == "DatetimeMS":
        raise RecordError("impossible_date", f"{name}: {int(value)} ms")
    elif not isinstance(value, datetime):
        raise wrong(name, value, "an instant")
    if isinstance(value, datetime) and value.year not in _YEARS:
        raise RecordError("impossible_date", f"{name}: {value.isoformat()}")
    moment: datetime | str = value
    return moment


def _from_digits(name: str, value: str) -> datetime | str:
    stripped = value.strip()
    if re.fullmatch(r"(1[6-9]|20)\d{6}", stripped):
        return f"{stripped[:4]}-{stripped[4:6]}-{stripped[6:]}"
    # 14 digits are the moment an archive captured the page; the dates of newspapers have something between.
    if (match := re.fullmatch(r"(\d{9,19})(\.\d+)?", stripped)) and len(match[1]) in _UNITS:
        return _from_number(name, float(stripped))
    return value


def _from_number(name: str, value: float) -> datetime | str:
    if not math.isfinite(value):
        raise RecordError("impossible_date", f"{name}: {value}")
    digits = str(abs(int(value)))
    if len(digits) in (8, 14):
        return _from_digits(name, digits)
    try:
        return datetime.fromtimestamp(value / _UNITS.get(len(digits), 1), tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise RecordError("impossible_date", f"{name}: {value:g}") from None


def extended(name: str, value: Any) -> Any:
    """A value of MongoDB's extended JSON, {"$date": …}, {"$numberLong": …}, {"$oid": …}, as what it says.

    Raises:
        RecordError: `impossible_date` or `wrong_type` where it says nothing.
    """
    if not isinstance(value, Mapping) or not any(str(key).startswith("$") for key in value):
        return value
    from bson import json_util
    from bson.errors import BSONError

    try:
        inner = {key: extended(name, item) for key, item in value.items()}
        return json_util.object_hook(inner, json_util.JSONOptions(tz_aware=True, tzinfo=UTC))
    except (BSONError, ValueError, TypeError, OverflowError, KeyError, OSError) as error:
        reason = "impossible_date" if "$date" in value else "wrong_type"
        raise RecordError(reason, f"{name}: {json.dumps(value, default=str)[:100]}: {str(error)[:80]}") from error


def permission(name: str, value: Any) -> dict[str, Any] | None:
    """What a site permits, {robots, opt_out, evidence, checked_at}, each as the crawler writes it.

    Raises:
        RecordError: `wrong_type`: nobody may guess whether a right is reserved.
    """
    if is_null(value):
        return None
    if not isinstance(value, Mapping):
        raise wrong(name, value, "a record")
    rights: dict[str, Any] = {}
    for part in ("robots", "opt_out"):
        if part in value:
            rights[part] = None if is_null(value[part]) else value[part]
            if not isinstance(rights[part], bool | None):
                raise wrong(f"{name}.{part}", value[part], "a truth value")
    if "evidence" in value:
        rights["evidence"] = value["evidence"]
    if "checked_at" in value:
        rights["checked_at"] = _checked_at(f"{name}.checked_at", value["checked_at"])
    return rights


def _checked_at(name: str, value: Any) -> datetime | None:
    from crawler.items import parse_date

    return parse_date(instant(name, value), "UTC")


def language(name: str, value: Any) -> str | None:
    """ISO 639-1 code of a language: `it`, `it-IT`, `ita`, `Italian`.

    Raises:
        RecordError: `wrong_type`, or `unknown_language`.
    """
    said = (text(name, value) or "").strip()
    word = re.split(r"[-_]", said.lower())[0]
    if not word or re.fullmatch(r"[a-z]{2}", word):
        return word or None
    if short := two_letters(word):
        return short
    from lingua import Language

    for known in Language.all():
        if word in (known.name.lower(), known.iso_code_639_3.name.lower()):
            return known.iso_code_639_1.name.lower()
    if word in ("und", "unknown", "mul"):
        return None
    raise RecordError("unknown_language", f"{name}: {said!r} is no ISO 639-1 code")


#: Field -> what reads its values.
READERS: dict[str, Callable[[str, Any], Any]] = {
    "link": text, "url": text, "title": text, "content": body, "text": body, "body": body,
    "description": text, "lead": text, "location": text, "section": text, "source_site": text,
    "tags": names, "authors": names, "date": instant, "date_modified": instant, "crawled_at": instant,
    "language": language, "permission": permission, "access": text,
}  # fmt: skip
