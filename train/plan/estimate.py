"""The plan of a recipe: rows, steps, memory, and each GPU's time, energy and cost, as plain values."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from train.plan.dataset_size import Assumed, Rows, Steps, rows_of, steps_of
from train.plan.gpus import GIB, Gpu, Table, needed, overheads, seconds
from train.plan.memory import PARTS, Footprint
from train.recipes import load, path_of

if TYPE_CHECKING:
    from train.plan.advice import Advice
    from train.plan.job import Asked

#: A 24 GB card is what the recipes are made for, where no GPU is named or found.
_USUAL = "L4"


def plan_of(options: argparse.Namespace, table: Table, gpus: list[Gpu], prices: dict[str, float]) -> dict[str, Any]:
    """The plan as plain values, ready for JSON. Memory in bytes, time in seconds."""
    from train.plan.job import read

    asked = read(load(options.config[0], options.config[1:]))
    told = _Told()
    told.say("counting rows")
    rows = rows_of(asked, Assumed(options.rows, options.tokens, options.chars_per_token))
    steps = steps_of(asked, rows)
    told.say("running a step without contents")
    footprint = measured(asked, rows)
    mean = mean_footprint(asked, rows, footprint)
    fits = [on_gpu(gpu, asked, rows, steps, footprint, mean, table, prices) for gpu in gpus]
    advice = None if options.no_advice else _advice(options, table, gpus, asked, rows, footprint, told)
    told.end()
    return {
        "recipe": [str(path_of(path)) for path in options.config], "backend": asked.backend, "method": asked.method,
        "model": asked.checkpoint.name, "sizes_from": asked.shape_from, "precision": asked.precision,
        "quantize": asked.quantize, "optimizer": asked.optimizer, "processes": asked.processes,
        "parameters": footprint.total - footprint.trainable, "trainable": footprint.trainable,
        "data": asdict(rows) | {"learned_share": rows.learned_share},
        "micro_batch": asked.micro_batch, "accumulation": asked.accumulation,
        "rows_a_step": asked.micro_batch * asked.accumulation * asked.processes,
        "length": length_of(asked, rows), "recompute": asked.recompute,
        "stable_embedding": asked.stable_embedding, "steps": asdict(steps),
        "memory": memory_of(asked, footprint, table), "gpus": fits, "advice": advice,
    }  # fmt: skip


def length_of(asked: Asked, rows: Rows) -> int:
    """Tokens of the longest row, which decides what must fit."""
    return max(2, min(rows.longest, asked.max_seq_length))


def measured(asked: Asked, rows: Rows, length: int | None = None) -> Footprint:
    from train.plan.meta_models import measure

    return measure(asked.job(length or length_of(asked, rows), rows.learned_share))


def mean_footprint(asked: Asked, rows: Rows, longest: Footprint) -> Footprint:
    """Of a mean batch: it decides the time. The longest row's where no lengths are known."""
    if rows.mean_batch is None:
        return longest
    each = asked.micro_batch * (2 if asked.method == "orpo" else 1)
    return measured(asked, rows, max(2, round(rows.mean_batch / each)))


def memory_of(asked: Asked, footprint: Footprint, table: Table) -> dict[str, Any]:
    more = overheads(footprint, table.overhead)
    return {
        "parts": {part: footprint.parts.get(part, 0) for part in PARTS}, "training": footprint.training,
        "validation": footprint.validation, "allocated": footprint.allocated, "paged": footprint.paged, **more,
        "needed": needed(footprint, table.overhead),
    }  # fmt: skip


def on_gpu(
    gpu: Gpu, asked: Asked, rows: Rows, steps: Steps, longest: Footprint, mean: Footprint, table: Table,
    prices: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Whether it fits there, and the range of time, energy and cost of the whole run."""
    room = gpu.memory * GIB
    need = needed(longest, table.overhead)
    usable = gpu.bf16 or not asked.precision.startswith("bf16")
    each = [seconds(mean.work, gpu, reach, asked.precision) for reach in (table.fast, table.slow)]
    found: dict[str, Any] = {
        "name": gpu.name, "memory": gpu.memory, "fits": need <= room, "free": round(room - need), "bf16": usable,
        "micro_batch_seconds": each, "seconds": None, "kwh": None, "cost": None,
        "tokens_a_second": None,
    }  # fmt: skip
    sequences = 2 if asked.method == "orpo" else 1
    positions = rows.mean_batch or asked.micro_batch * length_of(asked, rows) * sequences
    found["tokens_a_second"] = [positions * asked.processes / time for time in each[::-1]]
    if steps.micro_batches is not None:
        validation = [seconds(mean.validation_work, gpu, reach, asked.precision) for reach in (table.fast, table.slow)]
        whole = [
            steps.micro_batches * one + steps.validation_batches * other
            for one, other in zip(each, validation, strict=True)
        ]
        found |= {"seconds": whole, **_costs(gpu, asked, whole, prices)}
    return found


def _costs(gpu: Gpu, asked: Asked, whole: list[float], prices: dict[str, float]) -> dict[str, Any]:
    kwh = [time * gpu.watts * asked.processes / 3.6e6 for time in whole]
    hourly = prices.get(gpu.name.lower().replace(" ", ""))
    if hourly is not None:
        return {"kwh": kwh, "cost": [time / 3600 * hourly * asked.processes for time in whole]}
    return {"kwh": kwh, "cost": [each * prices["kwh"] for each in kwh] if "kwh" in prices else None}


def _advice(
    options: argparse.Namespace, table: Table, gpus: list[Gpu], asked: Asked, rows: Rows, footprint: Footprint,
    told: _Told,
) -> dict[str, Any] | None:  # fmt: skip
    """For the smallest GPU asked for, or the usual one; None where it fits."""
    from train.plan.advice import advise

    gpu = min(gpus, key=lambda each: each.memory) if options.gpu else table.gpus.get(_USUAL, gpus[0])
    need = needed(footprint, table.overhead)
    if need <= gpu.memory * GIB:
        return None

    def measure(changed: Asked) -> tuple[Footprint, int]:
        told.say("trying what to change")
        found = measured(changed, rows)
        return found, needed(found, table.overhead)

    found: Advice = advise(asked, need, int(gpu.memory * GIB), measure)
    return {"gpu": gpu.name, "memory": gpu.memory} | asdict(found)


class _Told:
    """What is being done, on one line of a terminal's stderr."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    def say(self, what: str) -> None:
        if self._terminal:
            print(f"\r\x1b[Kplan: {what} …", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
