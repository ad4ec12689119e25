"""The article on one page of a newspaper, as JSON; else one line that says why it holds none."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from crawler.items import NEWSPAPERS, NewsmillError
from crawler.page import NotAnArticle, as_json, extract


def main(argv: list[str] | None = None) -> int:
    """Print the article on a page. Exit status: 0, or 2 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m crawler.page", description=__doc__)
    parser.add_argument("--newspaper", required=True, help=", ".join(NEWSPAPERS))
    parser.add_argument("--url", required=True, help="the address the page came from")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.add_argument("file", help="the page, or - for standard input")
    options = parser.parse_args(argv)
    try:
        page = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
        text = as_json(extract(page, options.url, options.newspaper))
    except NotAnArticle as error:
        return _fail(f"{options.newspaper}: {error}", options.debug)
    except NewsmillError as error:
        return _fail(str(error), options.debug)
    except OSError as error:
        return _fail(f"page: cannot read {options.file}: {error.strerror}; give an HTML file", options.debug)
    # Whatever the terminal's locale: JSON is UTF-8.
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.flush()
    return 0


def _fail(message: str, debug: bool) -> int:
    """Say in one line why there is no article; for --debug, with the traceback."""
    if debug:
        raise
    print(" ".join(message.split()), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
