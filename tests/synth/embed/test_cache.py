"""Each text is embedded once by each model, whatever is killed; and clustering with a dense embedder.

Covers synth.cluster.vectors.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crawler.items import article_from_record
from synth.cluster import vectors
from synth.cluster.incremental import cluster_articles
from synth.cluster.settings import Settings
from synth.embed import article_text, load_embedder
from synth.embed import cache as embeddings
from synth.embed.cache import StoredEmbedder
from tests.fork_server import start_forked
from tests.synth.embed.test_sentence_transformer import sentence_transformer
from tests.synth.embed.test_tensorflow_use import saved_model
from tests.waiting import wait_until


def saved_words(folder: Path) -> str:
    """The name of an embedder from a SavedModel that hashes words to 64 columns."""

    def rows(texts: Any) -> Any:
        import tensorflow as tf

        words = tf.strings.to_hash_bucket_fast(tf.strings.split(tf.strings.lower(texts)), 64)
        return tf.reduce_sum(tf.one_hot(words, 64), axis=1)

    return saved_model(folder, rows)


class Counting:
    """A real, if simple, embedder that says what it was asked: hashed words, and noise in the last bits."""

    name = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        rows = np.full((len(texts), 64), 1e-7 * len(self.asked))
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[int.from_bytes(hashlib.md5(word.encode()).digest()[:2], "big") % 64] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_text_once(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "_BATCH", 3)
    monkeypatch.setattr(embeddings, "_LOOK", 4)
    model = Counting()
    texts = [f"testo numero {i % 10}" for i in range(25)]
    first = StoredEmbedder(database, "counting", lambda: model).encode(texts)
    assert sorted(model.asked) == sorted(set(texts))
    assert first.dtype == np.float32
    assert np.allclose(np.linalg.norm(first, axis=1), 1)
    again = StoredEmbedder(database, "counting", lambda: pytest.fail("nothing is missing"))
    assert (again.encode(texts) == first).all()
    assert (again.made, again.found) == (0, 10)
    more = StoredEmbedder(database, "counting", lambda: model)
    more.encode([*texts, "nuovo"])
    assert more.made == 1
    assert database.embeddings.count_documents({}) == 11


def test_models_do_not_share_vectors(database: Any) -> None:
    model = Counting()
    StoredEmbedder(database, "one", lambda: model).encode(["a"])
    StoredEmbedder(database, "two", lambda: model).encode(["a"])
    assert model.asked == ["a", "a"]


def test_no_texts(database: Any) -> None:
    assert len(StoredEmbedder(database, "one", Counting).encode([])) == 0


def test_another_model_in_the_same_folder_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"1")
    first = embeddings.model_key(f"st:{tmp_path}")
    assert embeddings.model_key(f"st:{tmp_path}") == first
    (tmp_path / "weights").write_bytes(b"12")
    assert embeddings.model_key(f"st:{tmp_path}") != first
    assert embeddings.model_key("st:intfloat/multilingual-e5-small") == "st:intfloat/multilingual-e5-small"


_SLOW = """
import sys, threading
from crawler.mongo import connect
from synth.embed import cache as embeddings
from tests.synth.embed.test_cache import Counting
class Slow(Counting):
    def encode(self, texts):
        # Slow enough to be killed between two batches.
        threading.Event().wait(0.05)
        return super().encode(texts)
embeddings._BATCH = 10
embeddings.StoredEmbedder(connect(sys.argv[1]), "slow", Slow).encode([f"testo {i}" for i in range(400)])
"""


def test_killed_it_goes_on_where_it_was(database: Any, database_uri: str, root: Path) -> None:
    process = start_forked("synth", [sys.executable, "-c", _SLOW, database_uri], root)
    wait_until(lambda: database.embeddings.count_documents({}) >= 60, every=0.01, process=process)
    process.kill()
    process.wait()
    done = database.embeddings.count_documents({})
    assert 60 <= done < 400
    rest = StoredEmbedder(database, "slow", Counting)
    rest.encode([f"testo {i}" for i in range(400)])
    assert rest.made == 400 - done


def test_a_new_day_embeds_only_itself(
    database: Any, sample_records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    italian = [article_from_record(row).document() for row in sample_records if row["language"] == "it"]
    model = Counting()
    monkeypatch.setattr(vectors, "load_embedder", lambda *_, **__: model)
    settings = Settings(embedder="st:counting", threshold=0.3)
    database.articles.insert_many(italian[:-5])
    cluster_articles(database, "r1", "it", settings, {})
    assert len(model.asked) == len(italian) - 5
    database.articles.insert_many(italian[-5:])
    counts = cluster_articles(database, "r2", "it", settings, {})
    assert len(model.asked) == len(italian)
    assert counts["events"] == database.clusters.count_documents({"current": True}) > 0
    assert database.clusters.distinct("embedder", {"current": True}) == ["st:counting"]


@pytest.mark.parametrize("make", [saved_words, sentence_transformer])
def test_a_model_of_a_library_is_asked_once(
    database: Any, sample_records: list[dict[str, Any]], tmp_path: Path, make: Callable[[Path], str]
) -> None:
    """Another threshold makes other events of the vectors that are there: the model is not even loaded."""
    name = make(tmp_path)
    italian = [article_from_record(row).document() for row in sample_records if row["language"] == "it"]
    database.articles.insert_many(italian)
    cluster_articles(database, "r1", "it", Settings(embedder=name, threshold=0.2), {})
    kept = {row["_id"]: row["vector"] for row in database.embeddings.find({})}
    assert len(kept) == len(italian)
    again = StoredEmbedder(database, name, lambda: pytest.fail("nothing is missing"))
    texts = [article_text(row, Settings.sentences) for row in italian]
    assert np.allclose(again.encode(texts), load_embedder(name).encode(texts), atol=1e-5)
    cluster_articles(database, "r2", "it", Settings(embedder=name, threshold=0.3), {})
    assert {row["_id"]: row["vector"] for row in database.embeddings.find({})} == kept
    assert database.clusters.distinct("embedder", {"current": True}) == [name]
