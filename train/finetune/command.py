"""`train finetune`: LoRA or DoRA on a base model of Hugging Face form, supervised or by ORPO, killed and resumed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from train.errors import TrainError
from train.huggingface import settings as hf
from train.recipes import Recipe, add_arguments, load

if TYPE_CHECKING:
    from train.huggingface.datasets import Rows
    from train.styles import Style


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "example: train finetune --config train/recipes/bloom-7b1/alpaca_vi.yaml\n"
        "Killed or interrupted, the same command goes on from the last checkpoint with the same losses."
    )
    add_arguments(parser)


def main(options: argparse.Namespace) -> int:
    recipe = load(options.config[0], options.config[1:])
    settings = hf.check(recipe)
    outcome = finetune(settings, recipe)
    if outcome is None:
        return 0
    if options.json:
        print(json.dumps(outcome))
    else:
        print(_told(outcome))
    return 0


def _told(outcome: dict[str, Any]) -> str:
    val = f", validation loss {outcome['val_loss']:.3f}" if outcome["val_loss"] is not None else ""
    if outcome["kept"]:
        return (
            f"{outcome['final']}: this run was finished before ({outcome['steps']} steps{val}): kept. To train anew, "
            "give another out_dir; to train further, name it as start_from"
        )
    after = f" (on from step {outcome['resumed_at']})" if outcome["resumed_at"] else ""
    run = Path(outcome["final"]).parent
    return (
        f"{outcome['final']}: {outcome['steps']} steps{after}, {outcome['trained']:,} of {outcome['parameters']:,} "
        f"parameters trained, loss {outcome['loss']:.3f}{val}, {outcome['seconds']:.1f} s; next: train loss --run {run}"
    )


def finetune(settings: hf.Settings, recipe: Recipe) -> dict[str, Any] | None:
    """Train, or go on training, or tell what is finished; the outcome, None in all processes but the first.

    Raises:
        TrainError: one line on what to change: data, model, settings of an earlier run, memory, disk, NaN.
    """
    quiet()
    from accelerate import PartialState
    from transformers import enable_full_determinism, set_seed

    from train.huggingface.datasets import unit_of
    from train.huggingface.model import config_of, resolve_precision
    from train.huggingface.run_folder import RunFolder, describe

    settings = replace(settings, precision=resolve_precision(settings.precision))
    state = PartialState(cpu=_on_cpu())
    _check_processes(settings, recipe, state.num_processes)
    config_of(settings.checkpoint_dir)
    with told_memory(settings), locked(settings.out_dir) if state.is_main_process else nullcontext():
        with state.main_process_first():
            rows = load_data(settings)
        data = f"{len(rows.train)} rows, {rows.train.digest()}; validation {len(rows.val)} rows, {rows.val.digest()}"
        unit = unit_of(settings.micro_batch_size, settings.global_batch_size)
        described = describe(settings, data=data, processes=state.num_processes, rows_of_like_length=unit)
        run = RunFolder(settings.out_dir, described)
        if (told := run.finished()) is not None:
            return told | {"kept": True} if state.is_main_process else None
        (enable_full_determinism if settings.full_determinism else set_seed)(settings.seed)
        return train(settings, recipe, rows, run, state)


def quiet() -> None:
    """No bars and warnings of libraries between our lines; those that matter are told by us."""
    import logging as python_logging
    import warnings

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    from transformers.utils import logging

    python_logging.getLogger("bitsandbytes").setLevel(python_logging.ERROR)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module="peft|torch|trl|transformers|accelerate|bitsandbytes")


def _on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


def _check_processes(settings: hf.Settings, recipe: Recipe, processes: int) -> None:
    """Raises:
    TrainError: the recipe's devices, or its batches, do not go with the processes there are.
    """
    wanted = settings.devices * settings.num_nodes
    if wanted not in (1, processes):
        launch = f"accelerate launch --num_processes {wanted} -m train finetune --config {recipe.path}"
        raise TrainError(
            f"{recipe.at('devices')}: {settings.devices} devices on {settings.num_nodes} nodes are {wanted} processes, "
            f"not {processes}: {launch}"
        )
    if settings.global_batch_size % (settings.micro_batch_size * processes):
        raise TrainError(
            f"{recipe.at('train', 'global_batch_size')}: train.global_batch_size {settings.global_batch_size} is no "
            f"multiple of micro_batch_size {settings.micro_batch_size} x {processes} processes"
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One run at a time in a folder.

    Raises:
        TrainError: another process trains there, or the folder cannot be written.
    """
    import fcntl

    handle: IO[str] | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("w")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TrainError(f"{folder}: another process trains there now: wait for it, or give another out_dir") from error
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        yield
    finally:
        handle.close()


@contextmanager
def told_memory(settings: hf.Settings) -> Iterator[None]:
    """Turns out-of-memory errors into one line that says what to change.

    Raises:
        TrainError: memory ran out.
    """
    import torch

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        known = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not known and not any(words in str(error) for words in ("allocate memory", "out of memory")):
            raise
        raise TrainError(f"out of memory: {advice(settings)}; `train plan` says what fits") from error


