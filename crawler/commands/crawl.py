"""`scrapy crawl NAME`: Scrapy's command, with one-line errors, closing words and an exit status that tells."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from crawler.items import NewsmillError


class Command(CrawlCommand):
    def long_desc(self) -> str:
        return (
            "Crawl a newspaper into MongoDB. Arguments (-a NAME=VALUE): since, until (days of publication, ISO), "
            "section, limit, origin (a copy of the site), refresh=1 (known articles too), warc=FILE (extract again "
            "from what -s WARC=FOLDER kept, or from others' WARC files, offline). Example: scrapy crawl ansa "
            "-a since=2026-05-01 -a until=2026-05-09. Exit status: 0 whole, 1 something is missing, 2 cannot start, "
            "3 the articles are worse than those of earlier crawls (drift; goes before 1): stderr says which field."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print the closing counts as JSON")
        parser.add_argument(
            "--accept-drift", action="store_true", help="what changed is right: compare with it from now on"
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        if opts.accept_drift:
            assert self.settings is not None
            self.settings.set("ACCEPT_DRIFT", True, "cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("name one newspaper; `scrapy list` shows them")
        try:
            closing = self._crawl(args[0], opts.spargs)
        except NewsmillError as error:
            print(error, file=sys.stderr)
            self.exitcode = 2
            return
        if closing is None:
            self.exitcode = 1
            return
        self._close(closing, opts.json)

    def _crawl(self, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The crawl's closing; None where it did not come to one.

        Raises:
            NewsmillError: it cannot start.
        """
        assert self.crawler_process is not None
        names = self.crawler_process.spider_loader.list()
        if name not in names:
            raise NewsmillError(f"crawl: no newspaper {name!r}: one of {', '.join(sorted(names))}")
        crawler = self._create_crawler(name)
        # All of these would fail later as well, inside the reactor and with a traceback.
        spider = crawler.spidercls(**arguments)
        from crawler.archive import check_folder
        from crawler.browser import check_browser
        from crawler.store import database_of

        check_folder(crawler.settings)
        if getattr(spider, "javascript", False):
            check_browser(crawler.settings)
        database_of(crawler)
        # Scrapy lets its handler judge the level: it would make a record of every page, to throw it away.
        logging.getLogger("scrapy").setLevel(crawler.settings["LOG_LEVEL"])
        self.crawler_process.crawl(crawler, **arguments)
        self.crawler_process.start()
        closing: dict[str, Any] | None = getattr(crawler, "newsmill_closing", None)
        return closing

    def _close(self, closing: dict[str, Any], as_json: bool) -> None:
        from crawler.extensions import exit_status, show, warnings_of

        for line in warnings_of(closing):
            print(line, file=sys.stderr)
        show(closing, as_json)
        self.exitcode = exit_status(closing)
