"""`synth export`: training sets from the samples that a filter names.

    DIR/alpaca.jsonl, DIR/litgpt/, …    the rows in every format asked for (`formats`), split by event and date
    DIR/huggingface/README.md           a dataset card (`dataset_card`)
    DIR/sources.jsonl                   {key, links}: the articles that each sample is made from
    DIR/manifest.json                   filter, counts, what was left out and why, and the sha256 of each file

The same samples give the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import code_version, connect, run_of
from synth.atomic_files import staged
from synth.export.dataset_card import Tally, write_card
from synth.export.formats import (
    DEFAULT,
    FORMATS,
    ONE_TURN,
    PATTERNS,
    SHARD_ROWS,
    SPLITS,
    Sink,
    Writer,
    check_formats,
    needs_parquet,
)
from synth.export.selection import Chosen, choose, full_samples, with_copies
from synth.export.split import Row, splits_of
from synth.filters.check import warnings as filter_warnings
from synth.filters.read import read_filter
from synth.stages.options import natural, positive
from synth.stages.progress import progress_bar

if TYPE_CHECKING:
    from pymongo.database import Database

#: Share of validation rows: enough to steer by in a set of some hundreds, and most stay for training.
VAL_FRACTION = 0.15
_TITLE = "News samples"


@dataclass(frozen=True)
class Settings:
    """What an export depends on besides the samples."""

    filter: str = ""
    formats: tuple[str, ...] = DEFAULT
    val_fraction: float = VAL_FRACTION
    test_fraction: float = 0.0
    seed: int = 0
    include_opted_out: bool = False
    include_duplicates: bool = False
    shard_rows: int = SHARD_ROWS
    title: str = _TITLE
    license: str = "other"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """examples:
  synth export --out export
  synth export --filter '{"language": "vi", "min_similarity": {"$gt": 0.3}}' --out export-vi
  synth export --format openai --format openai-parquet --out export-chat
  synth export --format huggingface --test-fraction 0.1 --title 'Italian news' --out export-hf

What each format looks like and what loads it: docs/exports.md"""
    parser.add_argument("--out", type=Path, default=Path("export"), metavar="DIR", help="folder to write (export)")
    parser.add_argument(
        "--filter", default="", metavar="FILTER",
        help="MongoDB filter of samples: extended JSON, @FILE, or :NAME of the cookbook or a saved one (all)",
    )  # fmt: skip
    parser.add_argument(
        "--format", action="append", choices=FORMATS, metavar="NAME",
        help=f"{', '.join(FORMATS)}; may be given several times ({' and '.join(DEFAULT)})",
    )  # fmt: skip
    _configure_splits(parser.add_argument_group("splits"))
    _configure_choice(parser.add_argument_group("what is left out"))
    group = parser.add_argument_group("huggingface")
    group.add_argument(
        "--shard-rows", type=positive, default=SHARD_ROWS, metavar="N", help=f"rows a file ({SHARD_ROWS})"
    )
    group.add_argument("--title", default=_TITLE, metavar="TEXT", help=f"name of the set on its card ({_TITLE})")
    group.add_argument(
        "--license", default="other", metavar="ID",
        help="licence of what was added to the articles, as the hub calls it, e.g. cc-by-4.0 (other: none is given)",
    )  # fmt: skip


def _configure_splits(group: Any) -> None:
    group.add_argument(
        "--val-fraction", type=float, default=VAL_FRACTION, metavar="X",
        help=f"share of rows for validation ({VAL_FRACTION})",
    )  # fmt: skip
    group.add_argument(
        "--test-fraction",
        type=float,
        default=0.0,
        metavar="X",
        help="share of rows for a test set of later events (0: none)",
    )
    group.add_argument("--seed", type=natural, default=0, metavar="N", help="decides among the events of one day (0)")


def _configure_choice(group: Any) -> None:
    group.add_argument(
        "--include-opted-out", action="store_true", help="keep samples from articles whose site reserved its rights"
    )
    group.add_argument(
        "--include-duplicates", action="store_true", help="keep samples that `synth dedupe` marked as duplicates"
    )


def check(options: argparse.Namespace) -> Settings:
    """What the options ask for.

    Raises:
        NewsmillError: a share is none, or a format needs a library that is not there.
    """
    val, test = options.val_fraction, options.test_fraction
    if not 0 < val < 1:
        raise NewsmillError(f"--val-fraction {val} is no share: more than 0, less than 1")
    if not 0 <= test < 1 or val + test >= 1:
        raise NewsmillError(f"--test-fraction {test} is no share: 0 or more, less than 1 together with --val-fraction")
    formats = tuple(name for name in FORMATS if name in (options.format or DEFAULT))
    check_formats(formats)
    return Settings(
        options.filter, formats, val, test, options.seed, options.include_opted_out, options.include_duplicates,
        options.shard_rows, options.title, options.license,
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    settings = check(options)
    database = connect(options.uri)
    wanted = read_filter(settings.filter, database)
    # Absolute: `synth takedown` has to find it from anywhere.
    told_settings = {"out": str(options.out.resolve()), **vars(settings), "formats": list(settings.formats)}
    with run_of(database, "export", told_settings) as run:
        manifest = export(database, options.out, settings, wanted)
        run.counts.update({"exported": manifest["counts"]["rows"], **manifest["left_out"]})
    for line in [*filter_warnings(wanted), *warnings(manifest)]:
        print(f"export: warning: {line}", file=sys.stderr)
    print(json.dumps(manifest, ensure_ascii=False) if options.json else told(options.out, manifest))
    return 0


def export(
    database: Database[dict[str, Any]], folder: Path, settings: Settings, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the export; its manifest.

    Raises:
        NewsmillError: the filter is wrong, names no sample that can be exported, or the folder cannot be written.
    """
    chosen = choose(
        database, wanted, turns=not ONE_TURN.issuperset(settings.formats),
        include_opted_out=settings.include_opted_out, include_duplicates=settings.include_duplicates,
    )  # fmt: skip
    if not chosen.rows:
        raise NewsmillError(nothing(settings.filter, chosen.left_out))
    sides = splits_of(with_copies(database, chosen), settings.val_fraction, settings.test_fraction, settings.seed)
    manifest = described(chosen, sides, settings, wanted)
    ours = _is_export(folder)
    with staged(folder) as partial:
        manifest |= written(database, partial, chosen, sides, settings, manifest)
        text = json.dumps(manifest, ensure_ascii=False, indent=2)
        (partial / "manifest.json").write_text(text + "\n", encoding="utf-8")
    if ours:
        _sweep(folder, set(manifest["files"]))
    return manifest


