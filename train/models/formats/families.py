"""Architectures that LitGPT and transformers both know: the names of their weights, and their settings, both ways.

A family is recognised by what a configuration says, not by a model's name: a checkpoint with a name of its own (such
as the one of `train tiny`) converts as any other. What LitGPT calls `qkv` is one matrix of all queries, then all keys,
then all values; Hugging Face keeps three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import Lazy, Weights

if TYPE_CHECKING:
    import torch

#: A weight in LitGPT -> the one or three that it is in Hugging Face.
Pair = tuple[str, tuple[str, ...]]

_MLP = {"mlp.fc_1": "mlp.gate_proj", "mlp.fc_2": "mlp.up_proj", "mlp.proj": "mlp.down_proj"}
_PLAIN_NORMS = {"norm_1": "input_layernorm", "norm_2": "post_attention_layernorm"}
#: A norm before and one behind each half of a block.
_FOUR_NORMS = {
    "norm_1": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "norm_2": "pre_feedforward_layernorm",
    "post_mlp_norm": "post_feedforward_layernorm",
}
_QK_NORMS = {"attn.norm_q": "self_attn.q_norm", "attn.norm_k": "self_attn.k_norm"}


@dataclass(frozen=True)
class Family:
    """What the models of one transformers class share.

    prefix: what LitGPT's names of them begin with, which LitGPT's own code goes by.
    """

    model_type: str
    architecture: str
    prefix: str
    norms: Mapping[str, str]
    qk_norms: bool = False
    qkv_bias: bool = False

    @property
    def is_gemma(self) -> bool:
        return self.model_type.startswith("gemma")


FAMILIES = {
    family.model_type: family
    for family in (
        Family("llama", "LlamaForCausalLM", "", _PLAIN_NORMS),
        Family("qwen2", "Qwen2ForCausalLM", "Qwen2.5-", _PLAIN_NORMS, qkv_bias=True),
        Family("qwen3", "Qwen3ForCausalLM", "Qwen3-", _PLAIN_NORMS, qk_norms=True),
        Family("gemma", "GemmaForCausalLM", "Gemma-", _PLAIN_NORMS),
        Family("gemma2", "Gemma2ForCausalLM", "Gemma-2-", _FOUR_NORMS),
        Family("gemma3_text", "Gemma3ForCausalLM", "Gemma-3-", _FOUR_NORMS, qk_norms=True),
    )
}
_KNOWN = "Llama, SmolLM2, Qwen2.5, Qwen3, Gemma 1, 2 and 3"


def family_of(config: Any) -> Family:
    """The family that a litgpt.Config describes.

    Raises:
        TrainError: transformers' classes of the known families cannot compute what it says; names the setting.
    """
    model_type = _model_type(config)
    if model_type is None:
        raise TrainError(
            f"{config.name or 'this model'} is of an architecture that is not converted here ({_KNOWN} are): "
            "try `litgpt convert_from_litgpt`"
        )
    family = FAMILIES[model_type]
    if odd := next(_odd_settings(config, family), None):
        raise TrainError(
            f"{config.name}: transformers' {family.architecture} has no {odd}, which model_config.yaml says"
        )
    return family


def _model_type(config: Any) -> str | None:
    if config.norm_class_name != "RMSNorm" or config.latent_attention or config.n_expert:
        return None
    if config.mlp_class_name == "GemmaMLP":
        if not config.post_attention_norm:
            return "gemma"
        return "gemma3_text" if config.norm_qk else "gemma2"
    if config.mlp_class_name != "LLaMAMLP" or config.post_attention_norm or config.post_mlp_norm:
        return None
    if config.norm_qk:
        return "qwen3" if config.norm_qk_type == "default" else None
    return "qwen2" if config.attn_bias else "llama"


def _odd_settings(config: Any, family: Family) -> Iterator[str]:
    """Settings of LitGPT that the family's class in transformers cannot express."""
    four = family.norms is _FOUR_NORMS
    fixed: dict[str, tuple[object, ...]] = {
        "parallel_residual": (False,), "bias": (False,), "lm_head_bias": (False,), "rope_interleave": (False,),
        "rotary_percentage": (1.0,), "rope_condense_ratio": (1,), "norm_1": (True,), "norm_2": (True,),
        "shared_attention_norm": (False,), "attn_bias": (family.qkv_bias,), "norm_qk": (family.qk_norms,),
        "post_mlp_norm": (four,), "scale_embeddings": (family.is_gemma,),
    }  # fmt: skip
    if not four:
        fixed |= {
            "sliding_window_size": (None,), "attention_logit_softcapping": (None,), "final_logit_softcapping": (None,),
            "attention_scores_scalar": (None, config.head_size), "rope_local_base_freq": (None,),
        }  # fmt: skip
    for name, allowed in fixed.items():
        if getattr(config, name) not in allowed:
            yield f"{name}: {getattr(config, name)}"
    # LitGPT itself goes by the name here.
    if family.is_gemma != ("Gemma" in config.name):
        yield f"norm of this kind under the name {config.name!r}"


