"""A judge's reply in JSON, fenced or not, cut off or not, and what scores in a reply agree on."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synth.judgements.score_names import name_of_score
from synth.judgements.score_values import BEST, EXPLAINED, NO_SCORE, score_at

#: Characters of a line, or of a field, that are looked at.
LOOKED_AT = 240
#: Blocks of JSON that are tried in a reply that is not JSON as a whole.
_TRIED = 5


class ScoreCandidate(NamedTuple):
    """A place where a score stands: what it is of (score, accuracy, helpfulness), the number, where its text begins and
    ends. The number is NaN where what stands there is no score from 0 to 5.
    """

    of: str
    score: float
    start: int
    end: int


def agreed_score(
    candidates: Sequence[ScoreCandidate], dimension: str | None
) -> tuple[float | None, ScoreCandidate | None]:
    """The score that all candidates that count agree on, and its first place."""
    plain = [candidate for candidate in candidates if candidate.of == "score"]
    by_dimension: dict[str, list[ScoreCandidate]] = {}
    for candidate in sorted(candidates, key=lambda candidate: candidate.of):
        if candidate.of != "score":
            by_dimension.setdefault(candidate.of, []).append(candidate)
    if dimension:
        own = by_dimension.get(dimension, [])
        relevant = own if own and len(by_dimension) > 1 else plain + own
    elif plain:
        # Several scores of dimensions are parts; one alone must be the same.
        relevant = plain + (next(iter(by_dimension.values())) if len(by_dimension) == 1 else [])
    else:
        relevant = list(candidates)
    scores = {candidate.score for candidate in relevant}
    if len(scores) != 1 or math.isnan(next(iter(scores))):
        return None, None
    return relevant[0].score, relevant[0]


_FENCE = re.compile(r"```[\w-]{0,12}[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_FIELD = re.compile(r"[\"'](?P<name>\w{1,40})[\"']\s{0,9}:\s{0,9}(?P<value>[\"']?[-\d][^,}\"'\n]{0,20})(?=[,}\"'\n])")
_EXPLANATION = re.compile(EXPLAINED + r"|analysis|critique|why|đánh giá chi tiết", re.IGNORECASE)
_WHOLE = re.compile(r"max(?:imum)?(?:[_ ]score)?|out[_ ]of|scale(?:[_ ]max)?", re.IGNORECASE)


def json_blocks(text: str) -> Iterator[str]:
    """Parts of a reply that may be JSON: what is fenced, what begins a line with a brace."""
    for tried, match in enumerate(_FENCE.finditer(text)):
        if tried == _TRIED:
            break
        yield match[1]
    for tried, match in enumerate(re.finditer(r"^[ \t]{0,20}(?=[\[{])", text, re.MULTILINE)):
        if tried == _TRIED:
            break
        yield text[match.end() :]


def score_in_json(text: str, dimension: str | None) -> tuple[float | None, str] | None:
    """(score, explanation) of an object in JSON; None where the text is none."""
    content = text.strip()
    if fence := re.match(r"```[\w-]{0,12}\s*", content):
        content = content[fence.end() :].strip()
    if not re.match(r"[\[\s]{0,5}\{", content):
        return None
    values = _values(content)
    candidates = [row for value in values for row in _fields(value, "score", 0)] if values else _broken(content)
    explanation = next((reason for value in values if (reason := _explanation(value, 0))), text.strip())
    if not candidates:
        return None
    score, _ = agreed_score(candidates, dimension)
    return score, explanation


def _values(text: str) -> list[Any]:
    """The objects that a text begins with, one after the other; [] where the first is none."""
    decoder, position = json.JSONDecoder(object_pairs_hook=_pairs, strict=False), 0
    values: list[Any] = []
    while len(values) < _TRIED and text[position : position + 1] in ("{", "["):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        values.append(value)
        following = text[position : position + 20]
        position += len(following) - len(following.lstrip(" ,\n\r\t"))
    return values


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a field that comes twice with two values has none."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields[name] = value if fields.get(name, value) == value else NO_SCORE
    return fields


def _fields(value: Any, of: str, depth: int) -> Iterator[ScoreCandidate]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or depth > 4:
        return
    for name, inner in value.items():
        if _WHOLE.fullmatch(name) and isinstance(inner, int | float) and inner != BEST:
            yield ScoreCandidate(of, NO_SCORE, 0, 0)
        label = name_of_score(name) or ("score" if depth and name.casefold() in ("value", "valore") else None)
        own = of if label == "score" else label or of
        if isinstance(inner, dict):
            yield from _fields(inner, own, depth + 1)
        elif label and isinstance(inner, str | int | float) and not isinstance(inner, bool):
            yield ScoreCandidate(own, _number(inner), 0, 0)


def _number(value: str | float) -> float:
    if isinstance(value, str):
        match = score_at(value.strip()[:LOOKED_AT])
        return match[0] if match else NO_SCORE
    return float(value) if 0 <= value <= BEST else NO_SCORE


def _explanation(value: Any, depth: int) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping) or depth > 4:
        return ""
    inner = [_explanation(field, depth + 1) for field in value.values() if isinstance(field, dict)]
    own = [field.strip() for name, field in value.items() if isinstance(field, str) and _EXPLANATION.match(name)]
    return next((text for text in own + inner if text), "")


def _broken(text: str) -> list[ScoreCandidate]:
    """The fields of an object that was cut off, or written as Python writes it."""
    candidates = []
    for match in _FIELD.finditer(text):
        of, score = name_of_score(match["name"]), score_at(match["value"].strip("\"' \t"))
        if of:
            candidates.append(ScoreCandidate(of, score[0] if score else NO_SCORE, 0, 0))
    return candidates
