"""A pipeline file: every mistake is told at once, each with its line."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.commands import steps
from synth.filters.read import read_filter
from synth.pipeline import read_pipeline

#: What a pipeline file may name.
KEYS = [*steps(), "steps", "name", "out", "filter", "window"]


def written(folder: Path, text: str) -> Path:
    path = folder / "pipeline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(NewsmillError) as told:
        read_pipeline(written(folder, text))
    first, *lines = str(told.value).splitlines()
    assert "nothing was run" in first
    return [line.strip() for line in lines]


def test_options_are_those_of_the_commands(tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    articles.write_text("{}\n")
    pipeline = read_pipeline(
        written(
            tmp_path,
            f"""
name: notizie
steps:
  - import: {{files: [{articles}]}}
  - cluster: {{window: 2.5, linkage: complete, refit: true, force_language: false}}
  - summarize: {{llm: "openai:tiny", max-cost: 1.5, temperature: default, where: {{language: it}}}}
  - score
  - export: {{out: dataset, format: [alpaca, litgpt], seed: 7, filter: {{date: {{$gte: 2026-05-01}}}}}}
  - report:
""",
        )
    )
    assert [step.name for step in pipeline.steps] == ["import", "cluster", "summarize", "score", "export", "report"]
    assert (pipeline.name, len(pipeline.digest)) == ("notizie", 64)
    _, cluster, summarize, _, export, _ = (step.options for step in pipeline.steps)
    assert pipeline.steps[0].options.files == [str(articles)]
    assert (cluster.window, cluster.linkage, cluster.refit, cluster.force_language) == (2.5, "complete", True, False)
    assert (summarize.llm, summarize.max_cost, summarize.temperature) == ("openai:tiny", 1.5, None)
    assert read_filter(summarize.where) == {"language": "it"}
    assert (export.out, export.format, export.seed) == (Path("dataset"), ["alpaca", "litgpt"], 7)
    assert read_filter(export.filter) == read_filter('{"date": {"$gte": {"$date": "2026-05-01"}}}')


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """name: x
stepz: 1
steps:
  - clustr
  - cluster: {treshold: 3, window: a, linkage: foo, refit: maybe}
  - cluster: {threshold: 3}
  - summarize: {concurrency: 0, where: {a: {$date: x}}}
  - import: {}
  - import: {files: [nowhere.jsonl]}
  - export:
      filter: {language: it}
      format: [alpaca, nope]
  - export: {out: a, out: b}
  - {cluster: {}, score: {}}
  - export: [out]
  - export: {seed: {a: 1}, json: true, val-fraction: true}
""",
    )
    assert [line.partition(":")[0] for line in found] == [
        "line 2", "line 4", "line 5", "line 5", "line 5", "line 5", "line 6", "line 7", "line 8", "line 9", "line 12",
        "line 13", "line 14", "line 15", "line 16", "line 16", "line 16",
    ]  # fmt: skip
    told = "\n".join(found)
    for part in (
        "no such key 'stepz': did you mean 'steps'?", "no step 'clustr': did you mean 'cluster'?",
        "no option 'treshold': did you mean 'threshold'?", "--window: invalid float value: 'a'",
        "--linkage: invalid choice: 'foo'", "refit: 'maybe' is neither true nor false", "is no cosine distance",
        "bad filter", "arguments are required: FILE", "nowhere.jsonl: no such file", "invalid choice: 'nope'",
        "'out' comes twice", "a step is one command", "its options are no mapping", "a mapping is no value",
        "no option 'json'", "true is no value",
    ):  # fmt: skip
        assert part in told, part


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is no mapping"),
        ("- cluster", "it is no mapping"),
        ("steps: []", "`steps:` is no list"),
        ("name: only", "`steps:` is no list"),
        ("steps: {cluster: {}}", "`steps:` is no list"),
        ("steps:\n  - cluster: {window: [", "no YAML"),
        ("steps:\n  - cluster: !!python/object:os.system {}", "is no value"),
        ("\x00", "no YAML"),
    ],
)
def test_files_that_are_no_pipelines(tmp_path: Path, text: str, said: str) -> None:
    if "!!python" in text:
        # A tag that would build an object is only a mapping without options here, or refused; never run.
        assert read_pipeline(written(tmp_path, text)).steps[0].words == ()
        return
    assert said in "\n".join(mistakes(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match=r"cannot read .*nowhere\.yaml: No such file"):
        read_pipeline(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NewsmillError, match=r"cannot read .*binary\.yaml"):
        read_pipeline(tmp_path / "binary.yaml")


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*steps(), "steps", "name", "out", "filter", "window"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    )
)
def test_any_yaml_is_read_or_refused_in_words(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = written(tmp_path_factory.mktemp("pipelines"), json.dumps({"steps": value}))
    with contextlib.suppress(NewsmillError):
        assert all(step.name in steps() for step in read_pipeline(path).steps)
