"""What a crawl's arguments change in its settings, and what they leave alone.

Covers crawler.discovery.arguments, crawler.settings.
"""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings

from crawler import settings as project
from crawler.addons import BrowserAddon, IdentityAddon, LoopbackAddon, ReplayAddon
from crawler.spiders.open import Open

BROWSER = "crawler.downloadermiddlewares.browser.BrowserMiddleware"


def settings_of(addon: Any, more: dict[str, Any] | None = None, **arguments: Any) -> Settings:
    """The project's settings, changed by an add-on for a crawl of Open with these arguments."""
    settings = Settings()
    settings.setmodule(project)
    settings.setdict(more or {}, "cmdline")
    crawler = type("Crawler", (), {"spider": Open(**arguments)})
    addon.from_crawler(crawler).update_settings(settings)
    return settings


@pytest.mark.parametrize(
    ("addon", "arguments"),
    [
        (LoopbackAddon, {"origin": "https://mirror.example"}),
        (ReplayAddon, {}),
        (BrowserAddon, {}),
        (BrowserAddon, {"javascript": 1, "warc": __file__}),
    ],
)
def test_what_is_not_asked_for_changes_nothing(addon: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotConfigured):
        settings_of(addon, **arguments)


@pytest.mark.parametrize("addon", [IdentityAddon, LoopbackAddon, ReplayAddon, BrowserAddon])
def test_other_spiders_are_left_alone(addon: Any) -> None:
    with pytest.raises(NotConfigured):
        addon.from_crawler(type("Crawler", (), {"spider": None}))


def test_the_language_and_a_contact_given_later_are_sent() -> None:
    settings = settings_of(IdentityAddon, {"CONTACT": "https://example.org/who"})
    assert settings["DEFAULT_REQUEST_HEADERS"]["Accept-Language"] == "it"
    assert settings["DEFAULT_REQUEST_HEADERS"]["Accept"].startswith("text/html")
    assert settings["USER_AGENT"].endswith("; +https://example.org/who)")
    assert settings_of(IdentityAddon)["USER_AGENT"] == project.USER_AGENT


def test_a_copy_on_this_machine_needs_no_pauses_unless_they_are_asked_for() -> None:
    assert settings_of(LoopbackAddon, origin="http://127.0.0.1:1")["DOWNLOAD_DELAY"] == 0
    slow = settings_of(LoopbackAddon, {"DOWNLOAD_DELAY": 3}, origin="http://127.0.0.1:1")
    assert slow["DOWNLOAD_DELAY"] == 3


def test_files_take_the_network_s_place() -> None:
    settings = settings_of(ReplayAddon, warc=__file__)
    assert set(settings["DOWNLOAD_HANDLERS"].values()) == {"crawler.warc.replay.ReplayHandler"}
    assert not any(settings["DOWNLOADER_MIDDLEWARES"].values())
    permission = {name: order for name, order in settings["SPIDER_MIDDLEWARES"].items() if "ermission" in name}
    assert permission == {
        "crawler.spidermiddlewares.permission.PermissionMiddleware": None,
        "crawler.warc.replay.RecordedPermission": 900,
    }


def test_a_browser_stands_above_the_back_off() -> None:
    settings = settings_of(BrowserAddon, javascript=1)
    order = settings["DOWNLOADER_MIDDLEWARES"]
    assert order[BROWSER] < order["crawler.downloadermiddlewares.backoff.BackoffMiddleware"]
    assert "MAP * ~NOTFOUND" in settings["PLAYWRIGHT_LAUNCH_OPTIONS"]["args"][0]
