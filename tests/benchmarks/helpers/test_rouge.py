"""Our ROUGE is rouge_score's on ASCII, and keeps the accents that rouge_score drops."""

from __future__ import annotations

import pytest

from benchmarks.helpers.rouge import rouge

#: rouge_score 0.1.2, no stemmer: F of rouge1, rouge2, rougeL.
RECORDED = [
    ("the cat sat on the mat", "the cat lay on a mat", (0.666667, 0.2, 0.666667)),
    (
        "Police arrested two men on Monday after a fire that destroyed a textile warehouse in Prato",
        "On Monday a fire destroyed a warehouse of textiles; two men were arrested by the police",
        (0.6875, 0.266667, 0.4375),
    ),
    (
        "The mayor said the bridge, closed in 2019, will open again. Works cost 12 million euros.",
        "Closed since 2019, the bridge will open again: works cost 12 million euros, the mayor said.",
        (0.9375, 0.666667, 0.625),
    ),
    ("a b c d e f", "f e d c b a", (1.0, 0.0, 0.166667)),
    ("one two", "three four", (0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("text", "reference", "expected"), RECORDED)
def test_recorded_scores_of_rouge_score(text: str, reference: str, expected: tuple[float, float, float]) -> None:
    assert rouge(text, [reference]) == pytest.approx(expected, abs=1e-6)


def test_accents_part_words() -> None:
    # rouge_score sees "m i ng" in each of them.
    assert rouge("mái nhà", ["mài nhà"])[0] == 0.5
    assert rouge("Tiếng Việt", ["tiếng việt"]) == (1.0, 1.0, 1.0)


def test_several_references_are_averaged() -> None:
    assert rouge("a b", ["a b", "c d"]) == (0.5, 0.5, 0.5)


def test_nothing_scores_nothing() -> None:
    assert rouge("", ["a b"]) == (0.0, 0.0, 0.0)
    assert rouge("a", [""]) == (0.0, 0.0, 0.0)
