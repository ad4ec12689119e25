"""The labelled pairs are well formed, and the choice of a setting is the middle of a plateau."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.events import bench_events
from benchmarks.events.bench_events import LABELS, Clusterer, Corpus, Setting, choose, halves, interval, italian_pairs
from benchmarks.helpers.measures import Scores


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


def test_a_plateau_is_chosen_not_a_peak() -> None:
    thresholds = [0.5, 0.6, 0.7, 0.8, 0.9]
    worth = dict(zip(thresholds, (0.9, 0.2, 0.7, 0.8, 0.6), strict=True))
    results = {
        Setting(length, "average", threshold): [Scores(f, f, f)]
        for length in bench_events.LENGTHS
        for threshold, f in worth.items()
    }
    assert choose(results, thresholds).threshold == 0.8


def test_halves_share_the_articles_and_part_the_events() -> None:
    whole = Corpus("x", [{}] * 8, np.zeros(8), np.repeat(np.arange(4), 2))
    first, second = halves(whole)
    assert sorted([*first.scored_rows, *second.scored_rows]) == list(range(8))
    assert not set(whole.true[first.scored_rows]) & set(whole.true[second.scored_rows])
    # Items that do not count still spoil the clusters of those that do.
    assert first.score(np.zeros(8, dtype=int)).precision == 0.25


def test_interval_of_a_perfect_partition() -> None:
    whole = Corpus("x", [{}] * 4, np.zeros(4), np.array([0, 0, 1, 1]))
    assert interval(whole.true, whole, rounds=10) == (1.0, 1.0)


def test_a_window_parts_what_lies_apart() -> None:
    text = {"title": "Incendio a Prato", "content": "Un incendio ha distrutto un deposito di tessuti a Prato."}
    other = {"title": "Festa a Pisa", "content": "La festa del patrono di Pisa comincia domani in piazza."}
    corpus = Corpus("x", [text, text, other], np.array([0.0, 9.0, 0.0]), np.array([0, 1, 2]))
    clusterer = Clusterer("tfidf", 3.0)
    setting = Setting(None, "average", 0.5)
    assert clusterer.labels(corpus, setting).tolist() == [0, 1, 2]
    assert clusterer.labels(corpus, setting, None).tolist() == [0, 0, 1]
