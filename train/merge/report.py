"""What `train merge` prints: the plan of a dry run, and what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.merge.compatibility import Checked, folder_of, gigabytes, on_the_way
from train.merge.settings import LORA, Merge


def plan(merge: Merge, checked: list[Checked], finished_folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    """What each step would read and write."""
    return [
        {
            "name": result.step.name,
            "method": result.step.method,
            "kept": result.step.name in finished_folders,
            "reads": _reads(result),
            "converts": {facts.folder.name: size for facts, size in on_the_way(result)},
            "writes": str(folder_of(merge, result.step)),
            "dtype": result.dtype,
            "bytes": result.bytes_out,
            "files_from": result.tokenizer_source,
            "notes": list(result.notes),
        }
        for result in checked
    ]


def _reads(result: Checked) -> dict[str, str]:
    reads = {source.name: source.model for source in result.step.sources}
    base = next(iter(result.facts.values())).base if result.step.method == LORA else None
    if base is not None:
        reads["base"] = str(base)
    elif result.step.base is not None and result.step.base not in reads:
        reads["base"] = result.step.base
    return reads


def print_plan(steps: list[dict[str, Any]], as_json: bool) -> None:
    """Print what each step will do, or all of it as JSON."""
    if as_json:
        print(json.dumps({"steps": steps}, ensure_ascii=False))
        return
    for step in steps:
        print(f"{step['name']}: {step['method']}{', done already' if step['kept'] else ''}")
        for name, model in step["reads"].items():
            print(f"  reads   {name}: {model}")
        for name, size in step["converts"].items():
            print(f"  makes   {name} whole, in Hugging Face form: {gigabytes(size)}")
        print(f"  writes  {step['writes']}: {gigabytes(step['bytes'])}, {step['dtype']}, files of {step['files_from']}")
        for note in step["notes"]:
            print(f"  note    {note}")
    print("nothing was written; next: the same command without --dry-run")


def print_outcome(outcome: Mapping[str, Any]) -> None:
    """Print what a step made, and what is worth knowing about it."""
    how = "kept" if outcome["kept"] else f"{outcome['seconds']} s"
    print(f"{outcome['name']}: {outcome['method']}, {outcome['dtype']}, {how}: {outcome['folder']}")
    for note in (*outcome.get("notes", ()), *outcome.get("remarks", ())):
        print(f"  note: {note}")
    equal = outcome.get("equal")
    if equal:
        print(f"  equal to {equal['to']}: {equal['line']}")
    silent = "nothing: it ends its turn at once" if outcome["text"] == "" else "not tried: memory does not hold it"
    print(f"  writes: {outcome['text'] or silent}")


def size_of(folder: Path) -> str:
    """How much disk the files of a folder take."""
    return gigabytes(sum(path.stat().st_size for path in folder.iterdir() if path.is_file()))
