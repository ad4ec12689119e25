"""Rows of the Hugging Face backend: what a batch holds, in which order, and that pairs share their prompt.

Covers train.huggingface.pairs, train.huggingface.rows.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.data.encode import IGNORE, Conversation, Encoded, tokenizer_of
from train.huggingface.pairs import encode_pair
from train.huggingface.rows import Order, Rows, collate, unit_of
from train.styles import style_named

ROWS = Rows.of([Encoded([5, 6, 7], [(1, 3)]), Encoded([1, 2], [(1, 2)]), Encoded([9, 8, 7, 6], [(2, 4)])])


def test_rows_give_back_what_they_were_made_of() -> None:
    assert len(ROWS) == 3
    assert ROWS.lengths == [3, 2, 4]
    ((ids, labels),) = ROWS[2]
    assert ids.tolist() == [9, 8, 7, 6]
    assert labels.tolist() == [IGNORE, IGNORE, 7, 6]
    assert ROWS.digest() != Rows.of([Encoded([5, 6, 7], [(0, 3)])]).digest()


def test_a_batch_is_padded_at_the_end() -> None:
    batch = collate([ROWS[0], ROWS[1]], pad=3)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [1, 2, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["labels"].tolist() == [[IGNORE, 6, 7], [IGNORE, 2, IGNORE]]


def test_pairs_are_two_sequences() -> None:
    pairs = Rows.of([Encoded([5, 6], [(1, 2)]), Encoded([5, 7, 8], [(1, 3)])], each=2)
    assert pairs.lengths == [3]
    batch = collate([pairs[0]])
    assert batch["chosen_labels"].tolist() == [[IGNORE, 6]]
    assert batch["rejected_input_ids"].tolist() == [[5, 7, 8]]


def test_no_rows_at_all() -> None:
    assert len(Rows.of([])) == 0
    assert Rows.of([]).batches(2, 3) == []


@given(st.lists(st.integers(1, 500), min_size=1, max_size=80), st.integers(1, 5), st.integers(0, 3))
def test_every_row_once_an_epoch(lengths: list[int], batch: int, epoch: int) -> None:
    order = Order(lengths, batch, batch * 2, seed=1)
    order.set_epoch(epoch)
    drawn = list(order)
    assert sorted(drawn) == list(range(len(lengths)))
    assert drawn == list(order)


def test_grouped_rows_need_less_padding_and_other_epochs_another_order() -> None:
    lengths = [(number * 197) % 499 + 1 for number in range(400)]

    def padding(order: Order) -> int:
        drawn = list(order)
        batches = [drawn[at : at + 4] for at in range(0, len(drawn), 4)]
        return sum(max(lengths[row] for row in batch) * len(batch) for batch in batches) - sum(lengths)

    grouped, shuffled = Order(lengths, 4, 8, 1), Order(lengths, 4, 8, 1, grouped=False)
    assert padding(grouped) < 0.1 * padding(shuffled)
    first = list(grouped)
    assert lengths[max(first[:4], key=lambda row: lengths[row])] == max(lengths)
    grouped.set_epoch(1)
    assert list(grouped) != first


@pytest.mark.parametrize(
    ("micro", "step", "unit"), [(1, 16, 8), (2, 16, 8), (8, 64, 8), (1, 4, 4), (3, 12, 3), (16, 64, 16), (1, 5, 1)]
)
def test_micro_batches_that_fit_share_their_units(micro: int, step: int, unit: int) -> None:
    assert unit_of(micro, step) == unit


@pytest.fixture(scope="module")
def bloom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("rows") / "bloom"
    make_tiny("bloom-7b1", [ITALIAN, VIETNAMESE], folder)
    return folder


def chats(given: str, *answers: str) -> list[Conversation]:
    asked = {"role": "user", "content": f"Riassumi.\n\n{given}", "input": given}
    return [Conversation([asked, {"role": "assistant", "content": answer}]) for answer in answers]


@pytest.mark.parametrize("answers", [(ITALIAN, VIETNAMESE * 3), (ITALIAN * 3, VIETNAMESE)])
def test_both_answers_follow_one_prompt_even_where_it_is_cut(bloom: Path, answers: tuple[str, str]) -> None:
    tokens, style, counts = tokenizer_of(bloom), style_named("alpaca-it"), Counter[str]()
    free = encode_pair(chats(ITALIAN * 20, *answers), style, tokens, 10_000, "cut", counts)
    assert free is not None
    longest = max(len(row.ids) for row in free) - 60
    pair = encode_pair(chats(ITALIAN * 20, *answers), style, tokens, longest, "cut", counts)
    assert pair is not None
    assert counts == {"whole": 1, "cut": 1}
    prompts = [row.ids[: row.learnt[0][0]] for row in pair]
    assert prompts[0] == prompts[1]
    assert len(prompts[0]) < free[0].learnt[0][0]
    assert max(len(row.ids) for row in pair) <= longest
    assert [row.ids[row.learnt[0][0] :] for row in pair] == [row.ids[row.learnt[0][0] :] for row in free]


def test_a_pair_too_long_is_dropped_and_counted(bloom: Path) -> None:
    counts = Counter[str]()
    found = encode_pair(
        chats(ITALIAN, ITALIAN, VIETNAMESE), style_named("plain"), tokenizer_of(bloom), 20, "drop", counts
    )
    assert found is None
    assert counts == {"dropped: longer than max_seq_length": 1}


def test_only_the_last_answer_is_compared(bloom: Path) -> None:
    earlier = [{"role": "user", "content": "Ciao"}, {"role": "assistant", "content": "Buongiorno"}]
    several = [Conversation([*earlier, *chat.messages]) for chat in chats("Testo.", ITALIAN, VIETNAMESE)]
    tokens = tokenizer_of(bloom)
    pair = encode_pair(several, style_named("chatml"), tokens, 10_000, "cut", Counter())
    assert pair is not None
    assert [len(row.learnt) for row in pair] == [1, 1]
    assert "Buongiorno" not in tokens.decode(pair[0].ids[pair[0].learnt[0][0] :])
    assert ITALIAN.strip() in tokens.decode(pair[0].ids[pair[0].learnt[0][0] :])
