"""What the partition depends on besides the articles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from crawler.items import NewsmillError
from synth.embed import DEFAULT_SENTENCES, is_english_minilm

#: Of `news`, by linkage, whole texts, whatever the size of the archive (docs/clustering.md).
_NEWS_THRESHOLDS = {"average": 0.75, "complete": 0.77, "single": 0.68}
#: Thresholds of `tfidf`, average linkage, 10 sentences: the default until November 2026. Few articles say little of
#: which words are rare, and what they share by chance weighs more: of 20 random Italian articles .80 joins two, .75
#: none. `news` leaves out what most texts have, and needs no such step.
_FEW_TEXTS, _FEW_THRESHOLD, _THRESHOLD = 100, 0.75, 0.80
#: Of `use`, by linkage, title, lead and 10 sentences (benchmarks/scores/bench_use.py, docs/clustering.md).
_USE_THRESHOLDS = {"average": 0.375, "complete": 0.4, "single": 0.35}
#: Of `st:all-MiniLM-L6-v2`, average linkage, on English texts of a headline to three sentences (the same benchmark).
_MINILM_THRESHOLD = 0.5


@dataclass(frozen=True)
class Settings:
    """The options of a clustering."""

    embedder: str = "news"
    #: Cosine distance; None: what was measured for the embedder, by the number of texts that its statistics know.
    threshold: float | None = None
    linkage: str = "average"
    #: Days between two reports of one event; follow-ups chain beyond it through the articles between.
    window: float | None = 3.0
    #: Of the body, beside title and lead; None: all.
    sentences: int | None = None
    force_language: bool = False
    #: The second look: largest cosine distance of two articles of one event; None: no second look.
    spread: float | None = None

    def with_threshold(self, texts: int) -> Settings:
        """These settings with the threshold for an archive of so many texts.

        Raises:
            NewsmillError: none was measured for the embedder.
        """
        settled = self._with_threshold(texts)
        if settled.spread is not None and settled.spread < (settled.threshold or 0.0):
            raise NewsmillError(f"cluster: --spread {settled.spread:g} lies below the threshold, {settled.threshold:g}")
        return settled

    def _with_threshold(self, texts: int) -> Settings:
        if self.threshold is not None:
            return self
        if self.embedder.partition(":")[0] == "news":
            return replace(self, threshold=_NEWS_THRESHOLDS[self.linkage])
        if self.embedder == "use":
            return replace(self, threshold=_USE_THRESHOLDS[self.linkage])
        if is_english_minilm(self.embedder.removeprefix("st:")):
            return replace(self, threshold=_MINILM_THRESHOLD)
        if self.embedder.partition(":")[0] in ("use", "st"):
            raise NewsmillError(
                f"cluster: no threshold was measured for embedder {self.embedder}: give --threshold "
                "(docs/clustering.md shows how to choose one)"
            )
        return replace(self, threshold=_FEW_THRESHOLD if texts < _FEW_TEXTS else _THRESHOLD)

    def __str__(self) -> str:
        threshold = "" if self.threshold is None else f" below {self.threshold:g}"
        window = "no window" if self.window is None else f"{self.window:g} days"
        sentences = "whole texts" if self.sentences is None else f"{self.sentences} sentences"
        spread = "" if self.spread is None else f", no two farther apart than {self.spread:g}"
        return f"{self.embedder}, {self.linkage} linkage{threshold}, {window}, {sentences}{spread}"


def default_sentences(embedder: str) -> int | None:
    """Sentences of the body that an embedder reads where nothing else is asked for; None: all.

    `news` weighs words by where they stand. For the others, what comes late in a long article is background that
    articles of other events share.
    """
    return None if embedder.partition(":")[0] == "news" else DEFAULT_SENTENCES


def change(before: Mapping[str, Any] | None, now: Settings) -> str:
    """What to say where an archive was clustered by other settings before; "" where it was not.

    Args:
        before: as the store has them; settings of an older version lack what it did not know.
    """
    if not before:
        return ""
    earlier = Settings(**{name: value for name, value in before.items() if name in asdict(now)})
    return "" if earlier == now else f"before: {earlier}; now all articles are clustered again: {now}"
