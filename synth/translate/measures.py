"""What is measured of a translation besides its doubts, where it is asked for: the way back, and a quality estimate."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synth.translation.checks import doubts
from synth.translation.checks.round_trip import chrf, round_trip_doubts, word_similarity
from synth.translation.translator import Translator

if TYPE_CHECKING:
    from synth.translation.quality import QualityModel


@dataclass
class Measured:
    """Fields of the sample, doubts that they give rise to, and the calls that they took."""

    fields: dict[str, Any] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    paid: int = 0


@dataclass(frozen=True)
class Pair:
    """A row and its translation, {instruction, input, output} or {messages}."""

    source: Mapping[str, Any]
    translation: Mapping[str, Any]
    source_language: str
    language: str


@dataclass(frozen=True)
class Measures:
    """What is measured.

    Attributes:
        round_trip: whether each row is translated back and compared with its source.
        quality: estimates the quality without a reference; None: none is estimated.
        planned: whether translations are fillers of a plan: they are not doubted, and sources stand for them on the way
            back, since a filler has no words to translate.
    """

    round_trip: bool = False
    quality: QualityModel | None = None
    planned: bool = False

    async def of(self, translator: Translator, pair: Pair) -> Measured:
        """What is measured of a row beside its translation.

        Raises:
            LLMError: a call gave no reply.
        """
        measured = Measured()
        if not self.planned:
            measured.doubts += await asyncio.to_thread(doubts_of, pair)
        if self.round_trip:
            await self._round_trip(translator, pair, measured)
        if self.quality is not None:
            texts = list(zip(_texts(pair.source), _texts(pair.translation), strict=True))
            measured.fields["qe"] = await asyncio.to_thread(self.quality.score, texts)
        return measured

    async def _round_trip(self, translator: Translator, pair: Pair, measured: Measured) -> None:
        texts = list(_texts(pair.translation))
        if self.planned:
            # The language makes requests of two languages two, as their translations would.
            texts = [f"{text} {pair.language}" if text else "" for text in _texts(pair.source)]
        way_back = await translator.translate(texts, pair.language, pair.source_language)
        source, back = "\n".join(_texts(pair.source)), "\n".join(part.text for part in way_back)
        measured.fields |= {
            "round_trip_chrf": round(chrf(source, back), 2),
            "round_trip_similarity": round(word_similarity(source, back), 4),
        }
        measured.doubts += [] if self.planned else round_trip_doubts(source, back)
        measured.calls += [key for part in way_back for key in part.calls]
        measured.paid += sum(part.paid for part in way_back)


def doubts_of(pair: Pair) -> list[str]:
    """What the checks doubt, by name."""
    return doubts(pair.source, pair.translation, pair.source_language, pair.language)


def _texts(row: Mapping[str, Any]) -> Iterator[str]:
    """The texts of a row in order; the same number for a row and its translation."""
    if "messages" in row:
        yield from (str(turn.get("content") or "") for turn in row["messages"])
    else:
        yield from (str(row[name]) for name in ("instruction", "input", "output"))


def measures_of(options: argparse.Namespace) -> Measures:
    """What the options ask for.

    Raises:
        NewsmillError: a model cannot be loaded.
    """
    if not options.qe:
        return Measures(options.round_trip)
    from synth.translation.quality import LICENCE, load_quality_model

    print(f"translate: {options.qe}: {LICENCE}", file=sys.stderr)
    return Measures(options.round_trip, load_quality_model(options.qe, options.device or ""))
