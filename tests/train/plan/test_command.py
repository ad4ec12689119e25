"""`train plan`: tokens and steps as LitGPT counts them, mistakes told together, what fits and what to change.

Covers train.huggingface.schedule, train.plan.advice, train.plan.dataset_size, train.plan.estimate, train.plan.gpus,
train.plan.job, train.plan.tables, train.progress.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.conftest import ITALIAN, VIETNAMESE
from train.errors import TrainError
from train.plan.command import prices_of
from train.plan.dataset_size import Rows, steps_of
from train.plan.gpus import DEFAULT, bytes_needed, load_table, overheads, seconds, select_gpus
from train.plan.job import litgpt_shape, planned_run
from train.plan.memory import Footprint, Work
from train.plan.tables import duration
from train.recipes import Recipe, load

Run = Callable[..., tuple[int, str, str]]
RECIPES = sorted((Path(__file__).resolve().parents[3] / "train/recipes").glob("*/*.yaml"))


@pytest.fixture
def at_work(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the tiny checkpoint and its export, as current folder."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("NEWSMILL_HOME", str(workspace / "home"))
    return workspace


def recipe_file(folder: Path, **changed: Any) -> Path:
    """A LitGPT recipe of the tiny model with settings changed; a dotted key as a__b."""
    settings: dict[str, Any] = {
        "checkpoint_dir": "checkpoints/tiny", "out_dir": "out/plan", "precision": "32-true", "lora_r": 4,
        "lora_alpha": 4, "lora_dropout": 0.05, "lora_key": True,
        "data": {"class_path": "litgpt.data.JSON", "init_args": {"json_path": "export/litgpt", "num_workers": 0}},
        "train": {
            "global_batch_size": 4, "micro_batch_size": 2, "epochs": 3, "lr_warmup_steps": 1, "max_seq_length": 512,
        },
        "eval": {"interval": 2, "max_iters": 5, "max_new_tokens": 8, "initial_validation": True},
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.001}},
    }  # fmt: skip
    for key, value in changed.items():
        *sections, last = key.split("__")
        place = settings
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    folder.mkdir(exist_ok=True)
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def planned(train: Run, *words: object) -> dict[str, Any]:
    code, out, err = train("plan", *words, "--json")
    assert code == 0, err
    return dict(json.loads(out))


# ---- tokens and steps


def test_tokens_and_steps_are_those_of_litgpt(train: Run, at_work: Path, tmp_path: Path) -> None:
    from litgpt.data import JSON
    from litgpt.tokenizer import Tokenizer

    plan = planned(train, "--config", recipe_file(tmp_path), "--gpu", "T4")
    module = JSON(Path("export/litgpt"), num_workers=0)
    module.connect(Tokenizer(Path("checkpoints/tiny")), batch_size=2, max_seq_length=512)
    module.setup()
    rows = list(module.train_dataset or [])
    data = plan["data"]
    assert data["exact"]
    assert data["rows"] == len(rows) == 8
    assert data["tokens"] == sum(len(row["input_ids"]) for row in rows)
    assert data["answer"] == sum(int((row["labels"] != -100).sum()) for row in rows)
    batches = len(module.train_dataloader())
    assert plan["steps"]["micro_batches"] == 3 * batches
    assert plan["steps"]["steps"] == 3 * batches // 2
    # All of validation before, after and at each interval: one batch of two rows.
    assert plan["steps"]["validation_batches"] == 1 + 1 + 3
    assert plan["length"] == max(data["longest"], 2)


def test_our_data_module_is_counted_by_itself(train: Run, at_work: Path, tmp_path: Path) -> None:
    data = {"class_path": "train.data.Chat", "init_args": {"path": "export/alpaca.jsonl", "prompt_style": "alpaca-it"}}
    plan = planned(train, "--config", recipe_file(tmp_path, data=data), "--gpu", "T4")
    assert plan["data"]["exact"]
    assert plan["data"]["rows"] + plan["data"]["val_rows"] <= 10
    assert 0 < plan["data"]["answer"] < plan["data"]["tokens"] <= plan["data"]["padded"]
    assert not plan["stable_embedding"]


@pytest.fixture(scope="module")
def bloom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BLOOM in Hugging Face form."""
    from train.models.architectures import make_tiny

    folder = tmp_path_factory.mktemp("plan") / "bloom"
    make_tiny("bloom-7b1", [ITALIAN, VIETNAMESE], folder)
    return folder


