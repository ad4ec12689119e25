"""`train convert --to gguf`: every family, read back; what is refused; nothing half under the final name.

Covers train.models.gguf.write_weights.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.convert_fixtures import NAMES, make_adapter, make_model
from train.models.gguf.header import Header, read_header

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Tiny models in LitGPT's form by name, each made once."""
    folder = tmp_path_factory.mktemp("models")

    def get(name: str) -> Path:
        return folder / name if (folder / name).exists() else make_model(name, folder / name)

    return get


def written(folder: Path) -> Header:
    (path,) = folder.glob("*.gguf")
    return read_header(path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["float32", "q8_0"])
def test_every_family(models: Callable[[str], Path], train: Run, tmp_path: Path, name: str, kind: str) -> None:
    out = tmp_path / "out"
    code, output, error = train("convert", "--checkpoint", models(name), "--out", out, "--to", "gguf", "--dtype", kind)
    assert code == 0, error
    assert f"ollama create out -f {out}/Modelfile" in output
    record = json.loads((out / "conversion.json").read_text())
    assert record["problems"] == []
    assert (record["max_difference"] == 0) is (kind == "float32")
    metadata = written(out).metadata
    sizes = json.loads((models(name) / "config.json").read_text())
    kind_of = metadata["general.architecture"]
    assert metadata[f"{kind_of}.embedding_length"] == sizes["hidden_size"]
    assert metadata[f"{kind_of}.attention.head_count_kv"] == sizes["num_key_value_heads"]
    assert metadata["general.file_type"] == (0 if kind == "float32" else 7)
    assert len(metadata["tokenizer.ggml.tokens"]) == sizes["vocab_size"]
    assert metadata["tokenizer.ggml.pre"] == "gpt-2"


