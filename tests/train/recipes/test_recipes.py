"""Every recipe: accepted by the backend that runs it, explained line by line, and run on a tiny model of its kind.

Recipes are found by their place; a new one is tested without a word here, unless its architecture is new (`LIKE`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.recipes.recipe_fixtures import (
    FOLDER,
    HUGGINGFACE,
    LIKE,
    LITGPT,
    NEEDED,
    OVERRIDE,
    RECIPES,
    each_of_huggingface,
    each_of_litgpt,
    name_of,
)
from train.errors import TrainError
from train.recipes import load


def parsed(monkeypatch: pytest.MonkeyPatch, *configs: Path) -> Any:
    """The recipe through `litgpt finetune_lora`'s own parser; its data are not opened, they lie on a user's machine."""
    from jsonargparse import capture_parser
    from litgpt.args import EvalArgs, TrainArgs
    from litgpt.finetune.lora import setup
    from litgpt.utils import CLI

    words = [word for config in configs for word in ("--config", str(config))]
    monkeypatch.setattr(sys, "argv", ["litgpt", *words])
    chosen = capture_parser(lambda: CLI(setup)).parse_args(words)
    chosen.train = TrainArgs(**chosen.train.as_dict())
    chosen.eval = EvalArgs(**chosen.eval.as_dict())
    return chosen


def test_every_recipe_that_was_asked_for_is_there() -> None:
    there = {name: {path.stem for path in RECIPES if path.parent.name == name} for name in NEEDED}
    assert all(needed <= there[name] for name, needed in NEEDED.items())
    assert {path.parent.name for path in RECIPES} <= {*LIKE, "tiny"}


@each_of_litgpt
def test_litgpt_accepts_the_recipe(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none of what LitGPT 0.5.13 takes without a word and does not do: docs/recipes.md, LitGPT's traps."""
    from litgpt.finetune.lora import validate_args

    chosen = parsed(monkeypatch, recipe)
    validate_args(chosen.train, chosen.eval)
    assert chosen.train.lr_warmup_steps > 0, "LitGPT divides by it"
    assert chosen.train.global_batch_size % chosen.train.micro_batch_size == 0
    assert "min_lr" not in load(recipe).get("train", default={}), "LitGPT ignores it"
    assert "mixed" not in (chosen.precision or "") or not chosen.quantize, "LitGPT refuses the two together"
    assert chosen.devices == 1 or not chosen.quantize, "LitGPT quantises on one device only"
    if chosen.quantize:
        assert chosen.optimizer["class_path"].endswith(".PagedAdamW"), "LitGPT takes it whatever is named"


