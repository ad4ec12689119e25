"""Recipes of the Hugging Face backend: what their keys are, which values go together, all mistakes told at once.

Nothing heavy is imported here: `train plan` and the tests of the recipes read settings without loading a model.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from train.data.sets import DataSet, sets_of
from train.errors import TrainError
from train.recipes import Keys, Recipe

CHAT, PAIRS, TEXT = "train.data.Chat", "train.data.Pairs", "train.data.Text"
LOGGERS = ("tensorboard", "wandb", "mlflow")
PRECISIONS = ("bf16-true", "bf16-mixed", "32-true")
SCHEDULES = ("cosine", "linear", "constant")
QUANTIZATIONS = {"bnb.nf4": ("nf4", False), "bnb.nf4-dq": ("nf4", True), "bnb.fp4": ("fp4", False),
                 "bnb.fp4-dq": ("fp4", True)}  # fmt: skip
#: Optimizers by the module they are in; a name alone means torch's, as in LitGPT.
OPTIMIZERS = {
    "torch.optim": ("AdamW", "Adam", "SGD", "Adagrad", "RMSprop"),
    "bitsandbytes.optim": (
        "AdamW", "AdamW8bit", "AdamW32bit", "PagedAdamW", "PagedAdamW8bit", "PagedAdamW32bit",
        "Adam", "Adam8bit", "Adam32bit", "PagedAdam", "PagedAdam8bit", "PagedAdam32bit",
        "Lion", "Lion8bit", "PagedLion", "PagedLion8bit",
    ),
}  # fmt: skip
_OPTIMIZER_ARGS = ("lr", "weight_decay", "betas", "eps", "amsgrad", "momentum", "min_8bit_size", "percentile_clipping")


@dataclass(frozen=True)
class Settings:
    """A checked recipe. Names are the recipe's own; `eval_` and `data_` stand for the section where names meet.

    Defaults are those of LitGPT's `finetune_lora`, but no warm-up, and an end that the recipe must say. quantize:
    "nf4", "fp4" or None. lr_warmup_fraction: share of an epoch. max_norm: gradients are clipped to it; LitGPT does not.
    """

    checkpoint_dir: str = ""
    out_dir: Path = Path("out/finetune/huggingface")
    method: Literal["sft", "orpo"] = "sft"
    precision: str | None = None
    quantize: str | None = None
    double_quant: bool | None = None
    dora: bool = False
    gradient_checkpointing: bool = False
    start_from: Path | None = None
    lora_r: int = 8
    lora_alpha: int = 16
    lora_dropout: float = 0.05
    lora_query: bool = True
    lora_key: bool = False
    lora_value: bool = True
    lora_projection: bool = False
    lora_mlp: bool = False
    lora_head: bool = False
    data_class: str = CHAT
    data_path: Path | tuple[DataSet, ...] = Path()
    packing: str = "documents"
    prompt_style: str = "chatml"
    mask_prompt: bool = True
    over_length: str = "cut"
    batching: str = "grouped"
    system: str | None = None
    language: str | None = None
    val_share: float = 0.05
    data_seed: int = 42
    cache: Path | None = None
    global_batch_size: int = 16
    micro_batch_size: int = 1
    lr_warmup_steps: int | None = None
    lr_warmup_fraction: float | None = None
    epochs: int | None = None
    max_steps: int | None = None
    max_seq_length: int | None = None
    save_interval: int | None = 1000
    log_interval: int = 1
    max_norm: float = 1.0
    eval_interval: int = 100
    eval_max_iters: int = 100
    initial_validation: bool = False
    final_validation: bool = True
    load_best_model_at_end: bool = True
    patience: int | None = None
    min_delta: float = 0.0
    optimizer: str = "torch.optim.AdamW"
    optimizer_args: dict[str, Any] = field(default_factory=lambda: {"lr": 1e-3})
    lr_schedule: str = "cosine"
    orpo_beta: float = 0.1
    seed: int = 1337
    devices: int = 1
    num_nodes: int = 1
    full_determinism: bool = False
    report_to: tuple[str, ...] = ()

    def targets(self) -> tuple[str, ...]:
        """Which parts of a layer get an adapter: some of query, key, value, projection, mlp, head."""
        return tuple(part for part in PARTS if getattr(self, f"lora_{part}"))

    def accumulation(self, processes: int = 1) -> int:
        """Micro-batches each process runs for one optimizer step."""
        return self.global_batch_size // (self.micro_batch_size * processes)


PARTS = ("query", "key", "value", "projection", "mlp", "head")

Parser = Callable[[Any], Any]


def _number(value: Any) -> float:
    # YAML 1.1 reads 2e-4 as a word; LitGPT reads it as a number, and so must the same recipe here.
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("must be a number")
    return float(value)


def _at_least(low: float, *, whole: bool = True, below: float = math.inf) -> Parser:
    def parse(value: Any) -> float | int:
        number = _number(value)
        if whole and number != int(number):
            raise ValueError("must be a whole number")
        if number < low or number >= below:
            end = f" and below {below:g}" if below < math.inf else ""
            raise ValueError(f"must be {low:g} at least{end}")
        return int(number) if whole else number

    return parse


def _share(value: Any) -> float:
    number = _number(value)
    if not 0 < number < 1:
        raise ValueError("must be between 0 and 1")
    return number


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - a value's fault, as all of these
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text")
    return value


def _text_or_nothing(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 - a value's fault, as all of these
    return value


def _path(value: Any) -> Path:
    return Path(_text(value))


def _path_or_sets(value: Any) -> Any:
    if not isinstance(value, list):
        return _path(value)
    try:
        return tuple(sets_of(value))
    except TrainError as error:
        raise ValueError(f"is wrong: {error}") from error


def _one_of(*choices: str) -> Parser:
    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(value)

    return parse


def _several_of(*choices: str) -> Parser:
    def parse(value: Any) -> tuple[str, ...]:
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if value in (None, "none"):
            return ()
        if not isinstance(names, list) or not all(name in choices for name in names):
            raise ValueError(f"must be one or several of {', '.join(choices)}")
        return tuple(dict.fromkeys(names))

    return parse


def _optional(parse: Parser) -> Parser:
    return lambda value: None if value is None else parse(value)


#: Key of a recipe -> (field of Settings, what reads it).
KEYS: dict[str, tuple[str, Parser]] = {
    "checkpoint_dir": ("checkpoint_dir", _text),
    "out_dir": ("out_dir", _path),
    "method": ("method", _one_of("sft", "orpo")),
    "precision": ("precision", _optional(_one_of(*PRECISIONS))),
    "quantize": ("quantize", _optional(_one_of(*QUANTIZATIONS))),
    "double_quant": ("double_quant", _truth),
    "dora": ("dora", _truth),
    "gradient_checkpointing": ("gradient_checkpointing", _truth),
    "start_from": ("start_from", _optional(_path)),
    "lora_r": ("lora_r", _at_least(1)),
    "lora_alpha": ("lora_alpha", _at_least(1)),
    "lora_dropout": ("lora_dropout", _at_least(0, whole=False, below=1)),
    **{f"lora_{part}": (f"lora_{part}", _truth) for part in PARTS},
    "data.class_path": ("data_class", _one_of(CHAT, PAIRS, TEXT)),
    "data.init_args.path": ("data_path", _path_or_sets),
    "data.init_args.packing": ("packing", _one_of("documents", "none")),
    "data.init_args.prompt_style": ("prompt_style", _text),
    "data.init_args.mask_prompt": ("mask_prompt", _truth),
    "data.init_args.over_length": ("over_length", _one_of("drop", "split", "cut")),
    "data.init_args.batching": ("batching", _one_of("grouped", "shuffled")),
    "data.init_args.system": ("system", _optional(_text_or_nothing)),
    "data.init_args.language": ("language", _optional(_text)),
    "data.init_args.val_share": ("val_share", _share),
    "data.init_args.seed": ("data_seed", _at_least(0)),
    "data.init_args.cache": ("cache", _optional(_path)),
    "train.global_batch_size": ("global_batch_size", _at_least(1)),
    "train.micro_batch_size": ("micro_batch_size", _at_least(1)),
    "train.lr_warmup_steps": ("lr_warmup_steps", _optional(_at_least(0))),
    "train.lr_warmup_fraction": ("lr_warmup_fraction", _optional(_at_least(0, whole=False, below=1))),
    "train.epochs": ("epochs", _optional(_at_least(1))),
    "train.max_steps": ("max_steps", _optional(_at_least(1))),
    "train.max_seq_length": ("max_seq_length", _optional(_at_least(2))),
    "train.save_interval": ("save_interval", _optional(_at_least(1))),
    "train.log_interval": ("log_interval", _at_least(1)),
    "train.max_norm": ("max_norm", _at_least(0, whole=False)),
    "eval.interval": ("eval_interval", _at_least(1)),
    "eval.max_iters": ("eval_max_iters", _at_least(1)),
    "eval.initial_validation": ("initial_validation", _truth),
    "eval.final_validation": ("final_validation", _truth),
    "load_best_model_at_end": ("load_best_model_at_end", _truth),
    "early_stopping.patience": ("patience", _optional(_at_least(1))),
    "early_stopping.min_delta": ("min_delta", _at_least(0, whole=False)),
    "lr_schedule": ("lr_schedule", _one_of(*SCHEDULES)),
    "orpo.beta": ("orpo_beta", _at_least(0, whole=False)),
    "seed": ("seed", _at_least(0)),
    "devices": ("devices", _at_least(1)),
    "num_nodes": ("num_nodes", _at_least(1)),
    "full_determinism": ("full_determinism", _truth),
    "report_to": ("report_to", _several_of(*LOGGERS)),
}
#: Keys that a recipe of both backends may carry and that change nothing here.
WITHOUT_EFFECT = ("data.init_args.num_workers", "data.init_args.ignore_index", "eval.max_new_tokens",
                  "eval.evaluate_example")  # fmt: skip
_CHECKED_ALONE = ("backend", "logger_name", "optimizer", "optimizer.class_path",
                  "optimizer.init_args", *(f"optimizer.init_args.{name}" for name in _OPTIMIZER_ARGS))  # fmt: skip
_SECTIONS = ("data", "data.init_args", "train", "eval", "orpo", "early_stopping")


#: Every key that a recipe of this backend may have.
NAMES = tuple(dict.fromkeys([*KEYS, *_CHECKED_ALONE, *WITHOUT_EFFECT]))


def is_huggingface(recipe: Recipe) -> bool:
    """Whether a recipe names this backend; the others are LitGPT's."""
    return bool(recipe.get("backend") == "huggingface")


