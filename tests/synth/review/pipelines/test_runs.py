"""One run of a pipeline at a time: started twice at once, stopped twice, killed, and seen by a server started later.

Covers synth.review.pipelines.processes, synth.review.pipelines.progress.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from synth.review.pipelines.files import PipelineFile
from synth.review.pipelines.processes import is_locked, last_lines, locked_file
from synth.review.pipelines.progress import bar_of, errors_of, rows_of, steps_of
from synth.review.pipelines.runs import PipelineRuns
from tests.synth.llm.conftest import stand as stand_fixture
from tests.synth.llm.conftest import store as store_fixture
from tests.synth.review.pipelines.pipeline_fixtures import Model, ended, kill
from tests.synth.review.pipelines.pipeline_fixtures import file as file_fixture
from tests.synth.review.pipelines.pipeline_fixtures import folder as folder_fixture
from tests.synth.review.pipelines.pipeline_fixtures import model as model_fixture
from tests.synth.review.pipelines.pipeline_fixtures import runs as runs_fixture
from tests.waiting import wait_until

stand, store = stand_fixture, store_fixture
file, folder, model, runs = file_fixture, folder_fixture, model_fixture, runs_fixture


def test_a_run_is_watched_from_its_start_to_its_end(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    assert runs.state(file).outcome == "never"
    assert runs.start(file, "anna")
    model.wait_until_asked()
    state = runs.state(file)
    assert (state.outcome, state.start and state.start["rater"]) == ("running", "anna")
    assert [(step.name, step.state) for step in steps_of(file, state)] == [
        ("summarize", "running"), ("score", "waiting"),
    ]  # fmt: skip
    model.open.set()
    assert ended(runs, file) == "done"
    state = runs.state(file)
    assert [(step.state, step.seconds is not None) for step in steps_of(file, state)] == [("done", True)] * 2
    assert errors_of(runs.database, state, rows_of(runs.database, state)) == []
    assert bar_of(state, rows_of(runs.database, state)) is None
    assert any(line.startswith("[2/2] synth score") for line in runs.output(state))
    assert runs.database.samples.count_documents({}) > 0


def test_the_rows_of_a_run_say_how_far_it_is(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    model.open.set()
    model.stand.delay = 0.3
    runs.start(file, "anna")
    wait_until(lambda: bar_of(runs.state(file), rows_of(runs.database, runs.state(file))))
    model.stand.closed.set()
    state = runs.state(file)
    bar = bar_of(state, rows_of(runs.database, state))
    assert bar is None or (0 < bar.done <= bar.total == runs.database.clusters.count_documents({}) and bar.rate)
    assert ended(runs, file) == "done"


def test_of_many_who_press_start_at_once_one_starts(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    gate, outcomes = threading.Barrier(6), []

    def press() -> None:
        gate.wait()
        outcomes.append(PipelineRuns(runs.database, runs.folder, runs.uri).start(file, "anna"))

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 5 + [True]
    model.wait_until_asked()
    assert not runs.start(file, "linh")
    assert runs.database.runs.count_documents({"stage": "run"}) == 1
    assert len(list(runs.folder.glob("*.log"))) == 1


def test_stopped_twice_it_ends_in_order_and_goes_on(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    runs.start(file, "anna")
    model.wait_until_asked()
    assert runs.stop(file)
    assert runs.stop(file)
    assert runs.state(file).outcome in ("stopping", "interrupted")
    model.open.set()
    assert ended(runs, file) == "interrupted"
    state = runs.state(file)
    assert [row["outcome"] for row in rows_of(runs.database, state)] == ["interrupted"]
    assert steps_of(file, state)[0].state == "interrupted"
    # As at Ctrl-C in a terminal: one line, no traceback.
    assert runs.output(state)[-1] == "run: interrupted; run the same command to go on"
    assert not runs.stop(file)
    assert runs.start(file, "linh")
    assert ended(runs, file) == "done"


def test_killed_it_says_so_and_goes_on(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    runs.start(file, "anna")
    model.wait_until_asked()
    kill(runs, file)
    assert runs.state(file).outcome == "killed"
    model.open.set()
    assert runs.start(file, "anna")
    assert ended(runs, file) == "done"


def test_a_run_outlives_its_server_and_another_one_stops_it(
    runs: PipelineRuns, file: PipelineFile, model: Model, database_uri: str
) -> None:
    code = (
        "import sys, threading, pathlib; from crawler.mongo import connect\n"
        "from synth.review.pipelines.files import pipeline_file\n"
        "from synth.review.pipelines.runs import PipelineRuns\n"
        "runs = PipelineRuns(connect(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[1])\n"
        "print(runs.start(pipeline_file(pathlib.Path(sys.argv[3]), 'free.yaml'), 'anna'), flush=True)\n"
        "threading.Event().wait()\n"
    )
    words = [sys.executable, "-c", code, database_uri, str(runs.folder), str(file.path.parent)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "True\n"
    model.wait_until_asked()
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    assert runs.state(file).outcome == "running"
    assert not runs.start(file, "anna")
    assert runs.stop(file)
    model.open.set()
    assert ended(runs, file) == "interrupted"


def test_a_server_killed_before_its_process_began_leaves_no_lock(
    runs: PipelineRuns, file: PipelineFile, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("synth.review.pipelines.runs.launch", die)
    with pytest.raises(KeyboardInterrupt):
        runs.start(file, "anna")
    assert runs.state(file).outcome == "interrupted"
    monkeypatch.undo()
    assert not runs.stop(file)


def test_a_run_that_cannot_begin_has_failed_and_says_why(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    file.path.write_text("steps:\n  - clutter\n", encoding="utf-8")
    runs.start(file, "anna")
    assert ended(runs, file) == "failed"
    assert "no step 'clutter'" in " ".join(runs.output(runs.state(file)))


def test_a_run_in_a_terminal_is_seen_and_left_alone(
    runs: PipelineRuns, file: PipelineFile, model: Model, database_uri: str
) -> None:
    words = [sys.executable, "-m", "synth", "run", file.name, "--uri", database_uri]
    terminal = subprocess.Popen(words, cwd=file.path.parent, env=os.environ | {"PYTHONPATH": str(Path.cwd())})
    try:
        model.wait_until_asked()
        state = runs.state(file)
        assert (state.outcome, state.start) == ("running", None)
        assert not runs.start(file, "anna")
        assert not runs.stop(file)
        model.open.set()
        assert terminal.wait() == 0
    finally:
        terminal.kill()
        terminal.wait()
    assert runs.state(file).outcome == "done"


def test_what_went_wrong_is_named(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    model.open.set()
    model.stand.answer = "No."
    runs.start(file, "anna")
    ended(runs, file)
    state = runs.state(file)
    runs.database.refusals.insert_one({"link": "x", "reason": "paywall", "checked_at": state.run["started_at"]})  # type: ignore[index]
    lines = errors_of(runs.database, state, rows_of(runs.database, state))
    assert any(line.startswith("summarize: ") for line in lines)
    assert "refused: 1 paywall" in lines


# ---- processes


def test_a_lock_lasts_as_long_as_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "output"
    with locked_file(path) as lock:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(lock,))
        assert is_locked(path)
    assert is_locked(path)
    assert child.stdin is not None
    child.stdin.close()
    child.wait()
    assert not is_locked(path)
    assert not is_locked(tmp_path / "none")
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError), locked_file(path):
        pass


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"0 %\r50 %\r100 %\nend", ["100 %", "end"]),
        (b"\x1b[1;32mgreen\x1b[0m \x07bell\n", ["green bell"]),
        (b"\xff\xfe broken\n", ["\ufffd\ufffd broken"]),
        ("abc\u202edef\n".encode(), ["abcdef"]),
        (b"x" * 1000, ["x" * 300]),
        (b"line\n" * 100_000, ["line"] * 40),
        (b"", []),
    ],
)
def test_last_lines_are_those_that_a_terminal_would_show(written: bytes, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(written)
    assert last_lines(tmp_path / "log") == lines
    assert last_lines(tmp_path / "none") == []


def test_old_outputs_are_deleted(runs: PipelineRuns, file: PipelineFile, model: Model) -> None:
    model.open.set()
    runs.folder.mkdir(parents=True)
    for number in range(30):
        (runs.folder / f"free.yaml-20200101-0000{number:02}-abcdef12.log").write_text("old")
    (runs.folder / "other.yaml-20200101-000000-abcdef12.log").write_text("another's")
    runs.start(file, "anna")
    assert len(list(runs.folder.glob("free.yaml-*.log"))) == 20
    assert (runs.folder / "other.yaml-20200101-000000-abcdef12.log").exists()
    ended(runs, file)
