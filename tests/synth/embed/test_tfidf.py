"""Rows of unit length, the same for the same text, whatever the language."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.embed import TfidfEmbedder, load_embedder


def cosines(texts: Sequence[str], embedder: TfidfEmbedder | None = None) -> np.ndarray:
    rows = (embedder or TfidfEmbedder()).encode(texts)
    return (rows @ rows.T).toarray()


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=60), max_size=12), fitted=st.booleans())
def test_rows_have_unit_length_or_none(texts: list[str], fitted: bool) -> None:
    embedder = TfidfEmbedder().fit(["the cat sat", "cani e gatti"]) if fitted else TfidfEmbedder()
    rows = embedder.encode(texts)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    assert rows.shape[0] == len(texts)
    assert all(abs(length - 1) < 1e-9 or length == 0 for length in lengths)


def test_no_texts_and_no_words() -> None:
    assert load_embedder("tfidf").encode([]).shape[0] == 0
    assert load_embedder("tfidf").encode(["", " \n", "!!!"]).nnz == 0
    assert TfidfEmbedder().fit([]).encode(["una frase"]).shape[0] == 1


def test_equal_texts_are_equal_whatever_their_form_and_case() -> None:
    composed = unicodedata.normalize("NFC", "Động đất tại Điện Biên")
    found = cosines([composed, unicodedata.normalize("NFD", composed).upper(), "Terremoto in Friuli"])
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == 0


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("地震が東京で発生した", "東京で大きな地震が発生", "新しい映画が公開された"),
        ("भूकंप से दिल्ली में हड़कंप", "दिल्ली में भूकंप के झटके", "क्रिकेट टीम की जीत"),
        ("แผ่นดินไหวที่เชียงใหม่", "เกิดแผ่นดินไหวในเชียงใหม่", "ฟุตบอลโลก"),
    ],
)
def test_scripts_with_marks_or_without_spaces(one: str, near: str, far: str) -> None:
    found = cosines([one, near, far])
    assert found[0, 1] > 0.1
    assert found[0, 1] > 2 * found[0, 2]


def test_the_order_of_texts_changes_nothing() -> None:
    texts = ["il terremoto nelle Marche", "terremoto nelle Marche oggi", "sciopero dei treni", "lo sciopero venerdì"]
    found, turned = cosines(texts), cosines(texts[::-1])
    assert np.allclose(found, turned[::-1, ::-1])


def test_fitted_rows_can_be_compared_over_calls() -> None:
    embedder = TfidfEmbedder().fit(["il terremoto nelle Marche", "lo sciopero dei treni", "il voto in Senato"])
    together = embedder.encode(["terremoto nelle Marche", "sciopero dei treni, parola inedita"])
    apart = [embedder.encode([text]) for text in ("terremoto nelle Marche", "sciopero dei treni, parola inedita")]
    assert np.allclose(together.toarray(), np.vstack([row.toarray() for row in apart]))


def test_a_word_the_archive_lacks_counts_against_an_answer() -> None:
    archive = [f"notizia numero {i} dal terremoto" for i in range(200)]
    embedder = TfidfEmbedder().fit(archive)
    found = cosines([archive[0], archive[0], archive[0] + " zyxwv"], embedder)
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] < 0.9


def test_what_one_text_alone_has_weighs_less_the_more_texts_there_are() -> None:
    """Else news of one event, each with names of its own, drift apart as the archive grows."""
    pair = ["scossa forte nelle Marche alba", "scossa forte nelle Marche sera"]
    small = cosines(pair)[0, 1]
    large = cosines([*pair, *(f"parola{i} altra{i}" for i in range(200))])[0, 1]
    # Full weights would leave it at .75.
    assert small < 0.7
    assert large > 0.9


def test_buckets_bound_the_columns() -> None:
    embedder = load_embedder("tfidf:10")
    texts = [" ".join(f"parola{i * j}" for i in range(90)) for j in range(50)]
    assert embedder.name == "tfidf:10"
    # Without statistics a column more for each text.
    assert embedder.encode(texts).shape[1] <= 1024 + 50
