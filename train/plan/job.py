"""From a recipe to what it asks for: sizes, batches, precision; all its mistakes at once, with their lines."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.plan.memory import Job
from train.recipes import Recipe

if TYPE_CHECKING:
    from train.huggingface.settings import Settings

PRECISIONS = ("bf16-true", "16-true", "32-true", "bf16-mixed", "16-mixed")
QUANTIZATIONS = ("bnb.nf4", "bnb.nf4-dq", "bnb.fp4", "bnb.fp4-dq")
PARTS = ("query", "key", "value", "projection", "mlp", "head")
#: Refused by finetune/lora.py: validate_args.
_REFUSED = ("max_tokens", "max_norm", "tie_embeddings", "lr_warmup_fraction")
#: BLOOM as its config.json on the hub says; LitGPT's registry lacks it. (hidden_size, n_layer, n_head)
BLOOM = {
    "bloom-560m": (1024, 24, 16), "bloom-1b1": (1536, 24, 16), "bloom-1b7": (2048, 24, 16),
    "bloom-3b": (2560, 30, 32), "bloom-7b1": (4096, 30, 32),
}  # fmt: skip
_BLOOM_VOCABULARY = 250_880
#: Of the smallest Gemma 3, which LitGPT's registry lacks; what is not said here all of Gemma 3 share.
_GEMMA_3_270M: dict[str, Any] = {
    "hidden_size": 640, "intermediate_size": 2048, "num_hidden_layers": 18, "num_attention_heads": 4,
    "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 262_144, "sliding_window": 512,
    "max_position_embeddings": 32_768,
}  # fmt: skip


@dataclass(frozen=True)
class PlannedRun:
    """A recipe's demands. shape: transformers' or LitGPT's configuration, and where it was read.

    max_seq_length: None where neither the recipe nor the model bounds it. processes: GPUs over all nodes.
    """

    recipe: Recipe
    backend: str
    method: str
    checkpoint: Path
    shape: Any
    shape_from: str
    precision: str
    quantize: str | None
    micro_batch: int
    global_batch: int
    epochs: int | None
    max_steps: int | None
    max_seq_length: int
    processes: int
    recompute: bool
    optimizer: str
    eval_interval: int
    eval_batches: int
    initial_validation: bool
    final_validation: bool
    settings: Settings | None = None

    @property
    def accumulation(self) -> int:
        """Micro-batches of an optimizer step, on each GPU; LitGPT divides and rounds down."""
        return max(1, self.global_batch // self.processes // self.micro_batch)

    def job(self, length: int, learned_share: float, device: str = "cuda") -> Job:
        """The step to measure. learned_share: share of tokens whose logits go into the loss."""
        return Job(
            backend="huggingface" if self.backend == "huggingface" else "litgpt",
            config=self.shape,
            precision=self.precision,
            quantize=self.quantize,
            micro_batch=self.micro_batch,
            length=length,
            accumulation=self.accumulation,
            optimizer=self.optimizer,
            learned=max(1, round(self.micro_batch * length * learned_share)),
            method=self.method,
            recompute=self.recompute,
            validates=bool(self.eval_batches),
            device=device,
            settings=self.settings,
            stable_embedding=self.stable_embedding,
            # Our data modules bring our loop.
            own_loss=not self.stable_embedding,
        )

    @property
    def stable_embedding(self) -> bool:
        """Whether LitGPT's quantised run gets bitsandbytes' embedding; train.data.Chat prevents it."""
        return not str(self.recipe.get("data", "class_path", default="")).startswith("train.")


def planned_run(recipe: Recipe) -> PlannedRun:
    """The demands of a checked recipe.

    Raises:
        TrainError: lists every mistake with the file and line it was made in.
    """
    if recipe.get("backend") == "huggingface":
        return _huggingface(recipe)
    mistakes = list(_mistakes(recipe))
    if mistakes:
        raise TrainError(mistakes_message(recipe, mistakes))
    return _litgpt(recipe)


def mistakes_message(recipe: Recipe, mistakes: list[str]) -> str:
    """All mistakes under one heading."""
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return f"{recipe.path} has {count}:\n  " + "\n  ".join(dict.fromkeys(mistakes))


# ---- LitGPT


def _mistakes(recipe: Recipe) -> Iterator[str]:
    yield from _unknown(recipe)
    for dotted, low, optional in _WHOLE:
        value = recipe.get(*dotted.split("."), default=low)
        at = recipe.at(*dotted.split("."))
        if (value is None and optional) or (dotted == "devices" and value == "auto"):
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            yield f"{at}: {dotted} must be a whole number, {low} at least, not {value!r}"
    for dotted, allowed in (("precision", PRECISIONS), ("quantize", QUANTIZATIONS)):
        value = recipe.get(dotted)
        if value == "bnb.int8-training":
            yield f"{recipe.at(dotted)}: quantize {value} is LitGPT's but not planned here: bnb.nf4 takes half of it"
        elif value is not None and value not in allowed:
            yield f"{recipe.at(dotted)}: {dotted} must be one of {', '.join(allowed)}, not {value!r}"
    for part in PARTS:
        value = recipe.get(f"lora_{part}", default=False)
        if not isinstance(value, bool):
            yield f"{recipe.at(f'lora_{part}')}: lora_{part} must be true or false, not {value!r}"
    yield from _together(recipe)


#: (key, least, may be null)
_WHOLE = (
    ("lora_r", 1, False), ("lora_alpha", 1, False), ("devices", 1, False), ("num_nodes", 1, False),
    ("train.global_batch_size", 1, False), ("train.micro_batch_size", 1, False), ("train.epochs", 1, True),
    ("train.max_steps", 1, True), ("train.max_seq_length", 2, True), ("train.lr_warmup_steps", 0, True),
    ("train.save_interval", 1, True), ("train.log_interval", 1, False), ("eval.interval", 1, False),
    ("eval.max_iters", 1, False), ("eval.max_new_tokens", 1, False),
)  # fmt: skip


def _unknown(recipe: Recipe) -> Iterator[str]:
    """Keys that `litgpt finetune_lora` would refuse, by its own signature."""
    import inspect

    from litgpt.args import EvalArgs, LogArgs, TrainArgs
    from litgpt.finetune.lora import setup

    sections = {"train": TrainArgs, "eval": EvalArgs, "log": LogArgs}
    # The last two are `train finetune`'s, which runs LitGPT's recipes, too.
    parameters = {*inspect.signature(setup).parameters, "early_stopping", "load_best_model_at_end"}
    for key, value in recipe.settings.items():
        if key not in parameters:
            near = difflib.get_close_matches(key, parameters, 1)
            hint = f": did you mean {near[0]}?" if near else " of litgpt finetune_lora"
            yield f"{recipe.at(key)}: {key} is no setting{hint}"
        if key in sections and isinstance(value, Mapping):
            names = {field.name for field in dataclasses.fields(sections[key])}
            for name in value:
                if name not in names:
                    near = difflib.get_close_matches(name, names, 1)
                    hint = f": did you mean {near[0]}?" if near else " of litgpt finetune_lora"
                    yield f"{recipe.at(key, name)}: {key}.{name} is no setting{hint}"
        elif key in sections and value is not None:
            yield f"{recipe.at(key)}: {key} must hold settings of its own, not {value!r}"


def _together(recipe: Recipe) -> Iterator[str]:
    """Settings that are right alone and wrong together."""
    train = recipe.get("train", default={})
    train = train if isinstance(train, Mapping) else {}
    if not recipe.get("checkpoint_dir"):
        yield f"{recipe.at('checkpoint_dir')}: checkpoint_dir is missing"
    for name in _REFUSED:
        if train.get(name) is not None:
            yield f"{recipe.at('train', name)}: litgpt finetune_lora refuses train.{name}"
    if train.get("epochs", 5) is None:
        yield f"{recipe.at('train', 'epochs')}: litgpt finetune_lora needs train.epochs, beside train.max_steps too"
    if recipe.get("train", "lr_warmup_steps", default=100) == 0:
        yield f"{recipe.at('train', 'lr_warmup_steps')}: train.lr_warmup_steps 0: LitGPT divides by it; 1 is the least"
    if recipe.get("quantize") and str(recipe.get("precision", default="")).endswith("mixed"):
        yield f"{recipe.at('precision')}: LitGPT refuses quantize with a mixed precision: bf16-true"
    if recipe.get("quantize") and not recipe.get("precision"):
        yield f"{recipe.at('quantize')}: quantize needs a precision: LitGPT's default is mixed, which it then refuses"
    if recipe.get("quantize") and _processes(recipe) > 1:
        yield (
            f"{recipe.at('devices')}: LitGPT quantises on one GPU only; "
            "backend: huggingface does on several (FSDP-QLoRA, docs/several-gpus.md)"
        )
    if "AdamW" not in _optimizer(recipe) and recipe.get("quantize"):
        yield f"{recipe.at('optimizer')}: with quantize, LitGPT knows AdamW only, not {_optimizer(recipe)}"
    if not any(recipe.get(f"lora_{part}", default=part in ("query", "value")) for part in PARTS):
        yield f"{recipe.at('lora_query')}: every lora_… is false: nothing would be trained"
    if recipe.get("method") or recipe.get("dora"):
        yield f"{recipe.path}: method and dora are of the Hugging Face backend: add backend: huggingface"
    yield from _batches(recipe)


def _batches(recipe: Recipe) -> Iterator[str]:
    whole = recipe.get("train", "global_batch_size", default=16)
    micro = recipe.get("train", "micro_batch_size", default=1)
    if not isinstance(whole, int) or not isinstance(micro, int) or min(whole, micro) < 1:
        return
    each = whole // _processes(recipe)
    at = recipe.at("train", "global_batch_size")
    if each < micro:
        yield f"{at}: train.global_batch_size {whole} leaves {each} rows a GPU, fewer than micro_batch_size {micro}"
    elif each % micro:
        yield (
            f"{at}: train.global_batch_size {whole} is no multiple of train.micro_batch_size {micro} on "
            f"{_processes(recipe)} GPU: LitGPT would take {each // micro * micro * _processes(recipe)} rows a step"
        )


def _processes(recipe: Recipe) -> int:
    devices, nodes = recipe.get("devices", default=1), recipe.get("num_nodes", default=1)
    return devices * nodes if isinstance(devices, int) and isinstance(nodes, int) else 1


def _optimizer(recipe: Recipe) -> str:
    optimizer = recipe.get("optimizer", default="AdamW")
    name = str(optimizer.get("class_path", "AdamW") if isinstance(optimizer, Mapping) else optimizer)
    return name if "." in name else f"torch.optim.{name}"


def _litgpt(recipe: Recipe) -> PlannedRun:
    checkpoint = Path(str(recipe.get("checkpoint_dir")))
    adapter = {f"lora_{part}": recipe.get(f"lora_{part}", default=part in ("query", "value")) for part in PARTS}
    adapter |= {
        "lora_r": recipe.get("lora_r", default=8),
        "lora_alpha": recipe.get("lora_alpha", default=16),
        "lora_dropout": float(recipe.get("lora_dropout", default=0.05)),
    }
    shape, source = litgpt_shape(checkpoint, adapter)
    limit = recipe.get("train", "max_seq_length")
    if limit and limit > shape.block_size:
        at = recipe.at("train", "max_seq_length")
        raise TrainError(f"{at}: train.max_seq_length {limit}: {shape.name} reads {shape.block_size} tokens at most")
    quantize = recipe.get("quantize")
    return PlannedRun(
        recipe, "litgpt", "sft", checkpoint, shape, source,
        # LitGPT's own choice where none is given, on a GPU that has bf16.
        precision=recipe.get("precision") or "bf16-mixed",
        quantize=quantize.removeprefix("bnb.") if quantize else None,
        micro_batch=recipe.get("train", "micro_batch_size", default=1),
        global_batch=recipe.get("train", "global_batch_size", default=16),
        epochs=recipe.get("train", "epochs", default=5),
        max_steps=recipe.get("train", "max_steps"),
        max_seq_length=limit or shape.block_size,
        processes=_processes(recipe),
        recompute=_processes(recipe) > 1,
        optimizer="bitsandbytes.optim.PagedAdamW" if quantize else _optimizer(recipe),
        eval_interval=recipe.get("eval", "interval", default=100),
        eval_batches=recipe.get("eval", "max_iters", default=100),
        initial_validation=bool(recipe.get("eval", "initial_validation", default=False)),
        final_validation=bool(recipe.get("eval", "final_validation", default=True)),
    )  # fmt: skip


def litgpt_shape(checkpoint: Path, adapter: Mapping[str, Any]) -> tuple[Any, str]:
    """(litgpt.lora.Config, where it is from): the folder's own file, else LitGPT's registry by the folder's name.

    Raises:
        TrainError: there is neither, or the model is none that can be planned.
    """
    from litgpt.lora import Config

    file = checkpoint / "model_config.yaml"
    try:
        if file.is_file():
            shape, source = Config.from_file(file, **adapter), str(file)
        else:
            shape, source = Config.from_name(checkpoint.name, **adapter), f"LitGPT's registry ({checkpoint.name})"
    except (ValueError, TypeError, AssertionError, OSError) as error:
        near = _near(checkpoint.name)
        raise TrainError(
            f"{checkpoint}: no model_config.yaml there, and LitGPT knows no model {checkpoint.name}{near}"
            if not file.is_file() else f"{file} is no LitGPT configuration: {error}"
        ) from error  # fmt: skip
    if shape.n_expert:
        raise TrainError(
            f"{checkpoint.name} is a mixture of experts: what it computes depends on the text; not planned"
        )
    return shape, source


def _near(name: str) -> str:
    from litgpt.config import name_to_config

    matches = difflib.get_close_matches(name, name_to_config, 3, 0.5)
    return f": did you mean {', '.join(matches)}?" if matches else ""


# ---- Hugging Face


def _huggingface(recipe: Recipe) -> PlannedRun:
    from train.huggingface import settings as hf

    # An earlier round's adapter has the recipe's own sizes, or training refuses it; it may not be there yet.
    settings = dataclasses.replace(hf.check(recipe), start_from=None)
    checkpoint = Path(settings.checkpoint_dir)
    shape, source = huggingface_shape(checkpoint)
    limit = settings.max_seq_length or context_length(shape)
    if limit is None:
        raise TrainError(f"{recipe.path}: train.max_seq_length is missing, and {checkpoint.name} states no length")
    kind = f"{settings.quantize}{'-dq' if settings.double_quant else ''}" if settings.quantize else None
    return PlannedRun(
        recipe, "huggingface", settings.method, checkpoint, shape, source,
        precision=settings.precision or "bf16-true",
        quantize=kind,
        micro_batch=settings.micro_batch_size,
        global_batch=settings.global_batch_size,
        epochs=settings.epochs,
        max_steps=settings.max_steps,
        max_seq_length=limit,
        processes=settings.devices * settings.num_nodes,
        recompute=settings.gradient_checkpointing,
        optimizer=settings.optimizer,
        eval_interval=settings.eval_interval,
        eval_batches=settings.eval_max_iters,
        initial_validation=settings.initial_validation,
        final_validation=settings.final_validation,
        settings=settings,
    )  # fmt: skip


def huggingface_shape(checkpoint: Path) -> tuple[Any, str]:
    """(transformers configuration, where it is from): the folder's config.json, else by the folder's name.

    Raises:
        TrainError: there is neither.
    """
    from transformers import AutoConfig, BloomConfig, Gemma3TextConfig

    if (checkpoint / "config.json").is_file():
        try:
            return AutoConfig.from_pretrained(checkpoint).get_text_config(), str(checkpoint / "config.json")
        except (OSError, ValueError, KeyError) as error:
            raise TrainError(f"cannot read {checkpoint / 'config.json'}: {str(error).splitlines()[0]}") from error
    if checkpoint.name in BLOOM:
        width, layers, heads = BLOOM[checkpoint.name]
        sizes = {"hidden_size": width, "n_layer": layers, "n_head": heads, "vocab_size": _BLOOM_VOCABULARY}
        return BloomConfig(**sizes), f"the published sizes of {checkpoint.name}"
    if checkpoint.name in ("gemma-3-270m", "gemma-3-270m-it"):
        return Gemma3TextConfig(**_GEMMA_3_270M), f"the published sizes of {checkpoint.name}"
    return _from_registry(checkpoint)


def _from_registry(checkpoint: Path) -> tuple[Any, str]:
    from litgpt import Config

    from train.models.architectures import huggingface_config

    try:
        config = Config.from_name(checkpoint.name)
        return huggingface_config(config.name, config, {}), f"LitGPT's registry ({config.name})"
    except (ValueError, TrainError) as error:
        near = _near(checkpoint.name)
        raise TrainError(
            f"{checkpoint}: no config.json there, and no published sizes of {checkpoint.name} are known here{near}"
        ) from error


def context_length(shape: Any) -> int | None:
    """The longest text of the model, None where its configuration does not say."""
    from train.huggingface.model import context_length as length

    return length(shape)
