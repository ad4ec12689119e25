"""Which language a text is in, for the whole project: lingua, offline, with "unknown" where a text does not say.

It lies at the bottom of the crawler because both the crawler and synth ask it (there as `synth.language.detect`).

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
#: Months of the languages that pages print them in.
MONTHS = {
    "it": (
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
        "novembre", "dicembre",
    ),
}  # fmt: skip
#: Frequent words of the newspapers' languages that the languages around do not have.
_DISTINCTIVE = {
    "it": frozenset(
        "che della delle degli dello dei nella nelle negli nello nel gli più anche perché è sono dalla dalle dal alla "
        "alle agli allo sulla sul hanno stato stata dopo di".split()
    ),
    "vi": frozenset(
        "của và là không những được người trong các một cho với này đã đến từ có để khi tại ở nhiều về ra trên sau năm "
        "ông bà theo vào làm".split()
    ),
}
#: Such words that a text must have, and one more in so many words.
_DISTINCTIVE_WORDS, _WORDS_EACH = 4, 15
#: Characters that are read of a text: lingua's cost grows with its length, its certainty not.
_BEGINNING = 2000
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


def detect(text: str, *, precise: bool = True) -> tuple[str, float]:
    """(ISO 639-1 code, confidence 0 to 1).

    ("unknown", 0.0) for a text that is empty, short, digits or mostly code, in several languages, or in which none
    stands out.

    Args:
        precise: with models of up to five letters, for short texts; without them a tenth of the memory is enough.
    """
    prose = _prose(text)[:_BEGINNING]
    if not _enough(prose):
        return UNKNOWN, 0.0
    letters: Counter[str] = Counter()
    surest: dict[str, float] = {}
    for part in _parts(prose):
        code, confidence = _of_prose(part, precise)
        if code != UNKNOWN and confidence >= _PART_SURE:
            letters[code] += len(part)
            surest[code] = max(confidence, surest.get(code, 0.0))
    if len(letters) > 1:
        code, most = letters.most_common(1)[0]
        return (code, round(surest[code], 4)) if most >= _AGREED * letters.total() else (UNKNOWN, 0.0)
    code, confidence = _of_prose(prose, precise)
    return code, round(confidence, 4)


@functools.cache
def known_codes() -> frozenset[str]:
    """ISO 639-1 codes of the languages that `detect` distinguishes."""
    from lingua import Language

    return frozenset(getattr(Language, name).iso_code_639_1.name.lower() for name in LANGUAGES)


def is_written_in(text: str, language: str) -> bool:
    """Whether a text has so many words of a newspaper's language that no detector need be asked.

    Nearly every article has; a detector costs a third of a millisecond a text, and its memory. False says nothing.
    """
    words, distinctive = text.lower().split(), _DISTINCTIVE.get(language, frozenset())
    count = sum(word in distinctive for word in words)
    return count >= max(_DISTINCTIVE_WORDS, len(words) // _WORDS_EACH)


def _enough(text: str) -> bool:
    return len(_LETTER.findall(text)) >= _LETTERS_NEEDED


def _of_prose(prose: str, precise: bool) -> tuple[str, float]:
    small = [word for word in _WORD.findall(prose) if word.islower()]
    marked = sum(bool(_VIETNAMESE.search(word)) for word in small)
    nameless = _NAME.sub(" ", prose)
    code, confidence = _detected(nameless, precise) if _enough(nameless) else (UNKNOWN, 0.0)
    if code == UNKNOWN:
        code, confidence = _detected(prose, precise)
    if marked >= 2 and marked >= _VIETNAMESE_WORDS * len(small):
        return "vi", confidence if code == "vi" else marked / len(small)
    return code, confidence


def _detected(text: str, precise: bool) -> tuple[str, float]:
    best = _detector(precise).compute_language_confidence_values(text)[0]
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
def _detector(precise: bool) -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    builder = LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES))
    return (builder if precise else builder.with_low_accuracy_mode()).build()
