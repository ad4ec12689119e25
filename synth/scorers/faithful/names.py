"""Names and quoted speech in a text, and whether other texts have them.

A name is a run of capitalised words, particles between them included. It is supported where its words stand together in
a source, or each part of it does ("presidente" + "Sergio Mattarella"), or its first letters do ("Ue"). Titles before it
are no part of it ("Former"), and a country is supported by its adjective, in whatever language. Accents are folded,
save in Vietnamese, where they make other words, and where a syllable alone supports no longer name. A single
capitalised word that begins a sentence is a name only where it has a capital elsewhere in the answer, too.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from synth.language import international
from synth.language.countries import countries_of, titles
from synth.language.segmentation import without_marks
from synth.language.tables import is_syllabic, tables_read_with
from synth.scorers.faithful.tokens import Token

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_ENDS = re.compile(r"[.!?…:;•\n\"“”«»‘()\[\]*#|]|(?:^|\s)[-–—](?:\s|$)")
_QUOTES = (
    re.compile(r"«([^«»]{2,2000})»"),
    re.compile(r"[“„]([^“”„]{2,2000})[”“]"),
    re.compile(r"(?<![\w\"])\"(?=[^\s\"])([^\"\n]{2,2000})(?<=\S)\"(?!\w)"),
    re.compile(r"(?<!\w)‘([^‘\n]{2,600}?)’(?!\w)"),
)
_CUT = re.compile(r"\[[^\]\n]{0,40}\]|\(\.\.\.\)|…|\.\.\.")
_WORD = re.compile(r"[^\W_]+")
_SYLLABLE = re.compile(r"(?:ngh|[nkptcg]h|ng|gi|qu|tr|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")
#: Letters that a name keeps from one language to another.
_BEGINNING = 4
#: Words of the longest name.
_LONGEST = 12
#: Quotes of fewer words are names, titles, or words held at a distance.
SHORTEST_QUOTE = 3
#: Of so many words of a quote one may have been changed.
_WORDS_AN_EDIT = 8


@dataclass(frozen=True)
class _Words:
    """Which words names are made of: see `NameTable`."""

    particles: frozenset[str]
    abbreviations: frozenset[str]
    common: frozenset[str]


@functools.lru_cache(maxsize=64)
def _words(language: str) -> _Words:
    tables = [table.names for table in tables_read_with(language)]
    return _Words(
        international.PARTICLES.union(*(table.particles for table in tables)),
        international.NAME_ABBREVIATIONS.union(*(table.abbreviations for table in tables)),
        frozenset().union(*(table.common for table in tables)),
    )


@dataclass(frozen=True, slots=True)
class Name:
    """Capitalised words that belong together, [start, end) of the text."""

    start: int
    end: int
    words: tuple[str, ...]
    #: stands where any word would have a capital.
    initial: bool
    #: the word after it, in lower case; "" where none belongs to it.
    following: str


@functools.lru_cache(maxsize=2**16)
def fold(word: str) -> str:
    """One spelling for all: no capitals, no accents; Vietnamese tones stay, wherever in the syllable they are set."""
    parts = unicodedata.normalize("NFD", word.lower())
    tones = "".join(mark for mark in parts if mark in _TONES)
    if is_vietnamese(word):
        return "".join(mark for mark in parts if mark not in _TONES) + tones
    return "".join(mark for mark in parts if not unicodedata.combining(mark))


def is_vietnamese(word: str) -> bool:
    """Whether the word is surely Vietnamese: ă, đ, ơ, ư, a hook, a dot, two marks on a letter."""
    low = word.lower()
    if low.isascii():
        return False
    parts = unicodedata.normalize("NFD", low)
    return any(mark in "đ\u031b\u0309\u0323\u0306" for mark in parts) or any(
        unicodedata.combining(mark) and unicodedata.combining(following)
        for mark, following in itertools.pairwise(parts)
    )


def names(tokens: Sequence[Token], language: str = "") -> list[Name]:
    """The names among the tokens of a text, in order."""
    return list(_spans(tokens, _words(language)))


def _spans(tokens: Sequence[Token], words: _Words) -> Iterator[Name]:
    at = 0
    while at < len(tokens):
        if not _is_capital(tokens[at]):
            at += 1
            continue
        members = [at]
        while len(members) < _LONGEST and (following := _next(tokens, at, words)) is not None:
            at = following
            members.append(at)
        at += 1
        yield from _name(tokens, members, words)


def _name(tokens: Sequence[Token], members: list[int], words: _Words) -> Iterator[Name]:
    initial = _begins_sentence(tokens, members[0], words)
    # "Nel Regno Unito", "L'Aquila": what any sentence may begin with is no part of the name.
    while members and (tokens[members[0]].low in words.common or _is_elided(tokens, members[0])):
        initial, members = False, members[1:]
    if not members:
        return
    last = members[-1]
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    joined = after is not None and after.kind == "word" and after.gap in (" ", "\u00a0") and after.text[0].islower()
    yield Name(
        tokens[members[0]].start, tokens[last].end, tuple(tokens[member].text for member in members), initial,
        after.low if after is not None and joined else "",
    )  # fmt: skip


def _is_elided(tokens: Sequence[Token], at: int) -> bool:
    return len(tokens[at].text) <= 2 and at + 1 < len(tokens) and tokens[at + 1].gap in ("'", "’")


def _begins_sentence(tokens: Sequence[Token], at: int, words: _Words) -> bool:
    """Whether any word would have a capital here: after a full stop, a colon, an opening mark, a line's end."""
    if at == 0:
        return True
    gap, before = tokens[at].gap, tokens[at - 1]
    if not _ENDS.search(gap):
        return False
    # "S. Mattarella", "TP. Hồ Chí Minh", "on. Rossi".
    return not (gap.strip() == "." and _is_abbreviated(before, words))