def pairs(config: Any, family: Family) -> Iterator[Pair]:
    """The weights of the model, block after block: LitGPT's name, Hugging Face's name or names."""
    yield "transformer.wte.weight", ("model.embed_tokens.weight",)
    parts = _MLP | dict(family.norms) | {"attn.proj": "self_attn.o_proj"} | (_QK_NORMS if family.qk_norms else {})
    for number in range(config.n_layer):
        lit, hub = f"transformer.h.{number}", f"model.layers.{number}"
        for leaf in ("weight", "bias") if family.qkv_bias else ("weight",):
            yield f"{lit}.attn.qkv.{leaf}", tuple(f"{hub}.self_attn.{part}_proj.{leaf}" for part in "qkv")
        for name, hub_name in parts.items():
            yield f"{lit}.{name}.weight", (f"{hub}.{hub_name}.weight",)
    yield "transformer.ln_f.weight", ("model.norm.weight",)
    yield "lm_head.weight", ("lm_head.weight",)


def qkv_sizes(config: Any) -> tuple[int, int, int]:
    """Rows of the queries', keys' and values' part in LitGPT's one matrix."""
    return (
        config.n_head * config.head_size,
        config.n_query_groups * config.head_size,
        config.n_query_groups * config.head_size,
    )


def as_huggingface(weights: Weights, config: Any, family: Family) -> Lazy:
    """LitGPT's weights by Hugging Face's names; nothing is copied."""
    sizes = qkv_sizes(config)

    def part(at: tuple[str, int | None]) -> torch.Tensor:
        name, index = at
        return weights[name] if index is None else weights[name].split(sizes)[index]

    sources: dict[str, tuple[str, int | None]] = {}
    for lit, names in pairs(config, family):
        sources |= {name: (lit, index if len(names) > 1 else None) for index, name in enumerate(names)}
    return Lazy(sources, part)


def as_litgpt(weights: Weights, config: Any, family: Family) -> Lazy:
    """Hugging Face's weights by LitGPT's names; a model of tied embeddings gets its head from them."""
    import torch

    def joined(names: tuple[str, ...]) -> torch.Tensor:
        return torch.cat([weights[name] for name in names]) if len(names) > 1 else weights[names[0]]

    sources = dict(pairs(config, family))
    if "lm_head.weight" not in weights:
        sources["lm_head.weight"] = ("model.embed_tokens.weight",)
    return Lazy(sources, joined)


def text_part(weights: Weights) -> Weights:
    """Of a Gemma 3 for texts and images, the weights of the texts' part by the names of a model of texts alone."""
    prefixes = ("model.language_model.", "language_model.model.")
    prefix = next((candidate for candidate in prefixes if any(name.startswith(candidate) for name in weights)), None)
    if prefix is None:
        return weights
    sources = {"model." + name.removeprefix(prefix): name for name in weights if name.startswith(prefix)}
    sources |= {"lm_head.weight": name for name in list(weights) if name.endswith("lm_head.weight")}  # noqa: B035
    return Lazy(sources, weights.__getitem__)


def check_names(weights: Weights, expected: Mapping[str, tuple[int, ...]], where: Path) -> None:
    """Raises:
    TrainError: a weight is missing, there is one too many, or its shape is not what the configuration says.
    """
    computed = (".inv_freq", ".rotary_emb.cos_cached", ".rotary_emb.sin_cached", ".masked_bias")
    absent = [name for name in expected if name not in weights]
    extra = [name for name in weights if name not in expected and not name.endswith(computed)]
    for names, verb in ((absent, "lacks"), (extra, "has, against its configuration,")):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise TrainError(f"{where} {verb} {names[0]}{more}: weights and configuration are of different models")
    for name, shape in expected.items():
        if tuple(weights[name].shape) != shape:
            raise TrainError(
                f"{where}: {name} is {tuple(weights[name].shape)} where the configuration says {shape}: "
                "weights and configuration are of different models"
            )


def shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Shape of each weight of a LitGPT model, without making one."""
    import torch
    from litgpt import GPT

    with torch.device("meta"):
        return {name: tuple(weight.shape) for name, weight in GPT(config).state_dict().items()}


def to_huggingface(config: Any, family: Family, source: Mapping[str, Any], *, tied: bool, dtype: str) -> dict[str, Any]:
    """config.json: what the weights were computed with, as LitGPT's configuration says, over what `source` says.

    source: the config.json that lay beside LitGPT's weights, for what LitGPT knows nothing of (token ids …).
    It is written as transformers 4 did, which 5, vLLM and llama.cpp read too.
    """
    outdated = {
        "rope_parameters", "rope_scaling", "torch_dtype", "quantization_config", "_name_or_path", "text_config",
        "vision_config", "sliding_window_pattern", "_sliding_window_pattern", "auto_map",
    }  # fmt: skip
    settings = source.get("text_config", {}) | {name: value for name, value in source.items() if name not in outdated}
    settings = {name: value for name, value in settings.items() if name not in outdated}
    longest = settings.get("max_position_embeddings") or 0
    return settings | {
        "architectures": [family.architecture], "model_type": family.model_type,
        "hidden_size": config.n_embd, "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.n_layer, "num_attention_heads": config.n_head,
        "num_key_value_heads": config.n_query_groups, "head_dim": config.head_size,
        "vocab_size": config.padded_vocab_size, "rms_norm_eps": config.norm_eps,
        "max_position_embeddings": max(longest, config.block_size), "rope_theta": float(config.rope_base),
        "tie_word_embeddings": tied, "torch_dtype": dtype, "dtype": dtype, **_own_settings(config, family),
    }  # fmt: skip


def _own_settings(config: Any, family: Family) -> dict[str, Any]:
    own: dict[str, Any] = {"rope_scaling": _rope_scaling(config.rope_adjustments)}
    if not family.is_gemma:
        own |= {"hidden_act": "silu"}
        own |= {"attention_bias": False} if family.model_type != "qwen2" else {}
        own |= {"mlp_bias": False} if family.model_type == "llama" else {}
        return own | ({"use_sliding_window": False} if family.model_type.startswith("qwen") else {})
    activation = {"tanh": "gelu_pytorch_tanh", "none": "gelu"}[config.gelu_approximate]
    own |= {"hidden_act": activation, "hidden_activation": activation, "attention_bias": False}
    if family.model_type == "gemma":
        return own
    own |= {
        "query_pre_attn_scalar": config.attention_scores_scalar or config.head_size,
        "attn_logit_softcapping": config.attention_logit_softcapping,
        "final_logit_softcapping": config.final_logit_softcapping,
        "sliding_window": config.sliding_window_size or config.block_size,
        "layer_types": _layer_types(config),
    }
    local = config.rope_local_base_freq
    return own | ({"rope_local_base_freq": float(local)} if local is not None else {})


def _layer_types(config: Any) -> list[str]:
    local = config.sliding_window_indices or [0] * config.n_layer
    if config.rope_indices is not None and list(config.rope_indices[: config.n_layer]) != list(local[: config.n_layer]):
        raise TrainError(
            f"{config.name}: rope_indices and sliding_window_indices differ, which transformers cannot say"
        )
    return ["sliding_attention" if is_local else "full_attention" for is_local in local[: config.n_layer]]


def _rope_scaling(adjusted: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not adjusted:
        return None
    scaling = dict(adjusted)
    if "low_freq_factor" in scaling:
        original = scaling.pop("original_max_seq_len")
        return {"rope_type": "llama3", "original_max_position_embeddings": original, **scaling}
    if set(scaling) == {"factor"}:
        return {"rope_type": "linear", **scaling}
    raise TrainError(f"rotary positions adjusted by {', '.join(sorted(scaling))} are not converted")


def to_litgpt(hub: Any, name: str, vocabulary: int) -> Any:
    """litgpt.Config of what transformers' configuration says.

    name: of the model; LitGPT goes by it for Gemma's norms and for the prompt style. vocabulary: tokens, unpadded.

    Raises:
        TrainError: LitGPT cannot compute what it says; names the setting.
    """
    from litgpt import Config

    model_type = "llama" if hub.model_type == "mistral" and not hub.sliding_window else hub.model_type
    if model_type not in FAMILIES:
        raise TrainError(f"models of type {hub.model_type} are not converted to LitGPT ({_KNOWN} are)")
    family = FAMILIES[model_type]
    rope = hub.rope_parameters
    whole = rope.get("full_attention", rope)
    settings = {
        "name": name, "block_size": hub.max_position_embeddings, "n_layer": hub.num_hidden_layers,
        "n_embd": hub.hidden_size, "n_head": hub.num_attention_heads, "n_query_groups": hub.num_key_value_heads,
        "head_size": getattr(hub, "head_dim", None) or hub.hidden_size // hub.num_attention_heads,
        "vocab_size": min(vocabulary, hub.vocab_size), "padded_vocab_size": hub.vocab_size,
        "intermediate_size": hub.intermediate_size, "norm_eps": hub.rms_norm_eps, "norm_class_name": "RMSNorm",
        "mlp_class_name": "GemmaMLP" if family.is_gemma else "LLaMAMLP", "rotary_percentage": 1.0,
        "parallel_residual": False, "bias": False, "attn_bias": family.qkv_bias, "norm_qk": family.qk_norms,
        "rope_base": _whole_number(whole["rope_theta"]), "rope_adjustments": _rope_adjustments(whole),
    }  # fmt: skip
    if family.is_gemma:
        settings |= _gemma_settings(hub, family, rope)
    elif (act := hub.hidden_act) != "silu":
        raise TrainError(f"LitGPT computes {model_type} with silu, this model has {act}")
    if getattr(hub, "mlp_bias", False) or (not family.qkv_bias and getattr(hub, "attention_bias", False)):
        raise TrainError("LitGPT has no biases in this architecture, this model has (attention_bias or mlp_bias)")
    return Config(**_registered(name) | settings)


def _gemma_settings(hub: Any, family: Family, rope: Mapping[str, Any]) -> dict[str, Any]:
    # What transformers computes with: Gemma 1 goes by the older of the two names.
    activation = hub.hidden_act if family.model_type == "gemma" else hub.hidden_activation
    approximations = {"gelu_pytorch_tanh": "tanh", "gelu": "none"}
    if activation not in approximations:
        raise TrainError(f"LitGPT computes Gemma with gelu, this model has {activation}")
    settings: dict[str, Any] = {"gelu_approximate": approximations[activation], "scale_embeddings": True}
    if family.model_type == "gemma":
        return settings
    local = [int(layer == "sliding_attention") for layer in hub.layer_types]
    settings |= {
        "attention_scores_scalar": hub.query_pre_attn_scalar, "post_attention_norm": True, "post_mlp_norm": True,
        "attention_logit_softcapping": hub.attn_logit_softcapping,
        "final_logit_softcapping": hub.final_logit_softcapping,
        "sliding_window_size": hub.sliding_window, "sliding_window_indices": local,
    }  # fmt: skip
    if getattr(hub, "use_bidirectional_attention", None):
        raise TrainError("LitGPT has no attention in both directions, this model has")
    if family.model_type == "gemma3_text":
        near = rope["sliding_attention"]
        if near.get("rope_type", "default") != "default":
            raise TrainError("LitGPT does not scale the positions of local attention, this model does")
        settings |= {"rope_local_base_freq": _whole_number(near["rope_theta"]), "rope_indices": local}
    return settings


def _rope_adjustments(rope: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = rope.get("rope_type", "default")
    if kind == "default":
        return None
    if kind == "linear":
        return {"factor": rope["factor"]}
    if kind == "llama3":
        adjustments = {name: rope[name] for name in ("factor", "low_freq_factor", "high_freq_factor")}
        return adjustments | {"original_max_seq_len": rope["original_max_position_embeddings"]}
    raise TrainError(f"rotary positions of type {kind} are not converted to LitGPT (default, linear, llama3 are)")


def _whole_number(value: float) -> float:
    return int(value) if value == int(value) else value


def _registered(name: str) -> dict[str, Any]:
    """What LitGPT's registry knows of that name besides sizes: the hub's name, for the prompt style and the record."""
    from litgpt.config import name_to_config

    settings = name_to_config.get(name, {})
    return {"hf_config": dict(settings["hf_config"])} if settings else {}


def litgpt_name(hub: Any, folder_name: str) -> str:
    """LitGPT's name for a model of this configuration: a registered one of the same sizes, else its own.

    folder_name: the folder's name; among registered ones of the same sizes it decides, and an own name ends in it.
    """
    from litgpt.config import name_to_config

    model_type = "llama" if hub.model_type == "mistral" else hub.model_type
    if model_type not in FAMILIES:
        return folder_name
    family = FAMILIES[model_type]
    sizes = (hub.num_hidden_layers, hub.hidden_size, hub.num_attention_heads, hub.intermediate_size, hub.vocab_size)
    same = [name for name, row in name_to_config.items() if _sizes(row) == sizes and name.startswith(family.prefix)]
    if folder_name in same or not same:
        # Under any name with Gemma in it, LitGPT computes Gemma's norms.
        folder_name = folder_name if family.is_gemma else folder_name.replace("Gemma", "gemma")
        has_prefix = folder_name.lower().startswith(family.prefix.lower())
        return family.prefix + folder_name[len(family.prefix) if has_prefix else 0 :]
    # The longest that the folder's name holds, else the shortest of all: a base model's.
    contained = [name for name in same if name.lower() in folder_name.lower()]
    return max(contained, key=len) if contained else min(same, key=len)


def _sizes(row: Mapping[str, Any]) -> tuple[Any, ...]:
    rows = row.get("padded_vocab_size")
    if rows is None and "vocab_size" in row:
        multiple = row.get("padding_multiple", 512)
        rows = -(-row["vocab_size"] // multiple) * multiple
    return row.get("n_layer"), row.get("n_embd"), row.get("n_head"), row.get("intermediate_size"), rows
