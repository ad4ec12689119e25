"""Scorers are found by listing their folder (`synth.scorers`): one more is one file, its fields included."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import synth.scorers
from synth.embed import load_embedder
from synth.samples.schema import known_fields, sample_fields
from synth.score.stage import batch_scores, pending_filter
from synth.scorers import scorers

BREVITY = '''
"""How short an answer is."""

from synth.samples.field import Field
from synth.scorers import Scorer

FIELDS = (Field("brevity", "float64", "one over the words of the answer", unit="0 to 1"),)


def score(batch):
    return [{"brevity": 1 / len(sample["answer"].split())} for sample in batch.samples]


SCORER = Scorer(FIELDS, score, lambda sample, scores: iter(["short"] if scores["brevity"] > 0.2 else []))
'''


@pytest.fixture
def brevity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "brevity.py").write_text(BREVITY, encoding="utf-8")
    monkeypatch.setattr(synth.scorers, "__path__", [*synth.scorers.__path__, str(tmp_path)])
    for cached in (sample_fields, known_fields):
        cached.cache_clear()
    yield
    sys.modules.pop("synth.scorers.brevity", None)
    monkeypatch.undo()
    for cached in (sample_fields, known_fields):
        cached.cache_clear()


def test_the_folder_holds_the_scorers() -> None:
    assert set(scorers()) == {"coverage", "faithful", "language", "nli", "personal_data", "similarity", "toxicity"}
    for name, scorer in scorers().items():
        assert scorer.fields, name
        assert (scorer.score is None) != (scorer.stage is None), "either in the common stage or with one of its own"


@pytest.mark.usefixtures("brevity")
def test_one_more_scorer_is_one_file() -> None:
    assert "brevity" in scorers()
    assert "brevity" in known_fields()
    assert {"brevity": {"$exists": False}} in pending_filter({})["$or"]
    sample = {"answer": "Il museo riapre.", "sources": [{"title": "x", "content": "Il museo riapre giovedì."}]}
    (scores,) = batch_scores([sample], load_embedder("tfidf"))
    assert scores["brevity"] == pytest.approx(1 / 3)
    assert "similarity" in scores
