"""`synth export`: training sets from the samples that a filter names.

    DIR/alpaca.jsonl                    every row {instruction, input, output}
    DIR/litgpt/train.json, val.json     the same rows, split by event and date (`synth.split`), for litgpt.data.JSON
    DIR/manifest.json                   filter, counts, what was left out and why, and the sha256 of each file

The same samples give the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from crawler.items import NewsmillError
from crawler.mongo import code_version, connect, run_of
from synth.copies import Copies
from synth.files import staged
from synth.samples import CURRENT
from synth.split import Row, validation_keys
from synth.stage import progress_bar, read_filter

if TYPE_CHECKING:
    from pymongo.database import Database

FORMATS = ("alpaca", "litgpt")
FILES = {"alpaca": ("alpaca.jsonl",), "litgpt": ("litgpt/train.json", "litgpt/val.json")}
#: Share of validation rows: enough to steer by in a set of some hundreds, and most stay for training.
VAL_FRACTION = 0.15
_CHUNK = 1000


@dataclass(frozen=True)
class Settings:
    """What an export depends on besides the samples."""

    filter: str = ""
    formats: tuple[str, ...] = FORMATS
    val_fraction: float = VAL_FRACTION
    seed: int = 0
    include_opted_out: bool = False


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """examples:
  synth export --out export
  synth export --filter '{"language": "vi", "min_similarity": {"$gt": 0.3}}' --out export-vi"""
    parser.add_argument("--out", type=Path, default=Path("export"), metavar="DIR", help="folder to write (export)")
    parser.add_argument("--filter", default="", metavar="FILTER", help="MongoDB filter of samples, extended JSON (all)")
    parser.add_argument("--format", action="append", choices=FORMATS, help="may be given twice (default: both)")
    parser.add_argument(
        "--val-fraction", type=float, default=VAL_FRACTION, help=f"share of rows for validation ({VAL_FRACTION})"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides among the events of one day (0)")
    parser.add_argument(
        "--include-opted-out", action="store_true", help="keep samples from articles whose site reserved its rights"
    )


def main(options: argparse.Namespace) -> int:
    if not 0 < options.val_fraction < 1:
        raise NewsmillError(f"--val-fraction {options.val_fraction} is no share: more than 0, less than 1")
    formats = tuple(name for name in FORMATS if name in (options.format or FORMATS))
    settings = Settings(options.filter, formats, options.val_fraction, options.seed, options.include_opted_out)
    wanted = read_filter(settings.filter)
    database = connect(options.uri)
    with run_of(database, "export", {"out": str(options.out), **vars(settings), "formats": list(formats)}) as run:
        manifest = export(database, options.out, settings, wanted)
        run.counts.update({"exported": manifest["counts"]["rows"], **manifest["left_out"]})
    print(json.dumps(manifest, ensure_ascii=False) if options.json else told(options.out, manifest))
    return 0


def export(
    database: Database[dict[str, Any]], folder: Path, settings: Settings, wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the export; its manifest.

    Raises:
        NewsmillError: the filter is wrong, names no sample that can be exported, or the folder cannot be written.
    """
    rows, left_out = chosen_rows(database, wanted, settings.include_opted_out)
    if not rows:
        raise NewsmillError(nothing(settings.filter, left_out))
    in_validation = validation_keys(with_copies(database, rows), settings.val_fraction, settings.seed)
    with staged(folder) as partial:
        with Writer(partial, settings.formats) as writer, progress_bar("export", len(rows)) as advance:
            for sample in full_samples(database, rows):
                writer.add(sample, validation=sample["key"] in in_validation)
                advance(1)
            files = writer.close()
        manifest = {
            "filter": dict(wanted), "formats": list(settings.formats), "seed": settings.seed,
            "val_fraction": settings.val_fraction, "include_opted_out": settings.include_opted_out,
            "counts": summary(rows, in_validation), "left_out": dict(sorted(left_out.items())),
            "made_by": writer.made_by(), "code_version": code_version(), "files": files,
        }  # fmt: skip
        text = json.dumps(manifest, ensure_ascii=False, indent=2, default=_extended)
        (partial / "manifest.json").write_text(text + "\n", encoding="utf-8")
    for name in {name for names in FILES.values() for name in names} - set(files):
        # An older export's file of a format not asked for now would stand there as if it belonged to this one.
        (folder / name).unlink(missing_ok=True)
    return dict(json.loads(text))


def _extended(value: Any) -> Any:
    """Instants and ids of a filter, as extended JSON."""
    from bson import json_util

    return json_util.default(value)


