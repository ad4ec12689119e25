"""The cache of tokens: found again, made again where anything changed or broke, shared by processes."""

from __future__ import annotations

import json
import multiprocessing
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import train.data.token_cache
from tests.train.data.chat_fixtures import ENGLISH, ITALIAN, several_turns, tokens
from train.data.token_cache import Settings, TokenSet, tokenised
from train.errors import TrainError
from train.styles import style_named
from train.tokenizer import Tokens

AS_IS, LIMITED = Settings(), Settings(max_seq_length=120)


def row(number: int, text: str = ITALIAN) -> dict[str, str]:
    return {"instruction": f"Riassumi {number}.", "input": text, "output": f"Notizia {number}."}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "train.json").write_text(json.dumps([row(number) for number in range(6)]), encoding="utf-8")
    (folder / "val.json").write_text(json.dumps([row(10), row(11)]), encoding="utf-8")
    return folder


def made(export: Path, settings: Settings = AS_IS, style: str = "chatml", cache: str = "cache") -> TokenSet:
    return tokenised(export, style_named(style), tokens(), settings, export.parent / cache)


def rows_of(found: TokenSet, split: str = "train") -> list[list[int]]:
    return [each.tolist() for each in found.splits[split]]


def test_found_again(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(export)
    monkeypatch.setattr(train.data.token_cache, "make", None)
    second = made(export)
    assert (first.cached, second.cached) == (False, True)
    assert rows_of(first) == rows_of(second)
    assert first == replace(second, splits=first.splits)
    assert isinstance(second.splits["train"].tokens.base, np.memmap)


def test_what_decides_the_tokens_is_in_the_key(export: Path) -> None:
    entries = {made(export).folder, made(export).folder}
    assert len(entries) == 1
    for settings in (
        Settings(max_seq_length=120),
        Settings(mask_prompt=False),
        Settings(system="S"),
        Settings(language="it"),
    ):
        entries.add(made(export, settings).folder)
    entries |= {made(export, style=name).folder for name in ("alpaca", "alpaca-it", "chatml-it")}
    entries.add(tokenised(export, style_named("chatml"), tokens(True), Settings(), export.parent / "cache").folder)
    (export / "val.json").write_text(json.dumps([row(12)]), encoding="utf-8")
    entries.add(made(export).folder)
    assert len(entries) == 10


def test_signs_tell_what_is_learnt(export: Path) -> None:
    first = made(export).splits["train"][0]
    assert tokens().decode(first[first >= 0]) == "Notizia 0.<|im_end|>"
    assert f"Riassumi 0.\n\n{ITALIAN}" in tokens().decode(~first[first < 0])
    everything = made(export, Settings(mask_prompt=False)).splits["train"][0]
    assert everything.tolist() == np.where(first < 0, ~first, first).tolist()


def test_counts_are_kept_beside(export: Path) -> None:
    found = made(export, LIMITED)
    assert found.folder is not None
    assert json.loads((found.folder / "counts.json").read_text()) == found.counts
    told = found.counts["train"]
    assert told["used"] == told["rows"] == told["whole"] == 6
    assert told["tokens"] == sum(map(len, found.splits["train"]))
    assert told["labels"] == sum(int((each >= 0).sum()) for each in found.splits["train"])
    assert told["longest"] == found.splits["train"].lengths.max()


@pytest.mark.parametrize("name", ["train.tokens", "val.offsets", "examples.json", "entry.json"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_damaged_entries_are_made_again(export: Path, name: str, damage: str) -> None:
    whole = rows_of(made(export))
    folder = made(export).folder
    assert folder is not None
    data = (folder / name).read_bytes()
    if damage == "gone":
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data[:-1] if damage == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    again = made(export)
    assert not again.cached
    assert rows_of(again) == whole
    assert made(export).cached
    assert [each.name for each in folder.parent.iterdir()] == [folder.name]


def test_no_place_to_write_is_told_and_not_fatal(export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (export.parent / "file").write_text("")
    found = made(export, cache="file/cache")
    assert (found.folder, len(found.splits["train"])) == (None, 6)
    assert "kept in memory" in capsys.readouterr().err
    assert pickle.loads(pickle.dumps(found.splits["train"])).tokens.tolist() == found.splits["train"].tokens.tolist()


def _make(export: Path, start: Any, results: Any) -> None:
    start.wait()
    results.put(rows_of(made(export)))


def test_processes_may_make_the_same_entry(export: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, results = context.Event(), context.Queue()
    processes = [context.Process(target=_make, args=(export, start, results)) for _ in range(4)]
    for process in processes:
        process.start()
    start.set()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert all(each == rows_of(made(export)) for each in found)
    assert made(export).cached
    assert len(list((export.parent / "cache").iterdir())) == 1


def test_rows_travel_to_reader_processes_by_their_file(export: Path) -> None:
    made(export)
    rows = made(export).splits["train"]
    sent = pickle.dumps(rows)
    assert len(sent) < 2000
    assert [each.tolist() for each in pickle.loads(sent)] == [each.tolist() for each in rows]


def test_a_row_seen_in_training_is_no_validation_row(export: Path) -> None:
    (export / "val.json").write_text(json.dumps([row(3), row(11)]), encoding="utf-8")
    found = made(export)
    assert len(found.splits["val"]) == 1
    assert found.counts["val rows left out: their request is in train"] == 1
    (export / "val.json").write_text(json.dumps([row(3)]), encoding="utf-8")
    with pytest.raises(TrainError, match="every validation row is a training row"):
        made(export)


def test_one_file_is_divided_and_told(export: Path) -> None:
    found = tokenised(export / "train.json", style_named("chatml"), tokens(), Settings(val_share=0.3), export.parent)
    assert (len(found.splits["train"]), len(found.splits["val"])) == (4, 2)
    assert found.counts["validation"] == "0.3 of the rows by requests, drawn with seed 42"


def test_nothing_that_fits_names_why(export: Path) -> None:
    with pytest.raises(TrainError, match=r"no row of train can be used .*longer than max_seq_length: 6"):
        made(export, Settings(max_seq_length=20, over_length="drop"))


def test_system_and_language_of_the_recipe(export: Path) -> None:
    chats = [{"messages": several_turns()}, {"messages": [{"role": "system", "content": "Own."}, *several_turns()]}]
    (export / "train.json").write_text(json.dumps(chats), encoding="utf-8")

    def texts(settings: Settings) -> list[str]:
        return [tokens().decode(np.where(each < 0, ~each, each)) for each in made(export, settings).splits["train"]]

    first, second = texts(Settings(system="Given."))
    assert first.startswith("<|im_start|>system\nGiven.<|im_end|>")
    assert second.startswith("<|im_start|>system\nOwn.<|im_end|>")
    assert texts(Settings(language="vi"))[0].startswith("<|im_start|>system\nBạn là")
    assert texts(Settings(language="vi", system=""))[0].startswith("<|im_start|>user")
    assert texts(Settings())[0].startswith("<|im_start|>user"), "unknown language: no system prompt"


def test_examples_are_requests_of_validation(export: Path) -> None:
    asked = [example["messages"][-1]["content"] for example in made(export).examples]
    assert asked == [f"Riassumi {number}.\n\n{ITALIAN}" for number in (10, 11)]
    (export / "val.json").write_text(json.dumps([row(10, ENGLISH * 20), row(11)]), encoding="utf-8")
    assert len(made(export, LIMITED).examples) == 1, "what was dropped is not shown"


def test_a_style_that_does_not_suit_is_told(export: Path) -> None:
    assert made(export).counts["warnings"] == []
    foreign = made(export, Settings(language="fr"), style="alpaca-it").counts["warnings"]
    assert foreign == ["6 rows are in fr, the words of prompt style alpaca-it are not"]
    assert made(export, Settings(language="vi"), style="alpaca-it").counts["warnings"] == []
    assert made(export, Settings(language="it"), style="alpaca").counts["warnings"]

    class Other(Tokens):
        """Another model's tokens: no mark is one of them."""

        bos_id, eos_id, adds_bos, digest = None, 0, False, "other"

        def _encode(self, texts: list[str]) -> list[list[int]]:
            return [[ord(character) for character in text] for text in texts]

    told = tokenised(export, style_named("gemma"), Other(), Settings(), export.parent / "cache").counts["warnings"]
    assert told == ["<end_of_turn> is no token of this model's: prompt style gemma is another model's"]
