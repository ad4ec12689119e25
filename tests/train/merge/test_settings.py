"""Recipes of `train merge` as values: everything wrong is told at once, with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from train.errors import TrainError
from train.merge.settings import Merge, Problems, SmokeTest, settings_of
from train.recipes import load

Writer = Callable[..., Path]


def read(path: Path) -> tuple[Merge | None, list[str]]:
    problems = Problems()
    return settings_of(load(path), problems), list(problems)


def test_a_single_step_stands_at_the_top(write_recipe: Writer) -> None:
    merge, problems = read(write_recipe(
        "out_dir: out/soup\nmethod: Linear\nmodels:\n  a: out/a\n  b: {model: out/b, weight: 2}\nout_shard_size: 500M\n"
    ))  # fmt: skip
    assert problems == []
    assert merge is not None
    assert (merge.cache, merge.out_shard_size, merge.device) == (Path("out/soup.parts"), 500_000_000, "cpu")
    (step,) = merge.steps
    assert (step.name, step.method, step.dtype, step.compute_dtype) == ("merge", "linear", None, "float32")
    assert [(source.name, source.model, dict(source.parameters)) for source in step.sources] == [
        ("a", "out/a", {}), ("b", "out/b", {"weight": 2}),
    ]  # fmt: skip


def test_steps_inherit_what_the_top_says(write_recipe: Writer) -> None:
    merge, problems = read(write_recipe(
        "out_dir: out\nbase: b\nseed: 3\ndtype: bfloat16\nsteps:\n  one: {method: ties, models: {a: a}}\n"
        "  two: {method: dare-ties, seed: 4, base: c, models: {x: step:one}}\n"
    ))  # fmt: skip
    assert problems == []
    assert merge is not None
    assert [(step.base, step.seed, step.dtype, step.method) for step in merge.steps] == [
        ("b", 3, "bfloat16", "ties"), ("c", 4, "bfloat16", "dare_ties"),
    ]  # fmt: skip
    assert merge.steps[1].needs() == ["one"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("method: linear\nmodels: {a: b}\n", "gives no out_dir"),
        ("out_dir: o\nmethod: linear\nmodells: {a: b}\n", ":3: modells is unknown: did you mean models?"),
        ("out_dir: o\nmodels: {a: b}\n", "names no method"),
        ("out_dir: o\nmethod: linear\n", "names no models"),
        ("out_dir: o\nmethod: linear\nmodels: {a: {weight: 1}}\n", ":3: a names no folder"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\nseed: -1\n", ":4: seed must be a whole number"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\nseed: true\n", "seed must be a whole number"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\ndtype: int8\n", ":4: dtype must be one of float32"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\nout_shard_size: huge\n", "must be a number of bytes"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\nlow_cpu_memory: 1\n", "must be true or false"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\ngate: {text: x}\n", "gate.text is unknown: did you mean texts"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\ngate: {limit: 0}\n", "gate.limit must be 1 at least"),
        ("out_dir: o\nmethod: linear\nmodels: {a: b}\ngate: {max_difference: .nan}\n", "a number above 0"),
        ("out_dir: o\nmethod: lora\nmodels: {a: b}\nadapter: c\n", "it takes an adapter and its base"),
        ("out_dir: o\nmethod: lora\n", "names no adapter"),
        ("out_dir: o\nmethod: linear\nadapter: c\nmodels: {a: b}\n", "belongs to method lora"),
        ("out_dir: o\nsteps: {}\n", "name a step at least"),
        ("out_dir: o\nsteps: {a: 3}\n", "must hold `name: value` pairs"),
        ("out_dir: o\nsteps: {../a: {method: linear, models: {x: y}}}\n", "is no name of a step"),
        ("out_dir: o\nsteps: {a: {method: linear, models: {x: step:b}}}\n", "step:b, which is not in the recipe"),
        (
            "out_dir: o\nsteps:\n  a: {method: linear, models: {x: step:b}}\n  b: {method: linear, models: {x: y}}\n",
            "step:b, which comes later",
        ),
        ("out_dir: o\nsteps: {a: {method: linear, models: {x: step:a}}}\n", "step:a, which comes later"),
        ("out_dir: o\nmethod: passthrough\nmodels: {a: b}\nslices: 3\n", "must be a list as mergekit's"),
    ],
)
def test_what_is_wrong_is_said(write_recipe: Writer, text: str, told: str) -> None:
    _, problems = read(write_recipe(text))
    assert any(told in problem for problem in problems), problems


def test_all_of_it_at_once(write_recipe: Writer, train: Callable[..., tuple[int, str, str]]) -> None:
    path = write_recipe("out_dir: 3\nmethod: linear\nmodels: {a: {weight: 1}}\nnonsense: 1\nseed: x\n")
    code, _, err = train("merge", "--config", path)
    assert code == 2
    lines = [line.split(": ")[0].strip() for line in err.splitlines()[1:]]
    assert lines == [f"{path}:4", f"{path}:1", f"{path}:5", f"{path}:3"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["out_dir", "method", "models", "base", "steps", "adapter", "parameters", "slices", "seed", "dtype", "gate",
     "cache_dir", "tokenizer", "files_from", "device", "out_shard_size", "x"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_settings=st.dictionaries(keys, values, max_size=7))
def test_no_recipe_is_a_traceback(write_recipe: Writer, given_settings: dict[str, Any]) -> None:
    path = write_recipe(yaml.safe_dump(given_settings, allow_unicode=True) if given_settings else "a: 1\n")
    try:
        merge, problems = read(path)
    except TrainError:
        return
    assert merge is not None or problems
    if merge is not None:
        assert all(step.name and isinstance(step.sources, tuple) for step in merge.steps)


def test_problems_are_one_line_or_a_list() -> None:
    problems = Problems()
    problems.raise_all()
    problems.append("a.yaml:1: one")
    with pytest.raises(TrainError) as alone:
        problems.raise_all()
    assert str(alone.value) == "a.yaml:1: one"
    problems.append("a.yaml:2: two")
    with pytest.raises(TrainError) as both:
        problems.raise_all()
    assert str(both.value) == "2 problems:\n  a.yaml:1: one\n  a.yaml:2: two"


def test_what_the_merged_model_is_tried_on_and_its_slices(write_recipe: Writer) -> None:
    merge, problems = read(write_recipe(
        "out_dir: out\nmethod: passthrough\ngate: {texts: t.jsonl, limit: 9, max_difference: 0.5, prompt: Ciao}\n"
        "models: {a: a, b: b}\nslices:\n  - sources:\n      - {model: a, layer_range: [0, 2]}\n"
        "  - sources:\n      - {model: b, layer_range: [1, 3]}\n"
    ))  # fmt: skip
    assert problems == []
    assert merge is not None
    assert merge.smoke_test == SmokeTest(Path("t.jsonl"), 9, 0.5, "Ciao")
    assert [part["sources"][0]["model"] for part in merge.steps[0].slices] == ["a", "b"]
