"""Requests about words made anew in another language, with words that its articles use, and checked by code."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from synth.translation.language_bound.classify import Bound
from synth.translation.language_bound.lexicon import Lexicon
from synth.translation.language_bound.requests import affix_of, collation_key, is_kept, items_of, request_match
from synth.translation.language_bound.rows import turns_of, with_texts
from synth.translation.language_bound.table import BoundTable
from synth.translation.language_bound.tables import bound_tables

#: The most frequent words that fit, for each that is wanted: common words, but not always the same.
_CHOICE = 6
#: Words of an alphabetical list, where the source's cannot be counted.
_LISTED = 5


def rewrite(row: Mapping[str, Any], bound: Bound, language: str, *, lexicon: Lexicon) -> dict[str, Any] | None:
    """A row that asks the same of another language's words, its answer checked by code; None where that fails.

    Args:
        row: {instruction, input, output} or {messages} of one turn.
        language: ISO 639-1 code to write in; `lexicon` holds its words.
    """
    turns = turns_of(row)
    target = bound_tables().get(language)
    if bound.treatment != "rewrite" or len(turns) != 1 or target is None or lexicon.language != language:
        return None
    instruction, material, answer = turns[0]
    source = next((table for table in bound_tables().values() if request_match(instruction, bound.kind, table)), None)
    if source is None or bound.kind not in target.instructions:
        return None
    request = _make(bound.kind, instruction, material, answer, source, target, lexicon)
    if request is None or not is_kept(request[0], "", request[1], language):
        return None
    return with_texts(row, *request)


def _make(
    kind: str, instruction: str, material: str, answer: str, source: BoundTable, target: BoundTable, lexicon: Lexicon
) -> tuple[str, str] | None:
    """(instruction, answer) of a kind; None where the lexicon has too few words."""
    match = request_match(instruction, kind, source)
    assert match is not None
    seed = random.Random(hashlib.sha256(f"{instruction}\0{material}\0{target.code}".encode()).digest())
    if kind == "alphabetical_order":
        return _alphabetical(len(items_of(answer, source)) or _LISTED, target, lexicon, seed)
    if kind == "anagram":
        return _anagram(target, lexicon, seed)
    number = source.value(match["number"]) or 1
    affix = affix_of(match) if "affix" in match.groupdict() else ""
    request = _LISTS[kind](number, affix, target, lexicon, seed)
    return None if request is None else (request[0], _listed(request[1], answer))


def _listed(words: list[str], like: str) -> str:
    """Words as a list of the source's form."""
    forms = [word.capitalize() for word in words] if re.search(r"^\W*(?:\d+[.)]\s*)?[A-ZÀ-Ý]", like) else words
    if re.search(r"^\s*1[.)]", like):
        return "\n".join(f"{number}. {word}" for number, word in enumerate(forms, 1))
    if re.search(r"^\s*[-*•]\s", like):
        return "\n".join(f"- {word}" for word in forms)
    return ", ".join(forms)


def _drawn(fitting: list[str], number: int, seed: random.Random) -> list[str] | None:
    """Some of the most frequent, no two with one beginning: "nazione" and "nazionale" are one word to a reader."""
    shuffled = fitting[: _CHOICE * number]
    seed.shuffle(shuffled)
    distinct = list({word[:4]: word for word in shuffled}.values())
    return distinct[:number] if len(distinct) >= number else None


def _with_affix(
    kind: str, affix: str, alternatives: tuple[str, ...], number: int, target: BoundTable, lexicon: Lexicon,
    fits: Callable[[str, str], bool], seed: random.Random,
) -> tuple[str, list[str]] | None:  # fmt: skip
    """The source's letter, where the language has such words, or else one of its own endings."""
    own = list(alternatives)
    seed.shuffle(own)
    for letters in [affix, *own] if len(affix) == 1 else own:
        words = _drawn([word for word in lexicon if fits(word, letters) and word != letters], number, seed)
        if words:
            return target.instruction(kind, number, affix=letters), words
    return None


def _ending(
    number: int, affix: str, target: BoundTable, lexicon: Lexicon, seed: random.Random
) -> tuple[str, list[str]] | None:
    return _with_affix("ends_in", affix, target.endings, number, target, lexicon, str.endswith, seed)


def _beginning(
    number: int, affix: str, target: BoundTable, lexicon: Lexicon, seed: random.Random
) -> tuple[str, list[str]] | None:
    return _with_affix("starts_with", affix, target.beginnings, number, target, lexicon, str.startswith, seed)


def _letters(
    number: int, affix: str, target: BoundTable, lexicon: Lexicon, seed: random.Random
) -> tuple[str, list[str]] | None:
    return _with_affix("letters", affix[:1], ("a", "e", "i"), number, target, lexicon, str.__contains__, seed)


def _palindromes(
    number: int, _: str, target: BoundTable, lexicon: Lexicon, seed: random.Random
) -> tuple[str, list[str]] | None:
    words = _drawn([word for word in lexicon if word == word[::-1] and len(set(word)) > 1], number, seed)
    return (target.instruction("palindrome", number), words) if words else None


def _rhymes(
    number: int, _: str, target: BoundTable, lexicon: Lexicon, seed: random.Random
) -> tuple[str, list[str]] | None:
    endings = list(target.endings)
    seed.shuffle(endings)
    for ending in endings:
        words = _drawn([word for word in lexicon if word.endswith(ending) and word != ending], number + 1, seed)
        if words:
            return target.instruction("rhyme", number, word=words[0]), words[1:]
    return None


_LISTS: dict[str, Callable[[int, str, BoundTable, Lexicon, random.Random], tuple[str, list[str]] | None]] = {
    "ends_in": _ending, "starts_with": _beginning, "letters": _letters, "palindrome": _palindromes, "rhyme": _rhymes,
}  # fmt: skip


def _anagram(target: BoundTable, lexicon: Lexicon, seed: random.Random) -> tuple[str, str] | None:
    """A word of the lexicon and another with its letters."""
    by_letters: dict[str, list[str]] = {}
    for word in lexicon:
        by_letters.setdefault("".join(sorted(word)), []).append(word)
    pairs = [words for words in by_letters.values() if len(words) > 1]
    if not pairs:
        return None
    words = seed.choice(pairs[:40])
    return target.instructions["anagram"].format(word=words[0]), words[1].capitalize()


def _alphabetical(number: int, target: BoundTable, lexicon: Lexicon, seed: random.Random) -> tuple[str, str] | None:
    """Words of which no two begin with one letter: their order is the same in every dictionary."""
    common = [word for word in lexicon.words[:400] if collation_key(word)[0][0] == word[0]]
    seed.shuffle(common)
    words = list({word[0]: word for word in common}.values())[: min(number, 12)]
    if len(words) < 2:
        return None
    return target.instructions["alphabetical_order"].format(words=", ".join(words)), ", ".join(sorted(words))
