"""The losses of a run on a terminal."""

from __future__ import annotations

import math
from typing import Any

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[float], width: int = 60) -> str:
    """The values as block characters, thinned to `width`."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ""
    thinned = values[:: max(1, -(-len(values) // width))]
    low, high = min(thinned), max(thinned)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((value - low) * scale)] for value in thinned)


def show(curve: list[dict[str, float]], outcome: dict[str, Any]) -> None:
    """Print validation losses as a table and training losses as a line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Loss")
    for name in ("step", "training", "validation"):
        table.add_column(name, justify="right")
    train = {row["step"]: row["loss"] for row in curve if "loss" in row}
    measured = any("val_loss" in row and row["step"] == 0 for row in curve)
    if outcome["first_val_loss"] is not None and not measured:
        table.add_row("0", "", f"{outcome['first_val_loss']:.3f}")
    for row in curve:
        if "val_loss" in row:
            loss = train.get(row["step"])
            table.add_row(f"{row['step']:.0f}", f"{loss:.3f}" if loss else "", f"{row['val_loss']:.3f}")
    console = Console()
    console.print(table)
    console.print(f"training  {sparkline([row['loss'] for row in curve if 'loss' in row])}", highlight=False)
    console.print(f"{outcome['seconds_per_step']:.3f} s a step, {outcome['steps']} steps", highlight=False)
