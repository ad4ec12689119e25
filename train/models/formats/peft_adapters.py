"""PEFT's adapters: adapter_config.json with its weights read, written, and merged into transformers' models."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError, one_line
from train.models.checkpoint import Lazy, Weights, huggingface_weights, read_json
from train.models.formats.adapters import Delta, Lora, check_fits
from train.models.quick_imports import import_libraries

if TYPE_CHECKING:
    import torch

_PREFIX = "base_model.model."
_HEADS = ("lm_head", "embed_out", "embed_tokens", "word_embeddings", "wte")


def read_peft(folder: Path) -> Lora:
    """The adapter of adapter_config.json and adapter_model.safetensors.

    Raises:
        TrainError: it is no LoRA (or DoRA) of linear layers, or its files do not go together.
    """
    settings = read_json(folder / "adapter_config.json")
    _check_plain(settings, folder / "adapter_config.json")
    tensors = huggingface_weights(folder, "adapter_model")
    copied = {name: _copied_name(name) for name in tensors if "lora_" not in name}
    modules = dict(_peft_modules(tensors, [name for name in tensors if name not in copied], settings, folder))
    if not modules:
        raise TrainError(f"{folder} holds no adapter")
    rank = max(len(delta.a) for delta in modules.values())
    beside_base = Lazy({to: name for name, to in copied.items()}, tensors.__getitem__)
    return Lora(rank, _alpha(settings, rank), float(settings.get("lora_dropout") or 0.0), modules, beside_base)


def _copied_name(name: str) -> str:
    return name.removeprefix(_PREFIX).replace(".base_layer.", ".")


def _alpha(settings: Mapping[str, Any], rank: int) -> float:
    """The alpha with which `alpha / rank` is what most layers are scaled by."""
    scaling = _scaling(settings, "", int(settings.get("r") or rank))
    alpha = scaling * rank
    return int(alpha) if alpha == int(alpha) else alpha


def _check_plain(settings: Mapping[str, Any], path: Path) -> None:
    if str(settings.get("peft_type", "")).upper() != "LORA":
        raise TrainError(f"{path}: an adapter of type {settings.get('peft_type')} is not converted, LORA is")
    odd = [
        name for name in ("fan_in_fan_out", "lora_bias", "modules_to_save", "trainable_token_indices",
                          "layer_replication", "use_qalora", "target_parameters", "alora_invocation_tokens")
        if settings.get(name)
    ]  # fmt: skip
    if settings.get("bias", "none") != "none":
        odd.append("bias")
    if odd:
        raise TrainError(f"{path}: {', '.join(odd)} changes more than linear layers: merge it with `train merge`")


def _peft_modules(
    tensors: Weights, names: Sequence[str], settings: Mapping[str, Any], folder: Path
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
        yield module, Delta(a, b, _scaling(settings, module, len(a)), magnitude)


def _scaling(settings: Mapping[str, Any], module: str, rank: int) -> float:
    """alpha / r, or with rank-stabilised LoRA alpha / sqrt(r); alpha as its pattern says for this layer."""
    alpha = float(settings.get("lora_alpha") or 0)
    for pattern, value in (settings.get("alpha_pattern") or {}).items():
        if module and _matches(pattern, module):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _matches(pattern: str, module: str) -> bool:
    """As peft does: a pattern fits a name's end, from a dot on."""
    return re.match(rf"(.*\.)?({pattern})$", module) is not None


def peft_files(lora: Lora, base: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """(tensors of adapter_model.safetensors, adapter_config.json) of a LoRA of one rank and scaling, as LitGPT's is."""
    tensors = {}
    for module, delta in lora.modules.items():
        # Clones: the parts of a fused layer share their memory, and safetensors does not write such.
        tensors[f"{_PREFIX}{module}.lora_A.weight"] = delta.a.clone().contiguous()
        tensors[f"{_PREFIX}{module}.lora_B.weight"] = delta.b.clone().contiguous()
    targets = sorted({module.rpartition(".")[2] for module in lora.modules})
    settings = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "inference_mode": True,
        "r": lora.rank, "lora_alpha": lora.alpha, "lora_dropout": lora.dropout, "target_modules": targets,
        "bias": "none", "fan_in_fan_out": False, "use_dora": False, "use_rslora": False, "modules_to_save": None,
    }  # fmt: skip
    return tensors, settings