def _is_abbreviated(token: Token, words: _Words) -> bool:
    """Whether a full stop after the word is its own."""
    return (len(token.text) == 1 and token.text.isupper() and token.text.isascii()) or token.low in words.abbreviations


def _is_capital(token: Token) -> bool:
    return token.kind == "word" and token.text[0].isupper()


def _next(tokens: Sequence[Token], at: int, words: _Words) -> int | None:
    """The next word of the same name, particles passed over."""
    for position in range(at + 1, min(at + 4, len(tokens))):
        token = tokens[position]
        if (
            token.kind != "word"
            or token.gap not in (" ", "-", "'", "’", "\u00a0", ". ", ".")
            or (token.gap in (". ", ".") and not _is_abbreviated(tokens[position - 1], words))
        ):
            return None
        if _is_capital(token):
            return None if position > at + 1 and token.low in words.common else position
        if token.low not in words.particles:
            return None
    return None


def _rows(tokens: Sequence[Token]) -> Iterator[list[str]]:
    """The words that blanks, hyphens and apostrophes alone divide; "U.S." is one word."""
    row: list[str] = []
    for at, token in enumerate(tokens):
        dotted = at > 0 and token.gap == "." and len(token.text) == 1 and token.text.isupper() and bool(row)
        if dotted and row[-1].isupper() and len(tokens[at - 1].text) == 1:
            row[-1] += token.text
            continue
        before_dotted = at > 1 and token.gap == ". " and tokens[at - 1].gap == "." and len(tokens[at - 1].text) == 1
        if row and not (before_dotted or token.gap in (" ", "-", "'", "’", "\u00a0", "\n")):
            yield row
            row = []
        if token.kind == "word":
            row.append(token.text)
    if row:
        yield row


