"""The head of a GGUF file, against the package's own reader; files that are none."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.models.gguf.gguf_files import write_gguf
from train.errors import TrainError
from train.models.gguf.header import read_header

METADATA: dict[str, Any] = {
    "general.architecture": "llama", "general.name": "Prova – thử", "llama.context_length": 128,
    "llama.attention.layer_norm_rms_epsilon": 0.5, "tokenizer.ggml.add_bos_token": True,
    "tokenizer.ggml.tokens": ["<s>", "▁", "ủ", ""], "tokenizer.ggml.scores": [0.0, -1.5, -2.0, -3.0],
    "tokenizer.ggml.token_type": [3, 1, 1, 5],
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tensors = {"token_embd.weight": np.ones((4, 32), np.float32), "output_norm.weight": np.ones(32, np.float16)}
    return write_gguf(tmp_path / "model.gguf", METADATA, tensors)


def test_it_is_what_the_package_reads(file: Path) -> None:
    from gguf import GGUFReader

    header, reader = read_header(file), GGUFReader(file)
    assert header.metadata == METADATA
    theirs = {each.name: (tuple(each.shape[::-1]), int(each.tensor_type), each.data_offset) for each in reader.tensors}
    assert theirs == {place.name: (place.shape, place.quantisation, place.start) for place in header.tensors.values()}
    assert header.tensors["token_embd.weight"].count == 128


@given(cut=st.integers(0, 700), swap=st.tuples(st.integers(0, 700), st.integers(0, 255)))
def test_a_damaged_head_is_an_error_of_ours_or_a_head(cut: int, swap: tuple[int, int], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(write_gguf(folder / "whole.gguf", METADATA, {"a.weight": np.ones(3, np.float32)}).read_bytes())
    content[swap[0] % len(content)] = swap[1]
    path = folder / "model.gguf"
    path.write_bytes(content[: max(cut, 1)])
    with contextlib.suppress(TrainError):
        assert read_header(path).path == path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no GGUF file"),
        (b"PK\3\4 a zip", "no GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1", "no GGUF file"),
        (b"GGUF", "cut off"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 10**12, 0), "cut off"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"\xff" + bytes(16), "UTF-8"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IQ", 77, 0), "unknown type 77"),
    ],
)
def test_what_is_no_file_of_this_kind_says_why(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(TrainError, match=words):
        read_header(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"cannot read .*: No such file"):
        read_header(tmp_path / "absent.gguf")
    with pytest.raises(TrainError, match=r"cannot read .*: Is a directory"):
        read_header(tmp_path)
