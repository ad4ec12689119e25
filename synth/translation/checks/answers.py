"""Answered instead of translated: the text tells something else, declines, or has remarks of a model around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.replies.cleaner import is_refusal
from synth.replies.wrapping import NotAnAnswerError, unwrapped
from synth.translation.checks import Check
from synth.translation.checks.length import deviation
from synth.translation.pair import RowPair, TextPair

MEANINGS = {
    "answered": "the text tells something else than its source, as an answer to it would",
    "remark_added": "a model's words about its translation stand around it",
}
#: Above this sum (in nats) the text is no translation; it names one in a hundred human translations of the odd rows.
UNRELATED = 1.2
#: What each word of the source and of the target says by being found again in the other, or not, and what the marks,
#: sentences and lengths say: a logistic regression on 1,500 human translations (odd rows) beside texts of other rows.
_START = -2.0
_WORDS = {
    ("idea", True): (1.3, 0.5), ("idea", False): (-0.6, -0.6),
    ("name", True): (0.1, 0.1), ("name", False): (-1.7, -1.0),
    ("six", True): (0.0, 0.0), ("six", False): (-0.7, -0.7),
    ("seven", True): (0.1, 0.0), ("seven", False): (-0.9, -1.1),
    ("ten", True): (0.35, 0.1), ("ten", False): (-0.7, -1.0),
}  # fmt: skip
_MARKS = {"?": (1.3, -1.0), "!": (0.75, -1.1)}
#: What it says that both are programs of the same lines, which differ in their comments: an answer would go on.
_SAME_CODE = -1.5
#: What a standard deviation of the length says, and its square, up to so much; what each sentence more or fewer says.
_LENGTH, _LENGTH_SQUARED, _FARTHEST = 0.26, 0.27, 4.5
_SENTENCE, _MOST_SENTENCES = 1.3, 3
_QUOTED = re.compile(r"\A\W*[\"“«]")


def _row_doubts(row: RowPair) -> Iterator[str]:
    if row.source_language == row.language:
        return
    for pair in row.pairs:
        if not pair.is_untouched and pair.source.words and pair.target.words:
            if (is_refusal(pair.target.text) and not is_refusal(pair.source.text)) or evidence_of_answer(
                pair
            ) > UNRELATED:
                yield "answered"
            if _has_remark(pair):
                yield "remark_added"


def evidence_of_answer(pair: TextPair) -> float:
    """The logarithm of the odds, in nats, that the target is another text than the source's translation."""
    source, target = pair.source, pair.target
    words = pair.evidence_in_target.counts(pair.prose[0])
    back = pair.evidence_in_source.counts(pair.prose[1])
    total = _START + sum(count * _WORDS[key][0] for key, count in words.items())
    total += sum(count * _WORDS[key][1] for key, count in back.items())
    if source.is_program and source.protected("code_line") == target.protected("code_line"):
        total += _SAME_CODE
    far = min(abs(deviation(pair)), _FARTHEST)
    more = min(abs(len(source.sentences) - len(target.sentences)), _MOST_SENTENCES)
    return total + _LENGTH * far + _LENGTH_SQUARED * far**2 + _SENTENCE * more + sum(_of_marks(pair))


def _of_marks(pair: TextPair) -> Iterator[float]:
    """What a question or an exclamation says that both sides have, or one."""
    for mark, (only_one, both) in _MARKS.items():
        source, target = mark in pair.source.prose, mark in pair.target.prose
        yield only_one if source != target else both if source else 0.0


def _has_remark(pair: TextPair) -> bool:
    """Whether the translation has around it what replies have, and the source does not."""
    is_request = pair.field != "output"
    return _is_wrapped(pair.target.text, is_request) and not _is_wrapped(pair.source.text, is_request)


def _is_wrapped(text: str, is_request: bool) -> bool:
    """Whether a model presents the text or closes it; "Let me know …" is a request of its own where it closes one."""
    if _QUOTED.match(text):
        return False
    try:
        inside = unwrapped(text)
    except NotAnAnswerError:
        return False
    whole = text.strip()
    return len(inside) < len(whole) and not (is_request and whole.startswith(inside))


def _doubts_alone(row: RowPair) -> Iterator[str]:
    """A model's remark about a translation; its answers to the reader are the row's own."""
    for pair in row.texts("instruction", "input"):
        if _is_wrapped(pair.target.text, is_request=True):
            yield "remark_added"


CHECK = Check(MEANINGS, _row_doubts, _doubts_alone)
