"""What a step of a merge is made of and where it goes: digests, folders that appear whole, what is never replaced.

Covers train.merge.steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from train.errors import TrainError
from train.merge import steps
from train.merge.compatibility import Checked
from train.merge.inspect import Facts
from train.merge.settings import LORA, Merge, Problems, Source, Step
from train.merge.steps import (
    MARK,
    appearing,
    check_replaceable,
    digests,
    finished,
    folder_of,
    outcome_of,
    run_step,
    whole,
)
from train.models.formats.conversion import ConversionRequest


def folder(path: Path, **files: str) -> str:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name.replace("_json", ".json")).write_text(text)
    return str(path)


@pytest.fixture
def merge(tmp_path: Path) -> Merge:
    """Two steps over a model, an adapter that names its base, and one that names none."""
    adapter = folder(tmp_path / "adapter", adapter_config_json=json.dumps(
        {"base_model_name_or_path": folder(tmp_path / "base", config_json="{}")}
    ))  # fmt: skip
    orphan = folder(tmp_path / "orphan", adapter_config_json="{}")
    model = folder(tmp_path / "model", config_json="{}")
    first = Step("first", "linear", (Source("a", model), Source("b", adapter), Source("c", orphan)))
    return Merge(
        tmp_path / "recipe.yaml", tmp_path / "out", tmp_path / "cache",
        (first, Step("final", "linear", (Source("x", "step:first"), Source("y", str(tmp_path / "not-there"))))),
    )  # fmt: skip


def rewrite(path: Path) -> None:
    path.write_text(path.read_text() + " ")


Change = Callable[[Merge, Path], Merge]


def _file(name: str) -> Change:
    def change(merge: Merge, tmp_path: Path) -> Merge:
        rewrite(tmp_path / name)
        return merge

    return change


def _final(**settings: object) -> Change:
    return lambda merge, _: replace(merge, steps=(merge.steps[0], replace(merge.steps[1], **settings)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (_file("model/config.json"), ["first", "final"]),
        (_file("adapter/adapter_config.json"), ["first", "final"]),
        (_file("base/config.json"), ["first", "final"]),
        (_file("orphan/adapter_config.json"), ["first", "final"]),
        (_final(seed=7), ["final"]),
        (_final(sources=(Source("x", "step:first"), Source("y", "elsewhere"))), ["final"]),
        (_final(sources=(Source("x", "step:other"), Source("y", "not-there"))), ["final"]),
        (_final(base="step:first"), ["final"]),
        (_final(at="recipe.yaml:9"), []),
        (lambda merge, _: replace(merge, out_shard_size=1), ["first", "final"]),
        (lambda merge, _: replace(merge, device="cuda"), ["first", "final"]),
        (lambda merge, tmp_path: replace(merge, out=tmp_path / "moved"), []),
    ],
)
def test_a_digest_changes_with_what_a_step_is_made_of(
    change: Change, changed: list[str], merge: Merge, tmp_path: Path
) -> None:
    before = digests(merge)
    assert digests(merge) == before
    after = digests(change(merge, tmp_path))
    assert [name for name in before if after[name] != before[name]] == changed


def test_marks_and_folders_in_a_model_are_no_part_of_it(merge: Merge, tmp_path: Path) -> None:
    before = digests(merge)
    folder(tmp_path / "model", merge_json="{}")
    folder(tmp_path / "model/logs", metrics="x")
    assert digests(merge) == before


def test_a_model_is_another_by_name_where_it_is_not_there_yet(merge: Merge) -> None:
    first = merge.steps[0]
    names = [replace(merge, steps=(replace(first, base=name, sources=first.sources[:1]),)) for name in ("a", "b")]
    assert digests(names[0]) != digests(names[1])


def test_a_finished_step_is_one_with_its_digest(merge: Merge) -> None:
    step_digests = digests(merge)
    assert finished(merge, step_digests) == {}
    first = folder_of(merge, merge.steps[0])
    first.mkdir(parents=True)
    for digest, expected in (("another", {}), (step_digests["first"], {"first": first})):
        (first / MARK).write_text(json.dumps({"digest": digest}))
        assert finished(merge, step_digests) == expected


def test_no_model_is_merged_onto_itself(merge: Merge, tmp_path: Path) -> None:
    problems = Problems()
    check_replaceable(merge, problems)
    assert problems == []
    check_replaceable(replace(merge, out=tmp_path / "base" / ".." / "model"), problems)
    assert any("a model cannot be merged onto itself" in problem for problem in problems)


@pytest.mark.parametrize(
    "text", ["[enforce fail] No space left on device", "PytorchStreamWriter failed writing", "I/O error: os error 28"]
)
def test_a_full_disk_in_the_words_of_a_library_is_one_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no space left on the device"), appearing(tmp_path / "out"):
        raise RuntimeError(text)
    assert list(tmp_path.iterdir()) == []


def test_another_fault_is_told_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), appearing(tmp_path / "out"):
        raise RuntimeError("shapes differ")
    assert list(tmp_path.iterdir()) == []
    with appearing(tmp_path / "deep/out") as out:
        (out / "whole").write_text("x")
    assert (tmp_path / "deep/out/whole").read_text() == "x"


# ---- a step run, with what others do for it replaced by what they were asked


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was asked of the modules that read and write weights; each writes one file."""
    asked: list[tuple[Any, ...]] = []

    def writes(name: str, at: int) -> Callable[..., None]:
        def function(*arguments: Any) -> None:
            asked.append((name, *arguments))
            (arguments[at] / f"{name}.safetensors").write_text(name)

        return function

    def convert(request: ConversionRequest, out: Path) -> Any:
        asked.append(("convert", request.checkpoint, request.to))
        (out / "model.safetensors").write_text("converted")
        return SimpleNamespace(problems=["vocabulary: too small"] if "wrong" in str(request.checkpoint) else [])

    def run(checked: Checked, merge: Merge, folders: dict[str, Path], out: Path) -> list[str]:
        asked.append(("mergekit", checked.step, folders))
        (out / "model.safetensors").write_text("merged")
        return ["by mergekit"]

    monkeypatch.setattr(steps, "merge_litgpt", writes("litgpt", 2))
    monkeypatch.setattr(steps, "merge_peft", writes("peft", 2))
    monkeypatch.setattr(steps, "convert_folder", convert)
    # It imports transformers, to make it silent.
    monkeypatch.setattr(steps, "silence_warnings", nullcontext)
    monkeypatch.setattr("train.merge.mergekit_run.run", run)
    return asked


