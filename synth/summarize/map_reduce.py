"""Map-reduce summarisation: an event larger than a model's context is summarised in parts, then those summaries.

Parts are contiguous in time and cut where neighbouring articles are least alike; an article too long for a call of its
own is cut between paragraphs, a paragraph between sentences, a sentence between words, a word anywhere. Whatever the
texts and the way of counting, every call holds: tokens of its messages + tokens of its answer <= context.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import ceil
from typing import Any, Protocol

from crawler.items import NewsmillError
from synth.language.segmentation import sentences, words
from synth.llm.token_counters import Count, of_messages
from synth.prompts import Prompt
from synth.prompts.attribution import day_of

Messages = list[dict[str, str]]
Source = Mapping[str, Any]

#: Summaries that a combining call shall be able to take: fewer make the tree deep, more leave each summary few words.
_FAN = 4
#: Tokens below which a part's summary says nothing.
_LEAST = 16
#: Tokens of a word in the languages that tokenizers serve worst: an answer of so many words is not cut off.
_TOKENS_A_WORD = 3
#: Weight of balance against likeness when a cut is chosen: at .5 off the middle even the best cut loses.
_BALANCE = 2.0
#: Characters of an article that are compared with its neighbour's.
_COMPARED = 2000
#: How many parts an article's pieces are said to be of while that is not known.
_MANY = 9999


@dataclass(frozen=True)
class ContextWindow:
    """What a call may hold, in tokens: messages and answer together (`context`), the answer of the last call alone."""

    context: int
    answer: int
    count: Count

    def holds(self, messages: Messages, answer: int) -> bool:
        """Whether a call fits: the bound of the whole module."""
        return of_messages(messages, self.count) + answer <= self.context


@dataclass(frozen=True)
class SummaryPrompts:
    """The messages of the three kinds of calls, in one language."""

    prompt: Prompt
    language: str
    max_sentences: int | None = None

    def instruction(self) -> str:
        """The short request of a whole event, without its sources."""
        return self.prompt.block("instruction", language=self.language, max_sentences=self.max_sentences)

    def question(self, sources: Sequence[Source]) -> Messages:
        """The request as a user would make it: what a sample asks."""
        return self.prompt.render(language=self.language, max_sentences=self.max_sentences, sources=sources)

    def whole(self, sources: Sequence[Source]) -> Messages:
        """For a call that has all sources."""
        return self.prompt.quoted(language=self.language, max_sentences=self.max_sentences, sources=sources)

    def part(self, sources: Sequence[Source], max_words: int) -> Messages:
        """For a call that has a part of the sources."""
        return self.prompt.quoted("part", "input", language=self.language, sources=sources, max_words=max_words)

    def combine(self, texts: Sequence[Text], max_words: int | None = None) -> Messages:
        """For a call that has summaries of parts: the last one (no `max_words`) with the limit of sentences."""
        limit = self.max_sentences if max_words is None else None
        rows = [{"content": text.content, "first": text.first, "last": text.last} for text in texts]
        return self.prompt.quoted(
            "combine", "summaries", language=self.language, max_sentences=limit, max_words=max_words, texts=rows
        )


@dataclass(frozen=True)
class Text:
    """A summary of a part, and the days its articles came out."""

    content: str
    first: date | None = None
    last: date | None = None


class Ask(Protocol):
    """One call of a `kind`: answers to `whole` and `final` are the event's summary, to `part` and `combine` on the way
    to it. Raises to give the event up.
    """

    def __call__(self, messages: Messages, max_tokens: int, kind: str) -> Awaitable[str]: ...


async def summarise(sources: Sequence[Source], prompts: SummaryPrompts, window: ContextWindow, ask: Ask) -> str:
    """The summary of an event of any size, in as many calls as it takes.

    Raises:
        NewsmillError: the context leaves no room for texts at all; and whatever `ask` raises.
    """
    whole = prompts.whole(sources)
    if window.holds(whole, window.answer):
        return await ask(whole, window.answer, "whole")
    answer = part_answer(prompts, window)
    parts = divide(sources, prompts, window)
    if len(parts) == 1:
        return await ask(prompts.part(parts[0], _words(answer)), answer, "whole")
    calls = [ask(prompts.part(part, _words(answer)), answer, "part") for part in parts]
    contents = await gather_or_cancel(calls)
    texts = [Text(content, *_days(part)) for content, part in zip(contents, parts, strict=True)]
    return await _combined(texts, prompts, window, ask)


async def _combined(texts: list[Text], prompts: SummaryPrompts, window: ContextWindow, ask: Ask) -> str:
    """One text of many, level by level: each level has fewer."""
    answer = part_answer(prompts, window)

    async def combine(group: list[Text]) -> Text:
        if len(group) == 1:
            return group[0]
        content = await ask(prompts.combine(group, _words(answer)), answer, "combine")
        days = [day for text in group for day in (text.first, text.last) if day]
        return Text(content, min(days, default=None), max(days, default=None))

    while True:
        if len(groups := _groups(texts, prompts, window, None)) == 1:
            return await ask(prompts.combine(groups[0]), window.answer, "final")
        texts = await gather_or_cancel([combine(group) for group in _groups(texts, prompts, window, answer)])


def _groups(texts: list[Text], prompts: SummaryPrompts, window: ContextWindow, answer: int | None) -> list[list[Text]]:
    """Neighbouring texts that fit one combining call together; of two that do not, as much as fits.

    `answer` None: the last call.
    """

    def fits(group: Sequence[Text]) -> bool:
        messages = prompts.combine(group, None if answer is None else _words(answer))
        return window.holds(messages, window.answer if answer is None else answer)

    if len(texts) == 1 or fits(texts):
        return [texts]
    if len(texts) == 2:
        return [_cut_to_fit(texts, fits, window.count)]
    middle = len(texts) // 2
    return [group for half in (texts[:middle], texts[middle:]) for group in _groups(half, prompts, window, answer)]


def _cut_to_fit(texts: list[Text], fits: Callable[[Sequence[Text]], bool], count: Count) -> list[Text]:
    """The texts, the longer ones cut so that they fit: a model may write more than it was asked for."""
    # Both searches come back to the same beginnings of a text.
    count = functools.cache(count)
    low, high, best = 0, max(count(text.content) for text in texts), None
    while low <= high:
        middle = (low + high) // 2
        tried = [replace(text, content=shortened(text.content, middle, count)) for text in texts]
        low, high, best = (middle + 1, high, tried) if fits(tried) else (low, middle - 1, best)
    if best is None:
        raise NewsmillError("the context is too small to combine two summaries: raise --context")
    return best


def part_answer(prompts: SummaryPrompts, window: ContextWindow) -> int:
    """Tokens that a part's summary may have, so that a combining call takes `_FAN` of them.

    Raises:
        NewsmillError: that leaves a part no words.
    """
    empty = of_messages(prompts.combine([Text("")] * _FAN), window.count)
    room = (window.context - window.answer - empty) // _FAN
    if room < _LEAST:
        least = empty + window.answer + _FAN * _LEAST
        raise NewsmillError(
            f"a context of {window.context} tokens is too small for answers of {window.answer}: "
            f"--context {least} is the least, or lower --max-new-tokens"
        )
    return min(window.answer, room)


def _words(tokens: int) -> int:
    return max(10, tokens // _TOKENS_A_WORD)


def _days(sources: Sequence[Source]) -> tuple[date | None, date | None]:
    days = [day for source in sources if (day := day_of(source))]
    return min(days, default=None), max(days, default=None)


# ---- parts of an event


def divide(sources: Sequence[Source], prompts: SummaryPrompts, window: ContextWindow) -> list[list[Source]]:
    """The parts, in order: each fits a call; each paragraph of each source is in exactly one, whole where it can be.

    Raises:
        NewsmillError: the context takes not a single character.
    """
    answer = part_answer(prompts, window)

    def size(part: Sequence[Source]) -> int:
        return of_messages(prompts.part(part, _words(answer)), window.count)

    room = window.context - answer
    titled = [_with_short_title(source, room // 4, window.count) for source in sources]
    units = [piece for source in titled for piece in _pieces(source, size, room)]
    empty = size([])
    if len(units) < 2 or size(units) > room:
        return list(_parts(units, size, room, empty))
    # What fits only because a part's answer is shorter than the event's is divided all the same.
    cut = best_cut(units, 0.5)
    return [units[:cut], units[cut:]]


def _with_short_title(source: Source, most: int, count: Count) -> Source:
    """A headline that would fill the window is cut; its article carries it through all pieces."""
    if count(source["title"]) <= most:
        return source
    return {**source, "title": shortened(source["title"], most, count)}


def _pieces(source: Source, size: Callable[[Sequence[Source]], int], room: int) -> list[Source]:
    """A source as it is where it fits a call, else its pieces, numbered."""
    if size([source]) <= room:
        return [source]
    empty = size([{**source, "content": "", "part": _MANY, "parts": _MANY}])

    def cut(text: str) -> Iterator[str]:
        tokens = size([{**source, "content": text, "part": _MANY, "parts": _MANY}])
        if tokens <= room:
            yield text
            return
        for half in halves(text, _share(tokens, room, empty)):
            yield from cut(half)

    contents = list(cut(source["content"]))
    return [
        {**source, "content": content, "part": number, "parts": len(contents)}
        for number, content in enumerate(contents, 1)
    ]


def _parts(
    units: Sequence[Source], size: Callable[[Sequence[Source]], int], room: int, empty: int
) -> Iterator[list[Source]]:
    tokens = size(units)
    if tokens <= room:
        yield list(units)
    elif len(units) > 1:
        cut = best_cut(units, _share(tokens, room, empty))
        yield from _parts(units[:cut], size, room, empty)
        yield from _parts(units[cut:], size, room, empty)
    else:
        # A piece whose number made it longer than it was measured.
        for half in halves(units[0]["content"]):
            yield from _parts([{**units[0], "content": half}], size, room, empty)


def _share(tokens: int, room: int, empty: int) -> float:
    """Where to cut, 0 to 1, so that both sides fill whole calls: five calls' worth is cut after two of them."""
    calls = max(2, ceil((tokens - empty) / max(1, room - empty)))
    return (calls // 2) / calls


def best_cut(units: Sequence[Source], share: float) -> int:
    """The index (1 to n-1) to cut at: near `share` of the length, between articles unlike or days apart."""
    lengths = [len(unit["content"]) + len(unit["title"]) + 1 for unit in units]
    whole, before, best = sum(lengths), 0, (float("inf"), 1)
    vocabularies = [_vocabulary(unit) for unit in units]
    for index in range(1, len(units)):
        before += lengths[index - 1]
        score = _likeness(units, vocabularies, index) + _BALANCE * abs(before / whole - share)
        best = min(best, (score, index))
    return best[1]


def _vocabulary(unit: Source) -> frozenset[str]:
    return frozenset(word for word in words(f"{unit['title']} {unit['content'][:_COMPARED]}".lower()) if len(word) > 3)


def _likeness(units: Sequence[Source], vocabularies: Sequence[frozenset[str]], index: int) -> float:
    """How much the units on both sides belong together: 1 for pieces of one article, else common words over days."""
    before, after = units[index - 1], units[index]
    if before.get("link") == after.get("link") and "part" in before and "part" in after:
        return 1.0
    common = vocabularies[index - 1] & vocabularies[index]
    overlap = len(common) / (len(vocabularies[index - 1] | vocabularies[index]) or 1)
    first, second = day_of(before), day_of(after)
    return overlap / (1 + abs((second - first).days)) if first and second else overlap


# ---- parts of a text

_BLANK = re.compile(r"\n[ \t]*\n\s*")


def halves(text: str, share: float = 0.5) -> tuple[str, str]:
    """A text cut in two near `share` of it: between paragraphs, else sentences, else words, else characters.

    Raises:
        NewsmillError: it is a single character.
    """
    for atoms, glue in ((_BLANK.split(text), "\n\n"), (sentences(text), " "), (text.split(), " ")):
        atoms = [atom for atom in atoms if atom.strip()]
        if len(atoms) > 1:
            cut = _nearest(atoms, share)
            return glue.join(atoms[:cut]), glue.join(atoms[cut:])
    text = text.strip()
    if len(text) < 2:
        raise NewsmillError("the context is too small for the prompt alone: raise --context")
    cut = min(len(text) - 1, max(1, round(len(text) * share)))
    return text[:cut], text[cut:]


def _nearest(atoms: Sequence[str], share: float) -> int:
    """The index (1 to n-1) nearest to `share` of the length of all."""
    target, before, best = share * sum(map(len, atoms)), 0, (float("inf"), 1)
    for index in range(1, len(atoms)):
        before += len(atoms[index - 1])
        best = min(best, (abs(before - target), index))
    return best[1]


def shortened(text: str, most: int, count: Count) -> str:
    """The beginning of a text of at most so many tokens, to the end of a sentence or a word where there is one."""
    if count(text) <= most:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= most else (low, middle - 1)
    beginning = text[:low]
    for cut in (whole_sentences(beginning), beginning.rpartition(" ")[0]):
        if cut and count(cut) <= most:
            return cut
    return beginning if count(beginning) <= most else ""


def whole_sentences(text: str) -> str:
    """A text that was cut off, to the end of its last whole sentence; "" where there is none."""
    stops = [stop.end() for stop in re.finditer(r"[.!?…。！？][»”\"'’)]*(?=\s|\Z)", text)]
    return text[: stops[-1]].strip() if stops else ""


async def gather_or_cancel(calls: Sequence[Awaitable[Any]]) -> list[Any]:
    """All results, in order; after the first failure the other calls are cancelled."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
