"""The task prompts: one is drawn for each fragment among those that suit it, which makes instructions diverse."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from crawler.items import NewsmillError
from synth.language.international import UPPER
from synth.language.segmentation import sentences, words

#: Words up to which a text is brief, and from which it is long.
_BRIEF, _LONG = 55, 90
#: Numbers of a text that is about figures, and marks between things of one that enumerates.
_FIGURES, _ENUMERATED = 3, 3
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])")
_DATE = re.compile(
    r"\b\d{1,2}(?:[:.h]\d{2}|[/-]\d{1,2})\b|\b(?:19|20)\d\d\b|\b(?:ngày|tháng) \d{1,2}\b"
    r"|\b\d{1,2}(?:º|er|\.)? (?:de )?(?-i:[a-zà-ÿ]{3,10})\b(?= (?:19|20)\d\d)",
    re.IGNORECASE,
)
_QUOTATION = re.compile(r"[«“\"][^«“”»\"]{15,}[»”\"]")
_PERSON = re.compile(rf"(?<![.!?] )(?<!^)\b[{UPPER}][\w’'-]+ [{UPPER}][\w’'-]+")


@dataclass(frozen=True)
class TaskPrompt:
    """One kind of instruction: its wordings by language, and what a text must be for it; () means anything."""

    name: str
    wordings: Mapping[str, str]
    kinds: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def suits(self, kind: str, genre: str, traits: frozenset[str]) -> bool:
        """Whether a fragment of a kind, of an article of a genre, can be what it asks for."""
        if self.kinds and kind not in self.kinds:
            return False
        return (not self.genres or genre in self.genres) and set(self.needs) <= traits

    def wording(self, language: str) -> str:
        """In a language, else in English."""
        return self.wordings.get(language) or self.wordings["en"]


@dataclass(frozen=True)
class TaskPrompts:
    """All task prompts of one version, in the order of their file."""

    version: str
    prompts: Mapping[str, TaskPrompt]

    @property
    def id(self) -> str:
        """As recorded with prompts."""
        return f"reverse_tasks/{self.version}"

    @property
    def names(self) -> list[str]:
        return list(self.prompts)

    def draw(self, fragment: Mapping[str, Any], seed: int) -> str:
        """The name of one that suits a row of `fragments`; the same for the same seed and fragment."""
        traits = traits_of(str(fragment["text"]), str(fragment["language"]))
        suitable = [
            name for name, prompt in self.prompts.items() if prompt.suits(fragment["kind"], fragment["genre"], traits)
        ]
        return suitable[number_of(seed, str(fragment["fragment"])) % len(suitable)]


def number_of(seed: int, *names: str) -> int:
    """A number drawn by seed and names: the same on every machine."""
    digest = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def traits_of(text: str, language: str) -> frozenset[str]:
    """What a text has that some instructions ask for: see the table's first lines."""
    count, parts = len(words(text)), sentences(text, language)
    traits = {
        "figures": len(_NUMBER.findall(text)) >= _FIGURES,
        "dates": len(set(_DATE.findall(text))) > 1,
        "quotation": _QUOTATION.search(text) is not None,
        "person": _PERSON.search(text) is not None,
        "enumeration": max((part.count(",") + part.count(";") for part in parts), default=0) >= _ENUMERATED,
        "one_sentence": len(parts) == 1,
        "brief": count <= _BRIEF,
        "long": count >= _LONG,
    }  # fmt: skip
    return frozenset(name for name, has in traits.items() if has)


@functools.cache
def load_task_prompts() -> TaskPrompts:
    """The table synth/prompts/reverse_tasks.yaml.

    Raises:
        NewsmillError: an entry lacks its English wording.
    """
    import yaml

    table = yaml.safe_load((resources.files("synth.prompts") / "reverse_tasks.yaml").read_text(encoding="utf-8"))
    return TaskPrompts(str(table["version"]), {name: _prompt(name, row) for name, row in table["tasks"].items()})


def _prompt(name: str, row: Mapping[str, Any]) -> TaskPrompt:
    conditions: dict[str, Sequence[str]] = {key: row.get(key) or () for key in ("kinds", "genres", "needs")}
    wordings = {key: str(text) for key, text in row.items() if key not in conditions}
    if "en" not in wordings:
        raise NewsmillError(f"task prompt {name}: it has no wording in English")
    return TaskPrompt(name, wordings, *(tuple(value) for value in conditions.values()))
