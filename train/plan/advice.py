"""What to change where a recipe does not fit: one change after the other, the harmless ones first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from train.errors import TrainError
from train.plan.job import PlannedRun, huggingface_shape
from train.plan.memory import Footprint

#: Lengths that are tried, longest first.
_LENGTHS = (8192, 6144, 4096, 3072, 2048, 1536, 1024, 768, 512, 384, 256)
#: A change that saves less is not worth telling.
_LEAST = 0.01


@dataclass(frozen=True)
class Step:
    """A change made after those before it: bytes needed afterwards, and what it saved."""

    change: str
    cost: str
    needed: int
    saved: int


@dataclass(frozen=True)
class Advice:
    """The changes that together fit, or the most that can be done."""

    steps: tuple[Step, ...]
    fits: bool


Measure = Callable[[PlannedRun], tuple[Footprint, int]]
Change = tuple[str, str, PlannedRun]


def advise(run: PlannedRun, size: int, memory: int, measure: Measure) -> Advice:
    """Changes in their order until the recipe fits.

    size: bytes the recipe takes. memory: bytes there are. measure: -> (footprint, bytes needed).
    """
    steps: list[Step] = []
    for make in (_micro_batches, _recompute, _quantise, _double, _optimizer, _other_backend, _lengths, _rank):
        for change, cost, tried in make(run):
            _, now = measure(tried)
            if size - now < _LEAST * size:
                continue
            steps.append(Step(change, cost, now, size - now))
            run, size = tried, now
            if size <= memory:
                return Advice(tuple(steps), True)
    return Advice(tuple(steps), False)


def _micro_batches(run: PlannedRun) -> Iterator[Change]:
    size = run.micro_batch
    while size > 1:
        size = next(each for each in range(size // 2, 0, -1) if run.global_batch // run.processes % each == 0)
        yield (
            f"train.micro_batch_size: {size}",
            "the same result; less of the GPU is used at once",
            _changed(run, micro_batch=size, micro_batch_size=size),
        )


def _recompute(run: PlannedRun) -> Iterator[Change]:
    if run.backend == "huggingface" and not run.recompute:
        yield (
            "gradient_checkpointing: true",
            "the same result; a third more arithmetic",
            _changed(run, recompute=True, gradient_checkpointing=True),
        )


def _quantise(run: PlannedRun) -> Iterator[Change]:
    if run.quantize is None and not (run.backend == "litgpt" and run.processes > 1):
        more: dict[str, Any] = {}
        if run.precision.endswith("mixed") or run.precision.startswith("32"):
            more["precision"] = "bf16-true"
        if run.backend == "litgpt":
            more["optimizer"] = "bitsandbytes.optim.PagedAdamW"
        yield (
            "quantize: bnb.nf4" + (", precision: bf16-true" if "precision" in more else ""),
            "weights in 4 bits: a little quality, and some time for unpacking",
            _changed(run, quantize="nf4", **more),
        )


def _double(run: PlannedRun) -> Iterator[Change]:
    if run.quantize in ("nf4", "fp4"):
        yield "quantize: bnb.nf4-dq", "hardly any quality", _changed(run, quantize="nf4-dq", double_quant=True)


def _optimizer(run: PlannedRun) -> Iterator[Change]:
    if run.backend == "huggingface" and not run.optimizer.startswith("bitsandbytes.optim.Paged"):
        name = "bitsandbytes.optim.PagedAdamW8bit"
        yield f"optimizer: {name}", "moments in 8 bits, in paged memory", _changed(run, optimizer=name)


def _other_backend(run: PlannedRun) -> Iterator[Change]:
    """LitGPT computes blocks anew on several GPUs only, and holds the embedding twice when it quantises."""
    if run.backend != "litgpt" or run.processes > 1:
        return
    from train.huggingface.settings import Settings

    try:
        shape, source = huggingface_shape(run.checkpoint)
    except TrainError:
        return
    adapter = {key: getattr(run.shape, key) for key in vars(run.shape) if key.startswith("lora_")}
    settings = Settings(
        checkpoint_dir=str(run.checkpoint), precision=run.precision, gradient_checkpointing=True,
        micro_batch_size=run.micro_batch, global_batch_size=run.global_batch, epochs=run.epochs,
        max_steps=run.max_steps, optimizer=run.optimizer, **_quantised(run.quantize), **adapter,
    )  # fmt: skip
    yield (
        "backend: huggingface, gradient_checkpointing: true, checkpoint_dir: the model in Hugging Face form",
        "a third more arithmetic; run with train finetune",
        dataclasses.replace(
            run, backend="huggingface", shape=shape, shape_from=source, recompute=True, settings=settings
        ),
    )


def _lengths(run: PlannedRun) -> Iterator[Change]:
    for length in _LENGTHS:
        if length < run.max_seq_length:
            yield (
                f"train.max_seq_length: {length}",
                "longer rows lose material",
                _changed(run, max_seq_length=length),
            )


def _rank(run: PlannedRun) -> Iterator[Change]:
    shape = run.settings or run.shape
    if shape.lora_r > 8:
        yield "lora_r: 8", "a smaller adapter learns less", _changed(run, lora_r=8)


def _quantised(kind: str | None) -> dict[str, Any]:
    if kind is None:
        return {}
    return {"quantize": kind.removesuffix("-dq"), "double_quant": kind.endswith("-dq")}


def _changed(run: PlannedRun, **more: Any) -> PlannedRun:
    """The recipe with a change, in all the places that hold it."""
    own = {field.name for field in dataclasses.fields(run)}
    mine = {key: value for key, value in more.items() if key in own}
    if run.settings is not None:
        settings = {**more, **_quantised(more["quantize"])} if "quantize" in more else dict(more)
        names = {field.name for field in dataclasses.fields(run.settings)}
        mine["settings"] = dataclasses.replace(
            run.settings, **{key: value for key, value in settings.items() if key in names}
        )
    elif "lora_r" in more:
        mine["shape"] = dataclasses.replace(run.shape, lora_r=more["lora_r"])
    return dataclasses.replace(run, **mine)
