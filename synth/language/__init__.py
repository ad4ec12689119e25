"""Noun: which language a text is in, its sentences and numerals, and a table of all that is known of each language."""

from crawler.language import UNKNOWN, detect, is_written_in

__all__ = ["UNKNOWN", "detect", "is_written_in"]
