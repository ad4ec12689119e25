"""What is compared: the models' answers and their losses, and texts that files hold."""

from __future__ import annotations

import argparse
import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.evaluate.answers import Ledger, Line, Settings, answer, lines_of_texts, made_by
from train.evaluate.measure import Measured

if TYPE_CHECKING:
    from train.evaluate.holdout import Row
    from train.evaluate.lm_eval import Tasks


@dataclass(frozen=True)
class Comparison:
    """What is compared. models: name -> folder. texts: name -> file."""

    models: dict[str, Path]
    texts: dict[str, Path]
    settings: Settings
    tasks: Tasks | None


def from_models(
    comparison: Comparison, rows: Sequence[Row], ledger: Ledger, options: argparse.Namespace
) -> Iterator[Measured]:
    """Each model's lines; one model is in memory at a time, and only where lines are missing."""
    from train.models.checkpoint import base_beneath, kind, model_digest

    for name, folder in comparison.models.items():
        base = base_beneath(folder)
        digest = model_digest(folder, base=base)
        maker = made_by(digest, comparison.settings)
        answered = sum(ledger.get(maker, row) is not None for row in rows)
        with progress(name, len(rows)) as advance:
            lines = answer(
                name, maker, rows, comparison.settings, ledger, functools.partial(_load, folder, options), advance
            )
        lines = {key: {**line, "model": name, "id": key} for key, line in lines.items()}
        details = {"folder": str(folder), "digest": digest, "form": kind(folder), "kept": answered,
                "base": str(base) if base else "", "without_text": 0}  # fmt: skip
        yield Measured(name, "weights", lines, details=details | _counts(lines))


def _load(folder: Path, options: argparse.Namespace) -> Any:
    from train.models.language_model import load_model

    return load_model(folder, device=options.device, quantize=options.quantize)


def from_files(comparison: Comparison, rows: Sequence[Row], ledger: Ledger) -> Iterator[Measured]:
    """The texts that files give."""
    from train.evaluate.holdout import read_texts

    for name, path in comparison.texts.items():
        lines = lines_of_texts(name, read_texts(path, rows), rows)
        model = Measured(name, "texts", lines, details={"file": str(path), **_counts(lines)})
        model.details["without_text"] = len(rows) - len(lines)
        reuse(model, ledger, rows)
        yield model


def _counts(lines: dict[str, Line]) -> dict[str, Any]:
    """What went wrong, counted by its name."""
    unscored = Counter(line["unscored"] for line in lines.values() if line["unscored"])
    return {
        "unscored": dict(unscored), "prompts_shortened": sum(bool(line["prompt_shortened"]) for line in lines.values()),
        "empty": sum(not line["text"].strip() for line in lines.values()),
        # Lines of an earlier version do not say it.
        "cut": sum(bool(line.get("cut")) for line in lines.values()),
    }  # fmt: skip


def reuse(model: Measured, ledger: Ledger, rows: Sequence[Row]) -> None:
    """Take over what plug-ins found for these very texts before."""
    for row in rows:
        line = model.lines.get(row.id)
        before = ledger.get(line["made_by"], row) if line else None
        if line is not None and before is not None and "scores" in before:
            line["scores"] = before["scores"]


@contextlib.contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where that is a terminal; what it yields moves it on."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _count: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda count: bar.advance(task, count)
