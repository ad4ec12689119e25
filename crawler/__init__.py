"""Newspapers to articles in MongoDB: a Scrapy project."""

__version__ = "0.1.0"

#: The floors from the top down: a room imports rooms of lower floors only (tests/test_architecture.py).
ORDER = [
    ["commands"],
    ["settings", "extensions"],
    ["warc"],
    ["pipelines"],
    ["downloadermiddlewares", "downloadhandlers", "spidermiddlewares"],
    ["addons"],
    ["spiders"],
    ["discovery"],
    ["page"],
    ["mongo"],
    ["items"],
    ["newspapers"],
    ["dates"],
]
