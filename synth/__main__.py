"""The command line of `synth`: wiring only. A command's module is imported when it is chosen."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NamedTuple

from synth import __version__


class Command(NamedTuple):
    module: str
    summary: str


COMMANDS = {
    "import": Command("synth.importing", "read article files (JSON lines) into the store"),
    "cluster": Command("synth.cluster", "find which articles tell the same event"),
    "summarize": Command("synth.summarize", "write one sample for each event, from all its sources"),
    "plan": Command("synth.plan", "say what a stage will ask a model and what that costs, before it is spent"),
    "score": Command("synth.score", "score samples: similarity to their sources, language"),
    "query": Command("synth.query", "show or count the samples that a MongoDB filter names"),
    "export": Command("synth.export", "write training sets from the samples that a filter names"),
    "report": Command("synth.report", "write one HTML page about everything in the store"),
}
EXAMPLE = """examples:
  synth import articles.jsonl && synth cluster && synth summarize && synth score
  synth query '{"min_similarity": {"$gt": 0.3}}' --count
  synth export --out export && synth report --out report.html

The store is the MongoDB at MONGODB_URI, else an embedded server that is started on demand."""


def parser_for(words: list[str]) -> argparse.ArgumentParser:
    """The whole parser, with the options of the command in `words` filled in."""
    parser = argparse.ArgumentParser(
        prog="synth",
        description="Turn articles into scored, filtered training samples.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"newsmill {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            importlib.import_module(command.module).configure(sub)
        sub.add_argument("--uri", default=None, help="MongoDB to use (default: MONGODB_URI, else the embedded one)")
        sub.add_argument("--json", action="store_true", help="print the outcome as JSON")
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def main(words: list[str] | None = None) -> int:
    """Run one command; its exit status (2: the user's mistake, 1: ours, 130: interrupted)."""
    words = with_signs(sys.argv[1:] if words is None else words)
    options = parser_for(words).parse_args(words)
    try:
        status = int(importlib.import_module(COMMANDS[options.command].module).main(options))
        sys.stdout.flush()
        return status
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
        told = line.startswith(("store:", f"{options.command}:"))
        print(line if told else f"{options.command}: {line}", file=sys.stderr)
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


def explain(error: Exception) -> tuple[str, int]:
    """(one line, exit status) for an error."""
    from pymongo.errors import AutoReconnect

    from crawler.items import NewsmillError
    from crawler.mongo import lost

    if isinstance(error, NewsmillError):
        return str(error), 2
    if isinstance(error, AutoReconnect):
        return lost(error), 1
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} (--debug shows where)", 1


if __name__ == "__main__":
    sys.exit(main())
