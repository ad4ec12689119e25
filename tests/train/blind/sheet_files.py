"""Keys and filled sheets, as the contract between those who write them and those who read them has it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TEXTS = "rater item request text style content guess confidence seconds remark".split()
PAIRS = "rater item request text_a text_b choice seconds remark".split()


def write_text_key(folder: Path, prompts: int, authors: Sequence[str], human: Sequence[str] = (), **more: Any) -> Path:
    """Items T000 … of each prompt and author in turn."""
    pairs = [(prompt, author) for prompt in range(prompts) for author in authors]
    items = {
        f"T{number:03d}": {"id": f"p{prompt}", "author": author, "words": 2}
        for number, (prompt, author) in enumerate(pairs)
    }
    key = {"version": 2, "kind": "texts", "seed": 0, "raters": 3, "authors": list(authors), "human": list(human)}
    return _write_key(folder, key | {"items": items} | more)


def write_pair_key(folder: Path, pairs: Sequence[tuple[str, str, str]], raters: int = 3, **more: Any) -> Path:
    """Items P000 … of (prompt, author x, author y); every other one shown from the other side, by rater in turn."""
    items = {
        f"P{number:03d}": {"id": prompt, "authors": [x, y], "words": [10, 20]}
        for number, (prompt, x, y) in enumerate(pairs)
    }
    sides = {
        str(rater): {name: ("xy", "yx")[(number + rater) % 2] for number, name in enumerate(items)}
        for rater in range(1, raters + 1)
    }
    authors = list(dict.fromkeys(author for _, x, y in pairs for author in (x, y)))
    key = {"version": 2, "kind": "pairs", "seed": 0, "raters": raters, "authors": authors, "human": []}
    return _write_key(folder, key | {"items": items, "sides": sides} | more)


def _write_key(folder: Path, key: Mapping[str, Any]) -> Path:
    path = folder / "key.json"
    path.write_text(json.dumps(key), encoding="utf-8")
    return path


def write_sheet(
    path: Path, rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, separator: str = ",",
    encoding: str = "utf-8-sig",
) -> Path:  # fmt: skip
    """A CSV sheet; what a row lacks is empty."""
    with path.open("w", encoding=encoding, newline="", errors="replace") as file:
        writer = csv.DictWriter(file, columns, delimiter=separator, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def shown(key: Path, rater: int, item: str, outcome: str) -> str:
    """The choice (a, b or tie) of a rater who prefers x, y or neither."""
    side = json.loads(key.read_text())["sides"][str(rater)][item]
    return "tie" if outcome == "tie" else "a" if side.index(outcome) == 0 else "b"
