"""What left the store: exported folders that hold an article, and trainings that learnt from one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synth.export_folders import SOURCES, export_folders

if TYPE_CHECKING:
    from pymongo.database import Database

#: Where `litgpt` and `train` write, from where they are usually called.
_TRAININGS = (Path("out"), Path("checkpoints"))
#: Larger files are no notes about a training.
_NOTES = 1_000_000


@dataclass
class Export:
    """A folder that `synth export` wrote."""

    folder: str
    run: str
    #: keys of the samples in it that use the article; None where the folder does not say.
    samples: list[str] | None = field(default_factory=list)
    filter: str = ""
    formats: Sequence[str] = ()

    def advice(self) -> str:
        """What to do about it."""
        kind = " --format text" if "text" in self.formats else ""
        command = f"synth export{kind} --out {self.folder}" + (f" --filter '{self.filter}'" if self.filter else "")
        if self.samples is None:
            return f"does not say what is in it (no {SOURCES}): delete it, or write it again: {command}"
        rows = "1 row uses" if len(self.samples) == 1 else f"{len(self.samples):,} rows use"
        return f"{rows} it: delete it, or write it again: {command}"


@dataclass
class Training:
    """A folder whose notes say that it learnt from an export."""

    folder: str
    data: str


class HasExports(Protocol):
    """An article's lineage, as far as it is added to here."""

    links: list[str]
    exports: list[Export]
    trainings: list[Training]


def add_exports(
    database: Database[dict[str, Any]], by_link: Mapping[str, Any], training: Sequence[Path] | None
) -> None:
    """Add exports and trainings to the lineages of articles, found by their links."""
    folders: dict[Path, list[HasExports]] = {}
    for folder, run in export_folders(database):
        keys_by_lineage = _rows_using(folder, by_link)
        settings = run.get("configuration") or {}
        for lineage in _distinct(by_link):
            keys = None if keys_by_lineage is None else keys_by_lineage.get(id(lineage), [])
            if keys is None or keys:
                filter_text, formats = str(settings.get("filter") or ""), settings.get("formats") or ()
                lineage.exports.append(Export(str(folder), str(run["_id"]), keys, filter_text, formats))
                folders.setdefault(folder, []).append(lineage)
    for note, data in trainings(list(folders), training):
        for lineage in folders[data[0]]:
            lineage.trainings.append(Training(str(note.parent), data[1]))


def _rows_using(folder: Path, by_link: Mapping[str, Any]) -> dict[int, list[str]] | None:
    """id of a lineage -> keys of the samples in a folder that use the article; None where the folder does not say."""
    by_lineage: dict[int, list[str]] = {}
    try:
        with (folder / SOURCES).open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                for lineage in {id(by_link[link]) for link in row["links"] if link in by_link}:
                    by_lineage.setdefault(lineage, []).append(row["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return by_lineage


def _distinct(by_link: Mapping[str, Any]) -> list[Any]:
    return list({id(lineage): lineage for lineage in by_link.values()}.values())


def trainings(
    exports: Sequence[Path], folders: Sequence[Path] | None = None
) -> Iterator[tuple[Path, tuple[Path, str]]]:
    """(note, (export, path in it)): YAML and JSON files under the folders that name an export or a file in it.

    LitGPT leaves hyperparameters.yaml beside every checkpoint, with the path of its data as it was given: taken from
    the folder where it was called, which is taken to be this one.
    """
    pairs: set[tuple[Path, Path]] = set()
    for note in _notes(folders or _TRAININGS):
        for text in _texts(_read(note)):
            for export in exports:
                if _inside(text, export) and (note.parent, export) not in pairs and not _inside(str(note), export):
                    pairs.add((note.parent, export))
                    yield note, (export, text)


def _notes(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.suffix in (".yaml", ".yml", ".json") and path.is_file() and path.stat().st_size <= _NOTES:
                yield path


def _read(path: Path) -> Any:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _inside(text: str, folder: Path) -> bool:
    if "/" not in text and text != folder.name:
        return False
    try:
        return Path(text).resolve().is_relative_to(folder)
    except (OSError, ValueError):
        return False
