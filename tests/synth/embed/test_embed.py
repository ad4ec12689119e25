"""Rows of unit length, the same for the same text, whatever the language; and what cannot be loaded says so."""

from __future__ import annotations

import importlib.util
import logging
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.embed import (
    SentenceTransformerEmbedder,
    TfidfEmbedder,
    UseEmbedder,
    _quiet,
    article_text,
    load_embedder,
)


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


def test_the_text_of_an_article() -> None:
    article = {"title": "T", "description": None, "content": "Uno. Due! Tre? Quattro."}
    assert article_text(article) == "T\nUno. Due! Tre? Quattro."
    assert article_text(article, 2) == "T\nUno. Due!"
    assert article_text({}) == ""


@pytest.mark.parametrize("name", ["", "word2vec", "tfidf:x", "tfidf:", "tfidf:4", "tfidf:31", "st", "st:", "use:"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(NewsmillError, match="no embedder"):
        load_embedder(name)


def test_buckets_bound_the_columns() -> None:
    embedder = load_embedder("tfidf:10")
    texts = [" ".join(f"parola{i * j}" for i in range(90)) for j in range(50)]
    assert embedder.name == "tfidf:10"
    # Without statistics a column more for each text.
    assert embedder.encode(texts).shape[1] <= 1024 + 50


def test_use_is_refused_for_a_language_it_was_not_made_for() -> None:
    with pytest.raises(NewsmillError, match="not made for 'vi'"):
        load_embedder("use", language="vi")


@pytest.mark.skipif(importlib.util.find_spec("tensorflow_hub") is not None, reason="tensorflow-hub is here")
def test_use_without_its_library_names_the_extra() -> None:
    with pytest.raises(NewsmillError, match=r"newsmill\[use\]"):
        load_embedder("use", language="it")


@pytest.mark.skipif(importlib.util.find_spec("sentence_transformers") is not None, reason="the library is here")
def test_sentence_transformers_missing_names_the_extra() -> None:
    with pytest.raises(NewsmillError, match=r"newsmill\[embed\]"):
        load_embedder("st:some/model")


def saved_model(folder: Path, rows: Callable[[Any], Any]) -> str:
    """The name of an embedder from a SavedModel, made here, that gives these rows for a tensor of texts."""
    tf: Any = pytest.importorskip("tensorflow", reason="tensorflow is an extra")
    pytest.importorskip("tensorflow_hub", reason="tensorflow-hub is an extra")
    module = tf.Module()
    module.__call__ = tf.function(rows, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(folder))
    return f"use:{folder}"


def lengths(texts: Any) -> Any:
    import tensorflow as tf

    sizes = tf.cast(tf.strings.length(texts), tf.float32)
    return tf.stack([sizes, tf.ones_like(sizes)], axis=1)


def test_use_from_a_folder_with_a_saved_model(tmp_path: Path) -> None:
    """A SavedModel of the same signature: texts in, rows out."""
    name = saved_model(tmp_path, lengths)
    embedder = load_embedder(name, language="it")
    rows = embedder.encode(["a", "abc", " \n"] * 40)
    assert isinstance(embedder, UseEmbedder)
    assert (embedder.name, rows.shape, rows.dtype) == (name, (120, 2), np.float64)
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 1, 0] * 40)
    assert np.allclose(rows[1], np.array([3, 1]) / 10**0.5)
    assert embedder.encode([]).shape == (0, 2)


_TEXT_MODEL = """
import sys
import tensorflow as tf, tensorflow_text
def count(texts):
    return tf.cast(tensorflow_text.WhitespaceTokenizer().tokenize(texts).row_lengths()[:, None], tf.float32)
module = tf.Module()
module.__call__ = tf.function(count, input_signature=[tf.TensorSpec([None], tf.string)])
tf.saved_model.save(module, sys.argv[1])
"""
_LOAD = (
    "import sys; from synth.embed import load_embedder; print(load_embedder(sys.argv[1]).encode(['a b', 'c']).shape)"
)


def test_use_has_the_operations_of_tensorflow_text_and_says_nothing_of_the_machine(tmp_path: Path, root: Path) -> None:
    pytest.importorskip("tensorflow_hub", reason="tensorflow-hub is an extra")
    pytest.importorskip("tensorflow_text", reason="tensorflow-text is an extra")
    surroundings = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", *words]
        return subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=True)

    run(_TEXT_MODEL, str(tmp_path))
    quiet = run(_LOAD, f"use:{tmp_path}")
    assert (quiet.stdout, quiet.stderr) == ("(2, 1)\n", "")