def advice(settings: hf.Settings) -> str:
    """What to change when memory does not suffice, the changes without a cost in quality first."""
    ways = []
    if settings.micro_batch_size > 1:
        ways.append(
            f"train.micro_batch_size {settings.micro_batch_size // 2} (the losses stay, global_batch_size counts)"
        )
    if not settings.gradient_checkpointing:
        ways.append("gradient_checkpointing: true")
    if settings.optimizer.startswith("torch."):
        ways.append("optimizer bitsandbytes.optim.PagedAdamW8bit")
    if not settings.quantize:
        ways.append("quantize: bnb.nf4")
    elif not settings.double_quant:
        ways.append("double_quant: true")
    ways.append(f"a shorter train.max_seq_length ({settings.max_seq_length or 'now the model' + chr(39) + 's'})")
    return "try " + ", then ".join(ways)


@dataclass
class Data:
    """Rows of a run, with what encoded them. template: the style as a chat template. pad: a token's id."""

    train: Rows
    val: Rows
    told: list[str]
    style: Style
    template: str
    pad: int


def load_data(settings: hf.Settings) -> Data:
    """Read and encode the rows of a recipe.

    Raises:
        TrainError: the data, tokenizer or style cannot be read, or no length is known.
    """
    from train.huggingface.datasets import load_chats, load_pairs, load_tokens
    from train.huggingface.model import config_of, context_length
    from train.styles import style_named

    style = style_named(settings.prompt_style).localised(settings.language)
    tokens = load_tokens(settings.checkpoint_dir)
    longest = settings.max_seq_length or context_length(config_of(settings.checkpoint_dir))
    if longest is None:
        raise TrainError(f"train.max_seq_length is missing, and {settings.checkpoint_dir} states no length of its own")
    read = load_pairs if settings.method == "orpo" else load_chats
    train, val, style, told = read(settings, tokens, style, longest)
    begins = bool(tokens.adds_bos if style.bos is None else style.bos)
    return Data(train, val, told, style, style.template(begins), tokens.eos_id or 0)


