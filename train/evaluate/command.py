"""`train evaluate`: models compared on rows that none of them was trained on."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.atomic_files import write_whole
from train.errors import TrainError
from train.evaluate.answers import Ledger, Settings
from train.evaluate.measure import REFERENCE, reference_of
from train.evaluate.models import Comparison, from_files, from_models, reuse
from train.evaluate.results import compare

if TYPE_CHECKING:
    from train.evaluate.lm_eval import Tasks


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train evaluate`."""
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


def check(options: argparse.Namespace) -> Comparison:
    """The options as values; everything that is wrong with them is reported at once.

    Raises:
        TrainError: something is.
    """
    wrong: list[str] = []
    models, texts = named_paths(options.model, "--model", wrong), named_paths(options.texts, "--texts", wrong)
    for name in [*(models.keys() & texts.keys()), *({REFERENCE} & (models.keys() | texts.keys()))]:
        wrong.append(f"{name!r} is the name of two models")
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
    return Comparison(models, texts, settings, tasks)


def named_paths(values: Sequence[str], option: str, wrong: list[str]) -> dict[str, Path]:
    """NAME=PATH of an option, in order."""
    paths: dict[str, Path] = {}
    for value in values:
        name, sign, path = value.partition("=")
        if not (sign and name.strip() and path.strip()):
            wrong.append(f"{option} {value}: give NAME=PATH, as in after=out/final")
        elif name.strip() in paths:
            wrong.append(f"{option} names {name.strip()!r} twice")
        else:
            paths[name.strip()] = Path(path.strip())
    return paths


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


def main(options: argparse.Namespace) -> int:
    """Measure, compare, write the results."""
    from train.evaluate.holdout import read_holdout

    comparison = check(options)
    holdout = read_holdout(options.data, options.limit)
    _say(f"{len(holdout.rows)} rows of the {holdout.split} split; {holdout.training_rows:,} of training", options)
    ledger = Ledger(options.out / "rows.jsonl")
    models = [*from_models(comparison, holdout.rows, ledger, options), *from_files(comparison, holdout.rows, ledger)]
    _say("measuring", options)
    reference = reference_of(holdout.rows)
    reuse(reference, ledger, holdout.rows)
    models.append(reference)
    results = compare(models, holdout, comparison, options)
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


def _say(text: str, options: argparse.Namespace) -> None:
    if sys.stderr.isatty() and not options.json:
        print(f"evaluate: {text}", file=sys.stderr)
