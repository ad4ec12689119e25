"""The plan of a recipe: rows, steps, memory, and each GPU's time, energy and cost, as plain values."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from train.plan.dataset_size import Assumed, Rows, Steps, rows_of, steps_of
from train.plan.gpus import CPU, GIB, Gpu, Table, bytes_needed, overheads, seconds
from train.plan.memory import PARTS, Footprint
from train.recipes import load, path_of

if TYPE_CHECKING:
    from train.plan.advice import Advice
    from train.plan.job import PlannedRun

#: A 24 GB card is what the recipes are made for, where no GPU is named or found.
_USUAL = "L4"


def plan_of(options: argparse.Namespace, table: Table, gpus: list[Gpu], prices: dict[str, float]) -> dict[str, Any]:
    """The plan as plain values, ready for JSON. Memory in bytes, time in seconds."""
    from train.plan.job import planned_run

    run = planned_run(load(options.config[0], options.config[1:]))
    status = _StatusLine()
    status.say("counting rows")
    rows = rows_of(run, Assumed(options.rows, options.tokens, options.chars_per_token))
    steps = steps_of(run, rows)
    status.say("running a step without contents")
    footprint = measured(run, rows)
    mean = mean_footprint(run, rows, footprint)
    fits = [on_gpu(gpu, run, rows, steps, footprint, mean, table, prices) for gpu in gpus]
    cpu = None
    if not options.gpu or CPU in map(str.lower, options.gpu):
        status.say("measuring this machine")
        cpu = on_cpu(run, rows, steps, footprint, mean)
    advice = None if options.no_advice or not gpus else _advice(options, table, gpus, run, rows, footprint, status)
    plan: dict[str, Any] = {
        "recipe": [str(path_of(path)) for path in options.config], "backend": run.backend, "method": run.method,
        "model": run.checkpoint.name, "sizes_from": run.shape_from, "precision": run.precision,
        "quantize": run.quantize, "optimizer": run.optimizer, "processes": run.processes,
        "parameters": footprint.total - footprint.trainable, "trainable": footprint.trainable,
        "data": asdict(rows) | {"learned_share": rows.learned_share},
        "micro_batch": run.micro_batch, "accumulation": run.accumulation,
        "rows_a_step": run.micro_batch * run.accumulation * run.processes,
        "length": length_of(run, rows), "recompute": run.recompute,
        "stable_embedding": run.stable_embedding, "steps": asdict(steps),
        "memory": memory_of(footprint, table), "gpus": fits, "cpu": cpu, "advice": advice,
        "long_rows": _long_rows(run, rows, table, status) if not options.no_advice else None,
    }  # fmt: skip
    status.end()
    return plan


def on_cpu(run: PlannedRun, rows: Rows, steps: Steps, longest: Footprint, mean: Footprint) -> dict[str, Any]:
    """The row of this machine's CPU, as `on_gpu`'s; `probe`: what was measured."""
    from train.plan.cpu import HOST_OVERHEAD, probe

    machines = probe(run.precision)
    need, room = longest.allocated + longest.paged + HOST_OVERHEAD, machines[0].memory
    each = [machine.time(mean.work) for machine in machines]
    positions = _positions(run, rows)
    return {
        "name": "CPU", "memory": room / GIB, "needed": need, "fits": need <= room, "free": room - need, "bf16": True,
        # LitGPT quantises on CUDA only.
        "usable": not (run.backend == "litgpt" and run.quantize), "micro_batch_seconds": each,
        "tokens_a_second": [positions / time for time in each[::-1]], "kwh": None, "cost": None,
        "seconds": _whole(steps, each, [machine.time(mean.validation_work) for machine in machines]),
        "probe": asdict(machines[0]),
    }  # fmt: skip


def _positions(run: PlannedRun, rows: Rows) -> float:
    """Tokens of a mean micro-batch, padding included."""
    return rows.mean_batch or run.micro_batch * length_of(run, rows) * (2 if run.method == "orpo" else 1)


def _whole(steps: Steps, training: list[float], validation: list[float]) -> list[float] | None:
    """Seconds of a run, from those of a micro-batch and of a batch of validation; None where steps are not known."""
    if steps.micro_batches is None:
        return None
    return [
        steps.micro_batches * train_time + steps.validation_batches * validation_time
        for train_time, validation_time in zip(training, validation, strict=True)
    ]


def _long_rows(run: PlannedRun, rows: Rows, table: Table, status: _StatusLine) -> dict[str, Any] | None:
    """What becomes of rows longer than max_seq_length; None where there are none, or nobody knows."""
    from train.plan.job import context_length
    from train.plan.long_rows import long_rows, whole_lengths

    if not rows.exact or not any("cut" in line or "dropped" in line for line in rows.over):
        return None
    lengths = whole_lengths(run)
    if lengths is None:
        return None
    status.say("looking at long rows")

    def measure(changed: PlannedRun, length: int) -> tuple[Footprint, int]:
        footprint = measured(changed, rows, length)
        return footprint, bytes_needed(footprint, table.overhead)

    most = run.shape.block_size if run.backend == "litgpt" else context_length(run.shape)
    outcome = long_rows(run, lengths, rows.tokens or 0, measure, most)
    return asdict(outcome) if outcome else None


def length_of(run: PlannedRun, rows: Rows) -> int:
    """Tokens of the longest row, which decides what must fit."""
    return max(2, min(rows.longest, run.max_seq_length))


def measured(run: PlannedRun, rows: Rows, length: int | None = None) -> Footprint:
    """What a step with rows of that length takes; the longest row's where none is given."""
    from train.plan.meta_models import measure

    return measure(run.job(length or length_of(run, rows), rows.learned_share))


