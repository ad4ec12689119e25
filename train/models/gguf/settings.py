"""config.json from the metadata of a GGUF file: what llama.cpp computes with, in transformers' words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.gguf.file import GgufModel
from train.models.gguf.names import ARCHITECTURES

if TYPE_CHECKING:
    import torch

MODEL_TYPES = {architecture: model_type for model_type, architecture in ARCHITECTURES.items()}
_CLASSES = {
    "llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM",
    "gemma": "GemmaForCausalLM", "gemma2": "Gemma2ForCausalLM", "gemma3_text": "Gemma3ForCausalLM",
}  # fmt: skip
#: Blocks of the models whose queries llama.cpp scales by the width of a head as if all heads were alike.
_LAYERS_OF_27B = {"gemma2": 46, "gemma3_text": 62}
#: Local attention of Gemma: one block in so many is global.
_PATTERN = {"gemma2": 2, "gemma3_text": 6}
#: Of the rotary positions near a token, which llama.cpp does not write down for Gemma 3.
_LOCAL_BASE = 10_000.0


class _Keys:
    """The metadata of the architecture, by the keys behind its name."""

    def __init__(self, model: GgufModel) -> None:
        self.model, self.prefix = model, model.architecture

    def get(self, key: str, default: Any = None) -> Any:
        """A value that is the same for all blocks.

        Raises:
            TrainError: it differs between blocks.
        """
        value = self.model.metadata.get(f"{self.prefix}.{key}", default)
        if isinstance(value, list) and value:
            if len(set(value)) > 1:
                raise TrainError(f"{self.model.paths[0]}: {self.prefix}.{key} differs from block to block")
            return value[0]
        return value

    def need(self, key: str) -> Any:
        """Raises:
        TrainError: it is missing, or no positive number.
        """
        value = self.get(key)
        if not isinstance(value, int | float) or not value > 0:
            raise TrainError(
                f"{self.model.paths[0]} lacks {self.prefix}.{key}" + ("" if value is None else f": {value}")
            )
        return value


def config_of(model: GgufModel, dtype: str) -> dict[str, Any]:
    """What config.json holds. dtype: of the weights as they will be written.

    Raises:
        TrainError: the architecture, or a trait of it, is not read; names it.
    """
    path, keys = model.paths[0], _Keys(model)
    model_type = MODEL_TYPES.get(model.architecture)
    if model_type is None:
        names = ", ".join(MODEL_TYPES)
        raise TrainError(f"{path} is of the architecture {model.architecture!r}, which is not read ({names} are)")
    if keys.get("expert_count", 0):
        raise TrainError(f"{path} is a mixture of {keys.get('expert_count')} experts, which is not read")
    heads, width = keys.need("attention.head_count"), keys.need("embedding_length")
    head = keys.get("attention.key_length") or width // heads
    for key, whole in (("attention.value_length", head), ("rope.dimension_count", head)):
        if keys.get(key, whole) != whole:
            raise TrainError(f"{path}: {model.architecture}.{key} is {keys.get(key)} where a head is {head} wide")
    settings = {
        "architectures": [_CLASSES[model_type]], "model_type": model_type, "hidden_size": width,
        "intermediate_size": keys.need("feed_forward_length"), "num_hidden_layers": keys.need("block_count"),
        "num_attention_heads": heads, "num_key_value_heads": keys.get("attention.head_count_kv") or heads,
        "head_dim": head, "vocab_size": _rows(model), "rms_norm_eps": _shortest(_epsilon(keys)),
        "max_position_embeddings": keys.need("context_length"),
        "rope_theta": float(keys.get("rope.freq_base", 10_000.0)),
        "rope_scaling": _rope_scaling(model, keys, head), "tie_word_embeddings": "output.weight" not in model.tensors,
        "attention_bias": False, "attention_dropout": 0.0, "initializer_range": 0.02, "use_cache": True,
        "torch_dtype": dtype, "dtype": dtype,
    }  # fmt: skip
    return settings | _tokens(model) | _of_family(model_type, keys, settings)


def _rows(model: GgufModel) -> int:
    entry = model.tensors.get("token_embd.weight")
    if entry is None:
        raise TrainError(f"{model.paths[0]} lacks token_embd.weight, its embeddings")
    return entry.shape[0]


def _epsilon(keys: _Keys) -> float:
    return float(keys.need("attention.layer_norm_rms_epsilon"))


def _shortest(value: float) -> float:
    """Of a number that was kept in 32 bits, the decimal that it was made of: 1e-06, not 9.999999974752427e-07."""
    import numpy as np

    return float(str(np.float32(value)))


def _tokens(model: GgufModel) -> dict[str, int]:
    names = {"bos_token_id": "bos", "eos_token_id": "eos", "pad_token_id": "padding"}
    numbers = {ours: model.metadata.get(f"tokenizer.ggml.{theirs}_token_id") for ours, theirs in names.items()}
    return {name: int(number) for name, number in numbers.items() if number is not None}


def _of_family(model_type: str, keys: _Keys, settings: Mapping[str, Any]) -> dict[str, Any]:
    if model_type == "llama":
        return {"hidden_act": "silu", "mlp_bias": False}
    if model_type.startswith("qwen"):
        return {"hidden_act": "silu", "use_sliding_window": False, "sliding_window": None}
    gelu = {"hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh"}
    if model_type == "gemma":
        return gelu
    layers = settings["num_hidden_layers"]
    by_heads = layers == _LAYERS_OF_27B[model_type]
    own = {
        "query_pre_attn_scalar": (
            settings["hidden_size"] // settings["num_attention_heads"] if by_heads else settings["head_dim"]
        ),
        "attn_logit_softcapping": keys.get("attn_logit_softcapping"),
        "final_logit_softcapping": keys.get("final_logit_softcapping"),
        "sliding_window": keys.get("attention.sliding_window") or settings["max_position_embeddings"],
        "layer_types": _layer_types(model_type, keys, layers),
    }
    local = {"rope_local_base_freq": float(keys.get("rope.freq_base_swa", _LOCAL_BASE))}
    return gelu | own | (local if model_type == "gemma3_text" else {})


def _layer_types(model_type: str, keys: _Keys, layers: int) -> list[str]:
    """Which blocks see the window alone. llama.cpp writes a number, one in so many is global, or one truth a block."""
    pattern = keys.model.metadata.get(f"{keys.prefix}.attention.sliding_window_pattern", _PATTERN[model_type])
    local = pattern if isinstance(pattern, list) else [(layer + 1) % pattern != 0 for layer in range(layers)]
    if len(local) != layers:
        raise TrainError(
            f"{keys.model.paths[0]}: {keys.prefix}.attention.sliding_window_pattern has {len(local)} values"
        )
    return ["sliding_attention" if each else "full_attention" for each in local]


def _rope_scaling(model: GgufModel, keys: _Keys, head: int) -> dict[str, Any] | None:
    if "rope_freqs.weight" in model.tensors:
        return _llama3(model, keys, head)
    kind, factor = keys.get("rope.scaling.type"), keys.get("rope.scaling.factor") or keys.get("rope.scale_linear")
    if kind in (None, "none", "linear"):
        return {"rope_type": "linear", "factor": float(factor)} if factor and factor != 1 else None
    raise TrainError(f"{model.paths[0]}: rotary positions scaled by {kind} are not read (linear and Llama 3's are)")


def _llama3(model: GgufModel, keys: _Keys, head: int) -> dict[str, Any]:
    """Llama 3.1's way to long contexts, of which a file holds what it comes to for each frequency.

    Its four numbers are sought: the largest factor is the factor, 1 and 4 are Meta's for all models, and the original
    context is the one that gives the same factors.
    """
    import torch

    factors = model.tensor("rope_freqs.weight").flatten()
    base, largest = float(keys.get("rope.freq_base", 10_000.0)), float(factors.max())
    waves = 2 * math.pi * base ** (torch.arange(0, head, 2, dtype=torch.float64) / head)
    scaling: dict[str, Any] = {
        "rope_type": "llama3",
        "factor": largest,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    }
    for context in _contexts(keys, waves, factors):
        if len(waves) == len(factors) and torch.allclose(
            _llama3_factors(waves, largest, context), factors.double(), rtol=1e-4
        ):
            return scaling | {"original_max_position_embeddings": context}
    raise TrainError(f"{model.paths[0]}: rope_freqs.weight is not of the kind that Llama 3 has")


def _contexts(keys: _Keys, waves: torch.Tensor, factors: torch.Tensor) -> Iterable[int]:
    yield from (8192, keys.get("rope.scaling.original_context_length") or 8192)
    largest = float(factors.max())
    for wave, factor in zip(waves.tolist(), factors.tolist(), strict=False):
        if 1 < factor < largest:
            # 1 / factor = (1 - s) / largest + s, with s = (context / wave - 1) / 3.
            smooth = (1 / factor - 1 / largest) / (1 - 1 / largest)
            yield round(wave * (1 + 3 * smooth))
    yield from (2**power for power in range(6, 21))


def _llama3_factors(waves: torch.Tensor, factor: float, context: int) -> torch.Tensor:
    import torch

    smooth = ((context / waves - 1) / 3).clamp(0, 1)
    return torch.reciprocal((1 - smooth) / factor + smooth)
