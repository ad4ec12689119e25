"""Why an instruction is not one that its fragment answers: named refusals, by code alone.

`refusals` is the seam: `synth.reverse.refusals(instruction, fragment, language)`. Rates of each name on labelled pairs
and on real articles: benchmarks/reverse/bench_refusals.py.
"""

from __future__ import annotations

import sys
import unicodedata
from types import ModuleType

from synth.language.segmentation import words
from synth.reverse.refusals.dangling import is_dangling
from synth.reverse.refusals.genre import is_wrong_genre
from synth.reverse.refusals.leak import is_leaked
from synth.reverse.refusals.repeats import Repeats, repeats_itself
from synth.reverse.refusals.request import is_in_another_language, is_request
from synth.reverse.refusals.subject import is_unanswerable
from synth.reverse.refusals.table import instruction_table

__all__ = ["NAMES", "Repeats", "refusals"]

#: Every name, in the order in which they are given.
NAMES = (
    "empty", "too_long", "wrong_language", "not_an_instruction", "leaked", "dangling", "unanswerable", "wrong_genre",
    "repeated",
)  # fmt: skip
#: Words of an instruction at most; syllables of Vietnamese are some 1.4 a word.
_LONGEST = 150


def refusals(instruction: str, fragment: str, language: str, *, repeats: Repeats | None = None) -> list[str]:
    """Named reasons why the instruction must not be kept with the fragment as its answer; [] where it may.

    Args:
        language: ISO 639-1 code of the instruction. One without words of its own is judged by what needs none.
        repeats: instructions before this one, to which it is added; None: only a repetition within it is seen.
    """
    text = unicodedata.normalize("NFC", instruction).strip()
    if not any(character.isalpha() for character in text):
        return ["empty"]
    fragment = unicodedata.normalize("NFC", fragment).strip()
    names = set(_form(text, language)) | set(_content(text, fragment, language))
    if repeats_itself(text) or (repeats is not None and repeats.add(text)):
        names.add("repeated")
    return [name for name in NAMES if name in names]


def _form(text: str, language: str) -> list[str]:
    """What is wrong with the instruction whatever the fragment is."""
    table = instruction_table(language)
    names = ["too_long"] if len(words(text)) > _LONGEST else []
    if is_in_another_language(text, language):
        return [*names, "wrong_language"]
    return names if is_request(text, table) else [*names, "not_an_instruction"]


def _content(text: str, fragment: str, language: str) -> list[str]:
    """What is wrong with the pair."""
    table = instruction_table(language)
    names = ["leaked"] if is_leaked(text, fragment) else []
    if is_dangling(text, table):
        names.append("dangling")
    if is_unanswerable(text, fragment, language):
        names.append("unanswerable")
    if is_wrong_genre(text, fragment, language):
        names.append("wrong_genre")
    return names


class _Seam(ModuleType):
    """This module, which is called as the function of its name: once imported it stands in the package in its place."""

    def __call__(self, instruction: str, fragment: str, language: str, *, repeats: Repeats | None = None) -> list[str]:
        return refusals(instruction, fragment, language, repeats=repeats)


sys.modules[__name__].__class__ = _Seam
