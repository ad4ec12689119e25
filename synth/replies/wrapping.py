"""What models put around an answer: a fence, JSON, a heading, "Sure! Here is …", "Let me know if …", quotes.

A sentence is taken for a presentation of the answer only where every word of it is in its language's list and one of
them is what answers are called: "Ecco il riassunto degli articoli:" is one, "Ecco il testo della lettera:" is news.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from synth.language.tables import languages

_WORD = re.compile(r"[^\W\d_]+")
#: What an answer is called in every language.
_FORMATS = frozenset({"json", "markdown"})
#: A last sentence with a number, an address or a call to call is news: "If you need help, call 116 123".
_NO_CLOSING = (
    r"(?![^\n]{0,300}(?:\d|https?:|www\.|@|chiam|\bcalls?\b|\bllam|appel|\brufen|\bligue|\bgọi|hotline|helpline"
    r"|rivolg|contatt))"
)
_FENCE = re.compile(r"\A\s*(?:```|~~~)[\w-]*[ \t]*\n(.*?)(?:\n[ \t]*(?:```|~~~)\s*|\Z)\Z", re.DOTALL)
_FENCED_INSIDE = re.compile(r"^(?:```|~~~)[\w-]*[ \t]*\n(.*?)\n(?:```|~~~)[ \t]*$", re.DOTALL | re.MULTILINE)
#: The first sentence or line, without what makes it bold or a heading.
_SEGMENT = re.compile(
    r"[\s*_#>-]*(?P<words>[^:：.!…\n\"“”«»„]{1,240}?)[*_]*(?P<end>[:：.!…]+[*_]*(?:\s+|\Z)|[*_]*\n+|\Z)"
)
_HEADING = re.compile(r"\A(?:#{1,6} +[^\n]{1,200}|\*\*[^*\n]{1,200}\*\*|__[^_\n]{1,200}__)[ \t]*\n+(?=\S)")
#: The beginning of a line, and what makes a heading of it.
_LINE = re.compile(r"^(?:#{1,6} |\*\*)?", re.MULTILINE)
_QUOTE_MARK = re.compile(r"^>[ \t]?", re.MULTILINE)
_RULE = re.compile(r"\A(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*\n+|\n+(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*\Z")
#: Where a last sentence may begin.
_BEGINNING = re.compile(r"(?:(?<=[.!?…»”\"')\]*])\s+|\n+)(?=\S)")
_LAST = 500
#: Words from which quotes around the whole are the model's: what is shorter, or one sentence, may be a quotation.
_QUOTED_WORDS = 25
_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "'": "'", "‘": "’"}
#: Keys of a JSON object whose value is the answer, before any other key.
_KEYS = re.compile(
    r"(?:final_?)?(?:summary|riassunto|sintesi|text|testo|texto|texte|answer|risposta|respuesta|réponse|antwort"
    r"|resposta|response|"
    r"output|content|contenuto|result|resumen|resumo|résumé|resume|zusammenfassung|tóm_?\s?tắt|tom_?tat|bản_tóm_tắt"
    r"|văn_bản)",
    re.IGNORECASE,
)


class NotAnAnswerError(ValueError):
    """JSON of which nobody can say which part is the answer."""


def unwrapped(text: str) -> str:
    """The answer inside fences, JSON, headings, chatter and quotes, in whatever order they lie around each other.

    Raises:
        NotAnAnswerError: it is JSON and no text.
    """
    before = None
    while text != before:
        before = text
        text = _RULE.sub("", text).strip()
        text = _unfenced(_QUOTE_MARK.sub("", text) if _is_block_quote(text) else text)
        text = _out_of_json(text)
        text = _without_opening(text)
        text = _without_closing(text)
        text = _unquoted(text)
    return text


def _is_block_quote(text: str) -> bool:
    return all(line.startswith("> ") for line in text.splitlines() if line.strip())


def _unfenced(text: str) -> str:
    """Out of a fence around the whole, or of the only fence where the rest is chatter."""
    if fence := _FENCE.match(text):
        return fence[1].strip()
    fences = list(_FENCED_INSIDE.finditer(text))
    if len(fences) == 1:
        around = text[: fences[0].start()].strip(), text[fences[0].end() :].strip()
        if not any(_without_closing(_without_opening(part)) for part in around):
            return fences[0][1].strip()
    return text


def _out_of_json(text: str) -> str:
    if not re.match(r"[{\[]\s*[\"'{\]}]", text):
        return text
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        value = _begun_json(text)
    answer = _text_in(value, 0)
    if answer is None:
        raise NotAnAnswerError(text[:60])
    return answer.strip()


def _begun_json(text: str) -> Any:
    """An object with chatter behind it; None where it is none."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if not _without_closing(text[end:].strip()) else None


