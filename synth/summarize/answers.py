"""From a model's reply to a summary: what models put around it goes, and what is no summary is refused by name."""

from __future__ import annotations

import re

from synth.language.segmentation import words
from synth.llm import Completion
from synth.stages.llm_stage import UnusableReply
from synth.summarize.map_reduce import whole_sentences

#: Words below which an answer to several articles is no summary of them.
SHORTEST = 20

_REFUSALS = ("content_filter", "refusal")
_HEADING = re.compile(
    r"\A(?:#+ *|\*\*)?(?:Riassunto|Sintesi|Testo integrato|Tóm tắt|Bản tóm tắt|Văn bản|Summary|Resumen|Résumé|"
    r"Zusammenfassung)\s*:?(?:\*\*)?\s*:?\s*\n",
    re.IGNORECASE,
)


def summary_of(reply: Completion) -> str:
    """The summary that a reply holds.

    Raises:
        UnusableReply: it is none.
    """
    answer = tidy(reply.text)
    if reason := problem_of(reply, answer):
        raise UnusableReply(reason)
    return answer


def part_summary_of(reply: Completion) -> str:
    """A summary of a part: one that was cut off is good as far as its last whole sentence.

    Raises:
        UnusableReply: there is none.
    """
    answer = tidy(reply.text)
    if reply.finish_reason == "length":
        answer = whole_sentences(answer) or answer
    if reply.finish_reason in _REFUSALS or not answer:
        raise UnusableReply("refused" if reply.finish_reason in _REFUSALS else "empty")
    return answer


def tidy(text: str) -> str:
    """An answer without what models put around it: their thinking, a heading, quotes or fences around the whole."""
    text = re.sub(r"\A\s*<think>.*?</think>", "", text, flags=re.DOTALL).strip()
    fenced = re.fullmatch(r"```\w*\n(.*?)\n?```", text, flags=re.DOTALL)
    text = fenced.group(1).strip() if fenced else text
    return _HEADING.sub("", text).strip()


def problem_of(reply: Completion, answer: str) -> str:
    """Why an answer is no sample; "" where it is one."""
    if reply.finish_reason in _REFUSALS:
        return "refused"
    if reply.finish_reason == "length":
        return "truncated"
    if not answer:
        return "empty"
    return "too_short" if len(words(answer)) < SHORTEST else ""
