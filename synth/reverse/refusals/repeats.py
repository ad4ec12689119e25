"""The same instruction twice: in other capitals, marks, courtesies, or within one text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from synth.language.segmentation import sentences
from synth.scorers.faithful.names import fold

_WORD = re.compile(r"[^\W_]+")
#: Words that make a request more polite and no other.
_COURTESIES = frozenset(
    fold(word)
    for word in (
        "per favore gentilmente cortesemente puoi potresti hãy xin vui lòng bạn có thể giúp tôi please kindly could "
        "can you veuillez pourriez vous por favor puedes podrías"
    ).split()
)
#: Words of the shortest sentence that counts as said twice.
_SHORTEST = 3


class Repeats:
    """Instructions that were already given, by a digest of 16 bytes each."""

    def __init__(self, instructions: Iterable[str] = ()) -> None:
        self._keys = {instruction_key(text) for text in instructions}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, instruction: str) -> bool:
        return instruction_key(instruction) in self._keys

    def add(self, instruction: str) -> bool:
        """Add an instruction; whether it, or one that differs in form only, was there before."""
        key = instruction_key(instruction)
        repeated = key in self._keys
        self._keys.add(key)
        return repeated


def instruction_key(instruction: str) -> bytes:
    """One key for all forms of an instruction: case, accents, marks and courtesies do not count."""
    words = [fold(word) for word in _WORD.findall(instruction)]
    rest = [word for word in words if word not in _COURTESIES] or words
    return hashlib.blake2b(" ".join(rest).encode(), digest_size=16).digest()


def repeats_itself(instruction: str) -> bool:
    """Whether a sentence of the instruction stands in it twice."""
    keys = [
        instruction_key(sentence) for sentence in sentences(instruction) if len(_WORD.findall(sentence)) >= _SHORTEST
    ]
    return len(keys) != len(set(keys))