def _text_in(value: Any, depth: int) -> str | None:
    """The one text that is the answer."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return "\n\n".join(value)
    if isinstance(value, list) and len(value) == 1 and depth < 4:
        return _text_in(value[0], depth + 1)
    if not isinstance(value, Mapping) or depth >= 4:
        return None
    keyed = [inner for key, inner in value.items() if _KEYS.fullmatch(str(key))]
    candidates = keyed if len(keyed) == 1 else list(value.values())
    return _text_in(candidates[0], depth + 1) if len(candidates) == 1 else None


# ---- before the answer


def _without_opening(text: str) -> str:
    """Without sentences that present the answer, a heading, and the labels that a prompt has before its texts."""
    while True:
        text = text.lstrip()
        segment = _SEGMENT.match(text)
        if segment and _presents(segment, text):
            text = text[segment.end() :]
        elif heading := (_HEADING.match(text) or _labels().match(text)):
            text = text[heading.end() :]
        else:
            return text


def _presents(segment: re.Match[str], text: str) -> bool:
    words = _words(segment)
    if not words or len(words) > 40:
        return False
    if _presents_answer(segment) or _offers().fullmatch(_without_interjection(segment["words"].strip())):
        return True
    # An interjection is chatter with its "!", or where a presentation follows it.
    following = _SEGMENT.match(text, segment.end())
    alone = segment["end"][:1] in ("!", ":", "\n") or bool(following and _presents(following, text))
    return _hands_over(segment, text) or (alone and any(set(words) <= row.interjections for row in _tables()))


def _words(segment: re.Match[str]) -> list[str]:
    return [word.lower() for word in _WORD.findall(segment["words"])]


def _hands_over(segment: re.Match[str], text: str) -> bool:
    """Whether it is "Here it is:" before a line or a sentence: "Ecco: il sindaco …" goes on in small letters."""
    following = text[segment.end() : segment.end() + 1]
    ends = "\n" in segment["end"] or not following or following.isupper()
    if segment["end"][:1] not in (":", "：", "!", "\n") or not ends:
        return False
    return any(" ".join(_words(segment)) in row.handing_over for row in _tables())


def _without_interjection(sentence: str) -> str:
    """What follows "Sì," and "Sure," in a sentence."""
    while "," in sentence:
        clause, _, rest = sentence.partition(",")
        words = {word.lower() for word in _WORD.findall(clause)}
        if not any(words <= row.interjections for row in _tables()):
            break
        sentence = rest.strip()
    return sentence


@functools.cache
def _offers() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{row.offer})" for row in _tables()), re.IGNORECASE)


def without_reasoning(text: str) -> str | None:
    """What stands behind thoughts that only a word marks: "Reasoning: … Answer: …"; None where their end is unknown.

    The end is the one heading, or beginning of a line with ":", that is a name of answers.
    """
    if not _reasoning().match(text):
        return text
    label = next(_answer_labels(text), None)
    if label is None:
        return None
    answer = _without_opening(text[label.end() :])
    return answer if next(_answer_labels(answer), None) is None else None


def _answer_labels(text: str) -> Iterator[re.Match[str]]:
    """The headings, and the beginnings of lines with ":", that present an answer."""
    for line in _LINE.finditer(text):
        segment = _SEGMENT.match(text, line.end())
        if segment and (segment["end"][:1] in (":", "：") or line[0]) and _presents_answer(segment):
            yield segment


@functools.cache
def _reasoning() -> re.Pattern[str]:
    names = "|".join(sorted(name for row in _tables() for name in row.reasoning))
    return re.compile(rf"\s*(?:[*_#>-]+ ?(?:{names})[*_]*\s*[:：\n]|(?:{names})\s?[:：])", re.IGNORECASE)


def _presents_answer(segment: re.Match[str]) -> bool:
    words = set(_words(segment))
    return any(
        words & (row.answer_nouns | _FORMATS)
        and words <= row.answer_nouns | _FORMATS | row.presenting | row.interjections
        for row in _tables()
    )


@functools.cache
def _tables() -> tuple[Any, ...]:
    return tuple(table.replies for table in languages().values())


@functools.cache
def _labels() -> re.Pattern[str]:
    """The prompt's own "- Title: …", "Source: …" and "Content:" that some models repeat."""
    prompts = [table.prompts for table in languages().values()]

    def any_of(labels: list[str]) -> str:
        return "|".join(map(re.escape, dict.fromkeys(labels)))

    title = any_of([row.title for row in prompts] + [row.source for row in prompts])
    content = any_of([label for row in prompts for label in row.content])
    return re.compile(
        rf"\A(?:[-*] )?\**(?:{title})\**\s?:\**[^\n]*\n+\s*(?=\S)|\A\s*\**(?:{content})\**\s?:\**[ \t]*\n*(?=\S)"
    )


# ---- after the answer


def _without_closing(text: str) -> str:
    """Without last sentences that speak to the reader of the reply, and last remarks about the answer."""
    while True:
        text = text.rstrip()
        starts = [0, *(match.end() for match in _BEGINNING.finditer(text, max(0, len(text) - _LAST)))]
        paragraph = max((text.rfind("\n") + 1, 0))
        if _closing().match(text, starts[-1]) and starts[-1] >= len(text) - _LAST:
            text = text[: starts[-1]]
        elif paragraph and _remark().match(text, paragraph) and len(text) - paragraph <= _LAST:
            text = text[:paragraph]
        else:
            return text


@functools.cache
def _closing() -> re.Pattern[str]:
    return re.compile(
        rf"[\s*_(–—-]*{_NO_CLOSING}(?:" + "|".join(row.closing for row in _tables()) + ")", re.IGNORECASE | re.DOTALL
    )


@functools.cache
def _remark() -> re.Pattern[str]:
    remarks = "|".join(row.remark for row in _tables())
    return re.compile(
        rf"[\s*_(\[–—-]*(?:(?:{remarks})|\(?\d+ (?:words|parole|palabras|mots|wörter|palavras|từ)\)?\W*\Z)",
        re.IGNORECASE,
    )


def _unquoted(text: str) -> str:
    """Out of quotes around the whole; quotes that only begin and end it stay."""
    closing = _QUOTES.get(text[:1])
    if closing is None or len(text) < 2 or text[-1] != closing:
        return text
    inside = text[1:-1].strip()
    quotation = len(inside.split()) < _QUOTED_WORDS or not re.search(r"[.!?…]\s", inside)
    return text if quotation or closing in inside or text[0] in inside else inside
