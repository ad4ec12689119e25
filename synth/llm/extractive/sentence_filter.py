"""Which sentences of a news article can stand in another text: whole, told by the reporter, pointing at nothing before.

Word lists and patterns stand in the languages' tables. They err on the side of leaving out: an article has more fit
sentences than a summary needs.
"""

from __future__ import annotations

import functools
import itertools
import re

from synth.language import international
from synth.language.segmentation import words
from synth.language.table import SentenceFilterTable, optional_pattern
from synth.language.tables import languages, tables_read_with

#: What agencies and newspapers print before or around a text and is none of it.
_STAMPS = re.compile(
    r"^Caricamento player\s*|"
    r"\s*\((?:ANSA|Adnkronos|Reuters|AGI|LaPresse|TTXVN|AFP|AP)\)(?:\s*[.–-](?=\s|$))?|"
    r"^[A-ZÀ-Ý][A-ZÀ-Ý' ]{2,24}, \d{1,2} [A-Z]{3} [-–] |^[A-ZÀ-Ý][A-ZÀ-Ý' ]{2,24} [-–] |"
    r"^\(?(?:TTO|TPO|TNO|NLĐO|VOV\.VN|VTC News|Dân trí|Petrotimes|TTXVN|VnExpress)\)? [-–] "
)
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|''.*?''")
_MIN_WORDS = 7
#: Words that a sentence must have beside its quotations.
_UNQUOTED = 4


class _Rules:
    """The patterns of a language: see `SentenceFilterTable`. A language without a table has none of its own."""

    def __init__(self, language: str) -> None:
        table = languages().get(language)
        self.own = table.sentence_filter if table else None
        patterns = [table.sentence_filter.boilerplate for table in tables_read_with(language)]
        self.boilerplate = re.compile("|".join(filter(None, [international.BOILERPLATE, *patterns])), re.IGNORECASE)
        self.pointer = optional_pattern(self.own.pointer if self.own else "", re.NOFLAG)
        self.heading = optional_pattern(self.own.heading if self.own else "", re.NOFLAG)
        self.first_person = optional_pattern(self.own.first_person if self.own else "", re.NOFLAG)
        days = self.own.relative_days if self.own else ""
        self.relative_days = re.compile(rf"\b(?:{days or '(?!)'})\b", re.IGNORECASE)
        self.dependent = tuple(tuple(entry.split("^")) for entry in (self.own.dependent if self.own else "").split())
        self.report = re.compile(self.own.report, re.IGNORECASE) if self.own and self.own.report else None
        self.longest = self.own.longest if self.own else _LONGEST


#: Words of the longest sentence in a language that says nothing of it.
_LONGEST = 70


@functools.lru_cache(maxsize=64)
def _rules(language: str) -> _Rules:
    return _Rules(language)


def clean(paragraph: str) -> str:
    """A paragraph without agency stamps and datelines."""
    before = ""
    # One behind the other: "(ANSA) - ROMA, 12 MAG - …".
    while paragraph != before:
        before, paragraph = paragraph, _STAMPS.sub("", paragraph).strip()
    return paragraph


#: Letters of the longest word of prose; longer ones are words whose spaces a page lost ("diffusoalcunivideoche").
_LONGEST_WORD = 20


def is_fit(sentence: str, language: str = "") -> bool:
    """Whether a sentence can stand in a summary at all: whole, a statement, no boilerplate, no piece of a quotation."""
    if not sentence or not (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "«“\"'‘"):
        return False
    if (
        not re.search(r"(?<!\.\.)(?<!…)[.!…][»”\"')]*$|(?<=\w)(?:\.\.\.|…)[»”\"')]*$", sentence)
        or "?" in sentence
        or not _is_balanced(sentence)
    ):
        return False
    rules = _rules(language)
    if not _MIN_WORDS <= len(words(sentence)) <= rules.longest or rules.boilerplate.search(sentence):
        return False
    if rules.heading.search(sentence) or any(len(word) > _LONGEST_WORD for word in words(sentence)):
        return False
    unquoted = [word.lower() for word in words(_QUOTED.sub(" ", sentence))]
    # Who speaks of himself outside quotation marks stands in a quotation whose marks are elsewhere; a quotation without
    # the words of who reports it says nothing about who speaks.
    return len(unquoted) >= _UNQUOTED and not rules.first_person.search(" ".join(unquoted))


def is_like_caption(sentence: str, language: str) -> bool:
    """Whether a short sentence at the head of an article lacks what makes a report, where the language's table says."""
    report = _rules(language).report
    return report is not None and report.search(sentence) is None


def starts_with_credit(sentence: str) -> bool:
    """Whether it begins with whose picture the sentence before it is about: "Ảnh: AFP", "(Foto: Ansa)"."""
    return _CREDIT.match(sentence) is not None


#: What stands behind a caption.
_CREDIT = re.compile(
    r"[(\[]?(?:Ảnh|Hình|Nguồn ảnh|Foto|Photo|Fotografía|Fotografia|Crédit|Credit|Bild|Imagen|Imagem|Immagine|Vídeo|"
    r"Video|Clip)"
    r"(?: ?[:/|©]| (?:di|de|by|von|do|của)\b| [A-Z][\w.]+(?: [A-ZÀ-Ỹ]|\)?$))"
)


def _is_balanced(text: str) -> bool:
    pairs = (("«", "»"), ("“", "”"), ("(", ")"), ("[", "]"))
    closed = all(text.count(begin) == text.count(end) and text.find(end) >= text.find(begin) for begin, end in pairs)
    return closed and text.count('"') % 2 == 0 and text.count("''") % 2 == 0


def begins_dependent(sentence: str, language: str) -> bool:
    """Whether its first words continue a thought: "Inoltre", "Tuy nhiên"."""
    first = tuple(word.lower() for word in words(_unaccented(sentence)))
    return any(first[: len(entry)] == entry for entry in _rules(language).dependent)


def is_dependent(sentence: str, language: str) -> bool:
    """Whether it begins with a word that points at a sentence before it."""
    rules = _rules(language)
    if begins_dependent(sentence, language) or rules.pointer.match(_unaccented(sentence)):
        return True
    return rules.own is not None and _has_bare_pronoun(sentence, rules.own)


def has_relative_day(sentence: str, language: str) -> bool:
    """Whether it says "today", "yesterday" or the like, which is another day in another article."""
    return bool(_rules(language).relative_days.search(sentence))


def _unaccented(sentence: str) -> str:
    """The beginning; Italian wires type "È" as "E'", which is no "and"."""
    return re.sub(r"^E['’] ", "È ", sentence[:80])


def _has_bare_pronoun(sentence: str, table: SentenceFilterTable) -> bool:
    """Whether "ông" comes without a name after it, and no name stands before it either."""
    if not table.pronouns:
        return False
    tokens = _QUOTED.sub(" ", sentence).split()
    for number, (token, following) in enumerate(itertools.pairwise(tokens)):
        # The first word has a capital in any case; before another it begins a name, unless it is the pronoun.
        if token[0].isupper() and following[0].isupper() and (number or token.lower() not in table.pronouns):
            return False
        if token.lower().rstrip(",") in table.pronouns:
            if following[0].isupper() and not token.endswith(","):
                return False
            if following not in table.pronoun_nouns:
                return True
    return False
