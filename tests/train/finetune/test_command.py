"""`train finetune` as a user meets it: killed, resumed, refused, out of memory, on a full disk, in two processes.

Covers train.finetune.final, train.finetune.guards, train.finetune.loop, train.models.quantization.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fork_server import start_forked
from tests.train.conftest import SCRIPTS
from tests.train.huggingface.hf_fixtures import curve, make_folder, recipe
from tests.waiting import wait_until

pytestmark = pytest.mark.long

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("finetune"))


def finetune(*configs: Path) -> int:
    from train.__main__ import main

    return main(["finetune", "--json", *(word for path in configs for word in ("--config", str(path)))])


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    """An uninterrupted run: BLOOM in nf4 with DoRA, 8-bit paged Adam, dropout, gradient checkpointing."""
    assert finetune(recipe(folder, out_dir="whole")) == 0
    return folder / "whole"


@pytest.fixture(scope="module")
def killed(folder: Path) -> Path:
    """The same run, killed by SIGKILL when the checkpoint of step 4 is there."""
    path = recipe(folder, out_dir="killed")
    command = [sys.executable, "-m", "train", "finetune", "--config", str(path)]
    process = start_forked("train", command)
    checkpoint = folder / "killed/checkpoint-4"
    wait_until(lambda: checkpoint.is_dir() or process.poll() is not None, 120, 0.005)
    assert process.poll() is None, "ended by itself"
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "killed/final").exists()
    return folder / "killed"


def copy_of(killed: Path, name: str) -> tuple[Path, Path]:
    """(a copy of the killed run, its recipe)."""
    shutil.copytree(killed, killed.parent / name)
    return killed.parent / name, recipe(killed.parent, out_dir=name)


def test_a_killed_run_goes_on_with_the_same_losses(whole: Path, killed: Path, train: Run) -> None:
    run, path = copy_of(killed, "resumed")
    code, told, _ = train("finetune", "--config", path, "--json")
    assert code == 0
    assert json.loads(told)["resumed_at"] in (4, 6)
    assert curve(run) == curve(whole)
    assert len(curve(whole)) == 1 + 6 + 3
    last = [(folder / "final/adapter_model.safetensors").read_bytes() for folder in (run, whole)]
    assert last[0] == last[1]


def test_a_torn_checkpoint_is_skipped_for_the_one_before(whole: Path, killed: Path, train: Run) -> None:
    run, path = copy_of(killed, "torn")
    newest = max(run.glob("checkpoint-*"), key=lambda found: int(found.name.split("-")[1]))
    weights = newest / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    code, told, errors = train("finetune", "--config", path, "--json")
    assert code == 0
    assert f"{newest} is torn (adapter_model.safetensors is not as it was written): skipped" in errors
    assert json.loads(told)["resumed_at"] == int(newest.name.split("-")[1]) - 2
    assert curve(run) == curve(whole)


def test_other_settings_are_refused_by_name(killed: Path, train: Run) -> None:
    run, _ = copy_of(killed, "other")
    before = (run / "metrics.csv").read_bytes()
    path = recipe(killed.parent, out_dir="other", lora_r=8)
    code, _, error = train("finetune", "--config", path)
    assert code == 2
    assert "lora_r was 4, now 8" in error
    assert (run / "metrics.csv").read_bytes() == before


def test_a_finished_run_is_kept(whole: Path, train: Run) -> None:
    path = recipe(whole.parent, out_dir="whole")
    before = (whole / "final/adapter_model.safetensors").stat().st_mtime_ns
    code, told, _ = train("finetune", "--config", path)
    assert code == 0
    assert "was finished before (6 steps" in told
    assert (whole / "final/adapter_model.safetensors").stat().st_mtime_ns == before


def test_a_full_disk_is_one_line_and_the_older_checkpoint_stays(whole: Path, killed: Path, train: Run) -> None:
    run, path = copy_of(killed, "full")
    shutil.rmtree(run / "checkpoint-6", ignore_errors=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, hard))
    try:
        code, _, error = train("finetune", "--config", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert code == 2
    assert "cannot write the checkpoint of step 6" in error
    assert f"{run / 'checkpoint-4'} stays" in error
    assert train("finetune", "--config", path)[0] == 0
    assert curve(run) == curve(whole)


def test_killed_between_the_last_step_and_the_end(whole: Path, killed: Path, train: Run) -> None:
    run, path = copy_of(whole, "late")
    shutil.rmtree(run / "final")
    code, told, _ = train("finetune", "--config", path)
    assert code == 0
    assert "6 steps (on from step 6)" in told
    assert curve(run) == curve(whole)


def test_what_a_run_leaves(whole: Path) -> None:
    final = whole / "final"
    names = {path.name for path in final.iterdir()}
    assert names >= {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "prompt_style.yaml",
                     "recipe.yaml", "chat_template.jinja"}  # fmt: skip
    from train.styles import style_of

    assert style_of(final).name == "alpaca-it"  # type: ignore[union-attr]
    assert yaml.safe_load((final / "recipe.yaml").read_text())["lora_r"] == 4
    assert sorted(path.name for path in whole.glob("checkpoint-*")) == ["checkpoint-4", "checkpoint-6"]
    config = json.loads((final / "adapter_config.json").read_text())
    assert config["use_dora"] is True
    assert sorted(config["target_modules"]) == sorted(
        ["query_key_value", "self_attention.dense", "dense_h_to_4h", "dense_4h_to_h"]
    )


def test_every_layer_learns_after_an_evaluation(whole: Path) -> None:
    """bitsandbytes repacks 4-bit weights in evaluation on some CPUs, and the layers below then get no gradient."""
    from safetensors.torch import load_file

    weights = load_file(whole / "final/adapter_model.safetensors")
    second = {name: weight for name, weight in weights.items() if "lora_B" in name}
    assert len(second) == 8
    assert all(weight.abs().max() > 0 for weight in second.values())


def last_val(run: Path) -> float:
    return float([row for row in curve(run) if row[2]][-1][2])


def test_the_adapter_loads_elsewhere_and_scores_as_it_did(folder: Path, train: Run) -> None:
    """A tiny Llama, QDoRA with the tied head: loaded by peft, the validation loss is that of the table."""
    path = recipe(
        folder, out_dir="llama-out", checkpoint_dir="llama", lora_head=True, train={"max_steps": 2},
        data={"class_path": "train.data.Chat", "init_args": {"path": "data", "prompt_style": "chatml-it"}},
    )  # fmt: skip
    code, told, notes = train("finetune", "--config", path)
    assert code == 0
    assert "input and output embeddings are one matrix" in notes
    assert f"next: train loss --run {folder / 'llama-out'}" in told
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from train.data.encode import encode, read_splits, tokenizer_of
    from train.models.quantization import keep_packing
    from train.styles import style_of

    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
    base = AutoModelForCausalLM.from_pretrained(folder / "llama", quantization_config=nf4, dtype=torch.float32)
    keep_packing(base)
    final = folder / "llama-out/final"
    model = PeftModel.from_pretrained(base, final)
    style, total, count = style_of(final), 0.0, 0
    assert style is not None
    for chat in read_splits(folder / "data")["val"]:
        row = encode(chat, style, tokenizer_of(final))[0]
        labels = torch.tensor([row.labels])
        with torch.no_grad():
            logits = model(torch.tensor([row.ids])).logits
        total += float(torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:], reduction="sum"))
        count += int((labels != -100).sum())
    assert last_val(folder / "llama-out") == pytest.approx(total / count, rel=2e-3)


def test_a_second_round_goes_on_from_the_first_adapter(whole: Path, train: Run) -> None:
    folder = whole.parent
    path = recipe(folder, out_dir="second", start_from=str(whole), train={"max_steps": 1}, seed=8)
    code, told, _ = train("finetune", "--config", path, "--json")
    assert code == 0
    assert float(curve(folder / "second")[1][2]) == pytest.approx(last_val(whole), rel=1e-5)
    assert json.loads(told)["steps"] == 1
    other = recipe(folder, out_dir="third", start_from=str(whole), lora_r=8)
    code, _, error = train("finetune", "--config", other)
    assert code == 2
    assert "lora_r 4 there, 8 in the recipe" in error


def test_a_loss_that_is_no_number_stops_the_run(folder: Path, train: Run) -> None:
    optimizer = {"class_path": "torch.optim.SGD", "init_args": {"lr": 1e30}}
    path = recipe(folder, out_dir="nan", optimizer=optimizer, quantize=None, double_quant=False, dora=False,
                  train={"save_interval": 1})  # fmt: skip
    code, _, error = train("finetune", "--config", path)
    assert code == 2
    assert len([line for line in error.splitlines() if "is not a number" in line]) == 1
    assert "lower optimizer.init_args.lr (1e+30)" in error
    assert all(math.isfinite(float(row[1])) for row in curve(folder / "nan")[1:] if row[1])


def test_out_of_memory_says_what_to_change(folder: Path, train: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr("train.huggingface.learned_tokens.token_losses", lambda *words: torch.empty(2**60))
    path = recipe(folder, out_dir="memory", gradient_checkpointing=False)
    code, _, error = train("finetune", "--config", path)
    assert code == 2
    (line,) = [line for line in error.splitlines() if "out of memory" in line]
    assert "train.micro_batch_size 1" in line
    assert "gradient_checkpointing: true" in line
    assert "quantize" not in line


def test_the_micro_batch_changes_no_loss(folder: Path) -> None:
    """Every learned token of a step weighs the same, whatever batch it is in. Dropout alone draws otherwise."""
    plain = {"lora_dropout": 0.0, "gradient_checkpointing": False, "quantize": None, "double_quant": False}
    curves = []
    for micro in (1, 4):
        path = recipe(folder, out_dir=f"micro{micro}", train={"micro_batch_size": micro, "max_steps": 3}, **plain)
        assert finetune(path) == 0
        curves.append([[float(cell) for cell in row[1:3] if cell] for row in curve(folder / f"micro{micro}")[1:]])
    assert len(curves[0]) == 5
    for first, second in zip(*curves, strict=True):
        assert second == pytest.approx(first, rel=1e-5)


@pytest.mark.parametrize(
    ("train", "rows", "expected"),
    [
        ({"epochs": 2}, 9, (6, 0)),
        ({"epochs": 2, "max_steps": 4}, 9, (4, 0)),
        ({"max_steps": 7, "lr_warmup_steps": 3}, 9, (7, 3)),
        ({"epochs": 3, "lr_warmup_fraction": 0.5}, 16, (12, 2)),
        ({"epochs": 1, "lr_warmup_steps": 100}, 8, (2, 2)),
    ],
)
def test_steps(train: dict[str, Any], rows: int, expected: tuple[int, int]) -> None:
    from train.huggingface.schedule import total_steps, warmup_steps
    from train.huggingface.settings import Settings

    settings = Settings(global_batch_size=4, **train)
    total = total_steps(settings, rows)
    assert (total, warmup_steps(settings, rows, total)) == expected


def test_one_run_at_a_time_in_a_folder(folder: Path, train: Run) -> None:
    from train.run_folder import lock

    path = recipe(folder, out_dir="busy")
    with lock(folder / "busy"):
        code, _, error = train("finetune", "--config", path)
    assert code == 2
    assert "another process trains there now" in error


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"checkpoint_dir": "nothing"}, "there is no folder"),
        ({"data": {"class_path": "train.data.Chat", "init_args": {"path": "nothing"}}}, "does not exist"),
        ({"devices": 2}, "accelerate launch --num_processes 2"),
        ({"train": {"max_seq_length": None}}, "train.max_seq_length is missing"),
        ({"train": {"max_seq_length": 20}}, "no row of train can be used"),
    ],
)
def test_what_cannot_start_says_why(folder: Path, train: Run, changes: dict[str, Any], word: str) -> None:
    code, _, error = train("finetune", "--config", recipe(folder, out_dir="refused", **changes))
    assert code == 2
    assert word in error


def test_two_processes_have_the_losses_of_one(folder: Path) -> None:
    """gloo on CPU; without dropout, whose draws belong to a process."""
    plain = {"lora_dropout": 0.0, "train": {"micro_batch_size": 1, "max_steps": 3}, "gradient_checkpointing": False}
    assert finetune(recipe(folder, out_dir="one", **plain)) == 0
    path = recipe(folder, out_dir="two", **plain)
    # `accelerate launch --cpu --num_processes 2` starts one process without MPI, and says nothing.
    launch = [str(SCRIPTS / "torchrun"), "--standalone", "--nproc_per_node", "2", str(SCRIPTS / "train"), "finetune"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*launch, "--config", str(path)], capture_output=True, text=True, check=False, timeout=200, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("next: train loss") == 1
    processes = [json.loads((folder / name / "run.json").read_text())["processes"] for name in ("one", "two")]
    assert processes == [1, 2]
    assert {path.name for path in (folder / "two/checkpoint-3").glob("rng_state*")} == {
        "rng_state_0.pth", "rng_state_1.pth"
    }  # fmt: skip
    one, two = (
        [[float(cell) for cell in row[1:3] if cell] for row in curve(folder / name)[1:]] for name in ("one", "two")
    )
    assert len(one) == len(two) == 5
    for first, second in zip(one, two, strict=True):
        assert second == pytest.approx(first, rel=1e-5)
