"""Pairs to be labelled: of every band, near in time, the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.events.draw_pairs import DAYS, draw
from benchmarks.helpers.corpora import articles_of, labelled_corpus
from crawler.items import NewsmillError

ARTICLES = Path(__file__).resolve().parents[3] / "demo/articles.jsonl"


def test_pairs_are_near_and_differ() -> None:
    corpus = articles_of(ARTICLES)
    pairs = draw(corpus, 60, 4)
    assert len(set(pairs)) == 60
    assert all(left < right and abs(corpus.days[left] - corpus.days[right]) <= DAYS for left, right in pairs)
    assert pairs == draw(corpus, 60, 4) != draw(corpus, 60, 5)


def test_labels_must_be_given(tmp_path: Path) -> None:
    corpus = articles_of(ARTICLES)
    pair = {"a": corpus.rows[0]["link"], "b": corpus.rows[1]["link"]}
    file = tmp_path / "pairs.jsonl"
    file.write_text(json.dumps(pair | {"same": True}) + "\n", encoding="utf-8")
    corpus_with_pairs = labelled_corpus("mine", ARTICLES, file)
    assert corpus_with_pairs.pairs == [(0, 1, True)]
    assert corpus_with_pairs.score(np.arange(len(corpus_with_pairs.rows))).recall == 0.0
    file.write_text(json.dumps(pair | {"same": None}) + "\n", encoding="utf-8")
    with pytest.raises(NewsmillError, match="line 1"):
        labelled_corpus("mine", ARTICLES, file)
