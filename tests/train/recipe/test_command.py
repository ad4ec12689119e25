"""`train recipe`: lists, prints, copies and writes; every --config takes short names. Covers train/recipe/files.py.

Covers train.recipe.files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from train.errors import TrainError
from train.recipe.files import first_sentence
from train.recipes import FOLDER, load, path_of, short_names

Run = Callable[..., tuple[int, str, str]]


def test_all_are_listed_with_their_first_sentence(train: Run) -> None:
    code, out, _ = train("recipe")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(short_names())
    assert "gemma-2b/news" in out
    assert "Summaries of news events by Gemma 2B (the first Gemma)" in out
    code, out, _ = train("recipe", "--json")
    rows = json.loads(out)
    assert {row["name"] for row in rows} == set(short_names())
    assert all(row["summary"] and Path(row["path"]).is_file() for row in rows)


def test_one_is_printed_whole_and_its_path_alone(train: Run) -> None:
    path = FOLDER / "gemma-2b/news.yaml"
    assert train("recipe", "gemma-2b/news") == (0, path.read_text(encoding="utf-8"), "")
    assert train("recipe", "gemma-2b/news", "--path") == (0, f"{path}\n", "")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("gemma-2b/news", "litgpt finetune_lora --config"),
        ("gemma-2b/orpo", "train finetune --config"),
        ("merges/ties", "train merge --config"),
        ("cpu", "--config RECIPE --config"),
        ("accelerate/ddp", "accelerate launch --config_file"),
    ],
)
def test_a_copy_is_the_same_and_replaces_nothing(name: str, command: str, train: Run, tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    code, told, _ = train("recipe", name, "--out", out)
    assert code == 0
    assert command in told
    assert out.read_bytes() == short_names()[name].read_bytes()
    code, _, error = train("recipe", name, "--out", out)
    assert (code, error) == (2, f"recipe: {out} is there already: give another --out\n")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["gemma-2b/new"], "no recipe is called gemma-2b/new: did you mean gemma-2b/news? `train recipe` lists them"),
        (["--path"], "give a recipe's name"),
        (["--write", "gemma-2b/news"], "--write writes all recipes"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: list[str], problem: str, train: Run) -> None:
    code, _, error = train("recipe", *words)
    assert code == 2
    assert problem in error
    assert error.count("\n") == 1


def test_nothing_changes_where_all_is_written(train: Run) -> None:
    code, out, _ = train("recipe", "--write")
    assert code == 0
    assert out.endswith(" recipes, 0 of them changed\n")


def test_every_config_takes_a_short_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load("gemma-2b/orpo", ["cpu"])
    assert recipe.path == FOLDER / "gemma-2b/orpo.yaml"
    assert (recipe.get("lora_r"), recipe.get("out_dir")) == (16, "out/tiny-like")
    assert load("merges/ties").path == FOLDER.parent / "merges/ties.yaml"
    monkeypatch.chdir(tmp_path)
    Path("cpu").write_text("seed: 1\n")
    assert path_of("cpu") == Path("cpu"), "a file of that name wins"
    with pytest.raises(TrainError, match="`train recipe` lists the short names"):
        load("nothing/there")


def test_a_plan_of_a_short_name_says_what_to_run(train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = train("plan", "--config", "llama-3.2-1b/news", "--rows", 1000, "--tokens", 300, "--gpu", "L4")
    assert code == 0, error
    assert f"litgpt finetune_lora --config {FOLDER / 'llama-3.2-1b/news.yaml'}" in out


def test_first_sentences() -> None:
    assert first_sentence("# One by A. Two.\n#\n# Three.\nkey: 1\n") == "One by A. Two"
    assert first_sentence("# Summaries: several\n# in, one out. QLoRA.\n") == "Summaries: several in, one out"
