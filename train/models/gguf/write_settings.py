"""The metadata of a GGUF file: sizes and settings to compute by, the tokenizer, and what a person asks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.gguf.write_tokenizer import GgufTokenizer

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter

#: llama.cpp scales the scores of attention by the size of a head, but in the largest Gemma 2 and 3, which it knows by
#: their layers, by the width of the model for each head.
_LARGE_GEMMA_LAYERS = {"gemma2": 46, "gemma3_text": 62}
#: Every how many layers attention is global, where the file does not say it.
_PERIODS = {"gemma2": 2, "gemma3_text": 6}


def check_computable(settings: Mapping[str, Any]) -> None:
    """settings: config.json of the model.

    Raises:
        TrainError: llama.cpp would compute another model from it; names the setting.
    """
    kind = settings["model_type"]
    if kind in _PERIODS:
        scalar, layers = settings["query_pre_attn_scalar"], settings["num_hidden_layers"]
        large = layers == _LARGE_GEMMA_LAYERS[kind]
        size = settings["hidden_size"] / settings["num_attention_heads"] if large else settings["head_dim"]
        if scalar != size:
            raise TrainError(f"llama.cpp divides attention by the root of {size:g}, this model by that of {scalar}")
        if period(settings) is None:
            raise TrainError("llama.cpp has global attention in every n-th layer only, this model in others, too")
    if kind.startswith("gemma") and settings.get("hidden_activation", settings.get("hidden_act")) == "gelu":
        raise TrainError("llama.cpp computes Gemma with gelu's approximation by tanh, this model with gelu itself")


def period(settings: Mapping[str, Any]) -> int | None:
    """Every how many layers attention is global; None: at no regular distance."""
    types = settings["layer_types"]
    whole = [number + 1 for number, kind in enumerate(types) if kind == "full_attention"]
    usual = _PERIODS[settings["model_type"]]
    candidates = [whole[0]] if whole else [usual if usual > len(types) else len(types) + 1]
    for step in candidates:
        if whole == list(range(step, len(types) + 1, step)):
            return step
    return None


def add_model(writer: GGUFWriter, settings: Mapping[str, Any]) -> None:
    """Sizes, norms, positions and windows."""
    writer.add_block_count(settings["num_hidden_layers"])
    writer.add_context_length(settings["max_position_embeddings"])
    writer.add_embedding_length(settings["hidden_size"])
    writer.add_feed_forward_length(settings["intermediate_size"])
    writer.add_head_count(settings["num_attention_heads"])
    writer.add_head_count_kv(settings["num_key_value_heads"])
    writer.add_key_length(settings["head_dim"])
    writer.add_value_length(settings["head_dim"])
    writer.add_rope_dimension_count(settings["head_dim"])
    writer.add_layer_norm_rms_eps(settings["rms_norm_eps"])
    writer.add_rope_freq_base(settings["rope_theta"])
    writer.add_vocab_size(settings["vocab_size"])
    _add_scaling(writer, settings.get("rope_scaling"))
    if settings["model_type"] in _PERIODS:
        _add_gemma(writer, settings)


def _add_scaling(writer: GGUFWriter, scaling: Mapping[str, Any] | None) -> None:
    from gguf import RopeScalingType

    if scaling and scaling["rope_type"] == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])


def _add_gemma(writer: GGUFWriter, settings: Mapping[str, Any]) -> None:
    writer.add_sliding_window(settings["sliding_window"])
    for cap, add in (
        ("attn_logit_softcapping", writer.add_attn_logit_softcapping),
        ("final_logit_softcapping", writer.add_final_logit_softcapping),
    ):
        if settings.get(cap):
            add(settings[cap])
    if settings["model_type"] != "gemma3_text":
        return
    step = period(settings)
    if step != _PERIODS["gemma3_text"]:
        writer.add_uint32(f"{writer.arch}.attention.sliding_window_pattern", int(step or 0))
    local = settings.get("rope_local_base_freq")
    if local:
        writer.add_float32(f"{writer.arch}.rope.freq_base_swa", float(local))


def frequency_factors(settings: Mapping[str, Any]) -> np.ndarray | None:
    """float32 [head size / 2] by which Llama 3.1 and later divide the positions' frequencies; None in other models."""
    import numpy as np

    scaling = settings.get("rope_scaling")
    if not scaling or scaling["rope_type"] != "llama3":
        return None
    size, base = settings["head_dim"], settings["rope_theta"]
    original, low, high = (
        scaling[name] for name in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor")
    )
    waves = [2 * math.pi * base ** (step / size) for step in range(0, size, 2)]
    return np.array([_factor(original / wave, scaling["factor"], low, high) for wave in waves], dtype=np.float32)


def _factor(turns: float, factor: float, low: float, high: float) -> float:
    """turns: of the wave in the context of the first training."""
    if turns > high:
        return 1.0
    if turns < low:
        return factor
    smooth = (turns - low) / (high - low)
    return 1 / ((1 - smooth) / factor + smooth)


def add_tokenizer(writer: GGUFWriter, tokenizer: GgufTokenizer, template: str | None) -> None:
    """The vocabulary, special tokens and the chat template."""
    writer.add_tokenizer_model(tokenizer.model)
    writer.add_tokenizer_pre(tokenizer.pre)
    writer.add_token_list(tokenizer.tokens)
    if tokenizer.model == "llama":
        writer.add_token_scores(tokenizer.scores)
        writer.add_add_space_prefix(tokenizer.prefix)
    writer.add_token_types(tokenizer.kinds)
    if tokenizer.merges:
        writer.add_token_merges(tokenizer.merges)
    add = {
        "bos": writer.add_bos_token_id, "eos": writer.add_eos_token_id, "unknown": writer.add_unk_token_id,
        "padding": writer.add_pad_token_id, "eot": writer.add_eot_token_id,
    }  # fmt: skip
    for role, number in tokenizer.special.items():
        add[role](number)
    writer.add_add_bos_token(tokenizer.adds_bos)
    writer.add_add_eos_token(False)
    if template:
        writer.add_chat_template(template)


def model_card(*folders: Path) -> dict[str, Any]:
    """What the first README.md of these folders says of the model in its head."""
    import yaml

    for folder in folders:
        try:
            text = (folder / "README.md").read_text(encoding="utf-8")
            head = yaml.safe_load(text.split("---", 2)[1]) if text.startswith("---") else None
        except (OSError, ValueError, IndexError, yaml.YAMLError):
            continue
        if isinstance(head, dict):
            return head
    return {}


def add_description(writer: GGUFWriter, name: str, card: Mapping[str, Any]) -> None:
    """Name, licence, author and languages, as far as the model's card says them."""
    writer.add_type("model")
    writer.add_name(name)
    for key, add in (
        ("license", writer.add_license), ("license_name", writer.add_license_name),
        ("license_link", writer.add_license_link), ("author", writer.add_author),
    ):  # fmt: skip
        if card.get(key):
            add(str(card[key]))
    languages = card.get("language") or []
    languages = [languages] if isinstance(languages, str) else [str(each) for each in languages]
    if languages:
        writer.add_languages(languages)
