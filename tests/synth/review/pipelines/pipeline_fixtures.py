"""Pipelines of one step that waits for a model, on a small store, so that a test decides how long a run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synth.review.pipelines import processes
from synth.review.pipelines.files import PipelineFile, pipeline_file
from synth.review.pipelines.runs import PipelineRuns
from tests.fork_server import Forked, start_forked
from tests.synth.llm.conftest import ChatStand
from tests.waiting import wait_until

FREE = "models:\n  tiny: {input: 0, output: 0}\n  dear: {input: 1000, output: 1000}\n"
STEPS = 'steps:\n  - summarize: {llm: "openai:MODEL", concurrency: 1}\n  - score\n'


@dataclass
class Model:
    """A stand that answers while `open` is set, and is asked by a run of the pipeline."""

    stand: ChatStand
    open: threading.Event = field(default_factory=threading.Event)

    def wait_until_asked(self, times: int = 1) -> None:
        wait_until(lambda: len(self.stand.asked) >= times)


@pytest.fixture
def model(stand: ChatStand, tmp_path: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """The environment that a run inherits, and the model that it asks."""
    told = Model(stand)

    def judge(_body: dict[str, Any]) -> None:
        told.open.wait()

    stand.judge = judge
    (tmp_path / "models.yaml").write_text(FREE, encoding="utf-8")
    for name, value in {
        "MONGODB_URI": database_uri, "LLM_BASE_URL": stand.url, "LLM_API_KEY": "sk-secret",
        "NEWSMILL_MODELS": str(tmp_path / "models.yaml"), "NEWSMILL_HOME": str(tmp_path / "home"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    yield told
    told.open.set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pipeline whose model is free, one whose model is not, one with a mistake, and other files."""
    folder = tmp_path / "pipelines"
    folder.mkdir()
    for name, text in {
        "free.yaml": STEPS.replace("MODEL", "tiny"), "dear.yml": STEPS.replace("MODEL", "dear"),
        "wrong.yaml": "steps:\n  - clutter\n", "recipe.yaml": "lora_r: 16\n", "list.yaml": "- cluster\n",
        "torn.yaml": "steps: [", "steps.txt": "steps:\n  - cluster\n",
    }.items():  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "folder.yaml").mkdir()
    return folder


@pytest.fixture
def file(folder: Path) -> PipelineFile:
    found = pipeline_file(folder, "free.yaml")
    assert found is not None
    return found


def forked(line: list[str], **options: Any) -> Forked:
    """What `subprocess.Popen` starts, from the server that has imported the same."""
    assert options["start_new_session"]
    return start_forked("synth", line, environment=options["env"], out=options["stdout"], held=options["pass_fds"])


@pytest.fixture
def runs(
    store: Any, database_uri: str, tmp_path: Path, file: PipelineFile, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PipelineRuns]:
    """Runs over the store of sample articles; what still goes on at the end of the test is killed."""
    popen = SimpleNamespace(run=subprocess.run, Popen=forked, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(processes, "subprocess", popen)
    made = PipelineRuns(store, tmp_path / "home/pipelines", database_uri)
    yield made
    kill(made, file)


def kill(runs: PipelineRuns, file: PipelineFile) -> None:
    """End the run of a file without a word, and wait until it is gone."""
    start = runs.starts.find_one({"_id": {"$regex": f"{file.name}$"}})
    if start and runs.state(file).is_alive:
        os.killpg(start["pid"], signal.SIGKILL)
    ended(runs, file)


def ended(runs: PipelineRuns, file: PipelineFile) -> str:
    """The outcome of the run, once it has ended."""
    wait_until(lambda: not runs.state(file).is_alive)
    return runs.state(file).outcome


Ended = Callable[[PipelineRuns, PipelineFile], str]
