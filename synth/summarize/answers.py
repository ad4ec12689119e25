"""From a model's reply to a summary: cleaned as every reply is, and refused by name where it is none."""

from __future__ import annotations

from synth.language.segmentation import words
from synth.llm import Completion
from synth.replies import clean_reply
from synth.stages.llm_stage import UnusableReply
from synth.summarize.map_reduce import whole_sentences

#: Words below which an answer to several articles is no summary of them.
SHORTEST = 20


def summary_of(reply: Completion, language: str = "") -> str:
    """The summary that a reply holds.

    Args:
        language: ISO 639-1 code of the sources; "" for any.

    Raises:
        UnusableReply: it is none.
    """
    answer, refusal = clean_reply(reply.text, reply.finish_reason, language)
    if not refusal and len(words(answer)) < SHORTEST:
        refusal = "too_short"
    if refusal:
        raise UnusableReply(refusal)
    return answer


def part_summary_of(reply: Completion, language: str = "") -> str:
    """A summary of a part: one that was cut off is good as far as its last whole sentence.

    Raises:
        UnusableReply: there is none.
    """
    cut_off = reply.finish_reason == "length"
    answer, refusal = clean_reply(reply.text, "stop" if cut_off else reply.finish_reason, language)
    if refusal:
        raise UnusableReply(refusal)
    return (whole_sentences(answer) or answer) if cut_off else answer
