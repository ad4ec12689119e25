"""`train tiny`: the same input gives the same model, kept while nothing changes; LitGPT and transformers read it.

Covers train.tiny.checkpoint.
"""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.train.conftest import ITALIAN, VIETNAMESE, tiny

Run = Callable[..., tuple[int, str, str]]
SPECIAL = ("<|pad|>", "<|begin|>", "<|end|>")


def weights(folder: Path) -> dict[str, Any]:
    import torch

    return dict(torch.load(folder / "lit_model.pth"))


def same(left: Path, right: Path) -> bool:
    import torch

    one, two = weights(left), weights(right)
    return set(one) == set(two) and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_seed_makes_the_same_model(workspace: Path, tmp_path: Path) -> None:
    made = workspace / "checkpoints/tiny"
    tiny(workspace / "export/litgpt/train.json", tmp_path / "again")
    tiny(workspace / "export/litgpt/train.json", tmp_path / "other", "--seed", "1")
    assert same(made, tmp_path / "again")
    assert (made / "tokenizer.json").read_bytes() == (tmp_path / "again/tokenizer.json").read_bytes()
    assert not same(made, tmp_path / "other")


def test_it_is_kept_while_nothing_changes_and_remade_when_something_does(workspace: Path, tmp_path: Path) -> None:
    corpus, out = tmp_path / "corpus.jsonl", tmp_path / "model"
    shutil.copy(workspace / "export/alpaca.jsonl", corpus)

    def stamp() -> int:
        return (out / "lit_model.pth").stat().st_ino

    tiny(corpus, out)
    first = stamp()
    tiny(corpus, out)
    assert stamp() == first
    tiny(corpus, out, "--pretrain-steps", "4")
    second = stamp()
    assert second != first
    with corpus.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"instruction": "Altra riga.", "input": "", "output": "Sì."}) + "\n")
    tiny(corpus, out, "--pretrain-steps", "4")
    third = stamp()
    assert third != second
    (out / "lit_model.pth").unlink()
    tiny(corpus, out, "--pretrain-steps", "4")
    assert (out / "lit_model.pth").exists(), "a checkpoint without weights was kept"
    assert [path.name for path in tmp_path.glob(".*")] == [], "a half-made folder stayed"


def test_what_it_did_not_make_is_never_deleted(workspace: Path, tmp_path: Path, train: Run) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    code, _, err = train("tiny", "--corpus", workspace / "export/alpaca.jsonl", "--out", tmp_path)
    assert code == 2
    assert err.startswith("tiny: ")
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.jsonl", '{"text": "uno"}\n\n{"text": tre}\n', "a.jsonl:3"),
        ("b.jsonl", '{"text": "uno"}\n[1]\n', "b.jsonl:2"),
        ("c.json", '[{"text": "uno"},\n {"text": }]', "c.json:2"),
        ("d.json", '[{"text": "uno"}, 7]', "row 2"),
        ("e.jsonl", '{"text": "  "}\n', "no text"),
    ],
)
def test_a_bad_corpus_is_one_line_that_says_where(
    name: str, content: str, where: str, tmp_path: Path, train: Run
) -> None:
    (tmp_path / name).write_text(content)
    code, _, err = train("tiny", "--corpus", tmp_path / name, "--out", tmp_path / "model")
    assert code == 2
    assert err.count("\n") == 1
    assert where in err


@pytest.mark.parametrize(
    "words", [("--vocab-size", 10), ("--n-embd", 12), ("--n-layer", 0), ("--pretrain-steps", -1)], ids=str
)
def test_sizes_that_make_no_model_are_refused(words: tuple[str, int], tmp_path: Path, train: Run) -> None:
    (tmp_path / "corpus.txt").write_text(ITALIAN)
    code, _, err = train("tiny", "--corpus", tmp_path / "corpus.txt", "--out", tmp_path / "model", *words)
    assert code == 2
    assert words[0] in err


def test_transformers_reads_it_with_the_same_logits(workspace: Path, tmp_path: Path) -> None:
    import torch
    from litgpt import GPT, Config
    from litgpt.scripts.convert_lit_checkpoint import convert_lit_checkpoint
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = workspace / "checkpoints/tiny"
    model = GPT(Config.from_file(made / "model_config.yaml")).eval()
    model.load_state_dict(weights(made))
    convert_lit_checkpoint(made, tmp_path)
    (tmp_path / "model.pth").rename(tmp_path / "pytorch_model.bin")
    for path in made.glob("*.json"):
        shutil.copy(path, tmp_path)
    other = AutoModelForCausalLM.from_pretrained(tmp_path, torch_dtype=torch.float32).eval()
    tokens = AutoTokenizer.from_pretrained(tmp_path)(ITALIAN + VIETNAMESE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        difference = (model(tokens) - other(tokens).logits).abs().max().item()
    assert difference < 1e-4


@pytest.fixture(scope="session")
def tokenizer(workspace: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(workspace / "checkpoints/tiny/tokenizer.json"))


@pytest.mark.parametrize(
    "text", [ITALIAN, VIETNAMESE, unicodedata.normalize("NFD", VIETNAMESE), "«È già l'1,5%»\n\n- 🗞"]
)
def test_italian_and_vietnamese_come_back(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).ids) == unicodedata.normalize("NFC", text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", max_codepoint=0x1FFFF), max_size=80))
def test_any_text_comes_back_in_its_composed_form(tokenizer: Any, text: str) -> None:
    """Nothing is unknown and nothing is lost; only NFC is applied."""
    back = tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False)
    assert unicodedata.normalize("NFC", back) == unicodedata.normalize("NFC", text)


def test_special_tokens_are_single(tokenizer: Any) -> None:
    assert [len(tokenizer.encode(token).ids) for token in SPECIAL] == [1, 1, 1]


def test_what_a_killed_run_left_is_swept_and_what_a_running_one_writes_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argparse import Namespace

    from train.tiny import checkpoint

    def write(folder: Path, *_more: object) -> dict[str, object]:
        (folder / "lit_model.pth").write_text("weights")
        return {}

    monkeypatch.setattr(checkpoint, "_into", write)
    (tmp_path / "corpus.txt").write_text("Il porto riapre domani.\n")
    # No process has so large a number; the first of all has 1.
    killed, running = tmp_path / ".tiny.4194999.new", tmp_path / ".tiny.1.new"
    for folder in (killed, running, tmp_path / "tiny"):
        folder.mkdir()
        (folder / "half").write_text("")
    options = Namespace(out=tmp_path / "tiny", corpus=[tmp_path / "corpus.txt"])
    checkpoint.make(options, checkpoint.Shape(vocab_size=270, n_layer=1, n_embd=8), 0, "digest")
    assert not killed.exists()
    assert running.exists()
    assert (tmp_path / "tiny/lit_model.pth").read_text() == "weights"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tiny.1.new", "corpus.txt", "tiny"]
