"""The command line of `synth`: wiring only. A command's module is imported when it is chosen."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys

from synth import __version__
from synth.command_line import SuggestingParser, interruptible
from synth.commands import commands

EXAMPLE = """examples:
  synth import articles.jsonl && synth cluster && synth summarize && synth score
  synth query '{"min_similarity": {"$gt": 0.3}}' --count
  synth export --out export && synth report --out report.html

The store is the MongoDB at MONGODB_URI, else an embedded server that is started on demand."""


def parser_for(words: list[str]) -> argparse.ArgumentParser:
    """The whole parser, with the options of the command in `words` filled in."""
    parser = SuggestingParser(
        prog="synth",
        description="Turn articles into scored, filtered training samples.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"newsmill {__version__}")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    first = next((word for word in words if not word.startswith("-")), None)
    for name, command in commands().items():
        subparser = parsers.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == first:
            command.configure(subparser)
        subparser.add_argument(
            "--uri", default=None, help="MongoDB to use (default: MONGODB_URI, else the embedded one)"
        )
        subparser.add_argument("--json", action="store_true", help="print the outcome as JSON")
        subparser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one command; its exit status (2: the user's mistake, 1: ours, 130: interrupted)."""
    words = with_pipeline(with_signs(sys.argv[1:] if words is None else words))
    options = parser_for(words).parse_args(words)
    try:
        with interruptible():
            status = commands()[options.command].main(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"{options.command}: interrupted; run the same command to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `synth query … | head`: the reader has enough. Nothing more may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if options.debug:
            raise
        line, status = explain(error)
        prefixed = line.startswith(("store:", f"{options.command}:"))
        print(line if prefixed else f"{options.command}: {line}", file=sys.stderr)
    return status


def with_signs(words: list[str]) -> list[str]:
    """The words, `--sort -date` as `--sort=-date`: argparse takes a value that begins with a sign for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort" and word.startswith("-") and not word.startswith("--"):
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def with_pipeline(words: list[str]) -> list[str]:
    """The words, `plan FILE.yaml` as `plan pipeline FILE.yaml`."""
    if words[:1] == ["plan"]:
        index = next((i for i, word in enumerate(words[1:], 1) if word.endswith((".yaml", ".yml"))), 0)
        if index and all(word.startswith("-") for word in words[1:index]):
            return [*words[:index], "pipeline", *words[index:]]
    return words


def explain(error: Exception) -> tuple[str, int]:
    """(one line, exit status) for an error."""
    from pymongo.errors import AutoReconnect

    from crawler.items import NewsmillError
    from crawler.mongo import loss_message, may_only_read

    if isinstance(error, NewsmillError):
        return str(error), 2
    if isinstance(error, ModuleNotFoundError) and (package := (error.name or "").partition(".")[0]):
        return f"needs the package {package}: pip install {_to_install(package)}", 2
    if isinstance(error, AutoReconnect) or may_only_read(error):
        return loss_message(error), 1
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} (--debug shows where)", 1


def _to_install(package: str) -> str:
    """What pip is to be given for a package that is not there: the extra that names it, else the package itself."""
    from importlib import metadata

    with contextlib.suppress(metadata.PackageNotFoundError):
        for requirement in metadata.requires("newsmill") or []:
            distribution = re.match(r"[\w.-]+", requirement)
            extra = re.search(r"extra == [\"']([\w-]+)[\"']", requirement)
            if distribution and extra and distribution[0].lower().replace("-", "_") == package.lower():
                return f"'newsmill[{extra[1]}]'"
    return package


if __name__ == "__main__":
    sys.exit(main())
