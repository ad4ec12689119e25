"""Verb: samples into other languages. `doubts(source, translation, source_language, language)` compares both rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synth.commands import Command

if TYPE_CHECKING:
    from synth.translation.checks import doubts

__all__ = ["doubts"]

COMMAND = Command(
    "translate samples into other languages, each with what may be wrong with it",
    35,
    step=True,
    reads="samples",
    writes="samples",
    asks_model=True,
    outcomes=frozenset("translated rewritten doubted calls cached superseded current_again".split()),
    following="synth score",
)


def __getattr__(name: str) -> Any:
    # The checks are loaded by who asks for doubts, not by `synth translate --help`.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from synth.translation import checks

    return getattr(checks, name)
