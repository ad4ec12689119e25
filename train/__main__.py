"""The command line of `train`: wiring only. A command's module is imported when it is chosen."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NamedTuple

from train import __version__
from train.errors import TrainError


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "tiny": Command("train.tiny", "make a tiny Llama checkpoint and its tokenizer from a corpus, without any download"),
    "generate": Command("train.generate", "write texts from prompts with a LitGPT checkpoint, seeded, as JSON lines"),
    "loss": Command("train.loss", "show the loss curve of a fine-tuning run, beside the base model's loss"),
}
EXAMPLE = """examples:
  train tiny --corpus export/litgpt/train.json --out checkpoints/tiny
  litgpt finetune_lora --config train/recipes/tiny/news.yaml
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
        sub.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status (2: the user's mistake, 1: ours, 130: interrupted)."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser_for(words).parse_args(words)
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
        line = " ".join(str(error).split())[:300]
        print(f"{options.command}: {type(error).__name__}: {line} (--debug shows where)", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
