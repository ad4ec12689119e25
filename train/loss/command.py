"""`train loss`: the curve of a fine-tuning run, and what the base model scored on the same validation rows.

With `--data` and `--model`: the losses of models on an export's held-out texts, before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from train.errors import TrainError
from train.loss.curve import base_loss, finite_or_none, summary
from train.loss.display import show
from train.run_folder import accumulation, final_step, metrics_file, read_curve


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = """examples:
  train loss --run out/tiny-news
  train loss --data export-text --model before=hub/google/gemma-3-270m --model after=out/gemma-3-270m-cpt/final"""
    parser.add_argument("--run", type=Path, help="out_dir of a fine-tuning run")
    group = parser.add_argument_group("held-out texts")
    group.add_argument("--data", type=Path, metavar="EXPORT", help="folder of `synth export --format text`, or a file")
    group.add_argument(
        "--model", action="append", default=[], metavar="NAME=FOLDER",
        help="a model: LitGPT or Hugging Face folder, or an adapter's; several times, the first is compared with",
    )  # fmt: skip
    group.add_argument("--limit", type=int, metavar="N", help="documents, the first ones (all)")
    group.add_argument("--max-seq-length", type=int, default=1024, metavar="N", help="tokens read at once (1024)")
    group.add_argument("--seed", type=int, default=0, help="of the interval's draws (0)")


def main(options: argparse.Namespace) -> int:
    """Show the curve, and keep it as loss.json in the run's folder; or compare models on held-out texts."""
    if options.data or options.model:
        return _on_texts(options)
    if options.run is None:
        raise TrainError("nothing to show: --run FOLDER, or --data EXPORT with --model NAME=FOLDER")
    curve = read_curve(metrics_file(options.run), accumulation(options.run), final_step(options.run))
    base = base_loss(options.run)
    outcome = summary(curve, base)
    finite = [{name: finite_or_none(value) for name, value in row.items()} for row in curve]
    (options.run / "loss.json").write_text(json.dumps(outcome | {"curve": finite}) + "\n", encoding="utf-8")
    if outcome["not_a_number"]:
        hint = "a prompt longer than max_seq_length, or too high a learning rate"
        print(
            f"loss: {outcome['not_a_number']} losses of {options.run} are not a number (NaN): {hint}", file=sys.stderr
        )
    if options.json:
        print(json.dumps(outcome))
        return 0
    show(curve, outcome)
    return 0


def _on_texts(options: argparse.Namespace) -> int:
    """Compare models on held-out texts; one is in memory at a time."""
    from train.loss.documents import compared, held_out_texts, lines_of, losses_of
    from train.models.language_model import load_model

    models = named_models(options)
    texts = held_out_texts(options.data, options.limit)
    sums = {name: losses_of(load_model(folder), texts, options.max_seq_length) for name, folder in models.items()}
    outcome = compared(sums, options.seed)
    print(json.dumps(outcome) if options.json else "\n".join(lines_of(outcome)))
    return 0


def named_models(options: argparse.Namespace) -> dict[str, Path]:
    """Name -> folder, in their order.

    Raises:
        TrainError: the options make no sense together, or a folder holds no model.
    """
    from train.models.checkpoint import base_beneath

    if options.run is not None:
        raise TrainError("--run shows a run's own curve: give it, or --data with --model")
    if not options.data or not options.model:
        raise TrainError("--data EXPORT and --model NAME=FOLDER go together")
    if (options.limit is not None and options.limit < 1) or options.max_seq_length < 3:
        raise TrainError("--limit must be 1 at least, --max-seq-length 3")
    models: dict[str, Path] = {}
    for value in options.model:
        name, _, folder = value.partition("=")
        if not name.strip() or not folder.strip() or name.strip() in models:
            raise TrainError(f"--model {value}: give NAME=FOLDER, each name once, as in after=out/final")
        models[name.strip()] = Path(folder.strip())
        base_beneath(models[name.strip()])
    return models
