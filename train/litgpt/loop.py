"""The loop of LitGPT's fine-tuning with LoRA, which can be killed at any moment and keeps the best weights.

After `fit` of LitGPT 0.5.13's finetune/lora.py (Lightning AI, Apache License 2.0), with the same numbers: the same
batches, losses (but for the last digits: logits are made of learned tokens alone) and random draws (but for those of an
adapter of the head). Beyond it: checkpoints that hold the whole state, a checkpoint at the end, the weights of the
smallest validation loss, an early end. Two faults are mended: after an example that is too long to write, LitGPT
leaves the model in evaluation, and trains on without dropout; with several processes, it hangs at its first example.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.evaluations import Evaluations
from train.litgpt import state, table
from train.litgpt.learned_tokens import litgpt_loss
from train.progress import LiveLoss
from train.run_folder import RunFolder, step_of

_COUNTS = ("raw", "raw_plus_prompt_template")
#: Names of LitGPT's report -> what is counted.
_TOKENS = ("raw_tokens", "raw_tokens_plus_prompt_template", "raw_tokens_plus_prompt_template_and_padding")


@dataclass
class Job:
    """What LitGPT gives its loop."""

    fabric: Any
    model: Any
    optimizer: Any
    scheduler: Any
    train_dataloader: Any
    val_dataloader: Any
    devices: int
    checkpoint_dir: Path
    out_dir: Path
    train: Any
    eval: Any
    data: Any
    num_nodes: int = 1

    @property
    def accumulation(self) -> int:
        """Batches that make an optimizer step, in each process."""
        return int(self.train.gradient_accumulation_iters(self.devices, self.num_nodes))


class Loop:
    """One run, from the first step or from a checkpoint on. script: LitGPT's module, whose functions it calls.

    shows: whether the losses are shown as the other backend shows them, not as LitGPT does, a line a batch.
    """

    def __init__(self, job: Job, script: Any, run: RunFolder, evaluations: Evaluations, *, shows: bool = False) -> None:
        self.job, self.script, self.run, self.evaluations = job, script, run, evaluations
        self.shows = shows and job.fabric.is_global_zero
        self.live: LiveLoss | None = None
        self.batch = self.step = self.lengths = self.resumed_at = 0
        self.tokens = dict.fromkeys(_TOKENS, 0)
        self.position = state.Position(job.train_dataloader)
        #: Of the batches of a step: tensors where they were computed here.
        self.losses: deque[Any] = deque(maxlen=job.accumulation)
        self.val_loss = "n/a"
        self.last_loss: float | None = None
        self.selected = self._unshown = 0
        #: Set -> loss, where there are several.
        self.val_losses: dict[str, float] = {}

    def fit(self) -> dict[str, Any]:
        """Train; the tokens that were read, as LitGPT reports them."""
        self._measure_rows()
        self._start()
        self._began = time.perf_counter() - self.elapsed
        if self.shows:
            self.live = LiveLoss(self._steps(), self.step)
        try:
            while self._goes_on():
                self._train_batch(self._batch)
        finally:
            if self.live is not None:
                self.live.end()
        self._end()
        device = self.job.fabric.device
        return {name: self._summed(count, device) for name, count in self.tokens.items()}

    def _summed(self, count: int, device: Any) -> float:
        import torch

        return float(self.job.fabric.all_reduce(torch.tensor(count, device=device), reduce_op="sum").item())

    def _steps(self) -> int:
        """Optimizer steps of the whole run, unless it ends early."""
        job = self.job
        steps = int(job.train.epochs * len(job.train_dataloader) // job.accumulation)
        return max(min(steps, job.train.max_steps or steps), 1)

    # ---- the start

    def _measure_rows(self) -> None:
        from litgpt.tokenizer import Tokenizer
        from torch.utils.data import ConcatDataset

        job = self.job
        self.tokenizer = Tokenizer(job.checkpoint_dir)
        rows: Any = ConcatDataset([job.train_dataloader.dataset, job.val_dataloader.dataset])
        longest, _ = self.script.get_longest_seq_length(rows)
        job.model.max_seq_length = min(longest, job.train.max_seq_length or float("inf"))
        job.fabric.print(
            f"The longest sequence length in the train data is {longest}, the model's maximum sequence length is "
            f"{job.model.max_seq_length} and context length is {job.model.config.block_size}"
        )

    def _start(self) -> None:
        """From the newest whole checkpoint, or from the first step with LitGPT's first validation."""
        from lightning.fabric.utilities import ThroughputMonitor
        from torchmetrics import RunningMean

        job, first = self.job, self.job.fabric.is_global_zero
        checkpoint, torn = self.run.last_checkpoint()
        job.fabric.barrier()
        if first:
            self.run.begin(torn=bool(torn), anew=checkpoint is None)
            table.go_on(job.fabric.logger, job.out_dir, None)
        job.fabric.barrier()
        self.throughput = ThroughputMonitor(job.fabric, window_size=50)
        self.running = RunningMean(window=job.accumulation, sync_on_compute=False).to(job.fabric.device)
        self.elapsed = 0.0
        for line in torn:
            job.fabric.print(line)
        if checkpoint is None:
            self._validate_first()
        else:
            self._resume(checkpoint)

    def _validate_first(self) -> None:
        job = self.job
        if job.eval.initial_validation:
            whole = dataclasses.replace(job.eval, max_iters=len(job.val_dataloader))
            self.val_loss = f"{self.script.validate(job.fabric, job.model, job.val_dataloader, whole):.3f}"
            return
        job.fabric.print("Verifying settings ...")
        few = dataclasses.replace(job.eval, max_iters=2)
        self.script.validate(job.fabric, job.model, job.val_dataloader, few, verbose=False)

    def _resume(self, checkpoint: Path) -> None:
        job = self.job
        saved = state.load(checkpoint / f"state-{job.fabric.global_rank}.pt", job, self.position)
        self.batch, self.step, self.lengths = saved["batch"], saved["step"], saved["lengths"]
        self.tokens, self.elapsed, self.val_loss = saved["tokens"], saved["elapsed"], saved["val_loss"]
        self.last_loss = saved["last_loss"]
        self.evaluations.extend(saved["evaluations"])
        for loss in saved["losses"]:
            self._note_loss(loss)
        self.resumed_at = step_of(checkpoint)
        if job.fabric.is_global_zero:
            table.go_on(job.fabric.logger, job.out_dir, self.batch)
        job.fabric.print(f"Going on from {checkpoint}")

    def _note_loss(self, loss: float) -> None:
        import torch

        self.losses.append(loss)
        self.running.update(torch.tensor(loss, device=self.job.fabric.device))

    # ---- a batch

    def _goes_on(self) -> bool:
        """Whether there is a batch more, taken into `_batch`."""
        job = self.job
        if self.step >= (job.train.max_steps or math.inf) or self.evaluations.reason_to_stop():
            return False
        self._batch_began = time.perf_counter()
        self.batch += 1
        self._batch = next(self.position)
        if self.position.epoch >= job.train.epochs:
            self._write_example()
            job.fabric.print(f"Number of epochs {job.train.epochs} reached, stopping training...")
            return False
        most = job.train.max_time or math.inf
        if self._batch_began - self._began > most:
            self._write_example()
            job.fabric.print(f"Max time ({most / 60.0:.2f}m) reached, stopping training...")
            return False
        return True

    def _train_batch(self, batch: dict[str, Any]) -> None:
        job = self.job
        accumulates = self.batch % job.accumulation != 0
        self._learn(batch["input_ids"], batch["labels"], accumulates)
        if not accumulates:
            job.optimizer.step()
            job.optimizer.zero_grad()
            job.scheduler.step()
            self.step += 1
        counts = [int(batch["token_counts"][name].sum().item()) for name in _COUNTS]
        for name, count in zip(_TOKENS, [*counts, batch["input_ids"].numel()], strict=True):
            self.tokens[name] += count
        self.lengths += batch["input_ids"].numel()
        if self.live is not None:
            self._show(counts[1], accumulates)
        if self.batch % job.train.log_interval == 0:
            self._log(accumulates)
        if not accumulates and self.step % job.eval.interval == 0:
            self._evaluate()
        if job.train.save_interval is not None and not accumulates and self.step % job.train.save_interval == 0:
            self._save()

    def _learn(self, ids: Any, targets: Any, accumulates: bool) -> None:
        job = self.job
        with job.fabric.no_backward_sync(job.model, enabled=accumulates):
            # Split weights are whole within a forward pass of the model alone.
            whole = job.fabric.world_size > 1
            loss = litgpt_loss(job.model, ids, targets, whole=whole, autocast=job.fabric.autocast())
            job.fabric.backward(loss / job.accumulation)
        self.running.update(loss.detach())
        self.losses.append(loss.detach())

    def _show(self, tokens: int, accumulates: bool) -> None:
        assert self.live is not None
        self._unshown += tokens * self.job.fabric.world_size
        if not accumulates:
            self.live.step(self.step, self.running.compute().item(), self._unshown)
            self._unshown = 0

    def _log(self, accumulates: bool) -> None:
        job, now = self.job, time.perf_counter()
        # Waits for the device.
        self.last_loss = self.running.compute().item()
        progress = {"batches": self.batch, "samples": self.batch * job.train.micro_batch_size, "lengths": self.lengths}
        self.throughput.update(time=now - self._began, **progress)
        self.throughput.compute_and_log(step=self.batch)
        tokens = self.tokens["raw_tokens_plus_prompt_template"]
        seconds = now - self._batch_began
        line = (
            f"Epoch {self.position.epoch + 1} | iter {self.batch} step {self.step} | loss train: {self.last_loss:.3f}, "
            f"val: {self.val_loss} | iter time: {seconds * 1000:.2f} ms{'' if accumulates else ' (step)'}"
        )
        if not self.shows:
            job.fabric.print(line)
        metrics = {
            "loss": self.last_loss, "iter": self.batch, "step": self.step, "epoch": self.position.epoch,
            "iter_time": seconds, "tokens": tokens, "total_tokens": tokens * job.fabric.world_size,
            "learning_rate": job.scheduler.get_last_lr()[0],
        }  # fmt: skip
        job.fabric.log_dict(metrics, step=self.batch)

    # ---- evaluation, and the best weights

    def _evaluate(self, example: bool = True) -> None:
        """Measure the first `eval.max_iters` batches of validation, and keep the weights where they are the best."""
        import torch

        job, began = self.job, time.perf_counter()
        own = self.script.validate(job.fabric, job.model, job.val_dataloader, job.eval)
        if example:
            self._write_example()
        job.fabric.barrier()
        seconds = time.perf_counter() - began
        reduced = job.fabric.all_reduce(own.detach().clone().to(job.fabric.device), reduce_op="mean")
        loss = float(torch.as_tensor(reduced).item())
        self.val_loss = f"{own.item():.3f}"
        if self.live is not None:
            self.live.validation(loss)
        else:
            job.fabric.print(f"iter {self.batch}: val loss {loss:.4f}, val time: {seconds * 1000:.2f} ms")
        job.fabric.log_dict({"val_loss": loss, "val_ppl": perplexity(loss)}, step=self.batch)
        if self.evaluations.add(self.step, loss) and self.evaluations.load_best:
            self._keep_best(loss)
        job.fabric.barrier()

    def _write_example(self) -> None:
        job = self.job
        # One process alone would wait for the others' parts of a split model, and hang: LitGPT's does.
        if job.fabric.world_size == 1:
            self.script.generate_example(job.fabric, job.model, self.tokenizer, job.eval, job.data)
            job.model.train()

    def _keep_best(self, loss: float) -> None:
        partial = self.run.folder / ".best"
        if self.run.best_step() == self.step:
            return
        try:
            if self.job.fabric.is_global_zero:
                partial.mkdir(parents=True, exist_ok=True)
            self.script.save_lora_checkpoint(self.job.fabric, self.job.model, partial / "lit_model.pth.lora")
            if self.job.fabric.is_global_zero:
                self.run.keep_best(self.step, loss)
        except (OSError, RuntimeError) as error:
            raise TrainError(self.run.cannot_save(self.step, error)) from error

    # ---- checkpoints

    def _save(self) -> None:
        """Written aside by all processes, then moved to its place by the first.

        Raises:
            TrainError: the disk is full or cannot be written; the older checkpoint stays.
        """
        job, checkpoint = self.job, self.run.checkpoint(self.step)
        if checkpoint.is_dir():
            return
        partial = self.run.partial / checkpoint.name
        try:
            partial.mkdir(parents=True, exist_ok=True)
            job.fabric.barrier()
            self.script.save_lora_checkpoint(job.fabric, job.model, partial / "lit_model.pth.lora")
            state.save(partial / f"state-{job.fabric.global_rank}.pt", job, self.position, self._own_state())
            job.fabric.barrier()
            if job.fabric.is_global_zero:
                self._write_settings(partial)
                table.save(job.fabric.logger)
                self.run.seal(self.step)
            job.fabric.barrier()
        except (OSError, RuntimeError) as error:
            raise TrainError(self.run.cannot_save(self.step, error)) from error

    def _own_state(self) -> dict[str, Any]:
        return {
            "batch": self.batch, "step": self.step, "lengths": self.lengths, "tokens": self.tokens,
            "elapsed": time.perf_counter() - self._began, "val_loss": self.val_loss,
            "losses": [float(loss) for loss in self.losses], "last_loss": self.last_loss,
            "evaluations": [(entry.step, entry.loss) for entry in self.evaluations.entries],
        }  # fmt: skip

    def _write_settings(self, folder: Path) -> None:
        self.script.copy_config_files(self.job.checkpoint_dir, folder)
        self.script.save_hyperparameters(self.script.setup, folder)
        self.script.save_prompt_style(self.job.data.prompt_style, folder)

    # ---- the end

    def _end(self) -> None:
        """A last measure and checkpoint, and the weights that are to be taken."""
        job = self.job
        measures = job.eval.final_validation or self.evaluations.load_best
        if self.step and measures and self.evaluations.at(self.step) is None and len(job.val_dataloader):
            self._evaluate(example=False)
        if self.step:
            self._save()
        table.save(job.fabric.logger)
        for line in filter(None, (self.evaluations.reason_to_stop(), self.evaluations.choice(self.step))):
            job.fabric.print(line)
        self.selected = self.evaluations.selected_step(self.step)
        if self.selected != self.step:
            self._take_best()
        if job.eval.final_validation:
            self._validate_sets()

    def _validate_sets(self) -> None:
        """The validation loss of each of several sets, of the weights that are taken."""
        job = self.job
        for name, loader in getattr(job.data, "val_dataloaders", dict)().items():
            whole = dataclasses.replace(job.eval, max_iters=len(loader))
            rows = job.fabric.setup_dataloaders(loader)
            loss = self.script.validate(job.fabric, job.model, rows, whole, verbose=False)
            reduced = job.fabric.all_reduce(loss.detach().clone().to(job.fabric.device), reduce_op="mean")
            self.val_losses[name] = float(reduced.item())
            job.fabric.print(f"validation loss of {name}: {self.val_losses[name]:.4f}")

    def _take_best(self) -> None:
        if self.run.best_step() != self.selected:
            self.job.fabric.print(f"{self.run.best} is torn: the weights of the last step are taken")
            self.selected = self.step
            return
        state.load_weights(self.run.best / "lit_model.pth.lora", self.job.model)

    def remove_last_checkpoint(self) -> None:
        """Drop the checkpoint of the end, which only a kill before `final` is whole would need."""
        if not self.job.train.save_interval or self.step % self.job.train.save_interval:
            shutil.rmtree(self.run.checkpoint(self.step), ignore_errors=True)

    def outcome(self, val_loss: float | None) -> dict[str, Any]:
        """What is said of the run. val_loss: of the weights that were taken, over all validation rows."""
        best, measured = self.evaluations.best, self.evaluations.at(self.selected)
        parameters = list(self.job.model.parameters())
        return {
            "final": str(self.run.folder / "final"), "steps": self.step, "resumed_at": self.resumed_at,
            "loss": self.last_loss, "val_loss": measured.loss if val_loss is None and measured else val_loss,
            "val_loss_of_sets": self.val_losses,
            "best": {"step": best.step, "val_loss": best.loss} if best else None,
            "weights_of_step": self.selected, "stopped_early": self.evaluations.reason_to_stop(),
            "trained": sum(each.numel() for each in parameters if each.requires_grad),
            "parameters": sum(each.numel() for each in parameters),
            "rows": len(self.job.train_dataloader.dataset), "seconds": round(time.perf_counter() - self._began, 2),
        }  # fmt: skip


def perplexity(loss: float) -> float:
    """exp(loss), infinite where it is too large for a float."""
    try:
        return math.exp(loss)
    except OverflowError:
        return math.inf