def check(recipe: Recipe) -> Settings:
    """The recipe's settings, every one read and checked.

    Raises:
        TrainError: lists every mistake with the file and line it was made in.
    """
    if not is_huggingface(recipe):
        raise TrainError(
            f"{recipe.at('backend')}: backend must be huggingface here; a recipe without it is LitGPT's: "
            f"litgpt finetune_lora --config {recipe.path}"
        )
    errors: list[str] = []
    values = _read(recipe, errors)
    errors += _unknown(recipe)
    if recipe.get("logger_name", default="csv") != "csv":
        errors.append(f"{recipe.at('logger_name')}: logger_name must be csv: losses go to out_dir/metrics.csv")
    values |= _optimizer(recipe, errors)
    settings = Settings(**values)
    errors += _together(recipe, settings)
    if errors:
        count = "a mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
        raise TrainError(f"{recipe.path} has {count}:\n  " + "\n  ".join(dict.fromkeys(errors)))
    return settings


def _read(recipe: Recipe, errors: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    absent = object()
    for dotted, (name, parse) in KEYS.items():
        keys = tuple(dotted.split("."))
        value = recipe.get(*keys, default=absent)
        if value is absent:
            continue
        try:
            values[name] = parse(value)
        except ValueError as error:
            errors.append(f"{recipe.at(*keys)}: {dotted} {error}, not {value!r}")
    if values.get("quantize"):
        values["quantize"], double = QUANTIZATIONS[values["quantize"]]
        if values.setdefault("double_quant", double) is False and double:
            errors.append(f"{recipe.at('double_quant')}: double_quant: false contradicts quantize: ending in -dq")
    return values


def _unknown(recipe: Recipe) -> Iterator[str]:
    names = {*KEYS, *WITHOUT_EFFECT, *_CHECKED_ALONE}
    for keys, value in _leaves(recipe.settings, ()):
        dotted = ".".join(keys)
        if dotted in _SECTIONS and not isinstance(value, Mapping):
            yield f"{recipe.at(*keys)}: {dotted} must hold settings of its own, not {value!r}"
        elif dotted not in names and dotted not in _SECTIONS:
            near = difflib.get_close_matches(dotted, names, 1)
            hint = f": did you mean {near[0]}?" if near else " of the Hugging Face backend"
            yield f"{recipe.at(*keys)}: {dotted} is no setting{hint}"


def _leaves(settings: Mapping[str, Any], above: Keys) -> Iterator[tuple[Keys, Any]]:
    for key, value in settings.items():
        keys = (*above, str(key))
        inside = isinstance(value, Mapping) and (".".join(keys) in _SECTIONS or keys[0] == "optimizer")
        if inside and value:
            yield from _leaves(value, keys)
        else:
            yield keys, value


def _optimizer(recipe: Recipe, errors: list[str]) -> dict[str, Any]:
    optimizer = recipe.get("optimizer", default="AdamW")
    path = optimizer.get("class_path", "AdamW") if isinstance(optimizer, Mapping) else optimizer
    module, _, name = str(path).rpartition(".")
    module = module or "torch.optim"
    if name not in OPTIMIZERS.get(module, ()):
        choices = "; ".join(f"{module}.{{{', '.join(names)}}}" for module, names in OPTIMIZERS.items())
        errors.append(f"{recipe.at('optimizer', 'class_path')}: no optimizer {path}; known: {choices}")
        return {}
    args = dict((optimizer.get("init_args") or {}) if isinstance(optimizer, Mapping) else {})
    for key in ("lr", "weight_decay", "eps", "momentum"):
        if key in args:
            try:
                args[key] = _at_least(0, whole=False)(args[key])
            except ValueError as error:
                errors.append(f"{recipe.at('optimizer', 'init_args', key)}: {key} {error}, not {args[key]!r}")
    if "betas" in args:
        try:
            args["betas"] = tuple(_at_least(0, whole=False, below=1)(value) for value in args["betas"])
            if len(args["betas"]) != 2:
                raise ValueError
        except (ValueError, TypeError):
            at = recipe.at("optimizer", "init_args", "betas")
            errors.append(f"{at}: betas must be two numbers from 0 to 1, such as [0.9, 0.999]")
    return {"optimizer": f"{module}.{name}", "optimizer_args": {"lr": 1e-3} | args}


def _together(recipe: Recipe, settings: Settings) -> Iterator[str]:
    """Settings that are right alone and wrong together."""
    for dotted in ("checkpoint_dir", "data.class_path", "data.init_args.path"):
        if recipe.get(*dotted.split(".")) is None:
            yield f"{recipe.at(*dotted.split('.'))}: {dotted} is missing"
    readers = (PAIRS,) if settings.method == "orpo" else (CHAT, TEXT)
    kind = recipe.get("data", "class_path")
    if kind not in (None, *readers):
        reader = " or ".join(readers)
        yield f"{recipe.at('data', 'class_path')}: method {settings.method} reads data by {reader}, not {kind}"
    yield from _of_other_data(recipe, settings)
    if settings.method == "orpo" and not settings.mask_prompt:
        at = recipe.at("data", "init_args", "mask_prompt")
        yield f"{at}: ORPO compares answers: mask_prompt must be true"
    if settings.method == "sft" and recipe.get("orpo") is not None:
        yield f"{recipe.at('orpo')}: orpo has no effect with method: sft"
    if settings.double_quant and not settings.quantize:
        yield f"{recipe.at('double_quant')}: double_quant needs quantize: bnb.nf4"
    if not settings.targets():
        yield f"{recipe.at('lora_query')}: every lora_… is false: nothing would be trained"
    yield from _steps(recipe, settings)


#: Settings of chats that texts have not; of texts that chats have not.
_OF_CHATS = ("prompt_style", "mask_prompt", "over_length", "system", "language")
_OF_TEXTS = ("packing",)


def _of_other_data(recipe: Recipe, settings: Settings) -> Iterator[str]:
    """Settings of another data module than the recipe's: LitGPT refuses them, too."""
    names = _OF_CHATS if settings.data_class == TEXT else _OF_TEXTS
    for name in names:
        if recipe.get("data", "init_args", name) is not None:
            yield f"{recipe.at('data', 'init_args', name)}: {settings.data_class} has no setting {name}"


def _steps(recipe: Recipe, settings: Settings) -> Iterator[str]:
    if settings.global_batch_size % settings.micro_batch_size:
        at = recipe.at("train", "global_batch_size")
        rows, batch = settings.global_batch_size, settings.micro_batch_size
        yield f"{at}: train.global_batch_size {rows} is no multiple of train.micro_batch_size {batch}"
    if recipe.get("train", "epochs") is None and recipe.get("train", "max_steps") is None:
        yield f"{recipe.at('train')}: train.epochs or train.max_steps must say when to stop"
    if settings.min_delta and settings.patience is None:
        at = recipe.at("early_stopping", "min_delta")
        yield f"{at}: early_stopping.min_delta has no effect without early_stopping.patience"
    if settings.lr_warmup_steps and settings.lr_warmup_fraction:
        at = recipe.at("train", "lr_warmup_fraction")
        yield f"{at}: give train.lr_warmup_steps or train.lr_warmup_fraction, not both"
    if settings.max_steps and (settings.lr_warmup_steps or 0) >= settings.max_steps > 1:
        at = recipe.at("train", "lr_warmup_steps")
        yield f"{at}: the warm-up of {settings.lr_warmup_steps} steps must end before step {settings.max_steps}"
