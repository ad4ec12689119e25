"""The tokenizer `llama` of GGUF gives the ids of SentencePiece itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.models.gguf.gguf_files import NORMAL, UNUSED, USER
from tests.train.models.gguf.pieces import WORDS, processor_of, trained
from train.models.gguf.sentencepiece_bpe import merges_of, sentencepiece_bpe


@pytest.fixture(scope="module")
def vocabulary() -> tuple[list[str], list[float], list[int]]:
    return trained()


@pytest.fixture(scope="module")
def gemma(vocabulary: Any) -> tuple[Any, Any]:
    """(ours, SentencePiece's) without a space before the text."""
    pieces, scores, kinds = vocabulary
    # llama.cpp writes spaces in the user's pieces.
    tokens = [piece.replace("▁", " ") if kind == USER else piece for piece, kind in zip(pieces, kinds, strict=True)]
    return sentencepiece_bpe(tokens, scores, kinds, unknown=3, prefix=False), processor_of(*vocabulary, prefix=False)


PARTS = [*WORDS, *WORDS.split(), "  ", "\n", "<td>", "</td>", "👩", "ắ", "\t", "à", "\x01"]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)


@given(text=TEXTS)
def test_ids_and_texts_are_sentencepieces(text: str, gemma: tuple[Any, Any]) -> None:
    ours, theirs = gemma
    ids = ours.encode(text, add_special_tokens=False).ids
    assert ids == theirs.encode(text)
    assert ours.decode(ids, skip_special_tokens=False) == text


@given(text=st.lists(st.sampled_from([*WORDS, *WORDS.split(), "👩", "ắ", "à"]), max_size=60).map("".join))
def test_with_a_space_before_each_text(text: str, vocabulary: Any) -> None:
    """As Llama 2 has it."""
    plain = [each for each in zip(*vocabulary, strict=True) if each[2] != USER]
    pieces, scores, kinds = ([each[at] for each in plain] for at in range(3))
    ours = sentencepiece_bpe(pieces, scores, kinds, unknown=3, prefix=True)
    theirs = processor_of(pieces, scores, kinds, prefix=True)
    ids = ours.encode(text, add_special_tokens=False).ids
    assert ids == theirs.encode(text)
    assert ours.decode(ids, skip_special_tokens=False) == text


def test_known_splits(gemma: tuple[Any, Any]) -> None:
    ours, _ = gemma
    assert ours.encode("Il presidente   de\n\n<td>").tokens == ["Il", "▁presidente", "▁▁▁", "de", "\n\n", "<td>"]
    assert ours.encode(" " * 9).tokens == ["▁▁▁▁", "▁▁▁▁", "▁"]
    assert ours.encode("<s>a</s>").tokens == ["<s>", "a", "</s>"]
    assert ours.encode("ồ").tokens == ["<0xE1>", "<0xBB>", "<0x93>"]


def test_merges_follow_the_scores_and_not_the_places_of_the_pieces() -> None:
    pieces = ["c", "b", "a", "bc", "ab", "abc", "x"]
    kinds = [NORMAL] * 6 + [UNUSED]
    merges = merges_of(pieces, [0, 0, 0, -2.0, -1.0, -3.0, 0], kinds)
    assert merges == [("a", "b"), ("b", "c"), ("a", "bc"), ("ab", "c")]
