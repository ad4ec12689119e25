"""Near texts: every planted copy above the threshold is found, none below it, and the similarity is the true one."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.language.segmentation import words
from synth.near_duplicates.minhash import NearTexts, bands_of

VOCABULARY = [f"{head}{tail}" for head in ("càn", "đi", "so", "mở", "ta", "ri") for tail in range(60)]


def jaccard(one: str, other: str, length: int = 3) -> float:
    """By sets of tuples, without any hashing."""
    first, second = (
        {tuple(w[i : i + length]) for i in range(max(1, len(w) - length + 1))}
        if (w := words(text.casefold()))
        else set()
        for text in (one, other)
    )
    return len(first & second) / len(first | second) if first and second else 0.0


def edited(draw: random.Random, text: list[str], edits: int) -> list[str]:
    """The text with some words replaced, left out or put in."""
    text = list(text)
    for _ in range(edits):
        place = draw.randrange(len(text)) if text else 0
        match draw.randrange(3):
            case 0 if text:
                text[place] = draw.choice(VOCABULARY)
            case 1 if text:
                del text[place]
            case _:
                text.insert(place, draw.choice(VOCABULARY))
    return text


def planted(seed: int, count: int = 12) -> list[str]:
    draw = random.Random(seed)
    texts = [[draw.choice(VOCABULARY) for _ in range(draw.randrange(1, 90))] for _ in range(count)]
    texts += [edited(draw, draw.choice(texts), draw.randrange(0, 12)) for _ in range(2 * count)]
    draw.shuffle(texts)
    return [" ".join(text) for text in texts]


def nearest_of_all(texts: list[str], threshold: float) -> dict[int, tuple[int, float]]:
    """The same rule, each compared with each."""
    kept: list[int] = []
    found: dict[int, tuple[int, float]] = {}
    for row, text in enumerate(texts):
        scores = [(jaccard(text, texts[other]), -turn, other) for turn, other in enumerate(kept)]
        best = max(scores, default=(0.0, 0, 0))
        if best[0] >= threshold:
            found[row] = (best[2], best[0])
        else:
            kept.append(row)
    return found


def nearest_of(texts: list[str], threshold: float) -> dict[int, tuple[int, float]]:
    near = NearTexts(threshold, 3)
    for start in range(0, len(texts), 7):
        near.add(texts[start : start + 7])
    near.close()
    found: dict[int, tuple[int, float]] = {}
    for row in range(len(texts)):
        if hit := near.nearest(row):
            found[row] = tuple(hit)  # type: ignore[assignment]
        else:
            near.keep(row)
    return found


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**9), threshold=st.sampled_from([0.3, 0.5, 0.7, 0.8, 0.95]))
def test_planted_copies(seed: int, threshold: float) -> None:
    texts = planted(seed)
    found = nearest_of(texts, threshold)
    for row, (other, score) in found.items():
        assert score == jaccard(texts[row], texts[other])
        assert score >= threshold
    kept = [row for row in range(len(texts)) if row not in found]
    for place, row in enumerate(kept):
        assert all(jaccard(texts[row], texts[other]) < threshold + 0.05 for other in kept[:place])


def test_as_comparing_each_with_each() -> None:
    for seed in range(30):
        texts = planted(seed)
        assert nearest_of(texts, 0.7) == nearest_of_all(texts, 0.7)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.7, 0.8, 0.9, 1.0])
def test_bands_miss_one_in_a_thousand_at_most(threshold: float) -> None:
    bands, places = bands_of(threshold)
    assert bands * places <= 128
    assert places == 1 or (1 - threshold**places) ** bands <= 1e-3


def test_a_text_without_words_is_near_to_nothing() -> None:
    assert nearest_of(["", "…!", "", "una parola", "", "una parola"], 0.5) == {5: (3, 1.0)}
    assert nearest_of([], 0.5) == {}
    assert nearest_of([""], 0.5) == {}


def test_jaccard_of_nothing_is_nothing() -> None:
    near = NearTexts(0.5, 3)
    near.add(["", "a b c d", ""])
    near.close()
    assert near.jaccard(0, np.array([1, 2])).tolist() == [0.0, 0.0]
    assert near.jaccard(1, np.array([0, 1])).tolist() == [0.0, 1.0]
    assert near.jaccard(1, np.array([], dtype=np.int64)).tolist() == []


def test_the_same_in_every_process(root: Path) -> None:
    code = (
        "from tests.synth.near_duplicates.test_minhash import *; import hashlib; "
        "print(hashlib.sha256(repr([nearest_of(planted(s), .6) for s in range(5)]).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root,
            env={"PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": seed, "PYTHONPATH": str(root)},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
