"""Every format of `synth export`, loaded with what people load it with.

Covers synth.export.arrow_schema, synth.export.files, synth.export.formats.*.
"""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.__main__ import main
from synth.export import files
from synth.export.arrow_schema import COLUMNS, DESCRIPTIONS, column_row, convert
from synth.export.files import JsonFile
from synth.export.formats import formats
from synth.export.formats.alpaca import alpaca_row
from synth.export.formats.openai import messages_of
from synth.export.formats.sharegpt import sharegpt_row
from synth.samples.schema import sample_fields
from tests.synth.export.test_command import bytes_of, manifest, sample
from tests.synth.export.test_command import store as store_fixture

store = store_fixture
SAMPLE_FORMATS = [name for name, row in formats().items() if not row.articles]
#: What has broken readers before: line ends of Unicode, NUL, quotes, emoji with joiners, right-to-left text.
ODD = (
    'Riga\u2028due\u2029tre\x85quattro\x0b\x0c\x1c "citazione" \\ \x00 nulla\r\nTiếng Việt '
    + unicodedata.normalize("NFC", "Đà Nẵng ưu ơ ặ ễ")
    + " 👩‍👩‍👧‍👦 🗞️ 🇻🇳 مرحبا <|im_end|> [/INST] ```"
)
TURNS = [{"role": "user", "content": "Chi ha vinto?"}, {"role": "assistant", "content": "Nessuno, finora."}]


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`datasets` without a network, with a cache of its own."""
    module = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(module.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(module.config, "HF_DATASETS_OFFLINE", True, raising=False)
    cache = tmp_path / "cache"
    return lambda *words, **more: module.load_dataset(*words, cache_dir=str(cache), **more)


@pytest.fixture
def odd(store: Any) -> Any:
    """20 samples, some of them hard to carry: odd signs, long texts, a system message, earlier turns, no sources."""
    for number, change in {
        1: {"question": f"{ODD}?", "instruction": "", "answer": ODD}, 2: {"history": TURNS},
        3: {"system": "Sei un giornalista."}, 4: {"history": TURNS, "system": "Rispondi in italiano."},
        5: {"answer": "parola 🗞️ " * 250_000}, 6: {"sources": [], "tags": []},
        7: {"history": [{"role": "system", "content": "Breve."}, *TURNS]},
    }.items():  # fmt: skip
        store.samples.update_one({"event": f"event{number}"}, {"$set": change})
    return store


def lines(name: str) -> list[dict[str, Any]]:
    text = Path("export", name).read_text(encoding="utf-8")
    # What splits at every line end of Unicode gets the same rows.
    assert text.splitlines() == text.removesuffix("\n").split("\n")
    return [json.loads(line) for line in text.splitlines()]


def by_answer(database: Any) -> dict[str, dict[str, Any]]:
    return {row["answer"].strip(): row for row in database.samples.find()}


@pytest.mark.parametrize("name", ["alpaca", "sharegpt", "openai"])
def test_json_lines_and_parquet_hold_the_same_rows(odd: Any, datasets: Any, name: str) -> None:
    assert main(["export", "--format", name, "--format", f"{name}-parquet"]) == 0
    kept = 17 if name == "alpaca" else 20
    told = lines(f"{name}.jsonl")
    from_json = datasets("json", data_files=f"export/{name}.jsonl", split="train")
    from_parquet = datasets("parquet", data_files=f"export/{name}.parquet", split="train")
    assert from_json.to_list() == from_parquet.to_list() == told
    assert len(told) == kept
    assert manifest()["files"][f"{name}.parquet"]["rows"] == kept


def test_chat_rows_hold_the_whole_conversation(odd: Any) -> None:
    assert main(["export", "--format", "openai", "--format", "sharegpt"]) == 0
    stored = by_answer(odd)
    for row in lines("openai.jsonl"):
        messages = row["messages"]
        origin = stored[messages[-1]["content"]]
        said = [turn["role"] for turn in messages if turn["role"] != "system"]
        assert said == ["user", "assistant"] * (len(said) // 2)
        assert messages[-2]["content"] == origin["question"].strip()
        assert len(said) == 2 + len([turn for turn in origin["history"] if turn["role"] != "system"])
        assert all(set(turn) == {"role", "content"} and turn["content"] for turn in messages)
    systems = [row["messages"][0]["content"] for row in lines("openai.jsonl") if row["messages"][0]["role"] == "system"]
    assert sorted(systems) == ["Breve.", "Rispondi in italiano.", "Sei un giornalista."]
    names = {"system": "system", "human": "user", "gpt": "assistant"}
    for chat, turned in zip(lines("openai.jsonl"), lines("sharegpt.jsonl"), strict=True):
        assert chat["messages"] == [
            {"role": names[turn["from"]], "content": turn["value"]} for turn in turned["conversations"]
        ]


def test_several_turns_are_left_out_where_a_row_holds_one(odd: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--format", "alpaca", "--format", "openai", "--format", "litgpt"]) == 0
    assert manifest()["left_out"] == {}
    assert manifest()["left_out_of"] == {"alpaca": {"several_turns": 3}, "litgpt": {"several_turns": 3}}
    files = manifest()["files"]
    assert files["alpaca.jsonl"]["rows"] == 17
    assert files["litgpt/train.json"]["rows"] + files["litgpt/val.json"]["rows"] == 17
    assert files["openai.jsonl"]["rows"] == files["sources.jsonl"]["rows"] == 20
    assert "not in alpaca, which has no place for them: 3" in capsys.readouterr().err
    assert main(["export", "--format", "alpaca", "--format", "litgpt"]) == 0
    assert manifest()["left_out"] == {"several_turns": 3}
    assert manifest()["left_out_of"] == {}


@pytest.mark.parametrize(
    "history",
    [
        TURNS[:1], TURNS[::-1], [*TURNS, TURNS[0]], [{"role": "tool", "content": "{}"}, TURNS[1]],
        [TURNS[0], {"role": "assistant", "content": " "}], [TURNS[0], {"role": "assistant"}], ["Chi?", "Io."],
        [*TURNS, {"role": "system", "content": "Breve."}, *TURNS], [TURNS[0], {"role": "assistant", "content": 3}],
    ],
)  # fmt: skip
def test_a_history_that_is_no_conversation_is_left_out(store: Any, history: list[Any]) -> None:
    store.samples.update_one({"event": "event3"}, {"$set": {"history": history}})
    assert main(["export", "--format", "openai"]) == 0
    assert manifest()["left_out"] == {"broken_history": 1}
    assert len(lines("openai.jsonl")) == 19


def test_the_dataset_folder(odd: Any, datasets: Any) -> None:
    words = ["export", "--format", "huggingface", "--test-fraction", "0.1"]
    assert main(words) == 0
    loaded = datasets("export/huggingface")
    counts = manifest()["counts"]
    assert {name: len(rows) for name, rows in loaded.items()} == {
        name: counts[name]["rows"] for name in ("train", "validation", "test")
    }
    stored = {row["key"]: row for row in odd.samples.find()}
    seen = [row for rows in loaded.values() for row in rows]
    assert {row["key"] for row in seen} == set(stored)
    for row in seen:
        origin = stored[row["key"]]
        assert list(row) == list(COLUMNS)
        assert row["messages"] == messages_of(origin)
        assert row["answer"] == origin["answer"]
        assert row["date"] == origin["date"]
        assert [source["link"] for source in row["sources"]] == [source["link"] for source in origin["sources"]]
        assert row["min_similarity"] == origin["min_similarity"]
        assert row["accuracy"] is row["contaminated"] is row["toxicity_calibrated"] is None
    good = loaded["train"].filter(lambda row: (row["min_similarity"] or 0) > 0.3 and row["unsupported"] is None)
    assert 0 < len(good) < len(loaded["train"])


def test_a_dataset_folder_in_shards(store: Any, datasets: Any) -> None:
    words = ["export", "--format", "huggingface", "--shard-rows"]
    assert main([*words, "5"]) == 0
    first = {path.name for path in Path("export/huggingface/data").iterdir()}
    assert first == {f"train-{i:05}-of-00004.parquet" for i in range(4)} | {"validation-00000-of-00001.parquet"}
    one = datasets("export/huggingface")["train"].to_list()
    assert main([*words, "7"]) == 0
    assert {path.name for path in Path("export/huggingface/data").iterdir()} == {
        *(f"train-{i:05}-of-00003.parquet" for i in range(3)), "validation-00000-of-00001.parquet"
    }  # fmt: skip
    assert datasets("export/huggingface")["train"].to_list() == one
    # What a kill between two renames could leave does not count.
    stray = Path("export/huggingface/data/train-00003-of-00004.parquet")
    stray.write_bytes(b"")
    assert datasets("export/huggingface", download_mode="force_redownload")["train"].num_rows == len(one)
    assert main([*words, "7"]) == 0
    assert not stray.exists()
    assert main(["export", "--format", "alpaca"]) == 0
    assert not Path("export/huggingface").exists()


@pytest.mark.parametrize(("name", "most"), [("_GROUP_ROWS", 3), ("_GROUP_CHARACTERS", 500)])
def test_row_groups_bound_the_memory(store: Any, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    monkeypatch.setattr(files, name, most)
    assert main(["export", "--format", "openai-parquet", "--format", "openai"]) == 0
    file = parquet.ParquetFile("export/openai.parquet")
    assert max(file.metadata.row_group(place).num_rows for place in range(file.num_row_groups)) <= 3
    assert file.read().to_pylist() == lines("openai.jsonl")


def test_fields_that_are_not_there(store: Any, datasets: Any) -> None:
    """As rows of another hand, or of an older version, may be."""
    names = ("instruction", "system", "history", "tags", "sources", "date", "event", "provenance", "status", "language")
    store.samples.update_one({"event": "event1"}, {"$unset": dict.fromkeys(names, "")})
    store.samples.update_one({"event": "event2"}, {"$set": dict.fromkeys(names, None)})
    store.samples.update_one({"event": "event3"}, {"$set": {"date": "3 maggio", "sources.0.link": None}})
    assert main(["export", *(word for name in SAMPLE_FORMATS for word in ("--format", name))]) == 0
    assert sum(len(rows) for rows in datasets("export/huggingface").values()) == 20


def test_one_event_alone_makes_a_folder_without_validation(store: Any, datasets: Any) -> None:
    store.samples.delete_many({"event": {"$ne": "event1"}})
    assert main(["export", "--format", "huggingface"]) == 0
    assert {name: len(rows) for name, rows in datasets("export/huggingface").items()} == {"train": 1}


def test_scores_of_every_kind_come_through(store: Any, datasets: Any) -> None:
    scored = {
        "similarity": [0.5, 0.7], "unsupported": ["12 milioni"], "unsupported_kinds": ["number"],
        "sentence_sources": [0, None, 1], "sentence_support": [0.9, 0.1, 1.0], "toxicity": 0.01, "obscene": None,
        "toxicity_calibrated": False, "accuracy": 4, "duplicate_of": None,
        "judge": {"model": "openai:x", "prompt": "judge/1", "repeats": 3, "accuracy": [4, 4, 5]},
        "contaminated": [{"set": "vmlu", "row": 7, "overlap": 0.8}],
        "personal_data": [{"kind": "email", "field": "answer", "start": 0, "end": 9}],
    }  # fmt: skip
    store.samples.update_one({"event": "event1"}, {"$set": scored})
    # A field of another kind, as a foreign hand may have stored it, does not stop the export.
    odd = {"accuracy": "five", "similarity": 0.5, "contaminated": ["x"], "toxicity": float("nan"), "sources": None}
    store.samples.update_one({"event": "event2"}, {"$set": odd})
    assert main(["export", "--format", "huggingface"]) == 0
    rows = {row["event"]: row for rows in datasets("export/huggingface").values() for row in rows}
    row = rows["event1"]
    for name in set(scored) - {"judge"}:
        assert row[name] == scored[name], name
    assert (row["judge_model"], row["judge_prompt"], row["judge_repeats"]) == ("openai:x", "judge/1", 3)
    assert rows["event2"]["accuracy"] is rows["event2"]["similarity"] is rows["event2"]["toxicity"] is None


def test_every_score_has_a_column() -> None:
    scores = {field.name for field in sample_fields() if field.group not in ("sample", "review")}
    # What is no score: calls, a successor, versions, what a score lacked, and why a row has no translation.
    quality = {"quality_parts", "quality_inputs"}
    bookkeeping = {"judge", "superseded_by", "score_version", "score_versions", "untranslated"} | quality
    assert scores - bookkeeping <= {*COLUMNS}
    assert {*COLUMNS} <= {*DESCRIPTIONS}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.datetimes(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["set", "row", "x"]), inner),
        max_leaves=6,
    ),
)
def test_any_value_becomes_one_of_the_kind_or_none(value: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    from synth.export.arrow_schema import arrow_type

    for kind in COLUMNS.values():
        pa.array([convert(kind, value)], type=arrow_type(kind))


def test_litgpt_trains_on_the_folder(odd: Any, tmp_path: Path) -> None:
    """LitGPT's own data class, a tokenizer trained on the export, one batch of each side."""
    data = pytest.importorskip("litgpt.data", reason="litgpt is not installed")
    from litgpt.tokenizer import Tokenizer

    from train.__main__ import main as train

    odd.samples.update_one({"event": "event5"}, {"$set": {"answer": "parola 🗞️ " * 40}})
    assert main(["export", "--format", "litgpt", "--test-fraction", "0.1"]) == 0
    assert train(["tiny", "--corpus", "export/litgpt/train.json", "--out", str(tmp_path / "tiny")]) == 0
    module = data.JSON(json_path=Path("export/litgpt"), mask_prompt=True, num_workers=0)
    module.connect(tokenizer=Tokenizer(tmp_path / "tiny"), batch_size=2, max_seq_length=256)
    module.setup()
    for loader in (module.train_dataloader(), module.val_dataloader()):
        batch = next(iter(loader))
        assert batch["input_ids"].shape == batch["labels"].shape
        assert (batch["labels"] != -100).any()
    sides = [json.loads(Path(f"export/litgpt/{name}.json").read_text("utf-8")) for name in ("train", "val", "test")]
    assert [len(side) for side in sides] == [13, 2, 2]
    assert [len(split) for split in module.get_splits()] == [13, 2]


