"""Before a run: processes that go with the recipe, libraries that are silent; memory that ran out in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from train.errors import TrainError
from train.huggingface.settings import Settings
from train.recipes import Recipe


def silence_libraries() -> None:
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


def on_cpu() -> bool:
    """Whether there is no GPU."""
    import torch

    return not torch.cuda.is_available()


def check_processes(settings: Settings, recipe: Recipe, processes: int) -> None:
    """Raises:
    TrainError: the recipe's devices, or its batches, do not go with the processes there are.
    """
    expected = settings.devices * settings.num_nodes
    if expected not in (1, processes):
        launch = f'accelerate launch --num_processes {expected} "$(command -v train)" finetune --config {recipe.path}'
        raise TrainError(
            f"{recipe.at('devices')}: {settings.devices} devices on {settings.num_nodes} nodes are {expected} "
            f"processes, not {processes}: {launch}"
        )
    if settings.global_batch_size % (settings.micro_batch_size * processes):
        raise TrainError(
            f"{recipe.at('train', 'global_batch_size')}: train.global_batch_size {settings.global_batch_size} is no "
            f"multiple of micro_batch_size {settings.micro_batch_size} x {processes} processes"
        )


@contextmanager
def explain_memory(settings: Settings) -> Iterator[None]:
    """Turns out-of-memory errors into one line that says what to change.

    Raises:
        TrainError: memory ran out.
    """
    import torch

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        out_of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not out_of_memory and not any(words in str(error) for words in ("allocate memory", "out of memory")):
            raise
        raise TrainError(f"out of memory: {advice(settings)}; `train plan` says what fits") from error


def advice(settings: Settings) -> str:
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
