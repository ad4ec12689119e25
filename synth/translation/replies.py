"""From a model's reply to a translation: without what stands around it, or refused by name.

Unlike an answer's, its form is known: what the source does not have around it (quotes, a fence, "Here is …") the model
has put there, and what the source has is content. A source that begins with "Sure! Here is a summary:" keeps that.
"""

from __future__ import annotations

import re

from synth.llm import Completion
from synth.replies import SERVER_REFUSALS, CleanReply, answer_of
from synth.replies.cleaner import is_refusal
from synth.replies.looping import is_looping
from synth.replies.wrapping import NotAnAnswerError, unwrapped

_QUOTES = {'"': '"', "“": "”", "«": "»", "„": "“", "'": "'", "‘": "’"}
#: A mark of a quotation, ours or misspelt.
_MARK = re.compile(r"</?quote-[0-9a-f]{6,}>?")


def translation_of(reply: Completion, source: str, marks: tuple[str, str]) -> CleanReply:
    """The translation that a reply holds, or the reason why it holds none.

    Args:
        source: what was to be translated.
        marks: between which it stood.
    """
    if reply.finish_reason in SERVER_REFUSALS:
        return CleanReply("", "refused")
    answer = answer_of(reply.text)
    if answer is None:
        return CleanReply("", "thinking")
    if not answer.strip():
        return CleanReply("", "empty")
    if is_refusal(answer) and not is_refusal(source):
        return CleanReply("", "refusal")
    if reply.finish_reason == "length":
        return CleanReply("", "truncated")
    text = _out_of_wrapping(_between(answer, *marks), source)
    if not text:
        return CleanReply("", "chatter")
    if is_refusal(text) and not is_refusal(source):
        return CleanReply("", "refusal")
    return CleanReply("", "looping") if is_looping(text) and not is_looping(source) else CleanReply(text)


def _between(answer: str, begin: str, end: str) -> str:
    """What stands between the marks of the quotation where a model repeats them, without any mark."""
    inside = answer
    if begin in answer:
        inside = answer.partition(begin)[2].partition(end)[0]
    elif end in answer:
        inside = answer.partition(end)[0]
    return _MARK.sub("", inside if inside.strip() else answer).strip()


def _out_of_wrapping(answer: str, source: str) -> str:
    """The answer without what the source does not have around it."""
    if _unwrapped(source) != source.strip():
        return answer
    text = _unwrapped(answer)
    closing = _QUOTES.get(text[:1])
    if closing and len(text) > 2 and text[-1] == closing and source.strip()[:1] not in {*_QUOTES, *_QUOTES.values()}:
        inside = text[1:-1]
        return text if closing in inside else inside.strip()
    return text


def _unwrapped(text: str) -> str:
    try:
        return unwrapped(text)
    except NotAnAnswerError:
        # JSON that the source is, too; or all that there is.
        return text.strip()
