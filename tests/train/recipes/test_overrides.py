"""Settings of a recipe on the command line: what is one, how it is read, where it goes, and what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from train.errors import TrainError
from train.recipes import Recipe, load
from train.recipes.overrides import divided, unknown, with_settings

OPTIONS = ("--config", "--json", "--debug", "--help")
RECIPE: dict[str, Any] = {
    "data": {"class_path": "train.data.Chat", "init_args": {"path": "a", "seed": 1}}, "train": {"max_steps": 5},
    "optimizer": "AdamW",
}  # fmt: skip


def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(RECIPE))
    return load(tmp_path / "r.yaml")


def laid(tmp_path: Path, *settings: tuple[str, str]) -> Any:
    return with_settings(recipe(tmp_path), settings).settings


@pytest.mark.parametrize(
    ("words", "own", "settings"),
    [
        (["r", "--train.max_steps", "20", "--json"], ["r", "--json"], [("train.max_steps", "20")]),
        (["r", "--train.max_steps=20"], ["r"], [("train.max_steps", "20")]),
        (["--config", "r", "--seed", "-1"], ["--config", "r"], [("seed", "-1")]),
        (["--conf", "r", "--data.system", "a b = c"], ["--conf", "r"], [("data.system", "a b = c")]),
        (["r", "--data.system="], ["r"], [("data.system", "")]),
    ],
)
def test_what_is_no_option_is_a_setting(words: list[str], own: list[str], settings: list[tuple[str, str]]) -> None:
    assert divided(words, OPTIONS) == (own, settings)


@pytest.mark.parametrize("words", [["--seed"], ["--seed", "--json"], ["r", "--configg"]])
def test_a_setting_without_a_value_is_told(words: list[str]) -> None:
    with pytest.raises(TrainError, match="needs a value"):
        divided(words, OPTIONS)


@pytest.mark.parametrize(
    ("key", "text", "place", "value"),
    [
        ("train.max_steps", "20", ("train", "max_steps"), 20), ("seed", "null", ("seed",), None),
        ("data.path", "b", ("data", "init_args", "path"), "b"),
        ("data.init_args.path", "b", ("data", "init_args", "path"), "b"),
        ("optimizer.lr", "0.1", ("optimizer", "init_args", "lr"), 0.1),
        ("optimizer.class_path", "SGD", ("optimizer", "class_path"), "SGD"),
        ("report_to", "[wandb]", ("report_to",), ["wandb"]), ("dora", "true", ("dora",), True),
        ("train.x", "2026-01-02", ("train", "x"), "2026-01-02"),
        ("data.system", "", ("data", "init_args", "system"), ""),
        ("data.system", "'20'", ("data", "init_args", "system"), "20"),
    ],
)  # fmt: skip
def test_values_are_yaml_in_their_place(key: str, text: str, place: Any, value: Any, tmp_path: Path) -> None:
    whole = with_settings(recipe(tmp_path), [(key, text)])
    assert whole.get(*place) == value
    assert whole.at(*place) == f"--{key}"
    assert whole.get("data", "init_args", "seed") == 1, "the rest stays"


def test_a_class_alone_takes_its_arguments_along(tmp_path: Path) -> None:
    assert laid(tmp_path, ("optimizer.lr", "0.1"))["optimizer"]["class_path"] == "torch.optim.AdamW"
    other = laid(tmp_path, ("data", "JSON"), ("data.json_path", "c"))["data"]
    assert other == {"class_path": "litgpt.data.JSON", "init_args": {"json_path": "c"}}


def test_the_later_setting_wins_and_the_file_is_not_touched(tmp_path: Path) -> None:
    before = recipe(tmp_path)
    after = with_settings(before, [("train.max_steps", "7"), ("train.max_steps", "8")])
    assert after.get("train", "max_steps") == 8
    assert before.settings == RECIPE


@pytest.mark.parametrize("key", ["train.", ".max_steps", "train..max_steps"])
def test_what_is_no_key_is_told(key: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="is no setting"):
        laid(tmp_path, (key, "1"))


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="quotation marks"):
        laid(tmp_path, ("data.system", "[a"))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("train.max_stepz", "train.max_steps"), ("max_steps", "train.max_steps"),
        ("train.max-steps", "train.max_steps"),
        ("data.pth", "data.path"), ("confg", "config"), ("devices", None),
    ],
)  # fmt: skip
def test_unknown_keys_are_answered_with_what_was_meant(key: str, meant: str | None) -> None:
    known = ("train.max_steps", "data.init_args.path", "data.class_path")
    hint = f": did you mean --{meant}?" if meant else ""
    assert unknown([(key, "1")], known, OPTIONS) == [f"--{key} is no setting of the recipe{hint}"]


def test_known_keys_and_sections_are_taken() -> None:
    known = ("train.max_steps", "data.init_args.path", "data.class_path", "optimizer.init_args")
    settings = [(key, "1") for key in ("train.max_steps", "data.path", "data", "train", "optimizer.lr")]
    assert unknown(settings, known) == []


@given(st.text(max_size=20))
def test_no_value_is_an_error_of_ours(text: str) -> None:
    try:
        whole = with_settings(Recipe(Path("r"), {}), [("a.b", text)])
    except TrainError:
        return
    assert list(whole.settings["a"]) == ["b"]
