"""Recipes are written from a base and overlays: the files are what their layers say; a recipe is one overlay."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from train.errors import TrainError
from train.recipes import FOLDER, compose

BASE = """\
---
# Folder of the base model.
checkpoint_dir: checkpoints/{{hub}}

train:
  # Passes over the rows, of which there are so many that this comment does not stand in one line of the file.
  epochs: 2
  # Steps.
  max_steps: 10
"""
OVERLAY = """\
layers: [base]
drop: [train.max_steps]
set: {hub: ours/base}
---
# A recipe of {{model}} named {{name}}.

train:
  # One.
  epochs: 1
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compose, "SOURCES", tmp_path)
    for name, text in (("bases/base", BASE), ("overlays/tiny/mine", OVERLAY)):
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", compose.recipe_names())
def test_the_file_is_what_its_layers_say(name: str) -> None:
    assert (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") == compose.compose(name), "train recipe --write"


def test_every_recipe_of_a_model_has_an_overlay() -> None:
    files = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.yaml")}
    assert set(compose.recipe_names()) == files


def test_the_sources_say_each_thing_once() -> None:
    """Three lines of four are gone: 3,693 lines that are not blank were 662 different ones."""
    lines = [line for path in compose.SOURCES.rglob("*.yaml") for line in path.read_text().splitlines() if line.strip()]
    written = [line for name in compose.recipe_names() for line in compose.compose(name).splitlines() if line.strip()]
    assert len(lines) < len(written) * 0.4


def test_an_overlay_replaces_a_setting_with_its_comment(sources: Path) -> None:
    assert compose.recipe_names() == ["tiny/mine"]
    text = compose.compose("tiny/mine")
    assert text == (
        "# A recipe of tiny named mine.\n\n# Folder of the base model.\ncheckpoint_dir: checkpoints/ours/base\n\n"
        "train:\n  # One.\n  epochs: 1\n"
    )
    assert yaml.safe_load(text) == {"checkpoint_dir": "checkpoints/ours/base", "train": {"epochs": 1}}


def test_comments_are_filled_after_the_names_are_put_in() -> None:
    lines = compose.filled(["  # See {{hub}} of", "  # one.", "  #   as it is", "  key: {{hub}}"], {"hub": "a b"}, 14)
    assert lines == ["  # See a b of", "  # one.", "  #   as it is", "  key: a b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("layers: [nothing]\n---\n", "cannot read"),
        ("layers: [base]\n---\n", "no layer of the recipe sets hub"),
        ("layer: [base]\n---\n", "cannot read"),
        ("[\n---\n", "cannot read"),
    ],
)
def test_a_wrong_layer_is_one_error(sources: Path, text: str, problem: str) -> None:
    (sources / "overlays/tiny/mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TrainError, match=problem):
        compose.compose("tiny/mine")
