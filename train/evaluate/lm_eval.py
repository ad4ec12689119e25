"""lm-evaluation-harness tasks, through its own API and with task files of one's own."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.atomic_files import write_whole
from train.errors import TrainError
from train.evaluate.scorer_plugins import reason
from train.models.checkpoint import base_folder, kind


@dataclass(frozen=True)
class Tasks:
    """names: tasks, groups or tags. include: folder of task files. limit: documents a task, None for all of them."""

    names: tuple[str, ...]
    include: Path | None = None
    limit: int | None = None
    chat: bool = False
    batch_size: int = 1
    device: str | None = None


def read_tasks(value: str, include: Path | None, limit: int | None, chat: bool, device: str | None) -> Tasks:
    """The tasks that the options ask for, which exist.

    Raises:
        TrainError: lm_eval is not installed, the folder is none, or has no such task.
    """
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names:
        raise TrainError("--lm-eval names no task")
    if include is not None and not include.is_dir():
        raise TrainError(f"--lm-eval-include {include} is no folder of task files")
    tasks = Tasks(names, include, limit, chat, device=device)
    manager(tasks)
    return tasks


def manager(tasks: Tasks) -> Any:
    """lm_eval's TaskManager: of the own folder alone where that has all tasks, since indexing its own takes seconds."""
    try:
        from lm_eval.tasks import TaskManager
    except ImportError as error:
        raise TrainError("--lm-eval needs pip install 'newsmill[lm-eval]'") from error
    own = str(tasks.include) if tasks.include else None
    for defaults in ([False] if own else []) + [True]:
        task_manager = TaskManager(include_path=own, include_defaults=defaults)
        unknown = [name for name in tasks.names if name not in task_manager.all_tasks]
        if not unknown:
            return task_manager
    where = f"lm_eval and {own}" if own else "lm_eval; task files of your own: --lm-eval-include FOLDER"
    raise TrainError(f"--lm-eval: no task {', '.join(unknown)} in {where}")


def evaluate(folders: Mapping[str, tuple[Path, str]], tasks: Tasks, cache: Path) -> dict[str, Any]:
    """model -> {scores: [{task, metric, value, stderr, documents}], missing: why there are none}.

    Args:
        folders: model -> (its folder, its digest). cache: a JSON file in which results of a digest are kept.
    """
    scores_by_key = _read(cache)
    results: dict[str, Any] = {}
    for name, (folder, digest) in folders.items():
        key = _key(digest, tasks)
        if key not in scores_by_key:
            form = kind(folder)
            if form.startswith("litgpt"):
                results[name] = {
                    "scores": [],
                    "missing": f"a {form} folder: `train convert` makes a Hugging Face one of it",
                }
                continue
            try:
                scores_by_key[key] = _scores(folder, form, tasks)
            except Exception as error:  # noqa: BLE001 - data out of reach, a task that does not fit: the rest counts.
                results[name] = {"scores": [], "missing": reason(error)}
                continue
            write_whole(cache, json.dumps(scores_by_key, indent=1) + "\n")
        results[name] = {"scores": scores_by_key[key], "missing": ""}
    return results


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _key(digest: str, tasks: Tasks) -> str:
    """What scores depend on: the weights, the tasks as asked for, and the task files."""
    files = sorted(path for path in tasks.include.rglob("*") if path.is_file()) if tasks.include else []
    settings = [digest, sorted(tasks.names), tasks.limit, tasks.chat]
    marks = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    return hashlib.sha256(json.dumps([settings, marks]).encode()).hexdigest()[:16]


def _scores(folder: Path, form: str, tasks: Tasks) -> list[dict[str, Any]]:
    import torch
    from lm_eval import simple_evaluate

    settings: dict[str, Any] = {"pretrained": str(folder), "dtype": "auto" if torch.cuda.is_available() else "float32"}
    if form == "peft":
        settings |= {"pretrained": str(base_folder(folder)), "peft": str(folder), "tokenizer": _tokenizer(folder)}
    with _quiet():
        results = simple_evaluate(
            model="hf", model_args=settings, tasks=list(tasks.names), task_manager=manager(tasks), limit=tasks.limit,
            apply_chat_template=tasks.chat, batch_size=tasks.batch_size, log_samples=False,
            device=tasks.device or ("cuda" if torch.cuda.is_available() else "cpu"),
        )  # fmt: skip
    return list(_rows(results or {}))


def _tokenizer(folder: Path) -> str:
    """The adapter's own tokenizer where it was saved with it, else its base's."""
    return str(folder if (folder / "tokenizer_config.json").is_file() else base_folder(folder))


def _rows(results: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    documents = results.get("n-samples", {})
    for task, values in results.get("results", {}).items():
        for key, value in values.items():
            metric, _, how = key.partition(",")
            if not how or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            error = values.get(f"{metric}_stderr,{how}")
            yield {
                "task": task, "metric": metric if how == "none" else f"{metric} ({how})", "value": _finite(value),
                "stderr": _finite(error), "documents": documents.get(task, {}).get("effective"),
            }  # fmt: skip


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """lm_eval logs and prints at length, and shows its bars in files too; its errors are raised all the same."""
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    silenced = contextlib.nullcontext() if sys.stderr.isatty() else contextlib.redirect_stderr(io.StringIO())
    try:
        with contextlib.redirect_stdout(io.StringIO()), silenced:
            yield
    finally:
        logger.setLevel(level)


def columns(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(task, metric) of all scores, in order."""
    pairs: dict[tuple[str, str], None] = {}
    for each in results.values():
        pairs |= dict.fromkeys((score["task"], score["metric"]) for score in each["scores"])
    return list(pairs)


def by_model(results: Mapping[str, Any], models: Sequence[str]) -> list[dict[str, Any]]:
    """[{task, metric, scores: {model: score}}] for tables."""

    def score(name: str, column: tuple[str, str]) -> Any:
        scores = results[name]["scores"] if name in results else []
        return next((each for each in scores if (each["task"], each["metric"]) == column), None)

    return [
        {"task": column[0], "metric": column[1], "scores": {name: score(name, column) for name in models}}
        for column in columns(results)
    ]
