"""Writing an export: every file of every format, the card beside them, and the manifest that lists them."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import name_of
from synth.atomic_files import replaced
from synth.export.dataset_card import Tally, write_card
from synth.export.files import FileEntries, JsonFile, Output, Sink
from synth.export.formats import Layout, formats, of_pairs
from synth.export.formats.preference import PairFolder
from synth.export.manifest import Settings, empty_message, manifest_of
from synth.export.preference_card import pair_summary, write_pair_card
from synth.export.preferences import with_rejected
from synth.export.selection import Selection, full_samples, select, with_copies
from synth.export.split import SPLITS, Row, splits_of
from synth.export_folders import SOURCES
from synth.ratings.calibration import calibration_of
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    from pymongo.database import Database


class Writer:
    """Writes samples to the files of every format as they come."""

    def __init__(self, layout: Layout, names: Sequence[str]) -> None:
        self.outputs: dict[str, Output] = {"sources": JsonFile(layout.folder, SOURCES, links_row)}
        self.lacks = {name: formats()[name].lacks for name in names}
        for name in names:
            self.outputs[name] = formats()[name].create(layout)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for output in self.outputs.values():
            output.abandon()

    def add(self, sample: Mapping[str, Any], split: str, needs: frozenset[str] = frozenset()) -> None:
        """Write a sample; `needs`: what it has that some formats have no place for."""
        for name, output in self.outputs.items():
            if needs.isdisjoint(self.lacks.get(name, ())):
                output.add(sample, split)

    def close(self) -> FileEntries:
        """Name of each file -> {sha256, bytes, rows}."""
        return {name: entry for output in self.outputs.values() for name, entry in output.close().items()}


def links_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{key, links}: which articles a sample is made from, and the answers that it is preferred to; `synth takedown`
    finds exports by it.
    """
    every = [sample, *(sample.get("rejected_answers") or [])]
    links = [source.get("link") or "" for row in every for source in row.get("sources") or []]
    return {"key": sample["key"], "links": list(dict.fromkeys(links))}


