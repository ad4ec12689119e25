"""Whether one text tells what another does, by words: common ideas, names, and long words that come from Latin.

No dictionary could decide on one word. Each word that is found again in the other language, or is not, is worth a
log-likelihood ratio (in nats) that the text is not there; those of a sentence or of a text are added up.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from synth.language.tables import languages

_WORD = re.compile(r"[^\W\d_]{3,}")
_ANY_WORD = re.compile(r"[^\W\d_]+")
#: Letters by which a word is known again in another language.
_STEM = 5
_LONGEST_STEM = 14
_LATIN = frozenset({"en", "fr", "it", "es", "pt", "ro"})
_ACCENTS = str.maketrans("àáâãäåèéêëìíîïòóôõöùúûüçñ", "aaaaaaeeeeiiiiooooouuuucn")
#: Kind of word -> how often it is found again where the text is translated, and where it is not: measured on the odd
#: rows of 1,500 human translations into French and Spanish.
_RATES = {"idea": (0.85, 0.15), "name": (0.58, 0.16), "six": (0.14, 0.03), "seven": (0.3, 0.06), "ten": (0.42, 0.07)}
_GAINS = {
    kind: (math.log(chance / likely), math.log((1 - chance) / (1 - likely)))
    for kind, (likely, chance) in _RATES.items()
}


class Evidence:
    """What the words of a text have to be found again in: the other text.

    Args:
        prose: of the other text.
        language: ISO 639-1 code of the other text.
        language_of_words: that of the texts whose words are looked for.
    """

    def __init__(self, prose: str, language: str, language_of_words: str) -> None:
        self._stems = set(map(_stem, _WORD.findall(prose)))
        self._ideas = _vocabulary(language, language_of_words).ideas(prose)
        self._vocabulary = _vocabulary(language_of_words, language)
        self._latin = {language, language_of_words} <= _LATIN

    def of_absence(self, part: str) -> float:
        """The sum, in nats, that what `part` tells is not in the other text: above 0 it rather is not."""
        return sum(count * _GAINS[kind][is_absent] for (kind, is_absent), count in self.counts(part).items())

    def counts(self, part: str) -> Counter[tuple[str, bool]]:
        """(kind of word, whether the other text lacks it) -> how many such words the part has, each once."""
        counts = Counter(("idea", idea not in self._ideas) for idea in self._vocabulary.ideas(part))
        words: set[str] = set()
        for position, word in enumerate(_WORD.findall(part)):
            kind = "name" if position > 0 and word[0].isupper() else self._kind(word)
            if kind and word not in words:
                words.add(word)
                counts[kind, _stem(word) not in self._stems] += 1
        return counts

    def _kind(self, word: str) -> str:
        if not self._latin or len(word) < _STEM + 1:
            return ""
        return "six" if len(word) == _STEM + 1 else "seven" if len(word) < 2 * _STEM else "ten"


class Vocabulary:
    """The ideas that a language has words for.

    Args:
        stems: idea -> how its words begin.
    """

    def __init__(self, stems: Mapping[str, Iterable[str]]) -> None:
        pairs = [(stem, idea) for idea, beginnings in stems.items() for stem in beginnings]
        self._stems: dict[str, list[str]] = {}
        for stem, idea in pairs:
            self._stems.setdefault(stem, []).append(idea)
        #: first word -> phrases that begin with it.
        self._phrases = [(stem.partition(" ")[0], f" {stem}", idea) for stem, idea in pairs if " " in stem.rstrip(" ")]
        # Words come again and again: each is looked at once.
        self._of_word = functools.lru_cache(maxsize=1 << 16)(self._ideas_of_word)

    def ideas(self, text: str) -> set[str]:
        """The ideas that a text has a word for."""
        ordered = _ANY_WORD.findall(text.lower())
        words = set(ordered)
        ideas = {idea for word in words for idea in self._of_word(word)}
        phrases = [(phrase, idea) for first, phrase, idea in self._phrases if first in words]
        if phrases:
            padded = f" {' '.join(ordered)} "
            ideas.update(idea for phrase, idea in phrases if phrase in padded)
        return ideas

    def _ideas_of_word(self, word: str) -> tuple[str, ...]:
        beginnings = (f"{word} "[:end] for end in range(1, min(len(word) + 2, _LONGEST_STEM)))
        return tuple(idea for beginning in beginnings for idea in self._stems.get(beginning, ()))


@functools.cache
def _vocabulary(language: str, other_language: str) -> Vocabulary:
    """The first language's words for the ideas that both have words for."""
    tables = [languages().get(code) for code in (language, other_language)]
    own, others = (table.vocabulary if table else {} for table in tables)
    return Vocabulary({idea: stems for idea, stems in own.items() if idea in others})


@functools.lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return word.lower().translate(_ACCENTS)[:_STEM]
