"""News prose into sentences and words.

Own rules because the libraries at hand fail on our two languages: pysbd 0.3.4 (no release since 2021, no Vietnamese)
and sentencex 1.0.32 cut "L'on. | Verdi", "G. | Meloni", "n. | 104", "TP. | Hồ Chí Minh" and "PGS. | TS.".
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from synth.language import international
from synth.language.tables import languages, tables_read_with

_BLANK_LINE = re.compile(r"\n\s*\n")
_OPENERS = "\"'“‘«‹([{–—-•"
_CLOSERS = "\"'”’»›)]}"
#: A run of terminators, then what closes around it. CJK terminators need no space after them.
#: The lookbehinds keep the cost of "......" linear: a run is tried from its beginning only.
_STOP = re.compile(
    rf"(?:(?<![.!?…])[.!?…]++[{re.escape(_CLOSERS)}]*+(?=\s))|(?:(?<![。！？])[。！？]++[{re.escape(_CLOSERS)}]*+)"
)
#: "…fine.Inizio": a full stop glued to the next sentence, as scraped paragraphs have it.
_GLUED = re.compile(r"[.!?][”»\"]?(?=[“«]?[^\W\d_])")
#: What separates an abbreviation from an elided article or an opening mark: "l'on.", "(prof.".
_ELISION = re.compile(rf"[{re.escape(_OPENERS)}’]")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")
_WORD = re.compile(r"[^\W_]+(?:(?<=\d)[.,](?=\d)[^\W_]+)*")

#: Characters looked at on either side of a mark: no abbreviation or first word is longer.
_NEAR = 60
#: Characters from which a text without capitals is one that lost them, whose sentences begin with small letters.
_UNCASED = 100


class _Rules(NamedTuple):
    """Which words a full stop belongs to: see `SegmentationTable`."""

    before_names: frozenset[str]
    before_numbers: frozenset[str]
    may_end: frozenset[str]
    openers: frozenset[str]
    ordinal_period: bool


@functools.lru_cache(maxsize=64)
def _rules(language: str) -> _Rules:
    tables = [table.segmentation for table in tables_read_with(language)]
    own = languages()[language].segmentation if language in languages() else None
    return _Rules(
        international.BEFORE_NAMES | (own.before_names if own else frozenset()),
        international.BEFORE_NUMBERS.union(*(table.before_numbers for table in tables)),
        international.MAY_END.union(*(table.may_end for table in tables)),
        own.openers if own else frozenset(),
        own is not None and own.ordinal_period,
    )


def words(text: str) -> list[str]:
    """The words as written, NFC: letters with their accents, numbers whole ("1.200", "3,5"), no punctuation."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def without_marks(text: str) -> str:
    """The letters without accents and tones; letters of their own stay: đ, ø, ß."""
    return "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))


def sentences(text: str, language: str = "") -> list[str]:
    """The sentences in order, white space folded; joined, they hold every character of `text` that is no space.

    A blank line ends a sentence whatever comes before it. Abbreviations, initials, decimals and ellipses do not, and
    neither does a mark that a lower-case letter follows («Vattene!» ha detto), but in a text without any capital.

    Args:
        language: ISO 639-1 code; only the lists of abbreviations depend on it.
    """
    paragraphs = (" ".join(paragraph.split()) for paragraph in _BLANK_LINE.split(text))
    uncased = len(text) > _UNCASED and text == text.lower()
    return [sentence for paragraph in paragraphs for sentence in _in_paragraph(paragraph, language, uncased)]


def _in_paragraph(paragraph: str, language: str, uncased: bool) -> Iterator[str]:
    start = 0
    for end in sorted(set(_ends(paragraph, language, uncased))):
        part = paragraph[start:end].strip()
        # A number or a bullet alone is the beginning of what follows it.
        if part and any(character.isalpha() for character in part):
            yield part
            start = end
    rest = paragraph[start:].strip()
    if rest:
        yield rest


def _ends(paragraph: str, language: str, uncased: bool) -> Iterator[int]:
    for stop in _STOP.finditer(paragraph):
        if stop.group()[0] in "。！？" or _is_end(paragraph, stop, language, uncased):
            yield stop.end()
    for glued in _GLUED.finditer(paragraph):
        if _is_glued(paragraph, glued, language):
            yield glued.end()


def _is_glued(paragraph: str, glued: re.Match[str], language: str) -> bool:
    start, end = glued.span()
    before = paragraph[max(0, start - _NEAR) : start].rpartition(" ")[2]
    following = paragraph[end : end + _NEAR].lstrip("“«")
    acronym = len(before) > 2 and before.isupper()
    if not before or not (acronym or before[-1].islower() or before[-1].isdigit() or before[-1] in _CLOSERS + "%"):
        return False
    # "Inizio", "L’inizio" and "A questi" begin a sentence; "VN", "S Lê" and "it" do not.
    goes_lower = following[1:2].islower() or following[1:2] in ("'", "’") or re.match(r" [^\W\d_]", following[1:3])
    if not following[0].isupper() or not goes_lower or following[1:3].lstrip().isupper():
        return False
    token = before + glued.group() + following.partition(" ")[0]
    in_address = any(mark in token for mark in ("/", "@", "www."))
    return not in_address and not _goes_on(_ELISION.split(before)[-1], following, language)


def _is_end(paragraph: str, stop: re.Match[str], language: str, uncased: bool) -> bool:
    following = paragraph[stop.end() : stop.end() + _NEAR].lstrip().lstrip(_OPENERS).lstrip()
    if following[:1].islower() and not uncased:
        return False
    mark = stop.group()
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    before = paragraph[max(0, stop.start() - _NEAR) : stop.start()].rpartition(" ")[2]
    return not _goes_on(_ELISION.split(before)[-1], following, language)


def _goes_on(word: str, following: str, language: str) -> bool:
    """Whether a full stop after `word` belongs to the word, seen what follows."""
    low, rules = word.lower(), _rules(language)
    if following[:1].isdigit() and low in rules.before_numbers:
        return True
    if low in rules.before_names:
        return True
    if word.isdigit():
        # German ordinals: "am 3. Mai".
        return rules.ordinal_period and len(word) <= 2
    if low in rules.may_end or (_INITIALS.match(word) and word[0].isupper()):
        return not _opens_a_sentence(following, rules)
    return False


def _opens_a_sentence(following: str, rules: _Rules) -> bool:
    first = words(following)[:1]
    return bool(first) and first[0].lower() in rules.openers
