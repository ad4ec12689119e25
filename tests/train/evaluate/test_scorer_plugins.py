"""Plug-ins: found by their entry points, and never able to break a comparison."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from train.evaluate.scorer_plugins import Value, load_plugins, run

MODULE = """
import os
class Loud:
    identity = "volume 11"
    def __call__(self, answers, sources, language):
        return [len(answer) + len(texts) for answer, texts in zip(answers, sources, strict=True)]
loud = Loud()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution that offers two plug-ins, one of which cannot be imported."""
    (tmp_path / "scorers_of_a_test.py").write_text(MODULE)
    info = tmp_path / "plugged-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(
        "[newsmill.scorers]\nloudness = scorers_of_a_test:loud\nbroken = scorers_of_a_test:nothing_of_that_name\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_entry_points_are_found_and_what_is_not_there_is_told(installed: Path) -> None:
    plugins = load_plugins(["loudness", "broken", "absent"])
    assert list(plugins.scorers) == ["loudness"]
    assert plugins.scorers["loudness"](["abc"], [["x", "y"]], "it") == [5]
    assert plugins.identities["loudness"] == "scorers_of_a_test:loud 1.5 volume 11"
    assert "nothing_of_that_name" in plugins.reasons["broken"]
    assert "no plug-in" in plugins.reasons["absent"]


def fails(answers: list[str], sources: list[list[str]], language: str) -> list[Value]:
    raise RuntimeError("the model\nis not there")


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("toxicity", [0.5, None, math.nan], [0.5, None, None]),
        ("toxicity", [True, "high", math.inf], [1, None, None]),
        ("language", ["it", "", 3], ["it", None, None]),
    ],
)
def test_values_that_are_none_of_the_kind_are_none(name: str, values: list[Value], expected: list[Value]) -> None:
    assert run(name, lambda *_: values, ["a", "b", "c"], [[], [], []], "it") == (expected, "")


def test_a_plugin_that_fails_gives_nothing_but_its_reason() -> None:
    assert run("toxicity", fails, ["a", "b"], [[], []], "") == ([None, None], "the model is not there")
    values, why = run("toxicity", lambda *_: [1.0], ["a", "b"], [[], []], "")
    assert values == [None, None]
    assert "1 values for 2 answers" in why
