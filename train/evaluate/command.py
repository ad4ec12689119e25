"""`train evaluate`: models compared on rows that none of them was trained on."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.atomic_files import write_whole
from train.errors import TrainError
from train.evaluate.answers import Ledger, Line, Settings, answer, given, made_by
from train.evaluate.measure import REFERENCE, Measured, measure_all, reference_of

if TYPE_CHECKING:
    from train.evaluate.holdout import Holdout, Row
    from train.evaluate.lm_eval import Tasks

_EXAMPLES = 8


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = """examples:
  train evaluate --data export --model before=checkpoints/tiny --model after=out/tiny-news/final \\
      --run out/tiny-news --out out/evaluation
  train evaluate --data export --model small=out/final --texts large=llm.jsonl --out out/evaluation
  train evaluate --data export --model after=hf/news --out out/evaluation --lm-eval my_task --lm-eval-include tasks

what is measured, and how to read it: docs/evaluating.md"""
    parser.add_argument("--data", type=Path, required=True, metavar="EXPORT", help="folder of `synth export`")
    parser.add_argument(
        "--model", action="append", default=[], metavar="NAME=FOLDER",
        help="a model: LitGPT or Hugging Face folder, or an adapter's; several times",
    )  # fmt: skip
    parser.add_argument(
        "--texts", action="append", default=[], metavar="NAME=FILE",
        help="texts that something else wrote for the same rows, as JSON lines {id or prompt, text}",
    )  # fmt: skip
    parser.add_argument(
        "--run", type=Path, action="append", default=[], metavar="FOLDER",
        help="out_dir of a fine-tuning run, for its loss curve; several times",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="rows.jsonl, results.json, report.html"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="rows of the hold-out, from the first on (all)")
    parser.add_argument("--seed", type=int, default=0, help="of sampling, bootstrap and examples (0)")
    parser.add_argument("--draws", type=int, default=5000, metavar="N", help="of the bootstrap (5000)")
    _configure_writing(parser.add_argument_group("how answers are written"))
    _configure_harness(parser.add_argument_group("lm-evaluation-harness, for Hugging Face folders"))


def _configure_writing(group: Any) -> None:
    group.add_argument("--max-new-tokens", type=int, default=256, metavar="N", help="length of an answer (256)")
    group.add_argument("--temperature", type=float, default=0.0, help="0 takes the likeliest token (0)")
    group.add_argument("--top-k", type=int, default=50, help="tokens to choose from (50)")
    group.add_argument("--top-p", type=float, default=1.0, help="share of probability to choose from (1)")
    group.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1 … (cuda where there is one)")
    group.add_argument("--quantize", metavar="FORMAT", help="load in 4 bits: bnb.nf4, bnb.fp4, with -dq or not")


def _configure_harness(group: Any) -> None:
    group.add_argument("--lm-eval", metavar="TASKS", help="names of tasks or groups, separated by commas")
    group.add_argument("--lm-eval-include", type=Path, metavar="FOLDER", help="task files of your own")
    group.add_argument("--lm-eval-limit", type=int, metavar="N", help="documents of each task (all)")
    group.add_argument("--lm-eval-chat", action="store_true", help="ask through the model's chat template")


@dataclass(frozen=True)
class Asked:
    """What the options ask for. models: name -> folder. texts: name -> file."""

    models: dict[str, Path]
    texts: dict[str, Path]
    settings: Settings
    tasks: Tasks | None


def main(options: argparse.Namespace) -> int:
    from train.evaluate.holdout import read_holdout

    asked = check(options)
    holdout = read_holdout(options.data, options.limit)
    _say(f"{len(holdout.rows)} rows of the {holdout.split} split; {holdout.training_rows:,} of training", options)
    ledger = Ledger(options.out / "rows.jsonl")
    models = [*written(asked, holdout.rows, ledger, options), *read(asked, holdout.rows, ledger)]
    _say("measuring", options)
    reference = reference_of(holdout.rows)
    _reuse(reference, ledger, holdout.rows)
    models.append(reference)
    results = compare(models, holdout, asked, options)
    ledger.rewrite([line for model in models for line in model.lines.values()])
    write_whole(options.out / "results.json", json.dumps(results, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    from train.evaluate.report import render

    write_whole(options.out / "report.html", render(results))
    if options.json:
        print(json.dumps(results, ensure_ascii=False, allow_nan=False))
    else:
        from train.evaluate.report.terminal import show

        show(results, options.out)
    return 0


# ---- what is asked for


def check(options: argparse.Namespace) -> Asked:
    """The options, all that is wrong with them told at once.

    Raises:
        TrainError: something is.
    """
    wrong: list[str] = []
    models, texts = named(options.model, "--model", wrong), named(options.texts, "--texts", wrong)
    for name in [*(models.keys() & texts.keys()), *({REFERENCE} & (models.keys() | texts.keys()))]:
        wrong.append(f"two things cannot be called {name!r}")
    if not options.model and not options.texts:
        wrong.append("nothing to compare: --model NAME=FOLDER or --texts NAME=FILE")
    wrong += [f"--texts {path} is no file" for path in texts.values() if not path.is_file()]
    wrong += [f"--run {path} is no folder" for path in options.run if not path.is_dir()]
    if options.max_new_tokens < 1 or (options.limit is not None and options.limit < 1) or options.draws < 100:
        wrong.append("--max-new-tokens and --limit must be 1 at least, --draws 100")
    wrong += [str(error) for error in _model_errors(models, options)]
    tasks = _tasks(options, wrong)
    if wrong:
        raise TrainError("; ".join(wrong))
    settings = Settings(
        options.max_new_tokens, options.temperature, options.top_k, options.top_p, options.seed, options.quantize or ""
    )
    return Asked(models, texts, settings, tasks)


def named(values: Sequence[str], option: str, wrong: list[str]) -> dict[str, Path]:
    """NAME=PATH of an option, in order."""
    found: dict[str, Path] = {}
    for value in values:
        name, sign, path = value.partition("=")
        if not (sign and name.strip() and path.strip()):
            wrong.append(f"{option} {value}: give NAME=PATH, as in after=out/final")
        elif name.strip() in found:
            wrong.append(f"{option} names {name.strip()!r} twice")
        else:
            found[name.strip()] = Path(path.strip())
    return found


def _model_errors(models: dict[str, Path], options: argparse.Namespace) -> Iterator[TrainError]:
    from train.models.checkpoint import base_beneath
    from train.models.sampling import Sampling

    for folder in models.values():
        try:
            base_beneath(folder)
        except TrainError as error:
            yield error
    try:
        Sampling(options.temperature, options.top_k, options.top_p)
    except TrainError as error:
        yield error


def _tasks(options: argparse.Namespace, wrong: list[str]) -> Tasks | None:
    from train.evaluate.lm_eval import read_tasks

    if not options.lm_eval:
        if options.lm_eval_include or options.lm_eval_limit or options.lm_eval_chat:
            wrong.append("--lm-eval-include, --lm-eval-limit and --lm-eval-chat need --lm-eval TASKS")
        return None
    try:
        return read_tasks(
            options.lm_eval, options.lm_eval_include, options.lm_eval_limit, options.lm_eval_chat, options.device
        )
    except TrainError as error:
        wrong.append(str(error))
        return None


# ---- what the models write


def written(asked: Asked, rows: Sequence[Row], ledger: Ledger, options: argparse.Namespace) -> Iterator[Measured]:
    """Each model's lines; one model is in memory at a time, and only where lines are missing."""
    from train.models.checkpoint import base_beneath, kind, model_digest

    for name, folder in asked.models.items():
        base = base_beneath(folder)
        digest = model_digest(folder, base=base)
        maker = made_by(digest, asked.settings)
        kept = sum(ledger.get(maker, row) is not None for row in rows)
        with progress(name, len(rows)) as advance:
            lines = answer(
                name, maker, rows, asked.settings, ledger, functools.partial(_load, folder, options), advance
            )
        lines = {key: {**line, "model": name, "id": key} for key, line in lines.items()}
        told = {"folder": str(folder), "digest": digest, "form": kind(folder), "kept": kept,
                "base": str(base) if base else "", "without_text": 0}  # fmt: skip
        yield Measured(name, "weights", lines, told=told | _counts(lines))


