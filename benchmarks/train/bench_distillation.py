"""Can a small model learn a large one's summaries? A base model before and after tuning, its teacher, and extraction.

Italian: Mixtral 8x7B's summaries of it_news_2024 (the Milan group's third question). Vietnamese: people's of vi_vnmds.
Whole events later than all training rows are held out (benchmarks/helpers/distillation_rows.py). All that a model reads
is the beginning of three articles at most, all that it learns the first sentences of a summary, so that it ends on a
CPU. Each part keeps what it has done: killed, the same command goes on.

    python benchmarks/train/bench_distillation.py --model FOLDER [--out FOLDER] [--language it] [--part data …]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.distillation_rows import (
    WORDINGS,
    Split,
    Summary,
    beginning,
    italian_summaries,
    leads,
    record,
    split,
    vietnamese_summaries,
)
from synth.faithful import unsupported
from synth.language.segmentation import words
from synth.llm.extractive.summarizer import Document, summarize
from train.atomic_files import write_whole
from train.evaluate.answers import Ledger, Settings, answer, lines_of_texts, made_by
from train.evaluate.holdout import Holdout, Row, read_holdout
from train.evaluate.measure import Measured, Ratio, measure_all, reference_of
from train.evaluate.scorer_plugins import load_plugins
from train.metrics.bootstrap import Interval, paired

ROOT = Path(__file__).resolve().parents[2]
READERS = {"it": italian_summaries, "vi": vietnamese_summaries}
PARTS = ("data", "before", "train", "after", "table")
TEACHERS = {"it": "teacher (Mixtral 8x7B)", "vi": "teacher (a person)"}
#: Column -> measure of `train evaluate`, digits; `whole_unsupported` is ours.
COLUMNS = {
    "loss a token": ("loss", 3), "ROUGE-1": ("rouge1", 3), "ROUGE-L": ("rougeL", 3),
    "unsupported by what it read": ("unsupported", 2), "by the whole articles": ("whole_unsupported", 2),
    "words": ("words", 0), "right language": ("right_language", 2), "copied": ("covered_sources", 2),
    "repeated": ("repeated", 2),
}  # fmt: skip
PLUGINS = ("unsupported", "language")


# ---- the parts of a run


def write_data(options: argparse.Namespace) -> None:
    """The rows of a language as a folder that `train` reads, and beside it the whole articles and the other texts."""
    rows, left_out = READERS[options.language](options.shared)
    parts = split(rows, options.test_events, options.val_events)
    parts.train = spread(parts.train, options.rows)
    parts.left_out += left_out
    folder = options.out / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("train", "val", "test"):
        _write_lines(folder / f"{name}.jsonl", map(record, getattr(parts, name)))
    _write_lines(options.out / "extractive.jsonl", ({"id": row.id, "text": extract(row)} for row in parts.test))
    others = [{"id": row.id, "text": other_person(row)} for row in parts.test if row.other]
    if others:
        _write_lines(options.out / "other.jsonl", others)
    articles = {row.id: [f"{source.title}\n{source.text}" for source in row.sources] for row in parts.test}
    write_whole(options.out / "articles.json", json.dumps(articles, ensure_ascii=False))
    write_whole(options.out / "counts.json", json.dumps(counts(parts), ensure_ascii=False, indent=1))


def spread(rows: Sequence[Summary], most: int) -> list[Summary]:
    """So many of the rows at even distances, so that no day and no event is all of them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[number * len(rows) // most] for number in range(most)]


def extract(row: Summary) -> str:
    """The summary that `synth summarize --llm extractive` makes of what the model reads, in the room of an answer."""
    # Where no two of its sentences are fit to stand alone, the text is empty: so it is counted.
    documents = [Document(lead.title, lead.text) for lead in leads(row)]
    return summarize(documents, row.language, WORDINGS[row.language].answer_words)


def other_person(row: Summary) -> str:
    """The second person's summary, shortened as the first's."""
    return beginning(row.other, row.language, WORDINGS[row.language].answer_words)


def counts(parts: Split) -> dict[str, Any]:
    """Rows and events of each part, and what is in none."""
    sizes = {
        name: {"rows": len(rows), "events": len({row.event for row in rows})}
        for name, rows in (("train", parts.train), ("val", parts.val), ("test", parts.test))
    }
    days = {"trained_to": max(row.last for row in parts.train), "tested_from": min(row.first for row in parts.test)}
    return {**sizes, **days, "left_out": dict(parts.left_out)}


def _write_lines(path: Path, rows: Iterator[dict[str, str]] | Sequence[dict[str, str]]) -> None:
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def base_of(options: argparse.Namespace) -> Path:
    """The base model with the prompt style that it is asked in: links to its files, and the style beside them."""
    from litgpt.prompts import save_prompt_style

    from train.styles import style_named

    folder = options.out / "base"
    folder.mkdir(parents=True, exist_ok=True)
    for file in options.model.resolve().iterdir():
        link = folder / file.name
        if not link.exists() and file.name not in ("READY", "prompt_style.yaml"):
            link.symlink_to(file)
    save_prompt_style(style_named(WORDINGS[options.language].style), folder)
    return folder


def train(options: argparse.Namespace) -> None:
    """`train finetune` by a recipe of its own."""
    import yaml

    path = options.out / "recipe.yaml"
    write_whole(path, yaml.safe_dump(recipe(options), sort_keys=False))
    command = [sys.executable, "-m", "train", "finetune", "--config", str(path)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})


