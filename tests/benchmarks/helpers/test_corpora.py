"""The labelled pairs are well formed, and halves part the events."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.helpers.corpora import LABELS, Corpus, halves, italian_pairs


def test_labels_are_sorted_pairs_of_links() -> None:
    pairs = [json.loads(line) for line in LABELS.open(encoding="utf-8")]
    keys = [(pair["a"], pair["b"]) for pair in pairs]
    assert len(pairs) >= 300
    assert keys == sorted(set(keys))
    assert all(a < b and a.startswith("https://") for a, b in keys)
    assert all(pair.keys() == {"a", "b", "same"} and type(pair["same"]) is bool for pair in pairs)


def test_every_label_has_its_articles(shared: Path) -> None:
    corpus = italian_pairs(shared)
    assert len(corpus.pairs) >= 300
    gaps = [abs(corpus.days[left] - corpus.days[right]) for left, right, _ in corpus.pairs]
    assert max(gaps) <= 7


def test_halves_share_the_articles_and_part_the_events() -> None:
    whole = Corpus("x", [{}] * 8, np.zeros(8), np.repeat(np.arange(4), 2))
    first, second = halves(whole)
    assert sorted([*first.scored_rows, *second.scored_rows]) == list(range(8))
    assert not set(whole.true[first.scored_rows]) & set(whole.true[second.scored_rows])
    # Items that do not count still spoil the clusters of those that do.
    assert first.score(np.zeros(8, dtype=int)).precision == 0.25
