"""`train import-gguf` as a user runs it; every file that cannot be read is refused in one line.

Covers train.import_gguf.command.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.models.gguf.gguf_files import UNUSED, gguf_of, write_gguf
from tests.train.models.gguf.pieces import bytes_keys
from tests.train.models.gguf.test_folder import small_model

Train = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return bytes_keys("smollm")


@pytest.fixture(scope="module")
def model(keys: dict[str, Any]) -> Any:
    return small_model("smollm2", len(keys["tokens"]))


@pytest.fixture
def file(model: Any, keys: dict[str, Any], tmp_path: Path) -> Path:
    return gguf_of(model, tmp_path / "small.gguf", keys, **{"general.license": "apache-2.0"})


def test_both_forms_in_one_folder(file: Path, train: Train, tmp_path: Path) -> None:
    code, out, err = train("import-gguf", file, "--out", tmp_path / "SmolLM2-small")
    assert (code, err) == (0, "")
    assert "llama" in out
    assert "licence, says the file: apache-2.0" in out
    assert "hardly better than by lot" in out
    assert "LitGPT's logits differ by" in out
    names = {path.name for path in (tmp_path / "SmolLM2-small").iterdir()}
    assert names >= {"config.json", "model.safetensors", "lit_model.pth", "model_config.yaml", "tokenizer.json"}
    code, out, _ = train("import-gguf", file, "--out", tmp_path / "SmolLM2-small", "--form", "litgpt", "--json")
    assert code == 0
    assert json.loads(out)["dtype"] == "float32"
    assert not list((tmp_path / "SmolLM2-small").glob("*.safetensors"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SmolLM2-small", "small.gguf"]


def test_a_folder_of_something_else_stays(file: Path, train: Train, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    code, _, err = train("import-gguf", file, "--out", tmp_path / "mine")
    assert code == 2
    assert "did not write" in err
    assert (tmp_path / "mine/notes.txt").read_text() == "mine"


def refused(train: Train, file: Path, *more: object) -> str:
    out = file.with_name("out")
    code, _, err = train("import-gguf", file, "--out", out, "--form", "huggingface", *more)
    assert code == 2
    assert err.count("\n") == 1
    assert not out.exists()
    return err


ODD: dict[str, tuple[dict[str, Any], str]] = {
    "architecture": ({"general.architecture": "mamba"}, "architecture 'mamba', which is not read"),
    "experts": ({"llama.expert_count": 8}, "mixture of 8 experts"),
    "half rotary": ({"llama.rope.dimension_count": 4}, "rope.dimension_count is 4 where a head is 8 wide"),
    "long positions": ({"llama.rope.scaling.type": "yarn"}, "scaled by yarn are not read"),
    "sizes": ({"llama.block_count": 3}, "lacks blk.2."),
    "fewer blocks": ({"llama.block_count": 1}, "has blk.1."),
    "width": ({"llama.feed_forward_length": 64}, "where its metadata say (64, 32)"),
    "no heads": ({"llama.attention.head_count": 0}, "lacks llama.attention.head_count"),
    "tokenizer": ({"tokenizer.ggml.model": "rwkv"}, "the kind 'rwkv', which is not read"),
    "words": ({"tokenizer.ggml.pre": "klingon"}, "cuts words as 'klingon', which is not read"),
    "unsaid words": ({"tokenizer.ggml.pre": "default"}, "say --pre"),
    "merges": ({"tokenizer.ggml.merges": ["x y"]}, "merges do not fit"),
    "half a merge": ({"tokenizer.ggml.merges": ["xy"]}, "a merge of one part"),
    "kinds": ({"tokenizer.ggml.token_type": [1, 1]}, "2 kinds of them"),
    "twice": ({"tokenizer.ggml.tokens": ["a", "b", "a"], "tokenizer.ggml.token_type": [1, 1, 1]}, "'a' twice"),
}


@pytest.mark.parametrize("trait", ODD)
def test_what_is_not_read_is_named(trait: str, model: Any, keys: dict[str, Any], train: Train, tmp_path: Path) -> None:
    more, words = ODD[trait]
    file = gguf_of(model, tmp_path / "odd.gguf", keys, **more)
    assert words in refused(train, file)


def test_damaged_files(file: Path, train: Train) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert "is cut off: " in refused(train, file)
    file.write_bytes(whole[:600])
    assert "is cut off: its head" in refused(train, file)
    file.write_bytes(b"not a model")
    assert "is no GGUF file" in refused(train, file)
    file.unlink()
    assert "No such file" in refused(train, file)


def test_weights_that_are_no_numbers(model: Any, keys: dict[str, Any], train: Train, tmp_path: Path) -> None:
    with torch.no_grad():
        kept = model.model.norm.weight[3].item()
        model.model.norm.weight[3] = float("nan")
        file = gguf_of(model, tmp_path / "nan.gguf", keys)
        model.model.norm.weight[3] = kept
    assert "output_norm.weight holds what is no number" in refused(train, file)


def test_an_unknown_quantisation(file: Path, train: Train) -> None:
    content = bytearray(file.read_bytes())
    at = content.index(b"output_norm.weight") + len(b"output_norm.weight") + 4 + 8
    content[at] = 99
    file.write_bytes(content)
    assert "output_norm.weight has the unknown quantisation 99" in refused(train, file)
    content[at] = 24
    file.write_bytes(content)
    assert "I8" in refused(train, file)


def test_rows_of_no_token_are_left_out_of_the_tokenizer(keys: dict[str, Any], train: Train, tmp_path: Path) -> None:
    count = len(keys["tokens"])
    padded = keys | {
        "tokens": [*keys["tokens"], *(f"[PAD{number}]" for number in range(count, count + 4))],
        "token_type": [*keys["token_type"], *[UNUSED] * 4],
    }
    file = gguf_of(small_model("smollm2", count + 4), tmp_path / "padded.gguf", padded)
    code, out, _ = train("import-gguf", file, "--out", tmp_path / "out", "--json")
    assert (code, json.loads(out)["tokenizer"]["tokens"]) == (0, count)


def test_a_model_in_parts(file: Path, model: Any, keys: dict[str, Any], train: Train, tmp_path: Path) -> None:
    from gguf import GGUFReader

    from train.models.gguf.header import read_header

    head = read_header(file)
    tensors = {each.name: np.array(each.data) for each in GGUFReader(file).tensors}
    parts = [dict(list(tensors.items())[:5]), dict(list(tensors.items())[5:])]
    for number, some in enumerate(parts):
        split = {"split.no": number, "split.count": 2, "split.tensors.count": len(tensors)}
        metadata = (head.metadata if number == 0 else {"general.architecture": "llama"}) | split
        write_gguf(tmp_path / f"big-{number + 1:05}-of-00002.gguf", metadata, some)
    code, _, err = train("import-gguf", tmp_path / "big-00002-of-00002.gguf", "--out", tmp_path / "joined")
    assert (code, err) == (0, "")
    assert train("import-gguf", file, "--out", tmp_path / "whole")[0] == 0
    assert (tmp_path / "joined/model.safetensors").read_bytes() == (tmp_path / "whole/model.safetensors").read_bytes()
    (tmp_path / "big-00001-of-00002.gguf").unlink()
    assert "big-00001-of-00002.gguf is not there" in refused(train, tmp_path / "big-00002-of-00002.gguf")
    (tmp_path / "big-00002-of-00002.gguf").rename(tmp_path / "alone.gguf")
    assert "is part 2 of 2 by its metadata" in refused(train, tmp_path / "alone.gguf")
