"""Extended JSON: filters as text, with dates that need no time of day."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from crawler.items import NewsmillError


def loads(text: str, source: str) -> dict[str, Any]:
    """A filter from its text.

    An instant is {"$date": "2026-05-01"} or any other ISO 8601 text; without an offset it is UTC.

    Args:
        text: extended JSON.
        source: how a message names the filter.

    Raises:
        NewsmillError: it is no JSON object, or holds a value that is none of its type.
    """
    from bson.errors import BSONError

    try:
        document = json.loads(text, object_hook=_decode)
    except (ValueError, TypeError, KeyError, RecursionError, BSONError) as error:
        raise NewsmillError(f"bad filter {source}: {error}") from error
    if not isinstance(document, dict):
        raise NewsmillError(f'bad filter {source}: a filter is a JSON object, such as {{"language": "it"}}')
    return document


def dumps(document: Any) -> str:
    """One line of relaxed extended JSON."""
    from bson import json_util

    return json_util.dumps(document, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False)


def _decode(value: dict[str, Any]) -> Any:
    """One object of extended JSON; bson reads no dates without a time of day."""
    from bson import json_util

    if set(value) == {"$date"} and isinstance(value["$date"], str):
        moment = datetime.fromisoformat(value["$date"])
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return json_util.object_hook(value, json_util.JSONOptions(tz_aware=True, tzinfo=UTC))
