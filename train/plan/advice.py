"""What to change where a recipe does not fit: one change after the other, the harmless ones first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from train.errors import TrainError
from train.plan.job import Asked, huggingface_shape
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


Measure = Callable[[Asked], tuple[Footprint, int]]
Change = tuple[str, str, Asked]


def advise(asked: Asked, needed: int, memory: int, measure: Measure) -> Advice:
    """Changes in their order until the recipe fits.

    needed: bytes the recipe takes. memory: bytes there are. measure: -> (footprint, bytes needed).
    """
    steps: list[Step] = []
    for make in (_micro_batches, _recompute, _quantise, _double, _optimizer, _other_backend, _lengths, _rank):
        for change, cost, tried in make(asked):
            _, now = measure(tried)
            if needed - now < _LEAST * needed:
                continue
            steps.append(Step(change, cost, now, needed - now))
            asked, needed = tried, now
            if needed <= memory:
                return Advice(tuple(steps), True)
    return Advice(tuple(steps), False)


def _micro_batches(asked: Asked) -> Iterator[Change]:
    size = asked.micro_batch
    while size > 1:
        size = next(each for each in range(size // 2, 0, -1) if asked.global_batch // asked.processes % each == 0)
        yield (
            f"train.micro_batch_size: {size}",
            "the same result; less of the GPU is used at once",
            _changed(asked, micro_batch=size, micro_batch_size=size),
        )


def _recompute(asked: Asked) -> Iterator[Change]:
    if asked.backend == "huggingface" and not asked.recompute:
        yield (
            "gradient_checkpointing: true",
            "the same result; a third more arithmetic",
            _changed(asked, recompute=True, gradient_checkpointing=True),
        )


def _quantise(asked: Asked) -> Iterator[Change]:
    if asked.quantize is None and not (asked.backend == "litgpt" and asked.processes > 1):
        more: dict[str, Any] = {}
        if asked.precision.endswith("mixed") or asked.precision.startswith("32"):
            more["precision"] = "bf16-true"
        if asked.backend == "litgpt":
            more["optimizer"] = "bitsandbytes.optim.PagedAdamW"
        yield (
            "quantize: bnb.nf4" + (", precision: bf16-true" if "precision" in more else ""),
            "weights in 4 bits: a little quality, and some time for unpacking",
            _changed(asked, quantize="nf4", **more),
        )


def _double(asked: Asked) -> Iterator[Change]:
    if asked.quantize in ("nf4", "fp4"):
        yield "quantize: bnb.nf4-dq", "hardly any quality", _changed(asked, quantize="nf4-dq", double_quant=True)


def _optimizer(asked: Asked) -> Iterator[Change]:
    if asked.backend == "huggingface" and not asked.optimizer.startswith("bitsandbytes.optim.Paged"):
        name = "bitsandbytes.optim.PagedAdamW8bit"
        yield f"optimizer: {name}", "moments in 8 bits, in paged memory", _changed(asked, optimizer=name)


def _other_backend(asked: Asked) -> Iterator[Change]:
    """LitGPT computes blocks anew on several GPUs only, and holds the embedding twice when it quantises."""
    if asked.backend != "litgpt" or asked.processes > 1:
        return
    from train.huggingface.settings import Settings

    try:
        shape, source = huggingface_shape(asked.checkpoint)
    except TrainError:
        return
    given = {key: getattr(asked.shape, key) for key in vars(asked.shape) if key.startswith("lora_")}
    settings = Settings(
        checkpoint_dir=str(asked.checkpoint), precision=asked.precision, gradient_checkpointing=True,
        micro_batch_size=asked.micro_batch, global_batch_size=asked.global_batch, epochs=asked.epochs,
        max_steps=asked.max_steps, optimizer=asked.optimizer, **_quantised(asked.quantize), **given,
    )  # fmt: skip
    yield (
        "backend: huggingface, gradient_checkpointing: true, checkpoint_dir: the model in Hugging Face form",
        "a third more arithmetic; run with train finetune",
        dataclasses.replace(
            asked, backend="huggingface", shape=shape, shape_from=source, recompute=True, settings=settings
        ),
    )


def _lengths(asked: Asked) -> Iterator[Change]:
    for length in _LENGTHS:
        if length < asked.max_seq_length:
            yield (
                f"train.max_seq_length: {length}",
                "longer rows lose material",
                _changed(asked, max_seq_length=length),
            )


def _rank(asked: Asked) -> Iterator[Change]:
    shape = asked.settings or asked.shape
    if shape.lora_r > 8:
        yield "lora_r: 8", "a smaller adapter learns less", _changed(asked, lora_r=8)


def _quantised(kind: str | None) -> dict[str, Any]:
    if kind is None:
        return {}
    return {"quantize": kind.removesuffix("-dq"), "double_quant": kind.endswith("-dq")}


def _changed(asked: Asked, **more: Any) -> Asked:
    """The recipe with a change, in all the places that hold it."""
    own = {field.name for field in dataclasses.fields(asked)}
    mine = {key: value for key, value in more.items() if key in own}
    if asked.settings is not None:
        settings = {**more, **_quantised(more["quantize"])} if "quantize" in more else dict(more)
        known = {field.name for field in dataclasses.fields(asked.settings)}
        mine["settings"] = dataclasses.replace(
            asked.settings, **{key: value for key, value in settings.items() if key in known}
        )
    elif "lora_r" in more:
        mine["shape"] = dataclasses.replace(asked.shape, lora_r=more["lora_r"])
    return dataclasses.replace(asked, **mine)
