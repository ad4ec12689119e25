"""`scrapy crawl NAME`: Scrapy's command with one-line errors, a summary, and an exit status to rely on."""

from __future__ import annotations

import argparse
import gc
import logging
import shutil
import sys
import textwrap
from typing import Any

from scrapy.commands.crawl import Command as CrawlCommand

from crawler.discovery.arguments import check_origin, suggestion
from crawler.items import NewsmillError


class Command(CrawlCommand):
    """The command of the module's docstring."""

    def long_desc(self) -> str:
        return (
            "Crawl a newspaper into MongoDB. Arguments (-a NAME=VALUE): since, until (days of publication, ISO), "
            "section, limit, origin (a copy of the site), refresh=1 (stored articles too), javascript=1 (a browser "
            "renders the pages), warc=FILE (extract again from what -s WARC=FOLDER kept, or from others' WARC files, "
            "offline). Example: scrapy crawl ansa -a since=2026-05-01 -a until=2026-05-09. Exit status: 0 complete, "
            "1 something is missing (pages; lists that are forbidden or name nothing; fewer articles than usual), "
            "2 cannot start, 3 the articles are worse than those of earlier crawls (drift; "
            "also where 1 holds): stderr says which field."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the closing counts as JSON")
        parser.add_argument(
            "--accept-drift", action="store_true", help="what changed is right: later crawls are compared with this one"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if opts.accept_drift:
            assert self.settings is not None
            self.settings.set("ACCEPT_DRIFT", True, "cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            closing = self._crawl(self._newspaper(args), opts.spargs)
        except NewsmillError as error:
            say(str(error))
            self.exitcode = 2
            return
        except KeyboardInterrupt:
            # Before Scrapy listens to it: while the store is opened.
            say(f"{args[0]}: interrupted before it began; run it again")
            self.exitcode = 1
            return
        if closing is None:
            self.exitcode = 1
            return
        self._close(closing, opts.json)

    def _newspaper(self, args: list[str]) -> str:
        """The newspaper that the command names.

        Raises:
            NewsmillError: none, or more than one.
        """
        # Scrapy hands unknown options on as arguments.
        if unknown := [word for word in args if word.startswith("-")]:
            raise NewsmillError(f"crawl: unknown option {unknown[0]}: see scrapy crawl --help")
        assert self.crawler_process is not None
        names = sorted(self.crawler_process.spider_loader.list())
        if len(args) != 1:
            raise NewsmillError(f"crawl: give one newspaper ({', '.join(names)}); arguments go after -a")
        if args[0] not in names:
            raise NewsmillError(f"crawl: no newspaper {args[0]!r}: {suggestion(args[0], names)}")
        return args[0]

    def _crawl(self, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The crawl's closing; None where it did not come to one.

        Raises:
            NewsmillError: it cannot start.
        """
        assert self.crawler_process is not None
        crawler = self._create_crawler(name)
        # All of these would fail later as well, inside the reactor and with a traceback.
        spider = crawler.spidercls(**arguments)
        from crawler.addons import check_browser, has_store
        from crawler.mongo.seen_links import database_of
        from crawler.warc.writer import check_folder

        check_origin(getattr(spider, "origin", ""), name)
        check_folder(crawler.settings)
        if getattr(spider, "javascript", False):
            check_browser(crawler.settings)
        if crawler.settings.get("JOBDIR"):
            raise NewsmillError(f"{name}: JOBDIR would keep only a part of a crawl: leave it out; a crawl that is run "
                                "again goes on by what is stored")  # fmt: skip
        if has_store(crawler.settings):
            database_of(crawler)
        # Scrapy lets its handler judge the level: it would make a record of every page, to throw it away.
        logging.getLogger("scrapy").setLevel(crawler.settings["LOG_LEVEL"])
        self.crawler_process.crawl(crawler, **arguments)
        _collect_less_often()
        self.crawler_process.start()
        return closing_of_crawl(crawler)

    def _close(self, closing: dict[str, Any], as_json: bool) -> None:
        from crawler.extensions.summary import exit_status, show, warnings_of

        for line in warnings_of(closing):
            say(line)
        show(closing, as_json)
        self.exitcode = exit_status(closing)


def _collect_less_often() -> None:
    """Let Python look for garbage after 10,000 new objects, not 700: a tenth of a crawl's time went there.

    What has been imported is not looked through again. A crawl of 50,000 pages stays at 252 MB (benchmarks).
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def closing_of_crawl(crawler: Any) -> dict[str, Any] | None:
    """What the crawl came to; None where it did not begin.

    A second Ctrl-C ends the reactor and sends no signal: then the run is closed here.
    """
    from crawler.extensions.progress import Progress
    from crawler.extensions.run_log import RunLog

    closing: dict[str, Any] | None = getattr(crawler, "newsmill_closing", None)
    # None where a part of the crawl could not be built.
    log = crawler.get_extension(RunLog) if crawler.extensions else None
    if closing is None and log is not None and log.is_open:
        if (bar := crawler.get_extension(Progress)) is not None:
            bar.end()
        log.closed(crawler.spider, "shutdown")
        closing = crawler.newsmill_closing
    return closing


def say(line: str) -> None:
    """A line on stderr; on a terminal broken between words, so that an address in it can be copied."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    print(line, file=sys.stderr)
