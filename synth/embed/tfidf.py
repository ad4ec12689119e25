"""TF-IDF: texts to sparse rows of unit length, offline, in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from synth.embed.document_frequencies import Statistics, count, term_counts

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix


class TfidfEmbedder:
    """TF-IDF of words and pairs of neighbouring words, sublinear counts, rows of unit length (CSR).

    A term that only one text has matches nothing and only drives texts apart: its weight falls as the corpus of n texts
    grows, by 1 / (1 + n / 15). In a corpus of ten such terms are needed, or unrelated texts look alike.
    Measured with average linkage below .75: BCubed F on all of vi_vnmds .81 at full weight, .935 as here and without
    them; joined of ten random Italian articles of three days: none, 2 %, 77 %.

    Given the statistics of an archive, its texts get these same weights, and so do those of a later day. Words that the
    archive lacks count as the rarest, at half weight: they may be the names of a new event. Measured on events of
    vi_vnmds that the statistics do not know (fitted on 60, 150, 310, 470 texts): F .89, .92, .96, .94; at the weight of
    terms that one text has .72, .84, .95, .95; at full weight .89, .87, .85, .83.

    Fitted by `fit`, all terms keep their full weights: what one text of the archive has, a summary of it may share.

    Terms are known by a 31-bit hash and no vocabulary is kept. With `bits` they fall into 2**bits buckets, for archives
    whose statistics do not fit: F on vi_vnmds (110,000 terms) .935 with 22 bits, .930 with 20, .914 with 18, .881 with
    16.
    """

    #: the embedder's name, without its bits.
    kind = "tfidf"

    def __init__(self, bits: int | None = None, statistics: Statistics | None = None) -> None:
        self.name = f"{self.kind}:{bits}" if bits else self.kind
        self.bits = bits
        self._statistics = statistics
        self._weigh: Callable[[np.ndarray, int], np.ndarray] = self.weigh

    def fit(self, texts: Iterable[str]) -> TfidfEmbedder:
        """Fix weights and columns by these texts; without it each `encode` takes both from its own texts."""
        self._statistics = self.statistics_of(texts)
        self._weigh = _idf
        return self

    def statistics_of(self, texts: Iterable[str]) -> Statistics:
        """The document frequencies of texts, as this embedder counts them."""
        return count(texts, self.counts)

    def counts(self, texts: Iterable[str]) -> csr_matrix:
        """[texts, hashes] how often each text has each term."""
        return term_counts(texts, self.bits)

    def factors(self, counts: np.ndarray) -> np.ndarray:
        """[entries] what each count contributes."""
        import numpy as np

        factors: np.ndarray = np.log(counts) + 1.0
        return factors

    def weigh(self, frequency: np.ndarray, texts: int) -> np.ndarray:
        """[terms] weights by the number of texts that have each; half for terms that the archive lacks."""
        import numpy as np

        idf = _idf(frequency, texts)
        return np.where(frequency > 0, damped(idf, frequency, texts), UNSEEN_WEIGHT * idf)

    def encode(self, texts: Iterable[str]) -> csr_matrix:
        """[texts, columns] rows of unit length; a text without a word is a row of zeros.

        With statistics all calls share their columns. Without, the columns are those of the call, and only its own
        rows can be compared.
        """
        import numpy as np

        counts = self.counts(texts)
        terms, column, text_counts = np.unique(counts.indices, return_inverse=True, return_counts=True)
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        if self._statistics is None:
            weights = self.weigh(text_counts, counts.shape[0])[column] * self.factors(counts.data)
            return _unit_rows(*_compact(rows, column, text_counts, weights, counts.shape[0]))
        statistics = self._statistics
        columns, frequency = statistics.look_up(terms)
        columns = np.where(columns < 0, len(statistics.terms) + terms % _UNSEEN, columns)
        weights = self._weigh(frequency, statistics.texts)[column] * self.factors(counts.data)
        return _unit_rows(weights, rows, columns[column], (counts.shape[0], len(statistics.terms) + _UNSEEN))


#: Columns for words that no fitted text has: enough that two of them in one comparison hardly ever meet.
_UNSEEN = 2**16
#: Weight of these words, of that of the rarest: see above.
UNSEEN_WEIGHT = 0.5


#: Texts of a corpus that halve the weight of a term that only one of them has.
_CROWD = 15.0


def _idf(frequency: np.ndarray, texts: int) -> np.ndarray:
    """[terms] weights, smoothed as if one more text had every term."""
    import numpy as np

    return np.log((1.0 + texts) / (1.0 + frequency)) + 1.0


def damped(idf: np.ndarray, frequency: np.ndarray, texts: int) -> np.ndarray:
    """[terms] weights among texts that are compared with one another alone: terms of one text down, as told above."""
    import numpy as np

    return np.where(frequency > 1, idf, idf / (1.0 + texts / _CROWD))


def _compact(
    rows: np.ndarray, column: np.ndarray, text_counts: np.ndarray, weights: np.ndarray, texts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int]]:
    """(weights, rows, columns, shape) with one column a text for all the terms that it alone has.

    Those matter for its length and in no product: the same rows to all ends, with a third of the entries.
    """
    import numpy as np

    shared = text_counts[column] > 1
    width = int((text_counts > 1).sum())
    columns = np.cumsum(text_counts > 1) - 1
    alone = np.sqrt(np.bincount(rows[~shared], weights[~shared] ** 2, minlength=texts))
    owners = np.flatnonzero(alone)
    return (
        np.concatenate([weights[shared], alone[owners]]), np.concatenate([rows[shared], owners]),
        np.concatenate([columns[column[shared]], width + owners]), (texts, width + texts),
    )  # fmt: skip


def _unit_rows(weights: np.ndarray, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    import numpy as np
    from scipy.sparse import csr_matrix

    lengths = np.sqrt(np.bincount(rows, weights**2, minlength=shape[0]))
    return csr_matrix((weights / np.where(lengths > 0, lengths, 1.0)[rows], (rows, columns)), shape=shape)
