"""Small GGUF files, written by the package `gguf` itself, and what its reader makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

#: Pieces of a SentencePiece vocabulary as llama.cpp writes it: kind, piece.
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def write_gguf(path: Path, metadata: dict[str, Any], tensors: dict[str, np.ndarray[Any, Any]]) -> Path:
    """A file of that metadata (Python's own types) and those tensors."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, str(metadata.get("general.architecture", "llama")))
    for key, value in metadata.items():
        if key != "general.architecture":
            _add(writer, key, value)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add(writer: Any, key: str, value: Any) -> None:
    adders = {bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
    adders.get(type(value), writer.add_array)(key, value)


def gguf_of(model: Any, path: Path, tokenizer: dict[str, Any], **more: Any) -> Path:
    """A file of a transformers model, as llama.cpp's converter would write it; tokenizer: keys of tokenizer.ggml."""
    import torch

    from train.models.gguf.names import ARCHITECTURES, as_stored, gguf_name

    config = model.config
    name = ARCHITECTURES[config.model_type]
    rope = config.rope_parameters
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    keys: dict[str, Any] = {
        "context_length": config.max_position_embeddings, "embedding_length": config.hidden_size,
        "block_count": config.num_hidden_layers, "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads, "attention.head_count_kv": config.num_key_value_heads,
        "attention.key_length": head, "attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        "rope.freq_base": float(rope.get("full_attention", rope)["rope_theta"]),
    }  # fmt: skip
    for key in ("attn_logit_softcapping", "final_logit_softcapping"):
        if getattr(config, key, None):
            keys[key] = float(getattr(config, key))
    if getattr(config, "layer_types", None) and "sliding_attention" in config.layer_types:
        keys["attention.sliding_window"] = config.sliding_window
    metadata = {"general.architecture": name, **{f"{name}.{key}": value for key, value in keys.items()}}
    metadata |= {f"tokenizer.ggml.{key}": value for key, value in tokenizer.items()}
    tensors = {
        gguf_name(ours, config.model_type, config.num_hidden_layers): as_stored(ours, weight, config)
        for ours, weight in model.named_parameters()
    }
    arrays = {key: value.detach().to(torch.float32).numpy() for key, value in tensors.items()}
    return write_gguf(path, metadata | more, arrays)