def export(
    database: Database[dict[str, Any]], folder: Path, settings: Settings, query: Mapping[str, Any], *,
    dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Write the export of samples; its manifest. dry_run: only say what would be written.

    Raises:
        NewsmillError: the filter is wrong, names no sample that can be exported, or the folder cannot be written.
    """
    selection = select(
        database, query, lacks=frozenset.intersection(*(formats()[name].lacks for name in settings.formats)),
        include_opted_out=settings.include_opted_out, include_duplicates=settings.include_duplicates,
        pairs=bool(of_pairs(settings.formats)),
    )  # fmt: skip
    if not selection.rows:
        raise NewsmillError(empty_message(settings.filter, selection.left_out, name_of(database)))
    if settings.limit and len(selection.rows) > settings.limit:
        selection.left_out["over_limit"] = len(selection.rows) - settings.limit
        selection.cut(settings.limit)
    sides = splits_of(with_copies(database, selection), settings.val_fraction, settings.test_fraction, settings.seed)
    manifest = manifest_of(selection, sides, settings, query)
    if dry_run:
        return manifest | {"files": {}}

    def write(partial: Path) -> dict[str, Any]:
        layout = Layout(partial, sizes_of(manifest), settings.shard_rows, selection.weighted)
        return manifest | _write_files(database, layout, selection, sides, settings, manifest)

    return replace_export(folder, write)


def replace_export(folder: Path, write: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Let `write` fill a new folder, and put it in the place of `folder` in one step; the manifest.

    write: writes the files into the folder that it is given, and returns the manifest, `files` included.

    Raises:
        NewsmillError: the folder cannot be written.
    """
    replaces = _is_export(folder)
    with replaced(folder, _of_an_export if replaces else lambda _: False) as partial:
        manifest = write(partial)
        text = json.dumps(manifest, ensure_ascii=False, indent=2)
        (partial / "manifest.json").write_text(text + "\n", encoding="utf-8")
    if replaces:
        _sweep(folder, set(manifest["files"]))
    return manifest


def sizes_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Split -> its rows."""
    return {name: side["rows"] for name, side in manifest["counts"].items() if name in SPLITS}


def _write_files(
    database: Database[dict[str, Any]], layout: Layout, selection: Selection, sides: Mapping[str, str],
    settings: Settings, manifest: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Write every file but the manifest; what is known only then: {made_by, marked, files}."""
    tally = Tally() if any(formats()[name].card for name in settings.formats) else None
    makers: Counter[tuple[str, str, str]] = Counter()
    marked: Counter[str] = Counter()
    with Writer(layout, settings.formats) as writer:
        samples: Iterator[dict[str, Any]] = _each(database, selection.rows)
        if selection.preferences:
            samples = with_rejected(database, samples, selection.preferences.rejected)
        for sample in samples:
            writer.add(sample, sides[sample["key"]], selection.needs.get(sample["key"], frozenset()))
            makers[_maker(sample)] += 1
            marked.update(name for name in ("contaminated", "personal_data") if sample.get(name))
            if tally:
                tally.add(sample)
        files = writer.close()
        counts = {name: output.pairs for name, output in writer.outputs.items() if isinstance(output, PairFolder)}
    rest = {"made_by": _made_by(makers), "marked": dict(sorted(marked.items()))}
    if tally:
        shards = {name: -(-size // layout.shard_rows) for name, size in layout.sizes.items()}
        text = write_card(
            tally, {**manifest, **rest}, title=settings.title, license_id=settings.license, shards=shards,
            calibration=calibration_of(database),
        )  # fmt: skip
        files["huggingface/README.md"] = write_text(layout.folder / "huggingface/README.md", text)
    for name, pairs in counts.items():
        if not pairs:
            continue
        text = write_pair_card({**manifest, **rest}, name, pairs, title=settings.title, license_id=settings.license)
        files[f"{name}/README.md"] = write_text(layout.folder / name / "README.md", text)
    return {**rest, **({"preference": pair_summary(counts)} if counts else {}), "files": files}


def _each(database: Database[dict[str, Any]], rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """The samples, with a progress bar.

    Raises:
        NewsmillError: some were removed since they were selected: what is taken down must not come out in an export.
    """
    count = 0
    with progress_bar("export", len(rows)) as advance:
        for sample in full_samples(database, rows):
            yield sample
            count += 1
            advance(1)
    if count != len(rows):
        raise NewsmillError(
            f"samples removed from the store meanwhile: {len(rows) - count:,}: run it again; the export is unchanged"
        )


def _maker(sample: Mapping[str, Any]) -> tuple[str, str, str]:
    provenance = sample.get("provenance") or {}
    return sample.get("task") or "", str(provenance.get("prompt") or ""), str(provenance.get("model") or "")


def _made_by(makers: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    """How many rows each (task, prompt, model) made."""
    return [
        {"task": task, "prompt": prompt, "model": model, "rows": count}
        for (task, prompt, model), count in sorted(makers.items())
    ]


def write_text(path: Path, text: str) -> dict[str, Any]:
    """Write a file of an export that has no rows; its entry of the manifest."""
    sink = Sink(path)
    try:
        sink.write(text.encode())
        sink.close()
    finally:
        sink.abandon()
    return sink.entry(0)


def _is_export(folder: Path) -> bool:
    """Whether an export stands in the folder: what else is called as our files are is the user's."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and {"files", "left_out"} <= manifest.keys()


def _patterns() -> list[str]:
    """What the files of an export are called, without the manifest."""
    return sorted({SOURCES, *(pattern for row in formats().values() for pattern in row.patterns)})


def _of_an_export(name: Path) -> bool:
    """Whether a path inside an export is one of its files or folders."""
    patterns = [*_patterns(), "manifest.json"]
    folders = {parent.as_posix() for pattern in patterns for parent in Path(pattern).parents}
    return name.as_posix() in folders or any(fnmatch(name.as_posix(), pattern) for pattern in patterns)


def _sweep(folder: Path, files: set[str]) -> None:
    """Remove what an older export left: it would stand there as if it belonged to this one."""
    patterns = _patterns()
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        if path.relative_to(folder).as_posix() not in files:
            path.unlink(missing_ok=True)
    folders = {parent for pattern in patterns for parent in Path(pattern).parents if parent != Path()}
    for name in sorted(folders, key=lambda path: -len(path.parts)):
        # What is not empty holds something of this export, or of the user.
        with contextlib.suppress(OSError):
            (folder / name).rmdir()