def _load(folder: Path, options: argparse.Namespace) -> Any:
    from train.models.language_model import load_model

    return load_model(folder, device=options.device, quantize=options.quantize)


def read(asked: Asked, rows: Sequence[Row], ledger: Ledger) -> Iterator[Measured]:
    """The texts that files give."""
    from train.evaluate.holdout import read_texts

    for name, path in asked.texts.items():
        lines = given(name, read_texts(path, rows), rows)
        model = Measured(name, "texts", lines, told={"file": str(path), **_counts(lines)})
        model.told["without_text"] = len(rows) - len(lines)
        _reuse(model, ledger, rows)
        yield model


def _counts(lines: dict[str, Line]) -> dict[str, Any]:
    """What went wrong, counted by its name."""
    unscored = Counter(line["unscored"] for line in lines.values() if line["unscored"])
    return {
        "unscored": dict(unscored), "prompts_shortened": sum(bool(line["prompt_shortened"]) for line in lines.values()),
        "empty": sum(not line["text"].strip() for line in lines.values()),
    }  # fmt: skip


def _reuse(model: Measured, ledger: Ledger, rows: Sequence[Row]) -> None:
    """Take over what plug-ins said of these very texts before."""
    for row in rows:
        line = model.lines.get(row.id)
        before = ledger.get(line["made_by"], row) if line else None
        if line is not None and before is not None and "scores" in before:
            line["scores"] = before["scores"]


@contextlib.contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where that is a terminal; what it yields moves it on."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda count: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda count: bar.advance(task, count)


def _say(text: str, options: argparse.Namespace) -> None:
    if sys.stderr.isatty() and not options.json:
        print(f"evaluate: {text}", file=sys.stderr)