def test_a_model_is_made_whole_once_and_kept(calls: list[Any], merge: Merge, tmp_path: Path) -> None:
    step, base = merge.steps[0], tmp_path / "base"
    hub, peft = Facts(tmp_path / "model", "huggingface"), Facts(tmp_path / "adapter", "peft", base=base)
    assert whole(hub, merge, step) == hub.folder
    assert calls == []
    target = whole(peft, merge, step)
    assert target == whole(peft, merge, step)
    assert target.parent == merge.cache / "models"
    assert target.name.startswith(f"{tmp_path.name}-adapter-")
    ((name, adapter, under, _, *more),) = calls
    assert (name, adapter, under, more) == ("peft", peft.folder, base, ["float32", "float32", merge.out_shard_size])
    assert json.loads((target / MARK).read_text()) == {"from": str(peft.folder), "kind": "peft"}
    # Another base or other arithmetic is another model.
    others = [whole(peft, merge, replace(step, compute_dtype="bfloat16"))]
    others.append(whole(replace(peft, base=tmp_path / "model"), merge, step))
    rewrite(base / "config.json")
    others.append(whole(peft, merge, step))
    assert len({target, *others}) == len(calls) == 4


def test_litgpt_s_form_is_converted_and_an_adapter_merged_first(calls: list[Any], merge: Merge, tmp_path: Path) -> None:
    base = tmp_path / "base"
    model = whole(Facts(tmp_path / "model", "litgpt"), merge, merge.steps[0])
    assert calls == [("convert", tmp_path / "model", "huggingface")]
    assert {path.name for path in model.iterdir()} == {MARK, "model.safetensors"}
    calls.clear()
    adapter = whole(Facts(tmp_path / "adapter", "litgpt-adapter", base=base), merge, merge.steps[0])
    (first, folder, under, merged, dtype), (second, converted, form) = calls
    assert (first, folder, under, dtype) == ("litgpt", tmp_path / "adapter", base, "float32")
    assert (second, converted, form) == ("convert", merged, "huggingface")
    assert {path.name for path in adapter.iterdir()} == {MARK, "model.safetensors"}


def test_a_conversion_that_is_not_equal_leaves_nothing(calls: list[Any], merge: Merge, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="wrong could not be converted: vocabulary: too small"):
        whole(Facts(tmp_path / "wrong", "litgpt"), merge, merge.steps[0])
    assert list((merge.cache / "models").iterdir()) == []


def no_test(checked: Checked, folders: Mapping[str, Path], out: Path) -> dict[str, Any]:
    return {"tested": sorted(path.name for path in out.iterdir()), "on": dict(folders)}


