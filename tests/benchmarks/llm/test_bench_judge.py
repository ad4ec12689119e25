"""The benchmark of judges' replies measures what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.llm.bench_judge import (
    NONE,
    READERS,
    SCORED,
    Reply,
    first_number,
    real_replies,
    share_made_up,
    share_right,
)

REPLIES = [Reply(4.0, "It names 3 of 5 facts."), Reply(0.0, "Nothing is right."), Reply(5.0, "\nExplanation:\nAll is.")]


@pytest.mark.parametrize("form", SCORED)
def test_every_form_says_its_score(form: str) -> None:
    assert share_right(READERS["newsmill"], REPLIES, form) == 1
    assert share_right(lambda _: None, REPLIES, form) == 0


@pytest.mark.parametrize("form", NONE)
def test_no_form_says_none_by_chance(form: str) -> None:
    assert share_made_up(READERS["newsmill"], REPLIES, form) == 0
    assert share_made_up(lambda _: 4.0, REPLIES, form) == 1


def test_the_floor_and_the_file(tmp_path: Path) -> None:
    assert first_number("In 2024: 4") == 2024
    path = tmp_path / "replies.jsonl"
    rows = [{"accuracy": 4, "acc_explanation": "a"}, {"accuracy": -2, "acc_explanation": "no reply"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert real_replies(path) == [Reply(4.0, "a")]
