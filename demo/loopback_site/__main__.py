"""`python -m demo.loopback_site FILE`: four newspapers on this machine until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from crawler.items import NewsmillError
from demo.loopback_site.faults import parse_faults
from demo.loopback_site.server import Newsstand

ENDS = {signal.SIGINT, signal.SIGTERM}
EXAMPLE = """example:
  python -m demo.loopback_site demo/articles.jsonl --port 8801
  scrapy crawl ansa -a since=2026-05-01 -a until=2026-05-09 -a origin=http://127.0.0.1:8802
"""


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.loopback_site",
        description="Serve an article file as VnExpress, ANSA, Il Post and Open, on this machine only.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="articles as JSON lines")
    parser.add_argument("--port", type=int, default=0, help="first of four ports in a row (default: any free ones)")
    parser.add_argument("--announce", metavar="FILE", help="write origins and spans here as JSON when ready")
    parser.add_argument("--faults", default="", metavar="LIST", help="e.g. too_many=0.05,unavailable=0.05,reset=0.02")
    parser.add_argument("--seed", type=int, default=0, help="which requests meet the faults")
    parser.add_argument("--javascript", action="store_true", help="bodies and long listings are drawn by scripts")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def announcement(stand: Newsstand) -> dict[str, object]:
    return {**stand.origins, "span": {name: list(days) for name, days in stand.spans.items()}}


def announce(stand: Newsstand, target: Path) -> None:
    """Whole or not at all: the file appears under its name when it is complete."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_text(json.dumps(announcement(stand)), encoding="utf-8")
    draft.replace(target)


def show(stand: Newsstand) -> None:
    for name, origin in stand.origins.items():
        days = " to ".join(stand.spans[name]) if name in stand.spans else "nothing"
        print(f"{name:<10} {origin}  {len(stand.papers[name].stories):>6} articles  {days}")
    if stand.skipped:
        reasons = ", ".join(f"{reason} {count}" for reason, count in stand.skipped.most_common())
        print(f"left out   {sum(stand.skipped.values())} rows: {reasons}")
    print("Ctrl-C ends it.", flush=True)


def serve(stand: Newsstand, ready: Path | None) -> None:
    """Serve until one of the two signals comes."""
    # Blocked before the servers' threads start: a signal that one of those took would not wake this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        with stand:
            show(stand)
            if ready:
                announce(stand, ready)
            signal.sigwait(ENDS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(argv: list[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    try:
        faults = parse_faults(options.faults, options.seed)
        serve(
            Newsstand(options.file, faults, port=options.port, javascript=options.javascript),
            Path(options.announce) if options.announce else None,
        )
    except KeyboardInterrupt:
        return 130
    except (NewsmillError, OSError) as error:
        if options.debug:
            raise
        print(error if isinstance(error, NewsmillError) else f"newsstand: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
