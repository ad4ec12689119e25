"""The manifest of an export: its counts, what it left out, and what is said of them on the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from crawler.mongo import code_version
from synth.export.formats import DEFAULT, LACKS, SHARD_ROWS, formats, needs_parquet, reads_articles
from synth.export.preference_card import is_no_pair, pair_line
from synth.export.selection import Selection
from synth.export.split import SPLITS, Row

#: Share of validation rows: enough to steer by in a set of some hundreds, and most stay for training.
VAL_FRACTION = 0.15
TITLE = "News samples"
#: What is said of samples that a format has no place for.
_LACKING = {
    "several_turns": "of several turns", "tool_calls": "that call tools",
    "not_to_be_learnt": "whose answer is not to be learnt (weight 0)",
}  # fmt: skip


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
    title: str = TITLE
    license: str = "other"
    #: rows at most; None: all.
    limit: int | None = None

    @property
    def of_articles(self) -> bool:
        """Whether articles are exported, and not samples."""
        return reads_articles(self.formats)


def manifest_of(
    selection: Selection, sides: Mapping[str, str], settings: Settings, query: Mapping[str, Any]
) -> dict[str, Any]:
    """What the manifest says before anything is written."""
    counts = summary(selection.rows, sides, with_test=bool(settings.test_fraction))
    return {
        "filter": json.loads(json.dumps(query, default=_extended)), "formats": list(settings.formats),
        "seed": settings.seed, "val_fraction": settings.val_fraction, "test_fraction": settings.test_fraction,
        "include_opted_out": settings.include_opted_out, "include_duplicates": settings.include_duplicates,
        "counts": counts, "days_overlap": days_overlap(selection.rows, sides), "left_out": dict(selection.left_out),
        "left_out_of": _left_out_of(selection, settings.formats),
        "permission": selection.permission, "code_version": code_version(), **_parquet_version(settings.formats),
        **({"limit": settings.limit} if settings.limit else {}),
    }  # fmt: skip


def _left_out_of(selection: Selection, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Format -> reason -> samples that it has no place for; a sample counts under the first of its reasons."""
    left_out: dict[str, dict[str, int]] = {}
    for name in names:
        lacks = formats()[name].lacks
        firsts = (next((need for need in LACKS if need in needs & lacks), "") for needs in selection.needs.values())
        if reasons := {reason: count for reason, count in Counter(firsts).items() if reason}:
            left_out[name] = dict(sorted(reasons.items()))
    return left_out


def _parquet_version(formats: Sequence[str]) -> dict[str, str]:
    """What wrote the Parquet files: another version may write other bytes for the same rows."""
    return {"pyarrow": version("pyarrow")} if needs_parquet(formats) else {}


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
    spans = [[dates[name] for name in SPLITS if name in dates] for dates in days.values()]
    return any(min(later).date() < max(earlier).date() for span in spans for earlier, later in pairwise(span))


def empty_message(filter_text: str, left_out: Mapping[str, int], store: str, *, of_articles: bool = False) -> str:
    """Why there is nothing to export, and what to do."""
    if of_articles:
        return _no_article(filter_text, left_out, store)
    if left_out:
        reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in left_out.items())
        if any(is_no_pair(reason) for reason in left_out):
            return f"no preference among the samples that the filter names ({reasons}): edit some in `synth review`"
        return f"every sample that the filter names is left out ({reasons}): widen the filter, or see synth query"
    if filter_text:
        return f"no sample matches {filter_text} in {store}: count with `synth query FILTER --count`, and widen it"
    return f"there are no samples in {store} yet: run `synth cluster`, `synth summarize` and `synth score` first"


def _no_article(filter_text: str, left_out: Mapping[str, int], store: str) -> str:
    if left_out:
        reasons = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in left_out.items())
        return f"every article that the filter names is left out ({reasons}): widen the filter"
    if filter_text:
        return f"no article matches {filter_text} in {store}: --format text takes a filter of articles, not of samples"
    return f"there are no articles in {store} yet: run `scrapy crawl NAME` or `synth import FILE` first"


def warnings(manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is in the files and may be unwanted there."""
    labels = {
        "contaminated": "samples that repeat rows of evaluation sets",
        "personal_data": "samples that hold what looks like data of a person",
    }
    if reads_articles(manifest["formats"]) and not manifest["counts"]["validation"]["rows"]:
        yield "no article of the last days can be held out: each repeats what training has, or there is one day alone"
    for name, count in manifest.get("marked", {}).items():
        yield f'{labels[name]}: {count:,}; a filter that leaves them out: {{"{name}.0": {{"$exists": false}}}}'
    for name, reasons in manifest["left_out_of"].items():
        for reason, count in reasons.items():
            if is_no_pair(reason):
                continue
            yield f"samples {_LACKING[reason]} that are not in {name}, which has no place for them: {count:,}"


def report_line(folder: Path, manifest: Mapping[str, Any]) -> str:
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
    line += pair_line(manifest)
    if reads_articles(manifest["formats"]):
        line = line.replace(" rows in ", " articles in ", 1)
    if left_out:
        line += "; left out: " + ", ".join(f"{n:,} {reason.replace('_', ' ')}" for reason, n in left_out.items())
    if not counts["validation"]["rows"] and "litgpt" in manifest["formats"]:
        line += "; one event alone cannot be split: val.json is empty"
    # Of several forms the one whose training rows are apart: a tokenizer that has seen validation rows judges itself.
    corpus = next((name for name in ("litgpt/train.json", "alpaca.jsonl") if name in manifest["files"]), None)
    if "text/train.jsonl" in manifest["files"]:
        recipe = '"$(train recipe smollm2-360m/cpt --path)"'
        line += f"; next: litgpt finetune_lora --config {recipe} --data.init_args.path {folder}"
    elif corpus:
        line += f"; next: train tiny --corpus {folder / corpus} --out checkpoints/tiny"
    elif card := next((name for name in manifest["files"] if name.endswith("/README.md")), None):
        line += f"; its card: {folder / card}"
    return line
