"""Prompts: one Jinja2 file a task, its version in the first line. A changed wording is a new version.

A template has the blocks `instruction` (the short request), `input` (what it is about) and, where needed, `system`.
A field that the template uses and the caller forgot is an error, not an empty place in a paid request.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_VERSION = re.compile(r"\A\{#-?\s*version:\s*(\S+?)\s*-?#\}")


@dataclass(frozen=True)
class Prompt:
    """A prompt as it lies in its file; `id` is what samples and keys record."""

    name: str
    version: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"

    def render(self, **fields: Any) -> list[dict[str, str]]:
        """The chat messages: `system` where the block says anything, then instruction and input as one user turn.

        Raises:
            NewsmillError: the template needs a field that is not given.
        """
        system, asked = self.block("system", **fields), self.block("instruction", **fields)
        about = self.block("input", **fields)
        turns = [{"role": "system", "content": system}] if system else []
        return [*turns, {"role": "user", "content": "\n\n".join(part for part in (asked, about) if part)}]

    def block(self, block: str, **fields: Any) -> str:
        """One block, without the white space around it; "" where the template has no such block."""
        from jinja2 import UndefinedError

        template = self._template
        if block not in template.blocks:
            return ""
        try:
            return "".join(template.blocks[block](template.new_context(fields))).strip()
        except UndefinedError as error:
            raise NewsmillError(f"prompt {self.id}: {error}") from error

    @property
    def _template(self) -> Template:
        return _environment().from_string(self.text)


@functools.cache
def load_prompt(name: str) -> Prompt:
    """The prompt in synth/prompts/NAME.jinja.

    Raises:
        NewsmillError: there is no such file, or its first line names no version.
    """
    file = resources.files(__name__) / f"{name}.jinja"
    if not re.fullmatch(r"\w+", name) or not file.is_file():
        known = sorted(entry.name.removesuffix(".jinja") for entry in resources.files(__name__).iterdir()
                       if entry.name.endswith(".jinja"))  # fmt: skip
        raise NewsmillError(f"no prompt {name!r}; there are: {', '.join(known)}")
    text = file.read_text(encoding="utf-8")
    version = _VERSION.match(text)
    if version is None:
        raise NewsmillError(f"prompt {name}: its first line must be {{# version: N #}}")
    return Prompt(name, version.group(1), text)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined

    # Plain text: nothing is escaped. Articles come in as values, so braces in them mean nothing.
    return Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