def described(
    chosen: Chosen, sides: Mapping[str, str], settings: Settings, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """What the manifest says before anything is written."""
    counts = summary(chosen.rows, sides, with_test=bool(settings.test_fraction))
    without_turns = [name for name in settings.formats if name in ONE_TURN] if chosen.turned else []
    filter_told = json.loads(json.dumps(wanted, default=_extended))
    return {
        "filter": filter_told, "formats": list(settings.formats), "seed": settings.seed,
        "val_fraction": settings.val_fraction, "test_fraction": settings.test_fraction,
        "include_opted_out": settings.include_opted_out, "include_duplicates": settings.include_duplicates,
        "counts": counts, "days_overlap": days_overlap(chosen.rows, sides), "left_out": dict(chosen.left_out),
        "left_out_of": {name: {"several_turns": len(chosen.turned)} for name in without_turns},
        "permission": chosen.permission, "code_version": code_version(), **_parquet_version(settings.formats),
    }  # fmt: skip


def _parquet_version(formats: Sequence[str]) -> dict[str, str]:
    """What wrote the Parquet files: another version may write other bytes for the same rows."""
    return {"pyarrow": version("pyarrow")} if needs_parquet(formats) else {}


def written(
    database: Database[dict[str, Any]], folder: Path, chosen: Chosen, sides: Mapping[str, str], settings: Settings,
    manifest: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Write every file but the manifest; what is known only then: {made_by, marked, files}."""
    tally = Tally() if "huggingface" in settings.formats else None
    made: Counter[tuple[str, str, str]] = Counter()
    marked: Counter[str] = Counter()
    sizes = {name: side["rows"] for name, side in manifest["counts"].items() if name in SPLITS}
    with Writer(folder, settings.formats, sizes, settings.shard_rows) as writer:
        for sample in _each(database, chosen.rows):
            writer.add(sample, sides[sample["key"]], turned=sample["key"] in chosen.turned)
            made[_maker(sample)] += 1
            marked.update(name for name in ("contaminated", "personal_data") if sample.get(name))
            if tally:
                tally.add(sample)
        files = writer.close()
    known = {"made_by": _made_by(made), "marked": dict(sorted(marked.items()))}
    if tally:
        shards = {name: -(-size // settings.shard_rows) for name, size in sizes.items()}
        text = write_card(
            tally, {**manifest, **known}, title=settings.title, license_id=settings.license, shards=shards
        )
        files["huggingface/README.md"] = _put(folder / "huggingface/README.md", text)
    return {**known, "files": files}


def _each(database: Database[dict[str, Any]], rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """The samples, with a progress bar.

    Raises:
        NewsmillError: some are gone since they were chosen: what is taken down must not come out in an export.
    """
    count = 0
    with progress_bar("export", len(rows)) as advance:
        for sample in full_samples(database, rows):
            yield sample
            count += 1
            advance(1)
    if count != len(rows):
        gone = len(rows) - count
        raise NewsmillError(
            f"samples removed from the store meanwhile: {gone:,}: run it again; what was there is unchanged"
        )


def _maker(sample: Mapping[str, Any]) -> tuple[str, str, str]:
    made = sample.get("provenance") or {}
    return sample.get("task") or "", str(made.get("prompt") or ""), str(made.get("model") or "")


def _made_by(made: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    """How many rows each (task, prompt, model) made."""
    return [
        {"task": task, "prompt": prompt, "model": model, "rows": count}
        for (task, prompt, model), count in sorted(made.items())
    ]


def _put(path: Path, text: str) -> dict[str, Any]:
    sink = Sink(path)
    try:
        sink.write(text.encode())
        sink.close()
    finally:
        sink.abandon()
    return sink.told(0)


def _is_export(folder: Path) -> bool:
    """Whether an export stands in the folder: what else is called as our files are is the user's."""
    try:
        told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and {"files", "left_out"} <= told.keys()


def _sweep(folder: Path, files: set[str]) -> None:
    """Remove what an older export left: it would stand there as if it belonged to this one."""
    for path in [path for pattern in PATTERNS for path in folder.glob(pattern)]:
        if path.relative_to(folder).as_posix() not in files:
            path.unlink(missing_ok=True)
    for name in ("litgpt", "huggingface/data", "huggingface"):
        # What is not empty holds something of this export, or of the user.
        with contextlib.suppress(OSError):
            (folder / name).rmdir()


def _extended(value: Any) -> Any:
    """Instants and ids of a filter, as extended JSON."""
    from bson import json_util

    return json_util.default(value)


def summary(rows: Sequence[Row], sides: Mapping[str, str], *, with_test: bool = False) -> dict[str, Any]:
    """Rows, events, languages and days of each split."""
    counts: dict[str, Any] = {"rows": len(rows)}
    for name in SPLITS if with_test else ("train", "validation"):
        side = [row for row in rows if sides[row.key] == name]
        days = sorted(f"{row.date:%Y-%m-%d}" for row in side if row.date)
        counts[name] = {
            "rows": len(side), "events": len({row.event or row.key for row in side}),
            "languages": dict(sorted(Counter(row.language for row in side).items())),
            "first_day": days[0] if days else None, "last_day": days[-1] if days else None,
        }  # fmt: skip
    return counts


def days_overlap(rows: Sequence[Row], sides: Mapping[str, str]) -> bool:
    """Whether in some language a split has a day that is before the last day of an earlier one."""
    days: dict[str, dict[str, list[datetime]]] = {}
    for row in rows:
        if row.date:
            days.setdefault(row.language, {}).setdefault(sides[row.key], []).append(row.date)
    spans = [[found[name] for name in SPLITS if name in found] for found in days.values()]
    return any(min(later).date() < max(earlier).date() for span in spans for earlier, later in pairwise(span))


def nothing(wanted: str, left_out: Mapping[str, int]) -> str:
    """Why there is nothing to export, and what to do."""
    if left_out:
        told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in left_out.items())
        return f"every sample that the filter names is left out ({told}): widen the filter, or see synth query"
    if wanted:
        return f"no sample matches {wanted}: count with `synth query FILTER --count`, and widen the filter"
    return "there are no samples yet: run `synth cluster`, `synth summarize` and `synth score` first"


def warnings(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is in the files and may be unwanted there."""
    said = {
        "contaminated": "samples that repeat rows of evaluation sets",
        "personal_data": "samples that hold what looks like data of a person",
    }
    for name, count in manifest["marked"].items():
        yield f'{said[name]}: {count:,}; a filter that leaves them out: {{"{name}.0": {{"$exists": false}}}}'
    for name, reasons in manifest["left_out_of"].items():
        count = reasons["several_turns"]
        yield f"samples of several turns that are not in {name}, which has no place for them: {count:,}"


def told(folder: Path, manifest: Mapping[str, Any]) -> str:
    """What was written, what was not, and what comes next."""
    counts, left_out = manifest["counts"], manifest["left_out"]
    sides = {name: counts[name] for name in SPLITS if name in counts}
    languages = sum((Counter(side["languages"]) for side in sides.values()), Counter())
    uses = {"train": "to train", "validation": "to validate", "test": "to test"}
    line = (
        f"export: {counts['rows']:,} rows in {folder} ("
        + ", ".join(f"{side['rows']:,} {uses[name]}" for name, side in sides.items())
        + "; "
        + ", ".join(f"{language or '?'} {count:,}" for language, count in sorted(languages.items()))
        + ")"
    )
    if left_out:
        line += "; left out: " + ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in left_out.items())
    if not counts["validation"]["rows"] and "litgpt" in manifest["formats"]:
        line += "; one event alone cannot be split: val.json is empty"
    if "alpaca.jsonl" in manifest["files"]:
        line += f"; next: train tiny --corpus {folder / 'alpaca.jsonl'} --out checkpoints/tiny"
    elif "huggingface/README.md" in manifest["files"]:
        line += f"; its card: {folder / 'huggingface/README.md'}"
    return line
