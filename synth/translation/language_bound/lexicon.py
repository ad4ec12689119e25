"""Words of a language that rows are made anew with: those that articles use, never names or slips."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from synth.language.segmentation import words

#: Letters of a word that is worth a question; Vietnamese syllables are short.
_SHORTEST, _SHORTEST_SYLLABLE = 4, 2
#: Texts that a word must stand in: a slip of the pen stands in one.
_TEXTS = 3


@dataclass(frozen=True)
class Lexicon:
    """The words of a language, most frequent first, in lower case and NFC."""

    language: str
    words: tuple[str, ...] = ()
    _ranks: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._ranks.update({word: rank for rank, word in enumerate(self.words)})

    def __contains__(self, word: str) -> bool:
        return unicodedata.normalize("NFC", word).lower() in self._ranks

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)


def build_lexicon(texts: Iterable[str], language: str, *, texts_with: int = _TEXTS) -> Lexicon:
    """The words that stand in lower case in at least `texts_with` texts, and less often with a capital.

    A name has a capital wherever it stands, so it does not come in; neither do words with digits or inner capitals.
    """
    small: Counter[str] = Counter()
    large: Counter[str] = Counter()
    for text in texts:
        for word in set(words(text)):
            (small if word.islower() else large)[word.lower()] += 1
    shortest = _SHORTEST_SYLLABLE if language == "vi" else _SHORTEST
    usual = [
        (count, word) for word, count in small.items()
        if count >= texts_with and count > large[word] and len(word) >= shortest and word.isalpha()
    ]  # fmt: skip
    return Lexicon(language, tuple(word for _, word in sorted(usual, key=lambda item: (-item[0], item[1]))))
