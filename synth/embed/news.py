"""TF-IDF for news: what stands first in an article weighs most, and words meet by their beginnings, too."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from synth.embed.document_frequencies import hashed_pairs, token_pattern
from synth.embed.tfidf import UNSEEN_WEIGHT, TfidfEmbedder, damped

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

#: Sentences after which a word weighs half of what it does in the title.
_HALF = 3.0
#: Weight of a pair of neighbouring words beside that of a word.
_PAIR_WEIGHT = 0.7
#: Letters that stand for a longer word beside itself: its endings change with number, gender and tense.
_STEM = 5
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


class NewsEmbedder(TfidfEmbedder):
    """TF-IDF of words, their first five letters and pairs of neighbouring words, weighed by where they stand.

    A news article tells first what happened; what comes late is background that articles of other events share. So a
    word in sentence i (0: the title) counts 1 / (1 + i / 3), and the whole text is read. A term that most texts have
    weighs next to nothing: ln((1 + n) / frequency), without the 1 that is commonly added, so that distances mean the
    same in an archive of twenty articles as in one of thousands. How it was chosen: docs/clustering.md.
    """

    kind = "news"

    def counts(self, texts: Iterable[str]) -> csr_matrix:
        """[texts, hashes] ln(1 + sum of the places' weights) of each term, pairs of words at `_PAIR_WEIGHT`."""
        return news_counts(texts, self.bits)

    def factors(self, counts: np.ndarray) -> np.ndarray:
        """[entries] what each count contributes: they are damped already."""
        return counts

    def weigh(self, frequency: np.ndarray, texts: int) -> np.ndarray:
        """[terms] weights by the number of texts that have each; half for terms that the archive lacks."""
        import numpy as np

        idf = np.log((1.0 + texts) / np.maximum(frequency, 1))
        return np.where(frequency > 0, damped(idf, frequency, texts), UNSEEN_WEIGHT * idf)


def news_counts(texts: Iterable[str], bits: int | None = None) -> csr_matrix:
    """[texts, hashes] weights of each text's terms by their places, columns in order."""
    return hashed_pairs((_weighted_terms(text) for text in texts), bits)


def _weighted_terms(text: str) -> list[tuple[str, float]]:
    import math

    places: dict[str, float] = {}
    pairs: dict[str, float] = {}
    for number, words in enumerate(_sentences(text)):
        weight = 1.0 / (1.0 + number / _HALF)
        for word in words:
            places[word] = places.get(word, 0.0) + weight
            if len(word) > _STEM and word.isalpha():
                # No word begins like this: tokens are letters and digits.
                stem = f"^{word[:_STEM]}"
                places[stem] = places.get(stem, 0.0) + weight
        for first, second in itertools.pairwise(words):
            pair = f"{first} {second}"
            pairs[pair] = pairs.get(pair, 0.0) + weight
    single = [(term, math.log1p(weight)) for term, weight in places.items()]
    return single + [(term, _PAIR_WEIGHT * math.log1p(weight)) for term, weight in pairs.items()]


def _sentences(text: str) -> Iterator[list[str]]:
    """The words of each sentence that has some; title and lead are lines of their own."""
    for sentence in _SENTENCE_END.split(unicodedata.normalize("NFC", text)):
        words = token_pattern().findall(sentence.lower())
        if words:
            yield words
