"""Kinds of folders, what they lack, and weights that are torn, of something else, or code."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError
from train.models.checkpoint import base_folder, huggingface_weights, kind, lacks, merge_fault, read_pickle, read_yaml


def folder(path: Path, *names: str) -> Path:
    path.mkdir(parents=True)
    for name in names:
        (path / name).write_text("{}")
    return path


KINDS = {
    "litgpt": ("lit_model.pth", "model_config.yaml", "tokenizer.json", "tokenizer_config.json"),
    "litgpt-adapter": ("lit_model.pth.lora", "model_config.yaml", "hyperparameters.yaml", "tokenizer.json"),
    "huggingface": ("model.safetensors", "config.json", "tokenizer.json"),
    "peft": ("adapter_config.json", "adapter_model.safetensors"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_folder_is_known_by_its_files(tmp_path: Path, name: str) -> None:
    assert kind(folder(tmp_path / "a", *KINDS[name])) == name


@pytest.mark.parametrize("name", KINDS)
def test_each_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    for number, left_out in enumerate(KINDS[name][1:]):
        made = folder(tmp_path / str(number), *(one for one in KINDS[name] if one != left_out))
        assert len(lacks(made, name)) == 1
        assert left_out in lacks(made, name)[0]
        with pytest.raises(TrainError, match=f"lacks .*{left_out}"):
            kind(made)


def test_the_folder_lora_left_behind_is_a_whole_model(tmp_path: Path) -> None:
    assert kind(folder(tmp_path / "a", *KINDS["litgpt"], *KINDS["litgpt-adapter"])) == "litgpt"


def test_a_folder_above_the_model_says_where_it_is(tmp_path: Path) -> None:
    folder(tmp_path / "out/final", *KINDS["litgpt"])
    with pytest.raises(TrainError, match="out/final does"):
        kind(tmp_path / "out")
    with pytest.raises(TrainError, match="is no folder"):
        kind(tmp_path / "nothing")


class Evil:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    import torch

    for number, save in enumerate((torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing)))):
        path = tmp_path / f"{number}.pth"
        save({"model": Evil(tmp_path / "run")}, path)
        with pytest.raises(TrainError, match="torn or no checkpoint"):
            read_pickle(path)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_torn_or_none_are_one_line(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    whole = tmp_path / "whole.pth"
    torch.save({"model": {"a": torch.ones(1000)}}, whole)
    assert set(read_pickle(whole)) == {"a"}
    for size in (0, 10, 1500, whole.stat().st_size - 1):
        (tmp_path / "torn.pth").write_bytes(whole.read_bytes()[:size])
        with pytest.raises(TrainError, match="torn or no checkpoint"):
            read_pickle(tmp_path / "torn.pth")
    torch.save([1, 2], whole)
    with pytest.raises(TrainError, match="no tensors by name"):
        read_pickle(whole)
    with pytest.raises(TrainError, match="cannot read"):
        read_pickle(tmp_path / "absent.pth")
    save_file({"a": torch.ones(1000)}, tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    for size in (0, 20, len(content) - 1):
        (tmp_path / "model.safetensors").write_bytes(content[:size])
        with pytest.raises(TrainError, match="torn or no safetensors"):
            huggingface_weights(tmp_path)


def test_shards_are_one_model_and_a_missing_one_is_named(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(2)}, tmp_path / "one.safetensors")
    save_file({"b": torch.ones(3)}, tmp_path / "two.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    weights = huggingface_weights(tmp_path)
    assert {name: tuple(weights[name].shape) for name in weights} == {"a": (2,), "b": (3,)}
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "c": "two.safetensors"}}))
    with pytest.raises(TrainError, match=r"two\.safetensors lacks c"):
        huggingface_weights(tmp_path)
    (tmp_path / "two.safetensors").unlink()
    with pytest.raises(TrainError, match=r"two\.safetensors is missing"):
        huggingface_weights(tmp_path)


def test_an_adapters_base_is_found_from_where_it_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = folder(tmp_path / "work/checkpoints/tiny", "model_config.yaml")
    adapter = folder(tmp_path / "work/out/news/final", "lit_model.pth.lora")
    (adapter / "hyperparameters.yaml").write_text("checkpoint_dir: checkpoints/tiny\n")
    monkeypatch.chdir(tmp_path)
    assert base_folder(adapter).resolve() == base.resolve()
    assert base_folder(adapter, tmp_path) == tmp_path
    with pytest.raises(TrainError, match=r"--base .* is no folder"):
        base_folder(adapter, tmp_path / "absent")
    (adapter / "hyperparameters.yaml").write_text("checkpoint_dir: elsewhere/tiny\n")
    with pytest.raises(TrainError, match=r"elsewhere/tiny .* give --base"):
        base_folder(adapter)
    (adapter / "hyperparameters.yaml").write_text("lora_r: 4\n")
    with pytest.raises(TrainError, match="does not say"):
        base_folder(adapter)


def test_settings_that_are_no_yaml_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for text in ("a: [", "- 1", "!!python/object/apply:os.system ['true']"):
        path.write_text(text)
        with pytest.raises(TrainError) as caught:
            read_yaml(path)
        assert "\n" not in str(caught.value)


def test_a_merged_model_of_an_earlier_training_is_not_taken(tmp_path: Path) -> None:
    """LitGPT 0.5.13, trained again into the same folder, leaves the lit_model.pth that it finds there."""
    run = folder(tmp_path / "out/run/final", *KINDS["litgpt"], *KINDS["litgpt-adapter"][::2])
    (run / "hyperparameters.yaml").write_text("checkpoint_dir: base\n")
    os.utime(run / "lit_model.pth", (1000, 1000))
    assert (kind(run), merge_fault(run)) == ("litgpt", ""), "without its base the merged model is all there is"
    (tmp_path / "base").mkdir()
    assert kind(run) == "litgpt-adapter"
    assert merge_fault(run) == "LitGPT's merged model is older than its adapter"
    os.utime(run / "lit_model.pth.lora", (900, 900))
    assert (kind(run), merge_fault(run)) == ("litgpt", "")
