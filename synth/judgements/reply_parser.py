"""A judge's reply: the score, where it stands as the score, and the explanation. None rather than a guess.

A score from 0 to 5 stands as the score

- alone on the first line, as the prompt asks: `4`, `4.5`, `4,5`, `**4**`, `[[4]]`, `4/5`, `4 out of 5`, `4 stars`, also
  with an explanation behind a sign: `4 - The response …`, `4: …`, `4 (good)`;
- behind a name of it at the beginning of any line, or on the line after: `Score: 4`, `Rating - 4/5`, `Accuracy (0-5):
  4`, `Punteggio: 4,5`, `Điểm: 4 trên 5`, `<score>4</score>`, `| Accuracy | 4 |`;
- in a JSON object under such a name, fenced or not, cut off or not.

It is None where the reply says no score, several that differ, or one that is none: 6, -1, 3-4, "4 or 5", another scale
(8/10, and 10/10, too: whether a ten is a five or a slip, nobody knows), per cent, a number in a sentence, an item of a
list. What a model thinks aloud (<think>) counts for nothing.

Time is linear in the reply's length: of each line the first 240 characters are looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from synth.judgements.reply_json import LOOKED_AT, ScoreCandidate, agreed_score, json_blocks, score_in_json
from synth.judgements.score_names import SCORE_LABEL, name_of_score
from synth.judgements.score_values import LIST_ITEM, NO_SCORE, names_other_scale, score_at
from synth.replies import answer_of

#: Characters after a first line in which its list would go on.
_LIST = 4000
_WIDE = str.maketrans("０１２３４５６７８９：／．−", "0123456789:/.-")


def parse_reply(text: str, dimension: str | None = None) -> tuple[float | None, str]:
    """(score 0 to 5 or None, explanation).

    Args:
        dimension: accuracy or helpfulness, for replies that score several things by name.

    Returns:
        The explanation is the reply without its score; the whole reply where no score was found.
    """
    answer = unicodedata.normalize("NFC", answer_of(text) or "").translate(_WIDE)
    whole = text.strip()
    if (parsed := score_in_json(answer, dimension)) is not None:
        return parsed if parsed[0] is not None else (None, whole)
    candidates = list(_lines(answer)) or list(_tags(answer))
    if candidates:
        score, candidate = agreed_score(candidates, dimension)
        return (score, _without(answer, candidate)) if candidate else (None, whole)
    for block in json_blocks(answer):
        if (parsed := score_in_json(block, dimension)) is not None and parsed[0] is not None:
            return parsed[0], parsed[1] if parsed[1] != block.strip() else answer.strip()
    return None, whole


def _without(text: str, candidate: ScoreCandidate) -> str:
    before, after = text[: candidate.start].strip(), text[candidate.end :].strip()
    before = before.removesuffix("```").strip() if before.endswith("```") else before
    return "\n".join(part for part in (before, after) if part)


# ---- a reply in lines

_MARKUP = set('*_`#"“”„«»\u200b\ufeff')


_WRAPPED = re.compile(r"\$?\\boxed\{([0-9][0-9.,]{0,4})\}\$?|<([0-9][0-9.,]{0,4})>|\$([0-9][0-9.,]{0,4}(?:/5)?)\$")


def _is_markup(sign: str) -> bool:
    """Signs around words, and pictures."""
    return sign in _MARKUP or (sign > "\u2010" and (unicodedata.category(sign) == "So" or sign in "\ufe0f\u20e3"))


class _Line(NamedTuple):
    """The beginning of a line without markup, and where each of its characters stands in the reply."""

    text: str
    positions: list[int]

    def position(self, index: int) -> int:
        """Where a character of the line stands in the reply."""
        return self.positions[index] if index < len(self.positions) else self.positions[-1]


def _clean(text: str, start: int, end: int) -> _Line:
    limit = min(end, start + LOOKED_AT)
    positions = [position for position in range(start, limit) if not _is_markup(text[position])]
    plain = "".join(text[position] for position in positions)
    # As long as before: positions stay what they are.
    plain = _WRAPPED.sub(_unwrapped, plain)
    lead = len(plain) - len(plain.lstrip())
    last = max(len(plain.rstrip()), lead)
    return _Line(plain[lead:last], [*positions[lead:last], limit if limit < end else end])


def _unwrapped(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    return f"{number:>{len(match[0]) - 1}} "


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _lines(text: str) -> Iterator[ScoreCandidate]:
    """The scores in the reply's lines, in order."""
    number, name, name_start, bare = 0, None, 0, False
    for start, end in _spans(text):
        line = _clean(text, start, end)
        if not line.text or re.fullmatch(r"[-=~|:\s]+|json|text|markdown", line.text):
            continue
        number += 1
        expected = number == 1 or name or (bare and number == 2)
        if expected and (candidate := _bare(line, text, start, end)) is not None:
            # The line after the score's counts only where it is nothing but another.
            if number == 1 or name or text[candidate.end : end].strip() == "":
                yield candidate if name is None else ScoreCandidate(name, candidate.score, name_start, candidate.end)
            name, bare = None, number == 1
            continue
        name, name_start, bare = None, start, False
        for labelled in _labelled_scores(line):
            if labelled.score is None:
                name = labelled.of
            else:
                yield ScoreCandidate(labelled.of, labelled.score, start, line.position(labelled.end))


def _bare(line: _Line, text: str, start: int, end: int) -> ScoreCandidate | None:
    """A line that begins with a score; None where it is the first item of a list, or no score at all."""
    value = score_at(line.text)
    item = LIST_ITEM.match(line.text)
    if value is None or (item and _next_item(text[end : end + _LIST], int(item[1]) + 1)):
        return None
    return ScoreCandidate("score", value[0], start, line.position(value[1]))


def _next_item(text: str, number: int) -> bool:
    """Whether a line begins with this number as the one before did: 1 - …, 2 - …"""
    items = (LIST_ITEM.match(text, start, end) for start, end in _spans(text))
    return any(item is not None and int(item[1]) == number for item in items)


class _LabelledScore(NamedTuple):
    of: str
    #: None: it will be on the next line.
    score: float | None
    end: int


def _labelled_scores(line: _Line) -> Iterator[_LabelledScore]:
    """The scores of a line that begins with the name of one, such as "Accuracy: 4, helpfulness: 5"."""
    position = 0
    for _ in range(4):
        match = SCORE_LABEL.match(line.text, position)
        announced = match is not None and match.end() == len(line.text) and line.text.endswith(":")
        of = name_of_score(match["name"], announced) if match else None
        if match is None or of is None:
            return
        brackets = match["brackets"] or ""
        value = score_at(line.text, match.end(), labelled=True)
        if match.end() == len(line.text):
            value = score_at(brackets.strip())
            yield _LabelledScore(of, value and value[0], match.end())
            return
        if value is None:
            return
        value = (NO_SCORE, value[1]) if names_other_scale(brackets) else value
        yield _LabelledScore(of, *value)
        position = value[1]


# ---- tags

_TAG = re.compile(r"<(?P<name>[A-Za-z_]{1,20})>\s{0,9}(?P<value>[^<>\n]{1,20})\s{0,9}</(?P=name)>")


def _tags(text: str) -> Iterator[ScoreCandidate]:
    for match in _TAG.finditer(text):
        of, value = name_of_score(match["name"]), score_at(match["value"].strip())
        if of and value:
            yield ScoreCandidate(of, value[0], *match.span())