def test_the_package_reads_what_was_written(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    """gguf's own reader: names, shapes, the numbers of a weight that keeps its rows in another order."""
    from gguf import GGUFReader, dequantize
    from torch import load

    source = models("Llama-3-8B")
    assert train("convert", "--checkpoint", source, "--out", tmp_path / "out", "--to", "gguf", "--dtype", "f16")[0] == 0
    (path,) = (tmp_path / "out").glob("*.F16.gguf")
    reader = GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    weights = load(source / "lit_model.pth", weights_only=True)
    assert {"token_embd.weight", "output.weight", "output_norm.weight", "blk.1.ffn_gate.weight"} <= set(tensors)
    embeddings = dequantize(tensors["token_embd.weight"].data, tensors["token_embd.weight"].tensor_type)
    assert np.array_equal(embeddings, weights["transformer.wte.weight"].half().float().numpy())
    whole = tensors["blk.0.attn_norm.weight"].data
    assert np.array_equal(whole, weights["transformer.h.0.norm_1.weight"].float().numpy())
    # Pairs of rows that turn together lie side by side in GGUF, half a head apart in LitGPT.
    rows = dequantize(tensors["blk.0.attn_q.weight"].data, tensors["blk.0.attn_q.weight"].tensor_type)
    theirs = weights["transformer.h.0.attn.qkv.weight"][:16].half().float().numpy()
    assert np.array_equal(rows[0], theirs[0])
    assert np.array_equal(rows[1], theirs[8])


def test_llama_3_divides_frequencies(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert train("convert", "--checkpoint", models("Llama-3.2-1B-Instruct"), "--out", out, "--to", "gguf")[0] == 0
    header = written(out)
    place = header.tensors["rope_freqs.weight"]
    factors = np.fromfile(place.path, "<f4", place.count, offset=place.start)
    assert (factors[0], factors[-1]) == (1.0, 32.0)
    assert list(factors) == sorted(factors)


def test_an_adapter_is_merged(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    base = models("SmolLM2-360M")
    adapter = make_adapter(base, tmp_path / "adapter", lora_query=True, lora_mlp=True)
    code, _, error = train("convert", "--checkpoint", adapter, "--out", tmp_path / "out", "--to", "gguf")
    assert code == 0, error
    record = json.loads((tmp_path / "out/conversion.json").read_text())
    assert (record["adapter"], record["problems"]) == ("merged", [])
    assert "output.weight" not in written(tmp_path / "out").tensors
    code, _, error = train(
        "convert", "--checkpoint", adapter, "--out", tmp_path / "apart", "--to", "gguf", "--adapter", "apart"
    )
    assert (code, "an adapter alone is not written" in error) == (2, True)


def test_a_folder_in_hugging_faces_form_with_its_card(
    models: Callable[[str], Path], train: Run, tmp_path: Path
) -> None:
    hub = tmp_path / "hub"
    assert train("convert", "--checkpoint", models("Qwen3-0.6B"), "--out", hub, "--to", "huggingface")[0] == 0
    (hub / "README.md").write_text(
        "---\nlicense: apache-2.0\nlanguage: [it, vi]\nauthor: Gruppo di Milano\n---\nText\n"
    )
    (hub / "LICENSE").write_text("As it is.\n")
    out = tmp_path / "out"
    code, _, error = train(
        "convert", "--checkpoint", hub, "--out", out, "--to", "gguf", "--dtype", "bf16", "--style", "chatml-it"
    )
    assert code == 0, error
    metadata = written(out).metadata
    assert metadata["general.name"] == "out"
    assert metadata["general.license"] == "apache-2.0"
    assert metadata["general.author"] == "Gruppo di Milano"
    assert metadata["general.languages"] == ["it", "vi"]
    tokens = metadata["tokenizer.ggml.tokens"]
    assert tokens[metadata["tokenizer.ggml.eot_token_id"]] == "<|im_end|>"
    assert "<|im_start|>" in metadata["tokenizer.chat_template"]
    text = (out / "Modelfile").read_text()
    assert 'SYSTEM "Sei un assistente utile."' in text
    assert 'PARAMETER stop "<|im_end|>"' in text
    assert 'LICENSE "As it is."' in text
    assert (out / "LICENSE").is_file()


def test_numbers_too_large_for_float16(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    import torch

    source = shutil.copytree(models("SmolLM2-360M"), tmp_path / "model")
    weights = torch.load(source / "lit_model.pth", weights_only=True)
    weights["transformer.h.0.mlp.proj.weight"][0, 0] = 1e5
    torch.save(weights, source / "lit_model.pth")
    words = ("convert", "--checkpoint", source, "--out", tmp_path / "out", "--to", "gguf", "--dtype", "f16")
    code, _, error = train(*words)
    assert (code, error.count("\n")) == (2, 1)
    assert "beyond what float16 holds" in error
    assert not (tmp_path / "out").exists()


def test_q8_0_is_ggufs_alone(models: Callable[[str], Path], train: Run, tmp_path: Path) -> None:
    words = ("convert", "--checkpoint", models("SmolLM2-360M"), "--out", tmp_path / "out", "--to")
    code, _, error = train(*words, "huggingface", "--dtype", "q8_0")
    assert (code, "q8_0 is GGUF's" in error) == (2, True)
    with pytest.raises(SystemExit, match="2"):
        train(*words, "gguf", "--dtype", "q4_k")


def test_killed_while_it_writes(models: Callable[[str], Path], root: Path, tmp_path: Path) -> None:
    """Killed at each stage of writing: never anything under the final name, and the next run clears up."""
    words = [sys.executable, "-m", "train", "convert", "--checkpoint", str(models("SmolLM2-360M"))]
    words += ["--out", str(tmp_path / "out"), "--to", "gguf"]
    for pattern in ("*/*.gguf", "*/Modelfile"):
        process = subprocess.Popen(words, cwd=root, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while process.poll() is None and not list(tmp_path.glob(f".out.*.new/{pattern.partition('/')[2]}")):
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.returncode:
            assert not (tmp_path / "out").exists()
    assert subprocess.run(words, cwd=root, check=False, capture_output=True).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_weight_that_was_written_wrongly_is_seen(
    models: Callable[[str], Path], train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from train.models.gguf import write_weights

    right = write_weights.as_stored

    def wrong(name: str, weight: Any, config: Any) -> Any:
        return right(name, weight, config) * (1.5 if name.endswith("1.mlp.up_proj.weight") else 1)

    monkeypatch.setattr(write_weights, "as_stored", wrong)
    code, _, error = train("convert", "--checkpoint", models("Llama-3-8B"), "--out", tmp_path / "out", "--to", "gguf")
    assert code == 1
    assert "blk.1.ffn_up.weight is not model.layers.1.mlp.up_proj.weight of the source" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_makes_the_model_again(models: Callable[[str], Path], train: Run, tmp_path: Path, name: str) -> None:
    """Through the metadata alone: sizes, windows, frequencies and tokenizer come from the file."""
    from train.models.formats.equivalence import TEXTS, compare
    from train.models.gguf.read import read_gguf
    from train.tokenizer import tokenizer_of

    out, hub = tmp_path / "out", tmp_path / "hub"
    assert train("convert", "--checkpoint", models(name), "--out", out, "--to", "gguf")[0] == 0
    hub.mkdir()
    (path,) = out.glob("*.gguf")
    read_gguf(path, hub, shard=10**9)
    assert compare(models(name), hub).problems == ()
    before, after = tokenizer_of(models(name)), tokenizer_of(hub)
    assert [before.encode(text) for text in TEXTS] == [after.encode(text) for text in TEXTS]
    assert (before.bos_id, before.eos_id) == (after.bos_id, after.eos_id)
