"""Sentences: none is lost and none added.

Where a sentence is lost, the text is shorter by its length, has fewer sentences, and lacks its question mark, its names
and its words of Latin origin. Each sign alone is weak; their log-likelihood ratios are added up, sentence by sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from synth.language.segmentation import sentences
from synth.translation.checks import Check
from synth.translation.checks.length import expansion, spread
from synth.translation.pair import RowPair, Text

MEANINGS = {
    "sentence_lost": "a sentence of the source has no counterpart",
    "sentence_added": "the translation has a sentence that the source has not",
}
#: Above these sums a sentence is lost, or added (in nats; chosen on the odd rows of human translations).
LOST, ADDED = 2.5, 4.0
#: By how many sentences a translation has more -> log of how often it has after a loss and without one.
_COUNT = {-1: 2.3, 0: -1.9, 1: -2.2}
_FEWER, _MORE = 1.6, -2.0
_WORD = re.compile(r"[^\W\d_]{3,}")
_QUESTION = re.compile(r"[?？]")
#: Letters by which a word is known again in another language, and of a word that may be.
_STEM, _LONG = 5, 6
#: Of the long words and names of a sentence, those found again where it is translated, and where it is lost.
_FOUND = {"latin": (0.42, 0.12), "name": (0.75, 0.2)}
_LATIN = frozenset({"en", "fr", "it", "es", "pt", "ro"})
_ACCENTS = str.maketrans("àáâãäåèéêëìíîïòóôõöùúûüçñ", "aaaaaaeeeeiiiiooooouuuucn")


def _row_doubts(row: RowPair) -> Iterator[str]:
    if row.source_language == row.language:
        return
    for pair in row.pairs:
        if not pair.is_untouched and pair.source.words and pair.target.words:
            if evidence_of_loss(pair.source, pair.target, 1 / expansion(pair)) > LOST:
                yield "sentence_lost"
            if evidence_of_loss(pair.target, pair.source, expansion(pair)) > ADDED:
                yield "sentence_added"


def evidence_of_loss(source: Text, target: Text, characters: float) -> float:
    """The largest sum of log-likelihood ratios, in nats, that a sentence of `source` has no counterpart in `target`.

    Args:
        source: the text whose sentences are looked for.
        target: the text where they should be.
        characters: characters of `source` for one of `target`.
    """
    parts = sentences(source.prose, source.language)
    if len(parts) < 2:
        return -math.inf
    return max(_evidence(parts, source, target, characters))


def _evidence(parts: Sequence[str], source: Text, target: Text, characters: float) -> Iterator[float]:
    length, target_length = len(source.prose.strip()), len(target.prose.strip())
    ratio = math.log(max(target_length, 1) * characters / length)
    width = spread(length)
    more = len(sentences(target.prose, target.language)) - len(parts)
    count = _COUNT.get(more, _FEWER if more < 0 else _MORE)
    stems = {_stem(word) for word in _WORD.findall(target.prose)}
    questions = len(_QUESTION.findall(source.prose)) - len(_QUESTION.findall(target.prose))
    for part in parts:
        without = math.log(max(1 - len(part) / length, 0.02))
        gain = ((ratio / width) ** 2 - ((ratio - without) / width) ** 2) / 2
        yield count + gain + _question(part, questions) + _words(part, stems, source, target)


def _question(part: str, questions: int) -> float:
    """A question that is lost leaves a mark too few."""
    if not _QUESTION.search(part):
        return -1.0 if questions > 0 else 0.0
    return 1.5 if questions > 0 else -2.5


def _words(part: str, stems: set[str], source: Text, target: Text) -> float:
    """Names, and long words where both languages have the Latin ones, that are found again or not."""
    total = 0.0
    latin = source.language in _LATIN and target.language in _LATIN
    for position, word in enumerate(_WORD.findall(part)):
        is_name = position > 0 and word[0].isupper()
        if not is_name and not (latin and len(word) >= _LONG):
            continue
        likely, chance = _FOUND["name" if is_name else "latin"]
        total += math.log(chance / likely) if _stem(word) in stems else math.log((1 - chance) / (1 - likely))
    return total


def _stem(word: str) -> str:
    return word.lower().translate(_ACCENTS)[:_STEM]


CHECK = Check(MEANINGS, _row_doubts)
