"""Whether an answer keeps a demand on its form, counted by code."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable

from synth.language.segmentation import sentences, words
from synth.translation.language_bound.constraints import Constraint

_BULLET = re.compile(r"^\s*(?:[*\-•+]|\d+[.)])\s+\S", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\[[^\[\]\n]+\]")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL | re.IGNORECASE)
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("„", "“"))


def holds(constraint: Constraint, answer: str, instruction: str, language: str) -> bool:
    """Whether an answer does what a constraint of its instruction demands."""
    if count := _COUNTS.get(constraint.kind):
        return _compares(count(answer, constraint.phrase, language), constraint)
    return _FORMS[constraint.kind](answer, constraint.phrase, instruction)


def _compares(count: int, constraint: Constraint) -> bool:
    number = constraint.number or 0
    return {"exactly": count == number, "least": count >= number, "most": count <= number}[constraint.relation]


def _plain(text: str) -> str:
    """Lower case, NFC, marks and spaces of one kind."""
    straight = text.replace("’", "'").replace("“", '"').replace("”", '"').replace("«", '"').replace("»", '"')
    return " ".join(unicodedata.normalize("NFC", straight).lower().split())


def _occurrences(answer: str, phrase: str) -> int:
    """How often a phrase stands in an answer; American quotations have the comma inside."""
    bare = _plain(phrase).rstrip(".,;: ")
    return len(re.findall(rf"(?<!\w){re.escape(bare)}(?!\w)", _plain(answer))) if bare else 0


def _paragraphs(answer: str) -> int:
    divided = re.split(r"^\s*\*\*\*\s*$", answer, flags=re.MULTILINE)
    parts = divided if len(divided) > 1 else re.split(r"\n\s*\n", answer)
    return sum(bool(part.strip()) for part in parts)


def _sections(answer: str) -> int:
    """Parts with a numbered heading ("Section 1"), or else those between blank lines."""
    headings = re.findall(r"^\W*[^\W\d_]+ (?:\d+|[IVX]+)\b", answer, re.MULTILINE)
    return len(headings) if len(headings) > 1 else _paragraphs(answer)


#: What is counted: (answer, phrase, language) -> number.
_COUNTS: dict[str, Callable[[str, str, str], int]] = {
    "words": lambda answer, _, __: len(words(answer)),
    "sentences": lambda answer, _, language: len(sentences(answer, language)),
    "paragraphs": lambda answer, _, __: _paragraphs(answer),
    "sections": lambda answer, _, __: _sections(answer),
    "lines": lambda answer, _, __: sum(bool(line.strip()) for line in answer.splitlines()),
    "bullets": lambda answer, _, __: len(_BULLET.findall(answer)),
    "placeholders": lambda answer, _, __: len(_PLACEHOLDER.findall(answer)),
    "keyword": lambda answer, phrase, _: _occurrences(answer, phrase),
    "letter": lambda answer, phrase, _: unicodedata.normalize("NFC", answer).lower().count(phrase),
}


def _ends(answer: str, phrase: str, _: str) -> bool:
    return _plain(answer).strip(" \"'*_").rstrip(".!?… ").endswith(_plain(phrase).strip(" \"'").rstrip(".!?… "))


def _starts(answer: str, phrase: str, _: str) -> bool:
    return _plain(answer).lstrip(" \"'*_#").startswith(_plain(phrase).strip(" \"'").rstrip(".!?… "))


def _is_json(answer: str, *_: str) -> bool:
    fence = _FENCE.match(answer)
    try:
        json.loads(fence[1] if fence else answer)
    except ValueError:
        return False
    return True


def _is_quoted(answer: str, *_: str) -> bool:
    text = answer.strip()
    return len(text) > 1 and any(text[0] == opening and text[-1] == closing for opening, closing in _QUOTES)


def _two_responses(answer: str, *_: str) -> bool:
    parts = [part.strip() for part in answer.split("******")]
    return sum(bool(part) for part in parts) == 2 and len(set(parts)) == len(parts)


def _repeats(answer: str, _: str, instruction: str) -> bool:
    """Whether an answer begins with the beginning of its instruction: where the request ends is not said."""
    beginning = " ".join(_plain(instruction).split()[:6]).rstrip(".,:;!?")
    return _plain(answer).lstrip(" \"'*").startswith(beginning.lstrip(" \"'*"))


#: What is not counted: (answer, phrase, instruction) -> whether it is so.
_FORMS: dict[str, Callable[[str, str, str], bool]] = {
    "forbidden": lambda answer, phrase, _: _occurrences(answer, phrase) == 0,
    "end": _ends,
    "start": _starts,
    "lowercase": lambda answer, *_: answer == answer.lower(),
    "uppercase": lambda answer, *_: answer == answer.upper(),
    "no_comma": lambda answer, *_: "," not in answer,
    "quotation": _is_quoted,
    "json": _is_json,
    "title": lambda answer, *_: re.search(r"<<[^<>\n]+>>", answer) is not None,
    "two_responses": _two_responses,
    "postscript": lambda answer, *_: re.search(r"\bP\.? ?(?:P\.? ?)?S\b", answer, re.IGNORECASE) is not None,
    "repeat_prompt": _repeats,
}