def mean_footprint(run: PlannedRun, rows: Rows, longest: Footprint) -> Footprint:
    """Of a mean batch: it decides the time. The longest row's where no lengths are known."""
    if rows.mean_batch is None:
        return longest
    each = run.micro_batch * (2 if run.method == "orpo" else 1)
    return measured(run, rows, max(2, round(rows.mean_batch / each)))


def memory_of(footprint: Footprint, table: Table) -> dict[str, Any]:
    """Bytes by part, with the assumed overheads."""
    more = overheads(footprint, table.overhead)
    return {
        "parts": {part: footprint.parts.get(part, 0) for part in PARTS}, "training": footprint.training,
        "validation": footprint.validation, "allocated": footprint.allocated, "paged": footprint.paged, **more,
        "needed": bytes_needed(footprint, table.overhead),
    }  # fmt: skip


def on_gpu(
    gpu: Gpu, run: PlannedRun, rows: Rows, steps: Steps, longest: Footprint, mean: Footprint, table: Table,
    prices: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Whether it fits there, and the range of time, energy and cost of the whole run."""
    room = gpu.memory * GIB
    need = bytes_needed(longest, table.overhead)
    usable = gpu.bf16 or not run.precision.startswith("bf16")
    each = [seconds(mean.work, gpu, reach, run.precision) for reach in (table.fast, table.slow)]
    figures: dict[str, Any] = {
        "name": gpu.name, "memory": gpu.memory, "fits": need <= room, "free": round(room - need), "bf16": usable,
        "micro_batch_seconds": each, "seconds": None, "kwh": None, "cost": None,
        "tokens_a_second": None,
    }  # fmt: skip
    figures["tokens_a_second"] = [_positions(run, rows) * run.processes / time for time in each[::-1]]
    validation = [seconds(mean.validation_work, gpu, reach, run.precision) for reach in (table.fast, table.slow)]
    if (whole := _whole(steps, each, validation)) is not None:
        figures |= {"seconds": whole, **_costs(gpu, run, whole, prices)}
    return figures


def _costs(gpu: Gpu, run: PlannedRun, whole: list[float], prices: dict[str, float]) -> dict[str, Any]:
    kwh = [time * gpu.watts * run.processes / 3.6e6 for time in whole]
    hourly = prices.get(gpu.name.lower().replace(" ", ""))
    if hourly is not None:
        return {"kwh": kwh, "cost": [time / 3600 * hourly * run.processes for time in whole]}
    return {"kwh": kwh, "cost": [each * prices["kwh"] for each in kwh] if "kwh" in prices else None}


def _advice(
    options: argparse.Namespace, table: Table, gpus: list[Gpu], run: PlannedRun, rows: Rows, footprint: Footprint,
    status: _StatusLine,
) -> dict[str, Any] | None:  # fmt: skip
    """For the smallest GPU asked for, or the usual one; None where it fits."""
    from train.plan.advice import advise

    gpu = min(gpus, key=lambda each: each.memory) if options.gpu else table.gpus.get(_USUAL, gpus[0])
    need = bytes_needed(footprint, table.overhead)
    if need <= gpu.memory * GIB:
        return None

    def measure(changed: PlannedRun) -> tuple[Footprint, int]:
        status.say("trying what to change")
        footprint = measured(changed, rows)
        return footprint, bytes_needed(footprint, table.overhead)

    advice: Advice = advise(run, need, int(gpu.memory * GIB), measure)
    return {"gpu": gpu.name, "memory": gpu.memory} | asdict(advice)


class _StatusLine:
    """What is being done, on one line of a terminal's stderr."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    def say(self, what: str) -> None:
        if self._terminal:
            print(f"\r\x1b[Kplan: {what} …", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
