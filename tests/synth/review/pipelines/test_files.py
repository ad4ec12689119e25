"""Which files of a folder are pipelines that can be run, and which of them cost money."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.items import NewsmillError
from synth.pipeline import read_pipeline
from synth.review.pipelines.files import paid_steps, pipeline_file, pipeline_files
from tests.synth.review.pipelines.pipeline_fixtures import folder as folder_fixture

folder = folder_fixture


def test_only_pipelines_are_listed(folder: Path) -> None:
    told = {file.name: file.pipeline is not None for file in pipeline_files(folder)}
    assert told == {"dear.yml": True, "free.yaml": True, "torn.yaml": False, "wrong.yaml": False}
    wrong = pipeline_file(folder, "wrong.yaml")
    assert wrong is not None
    assert wrong.mistakes[0].startswith("line 2: no step 'clutter': did you mean 'cluster'?")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [("name: a\nsteps: [cluster\n", "no YAML"), ("steps:\n\t- cluster\n", "line 2: no YAML"),
     ("steps: cluster\n", "no list"), ('steps:\n  - "cluster\n', "no YAML")],
)  # fmt: skip
def test_a_pipeline_that_is_no_yaml_is_listed_with_its_mistake(tmp_path: Path, text: str, mistake: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "recipe.yaml").write_text("steps: 100\n")
    (tmp_path / "other.yaml").write_text("train: {steps: [\n")
    (tmp_path / "latin.yaml").write_bytes(b"steps: \xe8\n")
    (file,) = pipeline_files(tmp_path)
    assert (file.pipeline, mistake in file.mistakes[0]) == (None, True)


@pytest.mark.parametrize(
    "name", ["../pipelines/free.yaml", "recipe.yaml", "/etc/passwd", "", ".", "FREE.yaml", "folder.yaml"]
)
def test_what_is_not_listed_is_no_file(folder: Path, name: str) -> None:
    assert pipeline_file(folder, name) is None


def test_a_changed_file_is_read_anew(folder: Path) -> None:
    before = pipeline_file(folder, "free.yaml")
    (folder / "free.yaml").write_text("name: other\nsteps:\n  - cluster\n", encoding="utf-8")
    after = pipeline_file(folder, "free.yaml")
    digests = [found.pipeline.digest for found in (before, after) if found and found.pipeline]
    assert len(set(digests)) == 2


def test_names_that_cannot_be_seen_and_huge_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a\nb.yaml").write_text("steps:\n  - cluster\n")
    (tmp_path / "large.yaml").write_text("steps:\n  - cluster\n" + "#" * 2**20)
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    assert pipeline_files(tmp_path) == []
    with pytest.raises(NewsmillError, match="cannot read the folder of pipelines"):
        pipeline_files(tmp_path / "none")


@pytest.mark.parametrize(
    ("steps", "paid"),
    [
        ("- summarize: {llm: extractive}\n- score", []),
        ('- summarize: {llm: "openai:gpt-4o-mini", max-cost: 2}', [(1, "summarize", "openai:gpt-4o-mini", 2)]),
        ('- score\n- judge: {llm: "openai:own-model"}', [(2, "judge", "openai:own-model", None)]),
    ],
)  # fmt: skip
def test_a_model_is_paid_unless_its_price_is_zero(
    tmp_path: Path, steps: str, paid: list[tuple[int, str, str, float | None]]
) -> None:
    (tmp_path / "a.yaml").write_text("steps:\n" + "".join(f"  {line}\n" for line in steps.splitlines()))
    told = paid_steps(read_pipeline(tmp_path / "a.yaml"))
    assert [(step.number, step.step, step.model, step.limit) for step in told] == paid
