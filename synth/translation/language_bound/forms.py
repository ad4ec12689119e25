"""Whether two texts are the same words in other forms: corrected, conjugated, punctuated."""

from __future__ import annotations

import difflib
import re
import unicodedata

from synth.language.segmentation import words

#: Words that must be there: of two a change says nothing; and of a long text an edit is more than a form.
_FEWEST, _MOST = 3, 60
#: Of the words, those that must be as they were; of the letters of a changed word ("go", "goes"), those that it shares.
_SAME, _ALIKE = 0.5, 0.5
#: Words that may be new or gone: "walks", "will walk".
_MORE = 1
#: Letters of the small words whose forms share none: "is", "are", "was", "were", "a", "an".
_SHORT = 4


def has_other_forms(text: str, answer: str, *, inflects: bool = True) -> bool:
    """Whether an answer is the text with other forms of some words, or other marks and capitals.

    inflects: whether the language's words have endings; else a short word is no other's form for being short.

    Not where it is the text itself, its numbers or its order changed, or a word was replaced by quite another.
    """
    before, after = _tokens(text), _tokens(answer)
    if not _FEWEST <= len(before) <= _MOST or abs(len(before) - len(after)) > _MORE or _digits(text) != _digits(answer):
        return False
    low = [word.lower() for word in before], [word.lower() for word in after]
    if low[0] != low[1] and sorted(low[0]) == sorted(low[1]):
        return False
    if low[0] == low[1]:
        return _marks(text) != _marks(answer) or before != after
    changes = [code for code in difflib.SequenceMatcher(None, *low, autojunk=False).get_opcodes() if code[0] != "equal"]
    same = len(low[0]) - sum(end - start for _, start, end, _, _ in changes)
    return same >= _SAME * len(low[0]) and all(
        _is_form(low[0][a:b], low[1][c:d], inflects) for _, a, b, c, d in changes
    )


def _is_form(before: list[str], after: list[str], inflects: bool) -> bool:
    """Whether changed words are the same in another form; one may be added ("has gone") or taken away."""
    short = inflects and max(map(len, [*before, *after])) <= _SHORT
    if not before or not after:
        return short and len(before) + len(after) <= _MORE
    if short and len(before) == len(after) == 1:
        return True
    return difflib.SequenceMatcher(None, " ".join(before), " ".join(after), autojunk=False).ratio() >= _ALIKE


def _tokens(text: str) -> list[str]:
    return [word for word in words(text) if not word.isdigit()]


def _digits(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def _marks(text: str) -> str:
    """A text without its spaces, quotes around it and last stop."""
    return "".join(unicodedata.normalize("NFC", text).split()).strip("\"'“”«»").rstrip(".!")
