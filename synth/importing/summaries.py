"""Summaries that people wrote, as samples of the task news_summary: tied to their articles, asked as `synth summarize`
asks, and kept current whatever a model writes about the same event later (provenance.model is "people").
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import RecordError
from crawler.mongo import taken_down
from synth.importing.conversation import Conversation, References
from synth.importing.formats.summaries import GROUPS, IDS
from synth.importing.samples import Origin, check_document, origin_fields
from synth.importing.values import is_null
from synth.samples.sample import PEOPLE, Sample, event_key, sample_key, source_of

if TYPE_CHECKING:
    from pymongo.database import Database

TASK = "news_summary"
#: Why a summary is refused of whose articles none is in the store.
NO_ARTICLES = "no_articles"
#: Links named in a refusal.
_NAMED = 3


class ArticleIndex:
    """Which articles the rows of this import were, by the names that their file has for them and their groups."""

    def __init__(self) -> None:
        self.groups: dict[str, list[str]] = defaultdict(list)
        self.ids: dict[str, str] = {}

    def add(self, row: Mapping[str, Any], link: str) -> None:
        """Remember a row that became the article of a link."""
        if group := next((str(row[name]) for name in GROUPS if not is_null(row.get(name)) and row[name] != ""), ""):
            self.groups[group].append(link)
        for name in (*IDS, "link", "url"):
            if not is_null(row.get(name)):
                self.ids.setdefault(str(row[name]), link)

    def links_of(self, references: References) -> list[str]:
        """Links of what is referred to, each once; a link or id that no row had is returned as it is."""
        own = [self.ids.get(name, name) for name in (*references.links, *references.ids)]
        return list(dict.fromkeys(own or self.groups.get(references.group, [])))


def summary_of(
    database: Database[dict[str, Any]], conversation: Conversation, position: str, origin: Origin, index: ArticleIndex
) -> dict[str, Any]:
    """The document of a sample.

    Raises:
        RecordError: empty_answer; no_articles: none of them is in the store; taken_down: one was; or `unstorable`.
    """
    assert conversation.references is not None
    answer = conversation.messages[-1]["content"]
    if not answer.strip():
        raise RecordError("empty_answer", f"{conversation.columns.get('summary')} is empty")
    links = index.links_of(conversation.references)
    articles = _articles(database, links, conversation.references)
    fields, code = origin_fields(conversation.columns, position, origin)
    language = code or _language(articles)
    messages, instruction, prompt = _request(articles, language)
    document = _sample(answer, articles, language, instruction, messages).document()
    missing = sorted(set(links) - {link for article in articles for link in _links(article)})
    document["provenance"] = {
        **fields, "articles": [article["_id"] for article in articles], "prompt": prompt, "model": PEOPLE,
        "left_out": [{"link": link, "reason": "not_in_the_store"} for link in missing],
    }  # fmt: skip
    check_document(document)
    return document


def _articles(database: Database[dict[str, Any]], links: Sequence[str], references: References) -> list[dict[str, Any]]:
    """The articles in order of time.

    Raises:
        RecordError: no_articles or taken_down.
    """
    name = ", ".join(links[:_NAMED]) or f"group {references.group!r}"
    if removed := taken_down(database, links):
        raise RecordError("taken_down", f"{sorted(removed)[0]} was taken down")
    query = {"$or": [{"link": {"$in": list(links)}}, {"also_at": {"$in": list(links)}}]}
    articles = {article["_id"]: article for article in database.articles.find(query)} if links else {}
    if not articles:
        raise RecordError(NO_ARTICLES, f"{name}: not in the store")
    return sorted(articles.values(), key=_time)


def _time(article: Mapping[str, Any]) -> tuple[int, float, str]:
    date = article.get("date")
    return (0, date.timestamp(), article["link"]) if date else (1, 0.0, article["link"])


def _links(article: Mapping[str, Any]) -> list[str]:
    return [article["link"], *(article.get("also_at") or [])]


def _language(articles: Iterable[Mapping[str, Any]]) -> str:
    """That of most articles."""
    counts = Counter(str(article.get("language") or "") for article in articles)
    return max(counts, key=lambda code: (counts[code], code))


def _request(articles: Sequence[Mapping[str, Any]], language: str) -> tuple[list[dict[str, str]], str, str]:
    """(messages, short request, id of the prompt) as `synth summarize` asks."""
    from synth.prompts import load_prompt

    prompt = load_prompt(TASK).in_language(language)
    sources = [source_of(article) for article in articles]
    messages = prompt.render(language=language, max_sentences=None, sources=sources)
    return messages, prompt.block("instruction", language=language, max_sentences=None), prompt.id


def _sample(
    answer: str, articles: Sequence[Mapping[str, Any]], language: str, instruction: str, messages: list[dict[str, str]]
) -> Sample:
    from synth.prompts.quoting import addresses_in

    sources = [source_of(article) for article in articles]
    event = event_key(source["link"] for source in sources)
    return Sample(
        # Without the prompt: a new wording of it makes no second sample of an answer that nobody was asked for again.
        key=sample_key(TASK, event, "", PEOPLE, hashlib.sha256(answer.encode(errors="surrogatepass")).hexdigest()),
        task=TASK, question=messages[-1]["content"], answer=answer, language=language, instruction=instruction,
        system="".join(message["content"] for message in messages if message["role"] == "system"), event=event,
        date=max((source["date"] for source in sources if source["date"]), default=None), sources=sources,
        tags=list(dict.fromkeys(tag for source in sources for tag in source["tags"])), cluster_size=len(sources),
        injection=addresses_in(sources),
    )  # fmt: skip
