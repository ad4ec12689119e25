"""Recipes are read with the lines of their settings; overrides are laid over them; mistakes are one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.recipes import load

RECIPE = """\
out_dir: out/news
lora_r: 16
train:
  max_steps: 100
  epochs: 2
optimizer:
  class_path: torch.optim.AdamW
  init_args:
    lr: 0.0002
    betas: [0.9, 0.95]
"""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc é", max_size=5),
    lambda inner: st.dictionaries(st.text("abcd", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(st.text("abcd", min_size=1, max_size=3), VALUES, min_size=1, max_size=4)


def written(folder: Path, text: str, name: str = "recipe.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_and_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, RECIPE)
    recipe = load(path)
    assert recipe.settings == yaml.safe_load(RECIPE)
    assert recipe.get("train", "max_steps") == 100
    assert recipe.get("train", "unknown", default=7) == 7
    assert recipe.get("lora_r", "deeper") is None
    assert recipe.at("train", "epochs") == f"{path}:5"
    assert recipe.at("optimizer", "init_args", "lr") == f"{path}:9"
    assert recipe.at("train", "not there") == f"{path}:3"
    assert recipe.at("not there") == str(path)


def test_an_override_wins_and_leaves_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, RECIPE)
    over = written(tmp_path, "precision: 32-true\ntrain:\n  max_steps: 2\n", "cpu.yaml")
    recipe = load(path, [over])
    assert recipe.get("train") == {"max_steps": 2, "epochs": 2}
    assert recipe.get("precision") == "32-true"
    assert recipe.at("train", "max_steps") == f"{over}:3"
    assert recipe.at("train", "epochs") == f"{path}:5"


def test_arguments_of_one_class_are_not_given_to_another(tmp_path: Path) -> None:
    over = written(tmp_path, "optimizer:\n  class_path: torch.optim.SGD\n  init_args:\n    momentum: 0.9\n", "o.yaml")
    recipe = load(written(tmp_path, RECIPE), [over])
    assert recipe.get("optimizer") == {"class_path": "torch.optim.SGD", "init_args": {"momentum": 0.9}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", ":3 gives a a second time"),
        ("a:\n  b: 1\n  b: 2\n", ":3 gives b a second time"),
        ("a: [1\nb: 2\n", ":2 is no YAML"),
        ("- a\n- b\n", "is no recipe"),
        ("", "is no recipe"),
        ("just words", "is no recipe"),
        ("a: \x00", "is no YAML"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError) as error:
        load(written(tmp_path, text))
    assert told in str(error.value)
    assert "recipe.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"cannot read .*nowhere.yaml: No such file"):
        load(tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(TrainError, match=r"cannot read .*bytes.yaml"):
        load(tmp_path / "bytes.yaml")


@settings(deadline=None)
@given(SETTINGS, SETTINGS)
def test_whatever_the_override_says_is_so_afterwards(
    tmp_path_factory: pytest.TempPathFactory, base: dict[str, Any], more: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("recipes")
    recipe = load(written(folder, yaml.safe_dump(base)), [written(folder, yaml.safe_dump(more), "more.yaml")])
    assert contains(recipe.settings, more)
    assert set(recipe.settings) == set(base) | set(more)


def contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return bool(whole == part) or (part == {} and isinstance(whole, dict))