# ---- the comparison


def compare(models: list[Measured], holdout: Holdout, asked: Asked, options: argparse.Namespace) -> dict[str, Any]:
    """Everything that results.json and the page tell."""
    from train.evaluate.compare import by_language, cautions, differences, levels
    from train.evaluate.scorer_plugins import load_plugins

    plugins = load_plugins()
    measure_all(models, holdout.rows, holdout.corpus, plugins)
    rows = holdout.rows
    pairs = differences(models, rows, seed=options.seed, draws=options.draws)
    known = any(row.group for row in rows)
    told = [
        {"name": model.name, "kind": model.kind, **model.told, "measures": levels(model, rows),
         "languages": by_language(model, rows), "missing": missing(model, plugins.missing)}
        for model in models
    ]  # fmt: skip
    return {
        "data": str(options.data), "split": holdout.split, "rows": counts(holdout), "dates": holdout.dates,
        "events": {"known": known, "count": len(set(holdout.groups))}, "settings": vars(asked.settings),
        "bootstrap": {"draws": options.draws, "seed": options.seed, "level": 0.95, "cautions": cautions(pairs, known)},
        "models": told, "differences": pairs, "lm_eval": _harness(asked, models, options), "runs": _runs(options.run),
        "examples": examples(models, rows, options.seed),
    }  # fmt: skip


def counts(holdout: Holdout) -> dict[str, Any]:
    return {
        "held_out": holdout.held_out, "seen_in_training": dict(holdout.seen), "limited": holdout.limited,
        "measured": len(holdout.rows), "languages": dict(Counter(row.language or "unknown" for row in holdout.rows)),
        "training": holdout.training_rows, "training_words": holdout.corpus.words, "unreadable": holdout.skipped,
    }  # fmt: skip


def missing(model: Measured, absent: Mapping[str, str]) -> dict[str, str]:
    """measure -> why the model has none of it."""
    from train.metrics import PLUGGED

    reasons = {PLUGGED[name]: why for name, why in absent.items()}
    return {name: reasons.get(name, why) for name, why in model.missing.items() if not model.values.get(name)}


def _harness(asked: Asked, models: Sequence[Measured], options: argparse.Namespace) -> dict[str, Any] | None:
    if asked.tasks is None:
        return None
    from train.evaluate.lm_eval import evaluate

    folders = {
        model.name: (asked.models[model.name], model.told["digest"]) for model in models if model.kind == "weights"
    }
    return evaluate(folders, asked.tasks, options.out / "lm_eval.json")


def _runs(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Loss curves of runs; {run, missing} where one has none."""
    from train.run_folder import accumulation, metrics_file, read_curve

    told: list[dict[str, Any]] = []
    for folder in folders:
        try:
            curve = read_curve(metrics_file(folder), accumulation(folder))
        except TrainError as error:
            told.append({"run": str(folder), "curve": [], "missing": str(error)})
            continue
        finite = [{key: value for key, value in row.items() if value == value} for row in curve]
        told.append({"run": str(folder), "curve": finite, "missing": ""})
    return told


def examples(models: Sequence[Measured], rows: Sequence[Row], seed: int, most: int = _EXAMPLES) -> list[dict[str, Any]]:
    """Rows to read: where the last model gained and lost most ROUGE-L on the first, and some drawn by the seed.

    Only rows that were measured: none that was seen in training.
    """
    compared = [model for model in models if model.kind != REFERENCE]
    first, last = compared[0].values["rougeL"], compared[-1].values["rougeL"]
    gains = {row.id: last[row.id][0] - first[row.id][0] for row in rows if row.id in first and row.id in last}
    order = sorted(gains, key=lambda name: (-gains[name], name)) if len(compared) > 1 else []
    chosen = {name: "among the largest gains" for name in order[:2] if gains[name] > 0}
    chosen |= {name: "among the largest losses" for name in order[::-1][:2] if gains[name] < 0}
    rest = [row.id for row in rows if row.id not in chosen]
    drawn = random.Random(seed).sample(rest, min(len(rest), max(0, most - len(chosen))))
    chosen |= dict.fromkeys(drawn, "drawn at random")
    place = {row.id: row for row in rows}
    return [_example(place[name], why, models) for name, why in chosen.items()]


def _example(row: Row, why: str, models: Sequence[Measured]) -> dict[str, Any]:
    shown = ("rougeL", "chrf", "unsupported", "covered_sources", "covered_training", "repeated", "words")
    return {
        "id": row.id, "why": why, "language": row.language, "date": row.date[:10],
        "request": row.request, "sources": len(row.sources),
        "gist": " ".join((row.sources or [row.request])[0].split()[:24]),
        "texts": [
            {"model": model.name, "kind": model.kind, "text": model.text(row),
             "measures": {name: model.values[name][row.id][0] for name in shown if row.id in model.values[name]}}
            for model in models if row.id in model.lines
        ],
    }  # fmt: skip
