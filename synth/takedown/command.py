"""`synth takedown`: all that was made of an article, and its removal from the store.

What the store holds goes with --yes: the article and its earlier texts, every sample made from it, the ledger's rows of
the calls that read it, its vectors, its place in events; the link is remembered, and never crawled or imported again.
Exported folders and trained models are not the store's: they are listed, with what to do about them.

Every step looks again for what remains, and the article itself goes last: killed, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from crawler.items import NewsmillError
from crawler.mongo import connect, run_of
from synth.takedown.lineage import lineages_of
from synth.takedown.links import read_links
from synth.takedown.messages import describe, next_steps, print_takedowns
from synth.takedown.removal import take_down


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.description = __doc__
    parser.epilog = """examples:
  synth takedown https://www.ilpost.it/2026/05/01/esempio/          what there is of it
  synth takedown --file links.txt --yes && synth cluster && synth summarize
  synth takedown --list"""
    parser.add_argument("links", nargs="*", metavar="LINK", help="address of an article, any of those it is known by")
    parser.add_argument(
        "--file", type=Path, metavar="FILE", help="more of them, one a line; # begins a remark; - is stdin"
    )
    parser.add_argument("--yes", action="store_true", help="remove it all from the store, and remember the links")
    parser.add_argument("--list", action="store_true", help="list what was taken down so far")
    parser.add_argument(
        "--training", action="append", type=Path, metavar="DIR",
        help="folder of training runs to look through; may be given again (out and checkpoints)",
    )  # fmt: skip


def main(options: argparse.Namespace) -> int:
    """Show what there is of some articles, and remove it where asked to."""
    if options.list:
        return print_takedowns(connect(options.uri), options.json)
    links = read_links(options.links, options.file)
    database = connect(options.uri)
    lineages = lineages_of(database, links, options.training)
    if options.yes:
        with run_of(database, "takedown", {"links": links}) as run:
            run.counts += take_down(database, lineages)
        rest = [row for row in lineages_of(database, links, options.training) if any(row.counts().values())]
        if rest:
            raise NewsmillError(
                f"{rest[0].link} is in the store again: another command wrote it meanwhile; run it again"
            )
    if options.json:
        print(json.dumps({"removed": options.yes, "takedowns": [asdict(lineage) for lineage in lineages]}, default=str))
    else:
        print("\n".join(line for lineage in lineages for line in describe(lineage, options.yes)))
        print(next_steps(lineages, options.yes))
    return 0
