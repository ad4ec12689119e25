"""Any article file -> the stories each newspaper can print; what cannot be printed is counted by reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler.items import NEWSPAPERS, Article, NewsmillError, RecordError, article_from_record, newspaper_of
from demo.loopback_site.newspaper import Story

Records = str | Path | Iterable[Mapping[str, Any]]
# Stands in for a body while the rest of a row is read: a page without text is still a page.
_BLANK = "—"


def load(records: Records, skipped: Counter[str]) -> dict[str, list[Story]]:
    """Stories by newspaper. Of two rows with one link the longer text is kept, the later one where they are equal.

    Args:
        records: rows, or the path of a JSON lines file.
        skipped: takes the number of rows left out, by reason.
    """
    by_link: dict[str, Story] = {}
    for row in rows(records, skipped):
        story = story_of(row, skipped)
        if story is None:
            continue
        before = by_link.pop(story.article.link, None)
        if before is not None:
            skipped["repeated_link"] += 1
            longer = len(before.article.content) > len(story.article.content)
            story = before if longer else story
        by_link[story.article.link] = story
    stories: dict[str, list[Story]] = {name: [] for name in NEWSPAPERS}
    for story in by_link.values():
        stories[story.newspaper].append(story)
    return stories


def rows(records: Records, skipped: Counter[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of a list or of a file; lines that hold no JSON object are counted.

    Raises:
        NewsmillError: the file cannot be read.
    """
    if not isinstance(records, str | Path):
        yield from records
        return
    try:
        with Path(records).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.strip():
                    continue
                row = _row(line)
                if row is None:
                    skipped["not_json"] += 1
                else:
                    yield row
    except OSError as error:
        raise NewsmillError(
            f"loopback site: cannot read {records}: {error.strerror}; give a JSON lines file"
        ) from error


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def story_of(row: Mapping[str, Any], skipped: Counter[str]) -> Story | None:
    """The story of one row; None, counted, where no newspaper could print it."""
    try:
        article = _article(row)
    except RecordError as error:
        skipped[error.reason] += 1
        return None
    except UnicodeEncodeError:
        # Half a surrogate pair: JSON can spell it, no page can show it.
        skipped["not_unicode"] += 1
        return None
    newspaper = newspaper_of(article.link)
    if newspaper is None or article.date is None:
        skipped["unknown_host"] += 1
        return None
    if urlsplit(article.link).path == "/":
        skipped["front_page"] += 1
        return None
    return Story.of(article, newspaper, free=row.get("access") != "teaser")


def _article(row: Mapping[str, Any]) -> Article:
    try:
        return article_from_record(row)
    except RecordError as error:
        if error.reason != "empty_body":
            raise
        empty = error
    try:
        article = article_from_record({**row, "content": _BLANK})
    except RecordError:
        # Without a title or a day there is no page either: the missing text is the first reason.
        raise empty from None
    article.content = ""
    return article


def span(stories: list[Story]) -> tuple[str, str] | None:
    """First and last day (ISO, local to the newspaper) of publication or in an address; None where there is nothing."""
    days = [day for story in stories for day in (story.day, story.linked)]
    return (min(days).isoformat(), max(days).isoformat()) if days else None
