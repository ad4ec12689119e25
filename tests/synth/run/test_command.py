"""`synth run`: a pipeline from its first step to its last, killed on the way, with steps left out.

Covers synth.run.runner.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.__main__ import main
from tests.fork_server import run_forked, start_forked
from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.waiting import wait_until

pytestmark = pytest.mark.long

stand = stand_fixture

STEPS = """
name: prova
steps:
  - import: {{files: [{articles}]}}
  - cluster
  - summarize: {{{summarize}}}
  - score
  - export: {{out: {out}, filter: {{min_similarity: {{$gt: 0.0}}}}}}
  - report: {{out: {out}.html}}
"""


@pytest.fixture
def pipeline(tmp_path: Path, root: Path) -> Path:
    return write(tmp_path, root, "llm: extractive")


def write(folder: Path, root: Path, summarize: str) -> Path:
    path = folder / "pipeline.yaml"
    path.write_text(
        STEPS.format(articles=root / "demo/articles.jsonl", out=folder / "dataset", summarize=summarize),
        encoding="utf-8",
    )
    return path


def test_from_articles_to_report(
    pipeline: Path, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(pipeline), "--uri", database_uri]) == 0
    said = capsys.readouterr().out
    assert "[1/6] synth import" in said
    assert "[6/6] synth report" in said
    assert "; next:" not in said
    folder = pipeline.parent
    rows = (folder / "dataset/alpaca.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == database.samples.count_documents({"min_similarity": {"$gt": 0}}) > 30
    assert (folder / "dataset.html").stat().st_size > 10_000
    run = database.runs.find_one({"stage": "run"})
    assert (run["outcome"], run["counts"], run["configuration"]["name"]) == ("done", {"done": 6}, "prova")
    # Again: nothing is done twice.
    before = list(database.samples.find().sort("key", 1))
    assert main(["run", str(pipeline), "--uri", database_uri, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["step"].split()[1] for row in told["steps"]] == [
        "import", "cluster", "summarize", "score", "export", "report",
    ]  # fmt: skip
    assert told["steps"][0]["result"] == {"unchanged": 148}
    assert list(database.samples.find().sort("key", 1)) == before


def test_from_and_until(pipeline: Path, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(pipeline), "--uri", database_uri, "--until", "cluster"]) == 0
    assert database.clusters.count_documents({"current": True}) > 30
    assert database.samples.count_documents({}) == 0
    capsys.readouterr()
    assert main(["run", str(pipeline), "--uri", database_uri, "--from", "summarize", "--until", "score"]) == 0
    assert "[1/2] synth summarize --llm=extractive" in capsys.readouterr().out
    assert not (pipeline.parent / "dataset").exists()
    with pytest.raises(SystemExit):
        main(["run", str(pipeline), "--from", "nothing"])
    assert main(["run", str(pipeline), "--from", "export", "--until", "cluster"]) == 2
    assert main(["run", str(pipeline), "--from", "judge"]) == 2
    assert "has no step 'judge'; it has import, cluster" in capsys.readouterr().err


def test_dry_run_names_the_steps_and_runs_none(
    pipeline: Path, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(pipeline), "--uri", database_uri, "--dry-run"]) == 0
    assert "[5/6] synth export --out=" in capsys.readouterr().out
    assert database.list_collection_names() == [] or database.runs.count_documents({}) == 0


def test_a_step_that_fails_is_named(
    tmp_path: Path, root: Path, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, root, "llm: extractive")
    path.write_text(path.read_text().replace("$gt: 0.0", "$gt: 5.0"), encoding="utf-8")
    assert main(["run", str(path), "--uri", database_uri]) == 2
    assert "run: step 5, export: " in capsys.readouterr().err
    assert database.runs.find_one({"stage": "run"})["outcome"] == "failed"
    assert database.samples.count_documents({}) > 30


def test_a_filter_with_a_name_that_nothing_has_stops_it_before_the_first_step(
    tmp_path: Path, root: Path, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, root, "llm: extractive")
    path.write_text(path.read_text().replace("min_similarity", "min_similarty"), encoding="utf-8")
    assert main(["run", str(path), "--uri", database_uri]) == 2
    said = capsys.readouterr().err
    assert "run: step 5, export: bad filter: " in said
    assert "did you mean 'min_similarity'?" in said
    assert database.articles.count_documents({}) == 0


def test_a_step_goes_on_without_what_cannot_be_had(
    pipeline: Path, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from synth.score import command as score

    class Unavailable(NewsmillError):
        without = ("embedder",)

    real, seen = score.main, []

    def scored(options: Any) -> int:
        seen.append(options.embedder)
        if options.embedder:
            raise Unavailable("score: no weights: give --weights FILE")
        options.embedder = "tfidf"
        return real(options)

    monkeypatch.setattr(score, "main", scored)
    assert main(["run", str(pipeline), "--uri", database_uri]) == 0
    assert seen == ["tfidf", None]
    assert "run: warning: score: no weights: give --weights FILE; score goes on without it" in capsys.readouterr().err


def test_without_the_weights_of_a_toxicity_model_the_rest_is_scored(
    pipeline: Path, database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    pytest.importorskip("detoxify", reason="detoxify is an extra")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    pipeline.write_text(pipeline.read_text().replace("- score", "- score: {toxicity: multilingual}"), encoding="utf-8")
    assert main(["run", str(pipeline), "--uri", database_uri]) == 0
    warning = capsys.readouterr().err
    assert "run: warning: toxicity: the weights of multilingual" in warning
    assert "--toxicity-checkpoint FILE" in warning
    assert database.samples.count_documents({"min_similarity": {"$exists": True}}) > 30
    assert database.samples.count_documents({"toxicity": {"$exists": True}}) == 0


def in_its_language(stand: ChatStand, body: dict[str, Any]) -> dict[str, Any]:
    """The stand's reply, for Vietnamese articles in Vietnamese: another language would be refused."""
    reply = stand.reply(body)
    if "đ" in json.dumps(body, ensure_ascii=False):
        reply["choices"][0]["message"]["content"] = (
            "Hội đồng thành phố đã thông qua kế hoạch xây cầu mới với hai mươi hai phiếu thuận và chín phiếu chống, "
            "công trình sẽ bắt đầu vào tháng ba và kéo dài hai năm."
        )
    return reply


