"""What a step of a merge is made of and where it goes: digests, folders that appear whole, what is never replaced.

Covers train.merge.steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from train.errors import TrainError
from train.merge.settings import Merge, Problems, Source, Step
from train.merge.steps import MARK, appearing, check_replaceable, digests, finished, folder_of


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
