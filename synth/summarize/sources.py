"""The sources of an event's sample: its articles in order of time, in one language, each text once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synth.language import detect, is_written_in
from synth.language.segmentation import sentences
from synth.language.segmentation import words as words_of
from synth.near_duplicates.bottom_k import ALIKE, Copies, likeness, sketch_of
from synth.samples.sample import source_of

Article = Mapping[str, Any]

#: Why an article of an event is no source of its sample.
REASONS = ("no_text", "same_text", "near_copy", "other_language")
#: Confidence from which a text's language is what it seems, whatever its newspaper's is.
_SURE = 0.9
#: Characters of the body from which a language is detected.
_DETECTED_BY = 300
#: Share of common words from which two texts are worth a closer look: half of the 5-grams cannot be the same without.
_WORTH = 0.4
#: Articles up to which each is compared with each; of more, each is sketched at once.
_FEW = 12


@dataclass(frozen=True)
class SourceSet:
    """What a sample is made from."""

    language: str
    sources: list[dict[str, Any]]
    #: [{link, reason}] of the articles that are no source: see REASONS.
    left_out: list[dict[str, str]]

    @property
    def reasons(self) -> Counter[str]:
        """How many articles were left out, by reason."""
        return Counter(row["reason"] for row in self.left_out)

    def beginnings(self, count: int | None) -> SourceSet:
        """The same articles, each as its first `count` sentences (None: all): news say first what matters most."""
        if count is None:
            return self
        sources = [{**row, "content": beginning(row["content"], count, self.language)} for row in self.sources]
        return replace(self, sources=sources)


def beginning(text: str, count: int, language: str = "") -> str:
    """The first `count` sentences, the paragraphs kept; a text that has no more is left as it is."""
    paragraphs: list[str] = []
    for paragraph in text.split("\n\n"):
        inside = sentences(paragraph, language)
        if len(inside) > count:
            return "\n\n".join([*paragraphs, *([" ".join(inside[:count])] if count else [])])
        paragraphs.append(paragraph)
        count -= len(inside)
    return text


def select_sources(articles: Sequence[Article], language: str) -> SourceSet:
    """The event's articles as a sample carries them.

    Of texts that are the same but for their headlines the earliest is kept, of near copies (an agency's text, edited)
    the longest: a model would learn to copy what it reads twice. A newspaper's language is not always the article's
    (ANSA has an English desk): the language is that of most texts, `language` where they are even, and texts in another
    are left out.
    """
    ordered = sorted(articles, key=_time)
    left_out: list[dict[str, str]] = []
    texts = [_Text(article) for article in ordered]
    for reason, select in (("no_text", _with_words), ("same_text", _distinct), ("near_copy", _without_copies)):
        selected = select(texts)
        left_out += _left_out(texts, selected, reason)
        texts = selected
    languages = [text.language(language) for text in texts]
    counts = Counter(languages)
    most = max(counts, key=lambda code: (counts[code], code == language, code), default=language)
    sources = [text for text, code in zip(texts, languages, strict=True) if code == most]
    left_out += _left_out(texts, sources, "other_language")
    return SourceSet(most, [source_of(text.article) for text in sources], left_out)


def _time(article: Article) -> tuple[int, float, str]:
    """In order of time; those without a date come last."""
    date = article.get("date")
    return (0, date.timestamp(), article["link"]) if date else (1, 0.0, article["link"])


class _Text:
    """An article and its words, segmented once."""

    __slots__ = ("_sketch", "article", "vocabulary", "words")

    def __init__(self, article: Article) -> None:
        self.article = article
        self.words = words_of(article["content"].lower())
        self.vocabulary = frozenset(self.words)
        self._sketch: list[int] | None = None

    def language(self, otherwise: str) -> str:
        """The text's own language where it is sure, `otherwise` where not."""
        beginning = f"{self.article['title']}. {self.article['content'][:_DETECTED_BY]}"
        if is_written_in(beginning, otherwise):
            return otherwise
        code, confidence = detect(beginning)
        return code if confidence >= _SURE else otherwise

    def copies(self, candidate: _Text) -> bool:
        """Whether one text is an edited copy of the other."""
        shared = len(self.vocabulary & candidate.vocabulary)
        if shared < _WORTH * (len(self.vocabulary) + len(candidate.vocabulary) - shared):
            return False
        sketches = self.sketch, candidate.sketch
        return all(sketches) and likeness(*sketches) >= ALIKE

    @property
    def sketch(self) -> list[int]:
        if self._sketch is None:
            self._sketch = sketch_of(self.article["content"])
        return self._sketch


def _with_words(texts: Sequence[_Text]) -> list[_Text]:
    return [text for text in texts if text.words]


def _distinct(texts: Sequence[_Text]) -> list[_Text]:
    first: dict[str, _Text] = {}
    for text in texts:
        first.setdefault(" ".join(text.words), text)
    return list(first.values())


def _without_copies(texts: Sequence[_Text]) -> list[_Text]:
    """One of each group of near copies, in the order of all; longest first, so that a group does not hang on order."""
    selected: list[_Text] = []
    names, taken_names = Copies(), set[str]()
    for text in sorted(texts, key=lambda text: -len(text.words)):
        if len(texts) <= _FEW:
            copied = any(text.copies(earlier) for earlier in selected)
        else:
            name = names.name(text.article["content"])
            copied = name in taken_names
            taken_names |= {name} - {""}
        if not copied:
            selected.append(text)
    ids = {id(text) for text in selected}
    return [text for text in texts if id(text) in ids]


def _left_out(before: Sequence[_Text], after: Iterable[_Text], reason: str) -> list[dict[str, str]]:
    ids = {id(text) for text in after}
    return [{"link": text.article["link"], "reason": reason} for text in before if id(text) not in ids]


def union(lists: Iterable[Iterable[str]]) -> list[str]:
    """Tags of all sources in order of appearance; "Meteo" and "meteo" are one."""
    first: dict[str, str] = {}
    for tags in lists:
        for tag in tags:
            first.setdefault(tag.strip().casefold(), tag.strip())
    return [tag for key, tag in first.items() if key]