def test_killed_at_any_moment_it_goes_on(
    tmp_path: Path, root: Path, stand: ChatStand, database: Any, database_uri: str
) -> None:
    path = write(tmp_path, root, '{llm: "openai:tiny", concurrency: 4}'[1:-1])
    stand.judge = lambda body: (200, {}, in_its_language(stand, body))
    stand.delay = 0.05
    environment = os.environ | {"MONGODB_URI": database_uri, "LLM_BASE_URL": stand.url, "LLM_API_KEY": "sk-secret"}
    words = [sys.executable, "-m", "synth", "run", str(path)]
    for seconds in (0.2, 0.3, 0.1):
        process = start_forked("synth", words, root, environment)
        known = database.llm_calls.count_documents({})
        wait_until(lambda known=known: database.llm_calls.count_documents({}) > known, process=process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        stand.settle()
        unacknowledged = len(stand.asked) - database.llm_calls.count_documents({})
    done = run_forked("synth", words, root, environment)
    assert done.returncode == 0, done.stderr
    events = database.clusters.count_documents({"current": True})
    samples = database.samples.count_documents({})
    assert events - 1 <= samples <= events
    assert samples == len(database.samples.distinct("event"))
    assert database.llm_calls.count_documents({}) == samples
    # Asked twice only where the reply was on its way to the ledger when a kill came.
    assert len(stand.asked) <= samples + unacknowledged
    assert (tmp_path / "dataset/manifest.json").is_file()
