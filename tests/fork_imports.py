"""What the commands of the tests import on their way: a set for each server of tests/fork_server.py."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Per server: packages of which every module is imported.
PACKAGES = {
    "scrapy": [
        "crawler", "scrapy.commands", "scrapy.core", "scrapy.downloadermiddlewares", "scrapy.extensions",
        "scrapy.spidermiddlewares",
    ],
    "synth": ["synth"],
}  # fmt: skip
#: Per server: modules that those, or other people's commands, import in functions.
MODULES = {
    "scrapy": [
        "pymongo", "trafilatura", "scrapy.cmdline", "scrapy.dupefilters", "scrapy.logformatter", "scrapy.pqueues",
        "scrapy.squeues", "scrapy.statscollectors",
    ],
    # Without pyarrow, which starts a thread.
    "synth": ["pymongo", "openai", "openai.resources.chat", "numpy", "crawler.mongo"],
    # Hugging Face's libraries read their environment, which is the command's; lightning starts a thread.
    "torch": ["torch", "torch._dynamo", "numpy", "pymongo"],
}  # fmt: skip
#: What belongs to a process or reads its environment.
OWN = {"twisted.internet.reactor", "crawler.settings"}


def import_set(name: str) -> None:
    """Import what the commands of a set import, and start no thread: only the thread that forks goes on."""
    for module in _names(name):
        # Scrapy has modules for libraries that are not here.
        with suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(module)
    if found := OWN & set(sys.modules):
        raise AssertionError(f"{found} must be imported by the command itself")
    if threading.active_count() > 1 or len([*Path("/proc/self/task").iterdir()]) > 1:
        raise AssertionError(f"importing {name} has started a thread")


def _names(name: str) -> Iterator[str]:
    yield from MODULES[name]
    for package in PACKAGES.get(name, []):
        folder = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(folder, f"{package}."):
            if not module.name.endswith(("__main__", ".settings")):
                yield module.name