def types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: types(inner) for name, inner in value.items()}
    return [types(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def test_alpaca_has_the_shape_that_llamafactory_loads(shared: Path) -> None:
    theirs = json.loads((shared / "data/llamafactory_samples/alpaca_en_demo.json").read_text(encoding="utf-8"))
    ours = types(alpaca_row(sample(1)))
    assert {json.dumps(types(row)) for row in theirs} == {json.dumps(ours)}


def test_sharegpt_has_the_shape_that_llamafactory_loads(shared: Path) -> None:
    folder = shared / "data/llamafactory_samples"
    theirs = json.loads((folder / "glaive_toolcall_en_demo.json").read_text(encoding="utf-8"))
    turns = [turn for row in theirs for turn in row["conversations"]]
    ours = sharegpt_row(sample(1, history=TURNS, system="Breve."))
    assert {json.dumps(types(turn)) for turn in ours["conversations"]} == {json.dumps(types(turn)) for turn in turns}
    # Their names of the roles, which apply where a data set says nothing else; the first turn may be a system message.
    assert {turn["from"] for turn in ours["conversations"]} - {"system"} <= {turn["from"] for turn in turns}
    assert ours["conversations"][0] == {"from": "system", "value": "Breve."}


def test_openai_has_the_shape_that_llamafactory_loads(shared: Path) -> None:
    folder = shared / "data/llamafactory_samples"
    tags = json.loads((folder / "dataset_info.json").read_text(encoding="utf-8"))["mllm_demo"]["tags"]
    messages = messages_of(sample(1, history=TURNS))
    assert {name for turn in messages for name in turn} == {tags["role_tag"], tags["content_tag"]}
    assert {turn["role"] for turn in messages} == {tags["user_tag"], tags["assistant_tag"]}
    rows = (folder / "v1_sft_demo.jsonl").read_text(encoding="utf-8").splitlines()
    roles = {turn["role"] for line in rows for turn in json.loads(line)["messages"]}
    assert roles <= {"system", "user", "assistant"}


def test_trl_takes_the_messages(store: Any, datasets: Any) -> None:
    trl = pytest.importorskip("trl.data_utils", reason="trl is not installed")
    main(["export", "--format", "huggingface"])
    row = datasets("export/huggingface")["train"][0]
    assert trl.is_conversational(row)
    assert not {"prompt", "completion", "chosen", "rejected"} & set(row)


def test_all_formats_twice_have_the_same_bytes_whatever_the_order_of_the_store(odd: Any) -> None:
    words = ["export", "--test-fraction", "0.1", "--shard-rows", "4"]
    words += [word for name in SAMPLE_FORMATS for word in ("--format", name)]
    assert main(words) == 0
    first = bytes_of(Path("export"))
    rows = list(odd.samples.find({}, {"_id": 0}))
    random.Random(7).shuffle(rows)
    odd.samples.delete_many({})
    odd.samples.insert_many(rows)
    assert main([*words, "--out", "again"]) == 0
    assert bytes_of(Path("again")) == first
    told = manifest()["files"]
    assert set(told) == set(first) - {"manifest.json"}
    patterns = ["sources.jsonl", *(pattern for row in formats().values() for pattern in row.patterns)]
    assert all(any(Path(name).match(pattern) for pattern in patterns) for name in told)


def test_without_pyarrow_one_line_names_the_extra(
    store: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert main(["export", "--format", "openai-parquet"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("export: --format openai-parquet needs pip install 'newsmill[export]'")
    assert error.count("\n") == 1
    assert not Path("export").exists()
    assert main(["export", "--format", "openai"]) == 0
    assert main(["export"]) == 0
    assert "not written: huggingface: it needs pip install 'newsmill[export]'" in capsys.readouterr().err
    assert manifest()["formats"] == ["alpaca", "litgpt"]


@given(st.text(), st.text())
def test_a_line_of_json_is_one_line_and_reads_back(question: str, answer: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = JsonFile(Path(folder), "rows.jsonl", lambda row: dict(row))
        file.add({"question": question, "answer": answer}, "train")
        file.close()
        text = (Path(folder) / "rows.jsonl").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 1
    assert json.loads(text) == {"question": question, "answer": answer}


def test_columns_of_a_bare_sample() -> None:
    bare = {"key": "k", "question": "q", "answer": "a", "date": datetime(2026, 5, 1, tzinfo=UTC)}
    row = column_row(bare, messages_of(bare))
    assert row["messages"] == [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    assert {name for name, value in row.items() if value is not None} == {
        "key", "question", "answer", "date", "messages"
    }  # fmt: skip
