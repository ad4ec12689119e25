"""What the dataset card says of translated rows: how many, between which languages, by what, under what licence."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from synth.translation.engines import engine_names


class Route(NamedTuple):
    """One way that texts came into a language.

    whole: a translated row; else the instruction alone was translated, the answer is an original text.
    """

    source_language: str
    language: str
    engine: str
    whole: bool


@dataclass
class Translations:
    """Translated rows, counted one by one."""

    routes: Counter[Route] = field(default_factory=Counter)
    #: doubts by name, rows with a doubt, rows that were made anew for the language instead of translated.
    doubts: Counter[str] = field(default_factory=Counter)
    doubted: int = 0
    rewritten: int = 0

    def add(self, sample: Mapping[str, Any]) -> None:
        """Count a sample, whatever it is."""
        provenance = sample.get("provenance") or {}
        if sample.get("task") == "translation" or provenance.get("translated_from"):
            self.rewritten += bool(provenance.get("rewritten"))
            source = str(sample.get("source_language") or "")
            self._count(sample, source, str(provenance.get("model") or ""), whole=True)
        elif provenance.get("translator"):
            self._count(sample, str(sample.get("source_language") or "en"), str(provenance["translator"]), whole=False)

    def _count(self, sample: Mapping[str, Any], source_language: str, engine: str, *, whole: bool) -> None:
        self.routes[Route(source_language, str(sample.get("language") or ""), engine, whole)] += 1
        doubts = {str(name) for name in sample.get("doubts") or []}
        self.doubts.update(doubts)
        self.doubted += bool(doubts)

    @property
    def rows(self) -> int:
        """Rows that were translated whole."""
        return sum(count for route, count in self.routes.items() if route.whole)

    def table(self) -> list[dict[str, Any]]:
        """{from, to, what, by, rows, licence}, most rows first."""
        ordered = sorted(self.routes.items(), key=lambda item: (-item[1], item[0]))
        return [
            {
                "source_language": route.source_language or "unknown", "language": route.language, "by": route.engine,
                "what": "rows" if route.whole else "instructions", "rows": count, "licence": licence_of(route.engine),
            }
            for route, count in ordered
        ]  # fmt: skip


def licence_of(engine: str) -> str:
    """The licence of the weights of what translated, as its engine states it; "" where nobody knows."""
    name = engine.partition(":")[0]
    if name not in engine_names():
        return ""
    return str(importlib.import_module(f"synth.translation.engines.{name}").LICENCE)
