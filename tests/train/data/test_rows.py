"""The border of rows: what other people's sets hold is read as it is meant, or refused by name; for Chat and Pairs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.data.chat_fixtures import tokens
from train.data.conversations import conversation_of, divide, pair_of, read_pairs, read_splits, unseen
from train.data.encode import encode
from train.data.rows import RowError, checked, is_learnt
from train.errors import TrainError
from train.styles import STYLES, style_named

NAN = float("nan")


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_nan_is_null_at_every_depth(tmp_path: Path) -> None:
    line = '{"question": "Chi?", "context": NaN, "answer": "Io.", "language": NaN, "system": NaN, "event": NaN}'
    (chat,) = read_splits(write(tmp_path / "rows.jsonl", line))["train"]
    assert [turn["content"] for turn in chat.messages] == ["Chi?", "Io."]
    assert (chat.language, chat.group) == ("", "")
    pair = pair_of(checked({"prompt": "Chi?", "chosen": "Io.", "rejected": "Tu.", "language": NAN, "id": NAN}))
    assert (pair.language, pair.id != "nan") == ("", True)
    assert checked({"a": [{"b": NAN}], "c": (NAN, 1)}) == {"a": [{"b": None}], "c": [None, 1]}


def test_nan_of_pandas_in_parquet(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"instruction": ["A?", "B?"], "input": [NAN, NAN], "output": ["a", "b"], "date": [pd.NaT] * 2})
    frame.to_parquet(tmp_path / "rows.parquet")
    chats = read_splits(tmp_path / "rows.parquet")["train"]
    assert [chat.messages[0]["content"] for chat in chats] == ["A?", "B?"]


def test_an_answer_that_is_nan_is_none(tmp_path: Path) -> None:
    rows = '{"instruction": "A?", "output": NaN}\n{"instruction": "B?", "output": "b"}'
    splits = read_splits(write(tmp_path / "rows.jsonl", rows))
    assert len(splits["train"]) == sum(map(len, splits.skipped.values())) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", ["lines", "list"])
def test_a_byte_order_mark_is_read(encoding: str, form: str, tmp_path: Path) -> None:
    row = {"instruction": "Perché?", "output": "Così."}
    text = json.dumps([row], ensure_ascii=False) if form == "list" else json.dumps(row, ensure_ascii=False) + "\r\n"
    (chat,) = read_splits(write(tmp_path / "rows.json", text, encoding))["train"]
    assert [turn["content"] for turn in chat.messages] == ["Perché?", "Così."]
    marked = checked({"\ufeffinstruction": "\ufeffA?", "output": "a"})
    assert marked == {"instruction": "A?", "output": "a"}


def test_half_characters_are_counted_and_named(tmp_path: Path) -> None:
    rows = [{"instruction": "A?", "output": "a \ud83d"}, {"instruction": "B?", "output": "b 😀"}]
    splits = read_splits(write(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, rows))))
    assert splits.skipped == {"a text holds half of a character (a lone surrogate)": [f"{tmp_path / 'rows.jsonl'}:1"]}
    assert [chat.messages[-1]["content"] for chat in splits["train"]] == ["b 😀"]
    pairs = [{"prompt": "A?", "chosen": "a", "rejected": "\udfff"}, {"prompt": "B?", "chosen": "b", "rejected": "c"}]
    read = read_pairs(write(tmp_path / "pairs.jsonl", "\n".join(map(json.dumps, pairs))))
    assert (len(read["train"]), len(read.skipped)) == (1, 1)


def weighted(*weights: Any) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for number, weight in enumerate(weights):
        turns.append({"role": "user", "content": f"Domanda {number}?"})
        turns.append(
            {"role": "assistant", "content": f"Risposta {number}."} | ({} if weight == "" else {"weight": weight})
        )
    return turns


@pytest.mark.parametrize("name", sorted(STYLES))
@pytest.mark.parametrize("form", ["messages", "conversations"])
def test_weight_0_is_not_learnt(name: str, form: str) -> None:
    style, tokenizer = style_named(name), tokens()
    plain = encode(conversation_of(checked({"messages": weighted("", "", "")})), style, tokenizer)[0]
    (row,) = encode(conversation_of(checked({form: weighted(0, None, False)})), style, tokenizer)
    assert row.ids == plain.ids
    assert row.learnt == [plain.learnt[1]]
    assert row.ignored == [plain.learnt[0], plain.learnt[2]]
    learnt = {place for start, end in row.all_but_ignored for place in range(start, end)}
    ignored = {place for start, end in row.ignored for place in range(start, end)}
    assert learnt | ignored == set(range(len(row.ids)))
    assert not learnt & ignored


def test_weight_0_holds_where_a_chat_is_split() -> None:
    style, counts = style_named("chatml"), Counter[str]()
    chat = conversation_of({"messages": weighted(1, 0, 1)})
    longest = len(encode(conversation_of({"messages": weighted(1, 1)}), style, tokens())[0].ids)
    parts = encode(chat, style, tokens(), max_seq_length=longest, over_length="split", counts=counts)
    assert counts["split"] == 1
    assert [len(part.learnt) for part in parts] == [1, 1]
    assert [len(part.ignored) for part in parts] == [1, 0]


@pytest.mark.parametrize("weight", [0.5, -1, "half", [1]])
def test_other_weights_are_refused_by_name(weight: Any) -> None:
    with pytest.raises(RowError, match="weight is neither 0 nor 1"):
        conversation_of({"messages": weighted(weight)})
    assert is_learnt({"weight": "1"})
    assert not is_learnt({"weight": "0"})


def test_the_developers_role_is_the_systems() -> None:
    turns = [{"role": "developer", "content": "Sii breve."}, *weighted("")]
    assert conversation_of({"messages": turns}).messages[0] == {"role": "system", "content": "Sii breve."}
    assert pair_of({"messages": turns[:2], "chosen": "a", "rejected": "b"}).messages[0]["role"] == "system"


@pytest.mark.parametrize(("answer", "text"), [(0, "0"), (42, "42"), (3.5, "3.5")])
def test_numbers_are_answers(answer: Any, text: str) -> None:
    for row in ({"instruction": "6 x 7?", "output": answer}, {"question": "6 x 7?", "answer": answer}):
        assert conversation_of(checked(row)).messages[-1]["content"] == text
    assert pair_of({"prompt": "6 x 7?", "chosen": answer, "rejected": 41}).chosen == text
    from train.generate.prompts import request_in

    assert request_in({"question": "6 x 7?", "answer": answer}).reference == text


def test_one_request_may_have_many_answers() -> None:
    rows = [
        conversation_of({"instruction": "Scrivi una notizia.", "output": f"Notizia {number}."}) for number in range(10)
    ]
    train, val, _ = divide(rows, 0.2, 1)
    assert (len(train), len(val)) == (8, 2)
    assert unseen(val, train) == val
    with pytest.raises(TrainError, match="training row too"):
        unseen(train[:2], train)


def test_pairs_of_validation_that_training_has_are_left_out(tmp_path: Path) -> None:
    pairs = [pair_of({"prompt": f"{number}?", "chosen": "sì", "rejected": "no"}) for number in range(4)]
    assert unseen(pairs[2:], pairs[:3]) == pairs[3:]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=12,
)  # fmt: skip
keys = st.sampled_from(["messages", "conversations", "instruction", "input", "output", "prompt", "chosen", "rejected"])


@given(st.dictionaries(keys | st.text(max_size=4), values, max_size=6))
def test_a_row_is_read_or_refused_by_name(row: dict[str, Any]) -> None:
    for parse in (conversation_of, pair_of):
        try:
            read = parse(checked(row))
        except RowError:
            continue
        assert all(turn["content"].strip() for turn in read.messages if turn["role"] == "user")
        "".join(turn["content"] for turn in read.messages).encode()
