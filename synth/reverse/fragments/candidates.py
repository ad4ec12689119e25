"""The parts of an article that can be answers: a short one whole, its lead, paragraphs, runs of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synth.language.international import UPPER
from synth.llm.extractive.prose import small_pairs
from synth.reverse.fragments.spans import Sentence, Span, paragraphs, sentence_spans
from synth.reverse.fragments.standing import (
    LONGEST,
    SHORTEST,
    weakness_of_fragment,
    weakness_of_opening,
    weakness_of_sentence,
)

KINDS = ("article", "lead", "paragraph")
#: Words up to which a paragraph is taken as one, and the words that runs of sentences of a longer one should have.
_WHOLE_PARAGRAPH, _RUN = 130, (90, 50, 130)
#: Words of the longest article that is a fragment as a whole, and of the longest lead.
_SHORT_ARTICLE, _LEAD = 220, 110
#: What agencies print before a text: "(ANSA) - ROMA, 12 MAG -", "TTO -", "VOV.VN -".
_STAMP = re.compile(
    r"(?:Caricamento player\s*|\(?(?:ANSA|TTO|TPO|TNO|NLĐO|VOV\.VN|VTC News|TTXVN|VnExpress|Dân trí)\)?\s*[-–—]+\s*"
    rf"|[{UPPER}][{UPPER}' ./]{{2,30}}(?:, \d{{1,2}} [A-Z]{{3,9}}\.?(?: \d{{4}})?)? ?[-–—]+ "
    rf"|[{UPPER}]\w*[{UPPER}]\w* [-–] (?=[{UPPER}]))+"
)


class Candidate(NamedTuple):
    """A part of an article that stands alone: content[start:end], of a kind, with so many words."""

    kind: str
    start: int
    end: int
    words: int


def candidates(article: Mapping[str, Any]) -> list[Candidate]:
    """What an article offers, in the order of the text; parts of several kinds may overlap.

    Args:
        article: title, content, language and access of a stored article.
    """
    content, language = article["content"], article["language"]
    blocks = [sentence_spans(content, _unstamped(content, span), language) for span in paragraphs(content)]
    pairs = small_pairs(content)
    fitness = [[not weakness_of_sentence(sentence, language, pairs) for sentence in block] for block in blocks]
    judged = zip(blocks, fitness, range(len(blocks)), strict=True)
    parts = [list(_offered(block, fit, number, language)) for block, fit, number in judged]
    offers = [("paragraph" if kind == "run" else kind, part) for block in parts for kind, part in block]
    if (whole := _whole_article(blocks, fitness, language)) and article.get("access") != "teaser":
        offers.insert(0, ("article", whole))
    title = str(article.get("title") or "")
    return [
        Candidate(kind, part[0].start, part[-1].end, sum(sentence.words for sentence in part))
        for kind, part in offers
        if not weakness_of_fragment(content, title, part, language)
    ]


def _unstamped(content: str, span: Span) -> Span:
    stamp = _STAMP.match(content, span.start, span.end)
    return Span(stamp.end(), span.end) if stamp else span


def _offered(
    block: Sequence[Sentence], fit: Sequence[bool], number: int, language: str
) -> Iterator[tuple[str, list[Sentence]]]:
    """(kind, sentences) of a paragraph: itself, or runs of its sentences where it is long or partly unfit."""
    opens = [ok and not weakness_of_opening(sentence, language) for ok, sentence in zip(fit, block, strict=True)]
    total = sum(sentence.words for sentence in block)
    if block and all(fit) and opens[0] and total <= (_LEAD if number == 0 else _WHOLE_PARAGRAPH):
        yield "lead" if number == 0 else "paragraph", list(block)
        return
    position, turn = 0, 0
    while position < len(block):
        run = _run(block, fit, position, _RUN[turn % len(_RUN)]) if opens[position] else []
        if sum(sentence.words for sentence in run) >= SHORTEST:
            yield "lead" if number == position == 0 else "run", run
            position, turn = position + len(run), turn + 1
        else:
            position += 1


def _run(block: Sequence[Sentence], fit: Sequence[bool], start: int, target: int) -> list[Sentence]:
    run: list[Sentence] = []
    for sentence, ok in zip(block[start:], fit[start:], strict=True):
        if not ok or sum(part.words for part in run) >= target:
            break
        run.append(sentence)
    return run


def _whole_article(
    blocks: Sequence[Sequence[Sentence]], fitness: Sequence[Sequence[bool]], language: str
) -> list[Sentence]:
    """All sentences of a short article, without credits at its end; [] where one of them is unfit."""
    content = [sentence for block in blocks for sentence in block]
    fit = [ok for row in fitness for ok in row]
    while fit and not fit[-1]:
        fit.pop()
        content.pop()
    total = sum(sentence.words for sentence in content)
    if not all(fit) or not SHORTEST <= total <= min(_SHORT_ARTICLE, LONGEST):
        return []
    return [] if weakness_of_opening(content[0], language) else content
