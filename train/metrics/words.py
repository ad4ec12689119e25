"""Words that keep their accents: the tokenizer of every measure that counts words.

rouge_score's own keeps a-z and 0-9 only: of "Tiếng Việt" it sees "ti", "ng", "vi" and "t". On plain ASCII these words
are its words.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

#: Scripts written without spaces: each letter, with its marks, stands for a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"


def words(text: str) -> list[str]:
    """Words in small letters, NFC: runs of letters and digits, with the marks that belong to them.

    "1.200" is two words and "l'on" too, as rouge_score has it; a Vietnamese syllable is one, in whichever of the two
    Unicode forms it is written.
    """
    # Twice: the small letter of "İ" is written as two characters.
    low = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    return _pattern().findall(low)


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile(expression())


@functools.cache
def expression() -> str:
    """The regular expression of one word, in any case."""
    marks = "".join(f"{first}-{last}" for first, last in _marks())
    letter = rf"(?![{_UNSPACED}])[^\W_]"
    return rf"[{_UNSPACED}][{marks}]*|{letter}(?:{letter}|[{marks}])*"


def _marks() -> Iterator[tuple[str, str]]:
    r"""Ranges of the characters that combine with the one before (category M), which \w leaves out."""
    first = previous = -2
    for code in range(0x300, 0x1F000):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if code != previous + 1:
            if first >= 0:
                yield chr(first), chr(previous)
            first = code
        previous = code
    yield chr(first), chr(previous)
