"""Whether the files of an export are those that its manifest vouches for: a torn or edited one is not trained on."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from train.errors import TrainError

#: From a file up to the folder of its export: export/huggingface/data/FILE.
_LEVELS = 3
_CHUNK = 1 << 20


def check_files(files: Iterable[Path]) -> None:
    """See that each file is as the manifest of its export says, where it is in one.

    Raises:
        TrainError: a file has other bytes, is not of this export, or one beside it is missing; names it.
    """
    for file in files:
        folder, entries = manifest_of(file)
        if folder is not None:
            _check(file, folder, entries)


def manifest_of(file: Path) -> tuple[Path | None, Mapping[str, Any]]:
    """(folder of the export that a file is in, {name: {sha256, bytes, rows}}); (None, {}) where it is in none."""
    for folder in list(file.absolute().parents)[:_LEVELS]:
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and {"files", "left_out"} <= manifest.keys():
            return folder, manifest["files"]
    return None, {}


def _check(file: Path, folder: Path, entries: Mapping[str, Any]) -> None:
    name = file.absolute().relative_to(folder).as_posix()
    # Of the same format and split; a user's own file in another folder of the export is the user's.
    parent, suffix = Path(name).parent, Path(name).suffix
    beside = [other for other in entries if Path(other).parent == parent and Path(other).suffix == suffix]
    if name not in entries:
        if parent != Path() and beside:
            raise TrainError(f"{file} is not of the export beside it ({folder / 'manifest.json'}): {_ADVICE}")
        return
    if parent != Path() and (missing := [other for other in beside if not (folder / other).is_file()]):
        raise TrainError(f"{folder / missing[0]} is missing, {folder / 'manifest.json'} lists it: {_ADVICE}")
    if _digest_of(file) != entries[name]["sha256"]:
        raise TrainError(f"{file} differs from what {folder / 'manifest.json'} says of it: {_ADVICE}")


_ADVICE = "the export is torn or was edited: run `synth export` again, or train on a copy outside its folder"


def _digest_of(file: Path) -> str:
    try:
        status = file.stat()
        return _sha256(file, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise TrainError(f"cannot read {file}: {error.strerror or error}") from error


@functools.lru_cache(maxsize=1024)
def _sha256(file: Path, size: int, changed: int) -> str:  # noqa: ARG001  a changed file is read anew
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
