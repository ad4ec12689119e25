"""The language of the prose: the translation is in its own, and nothing is left in the source's.

Code, addresses and a few words are in no language: no verdict on them is no doubt.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from synth.language import UNKNOWN, detect
from synth.language.segmentation import sentences
from synth.language.tables import languages
from synth.translation.checks import Check
from synth.translation.language_bound import kept_texts
from synth.translation.pair import RowPair, Text, TextPair

MEANINGS = {
    "other_language": "the translation is in another language than it should be",
    "untranslated": "the text, or a run of its words, is left in the language of the source",
    "other_script": "letters of a script that neither language uses",
}
#: Words of prose that say a language; of a copy that is more than a name.
_ENOUGH, _COPY = 8, 2
#: Words in a row that a translation shares with its source; of these, small words that only the source's language has.
_RUN, _SMALL_WORDS = 5, 2
#: Of the words of a text with code, those in such runs.
_CODE_SHARE = 0.6
#: How sure the detector must be.
_SURE = 0.9
#: Words of a sentence that may be left in the source's language, and its small words among them.
_SENTENCE, _SENTENCE_VOTES = 6, 3
_OTHER_SCRIPT = re.compile(r"[\u0370-\u04ff\u0590-\u06ff\u0900-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Languages that are written with Latin letters, of those with a table.
_QUOTED = re.compile(r"[\"“«„][^\"“”«»„]{1,300}[\"”»“]")


def _row_doubts(row: RowPair) -> Iterator[str]:
    if row.source_language == row.language:
        return
    kept = kept_texts(row.bound, row.source)
    for pair in row.pairs:
        rest = _without(pair, kept) if kept else pair
        if rest.source.text.strip() and rest.target.text.strip():
            yield from _pair_doubts(rest)


def _without(pair: TextPair, kept: tuple[str, ...]) -> TextPair:
    """A pair without the texts that a task wants in a language of their own; of an answer nothing is left."""
    source, target = pair.source.text, "" if pair.source.text in kept else pair.target.text
    for text in kept:
        source, target = source.replace(text, " "), target.replace(text, " ")
    return TextPair(Text(source, pair.source.language), Text(target, pair.target.language), pair.field)


def _pair_doubts(pair: TextPair) -> Iterator[str]:
    if pair.is_untouched:
        if len(pair.source.words) >= _COPY and _is_of(pair.source.low_words, pair.source.language):
            yield "untranslated"
        return
    if _has_run(pair) or _has_sentence(pair):
        yield "untranslated"
    if _is_in_another(pair):
        yield "other_language"
    if _OTHER_SCRIPT.search(pair.target.text) and not _OTHER_SCRIPT.search(pair.source.text):
        yield "other_script"


@functools.cache
def _speakers() -> Mapping[str, frozenset[str]]:
    """A small word -> the languages that have it."""
    words = {word for table in languages().values() for word in table.frequent}
    return {word: frozenset(code for code, table in languages().items() if word in table.frequent) for word in words}


def _votes(words: list[str]) -> Counter[str]:
    """Languages by their small words in a text."""
    speakers = _speakers()
    votes: Counter[str] = Counter()
    for word in words:
        if word in speakers:
            votes.update(speakers[word])
    return votes


@functools.cache
def _letters(language: str) -> re.Pattern[str] | None:
    table = languages().get(language)
    return re.compile(table.letters) if table and table.letters else None


def _is_of(words: list[str], language: str) -> bool:
    """Whether words may be of a language: no other one has more of the small words."""
    votes = _votes(words)
    return not votes or votes[language] == max(votes.values())


def _is_in_another(pair: TextPair) -> bool:
    """The prose is surely in another language; votes of small words are asked first, the detector where they differ."""
    words, language = pair.target.low_words, pair.target.language
    if len(words) < _ENOUGH:
        return False
    votes = _votes(words)
    letters = _letters(language)
    if letters:
        votes[language] += sum(letters.search(word) is not None for word in words)
    if votes and votes[language] == max(votes.values()) and votes[language] >= len(words) / _ENOUGH:
        return False
    code, confidence = detect(pair.target.prose)
    return code not in (language, UNKNOWN) and confidence >= _SURE


def _has_run(pair: TextPair) -> bool:
    """Words in a row that both sides have, small words of the source's language among them."""
    source, target = pair.source.low_words, pair.target.low_words
    if len(source) < _RUN or len(target) < _RUN:
        return False
    runs = set(zip(*(source[shift:] for shift in range(_RUN)), strict=False))
    shared = [run for run in zip(*(target[shift:] for shift in range(_RUN)), strict=False) if run in runs]
    # Between lines of code, what a program prints stays as it is.
    if pair.target.has_code and len(shared) < _CODE_SHARE * len(target):
        return False
    own = _small_words(pair.source.language) - _small_words(pair.target.language)
    return any(sum(word in own for word in run) >= _SMALL_WORDS for run in shared)


def _has_sentence(pair: TextPair) -> bool:
    """A sentence outside of quotes that has small words of the source's language alone."""
    own = _small_words(pair.source.language) - _small_words(pair.target.language)
    if pair.target.has_code or sum(word in own for word in pair.target.low_words) < _SENTENCE_VOTES:
        return False
    for sentence in sentences(_QUOTED.sub(" ", pair.target.prose), pair.target.language):
        words = [word.lower() for word in re.findall(r"[^\W\d_]+", sentence)]
        votes = _votes(words)
        if len(words) >= _SENTENCE and votes[pair.source.language] >= _SENTENCE_VOTES > 2 * votes[pair.target.language]:
            return True
    return False


@functools.cache
def _small_words(language: str) -> frozenset[str]:
    table = languages().get(language)
    return table.frequent if table else frozenset()


def _doubts_alone(row: RowPair) -> Iterator[str]:
    for pair in row.pairs:
        if _has_sentence(pair):
            yield "untranslated"
        if _is_in_another(pair):
            yield "other_language"
        if _OTHER_SCRIPT.search(pair.target.text):
            yield "other_script"


CHECK = Check(MEANINGS, _row_doubts, _doubts_alone)
