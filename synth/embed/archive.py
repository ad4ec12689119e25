"""The embedder with which the articles of an archive were compared: what `synth cluster` used, and what shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.embed import Embedder, TfidfEmbedder, counts_words, document_frequencies, load_embedder
from synth.embed.cache import StoredEmbedder
from synth.embed.document_frequencies import Statistics

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]


def statistics_key(embedder: str, language: str | None, sentences: int | None) -> str:
    """`_id` of the document frequencies of a language's articles in the store."""
    return f"{embedder}:{language}:{sentences or 'all'}"


def tfidf_of_archive(database: Store, embedder: str, key: str) -> TfidfEmbedder:
    """`news` or `tfidf` with the statistics that the store has under a key.

    Raises:
        NewsmillError: it has none, or not all of them.
    """
    statistics = document_frequencies.load(database, key)
    if statistics is None:
        raise NewsmillError(f"cluster: the statistics {key} are incomplete: run synth cluster --refit")
    return fitted(embedder, statistics)


def fitted(embedder: str, statistics: Statistics | None) -> TfidfEmbedder:
    """The embedder of a name that counts words, with an archive's document frequencies."""
    empty = load_embedder(embedder)
    if not isinstance(empty, TfidfEmbedder):
        raise NewsmillError(f"embedder {embedder} counts no words")
    return type(empty)(empty.bits, statistics)


def stored_embedder(database: Store, embedder: str, language: str | None, sentences: int | None) -> Embedder:
    """An embedder of which nothing is computed but TF-IDF: the vectors of a model are those that the store has.

    Raises:
        NewsmillError: from `.encode`, where a text has no stored vector; and as `tfidf_of_archive`.
    """
    if counts_words(embedder):
        return tfidf_of_archive(database, embedder, statistics_key(embedder, language, sentences))

    def refuse() -> Embedder:
        raise NewsmillError(f"the store has no vectors of {embedder} for these texts")

    return StoredEmbedder(database, embedder, refuse)
