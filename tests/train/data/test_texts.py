"""Texts of an export or a file, as rows of tokens with an end after each.

Covers train.data.texts and train.data.text_module.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.data.chat_fixtures import ENGLISH, ITALIAN, VIETNAMESE, tokens
from train.data import Text
from train.data.texts import (
    TextSettings,
    documents,
    documents_of,
    read_texts,
    sets_of_texts,
    text_of,
    tokenised_text_sets,
    tokenised_texts,
)
from train.errors import TrainError

TEXTS = [f"Titolo {number}\n\n" + (ITALIAN + " " + VIETNAMESE + " ") * (1 + number % 4) for number in range(20)]


def write(path: Path, texts: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(text if isinstance(text, dict) else {"text": text}) for text in texts)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    write(tmp_path / "export/text/train.jsonl", TEXTS[:16])
    write(tmp_path / "export/text/validation.jsonl", TEXTS[16:])
    return tmp_path / "export"


def texts_of(rows: Any) -> list[str]:
    own = tokens()
    parts = [part for index in range(len(rows)) for part in documents_of(rows[index])]
    return sorted(own.decode([number for number in part if number != own.eos_id]) for part in parts)


def test_an_export_as_rows(export: Path, tmp_path: Path) -> None:
    token_set = tokenised_texts(export, tokens(), TextSettings(512), tmp_path / "cache")
    assert texts_of(token_set.splits["train"]) == sorted(text.strip() for text in TEXTS[:16])
    assert texts_of(token_set.splits["val"]) == sorted(text.strip() for text in TEXTS[16:])
    assert token_set.counts["train"]["used"] == 16
    assert token_set.counts["train"]["tokens"] == token_set.counts["train"]["labels"] + 16
    assert token_set.examples[0]["messages"][0]["content"] == "Titolo 16"
    again = tokenised_texts(export, tokens(), TextSettings(512), tmp_path / "cache")
    assert again.cached
    assert np.array_equal(again.splits["train"].tokens, token_set.splits["train"].tokens)
    other = tokenised_texts(export, tokens(), TextSettings(512, seed=1), tmp_path / "cache")
    assert not other.cached


@pytest.mark.parametrize("adds_bos", [False, True])
def test_a_begin_token_where_the_tokenizer_puts_one(adds_bos: bool) -> None:
    own = tokens(adds_bos)
    (ids,) = documents([ITALIAN], own, Counter())
    assert (ids[0] == own.bos_id) is adds_bos
    assert ids[-1] == own.eos_id
    assert ids.count(own.eos_id) == 1


def test_a_text_with_the_end_token_in_it_is_left_out() -> None:
    counts: Counter[str] = Counter()
    assert len(list(documents([ITALIAN, f"{ITALIAN}<|end|>{ITALIAN}"], tokens(), counts))) == 1
    assert counts["dropped: holds the model's own marks"] == 1


def test_one_file_is_divided_by_its_words(tmp_path: Path) -> None:
    path = write(tmp_path / "all.jsonl", [*TEXTS, *TEXTS])
    first = read_texts(path, 0.3, 1)
    assert sorted(first.train + first.val) == sorted(text.strip() for text in [*TEXTS, *TEXTS])
    assert not set(first.train) & set(first.val)
    assert read_texts(path, 0.3, 1).val == first.val != read_texts(path, 0.3, 2).val


def test_a_held_out_text_of_training_is_left_out(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", TEXTS[:4])
    write(tmp_path / "validation.jsonl", [TEXTS[0].replace(" ", "  "), TEXTS[5]])
    texts = read_texts(tmp_path, 0.1, 1)
    assert texts.val == [TEXTS[5].strip()]
    assert texts.skipped.keys() == {"it is held out, and stands in training"}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"text": " a \n"}, "a"), ({"title": "T", "content": "c"}, "T\n\nc"), ({"content": "c"}, "c"),
        ({"text": "t", "content": "c"}, "t"),
    ],
)  # fmt: skip
def test_the_text_of_a_row(row: dict[str, Any], text: str) -> None:
    assert text_of(row) == text


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"title": "T"}], "no text for train: rows are"),
        ([{"text": " "}], "1: it has no text"),
        (["a \ud800"], "half of a character"),
        ([], "no text for train"),
    ],
)
def test_nothing_to_learn_from(tmp_path: Path, rows: list[Any], message: str) -> None:
    write(tmp_path / "train.jsonl", rows)
    with pytest.raises(TrainError, match=message):
        read_texts(tmp_path, 0.1, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "nowhere"}, "synth export --format text"), ({"packing": "some"}, "data.packing"),
        ({"val_share": 1.0}, "data.val_share"), ({"batching": "packed"}, "data.batching"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(export: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        Text(**{"path": export, **settings})


@pytest.mark.parametrize("length", [None, -1, 4])
def test_rows_need_a_length(export: Path, length: int | None) -> None:
    with pytest.raises(TrainError, match=r"train\.max_seq_length"):
        Text(export).connect(tokens(), 1, length)


@pytest.mark.parametrize("batching", ["grouped", "even", "shuffled"])
def test_batches_hold_every_token_once(export: Path, tmp_path: Path, batching: str) -> None:
    data = Text(export, batching=batching, cache=tmp_path / "cache")
    data.connect(tokens(), 3, 200)
    data.prepare_data()
    data.setup()
    learnt = sum(int((batch["labels"] != -100).sum()) for batch in data.train_dataloader())
    assert learnt == data.counts["train"]["labels"]
    batch = next(iter(data.val_dataloader()))
    where = batch["labels"] != -100
    assert torch.equal(batch["input_ids"][where], batch["labels"][where])
    assert batch["input_ids"].shape[1] <= 200
    assert data.prompt_style.apply(data.test_dataset.data[0]["instruction"]) == "Titolo 16\n\n"


def test_articles_as_they_are_stored_are_texts_too(tmp_path: Path) -> None:
    path = write(tmp_path / "articles.jsonl", [{"title": f"T{n}", "content": ENGLISH * n} for n in range(1, 9)])
    assert len(read_texts(path, 0.3, 3).train) + len(read_texts(path, 0.3, 3).val) == 8


def test_several_weighted_sets(export: Path, tmp_path: Path) -> None:
    """A text that one set learns and another holds out is learnt, and not measured."""
    fresh = [f"{number} {ITALIAN}" for number in range(8)]
    write(tmp_path / "other/train.jsonl", fresh[:6])
    write(tmp_path / "other/validation.jsonl", [*fresh[6:], TEXTS[0]])
    path: list[Any] = [{"path": str(export), "weight": 2, "name": "news"}, {"path": str(tmp_path / "other")}]
    settings, cache = TextSettings(256), tmp_path / "cache"
    own = tokens()
    joined = tokenised_text_sets(sets_of_texts(path), own, settings, cache)
    news = tokenised_texts(export, own, settings, cache)
    rows = len(news.splits["train"])
    first = joined.shares[0]
    assert (first.data_set.name, first.rows, first.a_pass) == ("news", rows, 2 * rows)
    assert joined.counts["skipped"] == {"it is held out, and stands in training": 1}
    learnt = texts_of(joined.splits["train"])
    assert len(joined.splits["val"]) == sum(len(share.val) for share in joined.shares)
    assert sum(text.startswith("5 ") for text in learnt) == 1
    again = tokenised_text_sets(sets_of_texts(path), own, settings, cache)
    assert (again.splits["val"].tokens == joined.splits["val"].tokens).all()
    write(tmp_path / "other/train.jsonl", fresh[:5])
    changed = tokenised_text_sets(sets_of_texts(path), own, settings, cache)
    assert len(changed.splits["train"].tokens) < len(joined.splits["train"].tokens)


def test_the_module_takes_several_sets(export: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [f"{number} {VIETNAMESE}" for number in range(12)])
    data = Text([str(export), {"path": str(other), "weight": 0.5, "val_share": 0.2}], cache=tmp_path / "cache")
    data.connect(tokens(), 2, 200)
    data.prepare_data()
    data.setup()
    assert set(data.val_dataloaders()) == {"export", "other"}
    assert sum(len(batch["input_ids"]) for batch in data.train_dataloader()) == len(data.tokens.mixture)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ([{"path": "x", "mask_prompt": True}], "mask_prompt is no setting of a set of plain texts"),
        ([{"path": "x"}, {"path": "nowhere/y"}], "data set y: nowhere/y does not exist"),
        ([], "an empty list"),
    ],
)
def test_sets_that_make_no_sense(path: list[Any], message: str) -> None:
    with pytest.raises(TrainError, match=message):
        Text(path)
