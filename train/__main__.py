"""The command line of `train`: wiring only. A command's module is imported when it is chosen."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from train import __version__
from train.command_line import interruptible
from train.errors import TrainError, one_line
from train.options import Parser, add_config, expanded, takes_config, takes_settings
from train.recipes.overrides import divided

#: Packages that an extra of Newsmill brings -> the extra; all others come with `train`.
EXTRAS = {"mergekit": "merge", "lm_eval": "lm-eval", "fastapi": "serve", "starlette": "serve", "uvicorn": "serve"}
EXAMPLE = """examples:
  train tiny --corpus export/litgpt/train.json --out checkpoints/tiny
  train plan --config tiny/news
  litgpt finetune_lora --config $(train recipe tiny/news --path)
  train evaluate --data export --model before=checkpoints/tiny --model after=out/tiny-news/final --out out/evaluation
  train generate --checkpoint out/tiny-news/final --prompts export/litgpt/val.json --out after.jsonl
  train loss --run out/tiny-news"""


def verbs() -> dict[str, str]:
    """Name -> summary of every command: the folders that hold a command.py, each with its SUMMARY."""
    names = sorted(path.parent.name for path in Path(__file__).parent.glob("*/command.py"))
    return {name.replace("_", "-"): importlib.import_module(f"train.{name}").SUMMARY for name in names}


def _command(verb: str) -> ModuleType:
    """The module of a verb."""
    return importlib.import_module(f"train.{verb.replace('-', '_')}.command")


def parser_for(arguments: list[str]) -> tuple[Parser, Parser | None]:
    """The whole parser, with the options of the command in `arguments` filled in, and that command's own."""
    parser = Parser(
        prog="train",
        description="Fine-tune language models on exported samples. SFT with (Q)LoRA runs as `litgpt finetune_lora`.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"newsmill {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    name = next((word for word in arguments if not word.startswith("-")), None)
    command = None
    for verb, summary in verbs().items():
        form = argparse.RawDescriptionHelpFormatter
        sub = commands.add_parser(verb, help=summary, description=summary, formatter_class=form)
        if verb == name:
            command = _configured(sub, verb)
        sub.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser, command


def _configured(parser: Parser, verb: str) -> Parser:
    _command(verb).configure(parser)
    if not takes_config(parser):
        add_config(parser)
        parser.set_defaults(asked_by_options=True)
    return parser


def parsed(words: list[str]) -> argparse.Namespace:
    """The options of a command line, those of its `--config FILE` included.

    Raises:
        TrainError: the file says what no option is.
    """
    parser, command = parser_for(words)
    if command is not None and takes_settings(command) and not words[0].startswith("-"):
        own, settings = divided(words[1:], list(command.declared))
        return parser.parse_args([words[0], *own], argparse.Namespace(settings=settings))
    if command is None or words[0].startswith("-") or not command.get_default("asked_by_options"):
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
        with interruptible():
            return int(_command(options.command).main(options))
    except TrainError as error:
        if options.debug:
            raise
        print(f"{options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted; run the same command to go on", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        if options.debug or missing_extra(error) is None:
            raise
        print(f"{options.command}: {missing_extra(error)}", file=sys.stderr)
        return 2
    except Exception as error:  # Whatever a library raises: one line.
        if options.debug:
            raise
        line = one_line(error, 300)
        print(f"{options.command}: {type(error).__name__}: {line} (--debug shows where)", file=sys.stderr)
        return 1


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """What to install where a library of an extra is missing; None where a module of ours is."""
    name = (error.name or "").partition(".")[0]
    if name in ("", "train"):
        return None
    return f"{name} is not installed: pip install 'newsmill[{EXTRAS.get(name, 'train')}]'"


if __name__ == "__main__":
    sys.exit(main())
