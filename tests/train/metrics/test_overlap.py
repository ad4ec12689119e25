"""ROUGE and chrF: hand-worked, and beside rouge_score and sacrebleu."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.metrics.overlap import chrf, longest_common, rouge
from train.metrics.words import words

#: rouge_score 0.1.2 without stemmer (F of rouge1, rouge2, rougeL) and sacrebleu 2.6.0 (sentence chrF2).
RECORDED = [
    ("the cat lay on a mat", "the cat sat on the mat", (0.666667, 0.2, 0.666667), 34.062934),
    (
        "On Monday a fire destroyed a warehouse of textiles; two men were arrested by the police",
        "Police arrested two men on Monday after a fire that destroyed a textile warehouse in Prato",
        (0.6875, 0.266667, 0.4375), 56.568831,
    ),
    (
        "Closed since 2019, the bridge will open again: works cost 12 million euros, the mayor said.",
        "The mayor said the bridge, closed in 2019, will open again. Works cost 12 million euros.",
        (0.9375, 0.666667, 0.625), 71.379405,
    ),
    ("f e d c b a", "a b c d e f", (1.0, 0.0, 0.166667), 16.666667),
    ("one two", "three four", (0.0, 0.0, 0.0), 5.952381),
    ("", "three four", (0.0, 0.0, 0.0), 0.0),
]  # fmt: skip
ASCII = st.lists(st.sampled_from("The mayor of Prato said, on Monday: fire 12 2019.".split()), max_size=25).map(
    " ".join
)


@pytest.mark.parametrize(("answer", "reference", "rouges", "chrf2"), RECORDED)
def test_recorded_scores(answer: str, reference: str, rouges: tuple[float, ...], chrf2: float) -> None:
    assert tuple(rouge(words(answer), words(reference)).values()) == pytest.approx(rouges, abs=1e-6)
    assert chrf(answer, reference) == pytest.approx(chrf2, abs=1e-6)


@settings(deadline=None)
@given(ASCII, ASCII)
def test_rouge_score_agrees_on_ascii(answer: str, reference: str) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer", reason="rouge_score is not installed")
    found = scorer.RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, answer)
    expected = {name: score.fmeasure for name, score in found.items()}
    assert rouge(words(answer), words(reference)) == pytest.approx(expected)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_sacrebleu_agrees_on_everything(answer: str, reference: str) -> None:
    metrics = pytest.importorskip("sacrebleu.metrics", reason="sacrebleu is not installed")
    answer, reference = (unicodedata.normalize("NFC", text) for text in (answer, reference))
    assert chrf(answer, reference) == pytest.approx(metrics.CHRF().sentence_score(answer, [reference]).score)


def test_accents_part_words() -> None:
    # rouge_score sees "m i nh" in each of them.
    assert rouge(words("mái nhà"), words("mài nhà"))["rouge1"] == 0.5
    assert rouge(words("Tiếng Việt"), words("tiếng việt")) == {"rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0}


def test_a_vietnamese_pair_worked_by_hand() -> None:
    answer, reference = "Bão số 3 đổ bộ Quảng Ninh", "Bão số 3 đã đổ bộ vào Quảng Ninh"
    # 7 of 7 and of 9 syllables; pairs 4 of 6 and of 8: bão số, số 3, đổ bộ, quảng ninh.
    expected = {"rouge1": 2 * 7 / 16, "rouge2": 2 * 4 / 14, "rougeL": 2 * 7 / 16}
    assert rouge(words(answer), words(reference)) == pytest.approx(expected)
    split = unicodedata.normalize("NFD", answer)
    assert rouge(words(split), words(reference)) == pytest.approx(expected)
    assert chrf(split, reference) == chrf(answer, reference)


@settings(deadline=None)
@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_longest_common_subsequence_by_trying_all(left: str, right: str) -> None:
    def holds(part: tuple[str, ...]) -> bool:
        letters = iter(right)
        return all(letter in letters for letter in part)

    sizes = range(len(left), -1, -1)
    best = next(size for size in sizes if any(holds(part) for part in itertools.combinations(left, size)))
    assert longest_common(list(left), list(right)) == best
