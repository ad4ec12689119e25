"""A chat rendered by a Jinja template, in segments: what is learnt stands between `generation` and `endgeneration`."""

from __future__ import annotations

import functools
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import Template, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: {role, content}; a user's may have `input`: the end of its content that is material, not request.
Message = Mapping[str, str]

# Borders in the rendered text. No chat holds them: they are drawn anew by every process.
_NONCE = secrets.token_hex(8)
_BEGIN, _END, _EOS = (f"\0{_NONCE}{border}\0" for border in "bef")
_BORDERS = re.compile(f"({_BEGIN}|{_END}|{_EOS})")
_TAGS = re.compile(r"\{%-? *(?:end)?generation *-?%\}")


class Segment(NamedTuple):
    """A stretch of the text; `learn`: it is the model's to write; `eos`: the tokenizer's end token follows it."""

    text: str
    learn: bool
    eos: bool = False


class _Generation(Extension):
    """`{% generation %} … {% endgeneration %}` as transformers' chat templates mark the assistant's tokens."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration.

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_marked"), [], [], body).set_lineno(line)

    def _marked(self, caller: Any) -> str:
        return f"{_BEGIN}{caller()}{_END}"


@functools.cache
def _compiled(source: str) -> Template:
    # As transformers renders chat templates.
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation])
    return environment.from_string(source)


def segments(source: str, messages: Sequence[Message], language: str, *, ask: bool) -> list[Segment]:
    """The text of a chat, begin token left out; ask: up to where the next answer begins."""
    text = _compiled(source).render(
        messages=messages, language=language, add_generation_prompt=ask, bos_token="", eos_token=_EOS
    )
    return list(_divide(_BORDERS.split(text)))


def _divide(parts: Sequence[str]) -> Iterator[Segment]:
    """parts: texts and borders in turn."""
    learn = False
    for text, border in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if text or border == _EOS:
            yield Segment(text, learn, border == _EOS)
        learn = border == _BEGIN or (learn and border == _EOS)


def with_system(source: str, system: str | None) -> str:
    """The template that gives a chat without a system prompt this one; the template itself where it is None."""
    if system is None:
        return source
    first = json.dumps({"role": "system", "content": system}, ensure_ascii=False)
    condition = 'not (messages and messages[0]["role"] == "system")'
    return f"{{%- if {condition} -%}}{{%- set messages = [{first}] + messages | list -%}}{{%- endif -%}}\n{source}"


def without_tags(source: str) -> str:
    """The template without the tags that plain Jinja does not know: it renders the same text."""
    return _TAGS.sub("", source)
