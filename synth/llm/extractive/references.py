"""What a sentence points back at, and whether a text before it has that.

A name in short, an abbreviation that was explained, a noun with the definite article that the article had before: each
needs its word in the text. A pronoun, "questo" or "three years later" needs the very sentence before.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from synth.language.international import UPPER
from synth.language.segmentation import words
from synth.language.table import FragmentTable, SentenceFilterTable, optional_pattern
from synth.language.table import words as words_of
from synth.language.tables import is_syllabic, languages
from synth.llm.extractive.prose import QUOTED, begins_with_verb
from synth.llm.extractive.sentence_filter import begins_dependent, is_dependent

_NAME = re.compile(
    rf"(?<![\w'’])[{UPPER}][\w’'-]*[\w](?: (?:d[aei]l?l?a?|van|von|de la|bin|al) )?(?:[ -][{UPPER}][\w’'-]*\w)+"
)
DEFINED = re.compile(r"\(([A-Z][A-Za-zÀ-ỹ-]{1,9})\)")
ACRONYM = re.compile(r"\b[A-Z][A-Za-zÀ-ỹ-]{1,9}\b")
#: Letters by which two words are the same in an inflected language.
STEM = 6


@dataclass(frozen=True, slots=True)
class Needs:
    """What must stand before a sentence."""

    #: the sentence before it in its article.
    previous: bool = False
    #: stems of nouns, where that sentence is not there.
    nouns: frozenset[str] = frozenset()
    #: words of names and abbreviations, in any case.
    names: frozenset[str] = frozenset()

    def are_met(self, text: frozenset[str], follows: bool) -> bool:
        """
        Args:
            text: `terms_of` what stands before.
            follows: whether the sentence before it in its article stands right before it.
        """
        return self.names <= text and (follows or (not self.previous and self.nouns <= text))


class _Rules:
    """The patterns of a language; one without a table has none of its own."""

    def __init__(self, language: str) -> None:
        table = languages().get(language)
        fragments = table.fragments if table else FragmentTable()
        own: SentenceFilterTable | None = table.sentence_filter if table else None
        self.mentioned = optional_pattern(fragments.mentioned)
        self.definite = optional_pattern(fragments.definite)
        self.sequence = optional_pattern(own.sequence if own else "")
        self.address = address_pattern(fragments.address)
        self.small_words = fragments.line_openers | (table.names.common if table else frozenset())
        self.syllabic = is_syllabic(language)
        # "Cũng" ties a sentence; "anche" and "also" do so as its first word only, which `is_dependent` knows.
        self.linking = fragments.linking & _LINKING


@functools.lru_cache(maxsize=64)
def _rules(language: str) -> _Rules:
    return _Rules(language)


def terms_of(text: str) -> frozenset[str]:
    """The words of a text and their stems: what later sentences may point at."""
    low = [word.casefold() for word in words(text)]
    return frozenset(low) | frozenset(word[:STEM] for word in low)


@dataclass
class Reader:
    """Reads an article from its first sentence on and says what each needs."""

    language: str
    _terms: set[str] = field(default_factory=set)
    #: part of a name -> the whole name's parts.
    _parts: set[str] = field(default_factory=set)
    _acronyms: set[str] = field(default_factory=set)
    _sentences: int = 0

    def needs_of(self, sentence: str) -> Needs:
        """What the next sentence of the article needs before it."""
        rules = _rules(self.language)
        needs = (
            self._needs_of_first(sentence) if rules.syllabic and not self._sentences else self._needs(sentence, rules)
        )
        self._add(sentence, rules)
        return needs

    def _needs_of_first(self, sentence: str) -> Needs:
        # Nothing stands before it but the headline, which names whom and what it means.
        return Needs(begins_dependent(sentence, self.language))

    def _needs(self, sentence: str, rules: _Rules) -> Needs:
        plain = QUOTED.sub(" ", sentence)
        previous = (
            is_dependent(sentence, self.language)
            or (self._sentences > 0 and begins_with_verb(sentence, self.language))
            or rules.sequence.search(_beginning(plain, _MENTIONED)) is not None
            or bool(rules.linking & {word.casefold() for word in words(plain)[:_BEGINNING]})
        )
        return Needs(previous, frozenset(self._nouns(plain, rules)), frozenset(self._names(sentence, rules)))

    def _nouns(self, plain: str, rules: _Rules) -> Iterator[str]:
        # Further on, "suo" and "quella" mostly mean something in the sentence itself.
        for match in rules.mentioned.finditer(_beginning(plain, _MENTIONED)):
            stem = _last_stem(match[0])
            # A noun without an article is as good as new: "công an", "nạn nhân" name whom the event is about.
            if not rules.syllabic or stem in _POINTING:
                yield stem
        for match in rules.mentioned.finditer(plain):
            if _ARTICLE.match(match[0]) and not rules.syllabic:
                yield _last_stem(match[0])
        for match in rules.definite.finditer(_beginning(plain, _DEFINITE)):
            # What a later sentence begins with, and the article has not had, the article means by another word.
            opens = self._sentences > 0 and match.start() < len(_beginning(plain, _SUBJECT))
            if (stem := match[1].casefold()[:STEM]) in self._terms or opens:
                yield stem

    def _names(self, sentence: str, rules: _Rules) -> Iterator[str]:
        own = {part for name in whole_names(sentence, rules.small_words) for part in name}
        for token in words(sentence):
            # A syllable of a name is one of many other words, too.
            if token in self._parts and token not in own and not rules.syllabic:
                yield token.casefold()
        for match in rules.address.finditer(sentence):
            if match[1] not in own:
                yield match[1].casefold()
        for acronym in ACRONYM.findall(sentence):
            if acronym in self._acronyms and f"({acronym})" not in sentence:
                yield acronym.casefold()

    def _add(self, sentence: str, rules: _Rules) -> None:
        self._terms |= terms_of(sentence)
        self._parts |= {part for name in whole_names(sentence, rules.small_words) for part in (name[0], name[-1])}
        self._acronyms |= set(DEFINED.findall(sentence))
        self._sentences += 1


#: What a noun that was mentioned begins with.
_ARTICLE = re.compile(r"(?:il|la|lo|l['’]|i|gli|le|the|el|las?|los|les|der|die|das|den|dem|os?|as?)\b", re.IGNORECASE)
#: Words of a sentence among which one that ties it to others, what was mentioned, and a noun with the article stands.
_BEGINNING, _SUBJECT, _MENTIONED, _DEFINITE = 3, 2, 9, 6


_LINKING = words_of("cũng")
#: Vietnamese small words that point at something.
_POINTING = words_of("này đó kia ấy nọ trên")


def _beginning(text: str, count: int) -> str:
    return " ".join(text.split()[:count])


def _last_stem(phrase: str) -> str:
    tokens = words(phrase)
    return tokens[-1].casefold()[:STEM] if tokens else ""


def address_pattern(forms: str) -> re.Pattern[str]:
    """Somebody called by a form of address and one name; who comes with an age or years comes for the first time."""
    return re.compile(rf"\b(?i:{forms or '(?!)'}) ([{UPPER}][\w’'-]*\w)\b(?![ -][{UPPER}]\w|,? \(?\d)")


def whole_names(text: str, small_words: Iterable[str]) -> Iterator[list[str]]:
    """The parts of each name of two words or more; what only begins a sentence belongs to none."""
    for match in _NAME.finditer(text):
        parts = [part.strip("’'-") for part in match[0].split()]
        while parts and parts[0].casefold() in small_words:
            parts = parts[1:]
        if len(parts) > 1:
            yield parts
