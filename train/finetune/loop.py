"""A run from its recipe to the adapter: data, model, trainer, the steps, the final folder."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from train.finetune.final import write_final, write_recipe
from train.finetune.guards import check_processes, explain_memory, on_cpu, silence_libraries
from train.huggingface import loggers
from train.huggingface.datasets import Data, load_data
from train.huggingface.schedule import total_steps, warmup_steps
from train.huggingface.settings import Settings
from train.progress import LiveLoss
from train.recipes import Recipe
from train.run_folder import RunFolder, lock, model_fingerprint, step_of


def finetune(settings: Settings, recipe: Recipe) -> dict[str, Any] | None:
    """Train, or go on training, or report what is finished; the outcome, None in all processes but the first.

    Raises:
        TrainError: one line on what to change: data, model, settings of an earlier run, memory, disk, NaN.
    """
    silence_libraries()
    loggers.check(settings.report_to)
    from accelerate import PartialState
    from transformers import enable_full_determinism, set_seed

    from train.huggingface.model import config_of, resolve_precision
    from train.huggingface.rows import unit_of
    from train.huggingface.run_folder import describe

    settings = replace(settings, precision=resolve_precision(settings.precision))
    state = PartialState(cpu=on_cpu())
    check_processes(settings, recipe, state.num_processes)
    config_of(settings.checkpoint_dir)
    with explain_memory(settings), lock(settings.out_dir) if state.is_main_process else nullcontext():
        with state.main_process_first():
            rows = load_data(settings)
        data = f"{len(rows.train)} rows, {rows.train.digest()}; validation {len(rows.val)} rows, {rows.val.digest()}"
        data += f"; a pass {rows.mixture!r}" if rows.mixture is not None else ""
        unit = unit_of(settings.micro_batch_size, settings.global_batch_size)
        more = {"processes": state.num_processes, "model": model_fingerprint(settings.checkpoint_dir)}
        sources = [Path(each) for each in (settings.checkpoint_dir, settings.start_from) if each]
        described = describe(settings, data=data, rows_of_like_length=unit, **more)
        run = RunFolder(settings.out_dir, described, sources=sources)
        if (outcome := run.finished()) is not None:
            return outcome | {"kept": True} if state.is_main_process else None
        (enable_full_determinism if settings.full_determinism else set_seed)(settings.seed)
        return train(settings, recipe, rows, run, state)


def train(settings: Settings, recipe: Recipe, data: Data, run: Any, state: Any) -> dict[str, Any] | None:
    """The run itself, from the last whole checkpoint on."""
    from train.huggingface.model import check_documents, load_base, prepare, with_adapters

    checkpoint, torn = run.last_checkpoint()
    if checkpoint is not None or not run.begun():
        run.check_same()
    state.wait_for_everyone()
    if state.is_main_process:
        run.begin(torn=bool(torn), anew=checkpoint is None)
        write_recipe(run.folder, recipe)
    began = time.monotonic()
    arguments = training_arguments(settings, run, data, state.num_processes)
    base = prepare(load_base(settings), settings)
    if data.packed:
        check_documents(base)
    model, notes = with_adapters(base, settings)
    trained, parameters = model.get_nb_trainable_parameters()
    trainer = make_trainer(settings, arguments, model, data, run, step_of(checkpoint) if checkpoint else None)
    if state.is_main_process:
        for line in [*torn, *data.report, *notes]:
            print(f"finetune: {line}", file=sys.stderr)
    try:
        steps = run_steps(trainer, settings, checkpoint)
        val_loss = validate(trainer, settings, steps)
        of_sets = validate_sets(trainer, settings, data, steps)
    finally:
        trainer.reports.end()
    best = trainer.evaluations.best
    outcome = {
        "final": str(run.folder / "final"), "steps": steps, "resumed_at": step_of(checkpoint) if checkpoint else 0,
        "loss": trainer.last_loss, "val_loss": val_loss, "val_loss_of_sets": of_sets,
        "best": {"step": best.step, "val_loss": best.loss} if best else None,
        "weights_of_step": selected_step(trainer, steps), "stopped_early": trainer.evaluations.reason_to_stop(),
        "trained": trained, "parameters": parameters, "rows": len(data.train),
        "seconds": round(time.monotonic() - began, 2),
    }  # fmt: skip
    write_final(trainer, settings, recipe, data, run, outcome)
    return outcome | {"kept": False} if state.is_main_process else None


def run_steps(trainer: Any, settings: Settings, checkpoint: Path | None) -> int:
    """Train to the last step, or until the validation loss stops falling; the number of steps."""
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    steps = int(trainer.state.global_step)
    measures = settings.final_validation or settings.load_best_model_at_end
    if measures and len(trainer.eval_dataset or ()) and trainer.evaluations.at(steps) is None:
        trainer.evaluate()
    if trainer.is_world_process_zero():
        for line in filter(None, (trainer.evaluations.reason_to_stop(), trainer.evaluations.choice(steps))):
            print(f"finetune: {line}", file=sys.stderr)
    return steps


def selected_step(trainer: Any, last: int) -> int:
    """The step whose weights are taken: of the best, where they are there."""
    step = int(trainer.evaluations.selected_step(last))
    return step if step == last or trainer.run.best_step() == step else last


def validate(trainer: Any, settings: Settings, last: int) -> float | None:
    """The validation loss of the weights that are taken: as LitGPT's, the last measurement is over all rows."""
    step = selected_step(trainer, last)
    rows = len(trainer.eval_dataset or ())
    measured = trainer.evaluations.at(step)
    short = rows <= settings.micro_batch_size * settings.eval_max_iters
    if not rows or not settings.final_validation or (measured is not None and short):
        return measured.loss if measured else None
    if step == last:
        return float(trainer.evaluate(whole=True)["eval_loss"])
    # The table is of the weights as they were at each step.
    return float(trainer.validation_losses(whole=True)["eval_loss"]) if trainer.load_best() else measured.loss


