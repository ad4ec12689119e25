"""Whole requests about words that can be asked in another language, and whether an answer is right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from synth.language.segmentation import without_marks
from synth.translation.language_bound.table import BoundTable
from synth.translation.language_bound.tables import table_of

#: Kinds whose answer is a list of words, each of which can be checked.
LISTS = ("ends_in", "starts_with", "letters", "palindrome", "rhyme")
_MARKS = " \t\u00a0\u202f\"'“”„«»‘’`-*•"
_ITEM_MARK = re.compile(r"^\s*(?:\d+[.)]|[*\-•+])\s*")
_SEPARATOR = re.compile(r"[,;\n]|\s/\s")


def request_match(instruction: str, kind: str, table: BoundTable) -> re.Match[str] | None:
    """The groups of a whole request of a kind; None where an instruction asks for more."""
    text = instruction.strip().rstrip(".:?!").strip()
    for pattern in table.compile_each(table.requests.get(kind, "")):
        if match := pattern.fullmatch(text):
            return match
    return None


def is_whole_request(instruction: str, kind: str, table: BoundTable) -> bool:
    """Whether an instruction asks for nothing but what the tables can ask for in another language."""
    return kind in table.requests and request_match(instruction, kind, table) is not None


def affix_of(match: re.Match[str]) -> str:
    """The letters of a request, in lower case and without their marks."""
    return unicodedata.normalize("NFC", match["affix"]).strip(_MARKS).lower()


def quoted_word(match: re.Match[str]) -> str:
    """The word in quotes in a request; "" where there is none."""
    quoted = re.findall(r"[\"“„«'‘]\s*([^\"“”„«»'‘’]+?)\s*[\"”»'’“]", match[0])
    return unicodedata.normalize("NFC", quoted[-1]).lower() if quoted else ""


def items_of(answer: str, table: BoundTable) -> list[str]:
    """The words of a list, in lower case: numbered lines, bullets or divided by commas."""
    joined = "|".join(map(re.escape, table.conjunctions))
    text = re.sub(rf",?\s+(?:{joined})\s+", ", ", answer) if joined else answer
    parts = [_ITEM_MARK.sub("", part) for part in _SEPARATOR.split(text)]
    return [
        unicodedata.normalize("NFC", part).strip(_MARKS + ".").lower() for part in parts if part.strip(_MARKS + ".")
    ]


def is_kept(instruction: str, material: str, answer: str, language: str) -> bool:
    """Whether an answer to a whole request is right in its language, as code counts; False where none can say."""
    table = table_of(language)
    for kind in table.requests:
        if match := request_match(instruction, kind, table):
            return _RIGHT[kind](match, material, answer, table)
    return False


def _is_list(match: re.Match[str], answer: str, table: BoundTable) -> bool:
    """Whether there are as many words as wanted, none twice and none of two."""
    items = items_of(answer, table)
    single = all(re.fullmatch(r"[^\W\d_]+", item) for item in items)
    return single and len(items) == len(set(items)) == table.value(match["number"])


def _each(fits: Callable[[str, str], bool]) -> Callable[[re.Match[str], str, str, BoundTable], bool]:
    def is_right(match: re.Match[str], _: str, answer: str, table: BoundTable) -> bool:
        return _is_list(match, answer, table) and all(fits(item, affix_of(match)) for item in items_of(answer, table))

    return is_right


def _is_anagram(match: re.Match[str], material: str, answer: str, table: BoundTable) -> bool:
    word = quoted_word(match) or unicodedata.normalize("NFC", material).strip(_MARKS + ".").lower()
    items = items_of(answer, table)
    return len(items) == 1 and items[0] != word and sorted(items[0]) == sorted(word)


def _are_palindromes(match: re.Match[str], _: str, answer: str, table: BoundTable) -> bool:
    return _is_list(match, answer, table) and all(
        item == item[::-1] and len(item) > 2 for item in items_of(answer, table)
    )


def _rhyme(match: re.Match[str], _: str, answer: str, table: BoundTable) -> bool:
    """Whether all have the ending of the word: one of those whose sound is sure."""
    word = quoted_word(match)
    ending = next((ending for ending in table.endings if word.endswith(ending)), "")
    items = items_of(answer, table)
    return (
        bool(ending)
        and word not in items
        and _is_list(match, answer, table)
        and all(item.endswith(ending) for item in items)
    )


def _is_sorted(match: re.Match[str], material: str, answer: str, table: BoundTable) -> bool:
    words = items_of(material or re.split(r":\s", match[0])[-1], table)
    items = items_of(answer, table)
    return len(words) > 1 and sorted(words) == sorted(items) and items == sorted(items, key=collation_key)


def collation_key(word: str) -> tuple[str, str]:
    """Order of a dictionary: first without accents. Only words that differ in an unaccented letter are given out."""
    return without_marks(word).replace("đ", "d~"), word


_RIGHT: dict[str, Callable[[re.Match[str], str, str, BoundTable], bool]] = {
    "ends_in": _each(str.endswith),
    "starts_with": _each(str.startswith),
    "letters": _each(str.__contains__),
    "palindrome": _are_palindromes,
    "rhyme": _rhyme,
    "anagram": _is_anagram,
    "alphabetical_order": _is_sorted,
}
