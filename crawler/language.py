"""Which language a text is in, for the whole project, offline, with "unknown" where a text does not say.

It lies at the bottom of the crawler because both the crawler and synth ask it (there as `synth.language.detect`).
py3langid is asked first, and lingua, slower and of a gigabyte with its large models, where that is not sure:
benchmarks/scores/bench_language.py compares them, alone and together.

Names mislead ("- Rome - Milan - Naples" is not Italian, "Oppenheimer e Poor things" not German): the words in small
letters, and those that begin a sentence, are asked first. Vietnamese is known by letters that no other language has.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingua import LanguageDetector

#: ISO 639-1 code -> lingua's name, of the languages of the newspapers, the models' cards and the translated sets; fewer
#: are told apart better.
LANGUAGES = {
    "ar": "ARABIC", "zh": "CHINESE", "nl": "DUTCH", "en": "ENGLISH", "fr": "FRENCH", "de": "GERMAN",
    "id": "INDONESIAN", "it": "ITALIAN", "ja": "JAPANESE", "ko": "KOREAN", "pl": "POLISH", "pt": "PORTUGUESE",
    "ro": "ROMANIAN", "ru": "RUSSIAN", "es": "SPANISH", "th": "THAI", "tr": "TURKISH", "vi": "VIETNAMESE",
}  # fmt: skip
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
#: Characters that are read of a text: the cost grows with its length, the certainty not.
_BEGINNING = 2000
#: Letters below which nothing is asked: "Ok", "M . U".
_LETTERS_NEEDED = 4
#: Probability from which py3langid is believed alone, and below which a text does not say. Chosen on half of the texts
#: of bench_language.py, and on letters without sense.
_SURE_ALONE, _SURE = 0.99, 0.45
#: Languages of the newspapers and of most instruction sets, and how many times more frequent than the others they are
#: taken to be: it decides short texts only ("Genial.").
_FREQUENT, _TIMES = frozenset(("en", "it", "vi", "fr", "es")), 4.0
#: What a detector's probability is at least: none has a veto.
_FLOOR = 1e-4
#: A part of a text that says its own language must be surer of it than a whole text, and long enough to be one.
_PART_SURE, _PART_LETTERS = 0.8, 50
#: Of the letters in such parts, those in the language of most; below, the text is in several.
_AGREED = 0.75
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
#: A line of a program: what begins one, an assignment, a call, braces, and what an interpreter printed.
_CODE = re.compile(
    r"^[ \t]+(?:return|yield|raise|global|nonlocal|break|continue|pass)\b[^.!?]*$|"
    r"^\s*(?:def |class |import |from \w+ import|#include|public |private |function |const |let |var |SELECT |<\?php|"
    r">>>|\.\.\. |\$ |(?:if|for|while|elif|else|try|except|with|return|raise|assert|print|switch|case)\b.*[:;{)]\s*$|"
    r"@\w+\s*$|[\w.\[\]]+\s*[-+*/|]?=\s*\S|[\w.]+\(.*\)\s*;?\s*$)"
    r"|[(){}=].*[{};]\s*$|^\s*[{}()\[\]]+[;,]?\s*$|=>|[!=]=|&&|\w::\w|\w+\([^)]*\)\s*[;{:]",
)
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
#: Signs of a comment: what follows is prose.
_COMMENT = re.compile(r"^\s*(?:/\*+|\*+/?|//+|#+(?=\s)|--|\"\"\"|''')\s?|\s*\*+/\s*$")
#: What begins a statement that a sentence beside it does not begin with, in small letters.
_STATEMENT = re.compile(
    r"\s*(?:return|yield|raise|break|continue|global|nonlocal|pass|del|await|new|end|not|and|or|else)\b"
)
_SYMBOL = re.compile(r"[_=<>\[\](){}\\|;&%$\"→➞]")
_LONG_WORD = re.compile(r"[^\W\d_]{2,}")
#: Of a line beside lines of a program that is prose: words of two letters at least, and symbols at most, by characters.
_PROSE_WORDS, _PROSE_SYMBOLS = 4, 0.04
#: Words before its first bracket from which a line that begins with a capital is prose, however it ends.
_LONG_LINE = 8
_BRACKET = re.compile(r"[{(\[=]")
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

    ("unknown", 0.0) for a text that is empty, very short, digits or code, in several languages, or in which none
    stands out.

    Args:
        precise: ask lingua, too, where a text is short or mixed: its models take a gigabyte.
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
    if letters:
        code, most = letters.most_common(1)[0]
        if most < _AGREED * letters.total():
            return UNKNOWN, 0.0
        if len(letters) > 1 or most > len(prose) / 2:
            return code, round(surest[code], 4)
    code, confidence = _of_prose(prose, precise)
    return code, round(confidence, 4)


def known_codes() -> frozenset[str]:
    """ISO 639-1 codes of the languages that `detect` distinguishes."""
    return frozenset(LANGUAGES)


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
    scores = _small_scores(prose)
    code = max(scores, key=scores.__getitem__)
    if scores[code] >= _SURE_ALONE:
        return code, min(1.0, scores[code])
    small = [word for word in _WORD.findall(prose) if word.islower()]
    marked = sum(bool(_VIETNAMESE.search(word)) for word in small)
    if marked >= 2 and marked >= _VIETNAMESE_WORDS * len(small):
        return "vi", max(scores["vi"], marked / len(small))
    nameless = _NAME.sub(" ", prose)
    if nameless != prose and _enough(nameless):
        code, probability = _joined(nameless, _small_scores(nameless), precise)
        if code != UNKNOWN:
            return code, probability
    return _joined(prose, scores, precise)


def _joined(text: str, small: dict[str, float], precise: bool) -> tuple[str, float]:
    """The language that the detectors together find most probable, as if each had read a text of its own.

    small: what py3langid says of the text.
    """
    large = _large_scores(text) if precise else dict.fromkeys(LANGUAGES, 1.0)
    joint = {
        code: (small[code] + _FLOOR) * (large.get(code, 0.0) + _FLOOR) * (_TIMES if code in _FREQUENT else 1.0)
        for code in LANGUAGES
    }
    code = max(joint, key=joint.__getitem__)
    probability = joint[code] / math.fsum(joint.values())
    return (code, probability) if probability >= _SURE else (UNKNOWN, 0.0)


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
    """The text without fenced code, lines of a program, markup and addresses; "" where that is nearly all of it."""
    lines = [line for line in _FENCED.sub(" ", text).splitlines() if line.strip()]
    plain = [_COMMENT.sub("", _TAG.sub(" ", line)) for line in lines]
    prose = [line for line in plain if line.strip() and not _is_code(line)]
    if len(prose) < len(lines) or any(_TAG.search(line) for line in lines):
        prose = [line for line in prose if _is_sentence(line)]
    return _ADDRESS.sub(" ", "\n".join(prose))


def _is_code(line: str) -> bool:
    """Whether a line is one of a program; a request that ends in a set of numbers is none."""
    if _CODE.search(line) is None:
        return False
    begin = _BRACKET.split(line.strip(), maxsplit=1)[0]
    return not begin[:1].isupper() or len(_LONG_WORD.findall(begin)) < _LONG_LINE


def _is_sentence(line: str) -> bool:
    """Whether a line beside lines of a program is prose, and none of them."""
    words, symbols = _LONG_WORD.findall(line), _SYMBOL.findall(line)
    if len(words) < _PROSE_WORDS or len(symbols) > _PROSE_SYMBOLS * len(line):
        return False
    if len(_LETTER.findall(line)) < len(line.strip()) / 2:
        return False
    return not _STATEMENT.match(line) and line.strip()[0] not in "(),.&|"


@functools.cache
def _small_detector() -> Any:
    from py3langid import langid

    detector = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    detector.set_languages([*LANGUAGES])
    return detector


def _small_scores(text: str) -> dict[str, float]:
    return {code: float(score) for code, score in _small_detector().rank(text)}


def _large_scores(text: str) -> dict[str, float]:
    return {
        row.language.iso_code_639_1.name.lower(): row.value
        for row in _large_detector().compute_language_confidence_values(text)
    }


@functools.cache
def _large_detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in LANGUAGES.values())).build()
