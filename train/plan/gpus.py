"""GPUs by name: whether a step fits, and how long a run takes on them. Figures and their sources: gpus.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.plan.memory import Footprint, Work

GIB = 2**30
#: What stands for this machine's CPU among the names.
CPU = "cpu"
DEFAULT = Path(__file__).with_name("gpus.yaml")


@dataclass(frozen=True)
class Gpu:
    """memory: GiB. tflops, tflops_32: 10^12 a second, 16-bit and 32-bit products. bandwidth: GB/s."""

    name: str
    memory: float
    tflops: float
    tflops_32: float
    bandwidth: float
    watts: float
    bf16: bool
    source: str


@dataclass(frozen=True)
class Reach:
    """Shares of a GPU's figures that are reached, and microseconds a launch takes."""

    products: float
    memory: float
    launch_microseconds: float


@dataclass(frozen=True)
class Overhead:
    """context: GiB; workspace: MiB; fragmentation: share of what a step allocates and frees."""

    context: float
    workspace: float
    fragmentation: float


@dataclass(frozen=True)
class Table:
    """The table of gpus.yaml."""

    gpus: Mapping[str, Gpu]
    fast: Reach
    slow: Reach
    overhead: Overhead


def load_table(path: Path = DEFAULT) -> Table:
    """The table of a file.

    Raises:
        TrainError: it cannot be read, or lacks a figure; names it.
    """
    from train.recipes import load

    settings = load(path).settings
    try:
        gpus = {name: Gpu(name=name, **_plain(figures)) for name, figures in settings["gpus"].items()}
        reach = settings["reach"]
        return Table(gpus, Reach(**reach["fast"]), Reach(**reach["slow"]), Overhead(**settings["overhead"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise TrainError(f"{path}: no table of GPUs as train/plan/gpus.yaml is one: {error}") from error


def _plain(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in figures.items() if key != "price"}


def select_gpus(table: Table, names: list[str]) -> list[Gpu]:
    """The GPUs of these names, or all.

    Raises:
        TrainError: a name is not in the table; lists those that are.
    """
    by_name = {name.lower().replace(" ", ""): gpu for name, gpu in table.gpus.items()}
    gpus = []
    for name in names:
        gpu = by_name.get(name.lower().replace(" ", ""))
        if gpu is None:
            raise TrainError(f"no GPU {name} in the table: {', '.join(table.gpus)}, CPU (--gpus FILE for others)")
        gpus.append(gpu)
    return gpus or sorted(table.gpus.values(), key=lambda gpu: gpu.memory)


def overheads(footprint: Footprint, overhead: Overhead) -> dict[str, int]:
    """Bytes beside tensors: context and workspace, and what fragmentation wastes."""
    moving = sum(footprint.parts.get(part, 0) for part in ("activations", "logits", "working"))
    moving = max(moving, footprint.validation - footprint.training + moving)
    return {
        "context": round(overhead.context * GIB + overhead.workspace * 2**20),
        "fragmentation": round(overhead.fragmentation * moving),
    }


def bytes_needed(footprint: Footprint, overhead: Overhead) -> int:
    """Bytes a GPU must have. Optimizer states in paged memory are not counted: they move to the host if need be."""
    return footprint.allocated + sum(overheads(footprint, overhead).values())


def seconds(work: Work, gpu: Gpu, reach: Reach, precision: str) -> float:
    """Time of a micro-batch."""
    flops = (gpu.tflops_32 if precision.startswith("32") else gpu.tflops) * 1e12 * reach.products
    return work.seconds(flops, gpu.bandwidth * 1e9 * reach.memory, reach.launch_microseconds * 1e-6)
