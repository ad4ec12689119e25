"""Whether an instruction asks for a genre that its fragment is not, judged by the form that code can see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from synth.language.segmentation import sentences, words
from synth.language.tables import languages, nearest
from synth.reverse.refusals.request import is_in_another_language
from synth.reverse.refusals.table import InstructionTable, instruction_table, pattern
from synth.scorers.faithful.numbers import mentions

_BULLET = re.compile(r"^\s*(?:[-*•–—▪]|\d{1,3}[.)]|[a-z][.)])\s+\S", re.MULTILINE)
_CODE = re.compile(
    r"```|^\s*(?:def|class|import|from|function|const|let|var|public|#include|SELECT|<\w+)\b|[{};]\s*$|=>|\w\(\w*\)|"
    r"</\w+>|==|\w = \w",
    re.MULTILINE,
)
_MARKUP = re.compile(r"^\s*[\[{<|]|</?\w+>|^[^\n,]+(?:,[^\n,]+){2,}\n[^\n,]+(?:,[^\n,]+){2,}", re.MULTILINE)
_TABLE = re.compile(r"^.*(?:\||\t).*$", re.MULTILINE)
_SPEAKER = re.compile(r"^\s*(?:[^\W\d_][\w .'’]{0,24}:|[-–—]\s?[^\W\d_]|[«“\"])", re.MULTILINE)
_INLINE = re.compile(r"(?:^|\s)\(?\d[).]\s|;[^;]+;|(?:[^\W\d_]+[^,.]{0,40}, ){2,}")
_MATH = re.compile(r"[=√∑∫≤≥]|\d\s*[+*/^]\s*\d")
#: Characters of a short message, words of a headline, words of a line of verse.
_TWEET, _HEADLINE, _VERSE = 320, 25, 12
#: Different names from which a text is no tale.
_NAMES = 2
#: How far an answer's length may be from what was asked.
_TOLERANCE = 2.0


@dataclass(frozen=True)
class Form:
    """What can be seen of a fragment's form."""

    text: str
    #: with tables: the instruction's, unless the fragment is surely in another.
    language: str

    @cached_property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]

    @property
    def table(self) -> InstructionTable:
        return instruction_table(self.language)

    def count(self, expression: re.Pattern[str]) -> int:
        return len(expression.findall(self.text))

    def has(self, words_of: str) -> bool:
        return pattern(words_of).search(self.text) is not None

    @property
    def is_verse(self) -> bool:
        """Several short lines that end as verses do."""
        short = [line for line in self.lines if len(line.split()) <= _VERSE]
        return len(self.lines) >= 3 and len(short) >= 0.8 * len(self.lines) and not _BULLET.search(self.text)

    @property
    def is_list(self) -> bool:
        return self.count(_BULLET) >= 2 or (len(self.lines) >= 3 and max(map(len, self.lines)) <= 200)

    @property
    def is_dialogue(self) -> bool:
        return self.count(_SPEAKER) >= 2 and len(self.lines) >= 2

    @property
    def has_dates(self) -> bool:
        """Whether it goes through several days or years."""
        facts = mentions(self.text, self.language)
        years = re.findall(r"\b(?:1[5-9]|20)\d\d\b", self.text)
        return len([mention for mention in facts if mention.kind == "date"]) + len(years) >= 3 or self.is_list

    @property
    def is_news(self) -> bool:
        """Whether it has what fiction lacks: days, amounts, shares, somebody who is quoted as a source."""
        facts = [mention for mention in mentions(self.text, self.language) if not mention.weak]
        table = languages()[self.language].replies
        return bool(facts) or re.search(table.attribution, self.text.lower()) is not None

    @property
    def names_several(self) -> bool:
        """Whether it names several people, places or bodies: words with a capital that begin no sentence."""
        inside = (word for sentence in sentences(self.text, self.language) for word in words(sentence)[1:])
        return len({word for word in inside if word[0].isupper()}) >= _NAMES

    @property
    def is_made_up(self) -> bool:
        """Whether it may be invented: it begins as tales do, or has nothing of the news."""
        return self.has(self.table.once_upon) or not (self.is_news or self.names_several)

    @property
    def is_personal(self) -> bool:
        """Whether somebody speaks of himself."""
        expression = languages()[self.language].sentence_filter.first_person
        return re.search(expression, self.text.lower()) is not None