def chosen_rows(
    database: Database[dict[str, Any]], wanted: Mapping[str, Any], include_opted_out: bool
) -> tuple[list[Row], Counter[str]]:
    """What will be exported, and how many samples that the filter names are left out, by reason.

    A sample with several reasons counts under the first of superseded, rejected, several_turns, empty, opted_out.
    """
    left_out = Counter(
        superseded=_count(database, {"$and": [dict(wanted), {"superseded": True}]}),
        rejected=_count(database, {"$and": [dict(wanted), {"superseded": {"$ne": True}, "status": "rejected"}]}),
    )
    rows: list[Row] = []
    for row in _light(database, wanted):
        if row["turns"]:
            # An Alpaca row holds one request and one answer: without its history the answer answers nothing.
            left_out["several_turns"] += 1
        elif row["empty"]:
            left_out["empty"] += 1
        else:
            links = [link for link in row.get("links") or [] if isinstance(link, str)]
            rows.append(Row(row["key"], row.get("event") or "", row.get("language") or "", row.get("date"), links))
    if not include_opted_out:
        reserved = opted_out(database, {link for row in rows for link in row.links})
        kept = [row for row in rows if reserved.isdisjoint(row.links)]
        left_out["opted_out"] = len(rows) - len(kept)
        rows = kept
    return rows, +left_out


def _count(database: Database[dict[str, Any]], wanted: Mapping[str, Any]) -> int:
    from pymongo.errors import OperationFailure

    try:
        return database.samples.count_documents(wanted)
    except OperationFailure as error:
        raise NewsmillError(f"bad filter: {(error.details or {}).get('errmsg', error)}") from error


def _light(database: Database[dict[str, Any]], wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Current samples that the filter names, without their texts, sorted by key."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"$and": [dict(wanted), CURRENT]}},
        {"$project": {
            "_id": 0, "key": 1, "event": 1, "language": 1, "date": 1, "links": "$sources.link",
            "turns": {"$and": [{"$isArray": ["$history"]}, {"$ne": ["$history", []]}]},
            "empty": {"$or": [_blank("$answer"), _blank("$question")]},
        }},
        {"$sort": {"key": 1}},
    ]  # fmt: skip
    return iter(database.samples.aggregate(pipeline, allowDiskUse=True))


def _blank(field: str) -> dict[str, Any]:
    """An expression: the field is no text, or one without a letter or sign."""
    text = {"$cond": [{"$eq": [{"$type": field}, "string"]}, field, ""]}
    return {"$not": [{"$regexMatch": {"input": text, "regex": r"\S"}}]}


def opted_out(database: Database[dict[str, Any]], links: set[str]) -> set[str]:
    """Those of `links` whose article's site reserved its rights; an article's other addresses count as it does."""
    found: set[str] = set()
    ordered = sorted(links)
    for start in range(0, len(ordered), _CHUNK):
        part = ordered[start : start + _CHUNK]
        wanted = {"permission.opt_out": True, "$or": [{"link": {"$in": part}}, {"also_at": {"$in": part}}]}
        for row in database.articles.find(wanted, {"link": 1, "also_at": 1}):
            found.update([row["link"], *row.get("also_at", [])])
    return found & links


def with_copies(database: Database[dict[str, Any]], rows: list[Row]) -> Iterator[Row]:
    """The rows with the names of their texts: a copy under another link, or in another event, is the same text."""
    copies = Copies()
    known: dict[str, str] = {}
    for start in range(0, len(rows), _CHUNK):
        part = {row.key: row for row in rows[start : start + _CHUNK]}
        fields = {"key": 1, "answer": 1, "sources.link": 1, "sources.content": 1}
        for sample in database.samples.find({"key": {"$in": list(part)}}, fields).sort("key", 1):
            names = {copies.name(sample["answer"])}
            for source in sample.get("sources") or []:
                link, content = source.get("link") or "", source.get("content") or ""
                # Popular articles are in many samples; a link is one text.
                if link not in known or not link:
                    known[link] = copies.name(content)
                names.add(known[link])
            yield replace(part[sample["key"]], copies=sorted(names - {""}))


def full_samples(database: Database[dict[str, Any]], rows: list[Row]) -> Iterator[dict[str, Any]]:
    """The samples of `rows` with their texts, in the same order (by key)."""
    fields = {"key": 1, "instruction": 1, "question": 1, "answer": 1, "system": 1, "task": 1, "provenance": 1}
    for start in range(0, len(rows), _CHUNK):
        keys = [row.key for row in rows[start : start + _CHUNK]]
        yield from database.samples.find({"key": {"$in": keys}}, fields).sort("key", 1)


def alpaca_row(sample: Mapping[str, Any]) -> dict[str, str]:
    """{instruction, input, output}: the short request and what it is about where the sample tells them apart.

    Joined by a blank line, instruction and input are the sample's question. A system message goes before the request:
    an Alpaca row has no other place for it.
    """
    question = sample["question"].strip()
    instruction = (sample.get("instruction") or "").strip()
    given = question.removeprefix(instruction).strip() if question.startswith(f"{instruction}\n") else ""
    if not instruction or not given:
        instruction, given = question, ""
    if system := (sample.get("system") or "").strip():
        instruction = f"{system}\n\n{instruction}"
    return {"instruction": instruction, "input": given, "output": sample["answer"].strip()}


