"""Every recipe runs on a tiny model of its kind, and changes the weights that its adapters touch, no others."""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import ITALIAN, VIETNAMESE
from tests.train.recipes.recipe_fixtures import (
    FOLDER,
    HUGGINGFACE,
    LIKE,
    LITGPT,
    OVERRIDE,
    RECIPES,
    each_of_huggingface,
    name_of,
)
from train.models.architectures import is_tied, make_tiny
from train.recipes import Recipe, load

pytestmark = pytest.mark.long


def chats(first: int, count: int, long: int | None = None) -> list[dict[str, Any]]:
    """Rows of two turns or one in Vietnamese and Italian; that of number `long` has more than any recipe reads."""
    rows = []
    for number in range(first, first + count):
        language, text = (("it", ITALIAN), ("vi", VIETNAMESE))[number % 2]
        material = text * (100 if number == long else 1)
        turns = [
            {"role": "user", "content": f"Riassumi gli articoli {number}.\n\n{material}"},
            {"role": "assistant", "content": f"Notizia {number}: {text}"},
        ]
        if number % 4 > 1:
            turns += [{"role": "user", "content": f"Più breve {number}."}, {"role": "assistant", "content": text[:40]}]
        rows.append({"messages": turns, "language": language, "id": f"{number}"})
    return rows


def write_rows(folder: Path, recipe: Recipe) -> None:
    """Rows at the place, and in the form, that the recipe reads."""
    path = folder / str(recipe.get("data", "init_args", "path", default=recipe.get("data", "init_args", "json_path")))
    long = None if recipe.get("backend") == "huggingface" else 5
    splits = {"train": chats(0, 24, long), "val": chats(100, 4)}
    if recipe.get("method") == "orpo":
        for row in [row for rows in splits.values() for row in rows]:
            chosen = row["messages"][1]["content"]
            row |= {"prompt": row.pop("messages")[0]["content"], "chosen": chosen, "rejected": f"Altro. {chosen[:50]}"}
    if recipe.get("data", "class_path") == "train.data.Text":
        for name, rows in splits.items():
            put(path / f"text/{name}.jsonl", [{"text": row["messages"][0]["content"] * 20} for row in rows])
        return
    if recipe.get("data", "class_path") == "litgpt.data.JSON" or path.name == "litgpt":
        splits = {name: [alpaca(row) for row in rows] for name, rows in splits.items()}
        put(path / "train.json", splits["train"])
        put(path / "val.json", splits["val"])
    elif path.suffix:
        put(path, splits["train"])
    else:
        for name, rows in splits.items():
            put(path / f"data/{name}-00000-of-00001.parquet", rows)


def alpaca(row: dict[str, Any]) -> dict[str, str]:
    instruction, _, material = row["messages"][0]["content"].partition("\n\n")
    return {"instruction": instruction, "input": material, "output": row["messages"][1]["content"]}


def put(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as parquet

        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The tiny model of a folder of recipes, in LitGPT's or Hugging Face's form, made once."""
    root = tmp_path_factory.mktemp("models")

    def folder(family: str, form: Any) -> Path:
        out = root / form / LIKE[family]
        if not out.exists():
            make_tiny(LIKE[family], [ITALIAN, VIETNAMESE], out, form=form)
        return out

    return folder


@pytest.fixture
def bench(tmp_path: Path, models: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """A folder to work in, with the model where the override says and the rows where the recipe says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "home"))

    def prepare(path: Path, form: str) -> None:
        place = Path(load(OVERRIDE).get("checkpoint_dir"))
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copytree(models(path.parent.name, form), place)
        write_rows(tmp_path, load(path))

    return prepare


def run_litgpt(monkeypatch: pytest.MonkeyPatch, *configs: Path) -> None:
    """`litgpt finetune_lora --config … --config …` in this process, by its own entry point.

    Without its 21 other commands, whose parsers take longer than the run.
    """
    import litgpt.__main__ as program
    import torch

    monkeypatch.setattr(program, "PARSER_DATA", {"finetune_lora": program.PARSER_DATA["finetune_lora"]})
    monkeypatch.setattr(program, "parser_commands", lambda: ["finetune_lora"])
    monkeypatch.setattr(sys, "argv", ["litgpt", "finetune_lora", *(f"--config={config}" for config in configs)])
    precision = torch.get_float32_matmul_precision()
    try:
        program.main()
    finally:
        torch.set_float32_matmul_precision(precision)


