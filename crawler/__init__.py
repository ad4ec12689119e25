"""Newspapers to articles in MongoDB: a Scrapy project."""

__version__ = "0.1.0"
