"""A GGUF file of each family, as a folder: the same logits and ids as the model it was made of.

Covers train.models.gguf.read, train.models.gguf.settings, train.models.gguf.file, train.models.gguf.tokenizer_files,
train.models.gguf.byte_bpe.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.models.gguf.gguf_files import gguf_of
from tests.train.models.gguf.pieces import WORDS, bytes_bpe, bytes_keys, sentencepiece_keys
from train.models.gguf.folder import RECORD, ImportRequest, import_gguf

SIZES: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
}  # fmt: skip
LOCAL = {"sliding_window": 16, "query_pre_attn_scalar": 8}
#: Model type -> (settings of its own, keys of its tokenizer).
FAMILIES: dict[str, tuple[dict[str, Any], Any]] = {
    "llama": ({"tie_word_embeddings": False, "rope_theta": 500_000.0}, lambda: bytes_keys("llama3", "llama-bpe")),
    "llama-2": ({"num_key_value_heads": 4}, lambda: sentencepiece_keys(prefix=True, users=False)),
    "smollm2": ({"tie_word_embeddings": True}, lambda: bytes_keys("smollm")),
    "qwen2": ({"tie_word_embeddings": True}, lambda: bytes_keys("qwen2")),
    "qwen3": ({"head_dim": 16}, lambda: bytes_keys("qwen2")),
    "gemma": ({}, lambda: sentencepiece_keys(prefix=False)),
    "gemma2": (LOCAL | {"attn_logit_softcapping": 40.0}, lambda: sentencepiece_keys(prefix=False)),
    "gemma3_text": (LOCAL | {"num_hidden_layers": 7}, lambda: sentencepiece_keys(prefix=False)),
}


def small_model(family: str, vocabulary: int) -> Any:
    """A random model of transformers, its norms away from what makes them neutral."""
    from transformers import AutoConfig, AutoModelForCausalLM

    model_type = {"llama-2": "llama", "smollm2": "llama"}.get(family, family)
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    config = AutoConfig.for_model(model_type, vocab_size=vocabulary, **SIZES | FAMILIES[family][0] | ids)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.normal_(std=0.1).add_(0.0 if "gemma" in model_type or "norm" not in name else 1.0)
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_model_it_was_made_of(family: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    keys = FAMILIES[family][1]()
    model = small_model(family, len(keys["tokens"]))
    file = gguf_of(model, tmp_path / "small.gguf", keys)
    out = tmp_path / "out"
    out.mkdir()
    record = import_gguf(ImportRequest(file, "both", "small"), out)
    ids = torch.randint(4, len(keys["tokens"]), (2, 40))
    ours = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
    with torch.no_grad():
        assert torch.allclose(ours(ids).logits, model(ids).logits, atol=1e-5)
    assert record["logits"]["max_difference"] < 1e-3
    assert (out / "lit_model.pth").is_file()
    assert json.loads((out / RECORD).read_text()) == record
    if family != "llama-2":
        return
    # transformers' own reader, which turns the rows of the heads by code of its own.
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file=file.name, dtype=torch.float32).eval()
    with torch.no_grad():
        assert torch.allclose(theirs(ids).logits, model(ids).logits, atol=1e-5)


@pytest.mark.parametrize("rule", ["llama3", "qwen2", "smollm", "gpt-2"])
def test_ids_of_bytes_are_those_of_the_tokenizer_it_was_made_of(rule: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    keys = bytes_keys(rule)
    model = small_model("smollm2", len(keys["tokens"]))
    (tmp_path / "out").mkdir()
    import_gguf(ImportRequest(gguf_of(model, tmp_path / "a.gguf", keys), "huggingface", "a"), tmp_path / "out")
    theirs, ours = bytes_bpe(rule), AutoTokenizer.from_pretrained(tmp_path / "out")
    begin = [keys["bos_token_id"]] if rule == "llama3" else []
    for text in (WORDS, "It's 12,345 o'clock\r\n\r\n  2024 – così, e\u0301 <|end|>\tTHE'RE 1 22 333 4444", "", " a"):
        assert ours(text)["input_ids"] == begin + theirs.encode(text).ids
        assert ours.decode(ours(text, add_special_tokens=False)["input_ids"]) == theirs.decode(
            theirs.encode(text).ids, skip_special_tokens=False
        )