def train(settings: hf.Settings, recipe: Recipe, data: Data, run: Any, state: Any) -> dict[str, Any] | None:
    """The run itself, from the last whole checkpoint on."""
    from train.huggingface.model import load_base, prepare, with_adapters
    from train.huggingface.run_folder import step_of

    checkpoint, torn = run.last_checkpoint()
    if checkpoint is not None or not run.begun():
        run.check_same()
    state.wait_for_everyone()
    if state.is_main_process:
        run.begin(torn=bool(torn))
    began = time.monotonic()
    arguments = training_arguments(settings, run, data, state.num_processes)
    base = prepare(load_base(settings), settings)
    model, notes = with_adapters(base, settings)
    trained, parameters = model.get_nb_trainable_parameters()
    trainer = make_trainer(settings, arguments, model, data, run, step_of(checkpoint) if checkpoint else None)
    if state.is_main_process:
        for line in [*torn, *data.told, *notes]:
            print(f"finetune: {line}", file=sys.stderr)
    steps = _loop(trainer, settings, checkpoint)
    outcome = {
        "final": str(run.folder / "final"), "steps": steps, "resumed_at": step_of(checkpoint) if checkpoint else 0,
        "loss": trainer.last_loss, "val_loss": trainer.last_val[1] if trainer.last_val else None,
        "trained": trained, "parameters": parameters, "rows": len(data.train),
        "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    _write_final(trainer, settings, recipe, data, run, outcome)
    return outcome | {"kept": False} if state.is_main_process else None


def _loop(trainer: Any, settings: hf.Settings, checkpoint: Path | None) -> int:
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    steps = int(trainer.state.global_step)
    rows = len(trainer.eval_dataset or ())
    measured = trainer.last_val is not None and trainer.last_val[0] == steps
    # As LitGPT's, the last measurement is over all rows.
    if (
        settings.final_validation
        and rows
        and not (measured and rows <= settings.micro_batch_size * settings.eval_max_iters)
    ):
        trainer.evaluate(whole=True)
    return steps


def total_steps(settings: hf.Settings, rows: int) -> int:
    """Optimizer steps: epochs or max_steps, whichever ends first; a step short of rows counts."""
    a_pass = -(-rows // settings.global_batch_size)
    bounds = (settings.max_steps, settings.epochs * a_pass if settings.epochs else None)
    return min(bound for bound in bounds if bound)


def warmup_steps(settings: hf.Settings, rows: int, total: int) -> int:
    """Steps over which the learning rate rises; LitGPT's share is of an epoch."""
    if settings.lr_warmup_fraction:
        return min(total, -(-int(settings.lr_warmup_fraction * rows) // settings.global_batch_size))
    return min(total, settings.lr_warmup_steps or 0)


def training_arguments(settings: hf.Settings, run: Any, data: Data, processes: int) -> Any:
    """transformers' TrainingArguments (trl's ORPOConfig) that say what the recipe says."""
    from transformers import TrainingArguments

    total = total_steps(settings, len(data.train))
    validated = bool(len(data.val))
    schedule = "constant_with_warmup" if settings.lr_schedule == "constant" else settings.lr_schedule
    words: dict[str, Any] = {
        "output_dir": str(run.folder), "seed": settings.seed, "full_determinism": settings.full_determinism,
        "per_device_train_batch_size": settings.micro_batch_size,
        "per_device_eval_batch_size": settings.micro_batch_size,
        "gradient_accumulation_steps": settings.accumulation(processes), "max_steps": total,
        "learning_rate": settings.optimizer_args["lr"], "max_grad_norm": settings.max_norm,
        "lr_scheduler_type": schedule, "warmup_steps": warmup_steps(settings, len(data.train), total),
        "bf16": settings.precision != "32-true", "use_cpu": _on_cpu(),
        "gradient_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "logging_steps": 1, "logging_nan_inf_filter": False, "disable_tqdm": True, "report_to": "none",
        "save_strategy": "steps", "save_steps": settings.save_interval or total,
        "eval_strategy": "steps" if validated else "no", "eval_steps": settings.eval_interval,
        "eval_on_start": False, "remove_unused_columns": False, "dataloader_num_workers": 0,
        "dataloader_pin_memory": not _on_cpu(), "ddp_find_unused_parameters": False,
    }  # fmt: skip
    arguments: Any
    if settings.method == "orpo":
        from trl.experimental.orpo import ORPOConfig

        # Dropout is the recipe's lora_dropout in ORPO too; trl would switch it off. The rows are cut already.
        arguments = ORPOConfig(
            **words, beta=settings.orpo_beta, disable_dropout=False, max_length=settings.max_seq_length or 1
        )
    else:
        arguments = TrainingArguments(**words)
    # Several GPUs of one process would each get a copy of the model, which a 4-bit one does not survive.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def make_trainer(
    settings: hf.Settings, arguments: Any, model: Any, data: Data, run: Any, resumed_at: int | None
) -> Any:
    """The trainer with its data, ready to start."""
    from functools import partial

    from transformers import PrinterCallback

    from train.huggingface.datasets import collate, order_of
    from train.huggingface.run_folder import Metrics
    from train.huggingface.trainer import PAIR_COLUMNS, trainer_class
    from train.tiny.command import progress

    orpo = settings.method == "orpo"
    more = {"processing_class": _Padding(data.pad)} if orpo else {}
    trainer = trainer_class(settings.method)(
        model=model, args=arguments, train_dataset=data.train, eval_dataset=data.val if len(data.val) else None,
        data_collator=partial(collate, pad=data.pad), **more,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    if not orpo:
        # Losses are summed over tokens and divided by those of the whole step, by `compute_loss`.
        trainer.model_accepts_loss_kwargs = True
    metrics = Metrics(run.folder / "metrics.csv", tuple(PAIR_COLUMNS.values()) if orpo else ())
    if trainer.is_world_process_zero():
        metrics.begin(resumed_at)
    steps = range(resumed_at or 0, arguments.max_steps)
    bar = progress(steps, "finetune") if trainer.is_world_process_zero() else steps
    trainer.attach(settings, order_of(settings, data.train.lengths), run, metrics, iter(bar))
    return trainer


class _Padding:
    """All that trl's trainer asks of a tokenizer when the rows are tokenised."""

    def __init__(self, pad: int) -> None:
        self.pad_token_id = pad


def _write_final(
    trainer: Any, settings: hf.Settings, recipe: Recipe, data: Data, run: Any, outcome: dict[str, Any]
) -> None:
    """out_dir/final: adapter, tokenizer, prompt style, the recipe as it was laid together.

    Raises:
        TrainError: the disk is full; the last checkpoint stays, and the same command ends the run.
    """
    import yaml
    from litgpt.prompts import save_prompt_style
    from safetensors import SafetensorError

    from train.atomic_files import write_whole
    from train.huggingface.trainer import cannot_save

    folder = run.folder / ".final"
    try:
        if trainer.is_fsdp_enabled:
            # Checkpoints are saved in shards, the adapter as one.
            trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
        trainer.save_model(str(folder))
        if trainer.is_world_process_zero():
            save_tokenizer(settings.checkpoint_dir, folder)
            save_prompt_style(data.style, folder)
            write_whole(folder / "chat_template.jinja", data.template)
            text = yaml.safe_dump(recipe.settings, sort_keys=False, allow_unicode=True)
            write_whole(folder / "recipe.yaml", text)
            run.finish(outcome)
        trainer.accelerator.wait_for_everyone()
    except (OSError, RuntimeError, SafetensorError) as error:
        raise TrainError(cannot_save(run, outcome["steps"], error)) from error


def save_tokenizer(checkpoint: str, folder: Path) -> None:
    """The base model's tokenizer files, as they are."""
    import shutil

    source = Path(checkpoint)
    if not source.is_dir():
        from transformers import AutoTokenizer

        AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)
        return
    names = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json",
             "merges.txt", "added_tokens.json", "chat_template.jinja", "generation_config.json")  # fmt: skip
    for name in names:
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