@each_of_litgpt
def test_litgpt_builds_what_the_recipe_names(recipe: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its optimizer takes the recipe's arguments, its prompt style exists."""
    import torch
    from litgpt.utils import instantiate_torch_optimizer

    chosen = parsed(monkeypatch, recipe)
    made = instantiate_torch_optimizer(chosen.optimizer, [torch.nn.Parameter(torch.zeros(2))])
    assert made.param_groups[0]["lr"] == chosen.optimizer["init_args"]["lr"] > 0
    if chosen.data.class_path == "train.data.Chat":
        from train.styles import style_named

        assert style_named(chosen.data.init_args.prompt_style)


@each_of_huggingface
def test_the_hugging_face_backend_accepts_the_recipe(recipe: Path) -> None:
    from train.huggingface import settings as hf
    from train.styles import style_named

    settings = hf.check(load(recipe))
    assert style_named(settings.prompt_style)
    assert (settings.method == "orpo") == (recipe.stem == "orpo")
    assert (settings.dora and settings.quantize == "nf4") == (recipe.stem == "qdora")


def test_the_second_round_goes_on_from_the_first() -> None:
    """Two adapters of different shape do not follow each other."""
    first, second = load(FOLDER / "bloom-7b1/alpaca_vi.yaml"), load(FOLDER / "bloom-7b1/news_vi.yaml")
    assert second.get("start_from") == f"{first.get('out_dir')}/final"
    shape = [key for key in first.settings if key.startswith("lora_") or key in ("quantize", "checkpoint_dir", "dora")]
    assert [first.get(key) for key in shape] == [second.get(key) for key in shape]


@pytest.mark.parametrize("key", ["max_norm", "max_tokens", "tie_embeddings"])
def test_a_key_litgpt_refuses_is_noticed(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from litgpt.finetune.lora import validate_args

    content = yaml.safe_load(LITGPT[0].read_text(encoding="utf-8"))
    content["train"][key] = True if key == "tie_embeddings" else 1
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(content))
    chosen = parsed(monkeypatch, changed)
    with pytest.raises(ValueError, match=key):
        validate_args(chosen.train, chosen.eval)


@pytest.mark.parametrize(
    "recipe",
    [FOLDER / "llama-3-8b/news.yaml", FOLDER / "bloom-7b1/alpaca_vi.yaml", FOLDER / "bloom-7b1/orpo.yaml"],
    ids=name_of,
)
@pytest.mark.parametrize("where", [(), ("train",), ("data", "init_args"), ("eval",)], ids=".".join)
def test_a_key_that_nothing_knows_is_noticed(
    recipe: Path, where: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The tests above would notice a slip of the pen in any recipe."""
    content = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    section = content
    for key in where:
        section = section[key]
    section["lora_rank"] = 16
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(content))
    if recipe in HUGGINGFACE:
        from train.huggingface import settings as hf

        with pytest.raises(TrainError, match="lora_rank"):
            hf.check(load(changed))
        return
    with pytest.raises(SystemExit):
        parsed(monkeypatch, changed)
    assert "lora_rank" in capsys.readouterr().err


def unexplained(text: str) -> Iterator[str]:
    """Settings (not the names of sections' openers alone) without a comment directly above or behind them."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not re.match(r"\s*\w+:", line):
            continue
        above = number > 0 and lines[number - 1].lstrip().startswith("#")
        behind = re.search(r"\s#\s*\w", line)
        opener = re.fullmatch(r"\s*\w+:", line)
        if not above and not behind and not opener:
            yield f"{number + 1}: {line.strip()}"


@pytest.mark.parametrize("recipe", [*RECIPES, OVERRIDE], ids=name_of)
def test_every_setting_is_explained(recipe: Path) -> None:
    """A comment above or behind each, and no path of one machine."""
    text = recipe.read_text(encoding="utf-8")
    assert list(unexplained(text)) == []
    assert text.startswith("# "), "no word on what the recipe is for"
    assert not re.search(r"(^|[\s'\"])/(work|tmp|home|root|mnt)\b", text)
    if recipe != OVERRIDE:
        # By its short name: a path of a checkout is none that a pip user has.
        name = name_of(recipe)
        ways = (f'finetune_lora --config "$(train recipe {name} --path)"', f"train finetune --config {name}\n")
        assert any(way in text for way in ways), "how to run it"
        assert "train/recipes/" not in text


def test_a_setting_without_a_comment_is_noticed() -> None:
    text = LITGPT[0].read_text(encoding="utf-8")
    bare = re.sub(r"(?m)^# .*\n(lora_alpha)", r"\1", text)
    while bare != text and not list(unexplained(bare)):
        text, bare = bare, re.sub(r"(?m)^# .*\n(lora_alpha)", r"\1", bare)
    assert [line.split(": ", 1)[1].split(":")[0] for line in unexplained(bare)] == ["lora_alpha"]


def test_no_two_recipes_write_to_one_folder() -> None:
    folders = [load(path).get("out_dir") for path in RECIPES]
    assert sorted(set(folders)) == sorted(folders)


def test_the_page_lists_every_recipe_with_its_sizes(root: Path) -> None:
    page = (root / "docs/recipes.md").read_text(encoding="utf-8")
    table = page.partition("<!-- recipes -->")[2].partition("<!-- /recipes -->")[0]
    listed = dict(re.findall(r"^\| `([\w.-]+/\w+)` \|(.*)$", table, re.MULTILINE))
    assert set(listed) == {name_of(path) for path in RECIPES}
    for path in RECIPES:
        recipe = load(path)
        assert f"{recipe.get('train', 'max_seq_length'):,}" in listed[name_of(path)], name_of(path)
        assert (recipe.get("backend") == "huggingface") == ("Hugging Face" in listed[name_of(path)]), name_of(path)


@each_of_litgpt
def test_the_override_changes_sizes_only(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a recipe (adapter, data, style, optimizer, seeds) is tried on the CPU as it stands."""
    both = parsed(monkeypatch, recipe, OVERRIDE)
    alone, over = parsed(monkeypatch, recipe), load(OVERRIDE)
    for key in ("data", "optimizer", "seed", "logger_name", *(f"lora_{part}" for part in (
        "r", "alpha", "dropout", "query", "key", "value", "projection", "mlp", "head")
    )):  # fmt: skip
        assert both[key] == alone[key], key
    assert {key: str(both[key]) for key in ("precision", "quantize", "out_dir", "checkpoint_dir")} == {
        key: str(over.get(key)) for key in ("precision", "quantize", "out_dir", "checkpoint_dir")
    }
    assert both.train.max_steps == over.get("train", "max_steps")
    assert both.train.epochs == alone.train.epochs


def test_both_backends_lay_the_override_over_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = FOLDER / "llama-3-8b/news.yaml"
    ours, theirs = load(recipe, [OVERRIDE]), parsed(monkeypatch, recipe, OVERRIDE)
    for keys in (("train", "max_steps"), ("train", "epochs"), ("lora_r",), ("quantize",), ("eval", "max_iters")):
        value: Any = theirs
        for key in keys:
            value = value[key] if isinstance(value, dict) or not hasattr(value, key) else getattr(value, key)
        assert ours.get(*keys) == value, keys