def validate_sets(trainer: Any, settings: Settings, data: Data, last: int) -> dict[str, float]:
    """The validation loss of each of several sets, of the weights that are taken; told as well."""
    if not data.shares or not settings.final_validation:
        return {}
    if selected_step(trainer, last) != last and not trainer.load_best():
        return {}
    losses = {
        share.data_set.name: float(trainer.validation_losses(whole=True, among=share.val.tolist())["eval_loss"])
        for share in data.shares
    }
    if trainer.is_world_process_zero():
        words = ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
        print(f"finetune: validation loss by set: {words}", file=sys.stderr)
    return losses


def training_arguments(settings: Settings, run: Any, data: Data, processes: int) -> Any:
    """transformers' TrainingArguments (trl's ORPOConfig) that say what the recipe says."""
    from transformers import TrainingArguments

    total = total_steps(settings, data.a_pass)
    validated = bool(len(data.val))
    schedule = "constant_with_warmup" if settings.lr_schedule == "constant" else settings.lr_schedule
    words: dict[str, Any] = {
        "output_dir": str(run.folder), "seed": settings.seed, "full_determinism": settings.full_determinism,
        "per_device_train_batch_size": settings.micro_batch_size,
        "per_device_eval_batch_size": settings.micro_batch_size,
        "gradient_accumulation_steps": settings.accumulation(processes), "max_steps": total,
        "learning_rate": settings.optimizer_args["lr"], "max_grad_norm": settings.max_norm,
        "lr_scheduler_type": schedule, "warmup_steps": warmup_steps(settings, data.a_pass, total),
        "bf16": settings.precision != "32-true", "use_cpu": on_cpu(),
        "gradient_checkpointing": settings.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "logging_steps": 1, "logging_nan_inf_filter": False, "disable_tqdm": True, "report_to": "none",
        "save_strategy": "steps", "save_steps": settings.save_interval or total,
        "eval_strategy": "steps" if validated else "no", "eval_steps": settings.eval_interval,
        "eval_on_start": False, "remove_unused_columns": False, "dataloader_num_workers": 0,
        "dataloader_pin_memory": not on_cpu(), "ddp_find_unused_parameters": False,
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
    arguments._n_gpu = min(1, arguments.n_gpu)  # noqa: SLF001 - transformers has no other way
    return arguments


def make_trainer(settings: Settings, arguments: Any, model: Any, data: Data, run: Any, resumed_at: int | None) -> Any:
    """The trainer with its data, ready to start."""
    from functools import partial

    from transformers import PrinterCallback

    from train.huggingface.rows import collate, order_of
    from train.huggingface.run_folder import Metrics
    from train.huggingface.trainer import PAIR_COLUMNS, Reports, trainer_class

    orpo = settings.method == "orpo"
    more = {"processing_class": _Padding(data.pad)} if orpo else {}
    trainer = trainer_class(settings.method)(
        model=model, args=arguments, train_dataset=data.train, eval_dataset=data.val if len(data.val) else None,
        data_collator=partial(collate, pad=data.pad, packed=data.packed), **more,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    if not orpo:
        # Losses are summed over tokens and divided by those of the whole step, by `compute_loss`.
        trainer.model_accepts_loss_kwargs = True
    metrics = Metrics(run.folder / "metrics.csv", tuple(PAIR_COLUMNS.values()) if orpo else ())
    first = trainer.is_world_process_zero()
    last_step = metrics.last_step() if first and resumed_at else 0
    if first:
        metrics.begin(resumed_at)
    names = settings.report_to if first else ()
    loggers_of_run = loggers.Loggers(names, run.folder, run.described, resumed_at, last_step)
    # The last before the first step: its clock runs.
    reports = Reports(loggers_of_run, LiveLoss(arguments.max_steps, resumed_at or 0) if first else None)
    order = order_of(settings, data.train.lengths, data.mixture)
    trainer.attach(settings, order, run, metrics, reports, resumed_at or 0)
    return trainer


class _Padding:
    """All that trl's trainer asks of a tokenizer when the rows are tokenised."""

    def __init__(self, pad: int) -> None:
        self.pad_token_id = pad
