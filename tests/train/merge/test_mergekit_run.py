"""mergekit's traps: sets of models, folder names, heads that are tied away, tensors it does not know, its files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.train.merge.conftest import make_model, tuned_from, weights_of
from train.errors import TrainError
from train.merge.mergekit_run import configuration, mergekit_settings
from train.merge.settings import Source, Step

Writer = Callable[..., Path]
Runner = Callable[..., tuple[int, str, str]]


def test_models_keep_their_order() -> None:
    names = [f"m{number}" for number in range(12)]
    step = Step("s", "linear", tuple(Source(name, name, parameters={"weight": 1}) for name in names))
    config = configuration(step, "float32", {name: Path(name) for name in names})
    assert [Path(model.model.path).name for model in config.referenced_models()] == names


def test_settings_in_mergekits_words(tmp_path: Path) -> None:
    sources = (Source("a+b", "x", parameters={"weight": 0.5, "density": [0.1, 0.9]}),)
    step = Step("s", "ties", sources, base="y", parameters={"lambda": 2}, dtype="bfloat16", tokenizer="a+b")
    odd = tmp_path / "a+b@c"
    told = mergekit_settings(step, "bfloat16", {"a+b": odd, "base": tmp_path / "base"})
    assert told == {
        "merge_method": "ties", "dtype": "float32", "out_dtype": "bfloat16", "parameters": {"lambda": 2},
        "models": [
            {
                "model": {"model": {"path": str(odd), "revision": None}},
                "parameters": {"weight": 0.5, "density": [0.1, 0.9]},
            }
        ],
        "base_model": {"model": {"path": str(tmp_path / "base"), "revision": None}},
        "tokenizer_source": {"model": {"path": str(odd), "revision": None}},
    }  # fmt: skip


def test_a_head_of_its_own_survives(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """LIMA's recipe trains the head: merged with tied models it needs a head, and a configuration that says so."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM

    folder = tmp_path / "untied"
    shutil.copytree(models / "lima", folder)
    weights = weights_of(folder)
    generator = torch.Generator().manual_seed(1)
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"] + torch.randn(300, 16, generator=generator)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: ties\nbase: {models / 'base'}\nmodels:\n"
        f"  muri: {{model: {models / 'muri'}, weight: 1}}\n  lima: {{model: {folder}, weight: 1}}\n"
    )
    assert train("merge", "--config", recipe)[0] == 0
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    head, embedding = loaded.lm_head.weight, loaded.model.embed_tokens.weight
    assert head.data_ptr() != embedding.data_ptr()
    assert torch.equal(embedding, weights["model.embed_tokens.weight"])
    # muri's difference is nothing, so lima's alone counts.
    assert torch.allclose(head, weights["lm_head.weight"], atol=1e-6)


