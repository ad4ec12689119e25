"""Files in mergekit's own YAML, of the shapes that its documentation and published merges have, run as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.merge.conftest import weights_of
from train.errors import TrainError
from train.merge.mergekit_file import is_mergekit, label, merge_of, split, with_folders
from train.merge.settings import Merge, Problems

Writer = Callable[..., Path]
Runner = Callable[..., tuple[int, str, str]]

SHAPES = {
    "slerp of slices": """
slices:
  - sources:
      - model: M/muri
        layer_range: [0, 2]
      - model: M/alpaca
        layer_range: [0, 2]
merge_method: slerp
base_model: M/muri
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 0.3, 0.7, 1]
    - filter: mlp
      value: [1, 0.5, 0.7, 0.3, 0]
    - value: 0.5
dtype: bfloat16
""",
    "slerp of models": """
models:
  - model: M/muri
  - model: M/lima
merge_method: slerp
base_model: M/muri
parameters:
  t: 0.4
dtype: float32
""",
    "ties": """
models:
  - model: M/base
    # no parameters necessary for base model
  - model: M/muri
    parameters:
      density: 0.5
      weight: 0.5
  - model: M/alpaca
    parameters:
      density: [1, 0.7, 0.1] # density gradient
      weight: 0.3
  - model: M/lima
    parameters:
      density: 0.33
      weight:
        - filter: mlp
          value: 0.5
        - value: 0
merge_method: ties
base_model: M/base
parameters:
  normalize: true
  int8_mask: true
dtype: float16
""",
    "dare_ties": """
models:
  - model: M/base
  - model: M/muri
    parameters: {density: 0.53, weight: 0.4}
  - model: M/alpaca
    parameters: {density: 0.53, weight: 0.3}
merge_method: dare_ties
base_model: M/base
parameters:
  int8_mask: true
dtype: bfloat16
""",
    "linear": """
models:
  - model: M/muri
    parameters:
      weight: 1.0
  - model: M/alpaca
    parameters:
      weight: 0.3
merge_method: linear
parameters: {normalize: true, int8_mask: true}
dtype: float16
""",
    "della": """
merge_method: della
base_model: M/base
models:
  - model: M/muri
    parameters: {weight: 0.5, density: 0.5, epsilon: 0.1}
  - model: M/lima
    parameters: {weight: 0.5, density: 0.5, epsilon: 0.1}
parameters:
  lambda: 1.1
dtype: float32
out_dtype: bfloat16
""",
    "task_arithmetic": """
base_model: M/base
merge_method: task_arithmetic
dtype: bfloat16
models:
  - model: M/muri
    parameters: {weight: 0.35}
  - model:
      model: {path: M/alpaca}
    parameters: {weight: 0.25}
tokenizer_source: union
""",
    "passthrough": """
slices:
- sources:
  - model: M/muri
    layer_range: [0, 2]
- sources:
  - model: M/lima
    layer_range: [0, 2]
- sources:
  - model: M/muri
    layer_range: [1, 2]
    parameters:
      scale:
        - {filter: o_proj, value: 0.0}
        - {value: 1.0}
merge_method: passthrough
dtype: bfloat16
""",
    "modules": """
modules:
  default:
    slices:
      - sources:
          - {model: M/muri, layer_range: [0, 2]}
merge_method: passthrough
dtype: float32
""",
    "model_stock": """
models: [{model: M/muri}, {model: M/alpaca}, {model: M/lima}]
merge_method: model_stock
base_model: M/base
dtype: bfloat16
chat_template: chatml
""",
    "tokenizer": """
models:
  - {model: M/muri, parameters: {weight: 1}}
  - {model: M/lima, parameters: {weight: 1}}
merge_method: linear
tokenizer:
  source: M/muri
  tokens:
    "<|im_start|>": {source: M/lima, force: true}
  pad_to_multiple_of: 16
dtype: float32
""",
}


@pytest.mark.parametrize("name", SHAPES)
def test_published_shapes_run(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, name: str) -> None:
    path = write_recipe(SHAPES[name].replace("M/", f"{models}/"))
    code, out, err = train("merge", "--config", path, "--out", tmp_path / "out", "--json")
    assert (code, err) == (0, ""), err
    settings = yaml.safe_load(SHAPES[name])
    dtype = settings.get("out_dtype", settings["dtype"])
    merged = weights_of(tmp_path / "out")
    assert {str(weight.dtype) for weight in merged.values()} == {f"torch.{dtype}"}
    assert all(weight.isfinite().all() for weight in merged.values())
    (step,) = json.loads(out)["steps"]
    assert step["method"] == settings["merge_method"]
    unused = [note for note in step["notes"] if "knows no int8_mask" in note]
    assert bool(unused) == (name == "linear")


def test_the_weights_are_mergekits(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """mergekit-yaml on the same file, by its own reading of it, writes the same numbers."""
    from mergekit.config import MergeConfiguration
    from mergekit.merge import MergeOptions, run_merge

    for number, name in enumerate(("slerp of slices", "ties", "passthrough", "linear")):
        text = SHAPES[name].replace("M/", f"{models}/")
        assert train("merge", "--config", write_recipe(text), "--out", tmp_path / str(number))[0] == 0
        theirs = MergeConfiguration.model_validate(yaml.safe_load(text))
        run_merge(theirs, str(tmp_path / f"mergekit{number}"), MergeOptions(quiet=True, write_model_card=False))
        ours, expected = weights_of(tmp_path / str(number)), weights_of(tmp_path / f"mergekit{number}")
        assert ours.keys() >= expected.keys()
        assert all(ours[key].equal(weight) for key, weight in expected.items()), name


SEVERAL = """
merge_method: slerp
models: [{model: M/lima}, {model: first}]
base_model: first
parameters: {t: 0.5}
dtype: float32
---
name: first
merge_method: linear
models:
  - {model: M/muri, parameters: {weight: 1}}
  - {model: M/alpaca, parameters: {weight: 1}}
