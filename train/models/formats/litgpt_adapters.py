"""LitGPT's adapters: lit_model.pth.lora read, written, and merged into its base by LitGPT's names.

LitGPT trains queries, keys and values in one fused layer: `lora_A` holds an A of r rows for each of the three that is
trained, one below the other, and `lora_B` their Bs of r columns, also one below the other (`LoRAQKVLinear`; where all
three are of one size it computes them as a grouped convolution, which is the same). So each of the three has an A and a
B of its own, and taking them apart is exact. Both libraries add `B A x * alpha / r`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.models.checkpoint import Lazy, Weights, litgpt_config, read_pickle, read_yaml
from train.models.formats.adapters import Delta, Lora
from train.models.formats.families import Family, check_names, pairs, qkv_sizes, shapes

if TYPE_CHECKING:
    import torch

#: What `litgpt finetune_lora` does where its settings say nothing.
_DEFAULTS: dict[str, Any] = {
    "lora_r": 8, "lora_alpha": 16, "lora_dropout": 0.05, "lora_query": True, "lora_key": False, "lora_value": True,
    "lora_projection": False, "lora_mlp": False, "lora_head": False,
}  # fmt: skip
_QKV = ("query", "key", "value")


def lora_settings(folder: Path) -> dict[str, Any]:
    """The lora_* settings of hyperparameters.yaml, with LitGPT's own values where it says nothing."""
    stored = read_yaml(folder / "hyperparameters.yaml")
    settings = {name: stored.get(name, value) for name, value in _DEFAULTS.items()}
    if not isinstance(settings["lora_r"], int) or settings["lora_r"] < 1:
        raise TrainError(f"{folder / 'hyperparameters.yaml'}: lora_r {settings['lora_r']!r} is no rank")
    return settings


@dataclass(frozen=True)
class Part:
    """What an adapter adds to some rows of one of LitGPT's layers: to all, or to queries, keys or values of the fused
    one (`index` 0, 1 or 2), which begin at row `start`.
    """

    index: int
    start: int
    delta: Delta


def read_parts(folder: Path, config: Any) -> dict[str, list[Part]]:
    """Layer by LitGPT's name -> what the adapter of lit_model.pth.lora adds to it.

    Raises:
        TrainError: the file is torn, or of other sizes than its settings and configuration say.
    """
    settings, path = lora_settings(folder), folder / "lit_model.pth.lora"
    tensors = read_pickle(path)
    layers: dict[str, list[Part]] = {}
    for name in tensors:
        layer, _, leaf = name.rpartition(".")
        if leaf == "lora_B" and f"{layer}.lora_A" in tensors:
            continue
        if leaf != "lora_A" or f"{layer}.lora_B" not in tensors:
            raise TrainError(f"{path} holds {name}, which is no part of LoRA on {config.name}: is it of this model?")
        a, b = tensors[name], tensors[f"{layer}.lora_B"]
        layers[layer] = list(_parts(layer, a, b, settings, config))
        if not layers[layer]:
            raise TrainError(
                f"{path}: {layer} has A {tuple(a.shape)} and B {tuple(b.shape)}, which lora_r {settings['lora_r']} and "
                "the trained parts in hyperparameters.yaml do not give: are they of one run?"
            )
    if not layers:
        raise TrainError(f"{path} holds no adapter")
    return layers


def _parts(layer: str, a: torch.Tensor, b: torch.Tensor, settings: Mapping[str, Any], config: Any) -> Iterator[Part]:
    """The parts of one layer; none where A and B are not of the sizes that the settings give."""
    rank, scaling = settings["lora_r"], settings["lora_alpha"] / settings["lora_r"]
    if not layer.endswith("attn.qkv"):
        if len(a) == rank and b.shape[1] == rank:
            yield Part(0, 0, Delta(a, b, scaling))
        return
    sizes = qkv_sizes(config)
    trained = [index for index, part in enumerate(_QKV) if settings[f"lora_{part}"]]
    rows = [sizes[index] for index in trained]
    if tuple(a.shape) != (rank * len(trained), config.n_embd) or tuple(b.shape) != (sum(rows), rank):
        return
    for index, part_a, part_b in zip(trained, a.split(rank), b.split(rows), strict=True):
        yield Part(index, sum(sizes[:index]), Delta(part_a, part_b, scaling))


def read_litgpt(folder: Path, config: Any, family: Family) -> Lora:
    """The adapter of lit_model.pth.lora, by Hugging Face's names.

    Raises:
        TrainError: the file is torn, or of other sizes than its settings and configuration say.
    """
    settings = lora_settings(folder)
    hub_names = {litgpt.removesuffix(".weight"): names for litgpt, names in pairs(config, family)}
    modules: dict[str, Delta] = {}
    for layer, parts in read_parts(folder, config).items():
        if layer not in hub_names:
            raise TrainError(f"{folder / 'lit_model.pth.lora'} is for {layer}, which {config.name} has not")
        modules |= {hub_names[layer][part.index].removesuffix(".weight"): part.delta for part in parts}
    return Lora(settings["lora_r"], settings["lora_alpha"], settings["lora_dropout"], modules)


