"""`newsmill`: Scrapy's command line with Newsmill's settings, in any folder: `newsmill crawl ansa -a limit=20`."""

from __future__ import annotations

import os


def main() -> None:
    """Run a command of Scrapy or of crawler/commands; SCRAPY_SETTINGS_MODULE may name other settings."""
    os.environ["SCRAPY_SETTINGS_MODULE"] = os.environ.get("SCRAPY_SETTINGS_MODULE") or "crawler.settings"
    from scrapy.cmdline import execute

    execute()


if __name__ == "__main__":
    main()