@pytest.mark.parametrize("wanted", [True, False])
def test_what_tensorflow_says_can_be_had(
    wanted: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    if not wanted:
        monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL")
    with _quiet():
        os.write(2, b"meanwhile ")
    os.write(2, b"after")
    assert capfd.readouterr().err == ("meanwhile after" if wanted else "after")


def test_a_saved_model_of_something_else_is_refused(tmp_path: Path) -> None:
    tf: Any = pytest.importorskip("tensorflow", reason="tensorflow is an extra")
    name = saved_model(tmp_path / "total", lambda texts: tf.strings.length(tf.strings.reduce_join(texts)))
    tf.saved_model.save(tf.Module(), str(tmp_path / "nothing"))
    (tmp_path / "empty").mkdir()
    for wrong in (name, *(f"use:{tmp_path / folder}" for folder in ("nothing", "empty", "none"))):
        with pytest.raises(NewsmillError, match=r"cannot load .*give a local folder") as caught:
            load_embedder(wrong)
        assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_never_kept(tmp_path: Path) -> None:
    tf: Any = pytest.importorskip("tensorflow", reason="tensorflow is an extra")
    embedder = load_embedder(saved_model(tmp_path, lambda texts: tf.math.log(lengths(texts) - 2)))
    with pytest.raises(NewsmillError, match="infinite or none"):
        embedder.encode(["a"])


def sentence_transformer(folder: Path, scale: float = 1.0) -> str:
    """The name of an embedder from a tiny model with random weights, made here, in the format of the hub's.

    It reads 16 tokens. Numbers within it grow by `scale` squared.
    """
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is an extra")
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    bert = folder / "bert"
    bert.mkdir()
    (bert / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh"]))
    BertTokenizer(str(bert / "vocab.txt")).save_pretrained(bert)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    model = BertModel(BertConfig(vocab_size=13, **sizes))
    layer = model.encoder.layer[0]
    for part in (layer.intermediate, layer.output):
        part.dense.weight.data *= scale
    model.save_pretrained(bert)
    modules = [Transformer(str(bert), max_seq_length=16), Pooling(16)]
    library.SentenceTransformer(modules=modules, device="cpu").save(str(folder / "st"))
    return f"st:{folder / 'st'}"


def test_sentence_transformers_from_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = sentence_transformer(tmp_path)
    capfd.readouterr()
    embedder = load_embedder(name)
    rows = embedder.encode(["a b", "c d", "a b", "", "a " * 14, "a " * 14 + "b c d"])
    assert (embedder.name, rows.shape, rows.dtype) == (name, (6, 16), np.float64)
    assert np.allclose(np.linalg.norm(rows, axis=1), [1, 1, 1, 0, 1, 1])
    assert np.allclose(rows[0], rows[2], atol=1e-6)
    # What comes after the last token that the model reads changes nothing.
    assert np.allclose(rows[4], rows[5], atol=1e-6)
    assert embedder.encode([]).shape == (0, 16)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("scale", "stays"), [(1.0, True), (1e4, False)])
def test_half_precision_where_it_is_enough(tmp_path: Path, scale: float, stays: bool) -> None:
    """As on a GPU: a model whose numbers overflow goes on in full precision."""
    name = sentence_transformer(tmp_path, scale)
    full, embedder = load_embedder(name), load_embedder(name)
    assert isinstance(embedder, SentenceTransformerEmbedder)
    embedder.model.half()
    embedder.half = True
    rows = embedder.encode(["a b c", "d e f"])
    assert embedder.half is stays
    assert rows.dtype == np.float64
    assert np.allclose(rows, full.encode(["a b c", "d e f"]), atol=5e-3 if stays else 1e-6)


def test_a_model_that_is_nowhere_is_named(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is an extra")
    (tmp_path / "empty").mkdir()
    for folder in ("none", "empty"):
        with pytest.raises(NewsmillError, match=f"cannot load {tmp_path / folder}: .*give a local folder") as caught:
            load_embedder(f"st:{tmp_path / folder}")
        assert "\n" not in str(caught.value)


def test_why_the_hub_gave_no_model_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The client tells its log that there is no such host, and raises something else after that."""
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is an extra")

    def load(name: str) -> None:
        logging.getLogger("huggingface_hub.utils").warning("Name or service not known")
        raise RuntimeError("the client has been closed.")

    monkeypatch.setattr(library, "SentenceTransformer", load)
    with pytest.raises(
        NewsmillError, match=r"some/model: the client has been closed\. Name or service not known: give"
    ):
        load_embedder("st:some/model")
    assert capfd.readouterr().err == ""
