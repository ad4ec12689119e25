"""The network in numpy against its formulas, one text and one place at a time, with weights drawn here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synth.embed.use_network import UseNetwork

WINDOWS = ((2, 0), (3, 1), (5, 2))
SIZES = {
    "cnn_W": (1280, 512), "cnn_b": (512,), "d0": (512, 320), "d1": (320, 320), "p1": (512, 320), "d2": (320, 512),
    "p3": (320, 512), "d3": (512, 512), "ln_g": (1280,), "ln_b": (1280,),
}  # fmt: skip


@pytest.fixture
def weights(tmp_path: Path) -> dict[str, Any]:
    random = np.random.default_rng(5)
    sizes = dict(SIZES)
    for window, _ in WINDOWS:
        sizes |= {f"proj{window}": (512, 256), f"proj_b{window}": (256,), f"ln_g{window}": (256,)}
        sizes |= {f"ln_b{window}": (256,), f"b1_{window}": (256,), f"b2_{window}": (256,)}
        sizes |= {f"w1_{window}": (window * 256, 256), f"w2_{window}": (window * 256, 256)}
    arrays: dict[str, Any] = {
        name: random.normal(0, size[0] ** -0.5, size).astype("float32") for name, size in sizes.items()
    }
    arrays |= {f"q{part + 1}": random.integers(64, size=(3, 512), dtype=np.uint8) for part in range(17)}
    arrays |= {"scale": random.random(17, "float32"), "lo": -random.random(17, "float32"), "eps": np.float64(1e-12)}
    np.savez(tmp_path / "weights.npz", **arrays)
    return arrays


def row_by_formula(weights: dict[str, Any], ids: list[int]) -> Any:
    def norm(row: Any, scale: Any, shift: Any) -> Any:
        return (row - row.mean()) / row.std() * scale + shift

    pieces = [weights[f"q{i % 17 + 1}"][i // 17] * weights["scale"][i % 17] + weights["lo"][i % 17] for i in ids]
    parts = [pieces]
    for size, before in WINDOWS:
        rows = [
            norm(
                piece @ weights[f"proj{size}"] + weights[f"proj_b{size}"],
                weights[f"ln_g{size}"],
                weights[f"ln_b{size}"],
            )
            for piece in pieces
        ]
        for layer in (1, 2):
            wide = [*[np.zeros(256)] * before, *rows, *[np.zeros(256)] * (size - 1 - before)]
            kernel, bias = weights[f"w{layer}_{size}"], weights[f"b{layer}_{size}"]
            rows = [
                row + np.maximum(np.concatenate(wide[place : place + size]) @ kernel + bias, 0)
                for place, row in enumerate(rows)
            ]
        parts.append(rows)
    features = [norm(np.concatenate(row), weights["ln_g"], weights["ln_b"]) for row in zip(*parts, strict=True)]
    mean = sum(row @ weights["cnn_W"] + weights["cnn_b"] for row in features) / len(ids) ** 0.5
    first = np.maximum(mean @ weights["p1"] + np.maximum(mean @ weights["d0"], 0) @ weights["d1"], 0)
    row = np.tanh(first @ weights["p3"] + np.maximum(first @ weights["d2"], 0) @ weights["d3"])
    return row / np.linalg.norm(row)


def test_rows_are_those_of_the_formulas(tmp_path: Path, weights: dict[str, Any]) -> None:
    texts = [[1], [4, 50], [7, 8, 9, 10, 11, 12, 13], list(range(30)) * 20, [3, 3, 3]]
    rows = np.concatenate([*UseNetwork(tmp_path / "weights.npz").encode(texts)])
    expected = np.stack([row_by_formula(weights, ids) for ids in texts])
    assert rows.shape == (5, 512)
    assert rows.dtype == np.float32
    assert np.abs(rows - expected).max() < 1e-4


def test_no_texts_have_no_rows(tmp_path: Path, weights: dict[str, Any]) -> None:
    assert weights
    assert list(UseNetwork(tmp_path / "weights.npz").encode([])) == []
