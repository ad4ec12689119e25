"""Sequence classifiers of transformers for scorers: loaded whole or not at all, from weights that run no program."""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from crawler.items import NewsmillError
from synth.outages import hub_messages

_WEIGHTS = ("*.safetensors", "*.bin")
#: Files that a tokenizer is made of; without them transformers makes one that knows no word.
_TOKENIZERS = ("tokenizer.json", "vocab*", "*.model", "bpe*")


class Use(NamedTuple):
    """What a classifier is for, as errors say it.

    Attributes:
        name: of the scorer; each message begins with it.
        extra: of newsmill, with what it needs.
        advice: what the user may do instead.
        error: raised where a model cannot be had.
    """

    name: str
    extra: str
    advice: str
    error: type[NewsmillError]


def load_classifier(name: str, use: Use, heard: Sequence[str]) -> tuple[Any, Any]:
    """(model, tokenizer) of a sequence classifier that has all its weights: a name on the hub, or a folder.

    Transformers reads safetensors, and of a pickle tensors alone (torch's `weights_only`); code of a model is not run.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    if not Path(name).is_dir() and (name.count("/") > 1 or name.startswith((".", "/", "~"))):
        raise use.error(f"{use.name}: no folder {name}: {use.advice}")
    if Path(name).is_dir() and not any(path for glob in _TOKENIZERS for path in Path(name).glob(glob)):
        raise use.error(f"{use.name}: no tokenizer in {name}: {use.advice}")
    try:
        model, loading = AutoModelForSequenceClassification.from_pretrained(
            name, dtype=torch.float32, output_loading_info=True
        )
        tokenizer = AutoTokenizer.from_pretrained(name)
    except Exception as error:
        raise use.error(f"{use.name}: cannot load {name}: {short_reason(error, heard)}: {use.advice}") from error
    if lacking := sorted(map(str, [*loading["missing_keys"], *loading["mismatched_keys"]])):
        raise use.error(
            f"{use.name}: {name} is no trained classifier: it lacks {len(lacking)} weights ({lacking[0]}): {use.advice}"
        )
    return model, tokenizer


def is_exclusive(config: Any, name: str, use: Use) -> bool:
    """Whether one label rules out the others; as in transformers' own pipeline."""
    if config.problem_type == "regression":
        raise NewsmillError(f"{use.name}: {name} gives numbers without bounds (regression), no probabilities")
    return bool(config.problem_type != "multi_label_classification" and config.num_labels > 1)


def labels_of(config: Any) -> list[str]:
    """The names of a classifier's outputs, in their order."""
    return [str(config.id2label[number]) for number in range(config.num_labels)]


def folder_identity(name: str, use: Use) -> str:
    """A model's name as it is stored: of a folder its own, and the beginning of the sha256 of its weights."""
    if not Path(name).is_dir():
        return name
    files = [path for glob in _WEIGHTS for path in sorted(Path(name).glob(glob))]
    return f"{Path(name).resolve().name}:{short_digest(files, use)}"


# Size and time of change are arguments so that a changed file is read again.
@functools.cache
def _digest_of(path: Path, _size: int, _changed: int) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 22):
            digest.update(part)
    return digest.digest()


def short_digest(files: Sequence[Path], use: Use) -> str:
    """Eight digits of the sha256 of a file (as in the names of Detoxify's releases), or of several files' sums."""
    try:
        sums = [_digest_of(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    except OSError as error:
        raise use.error(f"{use.name}: cannot read {error.filename}: {error.strerror}") from error
    return (sums[0] if len(sums) == 1 else hashlib.sha256(b"".join(sums)).digest()).hex()[:8]


def short_reason(error: Exception, heard: Sequence[str]) -> str:
    """Why something failed, short: libraries add advice about code that is not the reader's."""
    lines = next(([each] for each in heard if "thrown while requesting" in each), str(error).split("\n"))
    reason = re.split(r"\. [A-Z]", " ".join(" ".join(lines).split()))[0].rstrip(" .:") or type(error).__name__
    return reason if len(reason) <= 200 else reason[:200] + "…"


def is_terminal() -> bool:
    """Whether somebody watches what is written to stderr."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def quiet_loading(use: Use) -> Iterator[list[str]]:
    """Without what the libraries print while a model is loaded; what the hub's client says is kept for our error."""
    with warnings.catch_warnings(), _silent_transformers(use), hub_messages() as messages:
        warnings.simplefilter("ignore")
        yield messages


@contextmanager
def _silent_transformers(use: Use) -> Iterator[None]:
    try:
        from transformers.utils import logging as talk
    except ImportError as error:
        raise use.error(f"{use.name}: needs pip install 'newsmill[{use.extra}]' ({error})") from error
    level = talk.get_verbosity()
    talk.set_verbosity_error()
    if not is_terminal():
        talk.disable_progress_bar()
    try:
        yield
    finally:
        talk.set_verbosity(level)
