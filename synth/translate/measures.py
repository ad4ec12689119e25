"""What is measured of a translation besides its doubts, where it is asked for: the way back, and a quality estimate."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synth.translation.round_trip import UNRELATED, chrf, cosine
from synth.translation.translator import Translator

if TYPE_CHECKING:
    from synth.embed import Embedder
    from synth.translation.quality import QualityModel

#: The doubt of a translation that did not find its way back.
ROUND_TRIP = "round_trip"


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
        embedder: of the way back; None: nothing is translated back.
        quality: estimates the quality without a reference; None: none is estimated.
    """

    embedder: Embedder | None = None
    quality: QualityModel | None = None

    async def of(self, translator: Translator, pair: Pair) -> Measured:
        """What is measured of a row beside its translation.

        Raises:
            LLMError: a call gave no reply.
        """
        measured = Measured()
        if self.embedder is not None:
            await self._round_trip(translator, pair, measured)
        if self.quality is not None:
            texts = list(zip(_texts(pair.source), _texts(pair.translation), strict=True))
            measured.fields["qe"] = await asyncio.to_thread(self.quality.score, texts)
        return measured

    async def _round_trip(self, translator: Translator, pair: Pair, measured: Measured) -> None:
        texts = list(_texts(pair.translation))
        way_back = await translator.translate(texts, pair.language, pair.source_language)
        source, back = "\n".join(_texts(pair.source)), "\n".join(part.text for part in way_back)
        assert self.embedder is not None
        likeness = chrf(back, source)
        measured.fields |= {
            "round_trip_chrf": round(likeness, 2),
            "round_trip_similarity": round(await asyncio.to_thread(cosine, back, source, self.embedder), 4),
        }
        measured.doubts += [ROUND_TRIP] if likeness < UNRELATED else []
        measured.calls += [key for part in way_back for key in part.calls]
        measured.paid += sum(part.paid for part in way_back)


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
    from synth.embed import load_embedder

    embedder = load_embedder(options.embedder) if options.round_trip else None
    if not options.qe:
        return Measures(embedder)
    from synth.translation.quality import load_quality_model

    return Measures(embedder, load_quality_model(options.qe, options.device or ""))