def recipe(options: argparse.Namespace) -> dict[str, Any]:
    """LoRA on all seven matrices of a layer, r and alpha as in the recipes of Gemma: docs/distillation.md."""
    return {
        "backend": "huggingface", "method": "sft", "checkpoint_dir": str(base_of(options)),
        "out_dir": str(options.out / "run"), "precision": "bf16-true", "quantize": None, "dora": False,
        "lora_r": 16, "lora_alpha": 16, "lora_dropout": 0.05, "lora_query": True, "lora_key": True,
        "lora_value": True, "lora_projection": True, "lora_mlp": True, "lora_head": False,
        "data": {"class_path": "train.data.Chat", "init_args": {
            "path": str(options.out / "data"), "prompt_style": WORDINGS[options.language].style, "mask_prompt": True,
            "over_length": "cut", "batching": "grouped", "seed": 42}},
        "train": {"save_interval": 4, "log_interval": 1, "global_batch_size": 4, "micro_batch_size": 1,
                  "lr_warmup_steps": 3, "max_steps": options.steps, "max_seq_length": 768},
        "eval": {"interval": 8, "max_iters": 16, "initial_validation": True, "final_validation": True},
        "lr_schedule": "linear", "logger_name": "csv", "seed": options.seed,
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": options.lr, "weight_decay": 0.0}},
    }  # fmt: skip


def settings_of(options: argparse.Namespace) -> Settings:
    return Settings(max_new_tokens=options.new_tokens)


