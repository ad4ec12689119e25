"""Newspapers to articles in MongoDB: a Scrapy project."""

from importlib.metadata import version

#: Stands in setup.cfg alone.
__version__ = version("newsmill")

#: The floors from the top down: a room imports rooms of lower floors only (tests/test_architecture.py).
ORDER = [
    ["__main__"],
    ["commands"],
    ["settings", "extensions"],
    ["warc"],
    ["pipelines"],
    ["spidermiddlewares"],
    ["downloadermiddlewares", "downloadhandlers"],
    ["addons"],
    ["spiders"],
    ["discovery"],
    ["page"],
    ["mongo"],
    ["items"],
    ["wire_copy"],
    ["bylines"],
    ["feeds"],
    ["newspapers"],
    ["dates"],
    ["language"],
]
