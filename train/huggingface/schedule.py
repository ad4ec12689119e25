"""How many steps a run has, and over how many of them its learning rate rises."""

from __future__ import annotations

from train.huggingface.settings import Settings


def total_steps(settings: Settings, rows: int) -> int:
    """Optimizer steps: epochs or max_steps, whichever ends first; a step short of rows counts."""
    a_pass = -(-rows // settings.global_batch_size)
    bounds = (settings.max_steps, settings.epochs * a_pass if settings.epochs else None)
    return min(bound for bound in bounds if bound)


def warmup_steps(settings: Settings, rows: int, total: int) -> int:
    """Steps over which the learning rate rises; LitGPT's share is of an epoch."""
    if settings.lr_warmup_fraction:
        return min(total, -(-int(settings.lr_warmup_fraction * rows) // settings.global_batch_size))
    return min(total, settings.lr_warmup_steps or 0)
