"""Each command says what to run next: those words are run as they are printed, from the articles to a tuned model.

Covers train.convert.outcome.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main as synth_main
from train.__main__ import main as train_main

#: Runs a command line in this process: what it printed.
Run = Callable[[str], str]

#: Of the sample articles: so many events are clustered as all are, and read in a moment.
EVENTS = 8
PROGRAMS = {"synth": synth_main, "train": train_main}
#: What is added to a printed command so that it takes a second: sizes and numbers of steps, never what it works on.
QUICK = {
    "train tiny": " --vocab-size 400 --n-embd 32 --pretrain-steps 1",
    "train generate": " --limit 1 --max-new-tokens 2",
    "litgpt finetune_lora": " --train.max_steps 1 --eval.max_iters 1",
}


@pytest.fixture
def run(
    database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], sample_records: list[dict[str, Any]],
) -> Run:  # fmt: skip
    """In a folder with articles.jsonl, over an empty store."""
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    events = sorted({str(row["event"]) for row in sample_records if row.get("event")})[:EVENTS]
    chosen = [json.dumps(row) for row in sample_records if row.get("event") in events]
    (tmp_path / "articles.jsonl").write_text("\n".join(chosen) + "\n", encoding="utf-8")

    def run_line(line: str) -> str:
        capsys.readouterr()
        program, *words = shlex.split(line)
        status = PROGRAMS[program](words)
        printed = capsys.readouterr()
        assert status == 0, (line, printed)
        return printed.out + printed.err

    return run_line


def quick(line: str) -> str:
    return line + QUICK.get(" ".join(shlex.split(line)[:2]), "")


def next_of(printed: str) -> str:
    """The command that a run's words end with."""
    found = re.findall(r"; next: (.+)$", printed, re.MULTILINE)
    assert found, printed
    return str(found[-1])


def test_the_next_lines_lead_from_articles_to_a_model(run: Run) -> None:
    if shutil.which("litgpt", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("litgpt is not installed")
    line, steps = "synth import articles.jsonl", []
    while line.split()[0] in PROGRAMS:
        assert line not in steps, "the lines go in a circle"
        steps.append(line)
        line = next_of(run(quick(line)))
    assert [" ".join(step.split()[:2]) for step in steps] == [
        "synth import", "synth cluster", "synth summarize", "synth score", "synth dedupe", "synth export", "train tiny"
    ]  # fmt: skip
    run_in_shell(quick(line))
    assert Path("out/tiny-news/final/lit_model.pth").is_file()
    assert "next:" not in run("synth report --training out/tiny-news")
    run("train convert --checkpoint out/tiny-news/final --to huggingface --out hub")
    following = next_of(run("train convert --checkpoint hub --to litgpt --out back"))
    assert following.startswith("train generate --checkpoint back ")
    run(quick(following))
    assert Path("answers.jsonl").read_text(encoding="utf-8").count("\n") == 1


def run_in_shell(line: str) -> None:
    """A line of another program, or with a command inside it, as a terminal runs it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], env=os.environ | {"PATH": path, "OMP_WAIT_POLICY": "PASSIVE"}, capture_output=True,
        text=True, check=False, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_next_lines_of_the_report_run_too(run: Run) -> None:
    """After each step the report names one that is still to do, and that can be done now."""
    run("synth import articles.jsonl")
    steps = []
    while "; next: " in (printed := run("synth report")):
        line = next_of(printed)
        assert line not in steps, "the report names what was done"
        steps.append(line)
        run(line)
    assert [step.split()[1] for step in steps] == ["cluster", "summarize", "score", "dedupe", "export"]
    Path("out/tiny-news").mkdir(parents=True)
    run(next_of(run("synth report")))


def test_the_next_lines_beside_the_chain(run: Run, database: Any) -> None:
    """A filter that is kept names two commands; a takedown two in a row."""
    for line in ("synth import articles.jsonl", "synth cluster", "synth summarize", "synth score"):
        run(line)
    for following in next_of(run("""synth query '{"language": "it"}' --save italian""")).split(", "):
        run(following)
    link = database.samples.find_one({"superseded": {"$ne": True}})["sources"][0]["link"]
    for following in next_of(run(f"synth takedown {link} --yes")).split(" && "):
        run(following)
    assert link not in database.samples.distinct("sources.link", {"superseded": {"$ne": True}})
