"""What `synth export` writes by default is what the recipes read."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export.formats import default_formats, needs_parquet
from tests.fork_server import run_forked
from tests.synth.export.test_command import store as store_fixture
from train.data.conversations import find_files
from train.recipes import FOLDER, load

store = store_fixture

RECIPES = sorted(path for path in FOLDER.glob("*/*.yaml") if path.parent.name != "sources")


def path_of(recipe: Path) -> str:
    return str(load(recipe).get("data", "init_args", "path"))


def test_every_recipe_on_an_export_reads_a_default_export(store: Any) -> None:
    """A recipe names the folder alone: no form inside it, so that whatever is there is found."""
    exports = {"export", "export-vi", "export-large", "export-multilingual", "export-alpaca-vi"}
    folders = {path_of(recipe) for recipe in RECIPES} & exports
    assert folders == exports
    assert not [path for recipe in RECIPES if (path := path_of(recipe)).startswith("export") and "/" in path]
    for folder in folders:
        assert main(["export", "--out", folder]) == 0
        files = find_files(Path(folder))
        assert set(files) == {"train", "val"}
        assert all("huggingface/data" in str(file) for shards in files.values() for file in shards)


def test_without_the_export_litgpt_ends_in_one_line_that_names_the_command(tmp_path: Path) -> None:
    program = shutil.which("litgpt", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("litgpt is not installed")
    recipe = FOLDER / "llama-3-8b/news.yaml"
    done = run_forked("train", [program, "finetune_lora", "--config", str(recipe)], tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "data.path: export does not exist: `synth export --out export` makes it" in done.stderr
    assert len(done.stderr.splitlines()) < 4


def test_without_pyarrow_the_recipes_find_what_is_written(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert not needs_parquet(default_formats())
    assert main(["export"]) == 0
    assert {file.name for files in find_files(Path("export")).values() for file in files} == {"train.json", "val.json"}