@pytest.mark.parametrize("method", ["sft", "orpo"])
def test_the_hugging_face_backend_is_counted_by_itself(
    train: Run, at_work: Path, tmp_path: Path, bloom: Path, method: str
) -> None:
    from train.huggingface.datasets import load_data
    from train.huggingface.schedule import total_steps
    from train.huggingface.settings import check

    answer = {"chosen": ITALIAN, "rejected": VIETNAMESE} if method == "orpo" else {"output": ITALIAN}
    rows = [{"instruction": f"Riassumi {number}.", "input": VIETNAMESE * (number % 3 + 1)} for number in range(9)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row | answer) + "\n" for row in rows), encoding="utf-8")
    settings = {
        "backend": "huggingface", "method": method, "dora": True, "checkpoint_dir": str(bloom), "precision": "32-true",
        "gradient_checkpointing": True, "lora_r": 4, "lora_key": True,
        "data": {
            "class_path": "train.data.Pairs" if method == "orpo" else "train.data.Chat",
            "init_args": {"path": str(tmp_path / "rows.jsonl"), "prompt_style": "alpaca-it", "val_share": 0.2},
        },
        "train": {"global_batch_size": 4, "micro_batch_size": 2, "epochs": 3, "max_seq_length": 512},
    }  # fmt: skip
    recipe = tmp_path / "hf.yaml"
    recipe.write_text(yaml.safe_dump(settings))
    plan = planned(train, "--config", recipe, "--gpu", "T4")
    made = load_data(check(load(recipe)))
    data = plan["data"]
    assert (data["rows"], data["val_rows"]) == (len(made.train), len(made.val))
    assert data["tokens"] == len(made.train.tokens)
    assert plan["length"] == max(made.train.lengths + made.val.lengths)
    assert plan["steps"]["steps"] == total_steps(check(load(recipe)), len(made.train))
    # Query, key and value in one matrix of 64 x 192 in two layers: A, B and DoRA's magnitudes.
    assert plan["trainable"] == 2 * (4 * (64 + 192) + 192)


def test_a_plan_without_data_says_what_it_assumes(train: Run, at_work: Path, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, data__init_args__json_path="nowhere", train__epochs=2)
    nothing = planned(train, "--config", recipe, "--gpu", "T4")
    assert nothing["data"]["rows"] is None
    assert nothing["steps"]["steps"] is None
    assert nothing["length"] == 512
    assert nothing["gpus"][0]["seconds"] is None
    told = planned(train, "--config", recipe, "--gpu", "T4", "--rows", 100, "--tokens", 60)
    assert "assumed 100 rows" in told["data"]["source"]
    assert told["steps"]["steps"] == 2 * 50 // 2
    assert told["gpus"][0]["seconds"][0] < told["gpus"][0]["seconds"][1]


def test_without_a_tokenizer_tokens_come_from_characters(train: Run, at_work: Path, tmp_path: Path) -> None:
    data = {"class_path": "train.data.Chat", "init_args": {"path": "export/alpaca.jsonl", "val_share": 0.2}}
    recipe = recipe_file(tmp_path, data=data, checkpoint_dir="checkpoints/pythia-14m", lora_key=False)
    plan = planned(train, "--config", recipe, "--gpu", "T4", "--chars-per-token", 2)
    assert plan["sizes_from"] == "LitGPT's registry (pythia-14m)"
    assert plan["parameters"] == 14_067_712
    assert not plan["data"]["exact"]
    twice = planned(train, "--config", recipe, "--gpu", "T4", "--chars-per-token", 4)
    assert plan["data"]["tokens"] == pytest.approx(2 * twice["data"]["tokens"], rel=0.02)


def test_a_schedule_that_ends_before_the_run_is_noted(at_work: Path, tmp_path: Path) -> None:
    run = planned_run(
        load(recipe_file(tmp_path, train__epochs=4, train__global_batch_size=4, train__micro_batch_size=1))
    )
    steps = steps_of(run, Rows(9, 2, 900, 90, 900, 100, 9, "test"))
    # Nine batches, four a step: two steps an epoch in the schedule, nine in four epochs.
    assert steps.steps == 9
    assert any("schedule ends at step 8" in note for note in steps.notes)
    few = steps_of(run, Rows(0, 0, 1, 1, 1, 1, 0, "test"))
    assert any("no step at all" in note for note in few.notes)


# ---- recipes


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_recipe_can_be_read(recipe: Path) -> None:
    if recipe.parent.name == "tiny":
        with pytest.raises(TrainError, match=r"model_config\.yaml|config\.json"):
            planned_run(load(recipe))
        return
    run = planned_run(load(recipe))
    assert run.max_seq_length >= 448
    assert run.accumulation * run.micro_batch == run.global_batch


