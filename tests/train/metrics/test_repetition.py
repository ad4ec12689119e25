"""Repetition, worked by hand."""

from __future__ import annotations

import pytest

from train.metrics.repetition import longest_loop, repeated


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("a b c d e f g", 0.0),
        # Runs of 4: abcd bcda cdab dabc abcd: one of five was there already.
        ("a b c d a b c d", 0.2),
        ("a a a a a a a a", 0.8),
        ("a b c", 0.0),
        ("", 0.0),
    ],
)
def test_share_of_runs_that_were_there_already(text: str, share: float) -> None:
    assert repeated(text.split()) == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("a b c b c b d", 5),
        ("a a", 2),
        ("rất rất đẹp", 2),
        ("x a b c a b c a b c y", 9),
        ("a b c d", 0),
        ("a b a c", 0),
        ("a b c a b", 0),
        ("a", 0),
        ("", 0),
        ("no no no no yes", 4),
    ],
)
def test_longest_loop(text: str, loop: int) -> None:
    assert longest_loop(text.split()) == loop
