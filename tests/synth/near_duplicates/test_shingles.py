"""Runs of words as numbers: the same everywhere, equal where the words are."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from synth.language.segmentation import words
from synth.near_duplicates.shingles import WordHasher, normalised, runs, shingle_sets

TEXTS = st.lists(st.text(alphabet="ab cđấ,.1 ", max_size=30), max_size=6)


def told(text: str, length: int) -> set[tuple[str, ...]]:
    """The set that the numbers stand for."""
    found = words(text.casefold())
    if not found:
        return set()
    return {tuple(found[start : start + length]) for start in range(max(1, len(found) - length + 1))}


@given(texts=TEXTS, length=st.integers(1, 4))
def test_sets_are_those_of_the_words(texts: list[str], length: int) -> None:
    members, bounds = shingle_sets(*WordHasher()(texts), length)
    sets = [set(members[bounds[i] : bounds[i + 1]].tolist()) for i in range(len(texts))]
    true = [told(text, length) for text in texts]
    assert [len(one) for one in sets] == [len(one) for one in true]
    for i in range(len(texts)):
        for j in range(len(texts)):
            assert len(sets[i] & sets[j]) == len(true[i] & true[j])


@given(texts=TEXTS, length=st.integers(1, 4))
def test_runs_stay_within_their_text(texts: list[str], length: int) -> None:
    _, owners = runs(*WordHasher()(texts), length)
    sizes = [len(words(text)) for text in texts]
    assert owners.tolist() == [i for i, size in enumerate(sizes) for _ in range(size - length + 1)]


def test_accents_and_case_are_told_as_one_writes_them() -> None:
    hasher = WordHasher()
    composed = "Hồ Chí Minh È già"
    for other in (unicodedata.normalize("NFD", composed), composed.upper(), f"  {composed}! "):
        assert hasher([composed])[0].tolist() == hasher([other])[0].tolist()
    # Without accents it is another word in Vietnamese.
    assert hasher(["ma"])[0].tolist() != hasher(["má"])[0].tolist()


def test_normalised_keeps_the_punctuation() -> None:
    assert normalised(" Tre\n\tmorti, DUE feriti. ") == "tre morti, due feriti."
    assert normalised("2+2") != normalised("2-2")


def test_numbers_are_the_same_in_every_process(root: Path) -> None:
    code = "from synth.near_duplicates.shingles import *; print(shingle_sets(*WordHasher()(['Hà Nội è bella', '']), 2))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    members, bounds = shingle_sets(*WordHasher()(["Hà Nội è bella", ""]), 2)
    assert said == {f"{(members, bounds)}\n"}


def test_numbers_are_the_same_in_every_version() -> None:
    hashes, bounds = WordHasher()(["Hà Nội"])
    assert hashes.tolist() == [10448471525316686186, 13385803611715815067]
    assert runs(hashes, bounds, 2)[0].tolist() == [16802817177742766491]