class Writer:
    """Writes rows to the files of every format as they come; in memory is one row."""

    def __init__(self, folder: Path, formats: tuple[str, ...]) -> None:
        self.files: dict[str, File] = {}
        self.formats = formats
        self.made: Counter[tuple[str, str, str]] = Counter()
        for name in (name for key in formats for name in FILES[key]):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            self.files[name] = File((folder / name).open("wb"), as_list=name.endswith(".json"))

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self.files.values():
            # After a failed write the buffer cannot be flushed either; that failure has been told already.
            with contextlib.suppress(OSError):
                file.file.close()

    def add(self, sample: Mapping[str, Any], *, validation: bool) -> None:
        row = json.dumps(alpaca_row(sample), ensure_ascii=False)
        if "alpaca" in self.formats:
            self.files["alpaca.jsonl"].write(row)
        if "litgpt" in self.formats:
            self.files[f"litgpt/{'val' if validation else 'train'}.json"].write(row)
        made = sample.get("provenance") or {}
        self.made[(sample.get("task") or "", str(made.get("prompt") or ""), str(made.get("model") or ""))] += 1

    def close(self) -> dict[str, dict[str, Any]]:
        """name -> {sha256, bytes, rows}."""
        return {name: file.close() for name, file in self.files.items()}

    def made_by(self) -> list[dict[str, Any]]:
        """How many rows each (task, prompt, model) made."""
        return [
            {"task": task, "prompt": prompt, "model": model, "rows": count}
            for (task, prompt, model), count in sorted(self.made.items())
        ]


class File:
    """JSON rows on their way to a file: one a line, or, `as_list`, one list with a row a line."""

    def __init__(self, file: BinaryIO, *, as_list: bool) -> None:
        self.file = file
        self.as_list = as_list
        self.rows = self.bytes = 0
        self.digest = hashlib.sha256()

    def write(self, row: str) -> None:
        before = ("[\n" if self.rows == 0 else ",\n") if self.as_list else ""
        self._put(before + row + ("" if self.as_list else "\n"))
        self.rows += 1

    def close(self) -> dict[str, Any]:
        if self.as_list:
            self._put("\n]\n" if self.rows else "[]\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return {"sha256": self.digest.hexdigest(), "bytes": self.bytes, "rows": self.rows}

    def _put(self, text: str) -> None:
        data = text.encode()
        self.file.write(data)
        self.digest.update(data)
        self.bytes += len(data)


def summary(rows: list[Row], in_validation: set[str]) -> dict[str, Any]:
    """Rows, events, languages and days on each side."""
    sides = {
        "train": [row for row in rows if row.key not in in_validation],
        "validation": [row for row in rows if row.key in in_validation],
    }
    counts: dict[str, Any] = {"rows": len(rows)}
    for name, side in sides.items():
        days = sorted(f"{row.date:%Y-%m-%d}" for row in side if row.date)
        counts[name] = {
            "rows": len(side), "events": len({row.event or row.key for row in side}),
            "languages": dict(sorted(Counter(row.language for row in side).items())),
            "first_day": days[0] if days else None, "last_day": days[-1] if days else None,
        }  # fmt: skip
    return counts


def nothing(wanted: str, left_out: Mapping[str, int]) -> str:
    """Why there is nothing to export, and what to do."""
    if left_out:
        told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in left_out.items())
        return f"every sample that the filter names is left out ({told}): widen the filter, or see synth query"
    if wanted:
        return f"no sample matches {wanted}: count with `synth query FILTER --count`, and widen the filter"
    return "there are no samples yet: run `synth cluster`, `synth summarize` and `synth score` first"


def told(folder: Path, manifest: Mapping[str, Any]) -> str:
    """What was written, what was not, and what comes next."""
    counts, left_out = manifest["counts"], manifest["left_out"]
    train, val = counts["train"], counts["validation"]
    languages = Counter(train["languages"]) + Counter(val["languages"])
    line = (
        f"export: {counts['rows']:,} rows in {folder} ({train['rows']:,} to train, {val['rows']:,} to validate; "
        + ", ".join(f"{language or '?'} {count:,}" for language, count in sorted(languages.items()))
        + ")"
    )
    if left_out:
        line += "; left out: " + ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in left_out.items())
    if not val["rows"] and "litgpt" in manifest["formats"]:
        line += "; one event alone cannot be split: val.json is empty"
    if "alpaca.jsonl" in manifest["files"]:
        line += f"; next: train tiny --corpus {folder / 'alpaca.jsonl'} --out checkpoints/tiny"
    return line