def merged_litgpt(folder: Path, base: Path, *, exact: bool = False) -> Weights:
    """The base's weights by LitGPT's names with the adapter added, each when it is asked for; no model is made.

    exact: what the adapter changes stays in float32, else it is rounded to the base's own type.

    Raises:
        TrainError: a file cannot be read, or the adapter does not fit the base.
    """
    config = litgpt_config(folder)
    weights, layers = read_pickle(base / "lit_model.pth"), read_parts(folder, config)
    try:
        check_names(weights, shapes(config), base / "lit_model.pth")
        _check_layers(weights, layers)
    except TrainError as error:
        raise TrainError(f"the adapter {folder} does not fit the base {base}: {error}") from error

    def tensor(name: str) -> torch.Tensor:
        weight = weights[name]
        parts = layers.get(name.removesuffix(".weight"), [])
        if not parts:
            return weight
        summed = weight.float().clone()
        for part in parts:
            rows = slice(part.start, part.start + len(part.delta.b))
            summed[rows] = part.delta.added_to(weight[rows])
        return summed if exact else summed.to(weight.dtype)

    return Lazy(dict(zip(weights, weights, strict=True)), tensor)


def _check_layers(weights: Weights, layers: Mapping[str, Sequence[Part]]) -> None:
    for layer, parts in layers.items():
        if f"{layer}.weight" not in weights:
            raise TrainError(f"there is no {layer}, which the adapter changes")
        rows, columns = weights[f"{layer}.weight"].shape
        for part in parts:
            a, b = part.delta.a, part.delta.b
            if a.shape[1] != columns or part.start + len(b) > rows or (layer[-4:] != ".qkv" and len(b) != rows):
                raise TrainError(f"{layer} is {(rows, columns)}, the adapter's {(len(b), a.shape[1])}")


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
        if not lit.endswith(".weight") or not any(switched.get(switch, False) for switch in _switches_of(layer)):
            continue
        names = [name.removesuffix(".weight") for name in hub_names]
        if len(names) > 1:
            parts = [(name, sizes[part]) for name, part in zip(names, _QKV, strict=True) if switched[f"lora_{part}"]]
        else:
            parts = [(names[0], 0)]
        filled = [_filled(lora, name, rows or _rows(config, layer), _columns(config, layer)) for name, rows in parts]
        tensors[f"{layer}.lora_A"], tensors[f"{layer}.lora_B"] = (_stacked(side) for side in zip(*filled, strict=True))
    return tensors, settings


def _stacked(parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    import torch

    return torch.cat(parts).contiguous()


def _switches_of(layer: str) -> tuple[str, ...]:
    """The settings that turn LoRA on for a layer of LitGPT: one for each weight that it holds; () where none does."""
    if layer.endswith("attn.qkv"):
        return tuple(f"lora_{part}" for part in _QKV)
    if layer.endswith("attn.proj"):
        return ("lora_projection",)
    return ("lora_mlp",) if ".mlp." in layer else ("lora_head",) if layer == "lm_head" else ()


def _switched(lora: Lora, config: Any, family: Family) -> dict[str, Any]:
    switches: dict[str, Any] = dict.fromkeys((name for name in _DEFAULTS if isinstance(_DEFAULTS[name], bool)), False)
    remaining = set(lora.modules)
    for lit, hub_names in pairs(config, family):
        layer = lit.removesuffix(".weight")
        for index, name in enumerate(hub_name.removesuffix(".weight") for hub_name in hub_names):
            if name not in remaining or not lit.endswith(".weight"):
                continue
            names = _switches_of(layer)
            if len(names) != len(hub_names):
                raise TrainError(f"LitGPT has no LoRA on {name}: convert with --adapter merged")
            switches[names[index]] = True
            remaining.discard(name)
    if remaining:
        raise TrainError(f"the model has no {min(remaining)}, which the adapter changes: is it of this model?")
    return switches


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
        shape = (delta.b.shape[0], delta.a.shape[1])
        raise TrainError(f"the model's {name} is {(rows, columns)}, the adapter's {shape}: is it of this model?")
    a, b = delta.a, delta.b
    if not math.isclose(ratio := delta.scaling / (lora.alpha / lora.rank), 1.0, rel_tol=1e-9):
        b = (b.float() * ratio).to(b.dtype)
    if padding := lora.rank - len(a):
        a = torch.cat([a, a.new_zeros(padding, columns)])
        b = torch.cat([b, b.new_zeros(rows, padding)], dim=1)
    return a, b
