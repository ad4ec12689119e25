"""LitGPT's table of losses without gaps or doubles: of a run that goes on, the rows up to its checkpoint stay."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.errors import TrainError
from train.run_folder import metrics_file


def go_on(logger: Any, run: Path, batches: int | None) -> None:
    """Make the logger write its table in a way that a kill cannot tear; with `batches`, after the rows up to there.

    Loggers of other kinds keep their own history.
    """
    experiment = _experiment(logger)
    if experiment is None:
        return
    target = Path(experiment.metrics_file_path)
    earlier = _newest(run)
    if batches is not None and earlier is not None and earlier != target:
        columns, rows = read_rows(earlier)
        write_rows(target, columns, [row for row in rows if belongs(row, batches)])
        experiment.metrics_keys = list(columns)
        shutil.rmtree(earlier.parent, ignore_errors=True)

    def rewrite(columns: list[str]) -> None:
        write_rows(target, columns, read_rows(target)[1])

    # Lightning's own empties the table before it writes it anew.
    setattr(experiment, "_rewrite_with_new_header", rewrite)  # noqa: B010


def save(logger: Any) -> None:
    """Bring the table's rows to the disk."""
    if (experiment := _experiment(logger)) is not None:
        experiment.save()


def _experiment(logger: Any) -> Any:
    from lightning.fabric.loggers.csv_logs import CSVLogger

    # None in all processes but the first.
    experiment = logger.experiment if isinstance(logger, CSVLogger) else None
    return experiment if hasattr(experiment, "metrics_file_path") else None


def _newest(run: Path) -> Path | None:
    try:
        return metrics_file(run / "logs")
    except TrainError:
        return None


def read_rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """(columns, rows) of a table; a last line that a kill tore is left out."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = [row for row in reader if None not in row and None not in row.values()]
        return list(reader.fieldnames or ()), rows


def belongs(row: dict[str, str], batches: int) -> bool:
    """Whether a row was written before so many batches were over; the last validation, which has no step, was not."""
    try:
        return 0 < int(row["step"]) <= batches
    except (KeyError, ValueError):
        return False


def write_rows(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """Write a table, whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue())