def test_all_mistakes_are_told_together_with_their_lines(train: Run, at_work: Path, tmp_path: Path) -> None:
    recipe = recipe_file(
        tmp_path, precision="bf16-mixed", quantize="bnb.nf4", lora_rank=4, devices=2, train__micro_batch_size=3,
        train__lr_warmup_steps=0, train__max_norm=1.0, eval__intervall=5, lora_query="yes",
    )  # fmt: skip
    code, _, err = train("plan", "--config", recipe)
    assert code == 2
    lines = recipe.read_text().splitlines()
    for part in ("did you mean lora_r", "refuses quantize with a mixed", "one GPU only", "divides by it",
                 "refuses train.max_norm", "did you mean interval", "lora_query must be true or false"):  # fmt: skip
        assert part in err
    number = next(number for number, line in enumerate(lines, 1) if "max_norm" in line)
    assert f"{recipe}:{number}: litgpt finetune_lora refuses train.max_norm" in err
    assert "8 mistakes" in err or "9 mistakes" in err


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"checkpoint_dir": "checkpoints/Lama-3-8B"}, "did you mean"),
        ({"checkpoint_dir": "checkpoints/Mixtral-8x7B-v0.1"}, "mixture of experts"),
        ({"checkpoint_dir": "checkpoints/Llama-3-8B", "train__max_seq_length": 9000}, "8192 tokens at most"),
        ({"train__global_batch_size": 5}, "LitGPT would take 4 rows a step"),
        ({"train__epochs": None}, "needs train.epochs"),
        ({"method": "orpo"}, "backend: huggingface"),
        ({"quantize": "bnb.int8-training", "precision": "16-true"}, "not planned here"),
        ({"data__init_args__json_path": "checkpoints"}, "cannot read it"),
        ({"data__class_path": "train.data.Chatt"}, "refuses its settings"),
        ({"lora_query": False, "lora_key": False, "lora_value": False}, "nothing would be trained"),
    ],
)
def test_one_mistake(train: Run, at_work: Path, tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    code, _, err = train("plan", "--config", recipe_file(tmp_path, **changed))
    assert code == 2
    assert told in err


def test_sizes_are_read_from_the_checkpoint_where_it_is(at_work: Path) -> None:
    shape, source = litgpt_shape(Path("checkpoints/tiny"), {"lora_r": 4})
    assert shape.n_embd == 32
    assert source.endswith("model_config.yaml")


# ---- what fits


def footprint(parts: dict[str, int], validation: int = 0) -> Footprint:
    return Footprint(1, 1, parts, sum(parts.values()), validation, 0, Work(), Work())


def test_overheads_grow_with_what_moves() -> None:
    table = load_table()
    small, large = footprint({"weights": 10**9}), footprint({"weights": 10**9, "activations": 10**9})
    assert overheads(small, table.overhead)["fragmentation"] == 0
    assert overheads(large, table.overhead)["fragmentation"] == 10**9 * table.overhead.fragmentation
    # Validation that takes more than training decides.
    assert bytes_needed(footprint({"weights": 10**9}, 3 * 10**9), table.overhead) > 3 * 10**9


def test_the_table_of_gpus_is_whole() -> None:
    table = load_table(DEFAULT)
    assert {"T4", "L4", "A10G", "RTX 3090", "RTX 4090", "A100-40GB", "A100-80GB", "H100-80GB"} <= set(table.gpus)
    for gpu in table.gpus.values():
        assert gpu.source
        assert gpu.tflops_32 < gpu.tflops
        assert 10 < gpu.memory < 200
    assert not table.gpus["T4"].bf16
    assert [gpu.name for gpu in select_gpus(table, ["rtx4090", "l4"])] == ["RTX 4090", "L4"]
    with pytest.raises(TrainError, match="no GPU L5"):
        select_gpus(table, ["L5"])


def test_a_faster_gpu_is_faster_and_32_bits_are_slower() -> None:
    table = load_table()
    work = Work(flop=1e13, moved=1e10, kernels=100, products=[(1e13, 1e8)])
    l4, h100 = table.gpus["L4"], table.gpus["H100-80GB"]
    assert seconds(work, h100, table.fast, "bf16-true") < seconds(work, l4, table.fast, "bf16-true")
    assert seconds(work, l4, table.fast, "bf16-true") < seconds(work, l4, table.slow, "bf16-true")
    assert seconds(work, l4, table.fast, "32-true") > seconds(work, l4, table.fast, "bf16-true")


def test_a_table_that_is_none_is_one_line(train: Run, at_work: Path, tmp_path: Path) -> None:
    other = tmp_path / "gpus.yaml"
    other.write_text("gpus: {Mine: {memory: 8}}\n")
    code, _, err = train("plan", "--config", recipe_file(tmp_path), "--gpus", other)
    assert code == 2
    assert "no table of GPUs" in err


def test_advice_makes_it_fit_and_says_what_each_change_saves(train: Run, at_work: Path, tmp_path: Path) -> None:
    table = tmp_path / "gpus.yaml"
    sizes = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    base = recipe_file(tmp_path, train__max_seq_length=1024, train__micro_batch_size=4,
                       data__init_args__json_path="nowhere")  # fmt: skip
    whole = planned(train, "--config", base, "--gpu", "T4")["memory"]["needed"]
    sizes["gpus"]["Small"] = sizes["gpus"]["L4"] | {"memory": whole * 0.9 / 2**30}
    sizes["overhead"]["context"] = 0
    table.write_text(yaml.safe_dump(sizes))
    plan = planned(train, "--config", base, "--gpus", table, "--gpu", "Small")
    if plan["advice"] is None:  # the context alone was the tenth
        sizes["gpus"]["Small"]["memory"] = plan["memory"]["needed"] * 0.9 / 2**30
        table.write_text(yaml.safe_dump(sizes))
        plan = planned(train, "--config", base, "--gpus", table, "--gpu", "Small")
    advice = plan["advice"]
    assert advice["fits"]
    assert advice["steps"][0]["change"].startswith("train.micro_batch_size: 2")
    left = plan["memory"]["needed"]
    for step in advice["steps"]:
        left -= step["saved"]
        assert step["needed"] == left
    # A recipe with that change fits indeed.
    again = planned(train, "--config", recipe_file(
        tmp_path, train__max_seq_length=1024, train__micro_batch_size=2, data__init_args__json_path="nowhere",
    ), "--gpus", table, "--gpu", "Small")  # fmt: skip
    assert again["memory"]["needed"] == advice["steps"][0]["needed"]


def test_the_plan_for_people(train: Run, at_work: Path, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path)
    code, out, err = train("plan", "--config", recipe, "--price", "L4=0.7", "--price", "kWh=0.3")
    assert code == 0
    assert err == ""
    for part in ("parameters and", "8 rows, 2 to validate", "12 micro-batches", "activations", "CUDA context (assumed)",
                 "RTX 4090", f"litgpt finetune_lora --config {recipe}"):  # fmt: skip
        assert part.replace("CUDA context (assumed)", "CUDA context and cuBLAS (assumed)") in out
    assert all(len(line) < 200 for line in out.splitlines())


@pytest.mark.parametrize("words", [("--rows", "0"), ("--price", "L4"), ("--price", "L9=1"), ("--price", "L4=-1")])
def test_wrong_options_are_one_line(train: Run, at_work: Path, tmp_path: Path, words: tuple[str, str]) -> None:
    code, _, err = train("plan", "--config", recipe_file(tmp_path), *words)
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def test_prices_and_durations() -> None:
    assert prices_of(["RTX 4090=0.5", "kWh=0.2"]) == {"rtx4090": 0.5, "kwh": 0.2}
    assert duration([30.0, 50.0]) == "30-50 s"
    assert duration([7200.0, 10_800.0]) == "2.0-3.0 h"
    assert math.isclose(float(duration([86_400.0 * 3, 86_400.0 * 4]).split("-")[0]), 3.0)


def test_an_override_is_laid_over(at_work: Path, tmp_path: Path) -> None:
    over = tmp_path / "over.yaml"
    over.write_text("train: {micro_batch_size: 1}\n")
    recipe: Recipe = load(recipe_file(tmp_path), [over])
    assert planned_run(recipe).micro_batch == 1
    assert planned_run(recipe).accumulation == 4


def test_a_vocabulary_larger_than_the_embedding_is_refused(train: Run, at_work: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "small"
    shutil.copytree(at_work / "checkpoints/tiny", checkpoint)
    config = yaml.safe_load((checkpoint / "model_config.yaml").read_text())
    changed = {"padded_vocab_size": 300, "vocab_size": 300}
    (checkpoint / "model_config.yaml").write_text(yaml.safe_dump(config | changed))
    code, _, error = train("plan", "--config", recipe_file(tmp_path, checkpoint_dir=str(checkpoint)))
    assert code == 2
    assert f"the model in {checkpoint} has only 300 rows" in error
