"""A text beside its translation, as the checks read them: what both share is computed once."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synth.language.segmentation import sentences
from synth.translation.code_lines import COMMENT_MARK, is_commented_program
from synth.translation.evidence import Evidence
from synth.translation.language_bound import Bound, classify
from synth.translation.protected import Span, protected_spans, without

_WORD = re.compile(r"[^\W\d_]+")
#: Blanks of one line.
_SPACE = re.compile(r"[ \t]+")
_QUOTED = re.compile(r"'[^'\n]{1,60}'|\"[^\"\n]{1,60}\"")
#: Fields of a row that hold text, in the order of the conversation.
FIELDS = ("system", "instruction", "input", "output")
#: What other sets call them.
_OTHER_NAMES = {"prompt": "instruction", "question": "instruction", "response": "output", "answer": "output"}


class Text:
    """One side of a pair.

    Attributes:
        text: in NFC, with line feeds alone between lines.
        language: ISO 639-1 code.
    """

    def __init__(self, text: str, language: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.text = text if text.isascii() else unicodedata.normalize("NFC", text)
        self.language = language

    @functools.cached_property
    def spans(self) -> list[Span]:
        """What a translation must leave as it is."""
        return protected_spans(self.text)

    @functools.cached_property
    def prose(self) -> str:
        """The text without these; of a program what its comments say, however long their lines are."""
        prose = without(self.text, self.spans) if self.spans else self.text
        return _SPACE.sub(" ", COMMENT_MARK.sub("", prose)) if self.is_program else prose

    @functools.cached_property
    def words(self) -> list[str]:
        """The words of the prose as written, no digits."""
        return _WORD.findall(self.prose)

    @functools.cached_property
    def low_words(self) -> list[str]:
        """The words in lower case."""
        return [word.lower() for word in self.words]

    @functools.cached_property
    def sentences(self) -> list[str]:
        """The sentences of the prose."""
        return sentences(self.prose, self.language)

    @functools.cached_property
    def has_code(self) -> bool:
        """Whether there are lines of code in it, with a fence or without."""
        return any(span.kind in ("code_line", "fenced_code") for span in self.spans)

    @functools.cached_property
    def is_program(self) -> bool:
        """Whether it is a program whose prose stands in its comments: how these are set is the translator's."""
        lines = [span for span in self.spans if span.kind == "code_line"]
        return "/*" in self.text or (bool(lines) and is_commented_program(self.text, without(self.text, lines)))

    def protected(self, *kinds: str) -> list[str]:
        """The texts of the spans of some kinds, in order."""
        return [self.text[span.start : span.end] for span in self.spans if span.kind in kinds]


@dataclass(frozen=True)
class TextPair:
    """A text of a row beside its translation.

    Attributes:
        source: as it was.
        target: as it was translated.
        field: which text of the row it is: one of `FIELDS`.
    """

    source: Text
    target: Text
    field: str = "output"

    @functools.cached_property
    def is_untouched(self) -> bool:
        """Whether both are the same but for white space."""
        return self.source.text.split() == self.target.text.split()

    @functools.cached_property
    def prose(self) -> tuple[str, str]:
        """Both sides' prose without what both have in the same quotes, as the words that a program knows."""
        sides = self.source.prose, self.target.prose
        quotes = [set(_QUOTED.findall(side)) if self.source.has_code else set() for side in sides]
        shared = "|".join(re.escape(quote) for quote in quotes[0] & quotes[1])
        return (re.sub(shared, " ", sides[0]), re.sub(shared, " ", sides[1])) if shared else sides

    @functools.cached_property
    def evidence_in_target(self) -> Evidence:
        """What the source's words have to be found again in."""
        return Evidence(self.target.prose, self.target.language, self.source.language)

    @functools.cached_property
    def evidence_in_source(self) -> Evidence:
        """What the target's words have to be found again in."""
        return Evidence(self.source.prose, self.source.language, self.target.language)


@dataclass(frozen=True)
class RowPair:
    """A row beside its translation.

    Attributes:
        source: as given, {instruction, input, output} or {messages}.
        translation: likewise.
        source_language: ISO 639-1 code.
        language: that of the translation.
        pairs: the texts that both rows have, or one of them.
    """

    source: Mapping[str, Any]
    translation: Mapping[str, Any]
    source_language: str
    language: str
    pairs: tuple[TextPair, ...]

    @functools.cached_property
    def bound(self) -> Bound | None:
        """Why the source is about its own language; None for most rows."""
        return classify(self.source, self.source_language)

    def texts(self, *fields: str) -> list[TextPair]:
        """The pairs of some fields."""
        return [pair for pair in self.pairs if pair.field in fields]


def row_pair(source: Mapping[str, Any], translation: Mapping[str, Any], source_language: str, language: str) -> RowPair:
    """Both rows, text beside text; a text that only one of them has stands beside ""."""
    sources, targets = texts_of(source), texts_of(translation)
    sources += [(field, "") for field, _ in targets[len(sources) :]]
    if "messages" not in source and "messages" not in translation:
        by_field = dict(targets)
        targets = [(field, by_field.get(field, "")) for field in FIELDS]
        by_field = dict(sources)
        sources = [(field, by_field.get(field, "")) for field in FIELDS]
    targets += [(field, "") for field, _ in sources[len(targets) :]]
    pairs = tuple(
        TextPair(Text(text, source_language), Text(target, language), field)
        for (field, text), (_, target) in zip(sources, targets, strict=True)
        if text.strip() or target.strip()
    )
    return RowPair(source, translation, source_language, language, pairs)


def texts_of(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, text) of a row; a message is an instruction or an output by its role, its parts are joined."""
    messages = row.get("messages")
    if isinstance(messages, list):
        return [
            (_field(message), _content(message.get("content"))) for message in messages if isinstance(message, dict)
        ]
    names = {name: _OTHER_NAMES.get(name, name) for name in (*FIELDS, *_OTHER_NAMES)}
    return [(field, row[name]) for name, field in names.items() if isinstance(row.get(name), str)]


def _field(message: Mapping[str, Any]) -> str:
    role = message.get("role", message.get("from"))
    return {"system": "system", "assistant": "output", "gpt": "output"}.get(str(role), "instruction")


def _content(content: Any) -> str:
    """The text of a message; of content in parts, those that are text."""
    if isinstance(content, list):
        return "\n".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    return content if isinstance(content, str) else ""