@pytest.mark.parametrize("recipe", [path for path in LITGPT if path.parent.name in LIKE], ids=name_of)
def test_the_litgpt_recipe_runs(recipe: Path, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from litgpt import GPT, Config

    bench(recipe, "litgpt")
    run_litgpt(monkeypatch, recipe, OVERRIDE)
    base, final = Path("checkpoints/tiny-like"), Path("out/tiny-like/final")
    losses = losses_of(Path("out/tiny-like/logs/csv/version_0/metrics.csv"), "loss")
    assert len(losses) == 2 * load(OVERRIDE).get("train", "max_steps"), "batches"
    assert all(map(math.isfinite, losses))
    tuned = torch.load(final / "lit_model.pth")
    tuned, before = tuned.get("model", tuned), torch.load(base / "lit_model.pth")
    GPT(Config.from_file(final / "model_config.yaml")).load_state_dict(tuned)
    changed = {name for name in before if not torch.equal(tuned[name], before[name])}
    assert changed == expected_changes(load(recipe), before)


def losses_of(path: Path, column: str) -> list[float]:
    import csv

    with path.open(encoding="utf-8") as lines:
        return [float(row[column]) for row in csv.DictReader(lines) if row.get(column)]


def expected_changes(recipe: Recipe, weights: dict[str, Any]) -> set[str]:
    """Names of the weights that the recipe's adapters touch, after LitGPT merged them."""
    parts = {
        "attn.qkv": any(recipe.get(f"lora_{part}") for part in ("query", "key", "value")),
        "attn.proj": recipe.get("lora_projection"),
        "mlp.": recipe.get("lora_mlp"),
        "lm_head": recipe.get("lora_head"),
    }
    wanted = [part for part, on in parts.items() if on]
    return {name for name in weights if any(part in name for part in wanted)}


@each_of_huggingface
def test_the_hugging_face_recipe_runs(recipe: Path, bench: Any, monkeypatch: pytest.MonkeyPatch, train: Any) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    monkeypatch.setenv("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "PASSIVE"))
    bench(recipe, "huggingface")
    configs = [recipe, OVERRIDE]
    start = load(recipe).get("start_from")
    if start:
        configs.append(first_round(start, bench, train))
    code, _, err = train("finetune", *(word for config in configs for word in ("--config", config)))
    assert code == 0, err
    losses = losses_of(Path("out/tiny-like/metrics.csv"), "loss")
    assert len(losses) == load(OVERRIDE).get("train", "max_steps")
    assert all(map(math.isfinite, losses))
    model = AutoModelForCausalLM.from_pretrained("checkpoints/tiny-like")
    tuned = PeftModel.from_pretrained(model, "out/tiny-like/final").eval()
    moved = [weight.abs().max() for name, weight in tuned.named_parameters() if "lora_B" in name]
    assert moved
    assert all(weight > 0 for weight in moved), "an adapter was not trained"
    with torch.no_grad():
        assert tuned(torch.tensor([[5, 6, 7]])).logits.isfinite().all()


def first_round(start: str, bench: Any, train: Any) -> Path:
    """The adapter that a second round starts from, made by its own recipe; an override that leads to it."""
    recipe = next(path for path in HUGGINGFACE if f"{load(path).get('out_dir')}/final" == start)
    write_rows(Path.cwd(), load(recipe))
    code, _, err = train("finetune", "--config", recipe, "--config", OVERRIDE)
    assert code == 0, err
    Path("out/tiny-like").rename("out/first-round")
    override = Path("first-round.yaml")
    override.write_text("start_from: out/first-round/final\n", encoding="utf-8")
    return override.resolve()


def test_tied_heads_are_left_alone() -> None:
    tied = [path for path in RECIPES if path.parent.name in LIKE and is_tied(LIKE[path.parent.name])]
    assert len(tied) > 15
    assert [name_of(path) for path in tied if load(path).get("lora_head")] == []


def test_why_tied_heads_are_left_alone(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """LitGPT's merge writes the head's update into the embeddings too, where a checkpoint holds the two as one."""
    import torch

    recipe, override = FOLDER / "smollm2-360m/lima.yaml", Path("head.yaml")
    bench(recipe, "litgpt")
    override.write_text("lora_head: true\n", encoding="utf-8")
    run_litgpt(monkeypatch, recipe, OVERRIDE, override.resolve())
    before = torch.load("checkpoints/tiny-like/lit_model.pth")
    after = torch.load("out/tiny-like/final/lit_model.pth")
    after = after.get("model", after)
    assert "transformer.wte.weight" not in expected_changes(load(recipe, [override]), before)
    assert not torch.equal(after["transformer.wte.weight"], before["transformer.wte.weight"])


def test_the_tuned_model_loads_and_writes(tuned: Path) -> None:
    import torch
    from litgpt import LLM

    llm = LLM.load(str(tuned / "final"), init="pretrained")
    base = torch.load(tuned.parents[1] / "checkpoints/tiny/lit_model.pth")
    merged = torch.load(tuned / "final/lit_model.pth")
    merged = merged.get("model", merged)
    assert set(merged) == set(base)
    assert any(not torch.equal(merged[name], base[name]) for name in base), "tuning changed nothing"
    assert isinstance(llm.generate("Notizia", max_new_tokens=4), str)