_FORMS: dict[str, Callable[[Form], bool]] = {
    "poem": lambda form: form.is_verse,
    "song": lambda form: form.is_verse,
    "recipe": lambda form: form.has(form.table.cooking),
    "code": lambda form: form.count(_CODE) > 0,
    "markup": lambda form: form.count(_MARKUP) > 0,
    "table": lambda form: form.count(_TABLE) >= 2 or form.is_list,
    "letter": lambda form: form.has(form.table.salutation),
    "email": lambda form: form.has(form.table.salutation),
    "interview": lambda form: form.is_dialogue,
    "dialogue": lambda form: form.is_dialogue,
    "bullets": lambda form: form.is_list,
    "list": lambda form: form.is_list or form.count(_INLINE) > 0,
    "timeline": lambda form: form.has_dates,
    "questions": lambda form: "?" in form.text,
    "fiction": lambda form: form.is_made_up,
    "essay": lambda form: form.is_made_up,
    "howto": lambda form: form.is_list or form.is_made_up,
    "diary": lambda form: form.is_personal,
    "speech": lambda form: form.has(form.table.addressed),
    "headline": lambda form: len(form.lines) <= 2 and len(words(form.text)) <= _HEADLINE,
    "tweet": lambda form: len(form.text) <= _TWEET,
    "advert": lambda form: not form.is_news or "!" in form.text,
    "cv": lambda form: len(form.lines) >= 4,
    # A fragment is nobody's translation: whatever it is, the request is not for it.
    "translation": lambda form: not form.text,
    "math": lambda form: form.count(_MATH) > 0,
}


def is_wrong_genre(instruction: str, fragment: str, language: str) -> bool:
    """Whether a genre or length is asked for that the fragment, by its form, is not."""
    table = instruction_table(language)
    own = language in languages() and not is_in_another_language(fragment, language)
    form = Form(fragment, language if own else nearest(fragment))
    if any(not _FORMS[genre](form) for genre in genres_of(instruction, table)):
        return True
    return any(not _has_length(form, number, unit) for number, unit in lengths_of(instruction, table))


def genres_of(instruction: str, table: InstructionTable) -> list[str]:
    """The genres that an instruction asks for: the object of its verb, "in the form of …", fixed phrases."""
    low = " ".join(instruction.lower().split())
    if not table.genres:
        return []
    names = []
    for start in _objects(low, table):
        genre = _genre_at(low, start, table)
        names += [genre] if genre else []
    names += [genre for genre, phrase in table.phrases.items() if pattern(phrase).search(low)]
    return list(dict.fromkeys(names))


def _objects(low: str, table: InstructionTable) -> Iterator[int]:
    """Where the object of a verb that asks for a text begins, articles and adjectives passed over."""
    verbs = rf"(?:(?:^|[.:,;!?–—-] |\be |\by |\bet |\band |\bvà )(?:{table.making})\b|\b(?:{table.form_of})\b)"
    for match in pattern(verbs).finditer(low):
        end = match.end()
        while (step := pattern(rf"\s*(?:{table.between})(?![\w’'])\s*|\s*\w+['’](?=\w)").match(low, end)) is not None:
            yield end
            if step.end() == end:
                break
            end = step.end()
        yield end


def _genre_at(low: str, start: int, table: InstructionTable) -> str:
    for genre, nouns in table.genres.items():
        if pattern(rf"[\s'’]*(?:{nouns})(?!\w)").match(low, start):
            return genre
    return ""


def lengths_of(instruction: str, table: InstructionTable) -> Iterator[tuple[int, str]]:
    """(number, unit) of each length that an instruction sets."""
    for unit, nouns in table.measures.items():
        for match in pattern(rf"(?<!\w)({table.number})\s+(?:{nouns})(?!\w)").finditer(instruction):
            number = int(match[1]) if match[1].isdigit() else table.numbers.get(match[1].lower(), 0)
            if number:
                yield number, unit


def _has_length(form: Form, number: int, unit: str) -> bool:
    sizes = {
        "word": len(words(form.text)), "sentence": len(sentences(form.text, form.language)),
        "paragraph": len(re.split(r"\n\s*\n", form.text)), "line": max(len(form.lines), len(form.text) // 80),
        "character": len(form.text),
        # Items that are not on lines of their own cannot be counted.
        "item": form.count(_BULLET) or number,
    }  # fmt: skip
    size = max(1, sizes[unit])
    slack = 2 if unit in ("sentence", "line", "paragraph") else 0
    return size <= _TOLERANCE * number + slack and size + slack >= number / _TOLERANCE