def test_tensors_that_mergekit_does_not_know_are_missed(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    """A Llama with biases in its attention: mergekit's description of Llama has none, and leaves them out silently."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    for name, seed in (("a", 1), ("b", 2)):
        shutil.copytree(models / "muri", tmp_path / name)
        config = json.loads((tmp_path / name / "config.json").read_text()) | {"attention_bias": True}
        torch.manual_seed(seed)
        LlamaForCausalLM(LlamaConfig(**config)).save_pretrained(tmp_path / name)
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: linear\nmodels:\n"
        + "".join(f"  {name}: {{model: {tmp_path / name}, weight: 1}}\n" for name in "ab")
    )
    code, _, err = train("merge", "--config", recipe)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "mergekit does not know" in err
    assert not (tmp_path / "out").exists()


def test_slices_stack_layers(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """What mergekit offers beyond: layers of two models one above the other."""
    recipe = write_recipe(f"""
out_dir: {tmp_path / "out"}
method: passthrough
models: {{muri: {models}/muri, lima: {models}/lima}}
slices:
  - sources: [{{model: muri, layer_range: [0, 2]}}]
  - sources: [{{model: lima, layer_range: [1, 2]}}]
""")
    code, _, err = train("merge", "--config", recipe)
    assert (code, err) == (0, "")
    merged, muri, lima = weights_of(tmp_path / "out"), weights_of(models / "muri"), weights_of(models / "lima")
    up = "model.layers.{}.mlp.up_proj.weight"
    assert merged[up.format(1)].equal(muri[up.format(1)])
    assert merged[up.format(2)].equal(lima[up.format(1)])
    assert json.loads((tmp_path / "out/config.json").read_text())["num_hidden_layers"] == 3
    recipe.write_text(recipe.read_text().replace("model: lima", "model: nobody"))
    assert "which is none of models" in train("merge", "--config", recipe)[2]


@pytest.mark.parametrize(
    "method",
    ["task_arithmetic", "breadcrumbs_ties", "della", "dare_linear", "model_stock", "sce", "nuslerp", "karcher"],
)
def test_mergekits_other_methods_pass(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, method: str
) -> None:
    weight = {"model_stock": "", "sce": "", "karcher": ""}.get(method, ", weight: 0.5")
    base = "" if method == "karcher" else f"base: {models}/base\n"
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: {method}\n{base}models:\n"
        f"  muri: {{model: {models}/muri{weight}}}\n  lima: {{model: {models}/lima{weight}}}\n"
    )
    code, _, err = train("merge", "--config", recipe)
    assert (code, err) == (0, "")
    assert (tmp_path / "out/model.safetensors").is_file()


def test_files_of_weights_are_cut_to_size(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    recipe = write_recipe(
        f"out_dir: {tmp_path / 'out'}\nmethod: linear\nout_shard_size: 20K\nmodels:\n"
        f"  a: {{model: {models}/muri, weight: 1}}\n  b: {{model: {models}/lima, weight: 1}}\n"
    )
    assert train("merge", "--config", recipe)[0] == 0
    shards = sorted(path.name for path in (tmp_path / "out").glob("*.safetensors"))
    assert shards[0] == "model-00001-of-00002.safetensors"
    assert (tmp_path / "out/model.safetensors.index.json").is_file()
    assert weights_of(tmp_path / "out").keys() == weights_of(models / "muri").keys()


def test_sixteen_bits_are_computed_in_thirty_two(tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """Differences from the base are smaller than bfloat16's steps: the sum is made before anything is rounded."""
    base = make_model(tmp_path / "base", dtype="bfloat16")
    for seed in (1, 2):
        tuned_from(base, tmp_path / f"tuned{seed}", seed)
    text = f"out_dir: {tmp_path}/OUT\nmethod: task_arithmetic\nbase: {base}\ncompute_dtype: KIND\nmodels:\n" + "".join(
        f"  t{seed}: {{model: {tmp_path}/tuned{seed}, weight: 0.3}}\n" for seed in (1, 2)
    )
    errors = {}
    exact = {
        name: start.double()
        + sum(0.3 * (weights_of(tmp_path / f"tuned{seed}")[name].double() - start) for seed in (1, 2))
        for name, start in weights_of(base).items()
    }
    for kind in ("float32", "bfloat16"):
        recipe = write_recipe(text.replace("OUT", kind).replace("KIND", kind))
        assert train("merge", "--config", recipe)[0] == 0
        merged = weights_of(tmp_path / kind)
        assert {str(weight.dtype) for weight in merged.values()} == {"torch.bfloat16"}
        errors[kind] = sum((merged[name].double() - one).abs().sum().item() for name, one in exact.items())
        if kind == "float32":
            same = [(merged[name] == one.bfloat16()).float().mean().item() for name, one in exact.items()]
            assert min(same) > 0.99
    assert errors["float32"] < 0.8 * errors["bfloat16"]


def test_a_slice_of_nobody() -> None:
    step = Step("s", "passthrough", (Source("a", "a"),), slices=({"sources": [{"model": "b", "layer_range": [0, 1]}]},))
    with pytest.raises(TrainError, match="none of models: a"):
        mergekit_settings(step, "float32", {"a": Path("a")})