class NameIndex:
    """The names that texts have."""

    def __init__(self) -> None:
        #: folded capitalised words, all folded words.
        self.capital: set[str] = set()
        self.any: set[str] = set()
        #: neighbours within a name, neighbours of any case.
        self.pairs: set[tuple[str, str]] = set()
        self.neighbours: set[tuple[str, str]] = set()
        #: last words of names, and names of one word.
        self.last: set[str] = set()
        #: first letters of names, and what may be such letters.
        self.initials: set[str] = set()
        self.acronyms: set[str] = set()
        self._stems: set[str] = set()
        #: countries and bodies of states, by their numbers; first letters of words in a row, large where they are so.
        self.countries: set[int] = set()
        self.letters: set[str] = set()
        self._beginnings: set[str] = set()

    @classmethod
    def union(cls, indexes: Sequence[NameIndex]) -> NameIndex:
        """The names that any of the texts has; that of one text is itself."""
        if len(indexes) == 1:
            return indexes[0]
        union = cls()
        for index in indexes:
            for mine, own in zip(union._sets(), index._sets(), strict=True):  # noqa: SLF001
                mine |= own
        return union

    def _sets(self) -> list[set[Any]]:
        return [self.capital, self.any, self.pairs, self.neighbours, self.last, self.initials, self.acronyms,
                self._stems, self.countries, self.letters]  # fmt: skip

    def add(self, tokens: Sequence[Token], language: str = "") -> None:
        """Add the words of a text."""
        self._add_rows(tokens, language)
        before = ""
        for token in tokens:
            if token.kind != "word":
                before = ""
                continue
            word = fold(token.text)
            if before:
                self.neighbours.add((before, word))
            before = word
        # What depends on a word alone is asked once of each.
        for spelling in {token.text for token in tokens if token.kind == "word"}:
            word = fold(spelling)
            self.any.add(word)
            self._stems.add(_stem(word))
            if spelling[0].isupper():
                self.capital.add(word)
            if is_acronym(spelling):
                self.acronyms.add(word)
        for name in _spans(tokens, _words(language)):
            self._add_name(name)

    def _add_rows(self, tokens: Sequence[Token], language: str) -> None:
        """Countries, dotted initials, and first letters, by the words that blanks alone divide."""
        small = _words(language).particles | _words(language).common
        for row in _rows(tokens):
            folded = [fold(word) for word in row]
            for _, _, numbers in countries_of(row, folded, is_syllabic(language)):
                self.countries |= numbers
            self.capital.update(each for word, each in zip(row, folded, strict=True) if word.isupper())
            letters = [without_marks(word)[:1] for word in row if word.lower() not in small]
            self.letters.add("".join(letters))

    def _is_spelled_out(self, acronym: str) -> bool:
        """Whether words in a row have these first letters, the first a capital: "Banca centrale europea"."""
        if len(acronym) < 3:
            return False
        first, rest = acronym[0].upper(), acronym[1:]
        return any(
            letters[at + 1 : at + len(acronym)].lower() == rest
            for letters in self.letters
            for at, letter in enumerate(letters)
            if letter == first
        )

    def _add_name(self, name: Name) -> None:
        folded = [fold(word) for word in name.words]
        self.last.add(folded[-1])
        self.pairs.update(itertools.pairwise(folded))
        for first, second in itertools.pairwise(folded):
            self.capital.add(without_marks(first + second))
        if len(folded) > 1:
            letters = "".join(word[0] for word in folded)
            self.initials.update(letters[at:] for at in range(min(3, len(letters) - 1)))

    def has(self, name: Name, vietnamese: bool) -> bool:
        """Whether the name, or each of its parts, stands in the texts."""
        if self._has_whole(name, [fold(word) for word in name.words], vietnamese):
            return True
        name = replace(name, words=_joined_initials(name.words))
        words = [fold(word) for word in name.words]
        rest = self._without_known(name.words, words, vietnamese)
        if not rest:
            return True
        if len(rest) < len(words):
            name = replace(name, words=tuple(name.words[at] for at in rest), initial=name.initial and rest[0] == 0)
        return self._has_whole(name, [words[at] for at in rest], vietnamese)

    def _without_known(self, given: Sequence[str], words: list[str], vietnamese: bool) -> list[int]:
        """The numbers of the words that are neither titles before others nor countries that the texts name."""
        dropped: set[int] = set()
        for first, after, numbers in countries_of(given, words, vietnamese):
            # "Nguyễn Đức Anh" has no country in it.
            whole = after - first == len(words)
            if numbers & self.countries and (whole or not (vietnamese and is_syllable(words[first]))):
                dropped.update(range(first, after))
        left = [at for at in range(len(words)) if at not in dropped]
        while len(left) > (0 if dropped else 1) and words[left[0]] in titles():
            left = left[1:]
        return left

    def _has_whole(self, name: Name, words: list[str], vietnamese: bool) -> bool:
        if len(words) == 1:
            return self._has_single(name, words[0], vietnamese)
        if "".join(word[0] for word in words) in self.acronyms or without_marks("".join(words)) in self.capital:
            return True
        parts = self._parts(words)
        alone = len(parts) == len(words) and not (name.initial and len(words) == 2)
        if vietnamese and alone and all(is_syllable(word) for word in words):
            # Of Vietnamese syllables there are so few that each stands in any text.
            return False
        return all(
            len(part) > 1 or self._has_part(part[0], number == 0, vietnamese) for number, part in enumerate(parts)
        )

    def resembles(self, name: Name) -> bool:
        """Whether each word begins as one of the texts does: names in another language (Palestinians, Palestina)."""
        if not self._beginnings:
            self._beginnings = {without_marks(word)[:_BEGINNING] for word in self.any}
        return all(without_marks(fold(word))[:_BEGINNING] in self._beginnings for word in name.words)

    def _parts(self, words: list[str]) -> list[list[str]]:
        parts = [[words[0]]]
        for before, word in itertools.pairwise(words):
            if (before, word) in self.pairs:
                parts[-1].append(word)
            else:
                parts.append([word])
        return parts

    def _has_single(self, name: Name, word: str, vietnamese: bool) -> bool:
        if word in self.capital or without_marks(word) in self.capital:
            return True
        if is_acronym(name.words[0]) and (word in self.initials or self._is_spelled_out(word)):
            return True
        if vietnamese and not name.initial:
            # "Quốc hội", "Công an": a syllable alone says nothing, the word does.
            return bool(name.following) and (word, fold(name.following)) in self.neighbours
        return word in self.any or (len(word) > 5 and _stem(word) in self._stems)

    def _has_part(self, word: str, first: bool, vietnamese: bool) -> bool:
        if vietnamese and is_syllable(word):
            return word in self.last or (first and word in self.any)
        if word in self.capital:
            return True
        return (first and word in self.any) or (len(word) > 5 and _stem(word) in self._stems)


