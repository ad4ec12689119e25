"""Trainers that can be killed at any moment: what transformers' Trainer and trl's ORPOTrainer do not do by themselves.

Order of the rows by (seed, epoch) alone, checkpoints that are whole or absent, a loss row for each step, an evaluation
that weighs tokens and not batches, and a stop at the first loss that is not a number.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from train.errors import TrainError
from train.evaluations import Evaluations
from train.huggingface.learned_tokens import losses_of
from train.huggingface.loggers import Loggers
from train.huggingface.model import sharded
from train.huggingface.rows import Order
from train.huggingface.run_folder import PRECISION, Metrics
from train.huggingface.settings import Settings
from train.progress import LiveLoss
from train.run_folder import RunFolder

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Trainer as _Base
else:
    _Base = object

#: trl's names of what it logs of a step -> columns of metrics.csv.
PAIR_COLUMNS = {"nll_loss": "sft_loss", "log_odds_ratio": "log_odds_ratio", "rewards/accuracies": "preferred"}


class Reports(NamedTuple):
    """Who is told of the losses besides metrics.csv. live: the line on the terminal, None in all processes but one."""

    loggers: Loggers
    live: LiveLoss | None

    def end(self) -> None:
        """Nothing more will come."""
        if self.live is not None:
            self.live.end()
        self.loggers.end()


class Steady(_Base):
    """A mixin before a Trainer; `attach` gives it the run's folder."""

    def attach(
        self, settings: Settings, order: Order, run: RunFolder, metrics: Metrics, reports: Reports, step: int = 0
    ) -> None:
        """step: of the checkpoint that the run goes on from."""
        self.settings = settings
        self.order = order
        self.run = run
        self.metrics = metrics
        self.reports = reports
        self._tokens: Any = 0
        self._saving = False
        self._ended = time.monotonic()
        self._seconds = 0.0
        # Of a run that was killed after its last step, the table tells.
        self.last_loss = (metrics.last("loss") or (0, None))[1]
        self.last_val = metrics.last("val_loss")
        self.evaluations = Evaluations(settings.patience, settings.min_delta, settings.load_best_model_at_end)
        self.evaluations.extend(metrics.evaluations(step) if step else ())

    # ---- order of rows

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:  # noqa: ARG002 - transformers' signature
        return self.order

    def _run_epoch(self, model: Any, epoch: int, *words: Any, **more: Any) -> None:
        # Accelerate hands the epoch on through two layers of samplers; resumed and distributed, there are three.
        self.order.set_epoch(epoch)
        if self.evaluations.reason_to_stop():
            # Killed after it had stopped early, before its end was written.
            self.control.should_training_stop = True
            return
        if self.settings.initial_validation and self.eval_dataset is not None and self.state.global_step == 0:
            self.evaluate()
            self._ended = time.monotonic()
        super()._run_epoch(model, epoch, *words, **more)

    # ---- the optimizer the recipe names

    def create_optimizer(self, model: Any = None) -> Any:
        if self.optimizer is None:
            self.optimizer = make_optimizer(self.settings, self.model if model is None else model)
        return self.optimizer

    # ---- a step's end

    def _maybe_log_save_evaluate(self, tr_loss: Tensor, grad_norm: Any, model: Any, *words: Any, **more: Any) -> None:
        """At the end of each step and epoch: stop on NaN before anything is logged or saved."""
        for name, value in (("loss", tr_loss), ("gradient", grad_norm)):
            if value is not None and not math.isfinite(float(value)):
                raise TrainError(self._not_a_number(name))
        self._seconds = time.monotonic() - self._ended
        super()._maybe_log_save_evaluate(tr_loss, grad_norm, model, *words, **more)
        self._ended = time.monotonic()

    def _not_a_number(self, what: str) -> str:
        checkpoints = self.run.checkpoints()
        stays = f"; {checkpoints[-1]} stays" if checkpoints else ""
        rate = self.settings.optimizer_args["lr"]
        return (
            f"the {what} of step {self.state.global_step} is not a number: lower optimizer.init_args.lr ({rate:g}), "
            f"raise train.lr_warmup_steps, or look for rows of endless repetition{stays}"
        )

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Rows of metrics.csv instead of a history that every checkpoint would write again."""
        super().log(logs, start_time)
        self.state.log_history = []
        step = self.state.global_step
        if "loss" in logs:
            self.last_loss = logs["loss"]
        if not self.is_world_process_zero():
            return
        self._report(step, logs)
        more = {column: logs[name] for name, column in PAIR_COLUMNS.items() if name in logs}
        if "loss" in logs and (step % self.settings.log_interval == 0 or step == self.state.max_steps):
            self._add_row(
                step=step, loss=logs["loss"], iter_time=self._seconds, learning_rate=logs["learning_rate"],
                grad_norm=logs.get("grad_norm"), epoch=logs.get("epoch"), **more,
            )  # fmt: skip
        elif "eval_loss" in logs:
            more = {"preferred": logs["eval_preferred"]} if "eval_preferred" in logs else {}
            self._add_row(step=step, val_loss=logs["eval_loss"], epoch=logs.get("epoch"), **more)

    def _add_row(self, **row: float | int | None) -> None:
        self.reports.loggers.add(row)
        self.metrics.add(**row)

    def _report(self, step: int, logs: dict[str, float]) -> None:
        if self.reports.live is None:
            return
        if "eval_loss" in logs:
            self.reports.live.validation(logs["eval_loss"])
        if "loss" in logs:
            # Of this process, which is as busy as the others.
            tokens, self._tokens = float(self._tokens) * self.accelerator.num_processes, 0
            self.reports.live.step(step, logs["loss"], tokens)

    def training_step(self, model: Any, inputs: dict[str, Any], *words: Any, **more: Any) -> Any:
        """As transformers'; counts the tokens read, without waiting for the device."""
        for name, mask in inputs.items():
            if name.endswith("attention_mask"):
                self._tokens = self._tokens + mask.sum()
        return super().training_step(model, inputs, *words, **more)

    # ---- evaluation

    def measure(self, model: Any, batch: dict[str, Any]) -> list[float]:
        """[loss summed, items it is summed over, …] of a batch: tokens here, pairs in ORPO."""
        loss, _ = self.summed_loss(model, batch)
        return [float(loss), float((batch["labels"][:, 1:] != -100).sum())]

    def summed_loss(self, model: Any, batch: dict[str, Any]) -> tuple[Tensor, Any]:
        """(cross-entropy summed over the learned tokens of a batch, the model's outputs, with their logits alone)."""
        head = self.accelerator.unwrap_model(model, keep_torch_compile=False).get_output_embeddings()
        result = losses_of(model, head, batch["labels"], read_by_model(batch), self.accelerator.autocast())
        return result.losses.sum(), result.outputs

    def evaluate(self, *_words: Any, whole: bool = False, **_more: Any) -> dict[str, float]:
        """Measure the validation rows, note it in the table, and keep the weights where they are the best.

        whole: over all rows, not the first `eval.max_iters` batches' worth; a measure of other rows decides nothing.
        """
        logs = self.validation_losses(whole)
        self.last_val = (self.state.global_step, logs["eval_loss"])
        self.log(dict(logs))
        if not whole:
            self._judge(logs["eval_loss"])
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, logs)
        return logs

    def validation_losses(self, whole: bool, among: Any = None) -> dict[str, float]:
        """Loss per item over the validation rows: a token of a short row weighs as much as one of a long row.

        among: numbers of the rows that are measured; None: all.
        """
        import torch

        rows: Any = self.eval_dataset
        model: Any = self.model
        most = len(rows) if whole else self.settings.eval_max_iters
        batches = rows.batches(self.settings.micro_batch_size, most, among)
        process, count = self.accelerator.process_index, self.accelerator.num_processes
        model.eval()
        total = torch.zeros(3, dtype=torch.float64)
        with torch.no_grad():
            # Split models compute together: a process without a batch left takes any, and does not count it.
            for first in range(0, len(batches), count):
                mine = first + process
                batch = self._prepare_inputs(
                    self.data_collator([rows[index] for index in batches[mine % len(batches)]])
                )
                measures = self.measure(model, batch)
                if mine < len(batches):
                    total += torch.tensor([*measures, 0.0][:3], dtype=torch.float64)
        model.train()
        total = self.accelerator.reduce(total.to(self.args.device), "sum").cpu()
        logs = {"eval_loss": float(total[0] / total[1].clamp(min=1))}
        if self.settings.method == "orpo":
            logs["eval_preferred"] = float(total[2] / total[1].clamp(min=1))
        return logs

    # ---- the best weights

    def _judge(self, loss: float) -> None:
        """Keep the weights where they are the best; end the run where the losses stopped falling."""
        step = self.state.global_step
        # As the table has it: a run that goes on reads it there.
        rounded = float(f"{loss:{PRECISION}}")
        if self.evaluations.add(step, rounded) and self.settings.load_best_model_at_end:
            self._keep_best(step, rounded)
        if self.evaluations.reason_to_stop():
            self.control.should_training_stop = True

    def _keep_best(self, step: int, loss: float) -> None:
        from safetensors import SafetensorError

        if self.run.best_step() == step:
            # Measured again after a kill.
            return
        try:
            self.save_adapter(self.run.folder / ".best")
            if self.is_world_process_zero():
                self.run.keep_best(step, loss)
            self.accelerator.wait_for_everyone()
        except (OSError, RuntimeError, SafetensorError, TrainError) as error:
            raise TrainError(self.run.cannot_save(step, error)) from error

    def save_adapter(self, folder: Path) -> None:
        """The adapter's files, written by the first process; of a split model, put together."""
        plugin: Any = self.accelerator.state.fsdp_plugin if self.is_fsdp_enabled else None
        before = plugin.state_dict_type if plugin else None
        if plugin:
            # Checkpoints are saved in shards.
            plugin.set_state_dict_type("FULL_STATE_DICT")
        self.save_model(str(folder))
        if plugin:
            plugin.set_state_dict_type(before)

    def load_best(self) -> bool:
        """Take the best weights into the model; False where it is split among processes."""
        from peft import load_peft_weights, set_peft_model_state_dict

        if self.is_fsdp_enabled:
            return False
        weights = load_peft_weights(str(self.run.best), device=str(self.args.device))
        set_peft_model_state_dict(self.accelerator.unwrap_model(self.model), weights)
        return True

    # ---- checkpoints

    def _get_output_dir(self, trial: Any) -> str:  # noqa: ARG002 - transformers' signature
        return str(self.run.partial if self._saving else self.run.folder)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Written aside by all processes, then moved to its place by the first.

        Raises:
            TrainError: the disk is full or cannot be written; the older checkpoint stays.
        """
        from safetensors import SafetensorError

        step = self.state.global_step
        if self.run.checkpoint(step).is_dir():
            return
        self._saving = True
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.is_world_process_zero():
                self.run.seal(step)
            self.accelerator.wait_for_everyone()
        except (OSError, RuntimeError, SafetensorError, TrainError) as error:
            raise TrainError(self.run.cannot_save(step, error)) from error
        finally:
            self._saving = False

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        import torch

        if checkpoint is None or self.args.world_size == 1 or self.args.device.type != "cpu":
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        # transformers 5.3 asks for the device "cpu:0" here, which torch.load does not know.
        for part, name in ((self.optimizer, "optimizer.pt"), (self.lr_scheduler, "scheduler.pt")):
            whole: Any = part
            whole.load_state_dict(torch.load(Path(checkpoint) / name, map_location="cpu", weights_only=True))

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """The adapter alone: the tokenizer does not change, and PEFT would add whole embeddings for lora_head."""
        model = self.accelerator.unwrap_model(self.model, keep_torch_compile=False)
        model.save_pretrained(output_dir, state_dict=state_dict, save_embedding_layers=False)
        card = Path(output_dir or "") / "README.md"
        card.unlink(missing_ok=True)

    def create_model_card(self, *words: Any, **more: Any) -> None:
        """None: trl would write a README into out_dir with every checkpoint."""

    def _send_telemetry(self) -> None:
        """None: trl reports each start to its makers."""


class Sft(Steady):
    """Supervised fine-tuning: every learned token of an optimizer step weighs the same, wherever it is."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        summed, outputs = self.summed_loss(model, inputs)
        # The gradient is averaged over processes, the count is of all of them.
        loss = summed / num_items_in_batch * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


