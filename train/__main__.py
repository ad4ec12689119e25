"""The command line of `train`: wiring only. A command's module is imported when it is chosen."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NamedTuple

from train import __version__
from train.errors import TrainError, one_line
from train.options import add_config, expanded, takes_config


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "tiny": Command(
        "train.tiny.command", "make a tiny checkpoint of any recipe's architecture from a corpus, no download"
    ),
    "plan": Command(
        "train.plan.command", "say what a recipe will need: parameters, tokens, steps, GPU memory and time"
    ),
    "finetune": Command("train.finetune.command", "fine-tune with Hugging Face what LitGPT lacks: BLOOM, ORPO, QDoRA"),
    "pairs": Command("train.pairs.command", "make ORPO's pairs: a reference answer, and a model's own"),
    "convert": Command("train.convert.command", "LitGPT to Hugging Face and back, checked by comparing logits"),
    "serve": Command("train.serve.command", "answer OpenAI's chat completions with a model, so that synth can use it"),
    "merge": Command("train.merge.command", "merge an adapter into its base, or several models into one"),
    "generate": Command(
        "train.generate.command", "write texts from prompts with any model or adapter, seeded, as JSON lines"
    ),
    "blind": Command("train.blind.command", "shuffle texts of models and people for raters, and read their marks"),
    "evaluate": Command("train.evaluate.command", "compare models on the hold-out: a table, a page, intervals"),
    "loss": Command("train.loss.command", "show the loss curve of a fine-tuning run, beside the base model's loss"),
}
EXAMPLE = """examples:
  train tiny --corpus export/litgpt/train.json --out checkpoints/tiny
  train plan --config train/recipes/tiny/news.yaml
  litgpt finetune_lora --config train/recipes/tiny/news.yaml
  train evaluate --data export --model before=checkpoints/tiny --model after=out/tiny-news/final --out out/evaluation
  train generate --checkpoint out/tiny-news/final --prompts export/litgpt/val.json --out after.jsonl
  train loss --run out/tiny-news"""


def parser_for(arguments: list[str]) -> argparse.ArgumentParser:
    """The whole parser, with the options of the command in `arguments` filled in."""
    parser = argparse.ArgumentParser(
        prog="train",
        description="Fine-tune language models on exported samples. SFT with (Q)LoRA runs as `litgpt finetune_lora`.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"newsmill {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            importlib.import_module(command.module).configure(sub)
            if not takes_config(sub):
                add_config(sub)
                sub.set_defaults(asked_by_options=True)
        sub.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def parsed(words: list[str]) -> argparse.Namespace:
    """The options of a command line, those of its `--config FILE` included.

    Raises:
        TrainError: the file says what no option is.
    """
    parser = parser_for(words)
    commands = next(one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    command = commands.choices.get(words[0]) if words else None
    if command is None or not command.get_default("asked_by_options"):
        return parser.parse_args(words)
    return parser.parse_args([words[0], *expanded(command, words[1:])])


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status (2: the user's mistake, 1: ours, 130: interrupted)."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        options = parsed(words)
    except TrainError as error:
        print(f"{words[0]}: {error}", file=sys.stderr)
        return 2
    # Set before torch is loaded: on a busy machine its threads' waiting costs several times the work itself.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return int(importlib.import_module(COMMANDS[options.command].module).main(options))
    except TrainError as error:
        if options.debug:
            raise
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted; run the same command to go on", file=sys.stderr)
        return 130
    except Exception as error:
        if options.debug:
            raise
        line = one_line(error, 300)
        print(f"{options.command}: {type(error).__name__}: {line} (--debug shows where)", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
