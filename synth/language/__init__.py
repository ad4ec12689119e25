"""Which language a text is in: lingua, offline, with "unknown" where a text does not say.

Names mislead ("- Rome - Milan - Naples" is not Italian, "Oppenheimer e Poor things" not German): the words in small
letters, and those that begin a sentence, are asked first. Vietnamese is known by letters that no other language has.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: Languages of the newspapers, the models' cards and the translated sets; fewer are told apart better.
LANGUAGES = (
    "ARABIC", "CHINESE", "DUTCH", "ENGLISH", "FRENCH", "GERMAN", "INDONESIAN", "ITALIAN", "JAPANESE", "KOREAN",
    "POLISH", "PORTUGUESE", "ROMANIAN", "RUSSIAN", "SPANISH", "THAI", "TURKISH", "VIETNAMESE",
)  # fmt: skip
UNKNOWN = "unknown"
#: What is looked at of a text: lingua's cost grows with its length, its certainty not.
_LOOKED_AT = 2000
# Two short words are a name or a number, not a sample of a language.
_LETTERS_NEEDED = 12
# Of 1,500 real titles and answers in three languages, a third of what was found with less confidence was wrong.
_SURE = 0.35
#: A part of a text that says its own language must be surer of it than a whole text, and long enough to be one.
_PART_SURE, _PART_LETTERS = 0.8, 50
#: Of the letters in such parts, those in the language of most; below, the text is in several.
_AGREED = 0.75
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(
    r"```|^\s*(?:def |class |import |from \w+ import|#include|public |private |function |const |let |SELECT |<\?php)"
    r"|[(){}=].*[{};]\s*$|^\s*[{}]+;?\s*$|=>|\w::\w|</\w+>|\w+\([^)]*\)\s*[;{:]",
    re.MULTILINE,
)
#: Addresses and handles are in no language.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[@#]\w+|[\w.+-]{1,64}@[\w.-]+", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?…。])\s+|\n+")
#: A capital inside a sentence; the first word of a sentence or line stays.
_NAME = re.compile(r"(?<=[^\W_]\s)[^\W\d_a-zà-öø-ÿ]\w*|(?<=[,;]\s)[^\W\d_a-zà-öø-ÿ]\w*")
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯẠ-ỹ]")
#: Words with such letters: of a hundred in Vietnamese news 60, where a text only quotes a name a few.
_VIETNAMESE_WORDS = 0.2


def detect(text: str) -> tuple[str, float]:
    """(ISO 639-1 code, confidence 0 to 1).

    ("unknown", 0.0) for a text that is empty, short, digits or mostly code, in several languages, or in which none
    stands out.
    """
    prose = _prose(text)[:_LOOKED_AT]
    if not _enough(prose):
        return UNKNOWN, 0.0
    letters: Counter[str] = Counter()
    surest: dict[str, float] = {}
    for part in _parts(prose):
        code, confidence = _of_prose(part)
        if code != UNKNOWN and confidence >= _PART_SURE:
            letters[code] += len(part)
            surest[code] = max(confidence, surest.get(code, 0.0))
    if len(letters) > 1:
        code, most = letters.most_common(1)[0]
        return (code, round(surest[code], 4)) if most >= _AGREED * letters.total() else (UNKNOWN, 0.0)
    code, confidence = _of_prose(prose)
    return code, round(confidence, 4)


def _enough(text: str) -> bool:
    return len(_LETTER.findall(text)) >= _LETTERS_NEEDED


def _of_prose(prose: str) -> tuple[str, float]:
    told = [word for word in _WORD.findall(prose) if word.islower()]
    marked = sum(bool(_VIETNAMESE.search(word)) for word in told)
    without = _NAME.sub(" ", prose)
    code, confidence = _asked(without) if _enough(without) else (UNKNOWN, 0.0)
    if code == UNKNOWN:
        code, confidence = _asked(prose)
    if marked >= 2 and marked >= _VIETNAMESE_WORDS * len(told):
        return "vi", confidence if code == "vi" else marked / len(told)
    return code, confidence


def _asked(text: str) -> tuple[str, float]:
    best = _detector().compute_language_confidence_values(text)[0]
    if best.value < _SURE:
        return UNKNOWN, 0.0
    return best.language.iso_code_639_1.name.lower(), float(best.value)


def _parts(prose: str) -> list[str]:
    """Sentences, short ones together; one part is the whole text and says nothing more."""
    parts = [""]
    for sentence in _SENTENCE.split(prose):
        if len(_LETTER.findall(parts[-1])) >= _PART_LETTERS:
            parts.append("")
        parts[-1] += f"{sentence} "
    if len(_LETTER.findall(parts[-1])) < _PART_LETTERS:
        parts.pop()
    return parts if len(parts) > 1 else []


def _prose(text: str) -> str:
    """The text without fenced code and addresses; "" where most of its lines are code."""
    text = re.sub(r"```.*?(?:```|\Z)", " ", text, flags=re.DOTALL)
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(bool(_CODE.search(line)) for line in lines)
    return "" if lines and code * 2 > len(lines) else _ADDRESS.sub(" ", text)


@functools.cache
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES)).build()