class Orpo(Steady):
    """ORPO: batches are pairs."""

    def measure(self, model: Any, batch: dict[str, Any]) -> list[float]:
        from train.huggingface.orpo import orpo_loss

        trainer: Any = self
        chosen, rejected, *_ = trainer.concatenated_forward(model, batch)
        losses = orpo_loss(chosen, rejected, self.settings.orpo_beta)
        return [float(losses.sum()), float(len(losses)), float((chosen > rejected).sum())]


def read_by_model(batch: dict[str, Any]) -> dict[str, Any]:
    """What of a batch the model reads: tokens, and a mask of them, or the places in their documents."""
    return {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids") if name in batch}


def make_optimizer(settings: Settings, model: Any) -> Any:
    """The recipe's optimizer over what is trained; vectors (DoRA's magnitudes, biases) are not decayed."""
    import importlib

    module, _, name = settings.optimizer.rpartition(".")
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    decay = settings.optimizer_args.get("weight_decay", 0.0)
    # FSDP flattens all weights to vectors.
    decayed = [weight for weight in trained if weight.dim() > 1 or sharded()]
    rest = [weight for weight in trained if weight.dim() <= 1 and not sharded()]
    groups = [{"params": decayed, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
    try:
        return getattr(importlib.import_module(module), name)(
            [group for group in groups if group["params"]], **settings.optimizer_args
        )
    except (TypeError, ValueError) as error:
        raise TrainError(f"optimizer {settings.optimizer} refuses its init_args: {error}") from error


def trainer_class(method: str) -> type:
    """The trainer of a method; built here, since its base classes are slow to import."""
    if method == "orpo":
        from trl.experimental.orpo import ORPOTrainer

        from train.huggingface.orpo import PaperLoss

        return type("OrpoRun", (Orpo, PaperLoss, ORPOTrainer), {})
    from transformers import Trainer

    return type("SftRun", (Sft, Trainer), {})
