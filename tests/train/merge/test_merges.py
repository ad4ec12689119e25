"""The recipes in train/merges: each passes its own checks and runs on tiny models that lie where it looks for them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.train.merge.conftest import TEXTS, weights_of

Runner = Callable[..., tuple[int, str, str]]
RECIPES = ("linear", "slerp", "ties", "dare_ties", "della_linear", "vinasmol")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny SmolLM2s in LitGPT's form in every folder that the recipes name."""
    import torch
    from litgpt.prompts import save_prompt_style

    from train.models.architectures import make_tiny
    from train.styles import style_named

    folder = tmp_path_factory.mktemp("tree")
    base = folder / "checkpoints/HuggingFaceTB/SmolLM2-360M"
    make_tiny("SmolLM2-360M", TEXTS, base)
    weights = torch.load(base / "lit_model.pth", weights_only=True)
    tuned = [f"out/smollm2-360m-{name}/final" for name in ("muri-vi", "vi-alpaca", "vi-multi-turn-alpaca", "lima")]
    for seed, name in enumerate([*tuned, "checkpoints/HuggingFaceTB/SmolLM2-360M-Instruct"]):
        shutil.copytree(base, folder / name)
        generator = torch.Generator().manual_seed(seed)
        changed = {
            key: one + 0.02 * torch.randn(one.shape, generator=generator)
            for key, one in weights.items()
            if "attn" in key or ("lima" in name and key == "lm_head.weight")
        }
        torch.save(weights | changed, folder / name / "lit_model.pth")
        if name in tuned:
            save_prompt_style(style_named("chatml-vi"), folder / name)
    return folder


def recipe_of(root: Path, name: str) -> Path:
    return root / "train/merges" / f"{name}.yaml"


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_runs_as_it_is(
    tree: Path, root: Path, train: Runner, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    recipe = recipe_of(root, name)
    code, out, err = train("merge", "--config", recipe, "--dry-run")
    assert (code, err) == (0, ""), err
    assert "makes   final whole" in out
    code, out, err = train("merge", "--config", recipe, "--json")
    assert (code, err) == (0, ""), err
    told = json.loads(out)
    out_dir = list(yaml.safe_load_all(recipe.read_text()))[-1]["newsmill"]["out_dir"]
    assert told["out"] == out_dir
    merged = weights_of(Path(out_dir))
    assert {str(weight.dtype) for weight in merged.values()} == {"torch.bfloat16"}
    assert all(weight.isfinite().all() for weight in merged.values())
    assert told["steps"][-1]["text"] is not None


def test_vinasmols_head_and_chat(tree: Path, root: Path, train: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """LIMA's head stays apart from the embedding; the chat is the tuned models', not the base's."""
    from transformers import AutoTokenizer

    monkeypatch.chdir(tree)
    assert train("merge", "--config", recipe_of(root, "vinasmol"))[0] == 0
    merged = weights_of(Path("out/vinasmol"))
    assert not merged["lm_head.weight"].equal(merged["model.embed_tokens.weight"])
    assert json.loads(Path("out/vinasmol/config.json").read_text())["tie_word_embeddings"] is False
    tokenizer = AutoTokenizer.from_pretrained("out/vinasmol")
    assert "<|im_start|>user\nCiao" in tokenizer.apply_chat_template(
        [{"role": "user", "content": "Ciao"}], tokenize=False
    )
    assert Path("out/vinasmol/prompt_style.yaml").is_file()


def test_vinasmol_as_published(root: Path) -> None:
    """Densities, weights, epsilons and scaling of VinaSmol's own merge file."""
    first, last = yaml.safe_load_all(recipe_of(root, "vinasmol").read_text())
    assert (first["merge_method"], last["merge_method"]) == ("dare_ties", "della_linear")
    densities = [(model["parameters"]["density"], model["parameters"]["weight"]) for model in first["models"]]
    assert densities == [(0.3, 0.2), (0.6, 0.5), (0.6, 0.5)]
    added = {
        model["model"]: (model["parameters"]["density"], model["parameters"]["weight"]) for model in last["models"]
    }
    assert list(added) == [
        "vietnamese", "out/smollm2-360m-lima/final", "checkpoints/HuggingFaceTB/SmolLM2-360M-Instruct",
    ]  # fmt: skip
    assert list(added.values()) == [(0.8, 0.7), (0.5, 0.05), (0.5, 0.25)]
    assert [model["parameters"]["epsilon"] for model in last["models"]] == [0.15, 0.4, 0.4]
    assert first["parameters"] == last["parameters"] == {"normalize": True, "lambda": 1.0}


def test_lora_recipe_runs_as_it_is(
    tuned: Path, workspace: Path, root: Path, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On what `litgpt finetune_lora` really left."""
    import torch

    monkeypatch.chdir(workspace)
    assert tuned == workspace / "out/tiny-news"
    code, out, err = train("merge", "--config", recipe_of(root, "lora"))
    assert (code, err) == (0, ""), err
    assert "equal to base and adapter apart" in out
    # The tiny Llama's head and embedding are two tensors: there LitGPT's own merge is right.
    ours = torch.load("out/tiny-news-merged/lit_model.pth", weights_only=True)
    for name, weight in torch.load("out/tiny-news/final/lit_model.pth", weights_only=True).items():
        assert torch.allclose(ours[name], weight, atol=1e-6), name


def test_every_setting_is_explained(root: Path) -> None:
    """A comment stands before each line that sets something; groups and folders explain themselves."""
    recipes = sorted((root / "train/merges").glob("*.yaml"))
    assert {path.stem for path in recipes} == {*RECIPES, "lora"}
    for path in recipes:
        for before, line in pairwise(path.read_text().splitlines()):
            sets = re.match(r"\s*(?!models?:|parameters)[a-z_]+:", line)
            assert not sets or before.lstrip().startswith("#"), f"{path.name}: {line}"
            assert len(line) <= 120


def test_the_pages_recipes_are_recipes(root: Path, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/merging.md: its blocks are read without a complaint, over vinasmol.yaml where they are overrides."""
    from train.merge.mergekit_file import merge_of
    from train.merge.settings import Problems
    from train.recipes import short_names

    page = (root / "docs/merging.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        problems = Problems()
        over = recipe_of(root, "vinasmol")
        merge = merge_of([path] if "out_dir" in block else [over, path], None, problems)
        assert problems == []
        assert merge is not None
        assert len(merge.steps) == 2
    names = re.findall(r"^    train merge --config (\S+)", page, re.MULTILINE)
    names += re.findall(r'^    litgpt finetune_lora --config "\$\(train recipe (\S+) --path\)"', page, re.MULTILINE)
    assert len(names) == 9
    assert set(names) - set(short_names()) == set()
