"""The offline model: it answers a request to summarise with the most telling sentences of the texts it is given."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synth.language.segmentation import words
from synth.language.tables import languages
from synth.llm.completion import Completion, Message, Unconnected
from synth.llm.extractive import summarizer as extractive
from synth.llm.extractive.candidates import Document, from_mapping

#: The marks around what a request is about (synth.prompts.quoting).
_MARKS = re.compile(r"^</?quote-[0-9a-f]+>$", re.MULTILINE)


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """How the prompts name a source's title, newspaper and text (up to the next title), and a summary."""
    tables = [table.prompts for table in languages().values()]
    title = rf"^-? ?(?:{_any(table.title for table in tables)})\s?: "
    source = rf"(?:\s*(?:{_any(table.source for table in tables)})\s?: [^\n]*\n)?"
    content = rf"\s*(?:{_any(label for table in tables for label in table.content)})\s?:\s*(?P<content>.*?)"
    summary = rf"^(?:{_any(table.summary for table in tables)}) \d+(?: \([^\n]*\))?\s?:\n"
    return (
        re.compile(rf"{title}(?P<title>[^\n]*)\n{source}{content}(?={title}|\Z)", re.MULTILINE | re.DOTALL),
        re.compile(rf"{summary}(?P<content>.*?)(?={summary}|\Z)", re.MULTILINE | re.DOTALL),
    )


def _any(labels: Iterable[str]) -> str:
    return "|".join(map(re.escape, dict.fromkeys(labels)))


class Extractive(Unconnected):
    """Nothing is downloaded, nothing paid; the same request always has the same answer."""

    name = f"extractive/{extractive.VERSION}"
    takes_documents = True

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        documents: Sequence[Mapping[str, Any]] | None = None,
        language: str = "",
        max_words: int | None = None,
        max_sentences: int | None = None,
        **_: Any,
    ) -> Completion:
        """A summary of `documents` ({title, content, date}), else of the sources in the messages; "" if unfit.

        What only a sampling model understands (temperature, max_tokens …) changes nothing here.
        """
        texts = [message["content"] for message in messages if message.get("role") != "assistant"]
        sources = [from_mapping(row) for row in documents] if documents is not None else read_sources(texts)
        text = extractive.summarize(sources, language or _language(sources), max_words, max_sentences=max_sentences)
        prompt_words = sum(len(words(part)) for part in texts)
        return Completion(text, self.name, "stop", prompt_words, len(words(text)), cost=0.0)


def read_sources(messages: Sequence[str]) -> list[Document]:
    """The articles of a prompt: its pairs of title and text, else its summaries, else all of it as one text."""
    messages = [_MARKS.sub("", message) for message in messages]
    for pattern in _patterns():
        matches = [match.groupdict() for message in messages for match in pattern.finditer(message)]
        if matches:
            return [Document(row.get("title", "").strip(), row["content"].strip()) for row in matches]
    return [Document("", "\n\n".join(messages))]


def _language(documents: Sequence[Document]) -> str:
    from synth.language import detect

    return detect("\n".join(document.content for document in documents)[:2000])[0]
