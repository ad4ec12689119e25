"""chrF is sacrebleu's, and what comes back is compared with what was sent."""

from __future__ import annotations

import pytest
import sacrebleu

from synth.embed import load_embedder
from synth.translation.round_trip import UNRELATED, chrf, cosine

SOURCE = "The mayor opened the bridge on Monday, after two years of work."


@pytest.mark.parametrize(
    "text",
    [SOURCE, "On Monday the mayor opened the bridge after two years.", "Il ponte è aperto.", "Hôm nay trời mưa.", "a"],
)
def test_chrf_is_that_of_sacrebleu(text: str) -> None:
    assert chrf(text, SOURCE) == pytest.approx(sacrebleu.sentence_chrf(text, [SOURCE]).score, abs=1e-6)


def test_what_came_back_is_told_from_what_did_not() -> None:
    back = "The mayor opened the bridge on a Monday after two years of works."
    other = "Add flour and water, stir it well and let it rest."
    assert chrf(back, SOURCE) > 70 > UNRELATED > chrf(other, SOURCE)
    embedder = load_embedder("tfidf")
    assert cosine(back, SOURCE, embedder) > 0.5 > cosine(other, SOURCE, embedder)
    assert chrf("", SOURCE) == 0
