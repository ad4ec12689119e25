"""What TF-IDF knows of an archive: in how many of its texts each term is. Counted in portions, kept in the store.

Kept, so that the texts of a later day get the weights that the archive's had, and a new day changes no old distance.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import unicodedata
import uuid
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database
    from scipy.sparse import csr_matrix

#: Hashes of terms have this many values where no number of bits is given: collisions do not matter.
ALL_HASHES = 2**31 - 1
#: Texts that are counted at once.
_PORTION = 4096
#: Terms in one document of the store: 8 MB, and 16 MB are allowed.
_PIECE = 1_000_000

# Languages without spaces between words: each character is a token, pairs of them the terms.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"


@dataclass(frozen=True)
class Statistics:
    """Document frequencies of a corpus."""

    #: number of texts.
    texts: int
    #: int32 [terms] their hashes, ascending.
    terms: np.ndarray
    #: int32 [terms] number of texts that have each.
    frequency: np.ndarray

    @functools.cached_property
    def fingerprint(self) -> str:
        """sha256 (hex) of all of it."""
        digest = hashlib.sha256(str(self.texts).encode())
        digest.update(self.terms.astype("<i4").tobytes())
        digest.update(self.frequency.astype("<i4").tobytes())
        return digest.hexdigest()

    def look_up(self, terms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """([terms] place of each in the statistics or -1, [terms] number of texts that have it)."""
        import numpy as np

        if not len(self.terms):
            return np.full(len(terms), -1), np.zeros(len(terms), dtype=np.int64)
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        matches = self.terms[at] == terms
        return np.where(matches, at, -1), np.where(matches, self.frequency[at], 0)


def count(texts: Iterable[str], counts: Callable[[Iterable[str]], csr_matrix] | None = None) -> Statistics:
    """Statistics of texts, read in portions: memory for the terms of a portion and for those of all.

    Every term counts for itself, about 200 new ones, 1.6 kB, a news article; where hashes fall into 2**bits buckets,
    those of one bucket count as one: at most 8 bytes a bucket.

    Args:
        counts: [texts, hashes] the terms of texts (default: `term_counts`).
    """
    import numpy as np

    terms_seen, frequency, total = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), 0
    for portion in _portions(texts, counts or term_counts):
        total += portion.shape[0]
        terms, occurrences = np.unique(portion.indices, return_counts=True)
        joined = np.concatenate([terms_seen, terms.astype(np.int32)])
        terms_seen, position = np.unique(joined, return_inverse=True)
        summed = np.bincount(position, np.concatenate([frequency, occurrences]), minlength=len(terms_seen))
        frequency = summed.astype(np.int32)
    return Statistics(total, terms_seen, frequency)


def _portions(texts: Iterable[str], counts: Callable[[Iterable[str]], csr_matrix]) -> Iterator[csr_matrix]:
    waiting = iter(texts)
    while part := list(itertools.islice(waiting, _PORTION)):
        yield counts(part)


@functools.cache
def token_pattern() -> re.Pattern[str]:
    r"""Words of two letters or more. Python's \w lacks combining marks: Hindi or Arabic words would break at them."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    return re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{marks}])+")


def _terms(text: str) -> list[str]:
    """Words and pairs of neighbouring words, composed (NFC) and folded to lower case."""
    words = token_pattern().findall(unicodedata.normalize("NFC", text).lower())
    return words + [f"{first} {second}" for first, second in itertools.pairwise(words)]


def term_counts(texts: Iterable[str], bits: int | None = None) -> csr_matrix:
    """[texts, hashes] how often each text has the term of a hash, columns in order."""
    from mmh3 import hash as murmur_hash

    hashes, ends = array("q"), [0]
    for text in texts:
        hashes.extend(map(murmur_hash, _terms(text)))
        ends.append(len(hashes))
    return _summed(hashes, array("d", [1.0]) * len(hashes), ends, bits)


def hashed_pairs(texts: Iterable[Iterable[tuple[str, float]]], bits: int | None = None) -> csr_matrix:
    """[texts, hashes] sum of the values of each text's (term, value), columns in order.

    The hash is scikit-learn's (MurmurHash3, as its FeatureHasher takes it), so that stored statistics stay what they
    are; without the second and a half that it takes to import it.
    """
    from mmh3 import hash as murmur_hash

    hashes, values, ends = array("q"), array("d"), [0]
    for text in texts:
        for term, value in text:
            hashes.append(murmur_hash(term))
            values.append(value)
        ends.append(len(hashes))
    return _summed(hashes, values, ends, bits)


def _summed(hashes: array[int], values: array[float], ends: list[int], bits: int | None) -> csr_matrix:
    """[texts, hashes] the values of each text (up to its end) added up by their hashes."""
    import numpy as np
    from scipy.sparse import csr_matrix

    columns = np.abs(np.array(hashes, dtype=np.int64)) % (2**bits if bits else ALL_HASHES)
    shape = (len(ends) - 1, 2**bits if bits else ALL_HASHES)
    counts = csr_matrix((np.array(values), columns.astype(np.int32), ends), shape=shape)
    counts.sum_duplicates()
    counts.eliminate_zeros()
    return counts


def save(database: Database[dict[str, Any]], key: str, statistics: Statistics) -> None:
    """Put the statistics in place of those that `key` names; killed on the way, the old ones stay."""
    from bson import Binary

    version = f"{key}/{uuid.uuid4().hex}"
    for number, start in enumerate(range(0, len(statistics.terms), _PIECE)):
        part = slice(start, start + _PIECE)
        database.statistics.insert_one(
            {"_id": f"{version}/{number}", "of": version, "number": number,
             "terms": Binary(statistics.terms[part].astype("<i4").tobytes()),
             "frequency": Binary(statistics.frequency[part].astype("<i4").tobytes())}
        )  # fmt: skip
    head = {
        "version": version,
        "texts": statistics.texts,
        "terms": len(statistics.terms),
        "fingerprint": statistics.fingerprint,
        "created_at": datetime.now(UTC),
    }
    database.statistics.replace_one({"_id": key}, head, upsert=True)
    database.statistics.delete_many({"of": {"$gte": f"{key}/", "$lt": f"{key}0", "$ne": version}})


def load(database: Database[dict[str, Any]], key: str) -> Statistics | None:
    """The statistics that `key` names; None where there are none, or not all of their pieces."""
    import numpy as np

    head = database.statistics.find_one({"_id": key})
    if head is None:
        return None
    terms, frequency = [np.zeros(0, dtype="<i4")], [np.zeros(0, dtype="<i4")]
    for piece in database.statistics.find({"of": head["version"]}).sort("number", 1):
        terms.append(np.frombuffer(piece["terms"], dtype="<i4"))
        frequency.append(np.frombuffer(piece["frequency"], dtype="<i4"))
    result = Statistics(head["texts"], np.concatenate(terms), np.concatenate(frequency))
    return result if result.fingerprint == head["fingerprint"] else None