def _joined_initials(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with initials in a row as one: "U", "S", "President" -> "US", "President"."""
    joined: list[str] = []
    for is_initial, group in itertools.groupby(words, key=lambda word: len(word) == 1):
        members = list(group)
        joined += ["".join(members)] if is_initial else members
    return tuple(joined)


def is_syllable(word: str) -> bool:
    """Whether a folded word may be one of Vietnamese."""
    return _SYLLABLE.fullmatch(without_marks(word).replace("đ", "d")) is not None


def is_acronym(word: str) -> bool:
    """Whether the word may be made of first letters: UE, NATO, Onu, Ingv."""
    return (len(word) > 1 and word.isupper()) or (3 <= len(word) <= 5 and word[0].isupper()) or word in ("Ue", "Eu")


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 5 else word


# ---- quotes


def quotes(text: str) -> list[tuple[int, int]]:
    """[start, end) of what stands between quotation marks, in order; of nested ones the outer."""
    spans = sorted(match.span(1) for pattern in _QUOTES for match in pattern.finditer(text))
    outer: list[tuple[int, int]] = []
    for start, end in spans:
        if not outer or start >= outer[-1][1]:
            outer.append((start, end))
    return outer


def spoken(text: str) -> list[list[str]]:
    """The words of a quote, folded, in the segments that ellipses and brackets leave."""
    segments = ([fold(word) for word in _WORD.findall(segment)] for segment in _CUT.split(text))
    return [segment for segment in segments if segment]


@dataclass(slots=True)
class QuoteIndex:
    """Runs of three words of each text."""

    texts: list[set[tuple[str, str, str]]] = field(default_factory=list)

    def add(self, text: str) -> None:
        words = [fold(word) for word in _WORD.findall(text)]
        self.texts.append(set(zip(words, words[1:], words[2:], strict=False)))

    def has(self, quote: str) -> bool:
        """Whether one text has all segments of the quote, but for one word in eight."""
        segments = [segment for segment in spoken(quote) if len(segment) >= SHORTEST_QUOTE]
        return any(all(_has_most_runs(segment, runs) for segment in segments) for runs in self.texts)


def _has_most_runs(words: list[str], runs: set[tuple[str, str, str]]) -> bool:
    absent = sum(run not in runs for run in zip(words, words[1:], words[2:], strict=False))
    # A changed word breaks the three runs that it is in.
    return absent <= 3 * (len(words) // _WORDS_AN_EDIT)
