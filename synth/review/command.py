"""`synth review`: a server of this machine with pages in which people read, correct and rate samples."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.review.settings import Settings

#: Seconds after which a page says that the store is away.
_PATIENCE = 20.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.epilog = """examples:
  synth review
  synth review --filter ':translation=vi' --language vi
  synth review --host 0.0.0.0 --rater anna --rater linh
  synth review --blind out/blind --rater anna --rater linh"""
    parser.add_argument("--port", type=int, default=8765, help="port to listen at; 0: one that is free (8765)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine alone); needs --rater"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a name under which browsers ask for it, besides localhost and addresses in digits; several times",
    )  # fmt: skip
    parser.add_argument("--filter", metavar="F", help="samples that raters work on: JSON, @FILE or :NAME (all)")
    parser.add_argument(
        "--language", choices=("en", "it", "vi"), help="of the pages (the reader's choice, else the browser's)"
    )
    parser.add_argument(
        "--rater", action="append", default=[], metavar="NAME",
        help="a rater, who gets an address of their own; several times (the user of this machine)",
    )  # fmt: skip
    parser.add_argument(
        "--new-address", action="append", default=[], metavar="NAME",
        help="a rater who gets another address, and whose old one leads nowhere any more; several times",
    )  # fmt: skip
    parser.add_argument(
        "--pipelines", type=Path, default=Path(), metavar="DIR",
        help="folder of the pipeline files that can be run from a page (the current one)",
    )  # fmt: skip
    parser.add_argument(
        "--owner", metavar="NAME", help="the rater who may run pipelines (whoever works at this machine)"
    )
    parser.add_argument("--overlap", type=int, default=1, metavar="N", help="raters that decide on each row (1)")
    parser.add_argument(
        "--lease", type=float, default=30.0, metavar="MINUTES", help="time that a row is one's own (30)"
    )
    parser.add_argument(
        "--adjudicator", action="append", default=[], metavar="NAME",
        help="a rater who decides where others disagree; several times (whoever has not marked the row)",
    )  # fmt: skip
    parser.add_argument("--blind", type=Path, metavar="FOLDER", help="sheets of a blind evaluation (train blind)")


def check(options: argparse.Namespace) -> None:
    """
    Raises:
        NewsmillError: the options make no sense together.
    """
    from synth.review.access import check_names
    from synth.review.settings import is_loopback

    raters = check_names(options.rater)
    if not 0 <= options.port < 65536:
        raise NewsmillError("--port must be 0 to 65535")
    if strangers := set(check_names(options.new_address)) - set(raters):
        raise NewsmillError(f"--new-address {min(strangers)}: there is no --rater of that name")
    if not raters and (options.allow_host or not is_loopback(options.host)):
        name = (options.allow_host or [options.host])[0]
        raise NewsmillError(f"at {name} others can reach it: name who may with --rater NAME, several times")
    if options.overlap < 1 or (raters and options.overlap > len(raters)):
        raise NewsmillError("--overlap must be 1 to the number of raters")
    if options.owner and " ".join(options.owner.split()) not in raters:
        raise NewsmillError(f"--owner {options.owner} is none of the raters: name them with --rater")
    if not options.pipelines.is_dir():
        raise NewsmillError(f"--pipelines {options.pipelines}: there is no such folder")
    if not 0 < options.lease <= 7 * 24 * 60:
        raise NewsmillError("--lease must be minutes: more than 0, and a week at most")
    if raters and not set(check_names(options.adjudicator)) <= set(raters):
        raise NewsmillError("--adjudicator must be one of the raters")
    if options.blind:
        _check_sheets(options.blind, len(raters))


def _check_sheets(folder: Path, raters: int) -> None:
    from synth.review.blind_sheets import sheet_numbers

    if not folder.is_dir():
        raise NewsmillError(f"--blind {folder}: there is no such folder")
    if len(numbers := sheet_numbers(folder)) < raters:
        raise NewsmillError(
            f"--blind {folder} has {len(numbers)} sheets for {raters} raters: train blind --raters {raters}"
        )


def main(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C; the exit status."""
    _require_packages()
    check(options)
    from crawler.mongo import home
    from synth.filters.read import read_filter
    from synth.review.access import check_names, load_access
    from synth.review.app import create_app, prepare
    from synth.review.server import listen, serve

    with listen(options.host, options.port) as listening:
        database = _store(options)
        read_filter(options.filter, database)
        settings = _settings(options, listening.getsockname()[1])
        access = load_access(settings.raters, home(), check_names(options.new_address))
        app = create_app(database, settings, access)
        prepare(app)
        serve(app, listening, lambda: _print_addresses(settings, access.tokens, options.json))
    return 0


def _store(options: argparse.Namespace) -> Database[dict[str, Any]]:
    """The store, as pages ask it: they do not wait long.

    The first connection makes indexes that are not there yet, for which a large store may need longer.
    """
    from crawler.mongo import connect
    from synth.review.app import prepare_store

    store = connect(options.uri)
    prepare_store(store, blind=options.blind is not None)
    store.client.close()
    return connect(options.uri, patience=_PATIENCE)


def _settings(options: argparse.Namespace, port: int) -> Settings:
    from synth.review.access import check_names
    from synth.review.settings import Settings

    return Settings(
        host=options.host, port=port, filter=options.filter or "",
        language=options.language or "", blind=options.blind, raters=check_names(options.rater),
        overlap=options.overlap, lease=options.lease, adjudicators=check_names(options.adjudicator),
        hosts=tuple(options.allow_host), debug=options.debug,
        pipelines=options.pipelines, owner=" ".join((options.owner or "").split()), uri=options.uri or "",
    )  # fmt: skip


def _require_packages() -> None:
    """Raises:
    NewsmillError: the packages of the extra `review` are not installed.
    """
    try:
        import jinja2  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise NewsmillError(f"needs the package {error.name}: pip install 'newsmill[review]'") from error


def _print_addresses(settings: Settings, tokens: Mapping[str, str], as_json: bool) -> None:
    """Where to go, on stdout, when connections are taken already."""
    from synth.review.server import address_of, entrances

    address = address_of(settings.host, settings.port)
    doors = entrances(address, tokens)
    if as_json:
        print(json.dumps({"address": address, "raters": doors}, ensure_ascii=False))
    else:
        for rater, door in doors.items():
            print(f"review: {rater}: {door}")
        if not doors:
            print(f"review: {address}")
        print("review: Ctrl-C ends it", file=sys.stderr)
    sys.stdout.flush()
