"""Recipes of the Hugging Face backend: every mistake told at once, with its line; nothing heavy imported."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.train.huggingface.hf_fixtures import RECIPE
from train.errors import TrainError
from train.huggingface import settings as hf
from train.recipes import load


def checked(folder: Path, text: str) -> hf.Settings:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return hf.check(load(path))


def changed(**changes: Any) -> str:
    return yaml.safe_dump(RECIPE | changes)


def test_reads_every_key(tmp_path: Path) -> None:
    settings = checked(tmp_path, changed(start_from="out/first", lr_schedule="linear"))
    assert settings.quantize == "nf4"
    assert settings.double_quant is True
    assert settings.start_from == Path("out/first")
    assert settings.targets() == ("query", "key", "value", "projection", "mlp")
    assert settings.optimizer == "bitsandbytes.optim.PagedAdamW8bit"
    assert settings.accumulation() == 2
    assert settings.eval_interval == 3


def test_fields_and_keys_belong_together() -> None:
    fields = {field.name for field in dataclasses.fields(hf.Settings)}
    assert {name for name, _ in hf.KEYS.values()} == fields - {"optimizer", "optimizer_args"}


def test_data_keys_are_those_of_the_data_module() -> None:
    from train.data import Chat, Text

    ours = {key.rpartition(".")[2] for key in (*hf.KEYS, *hf.WITHOUT_EFFECT) if key.startswith("data.init_args.")}
    assert ours == {*inspect.signature(Chat).parameters, *inspect.signature(Text).parameters}


def test_tells_all_mistakes_with_their_lines(tmp_path: Path) -> None:
    text = (
        "backend: huggingface\nmethod: sftt\ncheckpoint_dir: bloom\nlora_R: 8\nprecision: 16-true\n"
        "data:\n  class_path: train.data.Chat\n  init_args: {path: data, batching: packed}\n"
        "train:\n  global_batch_size: 5\n  micro_batch_size: 2\n  max_steps: many\n"
        "optimizer:\n  class_path: torch.optim.Adamax2\n"
    )
    with pytest.raises(TrainError) as told:
        checked(tmp_path, text)
    lines = str(told.value)
    file = tmp_path / "recipe.yaml"
    assert f"{file}:2: method must be one of sft, orpo, not 'sftt'" in lines
    assert f"{file}:4: lora_R is no setting: did you mean lora_r?" in lines
    assert f"{file}:5: precision must be one of" in lines
    assert f"{file}:8: data.init_args.batching must be one of grouped, shuffled, not 'packed'" in lines
    assert f"{file}:10: train.global_batch_size 5 is no multiple of train.micro_batch_size 2" in lines
    assert f"{file}:12: train.max_steps must be a number, not 'many'" in lines
    assert f"{file}:14: no optimizer torch.optim.Adamax2" in lines
    assert "has 7 mistakes" in lines


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"double_quant": False, "quantize": "bnb.nf4-dq"}, "contradicts"),
        ({"quantize": None}, "double_quant needs quantize"),
        ({"method": "orpo"}, "train.data.Pairs"),
        ({"orpo": {"beta": 0.2}}, "no effect with method: sft"),
        ({"train": {"max_steps": 5, "lr_warmup_steps": 5}}, "warm-up"),
        ({"train": {"lr_warmup_steps": 5, "lr_warmup_fraction": 0.1, "epochs": 1}}, "not both"),
        ({"train": {"global_batch_size": 4}}, "when to stop"),
        ({"train": 5}, "must hold settings of its own"),
        ({f"lora_{part}": False for part in hf.PARTS}, "nothing would be trained"),
        ({"logger_name": "wandb"}, "csv"),
        ({"lora_dropout": 1.0}, "below 1"),
        ({"gradient_checkpointing": "yes please"}, "true or false"),
        ({"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": "fast"}}}, "lr must be a number"),
        ({"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"betas": [0.9]}}}, "two numbers"),
        ({"optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"speed": 1}}}, "optimizer.init_args.speed"),
    ],
)
def test_settings_that_do_not_go_together(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(TrainError, match=r"has (a mistake|[0-9]+ mistakes)") as told:
        checked(tmp_path, changed(**changes))
    assert word in str(told.value)


def test_a_recipe_of_litgpt_s_is_sent_there(tmp_path: Path) -> None:
    with pytest.raises(
        TrainError, match=r"recipe.yaml: backend must be huggingface here.*litgpt finetune_lora --config"
    ):
        checked(tmp_path, "checkpoint_dir: a\ndata: {class_path: litgpt.data.JSON}\n")


def test_missing_keys_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError) as told:
        checked(tmp_path, "backend: huggingface\ntrain: {epochs: 1}\n")
    assert "checkpoint_dir is missing" in str(told.value)
    assert "data.init_args.path is missing" in str(told.value)


def test_yaml_1_1_reads_2e_4_as_a_word_and_we_as_a_number(tmp_path: Path) -> None:
    text = changed() + "\n"
    settings = checked(tmp_path, text.replace("lr: 0.002", "lr: 2e-4"))
    assert settings.optimizer_args["lr"] == 2e-4


def test_an_optimizer_by_its_name_alone_is_torch_s(tmp_path: Path) -> None:
    assert checked(tmp_path, changed(optimizer="AdamW")).optimizer == "torch.optim.AdamW"


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.lists(st.integers())))
def test_a_whole_number_or_a_named_refusal(value: Any) -> None:
    parse = hf.KEYS["lora_r"][1]
    try:
        found = parse(value)
    except ValueError:
        with pytest.raises(ValueError, match=r"^must be "):
            parse(value)
    else:
        assert found == int(found) >= 1
        assert isinstance(found, int)


def test_checking_imports_nothing_heavy() -> None:
    code = (
        "import sys, train.huggingface.settings, train.finetune.command, train.pairs.command;"
        "print({'torch', 'transformers', 'litgpt'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
