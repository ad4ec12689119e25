"""`make demo`: newspapers -> MongoDB -> events -> samples -> export -> LoRA fine-tune -> text, all on this machine.

Every step is a command a user could type; each is shown as it runs, and its output kept in the workspace's `logs`.
Run again, each step finds its work done and does nothing twice.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from rich.console import Console

from crawler.items import NewsmillError
from demo.chain import ROOT, Chain, StepFailed
from demo.real_model import RealModel
from demo.tiny_model import TinyModel

#: Name as in MODEL=… -> the chain that tunes it.
MODELS: dict[str, type[Chain]] = {"tiny": TinyModel, "gemma-3-270m": RealModel}


def main() -> int:
    """Run the chain; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__.splitlines()[0],
        epilog="example: python -m demo demo/articles.jsonl",
    )  # fmt: skip
    parser.add_argument("articles", nargs="?", default=str(ROOT / "demo/articles.jsonl"), help="JSON lines of articles")
    parser.add_argument(
        "--model", choices=MODELS, default="tiny", help="what is tuned (tiny: random weights, a minute)"
    )
    arguments = parser.parse_args()
    console = Console()
    # SIGTERM as Ctrl-C: the running command ends, and what it stored stays.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        path = Path(arguments.articles).resolve()
        if not path.is_file():
            raise NewsmillError(f"demo: no article file {arguments.articles}: give a JSON lines file, ARTICLES=…")
        MODELS[arguments.model](path, console).run()
    except NewsmillError as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, StepFailed) else 2
    except KeyboardInterrupt:
        print("demo: interrupted; run it again to go on where it stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
