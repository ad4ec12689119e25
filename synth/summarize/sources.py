"""The sources of an event's sample: its articles in order of time, in one language, each text once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.language.segmentation import words
from synth.near_duplicates.bottom_k import ALIKE, Copies, likeness, sketch_of
from synth.samples.sample import source_of

Article = Mapping[str, Any]

#: Why an article of an event is no source of its sample.
REASONS = ("no_text", "same_text", "near_copy", "other_language")
#: Confidence from which a text's language is what it seems, whatever its newspaper's is.
_SURE = 0.9
#: Characters of the body from which a language is told.
_TOLD_BY = 300
#: Share of common words from which two texts are worth a closer look: half of the 5-grams cannot be the same without.
_WORTH = 0.4
#: Articles up to which each is compared with each; of more, each is sketched at once.
_FEW = 12
#: Frequent words that the languages around do not have, and how many of them say that a text is in its language. A
#: detector costs a third of a millisecond a text, and nearly every text is in its newspaper's language.
_OWN_WORDS = {
    "it": frozenset("che della delle degli dei nella nelle nel gli più anche perché è dal alla sulla hanno".split()),
    "vi": frozenset("của và là không những được người trong các một cho với này đã đến có để khi tại ở".split()),
}  # fmt: skip
_OWN = 4


@dataclass(frozen=True)
class Gathered:
    """What a sample is made from."""

    language: str
    sources: list[dict[str, Any]]
    #: [{link, reason}] of the articles that are no source: see REASONS.
    left_out: list[dict[str, str]]

    @property
    def reasons(self) -> Counter[str]:
        return Counter(row["reason"] for row in self.left_out)


def gather(articles: Sequence[Article], language: str) -> Gathered:
    """The event's articles as a sample carries them.

    Of texts that are the same but for their headlines the earliest is kept, of near copies (an agency's text, edited)
    the longest: a model would learn to copy what it reads twice. A newspaper's language is not always the article's
    (ANSA has an English desk): the language is that of most texts, `language` where they are even, and texts in another
    are left out.
    """
    ordered = sorted(articles, key=_time)
    left: list[dict[str, str]] = []
    texts = [_Read(article) for article in ordered]
    for reason, keep in (("no_text", lambda found: [text for text in found if text.told]), ("same_text", _distinct),
                         ("near_copy", _without_copies)):  # fmt: skip
        kept = keep(texts)
        left += _left(texts, kept, reason)
        texts = kept
    written = [(text, text.language(language)) for text in texts]
    counts = Counter(found for _, found in written)
    most = max(counts, key=lambda found: (counts[found], found == language, found), default=language)
    kept = [text for text, found in written if found == most]
    left += _left(texts, kept, "other_language")
    return Gathered(most, [source_of(text.article) for text in kept], left)


def _time(article: Article) -> tuple[int, float, str]:
    """In order of time; those without a date come last."""
    date = article.get("date")
    return (0, date.timestamp(), article["link"]) if date else (1, 0.0, article["link"])


class _Read:
    """An article and its words, read once."""

    __slots__ = ("_sketch", "article", "told", "vocabulary")

    def __init__(self, article: Article) -> None:
        self.article = article
        self.told = words(article["content"].lower())
        self.vocabulary = frozenset(self.told)
        self._sketch: list[int] | None = None

    def language(self, otherwise: str) -> str:
        """The text's own language where it is sure, `otherwise` where not."""
        beginning = f"{self.article['title']}. {self.article['content'][:_TOLD_BY]}"
        own = _OWN_WORDS.get(otherwise, frozenset())
        if sum(word in own for word in beginning.lower().split()) >= _OWN:
            return otherwise
        from synth.language import detect

        found, confidence = detect(beginning)
        return found if confidence >= _SURE else otherwise

    def copies(self, other: _Read) -> bool:
        """Whether one text is an edited copy of the other."""
        shared = len(self.vocabulary & other.vocabulary)
        if shared < _WORTH * (len(self.vocabulary) + len(other.vocabulary) - shared):
            return False
        one, two = self.sketch, other.sketch
        return bool(one and two) and likeness(one, two) >= ALIKE

    @property
    def sketch(self) -> list[int]:
        if self._sketch is None:
            self._sketch = sketch_of(self.article["content"])
        return self._sketch


def _distinct(texts: Sequence[_Read]) -> list[_Read]:
    seen: dict[str, _Read] = {}
    for text in texts:
        seen.setdefault(" ".join(text.told), text)
    return list(seen.values())


def _without_copies(texts: Sequence[_Read]) -> list[_Read]:
    """One of each group of near copies, in the order of all; longest first, so that a group does not hang on order."""
    kept: list[_Read] = []
    names, known = Copies(), set[str]()
    for text in sorted(texts, key=lambda text: -len(text.told)):
        if len(texts) <= _FEW:
            copied = any(text.copies(other) for other in kept)
        else:
            name = names.name(text.article["content"])
            copied = name in known
            known |= {name} - {""}
        if not copied:
            kept.append(text)
    chosen = {id(text) for text in kept}
    return [text for text in texts if id(text) in chosen]


def _left(before: Sequence[_Read], after: Iterable[_Read], reason: str) -> list[dict[str, str]]:
    kept = {id(text) for text in after}
    return [{"link": text.article["link"], "reason": reason} for text in before if id(text) not in kept]


def union(lists: Iterable[Iterable[str]]) -> list[str]:
    """Tags of all sources in order of appearance; "Meteo" and "meteo" are one."""
    found: dict[str, str] = {}
    for tags in lists:
        for tag in tags:
            found.setdefault(tag.strip().casefold(), tag.strip())
    return [tag for key, tag in found.items() if key]
