"""Texts of others inside a request: quoted by marks that they cannot contain, and searched for words to a model.

What an article says to the model that reads it ("ignore the instructions above") is material like the rest. The marks
hang on the texts alone: the same request is the same request tomorrow, and the ledger knows it.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from synth.language.tables import languages

#: Characters of a finding that are shown.
_SHOWN = 160
#: Beginnings of control tokens: some servers read them as such wherever they stand.
_CONTROL = re.compile(r"<(?=[|｜]|/?s>|(?:start|end)_of_|/?(?:think|system)\b)|\[(?=/?INST\]|SYSTEM_PROMPT)")
_CONTROL_TOKEN = re.compile(rf"(?:{_CONTROL.pattern})[^\s>\]]{{0,40}}[>\]]?")
_TOKENS = re.compile(
    r"<\|(?:im_start|im_end|start_header_id|eot_id|system|user|assistant|endoftext|channel|start|end)\|>|\[/?INST\]|<<SYS>>"
    r"|<start_of_turn>|^#{2,3} ?(?:system|instruction|new instructions?)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def marks_of(text: str) -> tuple[str, str]:
    """(begin, end) of a quotation: made from the text by its hash, and not in it."""
    for number in itertools.count():
        name = "quote-" + hashlib.sha256(f"{number}\n{text}".encode("utf-8", "replace")).hexdigest()[:10]
        if name not in text:
            return f"<{name}>", f"</{name}>"
    raise AssertionError("counting does not end")


def defused(text: str) -> str:
    """A text whose control tokens are none: a blank parts their first sign from the rest."""
    return _CONTROL.sub(lambda match: match[0] + " ", text)


def control_tokens(text: str) -> list[tuple[int, int]]:
    """(start, end) of the control tokens that `defused` would change, each as far as its word goes."""
    return [match.span() for match in _CONTROL_TOKEN.finditer(text)]


def addresses_to_models(texts: Iterable[str]) -> list[str]:
    """What in the texts tells a model what to do, or are control tokens, each once, as it stands there."""
    found: dict[str, None] = {}
    for text in texts:
        for match in itertools.chain(_injections().finditer(text), _TOKENS.finditer(text)):
            found[" ".join(text[match.start() : match.end() + _SHOWN].split())[:_SHOWN]] = None
    return list(found)


def addresses_in(sources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The same of the titles and contents of sources."""
    return addresses_to_models(str(source[name]) for source in sources for name in ("title", "content"))


@functools.cache
def _injections() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(table.replies.injection for table in languages().values())})", re.IGNORECASE)
