"""The scores of samples as plug-ins of `train evaluate`.

Covers synth.scorers.language.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from crawler.items import NewsmillError
from synth.scorers import plugins as scorers
from tests.synth.scorers.toxicity.toxicity_tiny import classifier_folder

BRIDGE = "Il ponte di Ravenna riapre lunedì 3 marzo dopo lavori da 12 milioni di euro, ha detto la sindaca Elena Conti."
LIBRARY = "La biblioteca di Cesena chiude per un mese: mancano i fondi, secondo il direttore Paolo Neri."
SOURCES = [[BRIDGE], [LIBRARY]]
FAITHFUL = [
    "Il ponte di Ravenna riapre lunedì 3 marzo, ha detto la sindaca Elena Conti.",
    "La biblioteca di Cesena chiude.",
]


def test_setup_offers_them_under_the_names_that_train_asks_for() -> None:
    offered = {point.name: point.value for point in entry_points(group="newsmill.scorers")}
    expected = {name: f"synth.scorers.plugins:{name}" for name in ("similarity", "unsupported", "toxicity", "language")}
    assert expected.items() <= offered.items()


def test_similarity_is_higher_to_the_own_sources() -> None:
    own = scorers.similarity(FAITHFUL, SOURCES, "it")
    crossed = scorers.similarity(FAITHFUL[::-1], SOURCES, "it")
    assert all(mine > other for mine, other in zip(own, crossed, strict=True))
    assert scorers.similarity(["Ciao"], [[]], "it") == [None]


def test_similarity_does_not_hang_on_the_answers_beside_it() -> None:
    together = scorers.similarity(FAITHFUL, SOURCES, "it")
    alone = scorers.similarity([FAITHFUL[0], ""], SOURCES, "it")
    assert alone[0] == together[0]


def test_unsupported_facts_are_counted() -> None:
    answers = ["Il ponte riapre il 7 aprile, costati 15 milioni di euro.", FAITHFUL[1]]
    assert scorers.unsupported(answers, SOURCES, "it") == [2, 0]
    assert scorers.unsupported(["Il 7 aprile"], [[]], "it") == [None]


def test_the_language_is_a_code_or_none() -> None:
    answers = ["Il consiglio comunale ha approvato il piano dei lavori.", "Thành phố khởi công dự án cầu mới.", "12"]
    assert scorers.language(answers, [[]] * 3, "it") == ["it", "vi", None]


def test_toxicity_says_why_it_was_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSMILL_TOXICITY", raising=False)
    with pytest.raises(NewsmillError, match="NEWSMILL_TOXICITY"):
        scorers.toxicity(["a"], [[]], "it")
    monkeypatch.setenv("NEWSMILL_TOXICITY", "--toxicity multilingual")
    with pytest.raises(NewsmillError, match="not made for vi"):
        scorers.toxicity(["a"], [[]], "vi")
    monkeypatch.setenv("NEWSMILL_TOXICITY", "--loud")
    with pytest.raises(NewsmillError, match="cannot read NEWSMILL_TOXICITY"):
        scorers.toxicity(["a"], [[]], "vi")


def test_toxicity_by_a_model_for_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = classifier_folder(tmp_path, ["clean", "toxic"])
    monkeypatch.setenv("NEWSMILL_TOXICITY", f"--toxicity-for vi={folder}:toxic")
    scores = scorers.toxicity(["đồ ngốc", "xin chào", " "], [[]] * 3, "vi")
    assert all(isinstance(score, float) and 0 <= score <= 1 for score in scores[:2])
    assert scores[2] is None
    assert "toxic" in scorers.toxicity.identity
    with pytest.raises(NewsmillError, match="no model is named for it"):
        scorers.toxicity(["a"], [[]], "it")
