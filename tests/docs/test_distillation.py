"""docs/distillation.md is true: its commands run one after the other as they stand, and leave what it says."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from train.recipes import path_of

pytest.importorskip("litgpt", reason="litgpt is not installed")

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/distillation.md"
#: Fewer steps and shorter texts than on the page: the same commands, in a minute.
SHORTER = {
    "train tiny": ["--pretrain-steps", "4", "--vocab-size", "600", "--n-embd", "64"],
    "litgpt finetune_lora": ["--train.max_steps", "2", "--eval.interval", "2", "--train.lr_warmup_steps", "1"],
    "train evaluate": ["--limit", "3", "--max-new-tokens", "8", "--draws", "200"],
    "train generate": ["--limit", "4", "--max-new-tokens", "8"],
}


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def run(line: str) -> None:
    """The command in this process, by its own entry point."""
    words = shlex.split(re.sub(r"\$\(train recipe (\S+) --path\)", lambda name: str(path_of(name[1])), line))
    words += next((more for start, more in SHORTER.items() if line.startswith(start)), [])
    if words[0] == "litgpt":
        litgpt(words)
        return
    assert importlib.import_module(f"{words[0]}.__main__").main(words[1:]) == 0, line


def litgpt(words: list[str]) -> None:
    import torch
    from litgpt.__main__ import main

    precision = torch.get_float32_matmul_precision()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", words)
            main()
    finally:
        torch.set_float32_matmul_precision(precision)


@pytest.fixture(scope="module")
def walked(server_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The folder after all commands of the page."""
    from crawler.mongo import connect, with_database

    folder = tmp_path_factory.mktemp("walk")
    # litdata empties the folders `data` and `chunks` of the system's temp directory.
    for name in ("demo", "train"):
        (folder / name).symlink_to(ROOT / name)
    uri = with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}")
    environment = {"MONGODB_URI": uri, "NEWSMILL_HOME": str(folder / ".newsmill"), "OMP_WAIT_POLICY": "PASSIVE"}
    before = {name: os.environ.get(name) for name in environment}
    here = Path.cwd()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        for line in commands():
            run(line)
        yield folder
    finally:
        os.chdir(here)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        database = connect(uri)
        database.client.drop_database(database.name)
        database.client.close()


def test_small_before_small_after_and_large_stand_side_by_side(walked: Path) -> None:
    results = json.loads((walked / "out/distillation/results.json").read_text())
    models = {model["name"]: model for model in results["models"]}
    assert {"before", "after", "large"} <= set(models)
    assert results["split"] == "test"
    assert (walked / "out/distillation/report.html").stat().st_size > 10_000
    assert models["before"]["measures"]["loss"]["value"] != models["after"]["measures"]["loss"]["value"]
    assert models["large"]["measures"]["rougeL"]["value"] == pytest.approx(1)
    assert "loss" not in models["large"]["measures"]


def test_no_row_of_the_hold_out_was_trained_on(walked: Path) -> None:
    rows = {
        name: {
            (row["instruction"], row["input"])
            for row in json.loads((walked / f"export-large/litgpt/{name}.json").read_text())
        }
        for name in ("train", "val", "test")
    }
    assert all(rows.values())
    assert not rows["test"] & (rows["train"] | rows["val"])
    asked = {json.loads(line)["question"] for line in (walked / "out/after.jsonl").read_text("utf-8").splitlines()}
    assert len(asked) == 4
    assert asked <= {"\n\n".join(request) for request in rows["test"]}


def test_the_sheets_hold_three_authors(walked: Path) -> None:
    authors = [item["author"] for item in json.loads((walked / "out/blind/key.json").read_text())["items"].values()]
    assert sorted(set(authors)) == ["checkpoints/tiny (before)", "reference", "tiny-distillation/final (after)"]
    assert len(authors) == 12
    assert len(list((walked / "out/blind").glob("rater-*.html"))) == 3


def test_the_recipes_that_the_page_names_are_there() -> None:
    named = set(re.findall(r"(?:recipe|--config) ([\w.-]+/[\w-]+)\b", PAGE.read_text(encoding="utf-8")))
    assert named == {"tiny/distillation", "gemma-2b/distillation"}
    assert all((ROOT / f"train/recipes/{name}.yaml").is_file() for name in named)


def test_the_recipe_is_the_news_recipe_but_for_what_the_page_says() -> None:
    from train.recipes import load

    folder = ROOT / "train/recipes/gemma-2b"
    mine, theirs = (load(folder / f"{name}.yaml") for name in ("distillation", "news"))
    keys = {*mine.lines, *theirs.lines}
    other = {
        ".".join(key) for key in keys if not isinstance(mine.get(*key), dict) and mine.get(*key) != theirs.get(*key)
    }
    assert other == {"out_dir", "data.init_args.path", "train.epochs", "train.lr_warmup_steps"}
