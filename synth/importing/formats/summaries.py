"""Summaries that people wrote: {cluster, ref1, ref2}, {links: […], summary}, {sources: [{link, …}], answer}.

They become samples of the task news_summary, one a summary, tied to their articles by the cluster's name, or by links
or ids; the articles are in the store, or in the file of `--articles` (`synth.importing.summaries`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from synth.importing.conversation import Conversation, References, columns_of, json_of
from synth.importing.formats import Fields, Format, of_each
from synth.importing.values import is_null, list_in

#: Cells with summaries of people's; `machine_sum` is none.
_SUMMARY = re.compile(
    r"(gold_|human_|reference_)?(summary|summaries|ref|refs|reference|references|abstract|highlights|answer|answers)_?\d*",
    re.IGNORECASE,
)
#: Cells that name the group of the articles, their links, their ids, or hold them.
GROUPS = ("cluster", "cluster_id", "cluster_name", "event", "event_id", "topic", "topic_id", "group", "group_id")
_LINKS = ("links", "urls", "link", "url", "source_links", "source_urls")
_ARTICLES = ("sources", "articles", "documents", "docs", "doc_ids", "article_ids", "document_ids")
#: What an article of a list, or a row of a file of articles, may call its id.
IDS = ("doc_id", "article_id", "document_id", "id", "_id")
FIELDS = ("summary", "summary1", "summary2", "summary3", "summaries", *GROUPS, *_LINKS, *_ARTICLES)


def is_summary(row: Fields) -> bool:
    """Whether a row has a summary, and says of which articles."""
    return any(_texts(row)) and references_of(row) is not None


def _texts(row: Fields) -> Iterator[tuple[str, str]]:
    """(name, text) of each summary."""
    for name, value in row.items():
        if not _SUMMARY.fullmatch(str(name)) or is_null(value):
            continue
        value = (list_in(value) or value) if isinstance(value, str) else value
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str):
                yield str(name), text


def references_of(row: Fields) -> References | None:
    """What a row says of its articles; None where it says nothing."""
    group = next((str(row[name]) for name in GROUPS if not is_null(row.get(name)) and row[name] != ""), "")
    links = [str(link) for name in _LINKS for link in _several(row.get(name)) if isinstance(link, str)]
    ids: list[str] = []
    for article in (article for name in _ARTICLES for article in _several(json_of(row.get(name)))):
        link, own = _named(article)
        links, ids = links + [link] * bool(link), ids + [own] * bool(own)
    return References(group, tuple(links), tuple(ids)) if group or links or ids else None


def _several(value: Any) -> list[Any]:
    if is_null(value) or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _named(article: Any) -> tuple[str, str]:
    """(link, id) of an article of a list; the one that is not known is ""."""
    if isinstance(article, dict):
        link = article.get("link") or article.get("url") or ""
        own = next((article[name] for name in IDS if article.get(name) is not None), "")
        return str(link), "" if link else str(own)
    text = str(article).strip()
    return (text, "") if "://" in text else ("", text)


def conversations_of(row: Fields) -> Iterator[Conversation]:
    """One for each summary; its question is made of the articles when they are known."""
    names = {name for name, _ in _texts(row)}
    columns = columns_of(row, {*FIELDS, *names})
    for name, text in _texts(row):
        messages = [{"role": "assistant", "content": text}]
        yield Conversation(messages, columns={**columns, "summary": name}, references=references_of(row))


FORMAT = Format("summaries", "summaries of articles", FIELDS, is_summary, of_each(conversations_of), 600, joins=True)
