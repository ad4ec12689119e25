"""The genre of an article, by what its newspaper says of it: section, topics, the parts of its address, its title."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from synth.language.table import FragmentTable
from synth.language.tables import languages

GENRES = ("news", "interview", "opinion", "sport", "business", "science", "culture")


def genre_of(article: Mapping[str, Any]) -> str:
    """One of GENRES; news where nothing says otherwise."""
    headings = [str(article.get("section") or ""), *map(str, article.get("tags") or [])]
    path = urlsplit(str(article.get("link") or "")).path
    places = [*headings, *re.split(r"[/_.]", path)[:-1]]
    for genre, pattern in _patterns(str(article.get("language") or "")):
        # Only a title says that a text is an interview.
        text = str(article.get("title") or "") if genre == "interview" else ""
        if any(pattern.search(name) for name in (*places, text) if name):
            return genre
    return "news"


@functools.lru_cache(maxsize=64)
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    table = languages()[language].fragments if language in languages() else FragmentTable()
    return [(genre, re.compile(pattern, re.IGNORECASE)) for genre, pattern in table.genres.items()]
