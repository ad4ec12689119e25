"""Documents in rows: every token once, documents whole where they fit, labels within one document.

Covers train.data.packing and, of train.data.texts, `packed_rows`.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.data.packing import pack, pieces, position_ids, signed
from train.data.texts import TextSettings, documents_of, packed_rows

LENGTHS = st.integers(3, 40)
DOCUMENTS = st.lists(st.integers(2, 150), min_size=1, max_size=40)


def document(number: int, length: int) -> list[int]:
    """Tokens that tell their document and place; the end token is 0."""
    return [1 + number * 1000 + place for place in range(length - 1)] + [0]


@given(DOCUMENTS, LENGTHS, st.integers(0, 3), st.sampled_from(["documents", "none"]))
def test_no_token_is_lost_or_doubled(lengths: list[int], row: int, seed: int, packing: str) -> None:
    texts = [document(number, length) for number, length in enumerate(lengths)]
    rows = packed_rows(texts, TextSettings(row, packing, seed=seed), Counter())
    parts = [part for index in range(len(rows)) for part in documents_of(rows[index])]
    assert sorted(token for part in parts for token in part) == sorted(token for text in texts for token in text)
    assert all(len(part) >= 2 for part in parts)
    assert all(2 <= length <= row for length in rows.lengths)
    # Put together in their order, the pieces are the documents.
    by_document: dict[int, list[list[int]]] = {}
    for part in parts:
        by_document.setdefault((part[0] - 1) // 1000, []).append(part)
    joined = {number: sorted(own) for number, own in by_document.items()}
    assert [[token for part in joined[number] for token in part] for number in range(len(texts))] == texts


@given(DOCUMENTS, LENGTHS, st.integers(0, 3))
def test_labels_stay_within_a_document(lengths: list[int], row: int, seed: int) -> None:
    rows = packed_rows(
        [document(n, length) for n, length in enumerate(lengths)], TextSettings(row, seed=seed), Counter()
    )
    for index in range(len(rows)):
        tokens, before = rows[index], 0
        for part in documents_of(tokens):
            own = tokens[before : before + len(part)]
            assert own[0] < 0, "the first token follows nothing of its own"
            assert (own[1:] >= 0).all()
            before += len(part)
        assert before == len(tokens)
        # LitGPT is told a document's end by its last token: a piece without it fills its row.
        assert all(part[-1] == 0 for part in documents_of(tokens)[:-1])


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(30, 40), st.integers(0, 5))
def test_every_piece_is_in_one_row_and_every_row_holds_it(lengths: list[int], capacity: int, seed: int) -> None:
    rows = pack(lengths, capacity, seed)
    assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[number] for number in row) <= capacity for row in rows)
    # Best fit: no two rows could be one.
    sums = sorted(sum(lengths[number] for number in row) for row in rows)
    assert len(sums) < 2 or sums[0] + sums[1] > capacity
    assert rows == pack(lengths, capacity, seed)


def test_the_seed_decides_who_shares_a_row() -> None:
    lengths = [10] * 40
    assert pack(lengths, 20, 1) != pack(lengths, 20, 2)


def test_little_is_padding() -> None:
    draw = np.random.default_rng(0)
    lengths = draw.integers(40, 900, 2000).tolist()
    assert sum(lengths) / (len(pack(lengths, 1024)) * 1024) > 0.97


@pytest.mark.parametrize(("ids", "length"), [([1], 8), ([1, 2, 3], 2), ([], 8)])
def test_what_cannot_be_a_row(ids: list[int], length: int) -> None:
    with pytest.raises(ValueError, match="two at least"):
        pieces(ids, length)
    with pytest.raises(ValueError, match="a row takes 4"):
        pack([5], 4)


def test_positions_begin_anew_with_each_document_and_padding_stands_alone() -> None:
    labels = torch.tensor([[-100, 5, 6, -100, 7, -100, -100], [-100, 1, 2, 3, 4, 5, 6]])
    assert position_ids(labels).tolist() == [[0, 1, 2, 0, 1, 0, 0], [0, 1, 2, 3, 4, 5, 6]]


def test_signed_ids() -> None:
    assert signed([[5, 6], [7]]).tolist() == [~5, 6, ~7]
    assert signed([]).tolist() == []