# Merged into a model in memory


def load_base(base: Path, dtype: str) -> Any:
    """transformers' model of the folder, in that type.

    Raises:
        TrainError: it is stored quantised.
    """
    import torch

    import_libraries()
    from transformers import AutoModelForCausalLM

    if read_json(base / "config.json").get("quantization_config"):
        raise TrainError(f"{base} is stored quantised: give the base in full precision, which the adapter merges into")
    return AutoModelForCausalLM.from_pretrained(base, dtype=getattr(torch, dtype), local_files_only=True)


def merge_adapter(model: Any, adapter: Path, base: Path) -> Any:
    """transformers' model of `base` with the PEFT adapter added to its weights; the given one is changed.

    LoRA and DoRA of linear layers are added here; what only peft computes (embeddings trained as a whole, LoHa …) is
    merged by peft.

    Raises:
        TrainError: the adapter does not fit the base, or the sum is not finite.
    """
    import torch

    try:
        lora = read_peft(adapter)
    except TrainError:
        return _merged_by_peft(model, adapter, base)
    if "lm_head" in lora.modules and _is_tied(model):
        untie(model)
    try:
        _take_copied(model, lora.copied)
        check_fits(model.state_dict(), lora, base)
    except TrainError as error:
        raise TrainError(f"the adapter {adapter} does not fit the base {base}: {error}") from error
    with torch.no_grad():
        for name, delta in lora.modules.items():
            layer = model.get_submodule(name)
            summed = delta.added_to(layer.weight)
            if not torch.isfinite(summed).all():
                raise TrainError(
                    f"{adapter} cannot be merged into {base}: {name} would hold numbers that are not finite"
                )
            layer.weight.copy_(summed)
    return model


def _take_copied(model: Any, copied: Weights) -> None:
    """The weights of the base that lie beside an adapter, as peft takes them: embeddings that grew in training."""
    for name in copied:
        weight = model.get_parameter(name)
        if weight.shape != copied[name].shape:
            raise TrainError(f"{name} is {tuple(weight.shape)}, the adapter's {tuple(copied[name].shape)}")
        weight.data.copy_(copied[name])


def _merged_by_peft(model: Any, adapter: Path, base: Path) -> Any:
    try:
        return beside(model, adapter, base).merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise TrainError(f"{adapter} cannot be merged into {base}: {one_line(error)}") from error


def beside(model: Any, adapter: Path, base: Path) -> Any:
    """peft's model of the base with the adapter beside its layers, not merged.

    Raises:
        TrainError: the adapter does not fit it.
    """
    import_libraries()
    from peft import PeftModel

    if _touches_tied(adapter, model):
        untie(model)
    try:
        return PeftModel.from_pretrained(model, str(adapter), is_trainable=False).eval()
    except (ValueError, RuntimeError, KeyError, OSError) as error:
        raise TrainError(f"the adapter {adapter} does not fit the base {base}: {one_line(error)}") from error


def _is_tied(model: Any) -> bool:
    head = model.get_output_embeddings()
    return head is not None and head.weight is model.get_input_embeddings().weight


def _touches_tied(adapter: Path, model: Any) -> bool:
    """Whether head and embedding share their weights and the adapter changes one of them alone."""
    settings = read_json(adapter / "adapter_config.json")
    targets = settings.get("target_modules") or ()
    names = [targets] if isinstance(targets, str) else [*targets, *(settings.get("modules_to_save") or ())]
    touched = any(name.split(".")[-1] in _HEADS for name in names)
    if isinstance(targets, str):
        touched = any(re.fullmatch(targets, name) for name, _ in model.named_modules() if name.endswith(_HEADS))
    return touched and _is_tied(model) and not settings.get("ensure_weight_tying")


def untie(model: Any) -> None:
    """The head gets weights of its own, equal to the embedding's, and the configuration says so."""
    import torch

    head = model.get_output_embeddings()
    head.weight = torch.nn.Parameter(model.get_input_embeddings().weight.detach().clone(), requires_grad=False)
    model.config.tie_word_embeddings = False
    model.config.get_text_config().tie_word_embeddings = False
