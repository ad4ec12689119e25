"""What is said against models before a weight is loaded: kinds, shapes, vocabularies, templates, torn files.

Covers train.merge.inspect, train.merge.parameters.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.train.merge.conftest import make_model, write_model, write_tokenizer
from train.errors import TrainError
from train.merge.compatibility import describe_vocabularies
from train.merge.inspect import facts_of, tensors_of
from train.merge.parameters import out_of_range

Writer = Callable[..., Path]
Runner = Callable[..., tuple[int, str, str]]


def linear(out: Path, **models: Path | str) -> str:
    lines = [f"  {name}: {{model: {folder}, weight: 1}}" for name, folder in models.items()]
    return f"out_dir: {out}\nmethod: linear\nmodels:\n" + "\n".join(lines) + "\n"


def refused(train: Runner, recipe: Path) -> str:
    code, out, err = train("merge", "--config", recipe, "--dry-run")
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return err


def test_facts_of_a_folder(models: Path) -> None:
    facts = facts_of(models / "muri")
    assert (facts.kind, facts.architecture, facts.dtype, facts.rows) == (
        "huggingface",
        "LlamaForCausalLM",
        "float32",
        300,
    )
    assert facts.sizes == {
        "layers": 2, "width": 16, "heads": 2, "key/value heads": 1, "head size": 8, "MLP width": 32,
    }  # fmt: skip
    assert facts.special == {"bos": "<|endoftext|>", "eos": "<|im_end|>", "pad": "<|endoftext|>"}
    assert facts.vocabulary is not None
    assert facts.vocabulary["<|im_start|>"] == 1
    assert facts.parameters * 4 == facts.stored


def test_other_sizes_and_architectures(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    make_model(tmp_path / "deeper", num_hidden_layers=3, intermediate_size=48)
    shutil.copytree(models / "muri", tmp_path / "mistral")
    config = json.loads((tmp_path / "mistral/config.json").read_text())
    (tmp_path / "mistral/config.json").write_text(json.dumps(config | {"architectures": ["MistralForCausalLM"]}))
    told = refused(train, write_recipe(
        linear(tmp_path / "out", a=models / "muri", b=tmp_path / "deeper", c=tmp_path / "mistral")
    ))  # fmt: skip
    assert "b and a differ in layers 3 and 2, MLP width 48 and 32" in told
    assert "c and a are of different architectures: MistralForCausalLM and LlamaForCausalLM" in told


def test_other_vocabularies_ask_for_a_choice(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    folder = tmp_path / "grown"
    folder.mkdir()
    write_model(folder, write_tokenizer(folder, added=("<vi>", "<it>")), 3)
    write_tokenizer(folder, added=("<vi>", "<it>"))
    text = linear(tmp_path / "out", a=models / "muri", b=folder)
    told = refused(train, write_recipe(text))
    assert "2 only in the former ('<vi>', '<it>'): choose tokenizer: union" in told
    for choice in ("union", "base", "b"):
        code, out, err = train("merge", "--config", write_recipe(text + f"tokenizer: {choice}\n"), "--json")
        assert (code, err) == (0, ""), err
        assert json.loads(out)["steps"][0]["text"] is not None
        facts = facts_of(tmp_path / "out")
        wanted = 300 if choice == "base" else 302
        assert facts.vocabulary is not None
        assert (len(facts.vocabulary), facts.rows) == (wanted, wanted)
    assert "is neither base, union nor one of a, b" in refused(train, write_recipe(text + "tokenizer: c\n"))


def test_rows_alone_may_differ(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    """An embedding padded to a multiple of 64 has more rows than tokens."""
    folder = tmp_path / "padded"
    folder.mkdir()
    write_tokenizer(folder)
    write_model(folder, 320, 3)
    write_tokenizer(folder)
    told = refused(train, write_recipe(linear(tmp_path / "out", a=models / "muri", b=folder)))
    assert "have embeddings of 320 and 300 rows" in told
    write_model(folder, 290, 3)
    assert "has a token 299, its embedding only 290 rows" in refused(
        train, write_recipe(linear(tmp_path / "out", a=models / "muri", b=folder))
    )


def test_chat_templates_that_differ_ask_for_a_choice(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner
) -> None:
    shutil.copytree(models / "lima", tmp_path / "plain")
    (tmp_path / "plain/chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    text = linear(tmp_path / "out", a=models / "muri", b=tmp_path / "plain")
    assert "the chat templates of a, b differ: choose one with files_from" in refused(train, write_recipe(text))
    assert "files_from: c is none of a, b" in refused(train, write_recipe(text + "files_from: c\n"))
    for name in ("a", "b"):
        code, _, err = train("merge", "--config", write_recipe(text + f"files_from: {name}\n"))
        assert (code, err) == (0, "")
        template = facts_of(tmp_path / "out").chat_template
        assert template is not None
        assert ("<|im_start|>" in template) == (name == "a")


def test_what_is_no_model(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    (tmp_path / "empty").mkdir()
    told = refused(train, write_recipe(
        linear(tmp_path / "out", a=tmp_path / "empty", b="org/some-model", c=tmp_path / "nowhere", d=models / "muri")
    ))  # fmt: skip
    assert "empty holds no model" in told
    assert "hf download org/some-model --local-dir org/some-model" in told
    assert "nowhere is no folder" in told
    assert told.startswith("merge: 3 problems:")


def test_torn_and_missing_files(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    torn, sharded, text = tmp_path / "torn", tmp_path / "sharded", tmp_path / "text"
    for folder in (torn, sharded, text):
        shutil.copytree(models / "muri", folder)
    whole = (torn / "model.safetensors").read_bytes()
    (torn / "model.safetensors").write_bytes(whole[:-100])
    (sharded / "model.safetensors").rename(sharded / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    (text / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    told = refused(train, write_recipe(linear(tmp_path / "out", a=torn, b=sharded, c=text)))
    assert f"{len(whole) - 100} bytes of {len(whole)}" in told
    assert "model-00002-of-00002.safetensors is missing" in told
    assert "is no safetensors file" in told


def test_code_of_its_own_must_be_allowed(models: Path, tmp_path: Path, write_recipe: Writer, train: Runner) -> None:
    shutil.copytree(models / "lima", tmp_path / "own")
    config = json.loads((tmp_path / "own/config.json").read_text())
    (tmp_path / "own/config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "modeling.Own"}}))
    recipe = write_recipe(linear(tmp_path / "out", a=models / "muri", b=tmp_path / "own"))
    assert "trust_remote_code allows it" in refused(train, recipe)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("method: soup\nmodels: {a: M/muri}\n", "method soup is unknown: known are lora, arcee_fusion"),
        ("method: ties\nmodels: {a: {model: M/muri, weight: 1}}\n", "requires a base"),
        ("method: slerp\nbase: a\nparameters: {t: 0.5}\nmodels: {a: M/muri}\n", "at least 2 inputs"),
        ("method: slerp\nbase: a\nmodels: {a: M/muri, b: M/lima}\n", "method slerp needs parameters.t"),
        ("method: slerp\nbase: a\nparameters: {t: 1.5}\nmodels: {a: M/muri, b: M/lima}\n", "t must lie in [0, 1]"),
        ("method: slerp\nbase: a\nparameters: {t: [0, {}]}\nmodels: {a: M/muri, b: M/lima}\n", "t must be float"),
        ("method: linear\nbase: M/base\nmodels: {a: {model: M/muri, weight: 1}}\n", "method linear has no base"),
        ("method: linear\nmodels: {a: {model: M/muri, weight: -1}, b: {model: M/lima, weight: 1}}\n", "add up to 0"),
        ("method: linear\nmodels: {a: {model: M/muri, weight: heavy}}\n", "weight must be float, not 'heavy'"),
        ("method: ties\nbase: M/base\nmodels: {a: {model: M/muri, weight: 1, density: 0}}\n", "(0, 1], not 0"),
        (
            "method: ties\nbase: M/base\nmodels: {a: {model: M/muri, weight: 1, density: [{filter: mlp, value: 2}]}}\n",
            "(0, 1], not 2",
        ),
        ("method: ties\nbase: M/nowhere\nmodels: {a: {model: M/muri, weight: 1}}\n", "base: M/nowhere is no folder"),
    ],
)
def test_parameters_against_the_methods_own(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, text: str, told: str
) -> None:
    recipe = write_recipe(f"out_dir: {tmp_path / 'out'}\n" + text.replace("M/", f"{models}/"))
    assert told.replace("M/", f"{models}/") in refused(train, recipe)


def test_no_gpu_is_said(
    models: Path, tmp_path: Path, write_recipe: Writer, train: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.merge.compatibility._has_cuda", lambda: False)
    text = linear(tmp_path / "out", a=models / "muri") + "device: cuda\n"
    assert "PyTorch sees no GPU here" in refused(train, write_recipe(text))


def test_out_of_range_reads_every_form() -> None:
    assert out_of_range("density", [0.2, 1.0]) is None
    assert out_of_range("density", [{"filter": "mlp", "value": [0.2, 1.2]}]) == "must lie in (0, 1], not 1.2"
    assert out_of_range("weight", float("inf")) == "must be a finite number, not inf"
    assert out_of_range("weight", -3) is None


def test_vocabularies_in_words() -> None:
    assert describe_vocabularies({"a": 0, "b": 1, "c": 2}, {"a": 0, "b": 2, "d": 3}) == (
        "differ in tokens: 1 only in the former ('d'); 1 only in the latter ('c'); 1 with other ids ('b')"
    )


def test_tensors_of_a_pickled_folder(models: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(models / "muri/model.safetensors"), tmp_path / "pytorch_model.bin")
    ours = dict(tensors_of(tmp_path))
    assert ours == dict(tensors_of(models / "muri"))
    (tmp_path / "pytorch_model.bin").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(TrainError, match="torn"):
        dict(tensors_of(tmp_path))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60) | st.text(max_size=40).map(lambda text: _with_length(text.encode())))
def test_no_header_is_a_traceback(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(data)
    with contextlib.suppress(TrainError):
        assert all(isinstance(shape, tuple) for _, (_, shape) in tensors_of(tmp_path))


@pytest.mark.parametrize(
    "header", [b"{}", b'{"a": 1}', b'{"a": {"dtype": "F32"}}', b"[1]", b'{"a": {"dtype": "F32", "shape": 3}}', b"[" * 9]
)
def test_headers_of_other_files(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(_with_length(header))
    if header == b"{}":
        assert dict(tensors_of(tmp_path)) == {}
        return
    with pytest.raises(TrainError, match="no safetensors file"):
        dict(tensors_of(tmp_path))


def _with_length(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header
