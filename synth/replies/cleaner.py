"""One cleaner for every reply: (text, finish reason, language) -> the answer, or the name of the reason why it is none.

The raw reply stays in the ledger; only what comes out of here is stored as an answer, a judgement or a translation.

reasons   a reply that is
refused         held back by the server's filter, or declined in the field made for that
thinking        the model's thoughts, of which no end can be seen
control_token   broken by tokens of its chat template, or of letters (U+FFFD between letters)
empty           nothing
chatter         nothing but what stands around answers ("Sure! Here is the summary:")
refusal         a refusal in words, or a request for what is there
looping         the same words over and over
truncated       cut off at the longest answer
json            JSON of which nobody can say which part is the answer
wrong_language  in another language than its sources
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from crawler.language import known_codes
from synth.language import UNKNOWN, detect, is_written_in
from synth.language.tables import languages
from synth.replies.control_tokens import (
    final_channel,
    without_broken_letters,
    without_control_characters,
    without_tokens,
)
from synth.replies.looping import is_looping
from synth.replies.thinking import thinks_aloud, without_thinking
from synth.replies.wrapping import NotAnAnswerError, unwrapped, without_reasoning

#: Finish reasons by which a server says that there is no answer.
SERVER_REFUSALS = ("content_filter", "refusal")
#: Words up to which an apology at the beginning is the whole answer.
_SHORT_ANSWER = 60
#: Letters that a text must have before it is said to be in a wrong language, and how sure the detector must be.
_LANGUAGE_LETTERS, _LANGUAGE_SURE = 80, 0.9
_LETTER = re.compile(r"[^\W\d_]")
_BUT = re.compile(r"(?:ma|però|but|however|pero|mais|aber|mas|porém|nhưng),? ", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”«»„]")


class CleanReply(NamedTuple):
    """What a reply holds: an answer, or the reason why it is none."""

    text: str
    #: "" for an answer, else a name of the module's table.
    refusal: str = ""


def answer_of(text: str) -> str | None:
    """What a model answered, as it wrote it: without thinking, channels, control tokens; None where that is unknown.

    For replies whose form a parser of its own reads, such as a judge's.
    """
    text = without_control_characters(text)
    channel = final_channel(text)
    thoughtless = None if channel is None else without_thinking(channel)
    return None if thoughtless is None else without_tokens(thoughtless)


def clean_reply(text: str, finish_reason: str = "stop", language: str = "") -> CleanReply:
    """The prose that a reply holds.

    Args:
        finish_reason: as in `Completion`.
        language: ISO 639-1 code that the answer must be in; "" for any.
    """
    if finish_reason in SERVER_REFUSALS:
        return CleanReply("", "refused")
    raw = without_control_characters(text)
    channel = final_channel(raw)
    thoughtless = None if channel is None else without_thinking(channel)
    if thoughtless is None or thinks_aloud(thoughtless):
        return CleanReply("", "thinking")
    whole = without_broken_letters(thoughtless)
    turn = None if whole is None else without_tokens(whole)
    if turn is None:
        return CleanReply("", "control_token")
    if is_refusal(turn):
        return CleanReply("", "refusal")
    try:
        answer = _without_reasoning(turn)
    except NotAnAnswerError:
        return CleanReply("", "truncated" if finish_reason == "length" else "json")
    if answer is None:
        return CleanReply("", "thinking")
    if not re.search(r"\w", answer):
        return CleanReply("", _emptiness(turn, finish_reason))
    return CleanReply(answer, _problem(answer, finish_reason, language))


def _without_reasoning(turn: str) -> str | None:
    """The answer behind thoughts that a word marks, before or behind what else stands around it; None: no end of them.

    Raises:
        NotAnAnswerError: it is JSON and no text.
    """
    if (answer := without_reasoning(turn)) is None:
        return None
    inside = unwrapped(answer)
    rest = without_reasoning(inside)
    return rest if rest is None or rest == inside else unwrapped(rest)


def _emptiness(turn: str, finish_reason: str) -> str:
    """Why nothing is left of a reply."""
    if finish_reason == "length":
        return "truncated"
    return "chatter" if re.search(r"\w", turn) else "empty"


def _problem(answer: str, finish_reason: str, language: str) -> str:
    """Why an answer is of no use, the surest reason first."""
    if is_refusal(answer):
        return "refusal"
    if is_looping(answer):
        return "looping"
    if finish_reason == "length":
        return "truncated"
    return "wrong_language" if is_in_another_language(answer, language) else ""


def is_refusal(text: str) -> bool:
    """Whether a reply declines, asks for what it was given, or speaks of itself as a model, in any language.

    A first sentence with quotes in it, or with ", he said", reports what somebody else said.
    """
    first = re.split(r"(?<=[.!?…])\s|\n", text.strip(), maxsplit=2)
    beginning = next((part for part in first if not _is_interjection(part)), "")
    if _QUOTED.search(beginning) or _attributions().search(beginning):
        return False
    beginning = beginning.lstrip("*_# >-")
    clause, _, rest = beginning.partition(",")
    if rest and _is_interjection(clause):
        # "Sure, but unfortunately I cannot …"
        beginning = _BUT.sub("", rest.strip())
    return bool(_refusals().match(beginning)) or (
        len(text.split()) <= _SHORT_ANSWER and bool(_apologies().match(beginning))
    )


def _is_interjection(sentence: str) -> bool:
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", sentence)}
    return any(words <= table.replies.interjections for table in languages().values())


@functools.cache
def _refusals() -> re.Pattern[str]:
    return re.compile("|".join(table.replies.refusal for table in languages().values()), re.IGNORECASE)


@functools.cache
def _apologies() -> re.Pattern[str]:
    return re.compile("|".join(table.replies.apology for table in languages().values()), re.IGNORECASE)


@functools.cache
def _attributions() -> re.Pattern[str]:
    speech = "|".join(table.replies.attribution for table in languages().values())
    return re.compile(rf",\s(?:{speech})", re.IGNORECASE)


def is_in_another_language(text: str, language: str) -> bool:
    """Whether a text is surely in another language than it must be; one that is short, or unknown to us, is not."""
    if not language or language not in known_codes() or is_written_in(text, language):
        return False
    if len(_LETTER.findall(text)) < _LANGUAGE_LETTERS:
        return False
    code, confidence = detect(text)
    return code not in (language, UNKNOWN) and confidence >= _LANGUAGE_SURE
