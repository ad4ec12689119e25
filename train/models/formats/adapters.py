"""LoRA adapters in one form: what each linear layer adds, by Hugging Face's names; read and written both ways.

LitGPT trains queries, keys and values in one fused layer: `lora_A` holds an A of r rows for each of the three that is
trained, one below the other, and `lora_B` their Bs of r columns, also one below the other (`LoRAQKVLinear`; where all
three are of one size it computes them as a grouped convolution, which is the same). So each of the three has an A and a
B of its own, and taking them apart is exact. Both forms add `B A x * alpha / r`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import Lazy, Weights, huggingface_weights, read_json, read_pickle, read_yaml
from train.models.formats.families import Family, pairs, qkv_sizes

if TYPE_CHECKING:
    import torch

#: What `litgpt finetune_lora` does where its settings say nothing.
_DEFAULTS: dict[str, Any] = {
    "lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.05, "lora_query": True, "lora_key": False, "lora_value": True,
    "lora_projection": False, "lora_mlp": False, "lora_head": False,
}  # fmt: skip
_PREFIX = "base_model.model."
_HEAD = "lm_head.weight"
#: What a head may be tied to; the last two are BLOOM's.
_EMBEDDINGS = ("model.embed_tokens.weight", "transformer.word_embeddings.weight", "word_embeddings.weight")
_QKV = ("query", "key", "value")


@dataclass(frozen=True)
class Delta:
    """What is added to one layer's weights: `scaling * b @ a`; a: [r, in], b: [out, r].

    magnitude: [out], of DoRA: the length that each row of the sum is brought to.
    """

    a: torch.Tensor
    b: torch.Tensor
    scaling: float
    magnitude: torch.Tensor | None = None

    def added_to(self, weight: torch.Tensor) -> torch.Tensor:
        """The merged weights in float32."""
        summed = weight.float() + self.scaling * (self.b.float() @ self.a.float())
        if self.magnitude is not None:
            summed *= (self.magnitude.float() / summed.norm(dim=1))[:, None]
        return summed


@dataclass(frozen=True)
class Lora:
    """An adapter.

    modules: name of a layer in Hugging Face's form, such as model.layers.0.self_attn.q_proj -> Delta. copied: weights
    of the base model that lie beside it, by name: peft keeps those of an adapted head, and the embeddings.
    """

    rank: int
    alpha: float
    dropout: float
    modules: dict[str, Delta] = field(repr=False)
    copied: Weights = field(default_factory=dict, repr=False)

    @property
    def is_dora(self) -> bool:
        return any(delta.magnitude is not None for delta in self.modules.values())


def merged(weights: Weights, lora: Lora, where: Path, *, exact: bool = False) -> Weights:
    """The weights (by Hugging Face's names) with the adapter added, each when it is asked for.

    They are added in float32 and rounded once, to the weights' own type; exact: not even that.

    Raises:
        TrainError: the adapter is for layers that are not there, or of another size.
    """
    check_fits(weights, lora, where)

    def one(name: str) -> torch.Tensor:
        weight = _of(weights, name)
        delta = lora.modules.get(name.removesuffix(".weight"))
        if delta is None:
            return weight
        return delta.added_to(weight) if exact else delta.added_to(weight).to(weight.dtype)

    # A head that is tied to the embeddings is one of its own once something was added to it.
    names = dict.fromkeys([*weights, *(f"{module}.weight" for module in lora.modules)])
    return Lazy(dict(zip(names, names, strict=True)), one)


def _check_copied(weights: Weights, copied: Weights, where: Path) -> None:
    import torch

    for name in copied:
        ours, theirs = (_of(weights, name) if name in weights or name == _HEAD else None), copied[name]
        if ours is None or ours.shape != theirs.shape or not torch.equal(ours, theirs.to(ours.dtype)):
            raise TrainError(
                f"the adapter brings its own {name}, which {where} has not: it is not its base model, or tokens were "
                "added to it"
            )


def _of(weights: Weights, name: str) -> torch.Tensor:
    if name == _HEAD and name not in weights:
        name = next(one for one in _EMBEDDINGS if one in weights)
    return weights[name]


def check_fits(weights: Weights, lora: Lora, where: Path) -> None:
    """Raises:
    TrainError: a layer of the adapter is not in the base model, or has another size there.
    """
    for module, delta in lora.modules.items():
        name = f"{module}.weight"
        if name not in weights and module != "lm_head":
            raise TrainError(f"{where} has no {module}, which the adapter changes: this is not its base model")
        shape, made = tuple(_of(weights, name).shape), (delta.b.shape[0], delta.a.shape[1])
        if shape != made:
            raise TrainError(f"{where}: {module} is {shape}, the adapter's {made}: this is not its base model")
    _check_copied(weights, lora.copied, where)


# LitGPT's form


def lora_settings(folder: Path) -> dict[str, Any]:
    """The lora_* settings of hyperparameters.yaml, with LitGPT's own values where it says nothing."""
    said = read_yaml(folder / "hyperparameters.yaml")
    settings = {name: said.get(name, value) for name, value in _DEFAULTS.items()}
    if not isinstance(settings["lora_r"], int) or settings["lora_r"] < 1:
        raise TrainError(f"{folder / 'hyperparameters.yaml'}: lora_r {settings['lora_r']!r} is no rank")
    return settings


def read_litgpt(folder: Path, config: Any, family: Family) -> Lora:
    """The adapter of lit_model.pth.lora.

    Raises:
        TrainError: the file is torn, or of other sizes than its settings and configuration say.
    """
    settings, path = lora_settings(folder), folder / "lit_model.pth.lora"
    tensors = read_pickle(path)
    rank, scaling = settings["lora_r"], settings["lora_alpha"] / settings["lora_r"]
    hub_names = {lit.removesuffix(".weight"): names for lit, names in pairs(config, family)}
    enabled = [settings[f"lora_{part}"] for part in _QKV]
    modules: dict[str, Delta] = {}
    for name in tensors:
        layer, _, leaf = name.rpartition(".")
        if leaf == "lora_B" and f"{layer}.lora_A" in tensors:
            continue
        if leaf != "lora_A" or layer not in hub_names or f"{layer}.lora_B" not in tensors:
            raise TrainError(f"{path} holds {name}, which is no part of LoRA on {config.name}: is it of this model?")
        names = [one.removesuffix(".weight") for one in hub_names[layer]]
        a, b = tensors[name], tensors[f"{layer}.lora_B"]
        rows = [len(b)]
        if len(names) > 1:
            names = [one for one, trained in zip(names, enabled, strict=True) if trained]
            rows = [size for size, trained in zip(qkv_sizes(config), enabled, strict=True) if trained]
        if tuple(a.shape) != (rank * len(names), config.n_embd if len(names) > 1 else a.shape[1]) or b.shape != (
            sum(rows), rank,
        ):  # fmt: skip
            raise TrainError(
                f"{path}: {layer} has A {tuple(a.shape)} and B {tuple(b.shape)}, which lora_r {rank} and the trained "
                "parts in hyperparameters.yaml do not give: are they of one run?"
            )
        parts = zip(names, a.split(rank), b.split(rows), strict=True)
        modules |= {one: Delta(part_a, part_b, scaling) for one, part_a, part_b in parts}
    if not modules:
        raise TrainError(f"{path} holds no adapter")
    return Lora(rank, settings["lora_alpha"], settings["lora_dropout"], modules)


def litgpt_tensors(lora: Lora, config: Any, family: Family) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """(tensors of lit_model.pth.lora, lora_* settings) that compute what the adapter does.

    LitGPT has one rank and one scaling for all layers, and switches for kinds of layers, not for layers: where the
    adapter is of several ranks or leaves layers out, zeros fill up, which adds nothing.

    Raises:
        TrainError: it does something that LoRA in LitGPT cannot.
    """
    if lora.is_dora:
        raise TrainError("LitGPT has no DoRA: convert with --adapter merged")
    switched = _switched(lora, config, family)
    settings = {"lora_r": lora.rank, "lora_alpha": lora.alpha, "lora_dropout": lora.dropout} | switched
    tensors: dict[str, torch.Tensor] = {}
    sizes = dict(zip(_QKV, qkv_sizes(config), strict=True))
    for lit, hub_names in pairs(config, family):
        layer = lit.removesuffix(".weight")
        if not lit.endswith(".weight") or not switched.get(_switch_of(layer), False):
            continue
        names = [one.removesuffix(".weight") for one in hub_names]
        if len(names) > 1:
            parts = [(one, sizes[part]) for one, part in zip(names, _QKV, strict=True) if switched[f"lora_{part}"]]
        else:
            parts = [(names[0], 0)]
        filled = [_filled(lora, one, rows or _rows(config, layer), _columns(config, layer)) for one, rows in parts]
        tensors[f"{layer}.lora_A"], tensors[f"{layer}.lora_B"] = (_stacked(side) for side in zip(*filled, strict=True))
    return tensors, settings


def _stacked(parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    import torch

    return torch.cat(parts).contiguous()


def _switch_of(layer: str) -> str:
    """The setting that turns LoRA on for a layer of LitGPT; for the fused one: any of its three."""
    if layer.endswith("attn.qkv"):
        return "any"
    if layer.endswith("attn.proj"):
        return "lora_projection"
    return "lora_mlp" if ".mlp." in layer else "lora_head" if layer == "lm_head" else ""


def _switched(lora: Lora, config: Any, family: Family) -> dict[str, Any]:
    switches = dict.fromkeys((name for name in _DEFAULTS if isinstance(_DEFAULTS[name], bool)), False)
    wanted = set(lora.modules)
    for lit, hub_names in pairs(config, family):
        layer = lit.removesuffix(".weight")
        for place, name in enumerate(one.removesuffix(".weight") for one in hub_names):
            if name not in wanted or not lit.endswith(".weight"):
                continue
            switch = f"lora_{_QKV[place]}" if len(hub_names) > 1 else _switch_of(layer)
            if switch not in switches:
                raise TrainError(f"LitGPT has no LoRA on {name}: convert with --adapter merged")
            switches[switch] = True
            wanted.discard(name)
    if wanted:
        raise TrainError(f"the model has no {min(wanted)}, which the adapter changes: is it of this model?")
    return switches | {"any": any(switches[f"lora_{part}"] for part in _QKV)}


def _rows(config: Any, layer: str) -> int:
    if layer == "lm_head":
        return int(config.padded_vocab_size)
    return int(config.intermediate_size if layer.endswith(("fc_1", "fc_2")) else config.n_embd)


def _columns(config: Any, layer: str) -> int:
    if layer.endswith("attn.proj"):
        return int(config.n_head * config.head_size)
    return int(config.intermediate_size if layer.endswith("mlp.proj") else config.n_embd)


def _filled(lora: Lora, name: str, rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of the adapter's rank and scaling; of zeros where the adapter leaves the layer as it is."""
    import torch

    delta = lora.modules.get(name)
    if delta is None:
        dtype = next(iter(lora.modules.values())).a.dtype
        return torch.zeros(lora.rank, columns, dtype=dtype), torch.zeros(rows, lora.rank, dtype=dtype)
    if (delta.b.shape[0], delta.a.shape[1]) != (rows, columns):
        made = (delta.b.shape[0], delta.a.shape[1])
        raise TrainError(f"the model's {name} is {(rows, columns)}, the adapter's {made}: is it of this model?")
    a, b = delta.a, delta.b
    if not math.isclose(ratio := delta.scaling / (lora.alpha / lora.rank), 1.0, rel_tol=1e-9):
        b = (b.float() * ratio).to(b.dtype)
    if missing := lora.rank - len(a):
        a = torch.cat([a, a.new_zeros(missing, columns)])
        b = torch.cat([b, b.new_zeros(rows, missing)], dim=1)
    return a, b


# PEFT's form


def read_peft(folder: Path) -> Lora:
    """The adapter of adapter_config.json and adapter_model.safetensors.

    Raises:
        TrainError: it is no LoRA (or DoRA) of linear layers, or its files do not go together.
    """
    said = read_json(folder / "adapter_config.json")
    _check_plain(said, folder / "adapter_config.json")
    tensors = huggingface_weights(folder, "adapter_model")
    copied = {name: _copied_name(name) for name in tensors if "lora_" not in name}
    modules = dict(_peft_modules(tensors, [name for name in tensors if name not in copied], said, folder))
    if not modules:
        raise TrainError(f"{folder} holds no adapter")
    rank = max(len(delta.a) for delta in modules.values())
    kept = Lazy({to: name for name, to in copied.items()}, tensors.__getitem__)
    return Lora(rank, _alpha(said, rank), float(said.get("lora_dropout") or 0.0), modules, kept)


def _copied_name(name: str) -> str:
    return name.removeprefix(_PREFIX).replace(".base_layer.", ".")


def _alpha(said: Mapping[str, Any], rank: int) -> float:
    """The alpha with which `alpha / rank` is what most layers are scaled by."""
    scaling = _scaling(said, "", int(said.get("r") or rank))
    alpha = scaling * rank
    return int(alpha) if alpha == int(alpha) else alpha


def _check_plain(said: Mapping[str, Any], path: Path) -> None:
    if str(said.get("peft_type", "")).upper() != "LORA":
        raise TrainError(f"{path}: an adapter of type {said.get('peft_type')} is not converted, LORA is")
    odd = [
        name for name in ("fan_in_fan_out", "lora_bias", "modules_to_save", "trainable_token_indices",
                          "layer_replication", "use_qalora", "target_parameters", "alora_invocation_tokens")
        if said.get(name)
    ]  # fmt: skip
    if said.get("bias", "none") != "none":
        odd.append("bias")
    if odd:
        raise TrainError(f"{path}: {', '.join(odd)} changes more than linear layers: merge it with `train merge`")


def _peft_modules(
    tensors: Weights, names: Sequence[str], said: Mapping[str, Any], folder: Path
) -> Iterator[tuple[str, Delta]]:
    for name in names:
        layer, _, leaf = name.removesuffix(".weight").rpartition(".")
        if leaf in ("lora_B", "lora_magnitude_vector") and f"{layer}.lora_A.weight" in tensors:
            continue
        partner = f"{layer}.lora_B.weight"
        if leaf != "lora_A" or partner not in tensors:
            raise TrainError(f"{folder} holds {name}, which is no part of LoRA on linear layers")
        a, b, module = tensors[name], tensors[partner], layer.removeprefix(_PREFIX)
        if len(a) != b.shape[1]:
            raise TrainError(
                f"{folder}: {module} has A of rank {len(a)} and B of rank {b.shape[1]}: are they of one run?"
            )
        magnitude = next(
            (tensors[key] for end in ("", ".weight") if (key := f"{layer}.lora_magnitude_vector{end}") in tensors), None
        )
        yield module, Delta(a, b, _scaling(said, module, len(a)), magnitude)


def _scaling(said: Mapping[str, Any], module: str, rank: int) -> float:
    """alpha / r, or with rank-stabilised LoRA alpha / sqrt(r); alpha as its pattern says for this layer."""
    alpha = float(said.get("lora_alpha") or 0)
    for pattern, value in (said.get("alpha_pattern") or {}).items():
        if module and _matches(pattern, module):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if said.get("use_rslora") else rank)


def _matches(pattern: str, module: str) -> bool:
    """As peft does: a pattern fits a name's end, from a dot on."""
    import re

    return re.match(rf"(.*\.)?({pattern})$", module) is not None


def peft_files(lora: Lora, base: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """(tensors of adapter_model.safetensors, adapter_config.json) of a LoRA of one rank and scaling, as LitGPT's is."""
    tensors = {}
    for module, delta in lora.modules.items():
        # Clones: the parts of a fused layer share their memory, and safetensors does not write such.
        tensors[f"{_PREFIX}{module}.lora_A.weight"] = delta.a.clone().contiguous()
        tensors[f"{_PREFIX}{module}.lora_B.weight"] = delta.b.clone().contiguous()
    targets = sorted({module.rpartition(".")[2] for module in lora.modules})
    said = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": True,
        "r": lora.rank, "lora_alpha": lora.alpha, "lora_dropout": lora.dropout, "target_modules": targets,
        "bias": "none", "fan_in_fan_out": False, "use_dora": False, "use_rslora": False, "modules_to_save": None,
    }  # fmt: skip
    return tensors, said
