"""What the partition depends on besides the articles."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crawler.items import NewsmillError
from synth.embed import DEFAULT_SENTENCES, is_english_minilm

#: Thresholds of TF-IDF rows, average linkage. Few articles say little of which words are rare, and what they share by
#: chance weighs more: of 20 random Italian articles .80 joins two, .75 none. How they were chosen: docs/clustering.md.
_FEW_TEXTS, _FEW_THRESHOLD, _THRESHOLD = 100, 0.75, 0.80
#: Of `use`, average linkage, title, lead and 10 sentences (benchmarks/scores/bench_use.py).
_USE_THRESHOLD = 0.375
#: Of `st:all-MiniLM-L6-v2`, average linkage, on English texts of a headline to three sentences (the same benchmark).
_MINILM_THRESHOLD = 0.5


@dataclass(frozen=True)
class Settings:
    """The options of a clustering."""

    embedder: str = "tfidf"
    #: Cosine distance; None: what was measured for the embedder, by the number of texts that its statistics know.
    threshold: float | None = None
    linkage: str = "average"
    #: Days between two reports of one event; follow-ups chain beyond it through the articles between.
    window: float | None = 3.0
    #: Of the body, beside title and lead; None: all. What comes late in a long article is background that others share.
    sentences: int | None = DEFAULT_SENTENCES
    force_language: bool = False

    def with_threshold(self, texts: int) -> Settings:
        """These settings with the threshold for an archive of so many texts.

        Raises:
            NewsmillError: none was measured for the embedder.
        """
        if self.threshold is not None:
            return self
        if self.embedder == "use":
            return replace(self, threshold=_USE_THRESHOLD)
        if is_english_minilm(self.embedder.removeprefix("st:")):
            return replace(self, threshold=_MINILM_THRESHOLD)
        if self.embedder.partition(":")[0] in ("use", "st"):
            raise NewsmillError(
                f"cluster: no threshold was measured for embedder {self.embedder}: give --threshold "
                "(docs/clustering.md shows how to choose one)"
            )
        return replace(self, threshold=_FEW_THRESHOLD if texts < _FEW_TEXTS else _THRESHOLD)
