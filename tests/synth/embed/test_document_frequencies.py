"""Document frequencies are counted the same in any portions, and come out of the store as they went in."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.cluster import agglomerate
from synth.embed import TfidfEmbedder, article_text
from synth.embed import document_frequencies as statistics
from synth.embed.document_frequencies import Statistics, count, hashed_pairs, load, save, term_counts

TEXTS = [f"scossa forte nelle Marche parola{i} altra{i % 7}" for i in range(60)]


def equal(left: Statistics, right: Statistics) -> bool:
    return left.texts == right.texts and left.fingerprint == right.fingerprint


@settings(max_examples=20, deadline=None)
@given(portion=st.integers(1, 70), bits=st.sampled_from([None, 12, 20]))
def test_portions_change_nothing(portion: int, bits: int | None) -> None:
    whole = count(TEXTS, partial(term_counts, bits=bits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(statistics, "_PORTION", portion)
        assert equal(count(iter(TEXTS), partial(term_counts, bits=bits)), whole)


def test_what_is_counted() -> None:
    found = count(["rosso verde rosso", "verde", ""])
    assert found.texts == 3
    assert sorted(found.frequency.tolist()) == [1, 1, 1, 2]
    assert (np.diff(found.terms) > 0).all()
    assert count([]).texts == len(count([]).terms) == 0


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-2, 3)))),
    bits=st.sampled_from([None, 4, 20]),
)
def test_hashes_are_those_of_scikit_learn(texts: list[list[tuple[str, float]]], bits: int | None) -> None:
    """Statistics that are stored were counted with its FeatureHasher."""
    from sklearn.feature_extraction import FeatureHasher

    width = 2**bits if bits else statistics.ALL_HASHES
    hasher = FeatureHasher(n_features=width, input_type="pair", alternate_sign=False, dtype=np.float64)
    peer = hasher.transform([[("", 1.0)], *texts])[1:]
    ours = hashed_pairs(texts, bits)
    assert ours.shape == peer.shape
    assert (ours != peer).nnz == 0
    assert ours.has_canonical_format


def test_buckets_bound_the_statistics() -> None:
    assert len(count([" ".join(f"parola{i}" for i in range(5000))], partial(term_counts, bits=10)).terms) == 1024


def test_stored_in_pieces(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_PIECE", 10)
    first, second = count(TEXTS), count(TEXTS[:5])
    assert load(database, "tfidf:it:all") is None
    save(database, "tfidf:it:all", first)
    save(database, "tfidf:it:3", second)
    assert database.statistics.count_documents({}) > 10
    found = load(database, "tfidf:it:all")
    assert found is not None
    assert equal(found, first)
    save(database, "tfidf:it:all", second)
    found = load(database, "tfidf:it:all")
    assert found is not None
    assert equal(found, second)
    assert database.statistics.count_documents({"of": {"$exists": True}}) == 2 * -(-len(second.terms) // 10)


def test_what_lacks_a_piece_is_not_there(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_PIECE", 10)
    save(database, "key", count(TEXTS))
    database.statistics.delete_one({"number": 1})
    assert load(database, "key") is None


def test_the_archive_itself_is_embedded_as_without_statistics() -> None:
    alone = TfidfEmbedder().encode(TEXTS)
    found = TfidfEmbedder(statistics=count(TEXTS)).encode(TEXTS)
    assert np.allclose((alone @ alone.T).toarray(), (found @ found.T).toarray())


def test_a_later_day_is_embedded_the_same_way_whatever_comes_with_it() -> None:
    embedder = TfidfEmbedder(statistics=count(TEXTS))
    day = ["scossa a Visso, parola3 e nomi nuovi", "Marche: altra2"]
    together = embedder.encode(day + TEXTS[:10]).toarray()
    assert np.allclose(np.vstack([embedder.encode([text]).toarray() for text in day]), together[:2])


def test_words_that_the_archive_lacks_count_as_the_rarest_at_half_weight() -> None:
    """More than those of one text alone, which join nothing; less than those of two."""
    known = count([*TEXTS, "comune unico", "comune nota", "nota"])
    near = {}
    for word in ("inedita", "unico", "nota"):
        rows = TfidfEmbedder(statistics=known).encode([f"scossa {word}", f"Marche {word}"])
        near[word] = float((rows[0] @ rows[1].T).toarray()[0, 0])
    assert near["unico"] < near["inedita"] < near["nota"]


def bcubed(found: list[int], gold: list[str]) -> float:
    same = np.array(found)[:, None] == np.array(found)
    truth = np.array(gold)[:, None] == np.array(gold)
    both = (same & truth).sum(1)
    precision, recall = (both / same.sum(1)).mean(), (both / truth.sum(1)).mean()
    return float(2 * precision * recall / (precision + recall))


@pytest.mark.parametrize(
    ("bits", "sentences", "floor"), [(None, None, 0.93), (22, None, 0.93), (20, None, 0.925), (None, 10, 0.925)]
)
def test_quality_with_stored_statistics(shared: Path, bits: int | None, sentences: int | None, floor: float) -> None:
    with (shared / "data/vi_vnmds/docs.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [article_text({"title": row["title"], "content": row["text"]}, sentences) for row in rows]
    vectors = TfidfEmbedder(bits, TfidfEmbedder(bits).statistics_of(texts)).encode(texts)
    found = agglomerate(vectors, distance_threshold=0.75).tolist()
    assert bcubed(found, [row["cluster"] for row in rows]) > floor


def test_events_that_the_statistics_do_not_know(shared: Path) -> None:
    """Fitted on the first half of the events, the other half is found as well."""
    with (shared / "data/vi_vnmds/docs.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    events = sorted({row["cluster"] for row in rows})
    first = set(events[: len(events) // 2])
    text = {row["doc_id"]: article_text({"title": row["title"], "content": row["text"]}) for row in rows}
    later = [row for row in rows if row["cluster"] not in first]
    known = count(text[row["doc_id"]] for row in rows if row["cluster"] in first)
    vectors = TfidfEmbedder(statistics=known).encode([text[row["doc_id"]] for row in later])
    found = agglomerate(vectors, distance_threshold=0.75).tolist()
    assert bcubed(found, [row["cluster"] for row in later]) > 0.9