dtype: float32
"""


def test_several_documents_are_several_merges(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    path = write_recipe(SEVERAL.replace("M/", f"{models}/"))
    code, out, err = train("merge", "--config", path, "--out", tmp_path / "out", "--json")
    assert (code, err) == (0, "")
    assert [step["name"] for step in json.loads(out)["steps"]] == ["first", "merge"]
    first, muri, alpaca = (
        weights_of(folder) for folder in (tmp_path / "out.parts/steps/first", models / "muri", models / "alpaca")
    )
    name = "model.layers.0.mlp.up_proj.weight"
    assert first[name].allclose((muri[name] + alpaca[name]) / 2, atol=1e-6)
    again = json.loads(train("merge", "--config", path, "--out", tmp_path / "out", "--json")[1])["steps"]
    assert [step["kept"] for step in again] == [True, True]


def test_what_mergekit_does_not_know_stands_apart(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    text = SHAPES["linear"].replace("M/", f"{models}/") + f"newsmill: {{out_dir: {tmp_path}/out, seed: 3}}\n"
    over = write_recipe("newsmill: {smoke_test: {prompt: Ciao}}\ndtype: float32\n", "over.yaml")
    code, out, err = train("merge", "--config", write_recipe(text), "--config", over, "--json")
    assert (code, err) == (0, "")
    (step,) = json.loads(out)["steps"]
    assert (step["seed"], step["prompt"], step["dtype"]) == (3, "Ciao", "float32")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("merge_method: linear\nmodels: [{model: a}]\nout: b\n", "merge.yaml:1: out is unknown to mergekit"),
        ("merge_method: linear\nmodels: [{modell: a}]\n", "are not as mergekit writes them"),
        ("merge_method: linear\nmodels: 3\n", "are not as mergekit writes them"),
        ("merge_method: linear\nmodels: [{model: org/name@main}]\n", "names a revision of the hub"),
        ("merge_method: linear\nmodels: [{model: a}]\ndtype: int4\n", "dtype must be one of float32"),
        ("merge_method: linear\nmodels: [{model: a}]\nnewsmill: 3\n", "newsmill must hold"),
        ("merge_method: linear\nmodels: [{model: a}]\nnewsmill: {seeds: 3}\n", "seeds is unknown: did you mean seed"),
        ("merge_method: linear\nmodels: [{model: a}]\nnewsmill: {seed: -3}\n", "seed must be a whole number"),
        ("newsmill: {seed: 1}\nmodels: [{model: a}]\n", "there is no merge_method"),
        ("merge_method: linear\nname: a\nmodels: [{model: a}]\n", "wait for one another"),
    ],
)
def test_what_is_wrong_is_one_line_each(write_recipe: Writer, tmp_path: Path, text: str, message: str) -> None:
    problems = Problems()
    merge_of([write_recipe(text)], tmp_path / "out", problems)
    assert any(message in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


def test_a_model_of_a_hub_is_to_be_fetched(write_recipe: Writer, tmp_path: Path, train: Runner) -> None:
    path = write_recipe("merge_method: linear\nmodels: [{model: org/name, parameters: {weight: 1}}]\ndtype: float32\n")
    code, _, err = train("merge", "--config", path, "--out", tmp_path / "out")
    assert code == 2
    assert "hf download org/name" in err
    code, _, err = train("merge", "--config", path)
    assert code == 2
    assert "give --out" in err


def test_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a+b@c").mkdir()
    assert split("a+b@c") == ("a+b@c", None)
    assert split("base+lora") == ("base", "lora")
    assert label({"model": {"path": "base", "revision": None}, "lora": {"path": "lora"}}) == "base+lora"
    for wrong in ("name@main", 3, ""):
        with pytest.raises(TrainError):
            split(wrong)


def test_every_reference_is_replaced() -> None:
    document = yaml.safe_load(SHAPES["slerp of slices"]) | {
        "tokenizer_source": "M/muri",
        "tokenizer": {"source": "union"},
    }
    changed = with_folders(document, lambda name: {"at": name})
    assert changed["base_model"] == changed["tokenizer_source"] == {"at": "M/muri"}
    assert [source["model"] for source in changed["slices"][0]["sources"]] == [{"at": "M/muri"}, {"at": "M/alpaca"}]
    assert changed["tokenizer"] == {"source": "union"}
    assert changed["parameters"] == document["parameters"]


def test_the_two_forms_are_told_apart(write_recipe: Writer) -> None:
    assert is_mergekit(write_recipe(SEVERAL))
    assert not is_mergekit(write_recipe("out_dir: o\nmethod: linear\nmodels: {a: b}\n"))
    assert not is_mergekit(write_recipe("a: ["))


def test_options_alone_name_an_adapter(tmp_path: Path, train: Runner) -> None:
    for words in (("--adapter", "a"), (), ("--config", "x", "--adapter", "a", "--out", "o")):
        code, _, err = train("merge", *words)
        assert code == 2
        assert len(err.splitlines()) == 1


def test_nothing_of_a_file_is_a_traceback(write_recipe: Writer, tmp_path: Path) -> None:
    values: list[Any] = [None, 3, "a", [], [3], [{}], {"a": {}}, [{"model": None}], [{"sources": 3}]]
    for key in ("models", "slices", "modules", "base_model", "tokenizer", "tokenizer_source", "parameters"):
        for value in values:
            problems = Problems()
            text = yaml.safe_dump({"merge_method": "linear", key: value})
            merge: Merge | None = merge_of([write_recipe(text)], tmp_path / "out", problems)
            assert merge is not None or problems, text