def write_answers(name: str, options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """id -> line of the held-out rows: the model's text, and the loss of the teacher's. Those that are there stay."""
    from train.models.checkpoint import model_digest

    base = base_of(options)
    folder = options.out / "run/final" if name == "after" else base
    digest = model_digest(folder, base=base if name == "after" else None)
    maker = made_by(digest, settings_of(options))
    rows = holdout_of(options).rows
    ledger = Ledger(options.out / "rows.jsonl")
    return answer(name, maker, rows, settings_of(options), ledger, partial(load_model_of, folder))


def load_model_of(folder: Path) -> Any:
    """The base or its adapter, merged, in bf16, which a CPU that knows it computes faster.

    The adapter beside its layers in 16 bits took twenty times as long to read a prompt.
    """
    from train.models.language_model import load_model

    model = load_model(folder, dtype="bfloat16")
    # Few rows at a time: what is written is kept by batches.
    model.batch_tokens = 8 * 640
    return model


def holdout_of(options: argparse.Namespace) -> Holdout:
    return read_holdout(options.out / "data", options.limit)


# ---- the table


def measured(options: argparse.Namespace) -> tuple[list[Measured], Holdout]:
    """Every arm with its measures: before, after, teacher, extractive, and a second person where there is one."""
    holdout = holdout_of(options)
    rows = holdout.rows
    arms = [Measured(name, "weights", write_answers(name, options)) for name in ("before", "after")]
    for name in ("extractive", "other"):
        path = options.out / f"{name}.jsonl"
        if path.is_file():
            texts = {each["id"]: each["text"] for each in map(json.loads, path.open(encoding="utf-8"))}
            arms.append(Measured(name, "texts", lines_of_texts(name, texts, rows)))
    arms.append(reference_of(rows))
    measure_all(arms, rows, holdout.corpus, load_plugins(PLUGINS))
    articles = json.loads((options.out / "articles.json").read_text(encoding="utf-8"))
    for arm in arms:
        add_whole(arm, rows, articles)
    return arms, holdout


def add_whole(arm: Measured, rows: Sequence[Row], articles: dict[str, list[str]]) -> None:
    """How many facts of each text no article has, whole; of a text without words there is no count."""
    for row in rows:
        text = arm.text(row) if row.id in arm.lines else ""
        if words(text):
            arm.values["whole_unsupported"][row.id] = (
                float(len(unsupported(text, articles[row.id], row.language))), 1.0
            )  # fmt: skip


def level(values: Sequence[Ratio], groups: Sequence[str]) -> Interval:
    """A ratio of sums with the interval of `train evaluate`: its difference from a thing that is always 0."""
    return paired([(0.0, 1.0)] * len(values), values, groups)


def shown(interval: Interval, digits: int, *, sign: bool = False) -> str:
    """`value (low to high)`; the value alone where too few events say something."""
    form = f"{'+' if sign else ''}.{digits}f"
    value = format(interval.difference, form)
    if interval.low is None or interval.high is None:
        return value
    return f"{value} ({format(interval.low, form)} to {format(interval.high, form)})"


def level_rows(arms: Sequence[Measured], rows: Sequence[Row], titles: dict[str, str]) -> Iterator[list[str]]:
    """A line of cells an arm: its title, and each column's level."""
    for arm in arms:
        cells = [titles.get(arm.name, arm.name)]
        for measure, digits in COLUMNS.values():
            present = [row for row in rows if row.id in arm.values[measure]]
            values = [arm.values[measure][row.id] for row in present]
            groups = [row.group or row.id for row in present]
            cells.append(shown(level(values, groups), digits) if values else "-")
        yield cells


def difference_rows(pairs: Sequence[tuple[Measured, Measured]], rows: Sequence[Row]) -> Iterator[list[str]]:
    """A line of cells a pair: second less first in each column that both have."""
    for first, second in pairs:
        cells = [f"{second.name} less {first.name}"]
        for measure, digits in COLUMNS.values():
            mine, theirs = first.values[measure], second.values[measure]
            both = [row for row in rows if row.id in mine and row.id in theirs]
            groups = [row.group or row.id for row in both]
            values = [mine[row.id] for row in both], [theirs[row.id] for row in both]
            cells.append(shown(paired(*values, groups), digits or 1, sign=True) if both else "-")
        yield cells


def markdown(header: Sequence[str], lines: Iterator[list[str]]) -> str:
    """A table."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [list(header), rule, *lines]) + "\n"


def print_table(options: argparse.Namespace) -> None:
    arms, holdout = measured(options)
    rows = holdout.rows
    by_name = {arm.name: arm for arm in arms}
    titles = {"reference": TEACHERS[options.language], "other": "a second person", "extractive": "extractive (synth)"}
    sizes = json.loads((options.out / "counts.json").read_text(encoding="utf-8"))
    cut = [f"{name} {sum(bool(line.get('cut')) for line in by_name[name].lines.values())}"
           for name in ("before", "after")]  # fmt: skip
    print(f"\n{options.language}: {json.dumps(sizes, ensure_ascii=False)}")
    print(f"{len(rows)} rows of {len(set(holdout.groups))} events measured; left out as seen: {dict(holdout.excluded)}")
    print(f"still writing at {options.new_tokens} tokens: {', '.join(cut)}; processor seconds: {seconds(options)}\n")
    print(markdown(["text", *COLUMNS], level_rows(arms, rows, titles)))
    pairs = [(by_name[first], by_name["after"]) for first in ("before", "extractive")]
    print(markdown(["difference", *COLUMNS], difference_rows(pairs, rows)))
    write_whole(options.out / "texts.md", "\n".join(side_by_side(arms, rows)))


def side_by_side(arms: Sequence[Measured], rows: Sequence[Row]) -> Iterator[str]:
    """What was asked and each text, for a person to read."""
    for row in rows:
        yield f"## {row.id}\n\n{row.request}\n"
        for arm in arms:
            if row.id in arm.lines:
                yield f"**{arm.name}**: {arm.text(row)}\n"


# ---- what a part costs


def timed(part: str, options: argparse.Namespace, work: Callable[[], object]) -> None:
    """Do it, and add a line of processor and wall seconds, children's too, to times.jsonl; of a kill there is none."""
    before, began = _processor(), time.monotonic()
    work()
    line = {"part": part, "processor": round(_processor() - before, 1), "wall": round(time.monotonic() - began, 1)}
    with (options.out / "times.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def _processor() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def seconds(options: argparse.Namespace) -> dict[str, float]:
    """part -> processor seconds of all its runs that ended."""
    totals: dict[str, float] = {}
    path = options.out / "times.jsonl"
    for line in map(json.loads, path.open(encoding="utf-8") if path.is_file() else ()):
        totals[line["part"]] = round(totals.get(line["part"], 0.0) + line["processor"], 1)
    return totals


def run_part(part: str, options: argparse.Namespace) -> None:
    if part == "table":
        print_table(options)
        return
    work = {"data": write_data, "train": train, "before": partial(write_answers, "before"),
            "after": partial(write_answers, "after")}  # fmt: skip
    if part == "data" and (options.out / "counts.json").is_file():
        return
    timed(part, options, lambda: work[part](options))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, help="Hugging Face folder of the base model, such as Gemma 3 270M's")
    parser.add_argument("--out", type=Path, default=Path("out/bench-distillation"), help="a folder a language is in it")
    parser.add_argument("--shared", type=Path, default=ROOT / "../shared", help="the folder of real data")
    parser.add_argument("--language", nargs="+", choices=sorted(READERS), default=sorted(READERS))
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--test-events", type=int, default=30, help="held out at least (30)")
    parser.add_argument("--val-events", type=int, default=8)
    parser.add_argument("--rows", type=int, default=96, help="training rows at most (96)")
    parser.add_argument("--limit", type=int, help="held-out rows that are measured (all)")
    parser.add_argument("--steps", type=int, default=26, help="of 4 rows (26)")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--new-tokens", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1337)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if not (options.shared / "data").is_dir():
        print(f"no summaries: {options.shared / 'data'} is not there; give --shared", file=sys.stderr)
    elif options.model is None:
        print("no model: give the folder of one as --model", file=sys.stderr)
    else:
        for language in options.language:
            of_language = argparse.Namespace(
                **{**vars(options), "language": language, "out": (options.out / language).resolve()}
            )
            for part in options.part:
                run_part(part, of_language)


if __name__ == "__main__":
    main()
