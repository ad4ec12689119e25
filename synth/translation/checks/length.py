"""Length: a translation is about as long as texts of its language are, the more exactly the longer the text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from synth.language.tables import languages
from synth.translation.checks import Check
from synth.translation.pair import RowPair, TextPair

MEANINGS = {
    "empty": "there is no translation of a text, or a translation of none",
    "length": "the translation is much longer or shorter than texts of its language are",
}
#: The variance of the logarithm of the ratio is this and, for each character, as much more: fitted on the odd rows of
#: 1,500 human translations from English (standard deviation .23 at 20 characters, .13 at 130, .07 from 500 on).
_VARIANCE, _VARIANCE_A_CHARACTER = 0.0036, 1.3
#: Standard deviations beyond which a length is doubted, and letters below which it is not.
_FAR, _LEAST = 3.6, 8


def _row_doubts(row: RowPair) -> Iterator[str]:
    for pair in row.pairs:
        if bool(pair.source.text.strip()) != bool(pair.target.text.strip()):
            yield "empty"
        elif row.source_language != row.language and abs(deviation(pair)) > _FAR:
            yield "length"


def deviation(pair: TextPair) -> float:
    """By how many standard deviations the translation is too long (above 0) or too short; 0 for a text of no words."""
    source, target = len(pair.source.prose.strip()), len(pair.target.prose.strip())
    if min(source, target) < _LEAST or not pair.source.words or not pair.target.words:
        return 0.0
    return (math.log(target / source) - math.log(expansion(pair))) / spread(source)


def expansion(pair: TextPair) -> float:
    """Characters of the target's language for one of the source's."""
    return _relative_length(pair.target.language) / _relative_length(pair.source.language)


def spread(characters: int) -> float:
    """Standard deviation of the logarithm of the ratio for a text of so many characters."""
    return math.sqrt(_VARIANCE + _VARIANCE_A_CHARACTER / max(characters, 1))


def _relative_length(language: str) -> float:
    table = languages().get(language)
    return table.relative_length if table else 1.05


CHECK = Check(MEANINGS, _row_doubts)
