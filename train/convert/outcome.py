"""What `train convert` prints of a conversion: one JSON object, or what was compared and what to run next."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from train.models.formats.folder import Converted


def report(result: Converted, folder: Path, out: Path, *, as_json: bool, follow_up: str) -> None:
    """folder: what was written; another one than `out`, which was asked for, where the comparison failed."""
    if as_json:
        row = {"out": str(folder), "passed": not result.problems, **result.record}
        print(json.dumps(row, ensure_ascii=False))
    for problem in result.problems:
        print(f"convert: {problem}", file=sys.stderr)
    if result.problems:
        print(f"convert: the two models differ: see {folder}; {out} was not written", file=sys.stderr)
    if as_json or result.problems:
        return
    for name, check in result.checks.items():
        print(f"{folder}, {name}: {check.line}")
    for note in result.conversion.notes:
        print(f"note: {note}")
    print(f"{folder}: {result.record['seconds']:.1f} s; next: {follow_up}")


def next_command(result: Converted, out: Path) -> str:
    """What is usually run on such a folder."""
    if result.conversion.to == "gguf":
        return f"ollama create {out.resolve().name} -f {out}/Modelfile"
    if result.conversion.apart or result.conversion.to == "litgpt":
        return f"train generate --checkpoint {out} --prompts export --out answers.jsonl"
    return f"train serve --checkpoint {out}"
