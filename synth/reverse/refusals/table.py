"""What must be known of a language to judge an instruction in it; one file a language in `tables/`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class InstructionTable:
    """How people ask in the language for a text, and how they point at one. Patterns are searched in lower case."""

    #: verbs that ask for a text, whose object says its genre ("write"), and other verbs that ask ("explain").
    making: str = ""
    asking: str = ""
    #: what may stand between such a verb and its object: articles, numerals, adjectives.
    between: str = ""
    #: words that ask wherever they stand: question words, "could you", "I need".
    questions: str = ""
    #: words that question what a news text may lack: amounts of money, days and hours, numbers.
    asks_money: str = ""
    asks_time: str = ""
    asks_number: str = ""
    #: genre -> the nouns that name it, and before a noun what asks for its form: "in the form of".
    genres: Mapping[str, str] = field(default_factory=dict)
    form_of: str = ""
    #: genre -> phrases that ask for it wherever they stand: "in rhyme".
    phrases: Mapping[str, str] = field(default_factory=dict)
    #: what measures a text: "words", "sentences".
    measures: Mapping[str, str] = field(default_factory=dict)
    #: what stands before the title of the text that is asked for, and who is to read it ("a child of NUMBER years").
    titled: str = ""
    reader: str = ""
    #: small numbers in words, as lengths are given in: "due" -> 2.
    numbers: Mapping[str, int] = field(default_factory=dict)
    #: what points at a text outside the instruction: "the passage above".
    pointers: str = ""
    #: a demonstrative with its noun (group 1), and nouns with which it points at no text: "this year".
    demonstrative: str = ""
    demonstrative_times: str = ""
    #: how a model begins a reply: "Sure, here is".
    preamble: str = ""
    #: words of a letter, of a recipe, of a tale, and of a speech.
    salutation: str = ""
    cooking: str = ""
    once_upon: str = ""
    addressed: str = ""
    #: names of the language's own country, which a text of it need not state.
    home: frozenset[str] = frozenset()
    #: words of instructions that say nothing of their subject.
    common: frozenset[str] = frozenset()

    @property
    def number(self) -> str:
        """A pattern of a number in digits or one of the small ones in words."""
        return "|".join([r"\d+", *self.numbers])


@functools.cache
def instruction_tables() -> Mapping[str, InstructionTable]:
    """Code -> table."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent / "tables")])]
    return {name: importlib.import_module(f"synth.reverse.refusals.tables.{name}").TABLE for name in names}


def instruction_table(language: str) -> InstructionTable:
    """The table of a language; an empty one, whose patterns find nothing, where there is none."""
    return instruction_tables().get(language, _EMPTY)


@functools.lru_cache(maxsize=512)
def pattern(text: str) -> re.Pattern[str]:
    """A field of a table as a pattern; an empty one finds nothing."""
    return re.compile(text or r"(?!)", re.IGNORECASE)


_EMPTY = InstructionTable()
