"""The embedder of an archive: its own statistics, and of a model what is stored."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from bson import Binary

from crawler.items import NewsmillError
from synth.embed import TfidfEmbedder, document_frequencies
from synth.embed.archive import statistics_key, stored_embedder

TEXTS = ["il governo approva il decreto", "la squadra vince la partita", "il decreto del governo passa"]


def test_the_statistics_of_the_archive_weigh_the_words(database: Any) -> None:
    counts = document_frequencies.count(TEXTS)
    document_frequencies.save(database, statistics_key("tfidf", "it", 10), counts)
    rows = stored_embedder(database, "tfidf", "it", 10).encode(TEXTS[:2])
    expected = TfidfEmbedder(None, counts).encode(TEXTS[:2])
    assert abs(rows - expected).max() == 0


@pytest.mark.parametrize("name", ["tfidf", "st:folder-that-is-not-there"])
def test_what_is_not_stored_is_said_and_no_model_is_loaded(database: Any, name: str) -> None:
    with pytest.raises(NewsmillError, match=r"statistics tfidf:it:all are incomplete|no vectors of st:folder"):
        stored_embedder(database, name, "it", None).encode(["testo"])


def test_vectors_of_a_model_are_those_of_the_store(database: Any) -> None:
    key = Binary(hashlib.sha256(b"testo").digest())
    vector = Binary(np.array([1, 0], dtype="<f4").tobytes())
    database.embeddings.insert_one({"embedder": "st:m", "text": key, "vector": vector})
    assert stored_embedder(database, "st:m", "it", None).encode(["testo"]).tolist() == [[1, 0]]
