"""SavedModels made here, through TensorFlow; what cannot be loaded says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crawler.items import NewsmillError
from synth.embed import TensorFlowUseEmbedder, load_embedder
from synth.embed.tensorflow_use import quiet


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
    assert isinstance(embedder, TensorFlowUseEmbedder)
    assert (embedder.name, rows.shape, rows.dtype) == (name, (120, 2), np.float32)
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
    with quiet():
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
