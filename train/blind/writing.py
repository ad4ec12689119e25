"""`train blind --texts`: the folder of sheets and their key."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from train.atomic_files import write_whole
from train.blind.ratings import check_unrated
from train.blind.sheets import (
    SCALES,
    draw,
    gather,
    order,
    sheet_csv,
    sheet_lines,
    sheet_page,
    shorter,
    spoken,
)  # fmt: skip


def write_sheets(options: argparse.Namespace) -> dict[str, Any]:
    """The sheets in every form and their key; what was written, as `--json` prints it."""
    items, left_out = gather(options.texts, reference=not options.no_reference)
    selection = draw(items, options.limit, options.seed)
    if options.max_words:
        selection = [replace(item, text=shorter(item.text, options.max_words)) for item in selection]
    width = len(str(len(selection)))
    names = {f"T{number:0{width}d}": item for number, item in enumerate(selection, 1)}
    language = options.language or spoken(selection)
    sheets = [(f"rater-{number}", order(list(names), options.seed, number)) for number in range(1, options.raters + 1)]
    check_unrated([options.out / f"{name}.csv" for name, _ in sheets])
    key = {
        "seed": options.seed, "scales": list(SCALES), "authors": list(dict.fromkeys(item.author for item in items)),
        "items": {name: {"id": item.id, "author": item.author} for name, item in names.items()},
    }  # fmt: skip
    write_whole(options.out / "key.json", json.dumps(key, indent=1, ensure_ascii=False) + "\n")
    for name, listed in sheets:
        write_whole(options.out / f"{name}.csv", sheet_csv(names, listed))
        write_whole(options.out / f"{name}.jsonl", sheet_lines(names, listed))
        write_whole(options.out / f"{name}.html", sheet_page(names, listed, name, language))
    return {
        "out": str(options.out), "texts": len(selection), "prompts": len({item.id for item in selection}),
        "authors": sorted({item.author for item in selection}), "left_out": left_out, "raters": options.raters,
    }  # fmt: skip


def summary(outcome: Mapping[str, Any]) -> str:
    """What was written, and what to do with it, for people."""
    out, left_out = outcome["out"], outcome["left_out"]
    return "\n".join([
        f"{out}: {outcome['texts']} texts by {len(outcome['authors'])} authors, {outcome['raters']} sheets, key.json",
        f"{left_out} prompts left out that not every file answers" if left_out else "every prompt is answered by all",
        f"next: give out the sheets, keep the key; then train blind --read {out}/rater-*.csv --key …/key.json",
    ])  # fmt: skip