@pytest.mark.parametrize(("kind", "writer"), [("litgpt-adapter", "litgpt"), ("peft", "peft")])
def test_an_adapter_is_merged_into_its_base(
    calls: list[Any], merge: Merge, tmp_path: Path, kind: str, writer: str
) -> None:
    step = Step("lora", LORA, (Source("a", str(tmp_path / "adapter")),), dtype="float16", seed=3)
    facts = Facts(tmp_path / "adapter", kind, base=tmp_path / "base")
    alone = replace(merge, steps=(step,))
    outcome = run_step(Checked(step, {"a": facts}, None, "a", ("a note",)), alone, {}, "d1", no_test)
    ((name, adapter, base, _, dtype, *more),) = calls
    assert (name, adapter, base, dtype) == (writer, facts.folder, facts.base, "float16")
    assert more == ([] if writer == "litgpt" else ["float32", merge.out_shard_size])
    assert outcome.pop("seconds") >= 0
    assert outcome == {
        "name": "lora", "method": LORA, "digest": "d1", "dtype": "float16", "seed": 3, "notes": ["a note"],
        "tested": [f"{writer}.safetensors"], "on": {},
    }  # fmt: skip
    folder = folder_of(alone, step)
    assert json.loads((folder / MARK).read_text()).items() >= outcome.items()
    card = (folder / "README.md").read_text()
    assert card.startswith(f"# {folder.name}\n\nMerged by `train merge`, method `{LORA}`, seed 3, stored as float16.\n")
    assert card.endswith("\n\n- a: `adapter`\n")


def test_whole_models_are_checked_again_and_given_to_mergekit(
    calls: list[Any], merge: Merge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is the outcome of an earlier step; the base is none of the models."""
    base, model, earlier = tmp_path / "base", tmp_path / "model", tmp_path / "earlier"
    sources = (Source("x", "step:first"), Source("y", str(model), parameters={"weight": 0.5}))
    step = Step("final", "ties", sources, base=str(base))
    seen: list[Step] = []

    def check_step(again: Step, foreseen: dict[str, Any], _: Problems) -> Checked | None:
        seen.append(again)
        return Checked(again, {"x": Facts(earlier, "huggingface")}, None, "x") if len(seen) == 1 else None

    monkeypatch.setattr(steps, "check_step", check_step)
    monkeypatch.setattr(steps, "facts_of", lambda folder: Facts(folder, "huggingface"))
    facts = {"x": Facts(tmp_path / "foreseen", "huggingface"), "y": Facts(model, "huggingface", dtype="bfloat16")}
    checked = Checked(step, facts, Facts(base, "huggingface", dtype="bfloat16"), "x", ("a note",))
    outcome = run_step(checked, merge, {"first": earlier}, "d2", lambda *_: {})
    folders = {"x": earlier, "y": model, "base": base}
    # Recipes name steps and adapters; what mergekit reads are folders. The card has the recipe's names.
    read = tuple(replace(source, model=str(folders[source.name])) for source in sources)
    assert seen == [replace(step, sources=read, dtype="bfloat16")]
    assert calls == [("mergekit", replace(step, dtype="bfloat16"), folders)]
    assert (outcome["dtype"], outcome["notes"]) == ("bfloat16", ["a note", "by mergekit"])
    card = (folder_of(merge, step) / "README.md").read_text()
    assert card.endswith("- base: `base`\n- x: `step:first`\n- y: `model` (weight 0.5)\n")
    with pytest.raises(TrainError, match="step final: a model cannot be read"):
        run_step(checked, merge, {"first": earlier}, "d3", lambda *_: {})


def test_a_finished_step_is_kept_and_another_is_run(
    merge: Merge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = merge.steps[0]
    target = folder_of(merge, first)
    folder(target, merge_json=json.dumps({"digest": "d"}))
    checked, done = Checked(first, {}, None, "a"), {"first": target}
    assert outcome_of(checked, merge, done, "d") == {"digest": "d", "kept": True, "folder": str(target)}
    ran: list[tuple[Any, ...]] = []

    def run(*arguments: Any) -> dict[str, Any]:
        ran.append(arguments[:4])
        return {"digest": "e"} | arguments[4](checked, {}, target)

    monkeypatch.setattr(steps, "run_step", run)
    monkeypatch.setattr("train.merge.smoke_test.smoke_test", lambda *arguments: {"tested": arguments[0] is merge})
    done.clear()
    outcome = outcome_of(checked, merge, done, "e")
    assert outcome == {"digest": "e", "tested": True, "kept": False, "folder": str(target)}
    assert (ran, done) == ([(checked, merge, done, "e")], {"first": target})


def test_only_what_this_command_wrote_is_replaced(merge: Merge) -> None:
    for number, (name, text, refused) in enumerate([("notes.txt", "x", True), (MARK, "{}", False)]):
        target = folder_of(merge, merge.steps[number])
        target.mkdir(parents=True, exist_ok=True)
        problems = Problems()
        check_replaceable(merge, problems)
        assert problems == []
        (target / name).write_text(text)
        check_replaceable(merge, problems)
        assert bool(problems) is refused
        (target / name).unlink()
