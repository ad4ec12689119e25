"""The texts of a language as rows: which embedder, and the statistics that it weighs words by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from synth.cluster.assignments import ArticleRef
from synth.cluster.settings import Settings
from synth.embed import Embedder, article_text, counts_words, document_frequencies, load_embedder, refuse_language
from synth.embed.archive import fitted, statistics_key, tfidf_of_archive
from synth.embed.cache import StoredEmbedder

if TYPE_CHECKING:
    import numpy as np
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Articles whose texts are held at once.
PORTION = 4096
#: Statistics are counted again by themselves when the archive is this many times as large: rare words are then others.
_GROWTH = 2
_TEXT = {"title": 1, "description": 1, "content": 1}


@dataclass
class Vectors:
    """How the texts of a language become rows."""

    #: changes whenever the rows of the same texts could.
    fingerprint: str
    #: makes the embedder; heavy, so only where there is something to embed.
    load: Callable[[], Embedder]
    refitted: bool = False
    #: number of texts that the statistics were counted from; 0 where there are none.
    texts: int = 0


def settings_digest(settings: Settings, vectors: Vectors) -> str:
    """sha256 (hex) of all that the partition depends on besides the articles."""
    # What an older version did not know counts only where it is used: its stores go on.
    values = {name: value for name, value in asdict(settings).items() if name != "spread" or value is not None}
    content = json.dumps({**values, "vectors": vectors.fingerprint}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def vectors_of(
    database: Store, language: str | None, settings: Settings, refs: Sequence[ArticleRef], refit: bool = False
) -> Vectors:
    """The embedder of a language; one that counts words with the archive's stored statistics, counted where they lack.

    Raises:
        NewsmillError: no such embedder, or it was not made for the language.
    """
    name = settings.embedder
    if not counts_words(name):
        refuse_language(name, language, settings.force_language)
        stored = StoredEmbedder(database, name, lambda: load_embedder(name, language=language, force=True))
        return Vectors(stored.key, lambda: stored)
    key = statistics_key(settings.embedder, language, settings.sentences)
    head = database.statistics.find_one({"_id": key}) or {"texts": 0, "fingerprint": ""}
    renew = bool(refs) and (refit or len(refs) >= _GROWTH * head["texts"])
    if renew:
        counts = fitted(name, None).statistics_of(texts_of(database, refs, settings.sentences))
        document_frequencies.save(database, key, counts)
        head = {"texts": counts.texts, "fingerprint": counts.fingerprint}
    return _tfidf_vectors(database, name, key, head["fingerprint"], renew, head["texts"])


def unstored_vectors(database: Store, language: str | None, settings: Settings, refs: Sequence[ArticleRef]) -> Vectors:
    """The same rows as `vectors_of` would give, and nothing is written: neither counts of words nor vectors.

    Raises:
        NewsmillError: as `vectors_of`.
    """
    name = settings.embedder
    if not counts_words(name):
        refuse_language(name, language, settings.force_language)
        return Vectors(name, lambda: load_embedder(name, language=language, force=True))
    key = statistics_key(name, language, settings.sentences)
    head = database.statistics.find_one({"_id": key}) or {"texts": 0}
    if head["texts"] and len(refs) < _GROWTH * head["texts"]:
        return _tfidf_vectors(database, name, key, "", False, head["texts"])
    counts = fitted(name, None).statistics_of(texts_of(database, refs, settings.sentences))
    return Vectors(counts.fingerprint, lambda: fitted(name, counts), True, counts.texts)


def stored_vectors(database: Store, language: str | None, settings: Settings) -> Vectors:
    """The same as the last run had them: statistics are not counted again."""
    name = settings.embedder
    if not counts_words(name):
        return vectors_of(database, language, settings, [])
    key = statistics_key(settings.embedder, language, settings.sentences)
    return _tfidf_vectors(database, name, key, "", False)


def _tfidf_vectors(database: Store, name: str, key: str, fingerprint: str, renewed: bool, texts: int = 0) -> Vectors:
    return Vectors(fingerprint, lambda: tfidf_of_archive(database, name, key), renewed, texts)


def portions(
    database: Store,
    refs: Sequence[ArticleRef],
    vectors: Vectors,
    sentences: int | None,
    advance: Callable[[int], None] | None = None,
) -> Iterator[tuple[Any, np.ndarray]]:
    """(rows, days) of the articles, so many at a time; without a window some have no day, and none is looked at."""
    import numpy as np

    embedder = vectors.load() if refs else None
    for start in range(0, len(refs), PORTION):
        part = refs[start : start + PORTION]
        rows = embedder.encode(list(texts_of(database, part, sentences))) if embedder else None
        yield rows, np.array([ref.day or 0.0 for ref in part])
        if advance:
            advance(len(part))


def texts_of(database: Store, refs: Sequence[ArticleRef], sentences: int | None) -> Iterator[str]:
    """The texts to embed, in the order of the references; "" for an article that is gone in the meantime."""
    for start in range(0, len(refs), PORTION):
        part = [ref.id for ref in refs[start : start + PORTION]]
        rows = {row["_id"]: row for row in database.articles.find({"_id": {"$in": part}}, _TEXT)}
        for article in part:
            yield article_text(rows[article], sentences) if article in rows else ""
