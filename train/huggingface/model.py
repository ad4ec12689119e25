"""Loading a base model of Hugging Face form, in 4 bits where asked, and laying LoRA or DoRA adapters on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.huggingface.settings import Settings
from train.models.quick_imports import import_libraries

#: The part of a layer -> what its matrix is called, as the end of the module's name, over all architectures.
#: query_key_value: BLOOM, GPT-NeoX, Falcon; c_attn: GPT-2; qkv_proj: Phi-3; Wqkv: MPT.
NAMES: dict[str, tuple[str, ...]] = {
    "query": ("q_proj", "attention.query", "self_attn.q"),
    "key": ("k_proj", "attention.key"),
    "value": ("v_proj", "attention.value"),
    "projection": (
        "self_attn.o_proj", "self_attn.out_proj", "self_attn.dense", "self_attention.dense", "attention.dense",
        "attn.c_proj", "attn.out_proj", "attn.attention.out_proj", "attention.o_proj",
    ),
    "mlp": (
        "gate_proj", "up_proj", "down_proj", "gate_up_proj", "dense_h_to_4h", "dense_4h_to_h", "mlp.c_fc", "mlp.c_proj",
        "fc1", "fc2", "fc_in", "fc_out",
    ),
    "head": ("lm_head", "embed_out"),
}  # fmt: skip
FUSED = ("query_key_value", "c_attn", "qkv_proj", "Wqkv")
#: Towers of models that also see or hear; news is text.
_NOT_TEXT = ("vision", "audio", "visual", "multi_modal")


def lora_targets(modules: Iterable[str], trained: Iterable[str]) -> tuple[list[str], list[str]]:
    """(names for PEFT's `target_modules`, notes for the reader) for the parts asked for.

    modules: full names of a model's linear layers. wanted: some of query, key, value, projection, mlp, head.

    Raises:
        TrainError: the model has no layer for a part; names the layers it has.
    """
    names = [name for name in modules if not any(word in name for word in _NOT_TEXT)]
    parts = list(trained)
    targets: list[str] = []
    notes: list[str] = []
    absent: list[str] = []
    fused = _present(names, FUSED)
    attention = [part for part in parts if part in ("query", "key", "value")]
    if fused and attention:
        targets += fused
        if len(attention) < 3:
            notes.append(f"{fused[0]} holds query, key and value in one matrix: the adapter covers all three")
    for part in parts:
        present = [] if fused and part in attention else _present(names, NAMES[part])
        targets += present
        if not present and not (fused and part in attention):
            absent.append(part)
    if absent:
        ends = ", ".join(sorted({name.rpartition(".")[2] for name in names}))
        raise TrainError(f"the model has no layer for lora_{', lora_'.join(absent)}; its linear layers: {ends}")
    return targets, notes


def _present(names: list[str], ends: tuple[str, ...]) -> list[str]:
    return [end for end in ends if any(name == end or name.endswith("." + end) for name in names)]


def linear_layers(model: Any) -> list[str]:
    """Names of the modules an adapter can be laid on, quantised ones included."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear | Conv1D)]


def config_of(checkpoint: str) -> Any:
    """The model's configuration, from a local folder or the hub.

    Raises:
        TrainError: there is no such folder or model, or it has another form.
    """
    from transformers import AutoConfig

    folder = Path(checkpoint)
    if (folder / "lit_model.pth").is_file() and not (folder / "config.json").is_file():
        raise TrainError(f"{folder} is a LitGPT checkpoint: train convert makes the Hugging Face form of it")
    if not folder.is_dir() and not _hub_name(checkpoint):
        raise TrainError(f"there is no folder {folder}: checkpoint_dir must hold a model in Hugging Face form")
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise TrainError(f"{folder} holds no config.json: it is no model in Hugging Face form")
    try:
        return AutoConfig.from_pretrained(checkpoint)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        if not folder.is_dir():
            raise TrainError(f"{checkpoint} is no folder here, and the hub does not give it: {first}") from error
        raise TrainError(f"cannot read the configuration of {checkpoint}: {first}") from error


def _hub_name(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and all(parts) and parts[0] not in (".", "..", "checkpoints", "out", "models")


def context_length(config: Any) -> int | None:
    """Tokens the model was made for; None where its positions have no end (ALiBi without a stated length)."""
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    for name in ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len"):
        length = getattr(text, name, None)
        if isinstance(length, int) and length > 0:
            return length
    return None


def sharded() -> bool:
    """Whether Accelerate launched this process to split the model itself (FSDP)."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() in ("1", "true")


def resolve_precision(precision: str | None) -> str:
    """The recipe's word, or bf16-true where the GPU computes it and 32-true elsewhere (LitGPT's own choice)."""
    import torch

    if precision is not None:
        return precision
    return "bf16-true" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "32-true"


def load_base(settings: Settings) -> Any:
    """The frozen base model on its device, quantised as asked.

    Of a 4-bit model the norms stay in 32 bits, as QLoRA wants, and the embeddings go back to the compute type: they are
    frozen, and BLOOM's 250,000 rows would cost 2 GB more in 32 bits.

    Raises:
        TrainError: the folder or hub model cannot be loaded.
    """
    import torch

    import_libraries()
    from transformers import AutoModelForCausalLM

    config_of(settings.checkpoint_dir)
    precision = resolve_precision(settings.precision)
    dtype = torch.bfloat16 if precision == "bf16-true" else torch.float32
    try:
        model = AutoModelForCausalLM.from_pretrained(
            settings.checkpoint_dir, dtype=dtype, quantization_config=_quantization(settings, precision)
        )
    except (OSError, ValueError, ImportError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainError(f"cannot load {settings.checkpoint_dir}: {first}") from error
    model.config.use_cache = False
    return model


def _quantization(settings: Settings, precision: str) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    if not settings.quantize:
        return None
    compute = torch.float32 if precision == "32-true" else torch.bfloat16
    # FSDP flattens weights of one type only: the 4-bit ones must be stored as the others are.
    storage = (torch.bfloat16 if precision == "bf16-true" else torch.float32) if sharded() else torch.uint8
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=settings.quantize,
        bnb_4bit_use_double_quant=bool(settings.double_quant),
        bnb_4bit_compute_dtype=compute,
        bnb_4bit_quant_storage=storage,
    )


def prepare(model: Any, settings: Settings) -> Any:
    """Freeze the base and make it ready for adapters and gradient checkpointing."""
    import torch
    from peft import prepare_model_for_kbit_training

    from train.models.quantization import keep_packing

    options = {"use_reentrant": False}
    if settings.quantize and not sharded():
        embeddings = [model.get_input_embeddings(), model.get_output_embeddings()]
        types = [layer.weight.dtype if layer is not None else None for layer in embeddings]
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=settings.gradient_checkpointing, gradient_checkpointing_kwargs=options
        )
        for layer, dtype in zip(embeddings, types, strict=True):
            if layer is not None and dtype in (torch.bfloat16, torch.float16):
                layer.to(dtype)
        keep_packing(model)
    else:
        model.requires_grad_(False)
    return model


def check_documents(model: Any) -> None:
    """See that a document of a packed row reads nothing of the one before it, by the logits of twice eight tokens.

    Raises:
        TrainError: it does; this model's attention takes no notice of positions that begin anew.
    """
    import torch

    ids = torch.arange(3, 19, device=model.device).unsqueeze(0) % model.config.get_text_config().vocab_size
    places = torch.arange(8, device=model.device).repeat(2).unsqueeze(0)
    training = model.training
    model.eval()
    with torch.no_grad():
        alone = model(input_ids=ids[:, 8:], use_cache=False).logits.float()
        joined = model(input_ids=ids, use_cache=False).logits[:, 8:].float()
        packed = model(input_ids=ids, position_ids=places, use_cache=False).logits[:, 8:].float()
    model.train(training)
    if (packed - alone).abs().mean() > 0.25 * (joined - alone).abs().mean():
        raise TrainError(
            "documents of a packed row would read each other: this model's attention takes no notice of their "
            "positions; data.init_args.packing: none"
        )


def with_adapters(model: Any, settings: Settings) -> tuple[Any, list[str]]:
    """(the model with a trainable adapter, notes): a new one, or that of `start_from` trained further.

    Raises:
        TrainError: the earlier adapter is of other sizes than the recipe's; names them.
    """
    import_libraries()
    from peft import LoraConfig, PeftModel, TaskType, get_peft_model

    layers = linear_layers(model)
    towers = any(word in layer for layer in layers for word in _NOT_TEXT)
    targets, notes = lora_targets(layers, settings.targets())
    if settings.lora_head and model.config.get_text_config().tie_word_embeddings:
        notes.append("lora_head: input and output embeddings are one matrix; only the output's use of it is adapted")
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=settings.lora_r,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=targets,
        exclude_modules=rf".*({'|'.join(_NOT_TEXT)}).*" if towers else None,
        use_dora=settings.dora,
        bias="none",
    )
    # FSDP again: one type for all weights it flattens together.
    casting = not sharded()
    if settings.start_from is None:
        return get_peft_model(model, config, autocast_adapter_dtype=casting), notes
    folder = adapter_folder(settings.start_from)
    _same_adapter(folder, config)
    notes.append(f"goes on from the adapter {folder}")
    try:
        model = PeftModel.from_pretrained(model, str(folder), is_trainable=True, autocast_adapter_dtype=casting)
    except (RuntimeError, ValueError, OSError) as error:
        raise TrainError(f"start_from: the adapter {folder} does not fit {settings.checkpoint_dir}: "
                         f"{' '.join(str(error).split())[:200]}") from error  # fmt: skip
    # Dropout of this round, not of the one before.
    for module in model.modules():
        if hasattr(module, "update_layer") and hasattr(module, "lora_dropout"):
            module.lora_dropout["default"] = dropout_of(settings)
    return model, notes


def dropout_of(settings: Settings) -> Any:
    """The module of an adapter's dropout."""
    from torch import nn

    return nn.Dropout(settings.lora_dropout) if settings.lora_dropout else nn.Identity()


def adapter_folder(path: Path) -> Path:
    """The folder of a PEFT adapter, given itself or the out_dir of the run that made it.

    Raises:
        TrainError: there is none.
    """
    for folder in (path, path / "final"):
        if (folder / "adapter_config.json").is_file():
            return folder
    raise TrainError(f"start_from: {path} holds no adapter (adapter_config.json), nor does {path / 'final'}")


def _same_adapter(folder: Path, adapter: Any) -> None:
    try:
        settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot read {folder / 'adapter_config.json'}: {error}") from error
    differing = []
    for name, key in (("r", "lora_r"), ("lora_alpha", "lora_alpha"), ("use_dora", "dora")):
        if (settings.get(name) or 0) != (getattr(adapter, name) or 0):
            differing.append(f"{key} {settings.get(name)} there, {getattr(adapter, name)} in the recipe")
    before, after = settings.get("target_modules"), sorted(adapter.target_modules)
    if isinstance(before, list) and sorted(before) != after:
        differing.append(f"layers {', '.join(sorted(before))} there, {', '.join(after)} in the recipe")
    if differing:
        raise TrainError(f"start_from: the adapter {folder} is of another shape: {'; '.join(differing)}")
