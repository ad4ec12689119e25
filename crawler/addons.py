"""What the arguments of a crawl change in its settings: Scrapy add-ons, applied once its spider is there (ADDONS).

They name what they put in by its dotted path, as settings do.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import NotConfigured
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from crawler.items import NewsmillError, is_loopback

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

#: Programs that are a Chromium, the first on PATH is taken.
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Above the back-off and the unpacking.
_BROWSER_ORDER = 540


class _Addon:
    """An add-on of one crawl; it is left out where `is_needed` says no, and for spiders that are none of ours."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider: Any = crawler.spider
        if not hasattr(self.spider, "profile") or not self.is_needed():
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def is_needed(self) -> bool:
        return True


class StoreAddon(_Addon):
    """Without a store among the pipelines nothing asks MongoDB: for known links, or to keep the crawl's row."""

    def update_settings(self, settings: BaseSettings) -> None:
        if not has_store(settings):
            settings.set("KNOWN_LINKS", "", "spider")
            settings.set("RUN_LOG", False, "spider")


def has_store(settings: BaseSettings) -> bool:
    """Whether one of the pipelines stores articles in MongoDB.

    Raises:
        NewsmillError: a pipeline that cannot be imported.
    """
    try:
        pipelines = build_component_list(settings.get_component_priority_dict_with_base("ITEM_PIPELINES"))
        return any(getattr(load_object(pipeline), "is_store", False) for pipeline in pipelines)
    except (ImportError, NameError, ValueError) as error:
        raise NewsmillError(f"settings: ITEM_PIPELINES: {error}") from error


class IdentityAddon(_Addon):
    """Says who asks, and in which language the newspaper's readers ask."""

    def update_settings(self, settings: BaseSettings) -> None:
        headers = {**settings.getdict("DEFAULT_REQUEST_HEADERS"), "Accept-Language": self.spider.profile.language}
        settings.set("DEFAULT_REQUEST_HEADERS", headers, "spider")
        contact, agent = settings.get("CONTACT"), settings.get("USER_AGENT")
        if contact and contact not in agent:
            # Given with -s: the settings file made the name before it was known.
            settings.set("USER_AGENT", f"{agent.rstrip(')')}; +{contact})", "spider")


class LoopbackAddon(_Addon):
    """A copy of the site on this machine needs no pauses; robots.txt is obeyed there as well."""

    def is_needed(self) -> bool:
        return is_loopback(self.spider.origin)

    def update_settings(self, settings: BaseSettings) -> None:
        for name, value in settings.getdict("LOOPBACK_SETTINGS").items():
            settings.set(name, value, "spider")


class ReplayAddon(_Addon):
    """`-a warc=…`: files take the network's place."""

    def is_needed(self) -> bool:
        return bool(self.spider.warc)

    def update_settings(self, settings: BaseSettings) -> None:
        changes = {
            **settings.getdict("LOOPBACK_SETTINGS"),
            "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.warc.replay.ReplayHandler"),
            # All of ours deal with servers; and Scrapy's count of requests would be one of reads.
            "DOWNLOADER_MIDDLEWARES": dict.fromkeys(
                (*settings.getdict("DOWNLOADER_MIDDLEWARES"), "scrapy.downloadermiddlewares.stats.DownloaderStats")
            ),
            "SPIDER_MIDDLEWARES": {
                **settings.getdict("SPIDER_MIDDLEWARES"),
                "crawler.spidermiddlewares.permission.PermissionMiddleware": None,
                "crawler.warc.replay.RecordedPermission": 900,
            },
        }
        for name, value in changes.items():
            settings.set(name, value, "cmdline")


class BrowserAddon(_Addon):
    """`-a javascript=1`, or a newspaper whose pages scripts write: a Chromium renders them."""

    def is_needed(self) -> bool:
        return bool(self.spider.javascript) and not self.spider.warc

    def update_settings(self, settings: BaseSettings) -> None:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        launch = {
            "executable_path": executable(settings),
            # Chromium's sandbox refuses to work for root.
            "chromium_sandbox": not root,
            # Whatever slips past the routes finds no host, and no proxy of the environment that would look for it.
            # Containers have a small /dev/shm.
            "args": [
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--no-proxy-server",
                "--disable-dev-shm-usage",
                "--disable-gpu",
            ],
        }  # fmt: skip
        middleware = {"crawler.downloadermiddlewares.browser.BrowserMiddleware": _BROWSER_ORDER}
        changes = {
            "PLAYWRIGHT_LAUNCH_OPTIONS": launch,
            "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
            # Milliseconds to wait for a file where a page did not come: there are none.
            "PLAYWRIGHT_DOWNLOAD_TIMEOUT": 1000,
            "DOWNLOADER_MIDDLEWARES": settings.getdict("DOWNLOADER_MIDDLEWARES") | middleware,
        }
        for name, value in changes.items():
            settings.set(name, value, "spider")


def executable(settings: BaseSettings) -> str:
    """The Chromium to use: `PLAYWRIGHT_CHROMIUM` (setting or environment), else the first one on PATH; "" for none."""
    program = settings.get("PLAYWRIGHT_CHROMIUM")
    names = [program] if program else CHROMIUMS
    return next((path for name in names if (path := shutil.which(name))), "")


def check_browser(settings: BaseSettings) -> None:
    """See to it that pages can be rendered.

    Raises:
        NewsmillError: the extra `browser`, or Chromium, is missing.
    """
    if importlib.util.find_spec("scrapy_playwright") is None:
        raise NewsmillError("browser: javascript=1 needs the extra `browser`: pip install 'newsmill[browser]'")
    if not executable(settings):
        program = settings.get("PLAYWRIGHT_CHROMIUM")
        what = f"PLAYWRIGHT_CHROMIUM={program} is not a program" if program else "no Chromium on PATH"
        raise NewsmillError(f"browser: {what}: install chromium, or set PLAYWRIGHT_CHROMIUM to the program")
