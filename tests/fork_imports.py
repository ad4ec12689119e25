"""What `scrapy crawl` imports on its way, for tests/fork_server.py."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from contextlib import suppress

PACKAGES = [
    "crawler", "scrapy.commands", "scrapy.core", "scrapy.downloadermiddlewares", "scrapy.extensions",
    "scrapy.spidermiddlewares",
]  # fmt: skip
#: What they import in functions.
MODULES = [
    "pymongo", "trafilatura", "scrapy.cmdline", "scrapy.dupefilters", "scrapy.logformatter", "scrapy.pqueues",
    "scrapy.squeues", "scrapy.statscollectors",
]  # fmt: skip


def _modules(package: str) -> list[str]:
    folder = importlib.import_module(package).__path__
    names = [module.name for module in pkgutil.walk_packages(folder, f"{package}.")]
    return [name for name in names if not name.endswith(("__main__", ".settings"))]


for name in [*MODULES, *(module for package in PACKAGES for module in _modules(package))]:
    # Scrapy has modules for libraries that are not here.
    with suppress(ImportError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module(name)
# The one belongs to a process, the other reads its environment.
assert not {"twisted.internet.reactor", "crawler.settings"} & set(sys.modules)
