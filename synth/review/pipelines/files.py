"""The pipeline files of a folder: those that `synth run` would take, and those whose mistakes keep it from it.

A page names a file by the name under which it is listed here, never by a path: what is not listed cannot be run.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from synth.llm import model_card
from synth.pipeline import Pipeline, Step, read_pipeline

_ENDINGS = (".yaml", ".yml")
#: Bytes of a file, and files of a folder, that are looked at.
_LARGEST, _MOST = 2**20, 500


@dataclass(frozen=True)
class PipelineFile:
    """A file of the folder.

    Attributes:
        name: in the folder.
        path: absolute.
        pipeline: None where it has mistakes.
        mistakes: one line each, of a file that has `steps:` and is none that runs.
    """

    name: str
    path: Path
    pipeline: Pipeline | None
    mistakes: tuple[str, ...] = ()


def pipeline_files(folder: Path) -> list[PipelineFile]:
    """All pipelines of a folder, by name; other YAML files are left out.

    Raises:
        NewsmillError: the folder cannot be read.
    """
    try:
        paths = [path for path in sorted(folder.iterdir()) if path.suffix in _ENDINGS and path.name.isprintable()]
    except OSError as error:
        raise NewsmillError(f"cannot read the folder of pipelines {folder}: {error.strerror or error}") from error
    return [file for path in paths[:_MOST] if (file := _file(path)) is not None]


def pipeline_file(folder: Path, name: str) -> PipelineFile | None:
    """The listed file of that name; None where no such file is listed."""
    return next((file for file in pipeline_files(folder) if file.name == name), None)


def _file(path: Path) -> PipelineFile | None:
    try:
        status = path.stat()
        if not path.is_file() or status.st_size > _LARGEST:
            return None
    except OSError:
        return None
    return _read(path.absolute(), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=_MOST)
def _read(path: Path, _changed: int, _size: int) -> PipelineFile | None:
    """A file as it was when it had this time and size."""
    try:
        return PipelineFile(path.name, path, read_pipeline(path))
    except NewsmillError as error:
        if not _has_steps(path):
            return None
        return PipelineFile(path.name, path, None, tuple(line.strip() for line in str(error).splitlines()[1:]))


def _has_steps(path: Path) -> bool:
    """Whether the file means to be a pipeline."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        content: Any = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError):
        return False
    except (ValueError, yaml.YAMLError):
        # A bracket or a quote that is not closed: the file must not vanish from the page because of it.
        return re.search(r"(?m)^steps[ \t]*:", text) is not None
    return isinstance(content, dict) and isinstance(content.get("steps"), list | str)


# ---- money


@dataclass(frozen=True)
class PaidStep:
    """A step whose model wants money, or may: its price is not known. limit: --max-cost in US dollars, None: none."""

    number: int
    step: str
    model: str
    limit: float | None


def paid_steps(pipeline: Pipeline) -> list[PaidStep]:
    """The steps of a pipeline that ask a model whose price is not zero."""
    return [
        PaidStep(number, step.name, str(step.options.llm), getattr(step.options, "max_cost", None))
        for number, step in enumerate(pipeline.steps, 1)
        if _is_paid(step)
    ]


def _is_paid(step: Step) -> bool:
    if not step.command.asks_model or getattr(step.options, "asks_nobody", False):
        return False
    card = model_card(step.options.llm, getattr(step.options, "models", None))
    return (card.input_price, card.output_price) != (0, 0)
