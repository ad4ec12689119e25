"""Why a part of an article does not stand alone: the name of the first reason, or "".

Word lists and patterns stand in the languages' tables (`synth.language.table`). They err on the side of leaving out: an
archive has more parts than are wanted.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence

from synth.language.international import UPPER
from synth.language.segmentation import words
from synth.language.table import FragmentTable, optional_pattern
from synth.language.tables import is_syllabic, languages
from synth.llm.extractive.prose import QUOTED, has_joined_line, is_list_of_names, lacks_space, repeats_a_name
from synth.llm.extractive.references import ACRONYM, DEFINED, address_pattern, whole_names
from synth.llm.extractive.sentence_filter import is_dependent, is_fit
from synth.prompts.quoting import addresses_to_models
from synth.replies.cleaner import is_in_another_language
from synth.reverse.fragments.spans import Sentence

#: Words of the shortest and of the longest fragment.
SHORTEST, LONGEST = 25, 260
#: Words of the shortest that has a text before it: what is shorter leans on that.
_SHORTEST_LATER = 40
#: Words of a sentence that needs no more than an end: "Nessun ferito."
_SHORT_SENTENCE = 7
#: Share of a fragment's words that may stand in quotation marks: more is a speech, and whose is said elsewhere.
_MOSTQUOTED = 0.6
_CAPITAL = re.compile(rf"(?<![.!?…] )(?<=[ '’(.-])[{UPPER}]\w")
_ENDED = re.compile(r"[.!…][»”\"')\]]*$")
#: Letters by which two words are the same in an inflected language.
_STEM = 5
#: Words of a sentence in which the name stands that it is about.
_BEGINNING = 5


class _Rules:
    """The patterns of a language; one without a table has none of its own."""

    def __init__(self, language: str) -> None:
        table = languages()[language].fragments if language in languages() else FragmentTable()
        self.mentioned = optional_pattern(table.mentioned)
        self.elsewhere = optional_pattern(table.elsewhere)
        self.credits = optional_pattern(table.credits)
        self.address = address_pattern(table.address)
        self.predicate = re.compile(table.predicate, re.IGNORECASE)
        self.linking = table.linking
        self.definite = optional_pattern(table.definite)
        names = languages()[language].names if language in languages() else None
        self.small_words = table.line_openers | (names.common if names else frozenset())
        # A single letter with a capital is an initial.
        self.openers = frozenset(word for word in self.small_words if len(word) > 1)
        self.syllabic = is_syllabic(language)


@functools.lru_cache(maxsize=64)
def _rules(language: str) -> _Rules:
    return _Rules(language)


def weakness_of_sentence(sentence: Sentence, language: str, pairs: frozenset[tuple[str, str]] = frozenset()) -> str:
    """Why a sentence can be in no fragment, wherever it stands.

    Args:
        pairs: `small_pairs` of its article.
    """
    text, rules = sentence.text, _rules(language)
    if rules.credits.search(text):
        return "credit"
    if rules.elsewhere.search(text):
        return "points_elsewhere"
    if repeats_a_name(text) or is_list_of_names(text) or has_joined_line(text, rules.openers, pairs):
        return "joined_line"
    if not rules.predicate.search(text):
        return "no_predicate"
    if sentence.words < _SHORT_SENTENCE:
        return "" if _ENDED.search(text) and text[0].isupper() and "?" not in text else "piece"
    return "" if is_fit(text, language) else "unfit_sentence"


def weakness_of_opening(sentence: Sentence, language: str) -> str:
    """Why a fragment cannot begin with a sentence."""
    text, rules = sentence.text, _rules(language)
    if sentence.words < _SHORT_SENTENCE or text[0] in "«“\"'‘-–—•*":
        return "opening"
    if is_dependent(text, language) or rules.mentioned.search(QUOTED.sub(" ", text)):
        return "dependent"
    return "" if _CAPITAL.search(text) else "nobody_named"


def weakness_of_fragment(content: str, title: str, parts: Sequence[Sentence], language: str) -> str:
    """Why sentences that are fit one by one do not stand alone together, seen the article before them."""
    start, end = parts[0].start, parts[-1].end
    before, text, rules = content[:start], content[start:end], _rules(language)
    count = sum(part.words for part in parts)
    if not SHORTEST <= count <= LONGEST:
        return "too_short" if count < SHORTEST else "too_long"
    quoted = sum(len(quotation.split()) for quotation in QUOTED.findall(text))
    if quoted > _MOSTQUOTED * len(text.split()):
        return "speech"
    if lacks_space(text):
        return "joined_line"
    if len({part.text for part in parts}) < len(parts):
        return "repeats"
    if addresses_to_models([text]):
        return "addresses_a_model"
    if is_in_another_language(text, language):
        return "other_language"
    if _is_addressed_by_part(text, rules):
        return "short_name"
    return _weakness_after(before, title, parts[0].text, text, language) if before.strip() else ""


def _weakness_after(before: str, title: str, opening: str, text: str, language: str) -> str:
    """Why a fragment needs what stands before it."""
    rules = _rules(language)
    if _has_short_name(before, text, rules.small_words):
        return "short_name"
    if set(DEFINED.findall(before)) & _acronyms_first_used(text):
        return "abbreviation"
    if _points_at_noun(before, opening, rules.definite):
        return "mentioned_before"
    if rules.linking & {word.casefold() for word in words(QUOTED.sub(" ", opening))}:
        return "linked"
    if not _names_topic(before, title, opening, rules):
        return "beside_the_topic"
    return "" if len(words(text)) >= _SHORTEST_LATER else "too_short"


def _names_topic(before: str, title: str, opening: str, rules: _Rules) -> bool:
    """Whether a sentence begins with a name: one of the title, or a whole one that the article has not had yet."""
    if not _units(title, rules.syllabic) & _units(opening, rules.syllabic):
        return False
    beginning = " ".join(opening.split()[:_BEGINNING])
    names = {word for word in words(beginning) if word[0].isupper() and word.casefold() not in rules.small_words}
    if names & {word for word in words(title) if word[0].isupper() and len(word) > 1}:
        return True
    return any(" ".join(name) not in before for name in whole_names(beginning, rules.small_words))


def _points_at_noun(before: str, opening: str, definite: re.Pattern[str]) -> bool:
    """Whether a noun with the definite article, and nothing that says which, stands in the text before."""
    nouns = {match[1].casefold()[: _STEM + 1] for match in definite.finditer(QUOTED.sub(" ", opening))}
    return bool(nouns) and any(word.casefold()[: _STEM + 1] in nouns for word in words(before))


def _units(text: str, syllabic: bool) -> set[str]:
    """What a text is about, roughly: stems of its longer words, or pairs of syllables where those are written apart."""
    tokens = [word.casefold() for word in words(text)]
    if syllabic:
        return {f"{first} {second}" for first, second in itertools.pairwise(tokens)}
    return {word[:_STEM] for word in tokens if len(word) >= _STEM}


def _is_addressed_by_part(text: str, rules: _Rules) -> bool:
    """Whether somebody is called "ông Tâm" whose whole name the text lacks: it stood before, in the lead say."""
    parts = {match[1] for match in rules.address.finditer(text)}
    return bool(parts - {part for name in whole_names(text, rules.small_words) for part in name})


def _has_short_name(before: str, text: str, small_words: frozenset[str]) -> bool:
    """Whether somebody is called by a part of a name whose whole stands in the article before, and not in the text."""
    parts_before = {part for name in whole_names(before, small_words) for part in (name[0], name[-1])}
    own = {part for name in whole_names(text, small_words) for part in name}
    return any(re.search(rf"\b{re.escape(part)}\b", text) is not None for part in parts_before - own)


def _acronyms_first_used(text: str) -> set[str]:
    """Short forms in a text that are not explained in it."""
    return set(ACRONYM.findall(text)) - set(DEFINED.findall(text))
