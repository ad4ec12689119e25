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
from demo.loopback_site.server import LoopbackSite

ENDS = {signal.SIGINT, signal.SIGTERM}
EXAMPLE = """example:
  python -m demo.loopback_site demo/articles.jsonl --port 8801
  scrapy crawl ansa -a since=2026-05-01 -a until=2026-05-09 -a origin=http://127.0.0.1:8802
"""


def arguments() -> argparse.ArgumentParser:
    """The options of the command."""
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


def announcement(site: LoopbackSite) -> dict[str, object]:
    """Origins and spans of publication days, as `--announce` writes them."""
    return {**site.origins, "span": {name: list(days) for name, days in site.spans.items()}}


def announce(site: LoopbackSite, target: Path) -> None:
    """Whole or not at all: the file appears under its name when it is complete."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.write_text(json.dumps(announcement(site)), encoding="utf-8")
    draft.replace(target)


def show(site: LoopbackSite) -> None:
    """Print where each newspaper is served, and the rows left out."""
    for name, origin in site.origins.items():
        days = " to ".join(site.spans[name]) if name in site.spans else "nothing"
        print(f"{name:<10} {origin}  {len(site.newspapers[name].stories):>6} articles  {days}")
    if site.skipped:
        reasons = ", ".join(f"{reason} {count}" for reason, count in site.skipped.most_common())
        print(f"left out   {sum(site.skipped.values())} rows: {reasons}")
    print("Ctrl-C ends it.", flush=True)


def serve(site: LoopbackSite, ready: Path | None) -> None:
    """Serve until one of the two signals comes."""
    # Blocked before the servers' threads start: a signal that one of those took would not wake this one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        with site:
            show(site)
            if ready:
                announce(site, ready)
            signal.sigwait(ENDS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(argv: list[str] | None = None) -> int:
    """Serve until a signal; the exit status."""
    options = arguments().parse_args(argv)
    try:
        faults = parse_faults(options.faults, options.seed)
        serve(
            LoopbackSite(options.file, faults, port=options.port, javascript=options.javascript),
            Path(options.announce) if options.announce else None,
        )
    except KeyboardInterrupt:
        return 130
    except (NewsmillError, OSError) as error:
        if options.debug:
            raise
        print(error if isinstance(error, NewsmillError) else f"loopback site: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
