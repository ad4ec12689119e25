"""The choice of a setting is the middle of a plateau; windows and intervals."""

from __future__ import annotations

import numpy as np

from benchmarks.events import bench_events
from benchmarks.events.bench_events import Clusterer, Setting, choose
from benchmarks.helpers.corpora import Corpus
from benchmarks.helpers.event_peers import interval
from benchmarks.helpers.measures import Scores


def test_a_plateau_is_chosen_not_a_peak() -> None:
    thresholds = [0.5, 0.6, 0.7, 0.8, 0.9]
    worth = dict(zip(thresholds, (0.9, 0.2, 0.7, 0.8, 0.6), strict=True))
    results = {
        Setting(length, "average", threshold): [Scores(f, f, f)]
        for length in bench_events.LENGTHS
        for threshold, f in worth.items()
    }
    assert choose(results, thresholds).threshold == 0.8


def test_interval_of_a_perfect_partition() -> None:
    whole = Corpus("x", [{}] * 4, np.zeros(4), np.array([0, 0, 1, 1]))
    assert interval(whole, whole.true, rounds=10) == (1.0, 1.0)


def test_a_window_parts_what_lies_apart() -> None:
    text = {"title": "Incendio a Prato", "content": "Un incendio ha distrutto un deposito di tessuti a Prato."}
    other = {"title": "Festa a Pisa", "content": "La festa del patrono di Pisa comincia domani in piazza."}
    corpus = Corpus("x", [text, text, other], np.array([0.0, 9.0, 0.0]), np.array([0, 1, 2]))
    clusterer = Clusterer("tfidf", 3.0)
    setting = Setting(None, "average", 0.5)
    assert clusterer.labels(corpus, setting).tolist() == [0, 1, 2]
    assert clusterer.labels(corpus, setting, None).tolist() == [0, 0, 1]
