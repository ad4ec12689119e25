"""Every recipe: accepted by the backend that runs it, explained line by line, and run on a tiny model of its kind.

Recipes are found by their place; a new one is tested without a word here, unless its architecture is new (`LIKE`).
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.errors import TrainError
from train.models.architectures import is_tied, make_tiny
from train.recipes import Recipe, load

FOLDER = Path(__file__).resolve().parents[3] / "train/recipes"
OVERRIDE = FOLDER / "cpu.yaml"
RECIPES = sorted(FOLDER.glob("*/*.yaml"))
HUGGINGFACE = [path for path in RECIPES if load(path).get("backend") == "huggingface"]
LITGPT = [path for path in RECIPES if path not in HUGGINGFACE]
#: Folder of recipes -> the published model that they tune.
LIKE = {
    "llama-3-8b": "Llama-3-8B-Instruct",
    "gemma-2b": "Gemma-2b-it",
    "smollm2-360m": "SmolLM2-360M",
    "bloom-7b1": "bloom-7b1",
    "qwen3-1.7b": "Qwen3-1.7B",
    "gemma-3-1b": "Gemma-3-1b-it",
    "llama-3.2-1b": "Llama-3.2-1B-Instruct",
}
#: What issue 6 and the families of today ask for.
NEEDED = {
    **{name: {"news", "multilingual", "orpo", "qdora"} for name in ("llama-3-8b", "gemma-2b")},
    "smollm2-360m": {"vi_alpaca", "vi_multi_turn_alpaca", "lima", "muri_vi", "smol_smoltalk", "orpo", "qdora"},
    "bloom-7b1": {"alpaca_vi", "news_vi", "orpo", "qdora"},
    **{name: {"news", "orpo", "qdora"} for name in ("qwen3-1.7b", "gemma-3-1b", "llama-3.2-1b")},
    "tiny": {"news"},
}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


each_of_litgpt = pytest.mark.parametrize("recipe", LITGPT, ids=name_of)
each_of_huggingface = pytest.mark.parametrize("recipe", HUGGINGFACE, ids=name_of)


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
    style = chosen.data.init_args.prompt_style
    if chosen.data.class_path == "train.data.Chat":
        from train.styles import style_named

        assert style_named(style)


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
        assert f"--config train/recipes/{name_of(recipe)}.yaml" in text, "how to run it"


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


# --- every recipe runs


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
    """`litgpt finetune_lora --config … --config …` in this process, by its own entry point."""
    import torch
    from litgpt.__main__ import main

    monkeypatch.setattr(sys, "argv", ["litgpt", "finetune_lora", *(f"--config={config}" for config in configs)])
    precision = torch.get_float32_matmul_precision()
    try:
        main()
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
