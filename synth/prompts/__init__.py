"""Prompts: one Jinja2 file a task and language, its version in the first line. A changed wording is a new version.

A template has the blocks `instruction` (the short request), `input` (what it is about) and, where needed, `system` and
others that its task names. A field that the template uses and the caller forgot is an error, not an empty place in a
paid request.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.prompts.quoting import defused, marks_of

if TYPE_CHECKING:
    from jinja2 import Environment, Template

#: Asked in for languages without a file of their own: models know it best, and its wording asks for the sources' own.
FALLBACK = "en"
_VERSION = re.compile(r"\A\{#-?\s*version:\s*(\S+?)\s*-?#\}")
_FILE = re.compile(r"(?P<name>\w+)(?:\.(?P<language>[a-z]{2,3}))?\.jinja")


@dataclass(frozen=True)
class Prompt:
    """A prompt as it lies in its file; `id` is what samples and keys record."""

    name: str
    version: str
    text: str
    #: ISO 639-1 code of the wording; "" for a task with one wording.
    language: str = ""

    @property
    def id(self) -> str:
        """NAME.LANGUAGE/VERSION."""
        return f"{self.name}.{self.language}/{self.version}" if self.language else f"{self.name}/{self.version}"

    def quoted(self, asked: str = "instruction", about: str = "input", **fields: Any) -> list[dict[str, str]]:
        """As `render`, with what it is about between marks that it cannot contain, and the block `quoting` before it.

        Raises:
            NewsmillError: the template needs a field that is not given.
        """
        *turns, last = self.render(asked, about, **fields)
        material = defused(self.block(about, **fields))
        begin, end = marks_of(material)
        notice = self.block("quoting", begin=begin, end=end)
        content = "\n\n".join((self.block(asked, **fields), notice, f"{begin}\n{material}\n{end}"))
        return [*turns, {**last, "content": content}]

    def render(self, asked: str = "instruction", about: str = "input", **fields: Any) -> list[dict[str, str]]:
        """The chat messages: `system` where the block says anything, then the blocks `asked` and `about` as one turn.

        Raises:
            NewsmillError: the template needs a field that is not given.
        """
        system, request = self.block("system", **fields), self.block(asked, **fields)
        given = self.block(about, **fields)
        turns = [{"role": "system", "content": system}] if system else []
        return [*turns, {"role": "user", "content": "\n\n".join(part for part in (request, given) if part)}]

    def block(self, block: str, **fields: Any) -> str:
        """One block, without the white space around it; "" where the template has no such block."""
        from jinja2 import UndefinedError

        template = _template(self.text)
        if block not in template.blocks:
            return ""
        try:
            return "".join(template.blocks[block](template.new_context(fields))).strip()
        except UndefinedError as error:
            raise NewsmillError(f"prompt {self.id}: {error}") from error


@dataclass(frozen=True)
class Prompts:
    """The wordings of one task, by language; its methods take the one for the field `language`."""

    name: str
    wordings: Mapping[str, Prompt]

    def in_language(self, language: str) -> Prompt:
        """The wording in a language, else the one in English."""
        return self.wordings.get(language) or self.wordings.get("") or self.wordings[FALLBACK]

    def ids(self) -> list[str]:
        """Ids of all wordings, as samples record them."""
        return sorted(prompt.id for prompt in self.wordings.values())

    def render(
        self, asked: str = "instruction", about: str = "input", *, language: str, **fields: Any
    ) -> list[dict[str, str]]:
        return self.in_language(language).render(asked, about, language=language, **fields)

    def quoted(
        self, asked: str = "instruction", about: str = "input", *, language: str, **fields: Any
    ) -> list[dict[str, str]]:
        return self.in_language(language).quoted(asked, about, language=language, **fields)

    def block(self, block: str, *, language: str, **fields: Any) -> str:
        return self.in_language(language).block(block, language=language, **fields)


@functools.cache
def load_prompt(name: str) -> Prompts:
    """The prompts in synth/prompts/NAME.LANGUAGE.jinja (or NAME.jinja, one wording for all).

    Raises:
        NewsmillError: there is no such file, or its first line names no version.
    """
    files = [entry for entry in resources.files(__name__).iterdir() if _FILE.fullmatch(entry.name)]
    named = {_FILE.fullmatch(entry.name): entry for entry in files}
    wordings = {}
    for match, entry in named.items():
        if match and match["name"] == name:
            language = match["language"] or ""
            wordings[language] = _read(name, language, entry.read_text(encoding="utf-8"))
    if not wordings:
        known = sorted({match["name"] for match in named if match})
        raise NewsmillError(f"no prompt {name!r}; there are: {', '.join(known)}")
    return Prompts(name, wordings)


def _read(name: str, language: str, text: str) -> Prompt:
    version = _VERSION.match(text)
    if version is None:
        raise NewsmillError(f"prompt {name} {language}: its first line must be {{# version: N #}}")
    return Prompt(name, version.group(1), text, language)


@functools.lru_cache(maxsize=256)
def _template(text: str) -> Template:
    """Compiling takes a millisecond, more than a call may cost."""
    return _environment().from_string(text)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    from synth.prompts.attribution import source_label, span_label

    # Plain text: nothing is escaped. Articles come in as values, so braces in them mean nothing.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"named": source_label, "span": span_label}
    return environment
