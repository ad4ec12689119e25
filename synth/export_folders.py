"""Folders that `synth export` wrote: which there are, and which samples are in them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database

#: In an export's folder: {"key", "links"} of each sample, one a line.
SOURCES = "sources.jsonl"


def export_folders(database: Database[dict[str, Any]]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(folder, newest run) of the exports whose folders are there."""
    folders: set[Path] = set()
    for run in database.runs.find({"stage": "export", "outcome": "done"}).sort("started_at", -1):
        out = str((run.get("configuration") or {}).get("out") or "")
        folder = Path(out).resolve()
        if out and folder not in folders and (folder / "manifest.json").is_file():
            folders.add(folder)
            yield folder, run


def has_sample(folder: Path, key: str) -> bool | None:
    """Whether a sample is in an exported folder; None where the folder does not say."""
    try:
        with (folder / SOURCES).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            # Searched as bytes: a key has digits and letters only, and a folder may have a million lines.
            return text.find(f'"{key}"'.encode()) >= 0
    except (OSError, ValueError):
        return None
